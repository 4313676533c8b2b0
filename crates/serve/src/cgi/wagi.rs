//! What Spin's executor `wagi` tells a program beside what CGI does, from Spin's `crates/trigger-http/src/wagi.rs` and
//! `crates/http/src/wagi`.

use std::collections::BTreeMap;

use http::request::Parts;
use http::{HeaderMap, Uri};
use percent_encoding::percent_decode_str;

/// The headers that the server tells of a route, and what a program has them as.
const TOLD: [(&str, &str); 7] = [
    ("spin-full-url", "X_FULL_URL"),
    ("spin-path-info", "PATH_INFO"),
    ("spin-matched-route", "X_MATCHED_ROUTE"),
    ("spin-component-route", "X_COMPONENT_ROUTE"),
    ("spin-raw-component-route", "X_RAW_COMPONENT_ROUTE"),
    ("spin-base-path", "X_BASE_PATH"),
    ("spin-client-addr", "X_CLIENT_ADDR"),
];
const NAMED: &str = "spin-path-match-";

/// Replaces what CGI has otherwise in the environment of a program, and adds to it. `length` is that of the request's body.
pub(super) fn variables(cgi: Vec<(String, String)>, request: &Parts, length: u64) -> Vec<(String, String)> {
    let of_route = |name: &str| {
        let told = name.strip_prefix("HTTP_").map(|name| name.to_ascii_lowercase().replace('_', "-"));
        told.is_some_and(|name| name.starts_with(NAMED) || TOLD.iter().any(|(header, _)| name == *header))
    };
    let mut all: BTreeMap<String, String> = cgi.into_iter().filter(|(name, _)| !of_route(name)).collect();
    let mut set = |name: &str, value: String| drop(all.insert(name.to_owned(), value));
    for (header, name) in TOLD {
        if let Some(value) = text(&request.headers, header) {
            set(name, value);
        }
    }
    for header in request.headers.keys() {
        let name = header.as_str().strip_prefix(NAMED).map(|name| name.to_ascii_uppercase().replace('-', "_"));
        if let (Some(name), Some(value)) = (name, text(&request.headers, header.as_str())) {
            set(&format!("X_PATH_MATCH_{name}"), value);
        }
    }
    if let Some(route) = text(&request.headers, "spin-matched-route") {
        set("SCRIPT_NAME", route.strip_suffix("/...").unwrap_or(&route).to_owned());
    }
    if let Some(info) = text(&request.headers, "spin-path-info") {
        set("PATH_TRANSLATED", percent_decode_str(&info).decode_utf8_lossy().into_owned());
        set("X_RAW_PATH_INFO", info);
    }
    set("SERVER_SOFTWARE", "WAGI/1".to_owned());
    set("CONTENT_LENGTH", length.to_string());
    for name in ["AUTH_TYPE", "REMOTE_USER", "CONTENT_TYPE"] {
        all.entry(name.to_owned()).or_default();
    }
    all.into_iter().collect()
}

/// The program's arguments, its name first: the parts of `argv` between spaces, where `${SCRIPT_NAME}` is the request's path
/// and `${ARGS}` are the parameters of its query, with spaces between them.
pub(super) fn arguments(argv: &str, uri: &Uri) -> Vec<String> {
    let query = uri.query().unwrap_or("").replace('&', " ");
    let argv = argv.replace("${SCRIPT_NAME}", uri.path()).replace("${ARGS}", &query);
    argv.split(' ').map(str::to_owned).collect()
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
}

#[cfg(test)]
mod tests {
    use holm_abi::Exchange;
    use http::Request;
    use http_body_util::Full;

    use super::*;

    #[test]
    fn a_program_is_told_what_spin_tells_it() {
        let request = Request::post("http://a.example:81/shop/42/x%20y?b=1&c")
            .header("spin-full-url", "http://a.example:81/shop/42/x%20y?b=1&c")
            .header("spin-path-info", "/x%20y")
            .header("spin-matched-route", "/shop/:id/...")
            .header("spin-component-route", "/shop/:id")
            .header("spin-raw-component-route", "/shop/:id/...")
            .header("spin-base-path", "/")
            .header("spin-client-addr", "127.0.0.1:8777")
            .header("spin-path-match-user-id", "42")
            .header("spin-own", "1");
        let (parts, body) = request.body(Full::<bytes::Bytes>::default()).unwrap().into_parts();
        let cgi = super::super::environment::variables(&parts, &body, &Exchange::default()).unwrap();
        let told = BTreeMap::from_iter(variables(cgi, &parts, 7));
        for (name, value) in [
            ("X_FULL_URL", "http://a.example:81/shop/42/x%20y?b=1&c"),
            ("PATH_INFO", "/x%20y"),
            ("X_RAW_PATH_INFO", "/x%20y"),
            ("PATH_TRANSLATED", "/x y"),
            ("X_MATCHED_ROUTE", "/shop/:id/..."),
            ("X_COMPONENT_ROUTE", "/shop/:id"),
            ("X_RAW_COMPONENT_ROUTE", "/shop/:id/..."),
            ("X_BASE_PATH", "/"),
            ("X_CLIENT_ADDR", "127.0.0.1:8777"),
            ("X_PATH_MATCH_USER_ID", "42"),
            ("SCRIPT_NAME", "/shop/:id"),
            ("QUERY_STRING", "b=1&c"),
            ("REQUEST_METHOD", "POST"),
            ("SERVER_NAME", "a.example"),
            ("SERVER_PORT", "81"),
            ("SERVER_SOFTWARE", "WAGI/1"),
            ("CONTENT_LENGTH", "7"),
            ("CONTENT_TYPE", ""),
            ("AUTH_TYPE", ""),
            ("HTTP_SPIN_OWN", "1"),
        ] {
            assert_eq!(told.get(name).map(String::as_str), Some(value), "{name}");
        }
        assert!(!told.contains_key("HTTP_SPIN_FULL_URL") && !told.contains_key("HTTP_SPIN_PATH_MATCH_USER_ID"));
    }

    #[test]
    fn arguments_are_cut_at_spaces_as_spin_cuts_them() {
        let uri = |text: &str| text.parse::<Uri>().unwrap();
        for (argv, asked, expected) in [
            ("${SCRIPT_NAME} ${ARGS}", "/a/b?x=1&y=2", &["/a/b", "x=1", "y=2"][..]),
            ("${SCRIPT_NAME} ${ARGS}", "/a", &["/a", ""]),
            ("one ${ARGS} -v ${SCRIPT_NAME}", "/a?x", &["one", "x", "-v", "/a"]),
            ("plain", "/a?x", &["plain"]),
        ] {
            assert_eq!(arguments(argv, &uri(asked)), expected, "{argv}");
        }
    }
}
