//! A filter that does what the header `x-test` says, in words; without one it marks what passes.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use http_wasm_guest::api::{Bytes, Header};
use http_wasm_guest::host::{config, feature};
use http_wasm_guest::{Guest, Request, Response, register};

/// Requests that this instance has seen.
static SEEN: AtomicU32 = AtomicU32::new(0);

struct Kit;

impl Guest for Kit {
    fn handle_request(&self, request: Request, response: Response) -> (bool, i32) {
        let seen = SEEN.fetch_add(1, Relaxed) + 1;
        let test = text(request.header().values(b"x-test"));
        let words: Vec<&str> = test.split(' ').collect();
        let answer = |status, body: &[u8]| {
            response.set_status(status);
            response.header().set(b"x-kit", b"answered");
            response.body().write(body);
            (false, 0)
        };
        match words[..] {
            ["config"] => return answer(200, &config()),
            ["count"] => return answer(200, seen.to_string().as_bytes()),
            ["reply"] => return answer(403, b"not for you\n"),
            ["facts"] => {
                let facts = [request.method(), request.uri(), request.version(), request.source_addr()];
                let lines: Vec<String> = facts.iter().map(|fact| String::from_utf8_lossy(fact).into_owned()).collect();
                return answer(200, lines.join("\n").as_bytes());
            }
            ["headers"] => return answer(200, listed(request.header()).as_bytes()),
            ["rewrite", method, uri] => {
                request.set_method(method.as_bytes());
                request.set_uri(uri.as_bytes());
            }
            ["read"] => {
                feature::enable(feature::BufferRequest);
                let body = request.body().read();
                request.header().set(b"x-kit-length", body.len().to_string().as_bytes());
            }
            ["consume"] => {
                let body = request.body().read();
                request.header().set(b"x-kit-length", body.len().to_string().as_bytes());
            }
            ["write", ref body @ ..] => request.body().write(body.join(" ").as_bytes()),
            ["before", ref body @ ..] => response.body().write(body.join(" ").as_bytes()),
            ["upper" | "status" | "respond"] => _ = feature::enable(feature::BufferResponse),
            ["upload-upper"] => {
                let body = request.body().read();
                request.body().write(body.to_ascii_uppercase().as_slice());
            }
            ["log"] => {
                let _ = http_wasm_guest::host::log::init();
                log::info!("a line\nand another");
                log::debug!("not wanted");
                println!("printed");
            }
            ["remove", name] => request.header().remove(name.as_bytes()),
            ["host", name] => request.header().set(b"host", name.as_bytes()),
            ["trap"] => panic!("as it was told"),
            ["loop"] => loop {
                std::hint::black_box(());
            },
            ["grow"] => {
                let mut all = Vec::new();
                loop {
                    all.push(vec![1_u8; 1 << 20]);
                    std::hint::black_box(&all);
                }
            }
            ["exit", code] => std::process::exit(code.parse().unwrap_or(1)),
            _ => {}
        }
        let order = text(request.header().values(b"x-order"));
        request.header().set(b"x-order", format!("{order}{}", name()).as_bytes());
        (true, 0)
    }

    fn handle_response(&self, request: Request, response: Response) {
        let test = text(request.header().values(b"x-test"));
        match test.as_str() {
            "upper" => {
                let body = response.body().read();
                response.body().write(body.to_ascii_uppercase().as_slice());
            }
            "status" => response.set_status(response.status() + 1),
            "respond" => {
                let order = text(response.header().values(b"x-order"));
                response.header().set(b"x-order", format!("{order}{}", name()).as_bytes());
            }
            "response-trap" => panic!("as it was told"),
            "unbuffered" => response.set_status(500),
            _ => {}
        }
    }
}

/// The first line of the configuration, which tells one such filter from another.
fn name() -> String {
    String::from_utf8_lossy(&config()).lines().next().unwrap_or_default().to_owned()
}

fn text(values: Vec<Bytes>) -> String {
    values.first().map(|value| String::from_utf8_lossy(value).into_owned()).unwrap_or_default()
}

fn listed(header: &dyn Header) -> String {
    let names = header.names().into_iter().map(|name| {
        let values: Vec<String> =
            header.values(&name).iter().map(|value| String::from_utf8_lossy(value).into_owned()).collect();
        format!("{}: {}\n", String::from_utf8_lossy(&name), values.join(" | "))
    });
    names.collect()
}

fn main() {
    register(Kit);
}
