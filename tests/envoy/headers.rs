//! Headers and trailers.

use crate::ask::{get, post, send};
use crate::cases::{case, compare};
use crate::chains::{Chain, filter};

#[test]
fn headers_are_added_replaced_and_removed_alike() {
    let edits =
        "# a comment\n> x-tenant=acme\n>+ x-many=c\n> -x-removed\n< x-replaced=new\n<+ x-many=c\n< -x-removed\n";
    let chains = [Chain::new("edits", [filter("edits", "filter-headers.wasm", edits)]), Chain::kit()];
    let asked = get("").path("/headers").header("x-many", "1").header("X-Removed", "1").header("x-tenant", "other");
    let kit = get("headers").path("/headers").header("x-replaced", "a").header("x-replaced", "b");
    compare(
        &chains,
        &[
            case(
                "edits",
                asked,
                &[
                    "200",
                    "x-kept: yes",
                    "x-many: a",
                    "x-many: b",
                    "x-many: c",
                    "x-replaced: new",
                    "| hello",
                    "> GET /headers",
                    "> x-many: 1",
                    "> x-many: c",
                    "> x-tenant: acme",
                ],
            ),
            case(
                "kit",
                kit.header("x-removed", "1"),
                &[
                    "200",
                    "x-added: one",
                    "x-added: two",
                    "x-kept: yes",
                    "x-kit-added: one",
                    "x-many: a",
                    "x-many: b",
                    "x-replaced: new",
                    "| hello",
                    "> GET /headers",
                    "> x-added: one",
                    "> x-added: two",
                    "> x-new: set",
                    "> x-replaced: new",
                ],
            ),
            case(
                "kit",
                get("set-all").path("/headers").header("x-kept", "1").header("x-gone", "1"),
                &["200", "x-only: this", "| hello", "> GET /headers", "> x-kept: 1", "> x-only: this"],
            ),
        ],
    );
}

#[test]
fn headers_are_read_alike() {
    compare(
        &[Chain::kit()],
        &[
            case("kit", get("get x-nowhere"), &["200", "x-kit-get: (none)", "| hello", "> GET /"]),
            case(
                "kit",
                get("get x-b").header("x-b", "1").header("x-b", "2"),
                &["200", "x-kit-get: 1", "| hello", "> GET /", "> x-b: 1", "> x-b: 2"],
            ),
            case(
                "kit",
                get("get X-Upper").header("x-UPPER", "V"),
                &["200", "x-kit-get: V", "| hello", "> GET /", "> x-upper: V"],
            ),
            case("kit", get("get :path").path("/?q=1"), &["200", "x-kit-get: /?q=1", "| hello", "> GET /?q=1"]),
            case("kit", get("get :authority"), &["200", "x-kit-get: kit.test", "| hello", "> GET /"]),
            case("kit", get("get host"), &["200", "x-kit-get: kit.test", "| hello", "> GET /"]),
            case("kit", get("get-response x-nowhere"), &["200", "x-kit-get: (none)", "| hello", "> GET /"]),
            case(
                "kit",
                get("get-response :status").path("/missing"),
                &["404", "x-kit-get: 404", "| no", "> GET /missing"],
            ),
            case(
                "kit",
                get("list").header("X-B", "1").header("a-first", "2").header("x-b", "3"),
                &[
                    "200",
                    "content-type: text/plain",
                    "| :authority: kit.test",
                    "| :path: /",
                    "| :method: GET",
                    "| :scheme: http",
                    "| x-test: list",
                    "| x-b: 1",
                    "| a-first: 2",
                    "| x-b: 3",
                ],
            )
            .among_others(),
        ],
    );
}

#[test]
fn a_filter_says_where_a_request_goes_and_what_a_response_is() {
    compare(
        &[Chain::kit()],
        &[
            case(
                "kit",
                get("pseudo PUT /other?x other.example"),
                &["200", "| hello", "> PUT /other?x", "> host: other.example"],
            ),
            case("kit", get("status 418"), &["418", "| hello", "> GET /"]),
        ],
    );
}

/// No line breaks reach the other side, whatever becomes of the request.
#[test]
fn values_that_headers_may_have_pass() {
    compare(
        &[Chain::kit()],
        &[
            case(
                "kit",
                get("bad-header empty-value"),
                &["200", "x-kit-bad-header: survived", "| hello", "> GET /", "> x-bad: "],
            ),
            case(
                "kit",
                get("bad-header upper"),
                &["200", "x-kit-bad-header: survived", "| hello", "> GET /", "> x-upper: value"],
            ),
            case(
                "kit",
                get("bad-header not-utf-8"),
                &["200", "x-kit-bad-header: survived", "| hello", "> GET /", "> x-bad: \u{fffd}\u{fffd}"],
            ),
        ],
    );
}

#[test]
fn a_filter_learns_whether_a_request_has_a_body() {
    compare(
        &[Chain::kit()],
        &[
            case("kit", get("end"), &["200", "x-kit-end: true", "| hello", "> GET /"]),
            case("kit", post("end", ""), &["200", "x-kit-end: true", "| hello", "> POST /"]),
            case("kit", post("end", "a"), &["200", "x-kit-end: false", "| hello", "> POST /", "> | a"]),
        ],
    );
}

#[test]
fn trailers_are_edited_alike() {
    let trailers = &[("x-removed", "1"), ("x-replaced", "1"), ("x-kept", "1")];
    compare(
        &[Chain::kit()],
        &[case(
            "kit",
            send("trailers", &["abc", "def"], trailers).path("/chunked"),
            &[
                "200",
                "x-kit-trailers: 3 x-removed=1 x-replaced=1 x-kept=1",
                "| firstsecond",
                "trailer x-added: one",
                "trailer x-count: 3",
                "trailer x-end: yes",
                "trailer x-replaced: new",
                "> POST /chunked",
                "> | abcdef",
                "> trailer x-added: one",
                "> trailer x-kept: 1",
                "> trailer x-replaced: new",
            ],
        )],
    );
}
