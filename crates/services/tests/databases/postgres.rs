use std::sync::{Arc, Mutex};
use std::time::Duration;

use holm_services::postgres::{
    Address, Bound, Connection, Date, Interval, Known, PgError, PgType, PgValue, Postgres, Range, Time,
};

use crate::servers::databases;
use crate::servers::{Server, free_port};
use crate::{Open, Shut};

async fn open(postgres: &Postgres, url: &str) -> Result<Connection, PgError> {
    postgres.open(&Address::parse(url)?, None, &Open).await
}

async fn opened(postgres: &Postgres, server: &Server) -> Connection {
    open(postgres, &url(server)).await.unwrap()
}

/// Without TLS, as the server has none.
fn url(server: &Server) -> String {
    server.url("/postgres?sslmode=disable")
}

async fn one(connection: &Connection, statement: &str) -> PgValue {
    let mut rows = connection.query(statement, vec![]).await.unwrap().rows;
    rows.remove(0).remove(0)
}

fn bound<T>(value: T, inclusive: bool) -> Option<Bound<T>> {
    Some(Bound { value, inclusive })
}

#[tokio::test]
async fn values_of_every_type_come_back_as_they_were_given() {
    let Some(server) = databases::postgres() else { return };
    let (postgres, texts) =
        (Postgres::default(), |texts: &[&str]| texts.iter().map(|text| Some((*text).to_owned())).collect());
    let connection = opened(&postgres, &server).await;
    let day = Date { year: 2024, month: 2, day: 29 };
    let time = Time { hour: 23, minute: 59, second: 58, nanosecond: 123_456_000 };
    let cases = [
        ("bool", Known::Bool, PgValue::Bool(true)),
        ("int2", Known::Int16, PgValue::Int16(-7)),
        ("int4", Known::Int32, PgValue::Int32(i32::MIN)),
        ("int8", Known::Int64, PgValue::Int64(i64::MAX)),
        ("float4", Known::Float32, PgValue::Float32(0.5)),
        ("float8", Known::Float64, PgValue::Float64(-1e300)),
        ("text", Known::Text, PgValue::Text("é'".into())),
        ("varchar", Known::Text, PgValue::Text(String::new())),
        ("bytea", Known::Bytes, PgValue::Bytes(vec![0, 255])),
        ("date", Known::Date, PgValue::Date(Date { year: -43, month: 3, day: 15 })),
        ("time", Known::Time, PgValue::Time(time)),
        ("timestamp", Known::DateTime, PgValue::DateTime(day, time)),
        ("timestamptz", Known::DateTime, PgValue::DateTime(day, time)),
        ("uuid", Known::Uuid, PgValue::Uuid("123e4567-e89b-12d3-a456-426614174000".into())),
        ("jsonb", Known::Jsonb, PgValue::Jsonb(br#"{"a": [1, null]}"#.to_vec())),
        ("numeric", Known::Decimal, PgValue::Decimal("-123456789012345678901234567890.0123450".into())),
        ("int4range", Known::RangeInt32, PgValue::RangeInt32(Range { lower: bound(-1, true), upper: bound(5, false) })),
        ("int8range", Known::RangeInt64, PgValue::RangeInt64(Range { lower: None, upper: bound(5, false) })),
        (
            "numrange",
            Known::RangeDecimal,
            PgValue::RangeDecimal(Range { lower: bound("1.5".into(), false), upper: bound("2.50".into(), true) }),
        ),
        ("int4[]", Known::ArrayInt32, PgValue::ArrayInt32(vec![Some(1), None, Some(-3)])),
        ("int8[]", Known::ArrayInt64, PgValue::ArrayInt64(vec![])),
        ("numeric[]", Known::ArrayDecimal, PgValue::ArrayDecimal(vec![Some("1.50".into()), None])),
        ("text[]", Known::ArrayText, PgValue::ArrayText(texts(&["a", "", "{}"]))),
        ("varchar[]", Known::ArrayText, PgValue::ArrayText(texts(&["b"]))),
        ("interval", Known::Interval, PgValue::Interval(Interval { micros: -1, days: 40, months: 13 })),
    ];
    for (name, known, value) in cases {
        let answer = connection.query(&format!("SELECT $1::{name} AS v"), vec![value.clone()]).await.unwrap();
        assert_eq!((answer.columns[0].name.as_str(), &answer.columns[0].kind), ("v", &PgType::Known(known)));
        assert_eq!(answer.rows, [[value]], "{name}");
        let null = connection.query(&format!("SELECT $1::{name}"), vec![PgValue::Null]).await.unwrap();
        assert_eq!(null.rows, [[PgValue::Null]], "{name}");
    }
    let moment = connection.query("SELECT $1::timestamptz", vec![PgValue::Timestamp(1_709_251_198)]).await.unwrap();
    let whole = Time { hour: 23, minute: 59, second: 58, nanosecond: 0 };
    assert_eq!(moment.rows, [[PgValue::DateTime(day, whole)]]);
    assert_eq!(
        one(&connection, "SELECT 'empty'::int4range").await,
        PgValue::RangeInt32(Range { lower: bound(0, false), upper: bound(0, false) })
    );
    // A number of another width than the statement's own.
    assert_eq!(connection.query("SELECT $1::int8", vec![PgValue::Int32(5)]).await.unwrap().rows, [[PgValue::Int64(5)]]);
    let other = connection.query("SELECT '10.0.0.1'::inet AS v", vec![]).await.unwrap();
    assert_eq!(other.columns[0].kind, PgType::Other("inet".into()));
    assert!(matches!(other.rows[0][0], PgValue::Other(_)));
}

#[tokio::test]
async fn what_cannot_be_done_is_told_in_the_servers_words_and_nothing_is_lost() {
    let Some(server) = databases::postgres() else { return };
    let postgres = Postgres::default();
    let connection = opened(&postgres, &server).await;
    assert_eq!(connection.execute("CREATE TABLE t (n int PRIMARY KEY, s text)", vec![]).await.unwrap(), 0);
    assert_eq!(connection.execute("INSERT INTO t VALUES (1, 'a'), (2, 'b')", vec![]).await.unwrap(), 2);
    let again = connection.execute("INSERT INTO t VALUES (3, 'c'), (1, 'a')", vec![]).await.unwrap_err();
    let PgError::Query(refusal) = &again else { panic!("{again:?}") };
    let told = refusal.server.as_ref().unwrap();
    assert_eq!((told.severity.as_str(), told.code.as_str()), ("ERROR", "23505"));
    assert!(told.detail.as_ref().unwrap().contains("(n)=(1)") && told.extras.contains(&("table".into(), "t".into())));
    for (statement, parameters) in [
        ("SELEC", vec![]),
        ("SELECT $1::int4", vec![]),
        ("SELECT $1::int4", vec![PgValue::Text("x".into())]),
        ("SELECT $1::int2", vec![PgValue::Int64(1 << 40)]),
        ("SELECT $1::jsonb", vec![PgValue::Jsonb(b"{".to_vec())]),
        ("SELECT 1 / 0", vec![]),
    ] {
        let refused = connection.query(statement, parameters).await;
        assert!(matches!(refused, Err(PgError::Query(_))), "{statement}: {refused:?}");
    }
    for wrong in [
        PgValue::Uuid("x".into()),
        PgValue::Decimal("1e5".into()),
        PgValue::Date(Date { year: 2023, month: 2, day: 29 }),
    ] {
        let refused = connection.query("SELECT $1", vec![wrong]).await;
        assert!(matches!(refused, Err(PgError::Parameter(_))), "{refused:?}");
    }
    for odd in ["SELECT 'infinity'::timestamp", "SELECT ARRAY[[1, 2], [3, 4]]"] {
        let refused = connection.query(odd, vec![]).await;
        assert!(matches!(refused, Err(PgError::Value(_))), "{odd}: {refused:?}");
    }
    assert_eq!(one(&connection, "SELECT count(*) FROM t").await, PgValue::Int64(2));
    assert_eq!(connection.execute("DELETE FROM t", vec![]).await.unwrap(), 2);
}

#[tokio::test]
async fn nobody_finds_what_another_left_in_a_connection() {
    let Some(server) = databases::postgres() else { return };
    let postgres = Postgres::default();
    let first = opened(&postgres, &server).await;
    first.execute("CREATE TABLE kept (n int)", vec![]).await.unwrap();
    let process = one(&first, "SELECT pg_backend_pid()").await;
    drop(first);
    // Its session is put in order while nobody waits.
    tokio::time::sleep(Duration::from_millis(200)).await;
    let mut same = 0;
    for _ in 0..3 {
        let one_of_them = opened(&postgres, &server).await;
        same += usize::from(one(&one_of_them, "SELECT pg_backend_pid()").await == process);
        for statement in [
            "SET search_path TO nowhere",
            "CREATE TEMP TABLE t (n int)",
            "SELECT pg_advisory_lock(7)",
            "LISTEN news",
            "BEGIN",
            "INSERT INTO public.kept VALUES (1)",
            "SELEC",
        ] {
            let done = one_of_them.execute(statement, vec![]).await;
            assert_eq!(done.is_err(), statement == "SELEC", "{statement}: {done:?}");
        }
        drop(one_of_them);
        tokio::time::sleep(Duration::from_millis(200)).await;
        let next = opened(&postgres, &server).await;
        assert_eq!(one(&next, "SELECT count(*) FROM kept").await, PgValue::Int64(0));
        assert_eq!(one(&next, "SELECT to_regclass('pg_temp.t')::text").await, PgValue::Null);
        assert_eq!(one(&next, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'").await, PgValue::Int64(0));
        drop(next);
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    assert!(same > 0, "a connection is used again");
}

#[tokio::test]
async fn a_server_that_was_stopped_and_started_is_connected_to_again() {
    let Some(mut server) = databases::postgres() else { return };
    let postgres = Postgres::default();
    let held = opened(&postgres, &server).await;
    held.execute("CREATE TABLE t (n int)", vec![]).await.unwrap();
    held.execute("INSERT INTO t VALUES (7)", vec![]).await.unwrap();
    drop(opened(&postgres, &server).await);
    for _ in 0..2 {
        let held = opened(&postgres, &server).await;
        server.stop();
        let broken = held.query("SELECT n FROM t", vec![]).await;
        assert!(matches!(&broken, Err(PgError::Connection(_) | PgError::Query(_))), "{broken:?}");
        let broken = held.query("SELECT n FROM t", vec![]).await;
        assert!(matches!(&broken, Err(PgError::Connection(words)) if words.contains("open another")), "{broken:?}");
        let down = open(&postgres, &url(&server)).await.err();
        assert!(matches!(down, Some(PgError::Connection(_))), "{down:?}");
        server.start_again();
        let again = loop {
            match open(&postgres, &url(&server)).await {
                Ok(again) => break again,
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        };
        assert_eq!(one(&again, "SELECT n FROM t").await, PgValue::Int32(7));
    }
}

#[tokio::test]
async fn a_statement_that_nobody_waits_for_is_cancelled_in_the_server() {
    let Some(server) = databases::postgres() else { return };
    let postgres = Postgres::default();
    let (slow, other) = (opened(&postgres, &server).await, opened(&postgres, &server).await);
    let gone = tokio::time::timeout(Duration::from_millis(100), slow.execute("SELECT pg_sleep(1000)", vec![])).await;
    assert!(gone.is_err());
    let streamed = slow.stream("SELECT 1".into(), vec![]).await.map(drop);
    assert!(matches!(streamed, Err(PgError::Connection(_))), "{streamed:?}");
    drop(slow);
    let slow = opened(&postgres, &server).await;
    let gone = tokio::time::timeout(Duration::from_millis(100), slow.stream("SELECT pg_sleep(1000)".into(), vec![]));
    if let Ok(Ok(streamed)) = gone.await {
        drop(streamed);
    }
    let sleeping = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep%' AND state = 'active' AND pid <> pg_backend_pid()";
    while one(&other, sleeping).await != PgValue::Int64(0) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn rows_are_handed_on_while_more_of_them_come() {
    let Some(server) = databases::postgres() else { return };
    let postgres = Postgres::default();
    let connection = opened(&postgres, &server).await;
    let many = "SELECT i, repeat('x', 1000) FROM generate_series(1, 200000) AS i";
    let mut streamed = connection.stream(many.into(), vec![]).await.unwrap();
    assert_eq!(streamed.columns.len(), 2);
    let mut next = 1;
    while let Some(row) = streamed.rows.recv().await {
        assert_eq!(row[0], PgValue::Int32(next));
        next += 1;
    }
    assert_eq!((next, streamed.end.await.unwrap()), (200_001, Ok(())));
    // What nobody reads to the end does not keep the next statement waiting for ever.
    let mut streamed = connection.stream(many.replace("200000", "2000"), vec![]).await.unwrap();
    streamed.rows.recv().await.unwrap();
    drop(streamed);
    assert_eq!(one(&connection, "SELECT 7").await, PgValue::Int32(7));
    let failing = "SELECT 1 / (i - 3) FROM generate_series(1, 10) AS i";
    let mut streamed = connection.stream(failing.into(), vec![]).await.unwrap();
    while streamed.rows.recv().await.is_some() {}
    assert!(matches!(streamed.end.await.unwrap(), Err(PgError::Query(refusal)) if refusal.text.contains("22012")));
}

#[tokio::test]
async fn an_answer_that_is_too_large_is_refused_before_it_is_held() {
    let Some(server) = databases::postgres() else { return };
    let postgres = Postgres::default();
    for statement in ["SELECT repeat('x', 1000000) FROM generate_series(1, 100)", "SELECT repeat('x', 100000000)"] {
        let connection = opened(&postgres, &server).await;
        let refused = connection.query(statement, vec![]).await;
        assert!(
            matches!(&refused, Err(PgError::Query(refusal)) if refusal.text.contains("exceeds limit")),
            "{refused:?}"
        );
        let connection = opened(&postgres, &server).await;
        assert_eq!(one(&connection, "SELECT 7").await, PgValue::Int32(7));
    }
    let given = vec![PgValue::Bytes(vec![0; 65 << 20])];
    let refused = opened(&postgres, &server).await.query("SELECT $1::bytea", given).await;
    assert!(matches!(refused, Err(PgError::Parameter(_))), "{refused:?}");
}

#[tokio::test]
async fn only_addresses_that_are_allowed_are_dialled_and_no_message_has_the_password() {
    let Some(server) = databases::postgres() else { return };
    let postgres = Postgres::default();
    let address = Address::parse(&url(&server)).unwrap();
    let refused = postgres.open(&address, None, &Shut).await.err();
    assert!(matches!(&refused, Some(PgError::Connection(words)) if words.contains("not granted")), "{refused:?}");
    drop(postgres.open(&address, None, &Open).await.unwrap());
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(postgres.open(&address, None, &Shut).await.is_err(), "one that waits is not lent either");
    let wrong = url(&server).replace("hunter2", "hunter3");
    let nobody = format!("postgres://ann:hunter3@127.0.0.1:{}/x?sslmode=disable", free_port());
    let nowhere = "postgres://ann:hunter3@nowhere.invalid/x".to_owned();
    let no_tls = server.url("/postgres?sslmode=require").replace("hunter2", "hunter3");
    for (url, part) in [(wrong, "28P01"), (nobody, "refused"), (nowhere, "nowhere.invalid"), (no_tls, "TLS")] {
        let error = open(&postgres, &url).await.err().unwrap();
        assert!(matches!(error, PgError::Connection(_)), "{error:?}");
        let words = error.to_string();
        assert!(words.contains(part) && !words.contains("hunter"), "{words}");
    }
}

#[tokio::test]
async fn the_operator_hears_of_what_fails_without_the_password() {
    let Some(server) = databases::postgres() else { return };
    let lines = Arc::<Mutex<Vec<String>>>::default();
    let noting = Arc::clone(&lines);
    let postgres = Postgres::telling(Some(Arc::new(move |line| noting.lock().unwrap().push(line.to_owned()))));
    let connection = opened(&postgres, &server).await;
    for _ in 0..3 {
        assert!(connection.query("SELECT nowhere", vec![]).await.is_err());
        assert!(open(&postgres, &url(&server).replace("hunter2", "hunter3")).await.is_err());
    }
    let lines = lines.lock().unwrap();
    let place = format!("postgres://127.0.0.1:{}: ", server.port());
    assert!(
        lines.len() == 2 && lines.iter().all(|line| line.starts_with(&place) && !line.contains("hunter")),
        "{lines:?}"
    );
    assert!(lines[0].contains("nowhere") && lines[1].contains("password"), "{lines:?}");
}

#[tokio::test]
async fn over_tls_a_server_has_to_have_a_certificate_that_is_trusted() {
    let folder = tempfile::tempdir().unwrap();
    let (certificate, key, root) = crate::certificate(folder.path());
    let Some(server) = databases::postgres_with(Some((&certificate, &key))) else { return };
    let postgres = Postgres::default();
    let named =
        |host: &str| Address::parse(&server.url("/postgres?sslmode=require").replace("127.0.0.1", host)).unwrap();
    let strange = postgres.open(&named("localhost"), None, &Open).await.err();
    assert!(matches!(&strange, Some(PgError::Connection(words)) if words.contains("certificate")), "{strange:?}");
    let other_name = postgres.open(&named("127.0.0.1"), Some(&root), &Open).await.err();
    assert!(matches!(&other_name, Some(PgError::Connection(words)) if words.contains("certificate")), "{other_name:?}");
    let connection = postgres.open(&named("localhost"), Some(&root), &Open).await.unwrap();
    assert_eq!(one(&connection, "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()").await, PgValue::Bool(true));
    drop(connection);
    tokio::time::sleep(Duration::from_millis(50)).await;
    // Who trusts others is not lent what somebody else trusted.
    assert!(postgres.open(&named("localhost"), None, &Open).await.is_err());
    let wrong = postgres.open(&named("localhost"), Some("no certificate"), &Open).await.err();
    assert!(matches!(wrong, Some(PgError::Other(_))), "{wrong:?}");
}
