//! `llm`: models that the host has answer.
//!
//! Source: spinframework/spin, `crates/componentize/tests/wit/llm.wit`, and `sdk/go/llm` (2.0 to 2.2) for how its numbers
//! are passed.

use std::sync::Arc;

use holm_grants::Ask;
use holm_services::llm::{Embeddings, Inferred, Llm, LlmError, Params};
use wasmtime::Result;

use super::args::Args;
use super::link::Work;
use super::out::{Out, ROOT};
use super::state::Shared;

pub(super) fn infer(args: &mut Args<'_>) -> Result<Work> {
    let (model, prompt) = (args.text()?, args.text()?);
    let given = args.u32()? != 0;
    let params = Params {
        max_tokens: args.u32()?,
        repeat_penalty: args.f32()?,
        repeat_penalty_last_n_token_count: args.u32()?,
        temperature: args.f32()?,
        top_k: args.u32()?,
        top_p: args.f32()?,
    };
    let params = if given { params } else { Params::default() };
    Ok(Box::new(move |state| {
        Box::pin(async move {
            let shared = Arc::clone(&state.shared);
            let mut out = Out::default();
            match inferred(&shared, &model, &prompt, &params).await {
                Ok(answer) => {
                    out.u8(ROOT, 0, 0);
                    out.bytes(ROOT, 4, answer.text)?;
                    out.u32(ROOT, 12, answer.prompt_tokens);
                    out.u32(ROOT, 16, answer.generated_tokens);
                }
                Err(error) => failed(&mut out, error)?,
            }
            Ok(Some(out))
        })
    }))
}

pub(super) fn embed(args: &mut Args<'_>) -> Result<Work> {
    let (model, texts) = (args.text()?, args.texts()?);
    Ok(Box::new(move |state| {
        Box::pin(async move {
            let shared = Arc::clone(&state.shared);
            let mut out = Out::default();
            match embedded(&shared, &model, &texts).await {
                Ok(answer) => {
                    out.u8(ROOT, 0, 0);
                    lay_out(&mut out, answer.embeddings)?;
                    out.u32(ROOT, 12, answer.prompt_tokens);
                }
                Err(error) => failed(&mut out, error)?,
            }
            Ok(Some(out))
        })
    }))
}

async fn inferred(shared: &Shared, model: &str, prompt: &str, params: &Params) -> Result<Inferred, LlmError> {
    granted(shared, model)?.infer(model, prompt, params).await
}

async fn embedded(shared: &Shared, model: &str, texts: &[String]) -> Result<Embeddings, LlmError> {
    granted(shared, model)?.embed(model, texts).await
}

/// What runs `model`, if the guest was granted that.
fn granted<'a>(shared: &'a Shared, model: &str) -> Result<&'a Llm, LlmError> {
    let host = &shared.host;
    if !host.grants.models.iter().any(|granted| granted == model) {
        host.audit.denied(Ask::Model(model.to_owned()));
        return Err(LlmError::InvalidInput(format!(
            "the component may not use the model `{model}`; `ai_models` in spin.toml, or --model, grants that"
        )));
    }
    let llm = shared.lent.as_ref().and_then(|lent| lent.llm.as_deref());
    llm.ok_or_else(|| {
        LlmError::Failed("nothing here runs models; `llm_compute` in runtime-config.toml says what does".to_owned())
    })
}

fn lay_out(out: &mut Out, embeddings: Vec<Vec<f32>>) -> Result<()> {
    let all = out.list(ROOT, 4, embeddings.len(), 8, 4)?;
    for (number, embedding) in embeddings.into_iter().enumerate() {
        let list = out.list(all, number * 8, embedding.len(), 4, 4)?;
        for (number, value) in embedding.into_iter().enumerate() {
            out.u32(list, number * 4, value.to_bits());
        }
    }
    Ok(())
}

fn failed(out: &mut Out, error: LlmError) -> Result<()> {
    let (case, text) = match error {
        LlmError::NoSuchModel => (0, None),
        LlmError::Failed(text) => (1, Some(text)),
        LlmError::InvalidInput(text) => (2, Some(text)),
    };
    out.u8(ROOT, 0, 1);
    out.u8(ROOT, 4, case);
    text.map_or(Ok(()), |text| out.bytes(ROOT, 8, text))
}
