//! A model that looks for what it could reach, behind a handler that may reach much.

use std::fs;
use std::net::TcpListener;

use crate::example::Example;

/// Is asked about a port, and answers with what it found as its error, since that is text.
const MODEL: &str = r#"
import os
import socket

from componentize_py_types import Err
from wit_world import exports

def tried(look):
    try:
        return look() or "none"
    except Exception:
        return "none"

class Model(exports.Model):
    def rate(self, text, key):
        variables = tried(lambda: " ".join(sorted(os.environ)))
        files = tried(lambda: " ".join(os.listdir("/")))
        network = tried(lambda: str(socket.create_connection(("127.0.0.1", int(text)), 5)))
        raise Err(f"variables {variables}; files {files}; network {network}; key {key.decode()}")
"#;

/// A server that waits for the model in vain.
pub(crate) struct Network(TcpListener);

impl Network {
    pub(crate) fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        Network(listener)
    }

    pub(crate) fn port(&self) -> u16 {
        self.0.local_addr().unwrap().port()
    }

    pub(crate) fn was_reached(&self) -> bool {
        self.0.accept().is_ok()
    }
}

/// Puts it in the place of the example's, and grants the handler all that it looks for.
pub(crate) fn write(example: &Example) {
    fs::write(example.folder().join("model/app.py"), MODEL).unwrap();
    let file = example.folder().join("holm.toml");
    let manifest = fs::read_to_string(&file).unwrap();
    let grants = "[grants]\nnet = \"*\"\ndir = \".::/\"\n";
    let granted = manifest.replacen("[grants]\n", grants, 1);
    assert_ne!(granted, manifest);
    fs::write(file, granted).unwrap();
}
