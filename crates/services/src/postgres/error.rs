use std::error::Error as _;

use crate::servers::dial::DialError;

/// Why something did not work. What it says is for the guest, and holds no password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PgError {
    /// There is no connection, or there is none any more.
    #[error("{0}")]
    Connection(String),
    /// A parameter is not what it says it is.
    #[error("{0}")]
    Parameter(String),
    /// The server refused a statement, or its answer is too large.
    #[error("{}", .0.text)]
    Query(Box<Refusal>),
    /// A value of the answer has no counterpart.
    #[error("{0}")]
    Value(String),
    /// Anything else.
    #[error("{0}")]
    Other(String),
}

/// Why a statement was refused.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Refusal {
    /// In one line.
    pub text: String,
    /// What the server said of it, field by field. `None`: it was not the server.
    pub server: Option<ServerError>,
}

/// An error of the server (PostgreSQL's manual, "Error and Notice Message Fields").
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServerError {
    /// `ERROR`, `FATAL` or `PANIC`, perhaps in another language.
    pub severity: String,
    /// The SQLSTATE, five characters.
    pub code: String,
    /// What is wrong.
    pub message: String,
    /// More of it.
    pub detail: Option<String>,
    /// Further fields that it sent, by name.
    pub extras: Vec<(String, String)>,
}

impl PgError {
    pub(super) fn query(text: impl Into<String>) -> Self {
        Self::Query(Box::new(Refusal { text: text.into(), server: None }))
    }

    /// What became of a statement.
    pub(super) fn of(error: &tokio_postgres::Error) -> Self {
        if error.is_closed() {
            return Self::Connection("the connection to the server broke; open another".to_owned());
        }
        let Some(told) = error.as_db_error() else { return Self::query(whole(error)) };
        let mut extras = Vec::new();
        let mut extra = |name: &str, value: Option<String>| extras.extend(value.map(|value| (name.to_owned(), value)));
        extra("column", told.column().map(ToOwned::to_owned));
        extra("constraint", told.constraint().map(ToOwned::to_owned));
        extra("routine", told.routine().map(ToOwned::to_owned));
        extra("hint", told.hint().map(ToOwned::to_owned));
        extra("table", told.table().map(ToOwned::to_owned));
        extra("datatype", told.datatype().map(ToOwned::to_owned));
        extra("schema", told.schema().map(ToOwned::to_owned));
        extra("file", told.file().map(ToOwned::to_owned));
        extra("line", told.line().map(|line| line.to_string()));
        extra("where_", told.where_().map(ToOwned::to_owned));
        let server = ServerError {
            severity: told.severity().to_owned(),
            code: told.code().code().to_owned(),
            message: told.message().to_owned(),
            detail: told.detail().map(ToOwned::to_owned),
            extras,
        };
        let text = format!("{}: {} (SQLSTATE {})", server.severity, server.message, server.code);
        Self::Query(Box::new(Refusal { text, server: Some(server) }))
    }

    /// Why connecting failed.
    pub(super) fn connecting(error: &tokio_postgres::Error) -> Self {
        Self::Connection(match error.as_db_error() {
            Some(told) => format!("{}: {} (SQLSTATE {})", told.severity(), told.message(), told.code().code()),
            None => whole(error),
        })
    }
}

impl From<DialError> for PgError {
    fn from(error: DialError) -> Self {
        Self::Connection(error.to_string())
    }
}

/// An error with what is behind it.
fn whole(error: &tokio_postgres::Error) -> String {
    match error.source() {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}
