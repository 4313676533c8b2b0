//! Filters in other languages than the kit's, and of each version of the ABI.

use crate::ask::{get, post};
use crate::cases::{case, compare};
use crate::chains::{Chain, filter};

fn c(name: &'static str, file: &'static str) -> Chain {
    Chain::new(name, [filter(name, file, "UPSTREAM")])
}

/// An header that is not there is an empty one in 0.1.0, and none in later versions; and that one does not know whether a
/// body follows.
#[test]
fn filters_of_every_version_of_the_abi_run() {
    let chains = [c("c-010", "filter-c-010.wasm"), c("c-020", "filter-c-020.wasm"), c("c-021", "filter-c-021.wasm")];
    let mut cases = Vec::new();
    let versions: [(_, &[&str], &[&str], &[&str]); 3] = [
        (
            "c-010",
            &["200", "| hello", "> GET /", "> x-c-abi: 0.1.0", "> x-c-end: -", "> x-c-missing: 0 0"],
            &["> x-c-root: c-010", "> x-c-end: -"],
            &["200", "| hello", "> POST /", "> x-c-abi: 0.1.0", "> x-c-end: -", "> | abc!"],
        ),
        (
            "c-020",
            &["200", "| hello", "> GET /", "> x-c-abi: 0.2.0", "> x-c-end: 1", "> x-c-missing: 1 77"],
            &["> x-c-root: c-020", "> x-c-end: 1"],
            &["200", "| hello", "> POST /", "> x-c-abi: 0.2.0", "> x-c-end: 0", "> | abc!"],
        ),
        (
            "c-021",
            &["200", "| hello", "> GET /", "> x-c-abi: 0.2.1", "> x-c-end: 1", "> x-c-missing: 1 77"],
            &["> x-c-root: c-021", "> x-c-end: 1"],
            &["200", "| hello", "> POST /", "> x-c-abi: 0.2.1", "> x-c-end: 0", "> | abc!"],
        ),
    ];
    for (chain, missing, property, body) in versions {
        cases.push(case(chain, get("missing").header("x-removed", "1"), missing).among_others());
        cases.push(case(chain, get("property"), property).among_others());
        cases.push(case(chain, post("body", "abc"), body).among_others());
        cases.push(case(chain, get("reply"), &["403", "content-type: text/plain", "| no from C"]).among_others());
        // An answer comes to the root's context.
        cases.push(case(chain, get("call"), &["> GET /called", "> host: c", "> x-c-call: 200 root"]).among_others());
    }
    compare(&chains, &cases);
}

#[test]
fn filters_in_go_run() {
    compare(
        &[Chain::new("go", [filter("go", "filter-go.wasm", "text")])],
        &[
            case(
                "go",
                get("").header("x-removed", "1"),
                &["200", "x-go-configuration: text", "| hello", "> GET /", "> x-go-request: yes"],
            ),
            case(
                "go",
                post("body", "abc"),
                &["200", "x-go-configuration: text", "| hello", "> POST /", "> x-go-request: yes", "> | ABC"],
            ),
            case("go", get("reply"), &["403", "content-type: text/plain", "x-go-configuration: text", "| no from Go"]),
        ],
    );
}

#[test]
fn filters_in_assemblyscript_run() {
    compare(
        &[Chain::new("as", [filter("as", "filter-as.wasm", "text")])],
        &[
            case(
                "as",
                get("").header("x-removed", "1"),
                &["200", "x-as-response: text", "| hello", "> GET /", "> x-as-request: ended", "> x-replaced: new"],
            ),
            case(
                "as",
                post("", "abc"),
                &[
                    "200",
                    "x-as-response: text",
                    "| hello",
                    "> POST /",
                    "> x-as-request: open",
                    "> x-replaced: new",
                    "> | abc",
                ],
            ),
            case(
                "as",
                get("reply"),
                &["403", "content-type: text/plain", "x-as-response: text", "| no from AssemblyScript"],
            ),
        ],
    );
}

/// Requests pass them first to last, and responses last to first.
#[test]
fn filters_of_a_chain_see_what_others_did() {
    let chain = Chain::new(
        "chain",
        [
            filter("first", "filter-headers.wasm", "> x-seen=first\n<+ x-order=first"),
            filter("go", "filter-go.wasm", "text"),
            filter("last", "filter-headers.wasm", "> x-seen=last\n< x-order=last"),
        ],
    );
    compare(
        &[chain],
        &[case(
            "chain",
            get(""),
            &[
                "200",
                "x-go-configuration: text",
                "x-order: last",
                "x-order: first",
                "| hello",
                "> GET /",
                "> x-go-request: yes",
                "> x-seen: last",
            ],
        )],
    );
}
