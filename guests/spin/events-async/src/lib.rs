//! Told of a message of an MQTT broker, prints it: as `events`, through the interface of today, whose function is
//! asynchronous.

wit_bindgen::generate!({ world: "events", path: "wit", generate_all });

struct Events;

impl Guest for Events {
    async fn handle_message(message: Vec<u8>, metadata: Metadata) -> Result<(), Error> {
        println!("told: {} {}", metadata.topic, String::from_utf8_lossy(&message));
        if message == b"fail" {
            return Err(Error::Other("it was told to fail".into()));
        }
        Ok(())
    }
}

export!(Events);
