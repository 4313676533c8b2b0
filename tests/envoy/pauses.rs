//! Requests and responses that filters hold and let go.

use crate::ask::{get, post, send};
use crate::cases::{case, compare, refused};
use crate::chains::Chain;

#[test]
fn what_is_held_goes_on_at_the_next_tick() {
    compare(
        &[Chain::kit()],
        &[
            case("kit", get("pause request-headers"), &["200", "| hello", "> GET /"]),
            case("kit", post("pause request-headers", "hello"), &["200", "| hello", "> POST /", "> | hello"]),
            case("kit", post("pause request-body", "hello"), &["200", "| hello", "> POST /", "> | hello"]),
            case(
                "kit",
                send("pause request-trailers", &["abc"], &[("x-end", "yes")]),
                &["200", "| hello", "> POST /", "> | abc", "> trailer x-end: yes"],
            ),
            case("kit", get("pause response-headers"), &["200", "| hello", "> GET /"]),
            case("kit", get("pause response-body"), &["200", "| hello", "> GET /"]),
        ],
    );
}

#[test]
fn to_let_go_what_is_not_held_does_nothing() {
    compare(
        &[Chain::kit()],
        &[
            // For Envoy the request goes on twice, and its upstream may see both.
            case("kit", get("continue"), &["200", "| hello", "> GET /"]).among_others(),
            // It is let go before it is held.
            case("kit", get("continue paused"), &["200", "| hello", "> GET /"]),
        ],
    );
}

/// Envoy closes the connection; Holm says that there was an error.
#[test]
fn a_filter_breaks_off_alike() {
    compare(
        &[Chain::kit()],
        &[
            refused("kit", get("reset request-headers"), &["(refused)"]),
            refused("kit", post("reset request-body", "hello"), &["(refused)"]),
            refused("kit", get("reset response-headers"), &["(refused)", "> GET /"]),
            case("kit", get(""), &["200", "| hello", "> GET /"]),
        ],
    );
}
