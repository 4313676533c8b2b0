//! Against real servers.

use holm_grants::Grants;

use crate::common::{KIT, ask, granting, guest, http, spin};
use crate::real::{self, Server};

fn reaching(scheme: &str, server: &Server) -> Grants {
    let grant = format!("{scheme}://127.0.0.1:{}", server.port());
    Grants { outbound: vec![grant.parse().unwrap()], ..Grants::default() }
}

#[tokio::test]
async fn redis_does_what_it_is_told_and_an_error_is_a_value() {
    let Some(mut server) = real::redis() else { return };
    let handler = http(&spin(), &guest(KIT), &granting(reaching("redis", &server))).unwrap();
    let at = server.url("");
    for (path, lines, expected) in [
        ("/redis/set", &[&at[..], "k", "value"][..], "ok "),
        ("/redis/get", &[&at, "k"], "ok value"),
        ("/redis/get", &[&at, "not there"], "ok "),
        ("/redis/incr", &[&at, "n"], "ok 1"),
        ("/redis/incr", &[&at, "n"], "ok 2"),
        ("/redis/incr", &[&at, "k"], "error: error"),
        ("/redis/sadd", &[&at, "s", "a", "b", "a"], "ok 2"),
        ("/redis/smembers", &[&at, "s"], r#"ok ["a", "b"]"#),
        ("/redis/srem", &[&at, "s", "a", "c"], "ok 1"),
        ("/redis/del", &[&at, "k", "n", "x"], "ok 2"),
        ("/redis/publish", &[&at, "channel", "message"], "ok "),
        ("/redis/execute", &[&at, "SET", "k", "1"], r#"ok ["status OK"]"#),
        ("/redis/execute", &[&at, "INCRBY", "k", "-3"], r#"ok ["int -2"]"#),
        ("/redis/execute", &[&at, "MGET", "k", "x"], r#"ok ["binary -2", "nil"]"#),
        ("/redis/execute", &[&at, "NONSENSE"], "error: error"),
    ] {
        assert_eq!(ask(&handler, path, lines).await, expected, "{path} {lines:?}");
    }
    server.stop();
    assert_eq!(ask(&handler, "/redis/get", &[&at, "k"]).await, "error: error");
    server.start_again();
    assert_eq!(ask(&handler, "/redis/get", &[&at, "k"]).await, "ok -2");
}

#[tokio::test]
async fn postgres_answers_with_rows_of_every_type_that_there_is() {
    let Some(server) = real::databases::postgres() else { return };
    let handler = http(&spin(), &guest(KIT), &granting(reaching("postgres", &server))).unwrap();
    let at = server.url("/postgres?sslmode=disable");
    for (path, lines, expected) in [
        ("/pg/execute", &["CREATE TABLE t (a int4, b int8, c float8, d text, e bool, f date)"][..], "ok 0"),
        (
            "/pg/execute",
            &["INSERT INTO t VALUES ($1, $2, $3, $4, $5, '2024-02-29')", "i32 -5", "i64 6", "f64 1.5", "text", "true"],
            "ok 1",
        ),
        ("/pg/execute", &["INSERT INTO t (d) VALUES ($1)", "null"], "ok 1"),
        (
            "/pg/query",
            &["SELECT * FROM t"],
            r#"ok ["a 3", "b 4", "c 10", "d 11", "e 0", "f 13"] [["int32 -5", "int64 6", "float64 1.5", "str text", "boolean 1", "unsupported"], ["null", "null", "null", "null", "null", "null"]]"#,
        ),
        ("/pg/query", &["SELECT 1 WHERE false"], r#"ok ["?column? 3"] []"#),
        (
            "/pg/execute",
            &["SELECT $1", "u64 1"],
            "error: value conversion failed: PostgreSQL has no unsigned integers; pass one with a sign",
        ),
    ] {
        let lines = [&[&at[..]], lines].concat();
        assert_eq!(ask(&handler, path, &lines).await, expected, "{path} {lines:?}");
    }
    let wrong = ask(&handler, "/pg/query", &[&at, "SELEKT"]).await;
    assert!(wrong.starts_with("error: query failed: ") && wrong.contains("syntax error"), "{wrong}");
}

#[tokio::test]
async fn mysql_answers_with_rows_of_every_type_that_there_is() {
    let Some(server) = real::databases::mysql() else { return };
    let handler = http(&spin(), &guest(KIT), &granting(reaching("mysql", &server))).unwrap();
    let at = server.url("/test");
    for (path, lines, expected) in [
        ("/mysql/execute", &["CREATE TABLE early (a int, b bigint unsigned, c double, d varchar(9))"][..], "ok 0"),
        ("/mysql/execute", &["INSERT INTO early VALUES (?, ?, ?, ?)", "i32 -5", "u64 6", "f64 1.5", "text"], "ok 0"),
        ("/mysql/execute", &["INSERT INTO early (d) VALUES (?)", "null"], "ok 0"),
        (
            "/mysql/query",
            &["SELECT * FROM early ORDER BY a DESC"],
            r#"ok ["a 3", "b 8", "c 10", "d 11"] [["int32 -5", "uint64 6", "float64 1.5", "str text"], ["null", "null", "null", "null"]]"#,
        ),
    ] {
        let lines = [&[&at[..]], lines].concat();
        assert_eq!(ask(&handler, path, &lines).await, expected, "{path} {lines:?}");
    }
    let wrong = ask(&handler, "/mysql/query", &[&at, "SELEKT"]).await;
    assert!(wrong.starts_with("error: query failed: "), "{wrong}");
}
