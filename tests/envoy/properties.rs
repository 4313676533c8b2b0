//! Properties.

use crate::ask::{get, post};
use crate::cases::{case, compare};
use crate::chains::{Chain, kit};

#[test]
fn properties_of_requests_are_alike() {
    let all = "properties request.path request.url_path request.host request.scheme request.method request.query \
               request.protocol request.headers.x-given request.headers.nothing request.useragent request.referer \
               request.size request.nothing nothing";
    let few = "properties request.useragent request.referer";
    compare(
        &[Chain::kit()],
        &[
            case(
                "kit",
                get(all).path("/a?q=1").header("x-given", "this"),
                &[
                    "200",
                    "content-type: text/plain",
                    "| request.path=/a?q=1",
                    "| request.url_path=/a",
                    "| request.host=kit.test",
                    "| request.scheme=http",
                    "| request.method=GET",
                    "| request.query=q=1",
                    "| request.protocol=HTTP/1.1",
                    "| request.headers.x-given=this",
                    "| request.headers.nothing (none)",
                    "| request.useragent (none)",
                    "| request.referer (none)",
                    "| request.size=0x0000000000000000",
                    "| request.nothing (none)",
                    "| nothing (none)",
                ],
            ),
            case(
                "kit",
                get(few).header("user-agent", "test").header("referer", "there"),
                &["200", "content-type: text/plain", "| request.useragent=test", "| request.referer=there"],
            ),
        ],
    );
}

#[test]
fn properties_of_responses_are_alike() {
    let early = "properties response.code response.headers.x-kept response.flags response.size";
    let later = "properties later response.code response.headers.x-kept request.size request.protocol";
    compare(
        &[Chain::kit()],
        &[
            case(
                "kit",
                get(early),
                &[
                    "200",
                    "content-type: text/plain",
                    "| response.code (none)",
                    "| response.headers.x-kept (none)",
                    "| response.flags=0x0000000000000000",
                    "| response.size=0x0000000000000000",
                ],
            ),
            case(
                "kit",
                post(later, "hello").path("/headers"),
                &["x-kit-properties: response.code=0xc800000000000000 response.headers.x-kept=yes \
                 request.size=0x0500000000000000 request.protocol=HTTP/1.1"],
            )
            .among_others(),
        ],
    );
}

/// Once its headers have been let go they are out of reach, until the log.
#[test]
fn properties_of_a_request_that_has_gone_on_are_not_there() {
    let asked = get("properties later request.path request.headers.x-given request.method").header("x-given", "this");
    compare(
        &[Chain::kit()],
        &[case(
            "kit",
            asked,
            &[
                "200",
                "x-kit-properties: request.path (none) request.headers.x-given (none) request.method (none)",
                "| hello",
                "> GET /",
                "> x-given: this",
            ],
        )],
    );
}

#[test]
fn properties_of_the_filter_are_alike() {
    let own = "properties plugin_name plugin_root_id plugin_vm_id connection.mtls";
    compare(
        &[Chain::kit()],
        &[case(
            "kit",
            get(own),
            &[
                "200",
                "content-type: text/plain",
                "| plugin_name=kit",
                "| plugin_root_id=kit",
                "| plugin_vm_id=kit-0",
                "| connection.mtls=0x00",
            ],
        )],
    );
}

/// They are the request's, for every filter of its chain.
#[test]
fn properties_that_a_filter_sets_are_kept_for_the_request() {
    let own = &["200", "x-kit-property: mine=v", "x-kit-property-later: mine=v", "| hello", "> GET /"];
    let chains = [Chain::kit(), Chain::new("two", [kit(), kit().called("second")])];
    compare(
        &chains,
        &[
            case("kit", get("set-property mine v"), own),
            case("kit", get("properties mine"), &["200", "content-type: text/plain", "| mine (none)"]),
            case(
                "two",
                get("set-property mine v"),
                &[
                    "200",
                    "x-kit-property: mine=v",
                    "x-kit-property: mine=v",
                    "x-kit-property-later: mine=v",
                    "x-kit-property-later: mine=v",
                    "| hello",
                    "> GET /",
                ],
            ),
        ],
    );
}
