//! Databases of a libSQL server. There is none to install, so what answers here is a small HTTP server that speaks as the
//! protocol's documentation has it (Hrana 3 over HTTP), over an SQLite of its own.

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use holm_manifest::{Services, SqlBackend};
use holm_services::lent::{AppStores, LentLimits};
use holm_services::sql::{Connection, SqlError, Value};
use rusqlite::types::ValueRef;
use serde_json::{Value as Json, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::{number, rows};

/// Streams by baton.
struct Kept {
    streams: HashMap<String, rusqlite::Connection>,
    next: u32,
    folder: tempfile::TempDir,
}

impl Default for Kept {
    fn default() -> Self {
        Self { streams: HashMap::new(), next: 0, folder: tempfile::tempdir().unwrap() }
    }
}

struct Server {
    address: SocketAddr,
    kept: Arc<Mutex<Kept>>,
}

impl Server {
    async fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let (address, kept) = (listener.local_addr().unwrap(), Arc::<Mutex<Kept>>::default());
        let keeping = Arc::clone(&kept);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&keeping)));
            }
        });
        Self { address, kept }
    }

    async fn open(&self, token: &str) -> Arc<dyn Connection> {
        open(&format!("http://{}", self.address), token).await
    }

    fn streams(&self) -> usize {
        self.kept.lock().unwrap().streams.len()
    }
}

async fn open(url: &str, token: &str) -> Arc<dyn Connection> {
    let backend = SqlBackend::Libsql { url: url.to_owned(), token: token.to_owned().into() };
    let services = Services { sql: [("default".to_owned(), backend)].into(), ..Services::default() };
    let lent = AppStores::new(None, None).lend(&services, &[], &[], LentLimits::default()).unwrap();
    lent.sql.open("default").await.unwrap()
}

