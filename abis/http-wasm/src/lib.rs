//! http-wasm's http-handler ABI: filters of HTTP traffic, as Traefik and Dapr have them.
//!
//! A guest exports `handle_request`, which sees a request before it is answered, and answers it or lets it go on, and
//! `handle_response`, which sees the response. What it imports from `http_handler` reads and changes both
//! (<https://http-wasm.io/http-handler-abi/>). Where the text leaves something open, the reference host
//! (github.com/http-wasm/http-wasm-host-go, `handler/` and `handler/nethttp/`) is followed, but for these:
//!
//! - `handle_response` is called when the head of the response is there, with its body on its way, and not after all of it
//!   was sent. With `buffer_response` nothing is sent before it returns, and as much of the body is kept as it reads.
//! - What HTTP has no form for (a header with a line break, a URI without a slash) ends the guest.
//! - A body that was written has its own length, whatever `content-length` the guest set.
//! - `host` among a request's headers is what it is for, and can be set.

mod body;
mod filter;
mod headers;
mod instance;
mod link;
mod memory;
mod pool;
mod state;
mod traffic;
mod write;

use std::sync::Arc;

use holm_abi::{
    Abi, Certainty, Entry, Error, Evidence, Guest, Host, Kind, MissingImport, Provision, Result, missing_imports,
};
use holm_engine::shape::{ExternType, Form, Import, Shape, Signature, ValType};
use holm_wasi::link_world;

use filter::Filter;
use instance::Linked;

/// The module that the ABI is imported from.
const MODULE: &str = "http_handler";
const HANDLE_REQUEST: &str = "handle_request";
const HANDLE_RESPONSE: &str = "handle_response";
/// What guests in most languages import besides.
const WASI: [&str; 2] = ["wasi_snapshot_preview1", "wasi_unstable"];

/// The http-handler ABI.
#[derive(Default)]
pub struct HttpWasm;

impl Abi for HttpWasm {
    fn name(&self) -> &'static str {
        "http-wasm"
    }

    fn recognise(&self, shape: &Shape) -> Option<Evidence> {
        let exports = |name: &str, ty: &Signature| {
            shape.export(name).is_some_and(|export| matches!(&export.ty, ExternType::Func(found) if found == ty))
        };
        if shape.form != Form::Module || !exports(HANDLE_REQUEST, &request_type()) {
            return None;
        }
        let import = shape.imports.iter().find(|import| import.module == MODULE);
        let because = format!("exports `{HANDLE_REQUEST}` and");
        match import {
            Some(import) if link::names().any(|name| name == import.name) => {
                let because = format!("{because} imports `{}` from `{MODULE}`", import.name);
                Some(Evidence::new(Certainty::Certain, because))
            }
            None if exports(HANDLE_RESPONSE, &response_type()) => {
                Some(Evidence::new(Certainty::Likely, format!("{because} `{HANDLE_RESPONSE}`")))
            }
            _ => None,
        }
    }

    fn provides(&self, import: &Import) -> Provision {
        let ours = import.module == MODULE && link::names().any(|name| name == import.name);
        if ours || WASI.contains(&import.module.as_str()) { Provision::Always } else { Provision::Nothing }
    }

    fn load(&self, guest: &Guest, host: &Host) -> Result<Vec<Entry>> {
        check(guest)?;
        let module = guest.code.module()?;
        let mut linker = wasmtime::Linker::new(module.engine());
        link::link(&mut linker)
            .map_err(|error| Error::new(Kind::Internal, format!("the host's functions do not link: {error:#}")))?;
        link_world(&mut linker, &guest.shape, host)?;
        let pre = linker.instantiate_pre(module).map_err(|error| self.unlinked(guest, &error))?;
        let linked = Linked { guest: guest.clone(), host: Arc::new(host.clone()), pre };
        Ok(vec![Entry::HttpFilter(Arc::new(Filter::new(linked)))])
    }
}

impl HttpWasm {
    fn unlinked(&self, guest: &Guest, error: &wasmtime::Error) -> Error {
        let imports = guest.shape.imports.iter().filter(|import| self.provides(import) == Provision::Nothing);
        let missing: Vec<_> = imports
            .map(|import| MissingImport { from: import.module.clone(), item: import.name.clone(), why: None })
            .collect();
        match missing.is_empty() {
            false => missing_imports(&guest.name, &missing),
            true => Error::new(Kind::MissingImports, format!("{error:#}")).about(&guest.name).note(
                "the name is one of the http-handler ABI's, and the type is not: was it built for another version?",
            ),
        }
    }
}

/// What a guest has to export beside its handlers.
fn check(guest: &Guest) -> Result<()> {
    let memory = guest.shape.export("memory").map(|export| &export.ty);
    match memory {
        Some(ExternType::Memory { shared: false, memory64: false }) => Ok(()),
        _ => Err(Error::new(
            Kind::Invalid,
            "it exports no 32-bit memory called `memory`, so nothing can be handed to it",
        )
        .about(&guest.name)),
    }
}

fn request_type() -> Signature {
    Signature { params: Vec::new(), results: vec![ValType::I64] }
}

fn response_type() -> Signature {
    Signature { params: vec![ValType::I32, ValType::I32], results: Vec::new() }
}
