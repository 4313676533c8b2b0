//! `spin-config`: variables of the app.
//!
//! Source: spinframework/spin, `wit/ephemeral/spin-config.wit`.

use std::sync::Arc;

use holm_services::variables::VariableError;
use wasmtime::Result;

use super::args::Args;
use super::link::Work;
use super::out::{Out, ROOT};

/// The interface's errors, each of which carries a text.
#[derive(Clone, Copy)]
enum Case {
    Provider = 0,
    InvalidKey = 1,
    Other = 3,
}

pub(super) fn get(args: &mut Args<'_>) -> Result<Work> {
    let name = args.text()?;
    Ok(Box::new(move |state| {
        Box::pin(async move {
            let shared = Arc::clone(&state.shared);
            let value = match &shared.lent {
                Some(lent) => lent.variables.get(&name).await,
                None => Err(VariableError::Undefined(name)),
            };
            let mut out = Out::default();
            match value {
                Ok(value) => {
                    out.u8(ROOT, 0, 0);
                    out.bytes(ROOT, 4, value)?;
                }
                Err(error) => {
                    out.u8(ROOT, 0, 1);
                    out.u8(ROOT, 4, case(&error) as u8);
                    out.bytes(ROOT, 8, error.to_string())?;
                }
            }
            Ok(Some(out))
        })
    }))
}

fn case(error: &VariableError) -> Case {
    match error {
        // There is no case of its own for what is not there, and Spin takes this one.
        VariableError::Undefined(_) => Case::Provider,
        VariableError::InvalidName(_) => Case::InvalidKey,
        VariableError::Provider(_) => Case::Other,
    }
}
