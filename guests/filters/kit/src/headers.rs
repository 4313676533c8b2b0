//! Headers and trailers: added, replaced, removed, read one by one and all together.

use proxy_wasm::hostcalls;
use proxy_wasm::traits::HttpContext as _;
use proxy_wasm::types::{Action, MapType};

use crate::stream::Kit;

pub(crate) fn request(kit: &mut Kit, words: &[&str], count: usize, end: bool) -> Action {
    match *words {
        ["headers"] => {
            kit.add_http_request_header("x-added", "one");
            kit.add_http_request_header("x-added", "two");
            kit.set_http_request_header("x-replaced", Some("new"));
            kit.set_http_request_header("x-new", Some("set"));
            kit.remove_http_request_header("x-removed");
            let added = kit.get_http_request_header("x-added");
            kit.note("added", added.unwrap_or_default());
        }
        ["count"] => kit.note("count", format!("{count} {end} {}", kit.get_http_request_headers_bytes().len())),
        ["end"] => kit.note("end", end.to_string()),
        ["get", name] => {
            let value = kit.get_http_request_header_bytes(name);
            kit.note("get", value.map_or("(none)".to_string(), |value| String::from_utf8_lossy(&value).into_owned()));
        }
        ["list"] => {
            let list = lines(&kit.get_http_request_headers_bytes());
            kit.send_http_response(200, vec![("content-type", "text/plain")], Some(list.as_bytes()));
            return Action::Pause;
        }
        ["set-all"] => {
            let mut all = kit.get_http_request_headers();
            all.retain(|(name, _)| {
                name.starts_with(':') || name == "x-kept" || name == "x-test" || name == "x-forwarded-proto"
            });
            all.push(("x-only".to_string(), "this".to_string()));
            kit.set_http_request_headers(borrowed(&all));
        }
        ["pseudo", method, path, authority] => {
            kit.set_http_request_header(":method", Some(method));
            kit.set_http_request_header(":path", Some(path));
            kit.set_http_request_header(":authority", Some(authority));
        }
        // What a host makes of names and values that no header may have.
        ["bad-header", which] => {
            let (name, value): (&str, &[u8]) = match which {
                "newline" => ("x-bad", b"a\r\nx-smuggled: yes"),
                "name" => ("x bad:", b"value"),
                "empty-name" => ("", b"value"),
                "empty-value" => ("x-bad", b""),
                "not-utf-8" => ("x-bad", b"\xff\xfe"),
                "upper" => ("X-Upper", b"value"),
                _ => ("x-bad", b"plain"),
            };
            let _ = hostcalls::add_map_value_bytes(MapType::HttpRequestHeaders, name, value);
            kit.note("bad-header", "survived");
        }
        _ => {}
    }
    Action::Continue
}

pub(crate) fn response(kit: &mut Kit, words: &[&str], _count: usize, _end: bool) -> Action {
    match *words {
        ["headers"] => {
            kit.add_http_response_header("x-added", "one");
            kit.add_http_response_header("x-added", "two");
            kit.set_http_response_header("x-replaced", Some("new"));
            kit.remove_http_response_header("x-removed");
        }
        ["get-response", name] => {
            let value = kit.get_http_response_header(name);
            kit.note("get", value.unwrap_or("(none)".to_string()));
        }
        ["list-response"] => {
            let names: Vec<_> = kit.get_http_response_headers_bytes().into_iter().map(|(name, _)| name).collect();
            kit.note("list", names.join(" "));
        }
        ["status", status] => kit.set_http_response_header(":status", Some(status)),
        ["set-all"] => {
            let mut all = kit.get_http_response_headers();
            all.retain(|(name, _)| name.starts_with(':') || name.starts_with("content-"));
            all.push(("x-only".to_string(), "this".to_string()));
            kit.set_http_response_headers(borrowed(&all));
        }
        _ => {}
    }
    Action::Continue
}

pub(crate) fn request_trailers(kit: &mut Kit, count: usize) -> Action {
    let seen = kit.get_http_request_trailers();
    kit.note("trailers", format!("{count} {}", lines_of_text(&seen)));
    kit.add_http_request_trailer("x-added", "one");
    kit.set_http_request_trailer("x-replaced", Some("new"));
    kit.remove_http_request_trailer("x-removed");
    Action::Continue
}

pub(crate) fn response_trailers(kit: &mut Kit, count: usize) -> Action {
    kit.add_http_response_trailer("x-count", &count.to_string());
    kit.add_http_response_trailer("x-added", "one");
    kit.set_http_response_trailer("x-replaced", Some("new"));
    kit.remove_http_response_trailer("x-removed");
    Action::Continue
}

fn borrowed(map: &[(String, String)]) -> Vec<(&str, &str)> {
    map.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

pub(crate) fn lines(map: &[(String, Vec<u8>)]) -> String {
    map.iter().map(|(name, value)| format!("{name}: {}\n", String::from_utf8_lossy(value))).collect()
}

fn lines_of_text(map: &[(String, String)]) -> String {
    map.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" ")
}
