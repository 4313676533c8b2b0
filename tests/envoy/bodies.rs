//! Bodies, whole and in pieces.

use crate::ask::{get, post, send};
use crate::cases::{case, compare};
use crate::chains::Chain;

#[test]
fn bodies_of_requests_are_rewritten_alike() {
    let trailers = &[("x-end", "yes")];
    compare(
        &[Chain::kit()],
        &[
            case("kit", post("request-body", "hello"), &["200", "| hello", "> POST /", "> | HELLO!"]),
            case("kit", send("request-body", &["abc", "def"], &[]), &["200", "| hello", "> POST /", "> | ABCDEF!"]),
            // The end of such a body is that of the trailers.
            case(
                "kit",
                send("request-body", &["abc", "def"], trailers),
                &["200", "| hello", "> POST /", "> | ABCDEF!", "> trailer x-end: yes"],
            ),
            case("kit", get("request-body"), &["200", "| hello", "> GET /"]),
            case(
                "kit",
                send("request-chunks", &["abc", "def"], &[]),
                &["200", "| hello", "> POST /", "> | [abc][def]"],
            ),
            case(
                "kit",
                send("request-chunks", &["abc", "def"], trailers),
                &["200", "| hello", "> POST /", "> | [abc][def]", "> trailer x-end: yes"],
            ),
        ],
    );
}

#[test]
fn bodies_of_responses_are_rewritten_alike() {
    compare(
        &[Chain::kit()],
        &[
            case("kit", get("response-body"), &["200", "| HELLO!", "> GET /"]),
            case("kit", get("response-body").method("HEAD"), &["200", "> HEAD /"]),
            case("kit", get("response-body").path("/empty"), &["204", "x-kept: yes", "> GET /empty"]),
            case("kit", get("response-chunks"), &["200", "| [hello]", "> GET /"]),
            case(
                "kit",
                get("response-chunks").path("/chunked"),
                &[
                    "200",
                    "| [first][second]",
                    "trailer x-end: yes",
                    "trailer x-removed: gone",
                    "trailer x-replaced: old",
                    "> GET /chunked",
                ],
            ),
        ],
    );
}

/// What `set_buffer` takes: in the place of the beginning (of none of it, or all), or at the end. For anything else it says BAD_ARGUMENT.
#[test]
fn bodies_are_edited_in_the_same_places() {
    let edit = |what| post(what, "hello");
    compare(
        &[Chain::kit()],
        &[
            case("kit", edit("edit 0 0 <>"), &["200", "x-kit-edit: 0", "| hello", "> POST /", "> | <>hello"]),
            case("kit", edit("edit 5 0 <>"), &["200", "x-kit-edit: 0", "| hello", "> POST /", "> | hello<>"]),
            case("kit", edit("edit 99 0 <>"), &["200", "x-kit-edit: 0", "| hello", "> POST /", "> | hello<>"]),
            case("kit", edit("edit 0 all <>"), &["200", "x-kit-edit: 0", "| hello", "> POST /", "> | <>"]),
            case("kit", edit("edit 0 5 <>"), &["200", "x-kit-edit: 0", "| hello", "> POST /", "> | <>"]),
            case("kit", edit("edit 1 2 <>"), &["200", "x-kit-edit: 2", "| hello", "> POST /", "> | hello"]),
            case("kit", edit("edit 0 2 <>"), &["200", "x-kit-edit: 0", "| hello", "> POST /", "> | <>llo"]),
            case("kit", get("response-edit 0 0 <>"), &["200", "| <>hello", "> GET /"]),
            case("kit", get("response-edit 5 0 <>"), &["200", "| hello<>", "> GET /"]),
            case("kit", get("response-edit 0 all <>"), &["200", "| <>", "> GET /"]),
            case("kit", get("response-edit 1 2 <>"), &["200", "| hello", "> GET /"]),
        ],
    );
}

#[test]
fn bodies_are_read_alike() {
    let read = |what| post(what, "hello");
    compare(
        &[Chain::kit()],
        &[
            case("kit", read("read 1 2"), &["200", "x-kit-read: el", "| hello", "> POST /", "> | hello"]),
            case("kit", read("read 3 99"), &["200", "x-kit-read: lo", "| hello", "> POST /", "> | hello"]),
            case("kit", read("read 99 1"), &["200", "x-kit-read: (none)", "| hello", "> POST /", "> | hello"]),
        ],
    );
}
