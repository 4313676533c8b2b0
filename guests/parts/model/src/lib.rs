//! The component that others use, and that may try to reach more than it was granted.

#[path = "../../attempt.rs"]
mod attempt;
#[path = "../../gifts.rs"]
mod gifts;
#[path = "../../sockets.rs"]
mod sockets;

wit_bindgen::generate!({ path: "../wit", world: "model", generate_all });

use exports::parts::kit::{deep, probe};
use wasi::filesystem::types::Descriptor;
use wasi::io::streams::InputStream;
use wasi::sockets::tcp::TcpSocket;

struct Model;

export!(Model);

impl probe::Guest for Model {
    fn attempt(what: String) -> String {
        attempt::attempt(&what)
    }

    fn read_stream(from: InputStream) -> String {
        gifts::read(&from)
    }

    fn read_below(directory: &Descriptor, path: String) -> String {
        gifts::read_below(directory, &path)
    }

    fn dial_with(socket: TcpSocket, port: u16) -> String {
        sockets::dial(&socket, port)
    }

    fn make_socket() -> Result<TcpSocket, String> {
        sockets::make()
    }
}

impl deep::Guest for Model {
    fn attempt(what: String) -> String {
        attempt::attempt(&what)
    }
}
