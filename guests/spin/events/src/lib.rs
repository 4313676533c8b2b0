//! Told of a message of an MQTT broker or of a moment, prints it. At the message `fail` it says that it failed, at `trap` it
//! traps, at `loop` it computes for ever.

wit_bindgen::generate!({ world: "events", path: "wit", generate_all });

struct Events;

impl Guest for Events {
    fn handle_message(message: Vec<u8>, metadata: MqttMetadata) -> Result<(), MqttError> {
        let text = String::from_utf8_lossy(&message);
        println!("told: {} {text}", metadata.topic);
        match &*text {
            "fail" => Err(MqttError::Other("it was told to fail".into())),
            "trap" => panic!("it was told to trap"),
            "loop" => loop {
                std::hint::black_box(&message);
            },
            _ => Ok(()),
        }
    }

    fn handle_cron_event(moment: CronMetadata) -> Result<(), CronError> {
        println!("told: {}", moment.timestamp);
        Ok(())
    }
}

export!(Events);
