//! What is said to a libSQL server: Hrana 3 over HTTP, in JSON
//! (<https://github.com/tursodatabase/libsql/blob/main/docs/HRANA_3_SPEC.md>, "Hrana over HTTP").

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use serde::Deserialize;
use serde_json::{Value as Json, json};

use crate::sql::{Answer, MAX_RESULT, SqlError, Value, row_bytes};

/// The body of a request that runs one statement, and asks whether a transaction is open after it.
pub(super) fn execute(baton: Option<&str>, statement: &str, parameters: &[Value]) -> String {
    let arguments: Vec<Json> = parameters.iter().map(written).collect();
    let statement = json!({ "sql": statement, "args": arguments, "want_rows": true });
    let requests = json!([{ "type": "execute", "stmt": statement }, { "type": "get_autocommit" }]);
    json!({ "baton": baton, "requests": requests }).to_string()
}

/// The body of a request that ends what `baton` stands for.
pub(super) fn close(baton: &str) -> String {
    json!({ "baton": baton, "requests": [{ "type": "close" }] }).to_string()
}

fn written(value: &Value) -> Json {
    match value {
        Value::Null => json!({ "type": "null" }),
        // As text, since numbers of JSON are not whole beyond 2^53.
        Value::Integer(number) => json!({ "type": "integer", "value": number.to_string() }),
        Value::Real(number) => json!({ "type": "float", "value": number }),
        Value::Text(text) => json!({ "type": "text", "value": text }),
        Value::Blob(bytes) => json!({ "type": "blob", "base64": STANDARD_NO_PAD.encode(bytes) }),
    }
}

/// What a server answers.
#[derive(Deserialize)]
pub(super) struct Reply {
    /// What the next request continues with; none if the server has ended it.
    pub(super) baton: Option<String>,
    results: Vec<Outcome>,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Outcome {
    Ok { response: Response },
    Error { error: Told },
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Response {
    Execute {
        result: Ran,
    },
    GetAutocommit {
        is_autocommit: bool,
    },
    #[serde(other)]
    Other,
}

/// An error in the server's words.
#[derive(Deserialize)]
pub(super) struct Told {
    pub(super) message: String,
}

#[derive(Deserialize)]
struct Ran {
    cols: Vec<Column>,
    rows: Vec<Vec<Cell>>,
    affected_row_count: u64,
    last_insert_rowid: Option<String>,
}

#[derive(Deserialize)]
struct Column {
    name: Option<String>,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Cell {
    Null,
    Integer { value: String },
    Float { value: f64 },
    Text { value: String },
    Blob { base64: String },
}

/// What a statement did.
pub(super) struct Done {
    pub(super) answer: Answer,
    pub(super) changes: u64,
    pub(super) rowid: Option<i64>,
    /// Whether a transaction is open.
    pub(super) open: bool,
}

/// Why a reply is no answer.
pub(super) enum Wrong {
    /// The server refused the statement.
    Statement(SqlError),
    /// It makes no sense.
    Nonsense,
}

impl Reply {
    /// What the statement did.
    pub(super) fn done(self) -> (Option<String>, Result<Done, Wrong>) {
        (self.baton, done(self.results))
    }
}

fn done(results: Vec<Outcome>) -> Result<Done, Wrong> {
    let mut results = results.into_iter();
    let ran = match results.next() {
        Some(Outcome::Ok { response: Response::Execute { result } }) => result,
        Some(Outcome::Error { error }) => {
            return Err(Wrong::Statement(SqlError::Statement(error.message.chars().take(2000).collect())));
        }
        _ => return Err(Wrong::Nonsense),
    };
    // A server that does not say is taken to have one open: then nothing is lost silently.
    let settled =
        matches!(results.next(), Some(Outcome::Ok { response: Response::GetAutocommit { is_autocommit: true } }));
    let columns = ran.cols.into_iter().map(|column| column.name.unwrap_or_default()).collect::<Vec<_>>();
    let (mut rows, mut bytes) = (Vec::with_capacity(ran.rows.len()), 0);
    for row in ran.rows {
        if row.len() != columns.len() {
            return Err(Wrong::Nonsense);
        }
        let row = row.into_iter().map(read).collect::<Option<Vec<_>>>().ok_or(Wrong::Nonsense)?;
        bytes += row_bytes(&row);
        if bytes > MAX_RESULT {
            return Err(Wrong::Statement(SqlError::LARGE_ANSWER));
        }
        rows.push(row);
    }
    let rowid = ran.last_insert_rowid.and_then(|rowid| rowid.parse().ok());
    Ok(Done { answer: Answer { columns, rows }, changes: ran.affected_row_count, rowid, open: !settled })
}

fn read(cell: Cell) -> Option<Value> {
    Some(match cell {
        Cell::Null => Value::Null,
        Cell::Integer { value } => Value::Integer(value.parse().ok()?),
        Cell::Float { value } => Value::Real(value),
        Cell::Text { value } => Value::Text(value),
        Cell::Blob { base64 } => {
            Value::Blob(STANDARD_NO_PAD.decode(&base64).or_else(|_| STANDARD.decode(&base64)).ok()?)
        }
    })
}
