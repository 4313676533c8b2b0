//! Guests run whatever SQL they like.

use std::time::Duration;

use holm_services::sql::{SqlError, Value};

use crate::{App, number, rows};

#[tokio::test]
async fn no_statement_reaches_another_file() {
    let app = App::new();
    let secret = app.folder.path().join("secret.sqlite");
    let elsewhere = rusqlite::Connection::open(&secret).unwrap();
    elsewhere.execute_batch("CREATE TABLE t (n); INSERT INTO t VALUES (42)").unwrap();
    drop(elsewhere);
    let (connection, there) = (app.open().await, secret.display());
    rows(&*connection, "CREATE TABLE t (n)").await.unwrap();
    for statement in [
        format!("ATTACH '{there}' AS other"),
        format!("ATTACH 'file:{there}?mode=ro' AS other"),
        "ATTACH ':memory:' AS other".to_owned(),
        "ATTACH '' AS other".to_owned(),
        format!("VACUUM INTO '{there}.copy'"),
        format!("SELECT load_extension('{there}')"),
        "SELECT fts3_tokenizer('simple')".to_owned(),
        "PRAGMA temp_store_directory = '/'".to_owned(),
        "PRAGMA database_list".to_owned(),
        "SELECT * FROM pragma_database_list".to_owned(),
        "PRAGMA writable_schema = ON".to_owned(),
        "PRAGMA schema_version = 1".to_owned(),
        "PRAGMA locking_mode = EXCLUSIVE".to_owned(),
        "PRAGMA max_page_count = 1000000".to_owned(),
        "PRAGMA main.max_page_count(1000000)".to_owned(),
        "PRAGMA hard_heap_limit = 1".to_owned(),
        "SELECT readfile('/etc/passwd')".to_owned(),
        "UPDATE sqlite_schema SET sql = ''".to_owned(),
        "CREATE VIRTUAL TABLE s USING dbstat".to_owned(),
    ] {
        let refused = rows(&*connection, &statement).await;
        assert!(matches!(&refused, Err(SqlError::Statement(_))), "{statement}: {refused:?}");
    }
    assert!(!app.folder.path().join("secret.sqlite.copy").exists());
    rows(&*connection, "VACUUM").await.unwrap();
}

#[tokio::test]
async fn what_apps_set_out_of_habit_does_no_harm() {
    let app = App::new();
    let connection = app.open().await;
    for statement in [
        "PRAGMA journal_mode = WAL",
        "PRAGMA journal_mode = OFF",
        "PRAGMA journal_mode = DELETE",
        "PRAGMA synchronous = OFF",
        "PRAGMA cache_size = -1000000",
        "PRAGMA mmap_size = 1000000000",
        "PRAGMA temp_store = MEMORY",
        "PRAGMA busy_timeout = 5000",
        "PRAGMA foreign_keys = ON",
        "PRAGMA user_version = 7",
        "PRAGMA table_info('t')",
        "PRAGMA optimize",
    ] {
        rows(&*connection, statement).await.unwrap_or_else(|error| panic!("{statement}: {error}"));
    }
    assert_eq!(rows(&*connection, "PRAGMA journal_mode").await.unwrap(), [[Value::Text("wal".into())]]);
    assert_eq!(number(&*connection, "PRAGMA synchronous").await, 1);
    assert_eq!(number(&*connection, "PRAGMA user_version").await, 7);
    assert_eq!(number(&*connection, "PRAGMA mmap_size").await, 0);
    assert!(number(&*connection, "PRAGMA cache_size").await > -10_000);
}

#[tokio::test]
async fn a_database_holds_no_more_than_it_may_and_keeps_what_it_has() {
    let app = App::new();
    let connection = app.databases(1 << 20).open("default").await.unwrap();
    rows(&*connection, "CREATE TABLE t (b)").await.unwrap();
    rows(&*connection, "INSERT INTO t VALUES (zeroblob(500000))").await.unwrap();
    for _ in 0..3 {
        let full = rows(&*connection, "INSERT INTO t VALUES (zeroblob(600000))").await;
        assert_eq!(full, Err(SqlError::Full { limit: 1 << 20 }));
    }
    assert_eq!(number(&*connection, "SELECT sum(length(b)) FROM t").await, 500_000);
    rows(&*connection, "DELETE FROM t").await.unwrap();
    rows(&*connection, "INSERT INTO t VALUES (zeroblob(600000))").await.unwrap();
    // Another guest of the app may have more room.
    let roomy = app.open().await;
    rows(&*roomy, "INSERT INTO t VALUES (zeroblob(900000))").await.unwrap();
}

#[tokio::test]
async fn a_statement_that_nobody_waits_for_is_interrupted() {
    let app = App::new();
    let connection = app.open().await;
    let endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";
    for _ in 0..3 {
        let gone = tokio::time::timeout(Duration::from_millis(20), rows(&*connection, endless)).await;
        assert!(gone.is_err());
        // It would wait for ever behind the other.
        assert_eq!(number(&*connection, "SELECT 7").await, 7);
    }
    let gone = tokio::time::timeout(Duration::from_millis(20), connection.stream(endless.into(), vec![])).await;
    assert!(gone.is_err());
    assert_eq!(number(&*connection, "SELECT 7").await, 7);
}

#[tokio::test]
async fn an_answer_that_is_too_large_is_refused_before_it_is_held() {
    let app = App::new();
    let connection = app.open().await;
    let many =
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100) SELECT zeroblob(1000000) FROM n";
    let refused = rows(&*connection, many).await;
    assert!(matches!(refused, Err(SqlError::TooLarge { .. })), "{refused:?}");
    let endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT NULL FROM n";
    let refused = rows(&*connection, endless).await;
    assert!(matches!(refused, Err(SqlError::TooLarge { .. })), "{refused:?}");
    let large = rows(&*connection, "SELECT zeroblob(100000000)").await;
    assert!(matches!(large, Err(SqlError::Statement(_))), "{large:?}");
    let given = connection.execute("SELECT ?".into(), vec![Value::Blob(vec![0; 65 << 20])]).await;
    assert!(matches!(given, Err(SqlError::TooLarge { .. })), "{given:?}");
}

#[tokio::test]
async fn text_that_is_not_utf8_is_an_error_and_not_a_wrong_value() {
    let app = App::new();
    let refused = rows(&*app.open().await, "SELECT CAST(x'ff' AS TEXT) AS odd").await;
    assert!(matches!(&refused, Err(SqlError::Statement(words)) if words.contains("`odd`")), "{refused:?}");
}

#[tokio::test]
async fn nested_expressions_and_triggers_do_not_exhaust_a_stack() {
    let app = App::new();
    let connection = app.open().await;
    let deep = format!("SELECT {}1{}", "(".repeat(100_000), ")".repeat(100_000));
    assert!(rows(&*connection, &deep).await.is_err());
    let long = format!("SELECT {}1", "1+".repeat(100_000));
    assert!(rows(&*connection, &long).await.is_err());
    rows(&*connection, "CREATE TABLE t (n)").await.unwrap();
    rows(&*connection, "PRAGMA recursive_triggers = ON").await.unwrap();
    let trigger = "CREATE TRIGGER tr AFTER INSERT ON t BEGIN INSERT INTO t VALUES (new.n + 1); END";
    rows(&*connection, trigger).await.unwrap();
    assert!(rows(&*connection, "INSERT INTO t VALUES (1)").await.is_err());
    assert_eq!(number(&*connection, "SELECT count(*) FROM t").await, 0);
}
