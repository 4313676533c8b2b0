//! `holm top`

use insta::assert_snapshot;
use rustix::process::Signal;
use serde_json::Value as Json;

use crate::server::Server;
use crate::terminal::Terminal;

const LEAVES: &str = "\u{1b}[?25h\u{1b}[?1049l";

#[test]
fn without_a_terminal_one_second_is_printed() {
    let said = Server::start().holm(["top"]).prints();
    assert_eq!(Server::start().holm(["top", "--once"]).prints(), said);
    assert_snapshot!(said, @r"
    unix:[state]/serve/admin.sock  up 1m01s  cpu 75.0%  memory 64.0 MiB  connections 4
    NAME  VERSION  REQ/S  5XX/S  FLIGHT  QUEUE    CPU   MEMORY      P50    P99
    shop        2    200    5.0       3      1  50.0%  3.0 MiB  0.25 ms  12 ms
    calm        2     10    5.0       3      1   1.0%  3.0 MiB  0.25 ms  12 ms
    ");
}

#[test]
fn the_servers_counters_are_printed_as_json() {
    let top: Json = serde_json::from_str(&Server::start().holm(["top", "--json"]).prints()).unwrap();
    assert_eq!((&top["uptime"], &top["apps"][1]["name"]), (&60.0.into(), &"shop".into()));
}

#[test]
fn a_view_goes_on_until_q_or_ctrl_c_and_gives_the_terminal_back() {
    let server = Server::start();
    for key in ["q", "Q", "\u{3}"] {
        let mut terminal = Terminal::run(&server, ["top"]);
        terminal.shows("\u{1b}[?1049h");
        // Rates are there from the second look on.
        terminal.shows("cpu 75.0%");
        terminal.shows("50.0%");
        assert!(terminal.is_taken_over());
        terminal.press("x");
        terminal.press(key);
        terminal.shows(LEAVES);
        assert_eq!(terminal.ends(), Some(0));
        assert!(!terminal.is_taken_over());
    }
}

#[test]
fn a_view_that_is_ended_by_a_signal_gives_the_terminal_back() {
    let server = Server::start();
    for signal in [Signal::TERM, Signal::HUP, Signal::INT] {
        let mut terminal = Terminal::run(&server, ["top"]);
        terminal.shows("cpu 75.0%");
        terminal.end(signal);
        terminal.shows(LEAVES);
        assert_eq!(terminal.ends(), Some(0));
        assert!(!terminal.is_taken_over());
    }
}

#[test]
fn a_view_of_a_server_that_ends_says_so_on_the_screen_that_stays() {
    let mut server = Server::start();
    let mut terminal = Terminal::run(&server, ["top"]);
    terminal.shows("shop");
    server.stop();
    terminal.shows(LEAVES);
    terminal.shows("error:");
    terminal.shows("serve/admin.sock");
    assert_eq!(terminal.ends(), Some(125));
    assert!(!terminal.is_taken_over());
}
