use crate::adapter::{built, direct, guest, of_a_resource};
use crate::servers::databases;
use crate::servers::{Server, free_port};
use crate::{App, granting, kit, refused, run};

const ANSWER: &str = "parameter-value as given, row-set as answer, error";

fn address(server: &Server) -> String {
    server.url("/postgres?sslmode=disable")
}

fn newest(name: &str) -> Vec<u8> {
    guest(name, include_str!("../wit/postgres-4.wit"), ANSWER, &of_a_resource("[method]connection.query"))
}

#[tokio::test]
async fn version_4_has_a_value_for_every_type() {
    let Some(server) = databases::postgres() else { return };
    let (app, host) = (App::new(), granting(&["postgres://127.0.0.1:*"]));
    let fourth = app.functions(newest("spin:postgres/postgres@4.0.0"), &host);
    let built =
        app.functions(built("spin:postgres/postgres@4.1.0", include_str!("../wit/postgres-4.wit"), ANSWER), &host);
    for guest in [fourth, built] {
        for (kind, data_type, value) in [
            ("bool", "boolean", "boolean(true)"),
            ("int2", "int16", "int16(-2)"),
            ("int4", "int32", "int32(4)"),
            ("int8", "int64", "int64(8)"),
            ("float4", "floating32", "floating32(0.5)"),
            ("float8", "floating64", "floating64(-0.5)"),
            ("text", "str", r#"str("é")"#),
            ("bytea", "binary", "binary([0, 255])"),
            ("date", "date", "date((2024, 2, 29))"),
            ("time", "time", "time((23, 59, 58, 1000))"),
            ("timestamp", "datetime", "datetime((2024, 2, 29, 23, 59, 58, 1000))"),
            ("uuid", "uuid", r#"uuid("123e4567-e89b-12d3-a456-426614174000")"#),
            ("jsonb", "jsonb", "jsonb([123, 125])"),
            ("numeric", "decimal", r#"decimal("12345678901234567890.50")"#),
            ("int4range", "range-int32", "range-int32((some((1, inclusive)), some((5, exclusive))))"),
            ("int8range", "range-int64", "range-int64((none, some((5, exclusive))))"),
            ("numrange", "range-decimal", r#"range-decimal((some(("1.5", exclusive)), none))"#),
            ("int4[]", "array-int32", "array-int32([some(1), none])"),
            ("int8[]", "array-int64", "array-int64([some(1), none])"),
            ("numeric[]", "array-decimal", r#"array-decimal([some("1.5"), none])"#),
            ("text[]", "array-str", r#"array-str([some("a"), none])"#),
            ("interval", "interval", "interval({micros: 1, days: -2, months: 3})"),
            ("int4", "int32", "db-null"),
        ] {
            let found = run(&guest, &address(&server), &format!("SELECT $1::{kind} AS v"), &format!("[{value}]")).await;
            assert_eq!(
                found,
                format!(r#"ok({{columns: [{{name: "v", data-type: {data_type}}}], rows: [[{value}]]}})"#)
            );
        }
        let other = run(&guest, &address(&server), "SELECT '<a/>'::xml AS v", "[]").await;
        assert!(other.contains(r#"other("xml")"#) && other.contains("unsupported([60, 97, 47, 62])"), "{other}");
    }
}

#[tokio::test]
async fn errors_are_the_interfaces_own() {
    let Some(server) = databases::postgres() else { return };
    let (app, host) = (App::new(), granting(&[&format!("postgres://127.0.0.1:{}", server.port())]));
    let guest = app.functions(newest("spin:postgres/postgres@4.0.0"), &host);
    let wrong = run(&guest, &address(&server), "SELECT * FROM nowhere", "[]").await;
    assert!(wrong.starts_with("err(query-failed(db-error({as-text: ") && wrong.contains(r#"code: "42P01""#), "{wrong}");
    let wrong = run(&guest, &address(&server), "SELECT $1::uuid", r#"[uuid("x")]"#).await;
    assert!(wrong.starts_with("err(bad-parameter("), "{wrong}");
    let wrong = run(&guest, &address(&server), "SELECT 1", "[int32(1)]").await;
    assert!(wrong.starts_with("err(query-failed(text("), "{wrong}");
    let wrong = run(&guest, &address(&server), "SELECT 'infinity'::date", "[]").await;
    assert!(wrong.starts_with("err(value-conversion-failed("), "{wrong}");
    for elsewhere in [
        "postgres://ann:hunter2@db.example.com/x",
        &format!("host=127.0.0.1 port={} user=ann password=hunter2", free_port()),
    ] {
        let refused = run(&guest, elsewhere, "SELECT 1", "[]").await;
        assert!(refused.starts_with("err(connection-failed(") && refused.contains("not permitted"), "{refused}");
        assert!(!refused.contains("hunter2"), "{refused}");
    }
    let asked = refused(&host);
    assert!(asked.len() == 2 && asked.contains(&"--outbound postgres://db.example.com:5432".to_owned()), "{asked:?}");
}

#[tokio::test]
async fn the_first_version_has_an_address_for_each_statement() {
    let Some(server) = databases::postgres() else { return };
    let (app, host) = (App::new(), granting(&["postgres://127.0.0.1:*"]));
    let answer = "parameter-value as given, row-set as answer, failed as error";
    let guest =
        app.functions(direct("fermyon:spin/postgres", include_str!("../wit/rdbms.wit"), answer, "query"), &host);
    let found =
        run(&guest, &address(&server), "SELECT $1::text AS s, now() AS t, NULL::int AS n", r#"[str("é")]"#).await;
    let columns = r#"[{name: "s", data-type: str}, {name: "t", data-type: other}, {name: "n", data-type: int32}]"#;
    assert_eq!(found, format!(r#"ok({{columns: {columns}, rows: [[str("é"), unsupported, db-null]]}})"#));
    let wrong = run(&guest, &address(&server), "SELECT $1::int8", "[uint64(1)]").await;
    assert!(wrong.starts_with("err(value-conversion-failed("), "{wrong}");
    let wrong = run(&guest, &address(&server), "SELEC", "[]").await;
    assert!(wrong.starts_with("err(query-failed("), "{wrong}");
}

#[tokio::test]
async fn a_guest_of_each_sdk_uses_a_server() {
    let Some(mut server) = databases::postgres() else { return };
    for (name, path) in [
        ("spin-sdk2-kit.wasm", "/pg"),
        ("spin-sdk3-kit.wasm", "/pg"),
        ("spin-sdk3-kit.wasm", "/pg3"),
        ("spin-sdk7-kit.wasm", "/pg"),
    ] {
        let (app, host) = (App::new(), granting(&["postgres://127.0.0.1:*"]));
        let (kit, place) =
            (kit::load(&app, name, &host), format!("{path}?address={}", kit::encoded(&address(&server))));
        kit.ask(&place, "DROP TABLE IF EXISTS t").await.unwrap();
        kit.ask(&place, "CREATE TABLE t (n int, d date)").await.unwrap();
        assert_eq!(
            kit.ask(&place, "INSERT INTO t VALUES (7, '2024-02-29'), (8, NULL)").await.unwrap(),
            "2 rows",
            "{name}"
        );
        let found = kit.ask(&place, "SELECT n, d FROM t ORDER BY n").await.unwrap();
        let date = if path == "/pg3" || name.contains("sdk7") { "Date((2024, 2, 29))" } else { "Unsupported" };
        assert!(found.contains("Int32(7)") && found.contains(date) && found.contains("DbNull"), "{name}: {found}");
        let wrong = kit.ask(&place, "SELECT nowhere").await.unwrap_err();
        assert!(wrong.contains("QueryFailed") && wrong.contains("nowhere"), "{name}: {wrong}");
        server.stop();
        let down = kit.ask(&place, "SELECT 1").await.unwrap_err();
        assert!(down.contains("ConnectionFailed") && !down.contains("hunter2"), "{name}: {down}");
        server.start_again();
        assert!(kit.ask(&place, "SELECT n FROM t").await.unwrap().contains("Int32(7)"), "{name}");
        let denied = kit::load(&app, name, &granting(&[]));
        let refused = denied.ask(&place, "SELECT 1").await.unwrap_err();
        assert!(refused.contains("ConnectionFailed") && refused.contains("not permitted"), "{name}: {refused}");
    }
}
