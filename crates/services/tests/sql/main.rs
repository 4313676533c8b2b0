//! SQLite databases for guests.
#![cfg(feature = "sql")]
#![allow(missing_docs, clippy::unwrap_used)]

mod hostile;
mod libsql;
mod sharing;

use std::path::Path;
use std::sync::Arc;

use holm_manifest::Services;
use holm_services::lent::{AppStores, Embedded, LentLimits};
use holm_services::sql::{Connection, Databases, SqlError, Value};
use tempfile::TempDir;

/// An app that keeps its databases in a folder.
pub(crate) struct App {
    pub(crate) folder: TempDir,
    pub(crate) stores: AppStores,
}

impl App {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let stores = stores_in(folder.path());
        Self { folder, stores }
    }

    pub(crate) fn databases(&self, most: u64) -> Arc<dyn Databases> {
        self.stores.lend(&Services::default(), &[], &[], LentLimits::of(most)).unwrap().sql
    }

    pub(crate) async fn open(&self) -> Arc<dyn Connection> {
        self.databases(u64::MAX).open("default").await.unwrap()
    }
}

pub(crate) fn stores_in(folder: &Path) -> AppStores {
    AppStores::new(Some(Embedded { file: folder.join("stores.sqlite"), inside: None }), None)
}

/// Runs a statement without parameters, and answers its rows.
pub(crate) async fn rows(connection: &dyn Connection, statement: &str) -> Result<Vec<Vec<Value>>, SqlError> {
    connection.execute(statement.to_owned(), vec![]).await.map(|answer| answer.rows)
}

pub(crate) async fn number(connection: &dyn Connection, statement: &str) -> i64 {
    match rows(connection, statement).await.unwrap().concat()[..] {
        [Value::Integer(number)] => number,
        ref other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn values_of_every_kind_come_back_as_they_were_given() {
    let app = App::new();
    let connection = app.open().await;
    rows(&*connection, "CREATE TABLE t (a, b, c, d, e)").await.unwrap();
    let values = vec![
        Value::Integer(i64::MIN),
        Value::Real(-0.5),
        Value::Text("é\0".into()),
        Value::Blob(vec![0, 255]),
        Value::Null,
    ];
    let insert = "INSERT INTO t VALUES (?, ?, ?, ?, ?)".to_owned();
    let nothing = connection.execute(insert, values.clone()).await.unwrap();
    assert_eq!((nothing.columns.len(), nothing.rows.len()), (0, 0));
    let answer = connection.execute("SELECT * FROM t".into(), vec![]).await.unwrap();
    assert_eq!(answer.columns, ["a", "b", "c", "d", "e"]);
    assert_eq!(answer.rows, [values]);
}

#[tokio::test]
async fn a_connection_knows_what_its_last_statement_did() {
    let app = App::new();
    let connection = app.open().await;
    assert_eq!((connection.last_insert_rowid(), connection.changes()), (0, 0));
    rows(&*connection, "CREATE TABLE t (n)").await.unwrap();
    rows(&*connection, "INSERT INTO t VALUES (1), (2), (3)").await.unwrap();
    assert_eq!((connection.last_insert_rowid(), connection.changes()), (3, 3));
    rows(&*connection, "UPDATE t SET n = 0 WHERE n > 1").await.unwrap();
    rows(&*connection, "SELECT * FROM t").await.unwrap();
    assert_eq!((connection.last_insert_rowid(), connection.changes()), (3, 2));
}

#[tokio::test]
async fn a_statement_with_an_error_says_what_is_wrong_and_changes_nothing() {
    let app = App::new();
    let connection = app.open().await;
    rows(&*connection, "CREATE TABLE t (n INTEGER PRIMARY KEY)").await.unwrap();
    for (statement, part) in [
        ("SELEC 1", "syntax error"),
        ("SELECT * FROM nowhere", "no such table: nowhere"),
        ("INSERT INTO t VALUES (1), (1)", "UNIQUE constraint failed"),
        ("SELECT ?", "Wrong number of parameters"),
        ("", "misuse"),
    ] {
        let refused = rows(&*connection, statement).await;
        assert!(
            matches!(&refused, Err(SqlError::Statement(words)) if words.contains(part)),
            "{statement}: {refused:?}"
        );
    }
    assert_eq!(number(&*connection, "SELECT count(*) FROM t").await, 0);
}

#[tokio::test]
async fn what_was_written_is_there_after_a_restart_in_a_file_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    for round in 0..2 {
        let stores = stores_in(folder.path());
        let databases = stores.lend(&Services::default(), &[], &[], LentLimits::default()).unwrap().sql;
        for name in ["default", "../Other"] {
            let connection = databases.open(name).await.unwrap();
            rows(&*connection, "CREATE TABLE IF NOT EXISTS t (name)").await.unwrap();
            let named = connection.execute("INSERT INTO t VALUES (?)".into(), vec![Value::Text(name.into())]).await;
            assert_eq!(named.unwrap().rows.len(), 0);
            assert_eq!(number(&*connection, "SELECT count(*) FROM t").await, round + 1);
        }
    }
    let files = folder.path().join("stores.sqlite-databases");
    assert!(files.join("default.sqlite").exists() && files.join("%2e%2e%2f%4fther.sqlite").exists());
}

#[tokio::test]
async fn rows_are_handed_on_while_more_of_them_come() {
    let app = App::new();
    let connection = app.open().await;
    let endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n";
    let mut streamed = connection.stream(endless.into(), vec![]).await.unwrap();
    assert_eq!(streamed.columns, ["i"]);
    for i in 1..1000 {
        assert_eq!(streamed.rows.recv().await.unwrap(), [Value::Integer(i)]);
    }
    drop(streamed);
    // It would wait for ever behind the other.
    assert_eq!(number(&*connection, "SELECT 7").await, 7);

    let failing = "SELECT abs(column1) FROM (VALUES (1), (-9223372036854775808))";
    let mut streamed = connection.stream(failing.into(), vec![]).await.unwrap();
    assert_eq!(streamed.rows.recv().await.unwrap(), [Value::Integer(1)]);
    assert_eq!(streamed.rows.recv().await, None);
    assert!(matches!(streamed.end.await.unwrap(), Err(SqlError::Statement(words)) if words.contains("overflow")));
    let refused = connection.stream("SELEC".into(), vec![]).await.map(drop);
    assert!(matches!(refused, Err(SqlError::Statement(_))), "{refused:?}");
}
