//! Ctrl-C.

use rustix::process::Signal;

use crate::support::{Running, holm};

/// Starts a guest that says when it runs.
fn flooding(flags: &[&str]) -> Running {
    let mut running = holm(["run"]).args(flags).guest("flood.p1.wasm").starts();
    assert!(!running.line().is_empty());
    running
}

#[test]
fn ctrl_c_ends_a_guest_with_130() {
    for name in ["flood.p1.wasm", "flood.p2.wasm"] {
        let mut running = holm(["run"]).guest(name).starts();
        assert!(!running.line().is_empty());
        running.signal(Signal::INT);
        let ended = running.ends();
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(130), ""), "{ended:?}");
    }
}

#[test]
fn ctrl_c_ends_a_guest_under_limits() {
    let running = flooding(&["--cpu", "100s", "--wall", "100s", "--fuel", "100000000000"]);
    running.signal(Signal::INT);
    assert_eq!(running.ends().code, Some(130));
}

#[test]
fn ctrl_c_prints_the_audit_first() {
    let running = flooding(&["--audit"]);
    running.signal(Signal::INT);
    let ended = running.ends();
    assert_eq!(ended.code, Some(130), "{ended:?}");
    insta::assert_snapshot!(ended.stderr, @"note: it asked for nothing beyond what it was granted");
}

#[test]
fn ctrl_c_ends_a_guest_that_listens() {
    let mut running = holm(["run", "--listen", "127.0.0.1:0"]).guest("listen.p2.wasm").arg("127.0.0.1:0").starts();
    assert!(running.line().starts_with("listening on "), "{:?}", running.ends());
    running.signal(Signal::INT);
    assert_eq!(running.ends().code, Some(130));
}
