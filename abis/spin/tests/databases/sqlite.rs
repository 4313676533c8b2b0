use std::sync::Arc;

use holm_abi::{Functions, Host};

use crate::adapter::{Names, guest, of_a_resource, with_a_made_up_number};
use crate::{App, granting, kit, refused, run};

const ANSWER: &str = "value as given, query-result as answer, error";

/// A guest for each version that has no rows that stream.
fn each(app: &App, host: &Host) -> [(&'static str, Arc<dyn Functions>); 3] {
    let names = Names { open: "open", run: "execute", close: "close" };
    let (first, second) = (include_str!("../wit/sqlite-1.wit"), include_str!("../wit/sqlite-2.wit"));
    let resource = of_a_resource("[method]connection.execute");
    [
        ("fermyon:spin/sqlite", first, &names),
        ("fermyon:spin/sqlite@2.0.0", second, &resource),
        ("spin:sqlite/sqlite@3.0.0", second, &resource),
    ]
    .map(|(name, wit, names)| (name, app.functions(guest(name, wit, ANSWER, names), host)))
}

#[tokio::test]
async fn every_version_opens_a_database_and_runs_a_statement() {
    let (app, host) = (App::new(), granting(&[]));
    for (name, guest) in each(&app, &host) {
        let made = run(&guest, "default", "CREATE TABLE IF NOT EXISTS t (n, r, t, b, z)", "[]").await;
        assert_eq!(made, "ok({columns: [], rows: []})", "{name}");
        let values = r#"[integer(-7), real(0.5), text("é"), blob([0, 255]), null]"#;
        run(&guest, "default", "DELETE FROM t", "[]").await;
        run(&guest, "default", "INSERT INTO t VALUES (?, ?, ?, ?, ?)", values).await;
        let found = run(&guest, "default", "SELECT n, r, t, b, z FROM t", "[]").await;
        assert_eq!(
            found,
            format!(r#"ok({{columns: ["n", "r", "t", "b", "z"], rows: [{{values: {values}}}]}})"#),
            "{name}"
        );
    }
}

#[tokio::test]
async fn errors_are_the_interfaces_own() {
    let (app, host) = (App::new(), granting(&[]));
    for (name, guest) in each(&app, &host) {
        assert_eq!(run(&guest, "other", "SELECT 1", "[]").await, "err(access-denied)", "{name}");
        let wrong = run(&guest, "default", "SELEC", "[]").await;
        assert!(wrong.starts_with(r#"err(io("near \"SELEC\": syntax error"#), "{name}: {wrong}");
        run(&guest, "default", "CREATE TABLE IF NOT EXISTS t (b)", "[]").await;
        assert_eq!(
            run(&guest, "default", "INSERT INTO t VALUES (zeroblob(2000000))", "[]").await,
            "err(database-full)",
            "{name}"
        );
        let attached = run(&guest, "default", "ATTACH '/etc/passwd' AS x", "[]").await;
        assert!(attached.starts_with(r#"err(io("not authorized"#), "{name}: {attached}");
    }
    assert_eq!(refused(&host), ["--sql=other"]);
}

#[tokio::test]
async fn a_number_that_is_no_connection_is_an_invalid_one() {
    let app = App::new();
    let guest = with_a_made_up_number("fermyon:spin/sqlite", include_str!("../wit/sqlite-1.wit"), ANSWER);
    let guest = app.functions(guest, &granting(&[]));
    assert_eq!(run(&guest, "default", "SELECT 1", "[]").await, "err(invalid-connection)");
}

#[tokio::test]
async fn a_guest_of_each_sdk_uses_its_database() {
    for name in ["spin-sdk2-kit.wasm", "spin-sdk3-kit.wasm", "spin-sdk7-kit.wasm"] {
        let (app, host) = (App::new(), granting(&[]));
        let kit = kit::load(&app, name, &host);
        kit.ask("/sqlite/default", "CREATE TABLE t (n)").await.unwrap();
        kit.ask("/sqlite/default", "INSERT INTO t VALUES (7), (8)").await.unwrap();
        let found = kit.ask("/sqlite/default", "SELECT n FROM t").await.unwrap();
        assert!(found.starts_with("n\n") && found.contains("7") && found.contains("8"), "{name}: {found}");
        let refused = kit.ask("/sqlite/other", "SELECT 1").await.unwrap_err();
        assert!(refused.contains("AccessDenied"), "{name}: {refused}");
        let wrong = kit.ask("/sqlite/default", "SELEC").await.unwrap_err();
        assert!(wrong.contains("syntax error"), "{name}: {wrong}");
    }
}

#[tokio::test]
async fn the_newest_sdk_is_told_what_its_last_statement_did() {
    let (app, host) = (App::new(), granting(&[]));
    let kit = kit::load(&app, "spin-sdk7-kit.wasm", &host);
    kit.ask("/sqlite/default", "CREATE TABLE t (n)").await.unwrap();
    assert!(kit.ask("/sqlite/default", "INSERT INTO t VALUES (7), (8)").await.unwrap().ends_with("2 2\n"));
    let many = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) SELECT i FROM n";
    assert_eq!(kit.ask("/sqlite/default", many).await.unwrap().lines().count(), 5002);
    let failing = kit.ask("/sqlite/default", "SELECT abs(column1) FROM (VALUES (1), (-9223372036854775808))").await;
    assert!(failing.unwrap_err().contains("overflow"));
}
