//! What is behind the interfaces beyond the stores: servers elsewhere, databases and models, under the guest's grants.

#![allow(dead_code, unused_variables, clippy::unused_async, reason = "until what speaks to servers is there")]

use std::sync::Arc;

use super::state::Shared;

/// A command to a Redis server.
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

pub(super) enum Argument {
    Int(i64),
    Binary(Vec<u8>),
}

pub(super) enum Reply {
    Nothing,
    Number(i64),
    Bytes(Vec<u8>),
    Texts(Vec<String>),
    Parts(Vec<Part>),
}

pub(super) enum Part {
    Nil,
    Status(String),
    Int(i64),
    Binary(Vec<u8>),
}

pub(super) async fn redis(shared: &Shared, address: &str, command: Command) -> Option<Reply> {
    None
}

#[derive(Clone, Copy)]
pub(super) enum Kind {
    Postgres,
    Mysql,
}

pub(super) struct Statement {
    pub(super) kind: Kind,
    pub(super) address: String,
    pub(super) text: String,
    pub(super) parameters: Vec<Value>,
}

pub(super) enum Value {
    Boolean(bool),
    Int8(i8),
    Int16(i16),
    Int32(i32),
    Int64(i64),
    Uint8(u8),
    Uint16(u16),
    Uint32(u32),
    Uint64(u64),
    Floating32(f32),
    Floating64(f64),
    Str(String),
    Binary(Vec<u8>),
    Null,
    Unsupported,
}

#[derive(Clone, Copy)]
pub(super) enum DataType {
    Boolean,
    Int8,
    Int16,
    Int32,
    Int64,
    Uint8,
    Uint16,
    Uint32,
    Uint64,
    Floating32,
    Floating64,
    Str,
    Binary,
    Other,
}

pub(super) struct Answer {
    pub(super) columns: Vec<(String, DataType)>,
    pub(super) rows: Vec<Vec<Value>>,
}

pub(super) enum SqlError {
    ConnectionFailed(String),
    BadParameter(String),
    QueryFailed(String),
    ValueConversionFailed(String),
    Other(String),
}

pub(super) async fn query(shared: &Shared, statement: Statement) -> Result<Answer, SqlError> {
    Err(SqlError::ConnectionFailed("nothing here reaches it".to_owned()))
}

pub(super) async fn execute(shared: &Shared, statement: Statement) -> Result<u64, SqlError> {
    Err(SqlError::ConnectionFailed("nothing here reaches it".to_owned()))
}

pub(super) enum SqliteError {
    NoSuchDatabase,
    AccessDenied,
    InvalidConnection,
    Full,
    Io(String),
}

pub(super) enum SqliteValue {
    Integer(i64),
    Real(f64),
    Text(String),
    Blob(Vec<u8>),
    Null,
}

pub(super) trait Connection: Send + Sync {}

pub(super) async fn open_sqlite(shared: &Shared, name: String) -> Result<Arc<dyn Connection>, SqliteError> {
    Err(SqliteError::AccessDenied)
}

pub(super) async fn execute_sqlite(
    connection: &dyn Connection,
    statement: String,
    parameters: Vec<SqliteValue>,
) -> Result<(Vec<String>, Vec<Vec<SqliteValue>>), SqliteError> {
    Err(SqliteError::AccessDenied)
}

#[derive(Default)]
pub(super) struct Params {
    pub(super) max_tokens: u32,
    pub(super) repeat_penalty: f32,
    pub(super) repeat_penalty_last_n_token_count: u32,
    pub(super) temperature: f32,
    pub(super) top_k: u32,
    pub(super) top_p: f32,
}

pub(super) struct Inferred {
    pub(super) text: String,
    pub(super) prompt_tokens: u32,
    pub(super) generated_tokens: u32,
}

pub(super) struct Embeddings {
    pub(super) embeddings: Vec<Vec<f32>>,
    pub(super) prompt_tokens: u32,
}

pub(super) enum LlmError {
    NoSuchModel,
    InvalidInput(String),
    Failed(String),
}

pub(super) async fn infer(
    shared: &Shared,
    model: String,
    prompt: String,
    params: Params,
) -> Result<Inferred, LlmError> {
    Err(LlmError::NoSuchModel)
}

pub(super) async fn embed(shared: &Shared, model: String, texts: Vec<String>) -> Result<Embeddings, LlmError> {
    Err(LlmError::NoSuchModel)
}
