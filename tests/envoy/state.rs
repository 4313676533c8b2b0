//! What outlives a request.

use crate::ask::get;
use crate::cases::{Case, case, compare};
use crate::chains::{Chain, kit};

macro_rules! says {
    ($chain:literal, $test:literal, $($line:literal),+) => {
        case($chain, get($test), &["200", "content-type: text/plain", $(concat!("| ", $line)),+])
    };
}

#[test]
fn shared_data_is_kept_alike() {
    let chains = [Chain::kit(), Chain::new("other", [kit()])];
    let cases: &[Case] = &[
        says!("kit", "counter a", "1"),
        says!("kit", "counter a", "2"),
        // Another machine's is another.
        says!("other", "counter a", "1"),
        says!("kit", "share get none", "(none)"),
        says!("kit", "share set k v", "Ok(())"),
        says!("kit", "share get k", "v"),
        says!("kit", "share swap k w", "Ok(())"),
        says!("kit", "share late k x", "Err(CasMismatch)"),
        says!("kit", "share get k", "w"),
        // Nothing has a number yet that could be wrong.
        says!("kit", "share cas new v 77", "Ok(())"),
        says!("kit", "share get new", "v"),
        // The key stays.
        says!("kit", "share delete k", "Ok(())"),
        says!("kit", "share get k", "(empty)"),
    ];
    compare(&chains, cases);
}

#[test]
fn queues_are_kept_alike() {
    let cases: &[Case] = &[
        says!("kit", "queue pop", "None"),
        says!("kit", "queue resolve kit-0 kit", "Some(true)"),
        says!("kit", "queue resolve kit-0 nothing", "None"),
        says!("kit", "queue resolve nobody kit", "None"),
        says!("kit", "queue push one", "Ok(())"),
        // Its root was told, and took it.
        says!("kit", "queue drained", "one").at_last(),
        says!("kit", "queue pop", "None"),
    ];
    compare(&[Chain::kit()], cases);
}

#[test]
fn metrics_count_alike() {
    let cases: &[Case] = &[
        says!(
            "kit",
            "metrics",
            "counter Ok(()) Ok(()) Ok(7)",
            "gauge Ok(()) Ok(()) Ok(7)",
            "histogram Ok(()) Err(BadArgument) Err(BadArgument)"
        ),
        // To record adds to a counter, and sets a gauge.
        says!(
            "kit",
            "metrics",
            "counter Ok(()) Ok(()) Ok(14)",
            "gauge Ok(()) Ok(()) Ok(7)",
            "histogram Ok(()) Err(BadArgument) Err(BadArgument)"
        ),
    ];
    compare(&[Chain::kit()], cases);
}

#[test]
fn a_filter_has_its_configuration_and_logs() {
    let cases: &[Case] = &[
        says!("kit", "log", "Ok(Info)"),
        says!("kit", "log critical something", "logged"),
        says!("kit", "log trace something", "logged"),
        case("kit", get("config"), &["| vm \"of the machine\""]).among_others(),
        says!("kit", "foreign nothing x", "NotFound"),
    ];
    compare(&[Chain::kit()], cases);
}

/// The log comes before the end, in both: hosts followed Envoy, and not the specification's order.
#[test]
fn a_request_ends_alike() {
    let cases: &[Case] = &[
        case("kit", get("order").path("/empty"), &["204", "x-kept: yes", "> GET /empty"]),
        case("kit", get("share get order"), &["| request-headers response-headers log done delete"])
            .among_others()
            .at_last(),
        case("kit", get("at-log response.code request.path").path("/missing"), &["404", "| no", "> GET /missing"]),
        case(
            "kit",
            get("share get at-log"),
            &["| status Some(\"404\") path Some(\"/missing\") response.code=0x9401000000000000 request.path=/missing"],
        )
        .among_others()
        .at_last(),
        case("kit", get("late-done"), &["200", "| hello", "> GET /"]),
        case("kit", get("headers"), &["200"]).among_others(),
    ];
    compare(&[Chain::kit()], cases);
}
