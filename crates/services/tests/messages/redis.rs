use std::net::IpAddr;
use std::time::Duration;

use holm_services::dial::Permits;
use holm_services::redis::{Argument, RedisAddress, RedisConnection, RedisError, RedisServers, Reply, Subscription};

use crate::servers::{self, Server};
use crate::{noted, until_it_works};

fn address(text: &str) -> RedisAddress {
    text.parse().unwrap()
}

async fn open(servers: &RedisServers, server: &Server) -> RedisConnection {
    servers.open(&address(&server.url("")), Permits::all()).await.unwrap()
}

fn words(words: &[&str]) -> Vec<Argument> {
    words.iter().map(|word| Argument::Binary(word.as_bytes().to_vec())).collect()
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

#[tokio::test]
async fn every_command_does_what_its_name_says() {
    let Some(server) = servers::redis() else { return };
    let it = open(&RedisServers::default(), &server).await;
    assert_eq!(it.get("k").await.unwrap(), None);
    it.set("k", b"\0v").await.unwrap();
    assert_eq!(it.get("k").await.unwrap().unwrap(), b"\0v");
    assert_eq!((it.incr("n").await.unwrap(), it.incr("n").await.unwrap()), (1, 2));
    assert_eq!(it.del(&texts(&["k", "n", "other"])).await.unwrap(), 2);
    assert_eq!(it.sadd("s", &texts(&["a", "b", "a"])).await.unwrap(), 2);
    let mut members = it.smembers("s").await.unwrap();
    members.sort();
    assert_eq!(members, ["a", "b"]);
    assert_eq!(it.srem("s", &texts(&["a", "c"])).await.unwrap(), 1);
    it.publish("nobody", b"hears").await.unwrap();
    assert_eq!(it.execute("set", &words(&["k", "v"])).await.unwrap(), [Reply::Status("OK".into())]);
    let binary = |text: &str| Reply::Binary(text.as_bytes().to_vec());
    assert_eq!(it.execute("mget", &words(&["k", "no"])).await.unwrap(), [binary("v"), Reply::Nil]);
    assert_eq!(
        it.execute("INCRBY", &[words(&["n"]), vec![Argument::Int(-7)]].concat()).await.unwrap(),
        [Reply::Int(-7)]
    );
}

#[tokio::test]
async fn what_is_of_another_type_and_what_the_server_refuses_are_errors_of_their_own() {
    let Some(server) = servers::redis() else { return };
    let it = open(&RedisServers::default(), &server).await;
    it.set("text", b"v").await.unwrap();
    it.execute("sadd", &[words(&["bytes"]), vec![Argument::Binary(vec![255])]].concat()).await.unwrap();
    assert_eq!(it.incr("text").await, Err(RedisError::Type));
    assert_eq!(it.sadd("text", &texts(&["a"])).await, Err(RedisError::Type));
    assert_eq!(it.get("bytes").await, Err(RedisError::Type));
    assert_eq!(it.smembers("bytes").await, Err(RedisError::Type));
    for (command, arguments, why) in [("del", &[][..], "wrong number"), ("nonsense", &["a"], "unknown command")] {
        let Err(RedisError::Other(words)) = it.execute(command, &words(arguments)).await else { panic!("{command}") };
        assert!(words.contains(why), "{words}");
    }
}

#[tokio::test]
async fn a_transaction_has_a_connection_of_its_own() {
    let Some(server) = servers::redis() else { return };
    let servers = RedisServers::default();
    let (one, other) = (open(&servers, &server).await, open(&servers, &server).await);
    one.execute("MULTI", &[]).await.unwrap();
    assert_eq!(one.execute("INCR", &words(&["n"])).await.unwrap(), [Reply::Status("QUEUED".into())]);
    assert_eq!(other.incr("n").await.unwrap(), 1, "what another does is not part of it");
    assert_eq!(one.execute("EXEC", &[]).await.unwrap(), [Reply::Int(2)]);
    other.execute("SELECT", &[Argument::Int(1)]).await.unwrap();
    assert_eq!((other.get("n").await.unwrap(), one.get("n").await.unwrap()), (None, Some(b"2".to_vec())));
}

#[tokio::test]
async fn what_would_make_a_stream_of_a_connection_is_refused() {
    let Some(server) = servers::redis() else { return };
    let it = open(&RedisServers::default(), &server).await;
    for (command, arguments) in [("subscribe", &["c"][..]), ("MONITOR", &[]), ("Client", &["reply", "off"])] {
        assert!(matches!(it.execute(command, &words(arguments)).await, Err(RedisError::Other(_))), "{command}");
    }
    it.set("k", b"v").await.unwrap();
}

#[tokio::test]
async fn an_answer_that_is_too_large_is_an_error_and_the_connection_works_on() {
    let Some(server) = servers::redis() else { return };
    let it = open(&RedisServers::default(), &server).await;
    it.execute("SETRANGE", &[words(&["k"]), vec![Argument::Int(33 << 20)], words(&["x"])].concat()).await.unwrap();
    let Err(RedisError::Other(words)) = it.get("k").await else { panic!("it was given") };
    assert!(words.contains("exceeds limit"), "{words}");
    assert_eq!(it.incr("n").await.unwrap(), 1);
}

#[tokio::test]
async fn a_server_that_went_away_is_told_of_once_and_used_again_when_it_is_back() {
    let Some(mut server) = servers::redis() else { return };
    let (manners, told) = noted();
    let servers = RedisServers::new(manners);
    let it = open(&servers, &server).await;
    it.set("k", b"v").await.unwrap();
    server.stop();
    for _ in 0..3 {
        let Err(RedisError::Other(words)) = it.get("k").await else { panic!("nobody is there") };
        assert!(words.contains("127.0.0.1"), "{words}");
    }
    assert!(servers.open(&address(&server.url("")), Permits::all()).await.is_err());
    assert_eq!(told.lock().unwrap().len(), 1, "{told:?}");
    server.start_again();
    assert_eq!(until_it_works(async || it.get("k").await).await.unwrap(), b"v");
}

#[tokio::test]
async fn an_address_that_may_not_be_dialled_is_not_even_if_another_guest_has_dialled_it() {
    let Some(server) = servers::redis() else { return };
    let servers = RedisServers::default();
    let never = || Permits::new(|_: IpAddr| false);
    let refused = servers.open(&address(&server.url("")), never()).await;
    assert_eq!(refused.err(), Some(RedisError::InvalidAddress));
    let it = open(&servers, &server).await;
    it.set("k", b"v").await.unwrap();
    assert_eq!(servers.open(&address(&server.url("")), never()).await.err(), Some(RedisError::InvalidAddress));
}

#[tokio::test]
async fn a_password_opens_the_door_and_is_in_no_message() {
    let Some(server) = servers::redis_with(&["--requirepass", "hunter2"]) else { return };
    let servers = RedisServers::default();
    let with = |password: &str| address(&server.url("").replace("redis://", &format!("redis://:{password}@")));
    servers.open(&with("hunter2"), Permits::all()).await.unwrap().set("k", b"v").await.unwrap();
    let error = servers.open(&with("wrong-secret"), Permits::all()).await.err().unwrap().to_string();
    assert!(error.contains("does not accept") && !error.contains("wrong-secret"), "{error}");
    let mut messages = Subscription::begin(&with("hunter2"), &texts(&["c"]), &Permits::all()).await.unwrap();
    let publisher = servers.open(&with("hunter2"), Permits::all()).await.unwrap();
    publisher.publish("c", b"in").await.unwrap();
    assert_eq!(messages.next().await.unwrap().payload, b"in");
    let error = Subscription::begin(&with("wrong-secret"), &texts(&["c"]), &Permits::all()).await.err().unwrap();
    assert!(error.contains("refused") && !error.contains("wrong-secret"), "{error}");
}

#[tokio::test]
async fn messages_of_several_channels_come_in_order_and_the_end_is_told() {
    let Some(mut server) = servers::redis() else { return };
    let at = address(&server.url(""));
    let mut messages = Subscription::begin(&at, &texts(&["a", "b"]), &Permits::all()).await.unwrap();
    let publisher = open(&RedisServers::default(), &server).await;
    let large = vec![7; 1 << 20];
    for (channel, payload) in [("a", &b"1"[..]), ("b", &large), ("c", b"not for us"), ("a", b"")] {
        publisher.publish(channel, payload).await.unwrap();
    }
    for (channel, payload) in [("a", &b"1"[..]), ("b", &large), ("a", b"")] {
        let message = messages.next().await.unwrap();
        assert_eq!((message.channel.as_str(), message.payload.as_slice()), (channel, payload));
    }
    // Whoever waits and is interrupted loses nothing.
    assert!(tokio::time::timeout(Duration::from_millis(20), messages.next()).await.is_err());
    publisher.publish("a", b"2").await.unwrap();
    assert_eq!(messages.next().await.unwrap().payload, b"2");
    server.stop();
    assert!(messages.next().await.is_err());
    assert!(Subscription::begin(&at, &texts(&["a"]), &Permits::all()).await.is_err());
}
