//! `http_request`, under the plugin's grants.
//!
//! As Extism does, it follows redirects; each is checked like the request itself, and what identifies the plugin to one
//! site is not sent to another. Source: extism/extism, `runtime/src/pdk.rs` (`http_request`), and ureq 3, which sends
//! Extism's requests.

mod hop;
mod site;

use std::collections::BTreeMap;
use std::sync::Arc;

use ::http::{HeaderMap, Response};
use bytes::Bytes;
use holm_abi::{Error, Kind};
use holm_services::http_client::{HttpError, Options, ResponseBody};
use http_body_util::{BodyExt as _, Full};
use serde::Deserialize;
use wasmtime::{Caller, Linker};

use crate::ENV;
use crate::shared::Shared;
use crate::state::{State, broken, stopped};
use hop::Hop;
use site::Site;

/// What a plugin asks for, as JSON.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    url: String,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    method: Option<String>,
}

/// How often a request is led elsewhere, as in ureq.
const REDIRECTS: usize = 10;

/// Links the functions.
pub(crate) fn link(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    linker.func_wrap_async(ENV, "http_request", |mut of: Caller<'_, State>, (asked, body): (u64, u64)| {
        Box::new(async move { request(of.data_mut(), asked, body).await })
    })?;
    linker.func_wrap(ENV, "http_status_code", |of: Caller<'_, State>| u32::from(of.data().http_status))?;
    linker.func_wrap(ENV, "http_headers", |mut of: Caller<'_, State>| {
        let state = of.data_mut();
        let headers = serde_json::to_vec(&state.http_headers)?;
        state.put(&headers)
    })?;
    Ok(())
}

/// Sends what the block `asked` says, with the block `body`, or none at 0. Returns a block with the response's body.
async fn request(state: &mut State, asked: u64, body: u64) -> wasmtime::Result<u64> {
    state.called();
    (state.http_status, state.http_headers) = Default::default();
    let hop = first(state, asked, body)?;
    state.kernel.free(asked);
    state.kernel.free(body);
    let shared = Arc::clone(&state.shared);
    let response = follow(&shared, hop).await?;
    state.http_status = response.status().as_u16();
    state.http_headers = headers(response.headers());
    let body = read(state, response.into_body()).await?;
    let offset = state.put(&body);
    state.arrived(0)?;
    offset
}

fn first(state: &State, asked: u64, body: u64) -> wasmtime::Result<Hop> {
    let asked: Asked = serde_json::from_slice(state.bytes(asked, "an HTTP request")?)
        .map_err(|error| broken(format_args!("its HTTP request is not what JSON of one is: {error}")))?;
    let sent = match body {
        0 => None,
        body => Some(Bytes::copy_from_slice(state.bytes(body, "the body of an HTTP request")?)),
    };
    let method = asked.method.as_deref().unwrap_or("GET");
    let hop = Hop::new(&asked.url, method, &asked.headers, sent);
    Ok(hop.map_err(|why| broken(format_args!("its HTTP request for {} cannot be sent: {why}", asked.url)))?)
}

async fn follow(shared: &Shared, mut hop: Hop) -> wasmtime::Result<Response<ResponseBody>> {
    for _ in 0..=REDIRECTS {
        let response = send(shared, &hop).await?;
        match hop.led_by(&response).map_err(|why| stopped(format_args!("HTTP request to {}: {why}", hop.url)))? {
            Some(next) => hop = next,
            None => return Ok(response),
        }
    }
    Err(stopped(format_args!("HTTP request to {}: it was led elsewhere more than {REDIRECTS} times", hop.url)).into())
}

async fn send(shared: &Shared, hop: &Hop) -> wasmtime::Result<Response<ResponseBody>> {
    let site = Site::of(hop, shared);
    if !site.is_granted() {
        return Err(denied(hop, &[site.refused()]).into());
    }
    let Some(client) = shared.http_client.as_ref().filter(|_| !site.is_sibling()) else {
        return Err(stopped(format_args!("HTTP request to {}: nothing here sends it", hop.url)).into());
    };
    let request = hop.request(Full::new(hop.body.clone().unwrap_or_default()));
    match client.send(request, &site, &Options::default()).await {
        Ok(response) => Ok(response),
        Err(HttpError::DestinationIpProhibited { addresses, .. }) => {
            let flags: Vec<_> = addresses.iter().map(|address| site.refused_at(*address)).collect();
            Err(denied(hop, &flags).into())
        }
        Err(error) => Err(stopped(format_args!("HTTP request to {}: {error}", hop.url)).into()),
    }
}

/// The error of a request that nothing grants, though one of `flags` would.
fn denied(hop: &Hop, flags: &[String]) -> Error {
    let error = Error::new(Kind::Denied, format!("HTTP request to {} is not allowed", hop.url));
    flags.iter().fold(error, |error, flag| error.note(format!("{flag} would allow it")))
}

/// What has no text form is left out. Of several with one name, the last counts.
fn headers(headers: &HeaderMap) -> BTreeMap<String, String> {
    let text = headers.iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
    text.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

async fn read(state: &mut State, mut body: ResponseBody) -> wasmtime::Result<Vec<u8>> {
    let most = state.shared.bounds.http_response;
    let mut all = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| stopped(format_args!("its HTTP response broke off: {error}")))?;
        let Some(data) = frame.data_ref() else { continue };
        let length = (all.len() as u64).saturating_add(data.len() as u64);
        if length > most {
            let most = holm_grants::format_size(most);
            return Err(stopped(format_args!("its HTTP response has more than its limit of {most}")).into());
        }
        state.arrived(length)?;
        all.extend_from_slice(data);
    }
    Ok(all)
}
