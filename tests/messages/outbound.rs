use crate::app::{App, component, until};
use crate::server::Server;
use crate::servers;

/// A kit that may reach these servers.
fn kit(sdk: u32, granted: &str) -> (App, Server) {
    let file = format!("spin-sdk{sdk}-kit.wasm");
    let trigger = "[[trigger.http]]\nroute = \"/...\"\ncomponent = \"kit\"\n";
    let granted = format!("allowed_outbound_hosts = [{granted}]");
    let app = App::new(&[&file], &format!("{trigger}{}", component("kit", &file, &granted)));
    let server = app.serve();
    (app, server)
}

#[test]
fn every_sdk_speaks_to_a_redis_server_that_was_granted() {
    let Some(mut redis) = servers::redis() else { return };
    let address = redis.url("");
    for sdk in [2, 3, 7] {
        let (_app, server) = kit(sdk, &format!("\"{address}\""));
        let ask = |what: &str, key: &str, body: &str| {
            let answer = server.post(&format!("/redis/{what}?address={address}&key={key}{sdk}"), body);
            answer.said().1.trim().to_owned()
        };
        assert_eq!(ask("get", "k", ""), "none");
        assert_eq!(ask("set", "k", "v"), "set");
        assert_eq!(ask("get", "k", ""), "v");
        assert_eq!((ask("incr", "n", ""), ask("incr", "n", "")), ("1".into(), "2".into()));
        assert_eq!(ask("sadd", "s", "a b a"), "2");
        assert_eq!(ask("smembers", "s", ""), "a b");
        assert_eq!(ask("srem", "s", "a"), "1");
        assert_eq!(ask("publish", "c", "hello"), "published");
        assert_eq!(ask("del", "", &format!("k{sdk} n{sdk} s{sdk}")), "3");
        assert!(ask("execute", "", "PING").contains("PONG"));
        ask("set", "t", "text");
        assert!(ask("incr", "t", "").contains("TypeError"));
        redis.stop();
        let failed = ask("get", "k", "");
        assert!(failed.contains("Other("), "{failed}");
        server.logs(&["warn", "redis://127.0.0.1:"]);
        redis.start_again();
        // It reads what it kept before it answers.
        until(&server, |_| ask("get", "k", "") == "none");
    }
}

#[test]
fn a_server_that_was_not_granted_is_none() {
    let Some(redis) = servers::redis() else { return };
    let Some(broker) = servers::mosquitto() else { return };
    let (_app, server) = kit(3, "\"redis://elsewhere.example:6379\"");
    let refused = server.post(&format!("/redis/get?address={}&key=k", redis.url("")), "");
    assert!(refused.said().1.contains("InvalidAddress"), "{refused:?}");
    let refused = server.post(&format!("/mqtt?address={}?client_id=x&topic=t", broker.url("")), "m");
    assert!(refused.said().1.contains("is not permitted"), "{refused:?}");
    let nonsense = server.post("/redis/get?address=nonsense&key=k", "");
    assert!(nonsense.said().1.contains("InvalidAddress"), "{nonsense:?}");
}

#[test]
fn messages_are_published_to_a_broker_that_was_granted() {
    let Some(mut broker) = servers::mosquitto() else { return };
    let address = broker.url("");
    for sdk in [3, 7] {
        let (_app, server) = kit(sdk, &format!("\"{address}\""));
        let publish = || server.post(&format!("/mqtt?address={address}&topic=t"), "m").said().1.trim().to_owned();
        assert_eq!(publish(), "published");
        broker.stop();
        let failed = publish();
        assert!(failed.contains("ConnectionFailed"), "{failed}");
        broker.start_again();
        assert_eq!(publish(), "published");
    }
}
