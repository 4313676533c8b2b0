use std::time::Duration;

use holm_services::mysql::{Address, Connection, MyError, MyType, MyValue, Mysql};

use crate::servers::databases;
use crate::servers::{Server, free_port};
use crate::{Open, Shut};

async fn open(mysql: &Mysql, url: &str) -> Result<Connection, MyError> {
    mysql.open(&Address::parse(url)?, &Open).await
}

async fn opened(mysql: &Mysql, server: &Server) -> Connection {
    open(mysql, &server.url("/test")).await.unwrap()
}

async fn one(connection: &Connection, statement: &str) -> MyValue {
    let mut rows = connection.query(statement, vec![]).await.unwrap().rows;
    rows.remove(0).remove(0)
}

#[tokio::test]
async fn values_of_every_type_come_back_as_they_were_given() {
    let Some(server) = databases::mysql() else { return };
    let mysql = Mysql::default();
    let connection = opened(&mysql, &server).await;
    let cases = [
        ("BOOLEAN", MyType::Int8, MyValue::Bool(true), MyValue::Int8(1)),
        ("TINYINT", MyType::Int8, MyValue::Int8(-8), MyValue::Int8(-8)),
        ("SMALLINT", MyType::Int16, MyValue::Int16(-16), MyValue::Int16(-16)),
        ("MEDIUMINT", MyType::Int32, MyValue::Int32(-24), MyValue::Int32(-24)),
        ("INT", MyType::Int32, MyValue::Int32(i32::MIN), MyValue::Int32(i32::MIN)),
        ("BIGINT", MyType::Int64, MyValue::Int64(i64::MIN), MyValue::Int64(i64::MIN)),
        ("TINYINT UNSIGNED", MyType::Uint8, MyValue::Uint8(255), MyValue::Uint8(255)),
        ("SMALLINT UNSIGNED", MyType::Uint16, MyValue::Uint16(65_535), MyValue::Uint16(65_535)),
        ("INT UNSIGNED", MyType::Uint32, MyValue::Uint32(u32::MAX), MyValue::Uint32(u32::MAX)),
        ("BIGINT UNSIGNED", MyType::Uint64, MyValue::Uint64(u64::MAX), MyValue::Uint64(u64::MAX)),
        ("FLOAT", MyType::Float32, MyValue::Float32(0.5), MyValue::Float32(0.5)),
        ("DOUBLE", MyType::Float64, MyValue::Float64(-1e300), MyValue::Float64(-1e300)),
        ("VARCHAR(50)", MyType::Text, MyValue::Text("é'".into()), MyValue::Text("é'".into())),
        ("CHAR(5)", MyType::Text, MyValue::Text("x".into()), MyValue::Text("x".into())),
        ("TEXT", MyType::Text, MyValue::Text(String::new()), MyValue::Text(String::new())),
        ("VARBINARY(5)", MyType::Bytes, MyValue::Bytes(vec![0, 255]), MyValue::Bytes(vec![0, 255])),
        ("BLOB", MyType::Bytes, MyValue::Bytes(vec![1]), MyValue::Bytes(vec![1])),
    ];
    for (name, kind, given, expected) in cases {
        connection.execute(&format!("CREATE OR REPLACE TABLE t (v {name})"), vec![]).await.unwrap();
        connection.execute("INSERT INTO t VALUES (?), (?)", vec![given, MyValue::Null]).await.unwrap();
        let answer = connection.query("SELECT v FROM t", vec![]).await.unwrap();
        assert_eq!((answer.columns[0].name.as_str(), answer.columns[0].kind), ("v", kind), "{name}");
        assert_eq!(answer.rows, [[expected], [MyValue::Null]], "{name}");
    }
    for other in ["SELECT CAST('2024-02-29' AS DATE) AS odd", "SELECT CAST(1.5 AS DECIMAL(5,2)) AS odd"] {
        let refused = connection.query(other, vec![]).await;
        assert!(matches!(&refused, Err(MyError::Value(words)) if words.contains("`odd`")), "{refused:?}");
    }
    assert_eq!(one(&connection, "SELECT CAST(7 AS CHAR)").await, MyValue::Text("7".into()));
}