async fn serve(mut stream: TcpStream, kept: Arc<Mutex<Kept>>) {
    let mut got = Vec::new();
    loop {
        let end = loop {
            if let Some(at) = got.windows(4).position(|four| four == b"\r\n\r\n") {
                break at + 4;
            }
            if stream.read_buf(&mut got).await.unwrap_or(0) == 0 {
                return;
            }
        };
        let head = String::from_utf8(got[..end].to_vec()).unwrap().to_ascii_lowercase();
        let length =
            head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap().parse::<usize>().unwrap();
        while got.len() < end + length {
            assert_ne!(stream.read_buf(&mut got).await.unwrap(), 0);
        }
        let (status, body) = if !head.starts_with("post /v3/pipeline ") {
            (404, json!({}))
        } else if !head.contains("authorization: bearer secret\r\n") {
            (401, json!({}))
        } else {
            answer(&serde_json::from_slice(&got[end..end + length]).unwrap(), &mut kept.lock().unwrap())
        };
        got.drain(..end + length);
        let body = body.to_string();
        let response = format!("HTTP/1.1 {status} Whatever\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        stream.write_all(response.as_bytes()).await.unwrap();
    }
}

fn answer(asked: &Json, kept: &mut Kept) -> (u16, Json) {
    let mut connection = match asked["baton"].as_str() {
        Some(baton) => match kept.streams.remove(baton) {
            Some(connection) => Some(connection),
            None => return (400, json!({ "error": "stream expired" })),
        },
        None => Some(rusqlite::Connection::open(kept.folder.path().join("db")).unwrap()),
    };
    let mut results = Vec::new();
    for request in asked["requests"].as_array().unwrap() {
        results.push(match request["type"].as_str().unwrap() {
            "close" => {
                connection = None;
                json!({ "type": "ok", "response": { "type": "close" } })
            }
            "get_autocommit" => {
                let settled = connection.as_ref().unwrap().is_autocommit();
                json!({ "type": "ok", "response": { "type": "get_autocommit", "is_autocommit": settled } })
            }
            _ => match execute(connection.as_ref().unwrap(), &request["stmt"]) {
                Ok(result) => json!({ "type": "ok", "response": { "type": "execute", "result": result } }),
                Err(error) => json!({ "type": "error", "error": { "message": error.to_string(), "code": "SQL" } }),
            },
        });
    }
    let baton = connection.map(|connection| {
        kept.next += 1;
        kept.streams.insert(kept.next.to_string(), connection);
        kept.next.to_string()
    });
    (200, json!({ "baton": baton, "base_url": null, "results": results }))
}

fn execute(connection: &rusqlite::Connection, statement: &Json) -> rusqlite::Result<Json> {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD_NO_PAD as BASE64;
    let parameters = statement["args"].as_array().unwrap().iter().map(|value| match value["type"].as_str().unwrap() {
        "integer" => value["value"].as_str().unwrap().parse::<i64>().unwrap().into(),
        "float" => value["value"].as_f64().unwrap().into(),
        "text" => value["value"].as_str().unwrap().to_owned().into(),
        "blob" => BASE64.decode(value["base64"].as_str().unwrap()).unwrap().into(),
        _ => rusqlite::types::Value::Null,
    });
    let mut prepared = connection.prepare(statement["sql"].as_str().unwrap())?;
    let columns: Vec<Json> = prepared.column_names().map(|name| json!({ "name": name })).collect();
    let before = connection.total_changes();
    let (mut rows, count) = (Vec::new(), columns.len());
    let mut found = prepared.query(rusqlite::params_from_iter(parameters))?;
    while let Some(row) = found.next()? {
        let value = |index| match row.get_ref(index).unwrap() {
            ValueRef::Null => json!({ "type": "null" }),
            ValueRef::Integer(number) => json!({ "type": "integer", "value": number.to_string() }),
            ValueRef::Real(number) => json!({ "type": "float", "value": number }),
            ValueRef::Text(text) => json!({ "type": "text", "value": std::str::from_utf8(text).unwrap() }),
            ValueRef::Blob(bytes) => json!({ "type": "blob", "base64": BASE64.encode(bytes) }),
        };
        rows.push((0..count).map(value).collect::<Vec<_>>());
    }
    drop(found);
    Ok(json!({
        "cols": columns, "rows": rows, "affected_row_count": connection.total_changes() - before,
        "last_insert_rowid": connection.last_insert_rowid().to_string(),
    }))
}

#[tokio::test]
async fn values_of_every_kind_come_back_from_a_server() {
    let server = Server::start().await;
    let connection = server.open("secret").await;
    let values = vec![
        Value::Integer(i64::MAX),
        Value::Real(0.5),
        Value::Text("é\"".into()),
        Value::Blob(vec![0, 255]),
        Value::Null,
    ];
    let answer = connection.execute("SELECT ? AS a, ? AS b, ?, ?, ?".into(), values.clone()).await.unwrap();
    assert_eq!((&answer.columns[..2], answer.rows), (&["a".to_owned(), "b".to_owned()][..], vec![values]));
    rows(&*connection, "CREATE TABLE t (n)").await.unwrap();
    rows(&*connection, "INSERT INTO t VALUES (1), (2)").await.unwrap();
    assert_eq!((connection.last_insert_rowid(), connection.changes()), (2, 2));
    let mut streamed = connection.stream("SELECT n FROM t".into(), vec![]).await.unwrap();
    assert_eq!(streamed.rows.recv().await.unwrap(), [Value::Integer(1)]);
    assert_eq!(streamed.rows.recv().await.unwrap(), [Value::Integer(2)]);
    assert_eq!((streamed.rows.recv().await, streamed.end.await.unwrap()), (None, Ok(())));
    let refused = rows(&*connection, "SELEC").await;
    assert!(matches!(&refused, Err(SqlError::Statement(words)) if words.contains("syntax error")), "{refused:?}");
}

#[tokio::test]
async fn a_transaction_is_one_session_of_the_server_and_ends_with_the_connection() {
    let server = Server::start().await;
    let (one, two) = (server.open("secret").await, server.open("secret").await);
    rows(&*one, "CREATE TABLE t (n)").await.unwrap();
    rows(&*one, "BEGIN").await.unwrap();
    rows(&*one, "INSERT INTO t VALUES (1)").await.unwrap();
    assert_eq!(number(&*one, "SELECT count(*) FROM t").await, 1);
    assert_eq!(number(&*two, "SELECT count(*) FROM t").await, 0);
    drop((one, two));
    while server.streams() > 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(number(&*server.open("secret").await, "SELECT count(*) FROM t").await, 0);
}

#[tokio::test]
async fn a_session_that_the_server_has_ended_is_missed_only_within_a_transaction() {
    let server = Server::start().await;
    let connection = server.open("secret").await;
    rows(&*connection, "CREATE TABLE t (n)").await.unwrap();
    server.kept.lock().unwrap().streams.clear();
    rows(&*connection, "INSERT INTO t VALUES (1)").await.unwrap();
    rows(&*connection, "BEGIN").await.unwrap();
    server.kept.lock().unwrap().streams.clear();
    let refused = rows(&*connection, "INSERT INTO t VALUES (2)").await;
    assert!(matches!(&refused, Err(SqlError::Statement(words)) if words.contains("transaction")), "{refused:?}");
    assert_eq!(number(&*connection, "SELECT count(*) FROM t").await, 1);
}

#[tokio::test]
async fn a_server_that_is_not_there_or_wants_another_token_is_no_business_of_the_guest() {
    let server = Server::start().await;
    let nobody = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap();
    for (connection, part) in [
        (server.open("hunter2").await, "token"),
        (open(&format!("http://{nobody}"), "hunter2").await, "see whether it runs there"),
        (open(&format!("http://{}/elsewhere", server.address), "secret").await, "refused"),
    ] {
        let error = rows(&*connection, "SELECT 1").await.unwrap_err();
        assert!(error.guest_message().starts_with("the database is unavailable"), "{}", error.guest_message());
        assert!(error.to_string().contains(part) && !error.to_string().contains("hunter2"), "{error}");
    }
}

#[tokio::test]
async fn answers_that_make_no_sense_are_errors() {
    for body in [
        "",
        "{}",
        "[]",
        r#"{"baton":null,"results":[]}"#,
        r#"{"baton":null,"results":[{"type":"ok","response":{"type":"execute","result":{"cols":[],"rows":[[{"type":"null"}]],"affected_row_count":0,"last_insert_rowid":null}}}]}"#,
    ] {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let _ = stream.read(&mut [0; 4096]).await;
            let head = format!("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", body.len());
            let _ = stream.write_all(format!("{head}{body}").as_bytes()).await;
        });
        let error = rows(&*open(&url, "secret").await, "SELECT 1").await.unwrap_err();
        assert!(error.to_string().contains("makes no sense"), "{body}: {error}");
    }
}
