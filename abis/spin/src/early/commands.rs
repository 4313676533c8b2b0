//! Commands to Redis servers, and what these answer.

use super::state::State;

/// A command.
pub(super) enum Command {
    Publish { channel: String, payload: Vec<u8> },
    Get { key: String },
    Set { key: String, value: Vec<u8> },
    Incr { key: String },
    Del { keys: Vec<String> },
    Sadd { key: String, values: Vec<String> },
    Smembers { key: String },
    Srem { key: String, values: Vec<String> },
    Execute { name: String, arguments: Vec<Argument> },
}

/// An argument of any command.
pub(super) enum Argument {
    Int(i64),
    Binary(Vec<u8>),
}

/// What a server answers.
pub(super) enum Reply {
    Nothing,
    Number(i64),
    Bytes(Vec<u8>),
    Texts(Vec<String>),
    Parts(Vec<Part>),
}

/// A part of the answer to any command.
pub(super) enum Part {
    Nil,
    Status(String),
    Int(i64),
    Binary(Vec<u8>),
}

/// Has the server at this address do something. `None`: it did not.
pub(super) async fn ask(_state: &mut State, _address: &str, _command: Command) -> Option<Reply> {
    None
}
