//! Filters that fail.

use crate::ask::{get, post};
use crate::cases::{case, compare, refused};
use crate::chains::{Chain, kit};

/// And the next request has a filter that works.
#[test]
fn a_request_whose_filter_traps_is_refused() {
    let chains = ["first", "second", "third", "fourth"].map(|name| Chain::new(name, [kit()]));
    let after = &["200", "x-kit-get: (none)", "| hello", "> GET /"];
    compare(
        &chains,
        &[
            refused("first", get("trap request-headers"), &["(refused)"]),
            case("first", get("get x-nowhere"), after).at_last(),
            refused("second", get("trap response-headers"), &["(refused)", "> GET /"]),
            case("second", get("get x-nowhere"), after).at_last(),
            refused("third", post("panic request-body", "hello"), &["(refused)"]),
            case("third", get("get x-nowhere"), after).at_last(),
            refused("fourth", get("recurse request-headers"), &["(refused)"]),
            case("fourth", get("get x-nowhere"), after).at_last(),
        ],
    );
}

/// The response has been sent by then.
#[test]
fn a_filter_that_traps_at_the_end_harms_no_response() {
    let chains = ["log", "done"].map(|name| Chain::new(name, [kit()]));
    let whole = &["200", "| hello", "> GET /"];
    compare(&chains, &[case("log", get("trap log"), whole), case("done", get("trap done"), whole)]);
}

/// Where its head has been sent already.
#[test]
fn a_response_whose_filter_traps_is_cut() {
    let chain = Chain::new("cut", [kit()]);
    compare(
        &[chain],
        &[case(
            "cut",
            get("trap response-trailers").path("/chunked"),
            &["200", "| firstsecond", "(cut)", "> GET /chunked"],
        )],
    );
}

#[test]
fn traffic_passes_by_an_open_filter_that_failed() {
    let chain = Chain::new("open", [kit().open()]);
    let asked = get("trap request-headers");
    // Envoy refuses the request whose filter traps, and lets later ones pass by; Holm lets that one pass by as well, and
    // has a filter again for later ones. This one passes in either.
    compare(&[chain], &[case("open", asked, &["200", "| hello", "> GET /"]).at_last()]);
}
