//! Responses that filters make.

use crate::ask::{get, post};
use crate::cases::{case, compare};
use crate::chains::{Chain, filter, kit};

/// The kit's plain refusal.
const NO: &[&str] = &["403", "content-type: text/plain", "x-kit: reply", "x-many: 1", "x-many: 2", "| no"];

#[test]
fn filters_answer_alike() {
    compare(
        &[Chain::kit()],
        &[
            case("kit", get("reply"), NO),
            // What the callback returns matters no more.
            case("kit", get("reply continue"), NO),
            case("kit", post("reply from request-body", "hello"), NO),
            case(
                "kit",
                get("reply from response-headers"),
                &["403", "content-type: text/plain", "x-kit: reply", "x-many: 1", "x-many: 2", "| no", "> GET /"],
            ),
            case(
                "kit",
                get("reply").method("HEAD"),
                &["403", "content-type: text/plain", "x-kit: reply", "x-many: 1", "x-many: 2"],
            ),
            case("kit", get("reply empty"), &["204"]),
            case("kit", get("reply no-type"), &["200", "content-type: text/plain", "| no type"]),
            case("kit", get("reply length"), &["200", "content-type: text/plain", "| four"]),
            case("kit", get("reply details"), &["418", "content-type: text/plain", "| teapot"]),
        ],
    );
}

#[test]
fn the_first_of_two_answers_counts() {
    compare(
        &[Chain::kit()],
        &[case(
            "kit",
            get("reply twice"),
            &["403", "content-type: text/plain", "x-kit: reply", "x-many: 1", "x-many: 2", "| first"],
        )],
    );
}

/// A status of gRPC is one where the request is gRPC.
#[test]
fn filters_answer_grpc_alike() {
    let grpc = |test| get(test).header("content-type", "application/grpc");
    compare(
        &[Chain::kit()],
        &[
            case(
                "kit",
                grpc("reply grpc"),
                &[
                    "200",
                    "content-type: application/grpc",
                    "grpc-message: not for you",
                    "grpc-status: 7",
                    "x-kit: reply",
                ],
            ),
            case(
                "kit",
                grpc("reply"),
                &[
                    "200",
                    "content-type: application/grpc",
                    "grpc-message: no%0A",
                    "grpc-status: 7",
                    "x-kit: reply",
                    "x-many: 1",
                    "x-many: 2",
                ],
            ),
            case("kit", get("reply grpc"), &["200", "content-type: text/plain", "x-kit: reply", "| not for you"]),
        ],
    );
}

/// An answer goes back through the filters that the request has passed, and the one that made it.
#[test]
fn answers_pass_the_filters_before() {
    let mark = |name| filter(name, "filter-headers.wasm", "> x-second=yes\n<+ x-passed=yes");
    let chains = [Chain::new("before", [mark("mark"), kit()]), Chain::new("behind", [kit(), mark("mark")])];
    compare(
        &chains,
        &[
            case(
                "before",
                get("reply"),
                &["403", "content-type: text/plain", "x-kit: reply", "x-many: 1", "x-many: 2", "x-passed: yes", "| no"],
            ),
            case("behind", get("reply"), NO),
        ],
    );
}