#[tokio::test]
async fn what_cannot_be_done_is_told_in_the_servers_words_and_nothing_is_lost() {
    let Some(server) = databases::mysql() else { return };
    let mysql = Mysql::default();
    let connection = opened(&mysql, &server).await;
    connection.execute("CREATE TABLE t (n INT PRIMARY KEY)", vec![]).await.unwrap();
    connection.execute("INSERT INTO t VALUES (1)", vec![]).await.unwrap();
    for (statement, parameters, part) in [
        ("SELEC", vec![], "1064"),
        ("INSERT INTO t VALUES (2), (1)", vec![], "1062"),
        ("SELECT * FROM nowhere", vec![], "1146"),
        ("SELECT ?", vec![], "parameters"),
        ("SELECT ?", vec![MyValue::Null, MyValue::Null], "parameters"),
        ("LOAD DATA LOCAL INFILE '/etc/passwd' INTO TABLE t", vec![], ""),
    ] {
        let refused = connection.query(statement, parameters).await;
        assert!(matches!(&refused, Err(MyError::Query(words)) if words.contains(part)), "{statement}: {refused:?}");
    }
    let again = opened(&mysql, &server).await;
    assert_eq!(one(&again, "SELECT count(*) FROM t").await, MyValue::Int64(1));
    assert_eq!(again.query("DELETE FROM t", vec![]).await.unwrap().columns, []);
}

#[tokio::test]
async fn nobody_finds_what_another_left_in_a_connection() {
    let Some(server) = databases::mysql() else { return };
    let mysql = Mysql::default();
    let first = opened(&mysql, &server).await;
    first.execute("CREATE TABLE kept (n INT) ENGINE=InnoDB", vec![]).await.unwrap();
    let number = one(&first, "SELECT CONNECTION_ID()").await;
    for statement in
        ["SET @left = 7", "CREATE TEMPORARY TABLE t (n INT)", "START TRANSACTION", "INSERT INTO kept VALUES (1)"]
    {
        first.execute(statement, vec![]).await.unwrap();
    }
    drop(first);
    tokio::time::sleep(Duration::from_millis(100)).await;
    let next = opened(&mysql, &server).await;
    assert_eq!(one(&next, "SELECT CONNECTION_ID()").await, number, "a connection is used again");
    assert_eq!(one(&next, "SELECT @left").await, MyValue::Null);
    assert_eq!(one(&next, "SELECT count(*) FROM kept").await, MyValue::Int64(0));
    assert!(next.query("SELECT * FROM t", vec![]).await.is_err());
}

