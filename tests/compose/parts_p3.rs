//! Components of WASI 0.3 that are granted different things: there sockets make themselves, and calls take their time.

use crate::parts_kit::{Kit, neighbour};
use crate::server::{Server, start};
use crate::support::{guest, holm};

fn serve(kit: &Kit) -> Server {
    for name in ["handler", "model"] {
        std::fs::copy(guest(&format!("parts-{name}.p3.wasm")), kit.at(&format!("{name}.wasm"))).unwrap();
    }
    start(holm(["serve", "--addr", "127.0.0.1:0"]).arg(kit.folder()))
}

#[track_caller]
fn answers(server: &Server, what: &str) -> String {
    let response = server.get(&format!("/{}", what.replace(' ', "+")));
    let (status, body) = response.said();
    assert_eq!(status, 200, "{what}: {body}: {}", server.log());
    body.to_owned()
}

const EVERYTHING: &str = r#"
dir = "./weights::/data"
env = { COLOUR = "blue" }
net = ["tcp://$", "udp://$", "localhost"]
listen = "127.0.0.1:0"
http = "http://$"
"#;

/// Each way to reach the world, what it leads to, and what a component hears that was granted nothing.
const ATTEMPTS: [(&str, &str, &str); 8] = [
    ("env", "COLOUR=blue", ""),
    ("dirs", "/data", ""),
    ("dial $", "connected", "error: ErrorCode::AccessDenied"),
    ("send $", "sent", "error: ErrorCode::AccessDenied"),
    ("listen 127.0.0.1:0", "listening true", "error: ErrorCode::AccessDenied"),
    ("resolve localhost", "found", "error: ErrorCode::AccessDenied"),
    ("http http://$/", "status 200", "error: ErrorCode::HttpRequestDenied"),
    // Making one is nothing yet.
    ("socket", SOCKET, SOCKET),
];

const SOCKET: &str = "((Ok(true), Ok(2000000000), Ok(3000000000)), Ok(4), Ok(9), IpAddressFamily::Ipv4) true true Ok(7) \
                      IpAddressFamily::Ipv4 true true";

#[test]
fn each_component_has_what_it_was_granted_and_the_other_nothing_of_it() {
    let neighbour = neighbour().to_string();
    let grants = EVERYTHING.replace('$', &neighbour);
    for (table, with, without) in [("grants", "own", "model"), ("components.model.grants", "model", "own")] {
        let kit = Kit::new(&format!("[{table}]{grants}"));
        let server = serve(&kit);
        for (what, found, refused) in ATTEMPTS {
            let what = what.replace('$', &neighbour);
            assert_eq!(answers(&server, &format!("{with} {what}")), found, "{what}, granted");
            assert_eq!(answers(&server, &format!("{without} {what}")), refused, "{what}, not granted");
        }
    }
}

#[test]
fn requests_of_both_at_once_are_each_judged_by_their_own_grants() {
    let (one, two) = (neighbour(), neighbour());
    let kit =
        Kit::new(&format!("[grants]\nhttp = \"http://{one}\"\n[components.model.grants]\nhttp = \"http://{two}\"\n"));
    let server = serve(&kit);
    for _ in 0..20 {
        let refused = "error: ErrorCode::HttpRequestDenied";
        assert_eq!(answers(&server, &format!("both http http://{one}/")), format!("status 200, {refused}"));
        assert_eq!(answers(&server, &format!("both http http://{two}/")), format!("{refused}, status 200"));
    }
}
