use std::path::Path;
use std::process::Command;
use std::time::Duration;

use holm_services::dial::Permits;
use holm_services::mqtt::{MqttAddress, MqttConnection, MqttError, MqttMessage, MqttServers, MqttSubscription, Qos};

use crate::servers::{self, Server};
use crate::{noted, until_it_works};

fn address(server: &Server) -> MqttAddress {
    server.url("?client_id=guest").parse().unwrap()
}

fn open(servers: &MqttServers, server: &Server) -> MqttConnection {
    servers.open(&address(server), "", "", 30, Permits::all()).unwrap()
}

async fn listen(server: &Server, topic: &str, qos: Qos) -> MqttSubscription {
    let at: MqttAddress = server.url("").parse().unwrap();
    MqttSubscription::begin(&at, ("", ""), 30, (topic, qos), &Permits::all()).await.unwrap()
}

async fn next(messages: &mut MqttSubscription) -> MqttMessage {
    tokio::time::timeout(Duration::from_secs(20), messages.next()).await.unwrap().unwrap()
}

#[tokio::test]
async fn what_is_published_arrives_whatever_the_quality() {
    let Some(server) = servers::mosquitto() else { return };
    let mut messages = listen(&server, "house/+/warmth", Qos::ExactlyOnce).await;
    let acknowledge = messages.acknowledge();
    let it = open(&MqttServers::default(), &server);
    let large = vec![7; 1 << 20];
    for (qos, payload) in
        [(Qos::AtMostOnce, b"1".to_vec()), (Qos::AtLeastOnce, large.clone()), (Qos::ExactlyOnce, vec![])]
    {
        it.publish("house/hall/warmth".into(), payload.clone(), qos).await.unwrap();
        let message = next(&mut messages).await;
        assert_eq!((message.topic.as_str(), &message.payload), ("house/hall/warmth", &payload));
        acknowledge.done(message).await;
    }
    it.publish("house/hall/light".into(), vec![], Qos::AtLeastOnce).await.unwrap();
    assert!(tokio::time::timeout(Duration::from_millis(50), messages.next()).await.is_err(), "another topic");
}

#[tokio::test]
async fn more_messages_than_a_broker_sends_unacknowledged_all_come() {
    let Some(server) = servers::mosquitto() else { return };
    let mut messages = listen(&server, "t/#", Qos::AtLeastOnce).await;
    let acknowledge = messages.acknowledge();
    let it = open(&MqttServers::default(), &server);
    for number in 0..200_u32 {
        it.publish("t/x".into(), number.to_string().into_bytes(), Qos::AtLeastOnce).await.unwrap();
        let message = next(&mut messages).await;
        assert_eq!(message.payload, number.to_string().into_bytes());
        acknowledge.done(message).await;
    }
}

#[tokio::test]
async fn guests_share_one_session_even_under_one_name() {
    let Some(server) = servers::mosquitto() else { return };
    let servers = MqttServers::default();
    // A broker would end the first session when another of the same name begins.
    let all: Vec<_> = (0..8).map(|_| open(&servers, &server)).collect();
    for round in 0..5 {
        for it in &all {
            it.publish("t".into(), vec![round], Qos::ExactlyOnce).await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_broker_that_went_away_is_told_of_once_and_used_again_when_it_is_back() {
    let Some(mut server) = servers::mosquitto() else { return };
    let (manners, told) = noted();
    let it = open(&MqttServers::new(manners), &server);
    it.publish("t".into(), vec![], Qos::AtLeastOnce).await.unwrap();
    server.stop();
    for qos in [Qos::AtLeastOnce, Qos::AtMostOnce, Qos::ExactlyOnce] {
        // What is sent at most once may be sent to nobody.
        let published = it.publish("t".into(), vec![], qos).await;
        assert!(matches!(published, Err(MqttError::ConnectionFailed(_))) || qos == Qos::AtMostOnce, "{published:?}");
    }
    assert_eq!(told.lock().unwrap().len(), 1, "{told:?}");
    server.start_again();
    until_it_works(async || it.publish("t".into(), vec![], Qos::ExactlyOnce).await).await;
}

#[tokio::test]
async fn what_cannot_be_published_is_an_error_and_harms_nobody_else() {
    let Some(server) = servers::mosquitto() else { return };
    let it = open(&MqttServers::default(), &server);
    for (topic, payload) in [("t/#", vec![]), ("", vec![]), ("t", vec![0; 17 << 20])] {
        let published = it.publish(topic.into(), payload, Qos::AtLeastOnce).await;
        assert!(matches!(published, Err(MqttError::Other(_))), "{topic}: {published:?}");
    }
    it.publish("t".into(), vec![], Qos::AtLeastOnce).await.unwrap();
}

#[tokio::test]
async fn an_address_that_may_not_be_dialled_is_not() {
    let Some(server) = servers::mosquitto() else { return };
    let never = || Permits::new(|_| false);
    let servers = MqttServers::default();
    let it = servers.open(&address(&server), "", "", 0, never()).unwrap();
    assert!(matches!(it.publish("t".into(), vec![], Qos::AtMostOnce).await, Err(MqttError::ConnectionFailed(_))));
    open(&servers, &server).publish("t".into(), vec![], Qos::AtLeastOnce).await.unwrap();
}

#[tokio::test]
async fn a_password_opens_the_door_and_is_in_no_message() {
    let Some(server) = servers::mosquitto_with(|folder| with_password(folder, "ann:hunter2")) else { return };
    let servers = MqttServers::default();
    let publish = async |password: &str| {
        let it = servers.open(&address(&server), "ann", password, 0, Permits::all()).unwrap();
        it.publish("t".into(), vec![], Qos::AtLeastOnce).await
    };
    publish("hunter2").await.unwrap();
    let error = publish("wrong-secret").await.unwrap_err().to_string();
    assert!(error.contains("does not accept the user and password") && !error.contains("wrong-secret"), "{error}");
}

fn with_password(folder: &Path, user: &str) -> String {
    let file = folder.join("passwords");
    std::fs::write(&file, format!("{user}\n")).unwrap();
    assert!(Command::new("mosquitto_passwd").arg("-U").arg(&file).status().unwrap().success());
    format!("allow_anonymous false\npassword_file {}\n", file.display())
}
