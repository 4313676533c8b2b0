//! Where stores are.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used)]

use holm_manifest::{App, Backend};
use std::path::{Path, PathBuf};

#[test]
fn a_store_is_where_its_name_says_and_else_embedded() {
    let text = r#"
        holm = 1
        [services]
        kv.default = "redis://127.0.0.1"
        kv.sessions = "sqlite:./stores/s.db"
        [services.blob]
        default = "nats://nats.example:4333/images"
        scratch = "memory"
    "#;
    let services = App::parse(text, Path::new("app/holm.toml")).unwrap().services;
    assert_eq!(services.kv("default").to_string(), "redis://127.0.0.1:6379/0");
    assert_eq!(services.kv("sessions"), &Backend::Sqlite(PathBuf::from("app/stores/s.db")));
    assert_eq!(services.kv("other"), &Backend::Embedded);
    assert_eq!(services.blob("default").to_string(), "nats://nats.example:4333/images");
    assert_eq!(services.blob("scratch"), &Backend::Memory);
    assert_eq!(services.blob("sessions"), &Backend::Embedded);
}

#[test]
fn a_server_has_an_address_and_may_ask_for_a_password() {
    let Ok(Backend::Redis { server, database }) = "rediss://ann:p%40s%3As@Redis.example:7000/2".parse() else {
        panic!()
    };
    assert_eq!((server.tls, server.host.as_str(), server.port, database), (true, "redis.example", 7000, 2));
    assert_eq!((server.user.as_deref(), server.password.unwrap().expose()), (Some("ann"), "p@s:s"));

    let Ok(Backend::Nats { server, bucket }) = "tls://t0ken@[::1]".parse() else { panic!() };
    assert_eq!((server.tls, server.host.as_str(), server.port, bucket), (true, "[::1]", 4222, None));
    assert_eq!((server.user, server.password.unwrap().expose()), (None, "t0ken"));
}

#[test]
fn a_password_is_shown_to_nobody() {
    let backend: Backend = "redis://ann:hunter2@redis.example/1".parse().unwrap();
    assert_eq!(backend.to_string(), "redis://ann:***@redis.example:6379/1");
    assert!(!format!("{backend:?}").contains("hunter2"));
    for text in [
        "redis://:hunter2@redis.example:0",
        "redis://:hunter2@redis.example:x",
        "postgres://ann:hunter2@db.example",
        "redis://ann:hunter2@/1",
        "redis://ann:hunter2/x@y z",
        "redis:ann:hunter2@y",
        "nats://hunter2@nats.example/not a bucket",
    ] {
        let told = text.parse::<Backend>().unwrap_err().to_string();
        assert!(!told.contains("hunter2"), "{told}");
    }
}

#[test]
fn complaints_say_what_to_write_instead() {
    for (text, why) in [
        ("", "it begins with redis://"),
        ("postgres://db.example", "it begins with redis://"),
        ("Redis", "it begins with redis://"),
        ("redis://", "is not a URL"),
        ("redis://:6379", "it names no host"),
        ("redis://h:", "a number from 1 to 65535"),
        ("redis://h:0", "a number from 1 to 65535"),
        ("redis://h:65536", "a number from 1 to 65535"),
        ("redis://h/x", "the number of a database"),
        ("redis://h/-1", "the number of a database"),
        ("redis://h/+1", "the number of a database"),
        ("redis://h?x=1", "settings after"),
        ("redis://%ff:x@h", "not UTF-8"),
        ("nats://h/a.b", "a bucket's name"),
        ("sqlite:", "the file is missing"),
        ("sqlite:///srv/x", "without slashes in front"),
        ("sqlite::memory:", "write `memory`"),
    ] {
        let told = text.parse::<Backend>().unwrap_err().to_string();
        assert!(told.contains(why), "{text}: {told}");
    }
}
