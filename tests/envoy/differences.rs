//! Where Holm is to do something else than Envoy, on purpose.

use crate::ask::{get, post};
use crate::cases::{case, compare, refused};
use crate::chains::Chain;

/// A filter made a body longer and forgot its length. What is too much Envoy sends all the same, and the upstream takes it
/// for the beginning of the next request.
#[test]
fn what_exceeds_the_length_of_a_body_begins_no_other_request() {
    compare(
        &[Chain::kit()],
        &[
            case("kit", get("response-body keep-length"), &["200", "| HELLO", "> GET /"]),
            case("kit", post("request-body keep-length", "hello"), &["200", "| hello", "> POST /", "> | HELLO"]),
            case("kit", get(""), &["200", "| hello", "> GET /"]).but_in_envoy(&["200", "| hello", "> !GET /"]),
        ],
    );
}

#[test]
fn line_breaks_in_headers_reach_nobody() {
    let chains = ["value", "name"].map(|name| Chain::new(name, [crate::chains::kit()]));
    compare(
        &chains,
        &[
            refused("value", get("bad-header newline"), &["(refused)"]),
            refused("name", get("bad-header name"), &["(refused)"]),
            refused("name", get("bad-header empty-name"), &["(refused)"]).but_in_envoy(&[
                "200",
                "x-kit-bad-header: survived",
                "| hello",
                "> GET /",
                "> : value",
            ]),
        ],
    );
}