#[tokio::test]
async fn a_server_that_was_stopped_and_started_is_connected_to_again() {
    let Some(mut server) = databases::mysql() else { return };
    let mysql = Mysql::default();
    let held = opened(&mysql, &server).await;
    held.execute("CREATE TABLE t (n INT) ENGINE=InnoDB", vec![]).await.unwrap();
    held.execute("INSERT INTO t VALUES (7)", vec![]).await.unwrap();
    // One that waits to be lent again, and breaks meanwhile.
    drop(opened(&mysql, &server).await);
    tokio::time::sleep(Duration::from_millis(100)).await;
    server.stop();
    for _ in 0..2 {
        let broken = held.query("SELECT n FROM t", vec![]).await;
        assert!(matches!(&broken, Err(MyError::Connection(words)) if words.contains("open another")), "{broken:?}");
    }
    let down = open(&mysql, &server.url("/test")).await.err();
    assert!(matches!(down, Some(MyError::Connection(_))), "{down:?}");
    server.start_again();
    let again = loop {
        match open(&mysql, &server.url("/test")).await {
            Ok(again) => break again,
            Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    };
    assert_eq!(one(&again, "SELECT n FROM t").await, MyValue::Int32(7));
}

#[tokio::test]
async fn a_statement_that_nobody_waits_for_is_stopped_in_the_server() {
    let Some(server) = databases::mysql() else { return };
    let mysql = Mysql::default();
    let (slow, other) = (opened(&mysql, &server).await, opened(&mysql, &server).await);
    let gone = tokio::time::timeout(Duration::from_millis(100), slow.execute("SELECT SLEEP(1000)", vec![])).await;
    assert!(gone.is_err());
    let another = opened(&mysql, &server).await;
    let slow = another.stream("SELECT SLEEP(1000)".into(), vec![]);
    let streamed = tokio::time::timeout(Duration::from_millis(100), slow);
    drop(streamed.await);
    let sleeping =
        "SELECT count(*) FROM information_schema.processlist WHERE info LIKE '%SLEEP%' AND id <> CONNECTION_ID()";
    while one(&other, sleeping).await != MyValue::Int64(0) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn rows_are_handed_on_and_too_many_at_once_are_refused() {
    let Some(server) = databases::mysql() else { return };
    let mysql = Mysql::default();
    let connection = opened(&mysql, &server).await;
    let many = "SELECT seq, REPEAT('x', 1000) FROM seq_1_to_100000";
    let mut streamed = connection.stream(many.into(), vec![]).await.unwrap();
    assert_eq!(streamed.columns.len(), 2);
    let mut next = 1;
    while let Some(row) = streamed.rows.recv().await {
        assert_eq!(row[0], MyValue::Uint64(next));
        next += 1;
    }
    assert_eq!((next, streamed.end.await.unwrap()), (100_001, Ok(())));
    let mut streamed = connection.stream(many.replace("100000", "1000"), vec![]).await.unwrap();
    streamed.rows.recv().await.unwrap();
    drop(streamed);
    assert_eq!(one(&connection, "SELECT 7").await, MyValue::Int32(7));
    let refused = connection.query(many, vec![]).await;
    assert!(matches!(&refused, Err(MyError::Other(words)) if words.contains("exceeds limit")), "{refused:?}");
    assert!(matches!(
        connection.stream("SELEC".into(), vec![]).await.map(drop),
        Err(MyError::Query(_) | MyError::Connection(_))
    ));
}

#[tokio::test]
async fn only_addresses_that_are_allowed_are_dialled_and_no_message_has_the_password() {
    let Some(server) = databases::mysql() else { return };
    let mysql = Mysql::default();
    let address = Address::parse(&server.url("/test")).unwrap();
    let refused = mysql.open(&address, &Shut).await.err();
    assert!(matches!(&refused, Some(MyError::Connection(words)) if words.contains("not granted")), "{refused:?}");
    drop(mysql.open(&address, &Open).await.unwrap());
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(mysql.open(&address, &Shut).await.is_err(), "one that waits is not lent either");
    let wrong = server.url("/test").replace("hunter2", "hunter3");
    let nobody = format!("mysql://ann:hunter3@127.0.0.1:{}/x", free_port());
    for (url, part) in
        [(wrong, "1045"), (nobody, "refused"), ("mysql://ann:hunter3@nowhere.invalid/x".into(), "nowhere.invalid")]
    {
        let error = open(&mysql, &url).await.err().unwrap();
        assert!(matches!(error, MyError::Connection(_)), "{error:?}");
        let words = error.to_string();
        assert!(words.contains(part) && !words.contains("hunter"), "{words}");
    }
}

#[tokio::test]
async fn over_tls_a_server_has_to_have_a_certificate_that_is_trusted() {
    let folder = tempfile::tempdir().unwrap();
    let (certificate, key, _) = crate::certificate(folder.path());
    let Some(server) = databases::mysql_with(Some((&certificate, &key))) else { return };
    let mysql = Mysql::default();
    let url = server.url("/test?ssl-mode=REQUIRED").replace("127.0.0.1", "localhost");
    let strange = open(&mysql, &url).await.err();
    assert!(matches!(&strange, Some(MyError::Connection(words)) if words.contains("ertificate")), "{strange:?}");
    // As the address itself may ask for, in the driver's words.
    let connection = open(&mysql, &url.replace("ssl-mode=REQUIRED", "require_ssl=true&verify_ca=false")).await.unwrap();
    let cipher = connection.query("SHOW STATUS LIKE 'Ssl_cipher'", vec![]).await.unwrap();
    assert!(matches!(&cipher.rows[0][1], MyValue::Text(name) if !name.is_empty()), "{cipher:?}");
}
