use holm_services::dial::Permits;
use holm_services::mqtt::{MqttServers, Qos};

use crate::app::{App, component};
use crate::server;
use crate::servers::{self, Server};

fn app(broker: &Server, file: &str) -> App {
    let settings = format!(
        "[application.trigger.mqtt]\naddress = \"{}\"\nusername = \"\"\npassword = \"\"\nkeep_alive_interval = \"30\"\n",
        broker.url("")
    );
    let trigger = "[[trigger.mqtt]]\ntopic = \"house/+/warmth\"\nqos = \"1\"\ncomponent = \"told\"\n";
    App::new(&[file], &format!("{settings}{trigger}{}", component("told", file, "")))
}

fn publish(broker: &Server, topic: &str, message: &str) {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let address = broker.url("").parse().unwrap();
    runtime.block_on(async {
        let it = MqttServers::default().open(&address, "", "", 0, Permits::all()).unwrap();
        it.publish(topic.to_owned(), message.as_bytes().to_vec(), Qos::AtLeastOnce).await.unwrap();
    });
}

#[test]
fn messages_reach_guests_with_their_topic() {
    let Some(broker) = servers::mosquitto() else { return };
    for file in ["spin-events.wasm", "spin-events-async.wasm"] {
        let server = app(&broker, file).serve();
        server.logs(&["mqtt://", "is listened to"]);
        publish(&broker, "house/hall/light", "nobody");
        publish(&broker, "house/hall/warmth", "21");
        server.logs(&["told: house/hall/warmth 21"]);
        server.logs(&["MQTT 127.0.0.1:", "/house/hall/warmth 200"]);
        publish(&broker, "house/attic/warmth", "fail");
        server.logs(&["it was told to fail"]);
        publish(&broker, "house/attic/warmth", "22");
        server.logs(&["told: house/attic/warmth 22"]);
        assert!(!server.log().contains("nobody"));
    }
}

#[test]
fn a_guest_that_traps_or_never_ends_takes_the_next_message() {
    let Some(broker) = servers::mosquitto() else { return };
    let app = app(&broker, "spin-events.wasm");
    let server = server::start(app.command().args(["--cpu", "200ms"]));
    server.logs(&["is listened to"]);
    for (message, failure) in [("trap", "failed=trap"), ("loop", "failed=cpu")] {
        publish(&broker, "house/hall/warmth", message);
        server.logs(&["MQTT", "/house/hall/warmth 50", failure]);
    }
    publish(&broker, "house/hall/warmth", "21");
    server.logs(&["told: house/hall/warmth 21"]);
}

#[test]
fn a_broker_that_comes_back_is_listened_to_again() {
    let Some(mut broker) = servers::mosquitto() else { return };
    let server = app(&broker, "spin-events.wasm").serve();
    server.logs(&["is listened to"]);
    broker.stop();
    server.logs(&["warn", "mqtt://", "cannot be listened to"]);
    broker.start_again();
    server.logs(&["mqtt://", "is back"]);
    publish(&broker, "house/hall/warmth", "21");
    server.logs(&["told: house/hall/warmth 21"]);
}
