//! What one component hands to another, the other can use; and nothing beyond it.

use crate::parts_kit::{Kit, neighbour};

#[test]
fn a_stream_or_a_directory_that_the_handler_hands_over_can_be_read() {
    let kit = Kit::new("[grants]\ndir = \".::/data\"");
    assert_eq!(
        kit.asks(&["give-stream secret.txt", "give-directory secret.txt", "model read /data/secret.txt"]),
        ["the handler's secret", "the handler's secret", "error: NotFound"]
    );
}

#[test]
fn a_directory_that_was_handed_over_leads_nowhere_else() {
    let kit = Kit::new("[grants]\ndir = \"./weights::/data\"");
    for path in ["../secret.txt", "/secret.txt", "/etc/passwd"] {
        assert_eq!(kit.asks(&[&format!("give-directory {path}")]), ["error: not-permitted"], "{path}");
    }
}

#[test]
fn a_gift_passes_through_a_component_in_between() {
    let kit = Kit::with(
        "middle",
        "[grants]\ndir = \".::/data\"\n[components.deep]\nfile = \"model.wasm\"\n\
                        [imports]\n\"parts:kit/probe\" = \"model\"",
    );
    assert_eq!(kit.asks(&["give-stream secret.txt"]), ["the handler's secret"]);
}

#[test]
fn a_socket_keeps_the_grants_of_whoever_made_it() {
    let (one, two) = (neighbour(), neighbour());
    let kit = Kit::new(&format!("[grants]\nnet = \"{one}\"\n[components.model.grants]\nnet = \"{two}\""));
    let (one, two) = (one.port(), two.port());
    for (ask, answer) in [
        (format!("give-socket {one}"), "connected"),
        (format!("give-socket {two}"), "error: access-denied"),
        (format!("take-socket {two}"), "connected"),
        (format!("take-socket {one}"), "error: access-denied"),
    ] {
        assert_eq!(kit.asks(&[&ask]), [answer], "{ask}");
    }
}
