//! A component between two others: hands `deep ...` on, and reaches nothing itself.

#[path = "../../gifts.rs"]
mod gifts;

wit_bindgen::generate!({ path: "../wit", world: "middle", generate_all });

use exports::parts::kit::probe::Guest;
use wasi::filesystem::types::Descriptor;
use wasi::io::streams::InputStream;
use wasi::sockets::tcp::TcpSocket;

struct Middle;

export!(Middle);

impl Guest for Middle {
    fn attempt(what: String) -> String {
        match what.strip_prefix("deep ") {
            Some(what) => parts::kit::deep::attempt(what),
            None => "error: nothing is tried here".to_owned(),
        }
    }

    fn read_stream(from: InputStream) -> String {
        gifts::read(&from)
    }

    fn read_below(directory: &Descriptor, path: String) -> String {
        gifts::read_below(directory, &path)
    }

    fn dial_with(_: TcpSocket, _: u16) -> String {
        "error: it dials nothing".to_owned()
    }

    fn make_socket() -> Result<TcpSocket, String> {
        Err("it makes none".to_owned())
    }
}
