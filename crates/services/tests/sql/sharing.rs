//! Guests of an app that use one database.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use holm_manifest::Services;
use holm_services::lent::{AppStores, Embedded, LentLimits};
use holm_services::sql::SqlError;

use crate::{App, number, rows};

#[tokio::test]
async fn a_transaction_that_is_dropped_is_taken_back() {
    let app = App::new();
    let databases = app.databases(u64::MAX);
    let one = databases.open("default").await.unwrap();
    rows(&*one, "CREATE TABLE t (n)").await.unwrap();
    rows(&*one, "BEGIN IMMEDIATE").await.unwrap();
    rows(&*one, "INSERT INTO t VALUES (1)").await.unwrap();
    drop(one);
    let two = databases.open("default").await.unwrap();
    rows(&*two, "INSERT INTO t VALUES (2)").await.unwrap();
    assert_eq!(number(&*two, "SELECT n FROM t").await, 2);
}

#[tokio::test]
async fn nobody_finds_what_another_left_in_a_connection() {
    let app = App::new();
    let databases = app.databases(u64::MAX);
    for _ in 0..6 {
        let one = databases.open("default").await.unwrap();
        assert_eq!(number(&*one, "PRAGMA query_only").await, 0);
        assert_eq!((one.changes(), one.last_insert_rowid()), (0, 0));
        rows(&*one, "CREATE TABLE IF NOT EXISTS kept (n)").await.unwrap();
        rows(&*one, "CREATE TEMP TABLE t (n)").await.unwrap();
        rows(&*one, "INSERT INTO t VALUES (1)").await.unwrap();
        rows(&*one, "PRAGMA query_only = ON").await.unwrap();
        drop(one);
        let two = databases.open("default").await.unwrap();
        rows(&*two, "INSERT INTO kept VALUES (1)").await.unwrap();
    }
}

#[tokio::test]
async fn whoever_writes_waits_for_others_that_do() {
    let app = App::new();
    let databases = app.databases(u64::MAX);
    let one = databases.open("default").await.unwrap();
    rows(&*one, "CREATE TABLE t (n)").await.unwrap();
    rows(&*one, "BEGIN IMMEDIATE").await.unwrap();
    rows(&*one, "INSERT INTO t VALUES (1)").await.unwrap();
    // More of them than statements run at once: none of them may keep the first from going on.
    let mut waiting = tokio::task::JoinSet::new();
    for n in 0..20 {
        let two = databases.open("default").await.unwrap();
        waiting.spawn(async move { rows(&*two, &format!("INSERT INTO t VALUES ({n})")).await.map(drop) });
    }
    tokio::time::sleep(Duration::from_millis(50)).await;
    rows(&*one, "COMMIT").await.unwrap();
    while let Some(waited) = waiting.join_next().await {
        waited.unwrap().unwrap();
    }
    assert_eq!(number(&*one, "SELECT count(*) FROM t").await, 21);
}

#[tokio::test]
async fn a_file_that_is_no_database_is_told_to_its_owner_and_not_to_the_guest() {
    let folder = tempfile::tempdir().unwrap();
    let files = folder.path().join("stores.sqlite-databases");
    std::fs::create_dir(&files).unwrap();
    std::fs::write(
        files.join("default.sqlite"),
        "not a database, but long enough to be read as if it were one".repeat(50),
    )
    .unwrap();
    let told = Arc::<Mutex<Vec<String>>>::default();
    let noting = Arc::clone(&told);
    let embedded = Embedded { file: folder.path().join("stores.sqlite"), inside: None };
    let stores =
        AppStores::new(Some(embedded), Some(Arc::new(move |line| noting.lock().unwrap().push(line.to_owned()))));
    let databases = stores.lend(&Services::default(), &[], &[], LentLimits::default()).unwrap().sql;
    for _ in 0..2 {
        let error = rows(&*databases.open("default").await.unwrap(), "SELECT 1 FROM sqlite_schema").await.unwrap_err();
        assert!(matches!(error, SqlError::Storage(_)), "{error:?}");
        assert_eq!(error.guest_message(), "the database is unavailable");
    }
    let told = told.lock().unwrap();
    assert!(told.len() == 1 && told[0].contains("default.sqlite"), "{told:?}");
}

#[tokio::test]
async fn an_app_that_is_gone_does_not_come_back_when_its_database_is_opened() {
    let folder = tempfile::tempdir().unwrap();
    let app = folder.path().join("app");
    let embedded = Embedded { file: app.join("stores/stores.sqlite"), inside: Some(app.clone()) };
    let stores = AppStores::new(Some(embedded), None);
    let databases = stores.lend(&Services::default(), &[], &[], LentLimits::default()).unwrap().sql;
    let connection = databases.open("default").await.unwrap();
    assert!(rows(&*connection, "SELECT 1").await.is_err());
    assert!(!app.exists());
    std::fs::create_dir(&app).unwrap();
    assert_eq!(number(&*connection, "SELECT 1").await, 1);
}
