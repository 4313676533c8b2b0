//! `wasi-outbound-http`: requests, sent as those of Spin's components are.
//!
//! Source: spinframework/spin, `wit/ephemeral/{wasi-outbound-http,http-types}.wit`.

use wasmtime::Result;

use super::args::Args;
use super::link::Work;
use super::out::{Out, ROOT};
use crate::http::{HttpError, Method, Request, Response, send};

pub(super) fn request(args: &mut Args<'_>) -> Result<Work> {
    let method = Method::numbered(args.u32()?);
    let (uri, headers, params, body) = (args.text()?, args.pairs()?, args.pairs()?, args.bytes_or_none()?);
    Ok(Box::new(move |state| {
        Box::pin(async move {
            let answer = match method {
                Some(method) => send(&state.requests(), Request { method, uri, headers, params, body }).await,
                None => Err(HttpError::RequestError),
            };
            if let Ok(Response { body: Some(body), .. }) = &answer {
                state.keep(body.len() as u64)?;
            }
            let out = laid_out(answer)?;
            state.keep(0)?;
            Ok(Some(out))
        })
    }))
}

fn laid_out(answer: std::result::Result<Response, HttpError>) -> Result<Out> {
    let mut out = Out::default();
    let Response { status, headers, body } = match answer {
        Ok(response) => response,
        Err(error) => {
            out.u8(ROOT, 0, 1);
            out.u8(ROOT, 4, error as u8);
            return Ok(out);
        }
    };
    out.u8(ROOT, 0, 0);
    out.u16(ROOT, 4, status);
    out.u8(ROOT, 8, u8::from(headers.is_some()));
    out.pairs(ROOT, 12, headers.unwrap_or_default())?;
    out.u8(ROOT, 20, u8::from(body.is_some()));
    out.bytes(ROOT, 24, body.unwrap_or_default())?;
    Ok(out)
}
