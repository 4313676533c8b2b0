//! gRPC that filters speak to others.

use crate::ask::get;
use crate::cases::{case, compare};
use crate::chains::Chain;

#[test]
fn filters_call_by_grpc_alike() {
    compare(
        &[Chain::kit()],
        &[
            case(
                "kit",
                get("grpc unary Echo"),
                &["200", "content-type: text/plain", "| status 0 code 0", "| text ", "| message message"],
            ),
            case(
                "kit",
                get("grpc unary Fail"),
                &["200", "content-type: text/plain", "| status 5 code 5", "| text nothing here", "| message "],
            ),
            case("kit", get("grpc short Slow"), &["200", "| status 14 code 14", "| message "]).among_others(),
            case("kit", get("grpc cancel Echo"), &["200", "| hello", "> GET /"]),
        ],
    );
}

#[test]
fn filters_stream_by_grpc_alike() {
    compare(
        &[Chain::kit()],
        &[
            case(
                "kit",
                get("grpc stream Echo"),
                &[
                    "200",
                    "| initial true",
                    "| x-initial: yes",
                    "| message 3 one",
                    "| message 3 two",
                    "| trailing true",
                    "| x-trailing: yes",
                    "| closed 0 code 0",
                ],
            )
            .among_others(),
            case("kit", get("grpc stream Fail"), &["200", "| closed 5 code 5", "| text nothing here"]).among_others(),
        ],
    );
}
