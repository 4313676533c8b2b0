use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;

use rustix::process::Signal;

use crate::app::{App, component, until};
use crate::servers::{self, Server};

fn trigger(server: &Server, channel: &str, component: &str) -> String {
    format!(
        "[[trigger.redis]]\naddress = \"{}\"\nchannel = \"{channel}\"\ncomponent = \"{component}\"\n",
        server.url("")
    )
}

/// Publishes a word, and answers how many heard it.
fn publish(server: &Server, channel: &str, message: &str) -> u32 {
    let url = server.url("");
    let mut stream = TcpStream::connect(url.strip_prefix("redis://").unwrap()).unwrap();
    stream.write_all(format!("PUBLISH {channel} {message}\r\n").as_bytes()).unwrap();
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).unwrap();
    line.trim().trim_start_matches(':').parse().unwrap()
}

#[test]
fn messages_reach_guests_of_every_sdk_beside_requests() {
    let Some(redis) = servers::redis() else { return };
    for file in ["spin-sdk2-redis.wasm", "spin-sdk3-redis.wasm", "spin-sdk7-redis.wasm"] {
        let (told, web) = (component("told", file, ""), component("web", "spin-sdk3-hello.wasm", ""));
        let route = "[[trigger.http]]\nroute = \"/...\"\ncomponent = \"web\"\n";
        let app = App::new(
            &[file, "spin-sdk3-hello.wasm"],
            &format!("{}{route}{told}{web}", trigger(&redis, "orders", "told")),
        );
        let server = app.serve();
        server.logs(&["redis://", "is listened to"]);
        assert_eq!(publish(&redis, "orders", "hello"), 1);
        server.logs(&["told: hello"]);
        server.logs(&["REDIS 127.0.0.1:", "/orders 200"]);
        publish(&redis, "orders", "fail");
        server.logs(&["could not handle the message"]);
        server.logs(&["REDIS 127.0.0.1:", "/orders 502", "failed="]);
        publish(&redis, "orders", "again");
        server.logs(&["told: again"]);
        assert_eq!(server.get("/").said(), (200, "Hello from the edge!"));
    }
}

#[test]
fn a_server_that_comes_back_is_listened_to_again() {
    let Some(mut redis) = servers::redis() else { return };
    let file = "spin-sdk3-redis.wasm";
    let app = App::new(&[file], &format!("{}{}", trigger(&redis, "orders", "told"), component("told", file, "")));
    let server = app.serve();
    server.logs(&["is listened to"]);
    redis.stop();
    server.logs(&["warn", "redis://", "cannot be listened to"]);
    redis.start_again();
    server.logs(&["redis://", "is back"]);
    publish(&redis, "orders", "hello");
    server.logs(&["told: hello"]);
    assert_eq!(server.log().matches("cannot be listened to").count(), 1, "it is said once");
}

#[test]
fn no_message_is_lost_while_an_app_is_replaced() {
    let Some(redis) = servers::redis() else { return };
    let file = "spin-sdk3-redis.wasm";
    let manifest = |value: &str, more: &str| {
        let environment = format!("environment = {{ VALUE = \"{value}\" }}");
        format!("{}{more}{}", trigger(&redis, "orders", "told"), component("told", file, &environment))
    };
    let app = App::new(&[file], &manifest("first", ""));
    let server = app.serve();
    server.logs(&["is listened to"]);
    for number in 0..300 {
        if number == 100 {
            app.write(&manifest("second", &trigger(&redis, "more", "told")));
            server.signal(Signal::HUP);
        }
        assert_eq!(publish(&redis, "orders", &format!("n{number}.")), 1);
        if number == 150 {
            server.logs(&["replaced: told"]);
        }
    }
    until(&server, |log| (0..300).all(|number| log.contains(&format!("told: n{number}."))));
    // The new version's channel is heard over the same connection.
    until(&server, |_| publish(&redis, "more", "new") == 1);
    server.logs(&["told: new"]);
    assert_eq!(server.log().matches("is listened to").count(), 1);
}

#[test]
fn what_cannot_be_told_of_messages_is_said_before_anything_is_served() {
    let Some(redis) = servers::redis() else { return };
    let file = "spin-sdk3-hello.wasm";
    let app = App::new(&[file], &format!("{}{}", trigger(&redis, "orders", "told"), component("told", file, "")));
    let said = app.command().fails(125);
    assert!(said.contains("waits for messages on Redis channels, and exports no function"), "{said}");
}

#[test]
fn a_server_that_is_told_to_stop_ends_while_it_listens() {
    let Some(redis) = servers::redis() else { return };
    let file = "spin-sdk3-redis.wasm";
    let app = App::new(&[file], &format!("{}{}", trigger(&redis, "orders", "told"), component("told", file, "")));
    let server = app.serve();
    server.logs(&["is listened to"]);
    publish(&redis, "orders", "last");
    server.logs(&["told: last"]);
    server.signal(Signal::TERM);
    let (code, log) = server.ends();
    assert_eq!(code, Some(0), "{log}");
    assert_eq!(publish(&redis, "orders", "nobody"), 0);
}
