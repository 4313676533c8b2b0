use crate::adapter::direct;
use crate::servers::databases;
use crate::{App, granting, kit, refused, run};

#[tokio::test]
async fn the_first_version_has_an_address_for_each_statement() {
    let Some(server) = databases::mysql() else { return };
    let (app, host) = (App::new(), granting(&["mysql://127.0.0.1:*"]));
    let answer = "parameter-value as given, row-set as answer, failed as error";
    let guest = app.functions(direct("fermyon:spin/mysql", include_str!("../wit/rdbms.wit"), answer, "query"), &host);
    let address = server.url("/test");
    run(&guest, &address, "CREATE TABLE t (n BIGINT UNSIGNED, s TEXT, d DATE)", "[]").await;
    run(&guest, &address, "INSERT INTO t VALUES (?, ?, NULL)", r#"[uint64(18446744073709551615), str("é")]"#).await;
    let found = run(&guest, &address, "SELECT n, s, d FROM t", "[]").await;
    let columns = r#"[{name: "n", data-type: uint64}, {name: "s", data-type: str}, {name: "d", data-type: other}]"#;
    assert_eq!(
        found,
        format!(r#"ok({{columns: {columns}, rows: [[uint64(18446744073709551615), str("é"), db-null]]}})"#)
    );
    for (statement, error) in [("SELEC", "err(query-failed("), ("SELECT CURRENT_DATE", "err(value-conversion-failed(")]
    {
        let wrong = run(&guest, &address, statement, "[]").await;
        assert!(wrong.starts_with(error), "{wrong}");
    }
    let denied = run(&guest, "mysql://ann:hunter2@db.example.com/x", "SELECT 1", "[]").await;
    assert!(denied.starts_with("err(connection-failed(") && !denied.contains("hunter2"), "{denied}");
    assert_eq!(refused(&host), ["--outbound mysql://db.example.com"]);
}

#[tokio::test]
async fn a_guest_of_each_sdk_uses_a_server() {
    let Some(mut server) = databases::mysql() else { return };
    for name in ["spin-sdk2-kit.wasm", "spin-sdk3-kit.wasm", "spin-sdk7-kit.wasm"] {
        let (app, host) = (App::new(), granting(&["mysql://127.0.0.1:*"]));
        let kit = kit::load(&app, name, &host);
        let place = format!("/mysql?address={}", kit::encoded(&server.url("/test")));
        kit.ask(&place, "CREATE OR REPLACE TABLE t (n INT, s VARCHAR(10)) ENGINE=InnoDB").await.unwrap();
        assert_eq!(kit.ask(&place, "INSERT INTO t VALUES (7, 'a'), (8, NULL)").await.unwrap(), "done", "{name}");
        let found = kit.ask(&place, "SELECT n, s FROM t ORDER BY n").await.unwrap();
        assert!(
            found.contains("Int32(7)") && found.contains(r#"Str("a")"#) && found.contains("DbNull"),
            "{name}: {found}"
        );
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
