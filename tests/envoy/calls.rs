//! Requests that filters make.

use crate::ask::{get, post};
use crate::cases::{case, compare};
use crate::chains::Chain;

#[test]
fn a_request_waits_for_what_its_filter_asks_elsewhere() {
    compare(
        &[Chain::kit()],
        &[
            case(
                "kit",
                get("call header /called"),
                &["200", "| hello", "> GET /called", "> host: kit", "> x-call: yes", "> GET /", "> x-from-call: 200"],
            ),
            case(
                "kit",
                post("call header /missing", "hello"),
                &[
                    "200",
                    "| hello",
                    "> GET /missing",
                    "> host: kit",
                    "> x-call: yes",
                    "> POST /",
                    "> x-from-call: 404",
                    "> | hello",
                ],
            ),
            case(
                "kit",
                post("call body /called", "hello"),
                &[
                    "200",
                    "x-kit-from-call: 200",
                    "| hello",
                    "> GET /called",
                    "> host: kit",
                    "> x-call: yes",
                    "> POST /",
                    "> | hello",
                ],
            ),
            case(
                "kit",
                get("call response /called"),
                &["200", "x-from-call: 200", "| hello", "> GET /", "> GET /called", "> host: kit", "> x-call: yes"],
            ),
            case(
                "kit",
                get("call twice /called"),
                &[
                    "200",
                    "| hello",
                    "> GET /called",
                    "> host: kit",
                    "> x-call: yes",
                    "> GET /called",
                    "> host: kit",
                    "> x-call: yes",
                    "> GET /",
                    "> x-from-call: 200",
                ],
            ),
            // Nobody waits for the answer.
            case("kit", get("call ignore /called-at-first"), &["200", "| hello", "> GET /"]),
        ],
    );
}

#[test]
fn a_filter_sees_the_answer_to_its_request() {
    compare(
        &[Chain::kit()],
        &[
            case(
                "kit",
                get("call reply /headers"),
                &[
                    "200",
                    "| headers true body 5 trailers 0",
                    "| status 200",
                    "| :status: 200",
                    "| x-many: a",
                    "| x-replaced: old",
                    "| x-many: b",
                    "| hello",
                    "> GET /headers",
                    "> host: kit",
                    "> x-call: yes",
                ],
            )
            .among_others(),
            case(
                "kit",
                get("call reply /chunked"),
                &[
                    "| headers true body 11 trailers 3",
                    "| status 200",
                    "| x-end: yes",
                    "| x-replaced: old",
                    "| firstsecond",
                ],
            )
            .among_others(),
            case("kit", get("call reply /empty"), &["| headers true body 0 trailers 0", "| status 204"]).among_others(),
            case(
                "kit",
                get("call post /called"),
                &["| status 200", "| hello", "> POST /called", "> host: kit", "> x-call: yes", "> | called"],
            )
            .among_others(),
        ],
    );
}

#[test]
fn requests_of_filters_fail_alike() {
    let refused = &["500", "content-type: text/plain", "| refused: BadArgument"];
    compare(
        &[Chain::kit()],
        &[
            case("kit", get("call timeout /slow"), &["200", "| status 504", "> GET /slow"]).among_others(),
            case("kit", get("call dead"), &["200", "| status 503"]).among_others(),
            case("kit", get("call to nowhere /"), refused),
            case("kit", get("call without :path /"), refused),
            case("kit", get("call without :authority /"), refused),
            case("kit", get("call without :method /"), refused),
        ],
    );
}

/// From the root's context, of no request's.
#[test]
fn a_filter_asks_elsewhere_of_its_own_accord() {
    let answered = &["200", "content-type: text/plain", "| status 200 headers true body true"];
    compare(&[Chain::kit()], &[case("kit", get("root"), answered).at_last()]);
}
