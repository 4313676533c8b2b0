//! Guests that are told of messages of MQTT brokers and of moments: functions that they export beside interfaces.
//!
//! Signatures: spinframework/spin-trigger-mqtt, `spin-mqtt.wit`, and spinframework/spin-trigger-cron, `cron.wit`. Both
//! spell their errors alike.

mod cron;
mod mqtt;

use holm_abi::{Entry, Error, Kind, Result};
use holm_wasi::Linked;
use wasmtime::component::{ComponentType, Lift};

/// Where the types of these functions are. They have no functions.
pub(crate) const TYPES: [&str; 3] =
    ["spin:mqtt-trigger/spin-mqtt-types@3.0.0", "spin:mqtt-trigger/spin-mqtt-types", "fermyon:spin-cron/cron-types@2.0.0"];

/// The ways to tell this component of events, if it takes any.
pub(crate) fn entries(linked: &Linked) -> Vec<Entry> {
    [mqtt::entry(linked), cron::entry(linked)].into_iter().flatten().collect()
}

/// Why a guest says that it failed.
#[derive(ComponentType, Lift)]
#[component(variant)]
enum Failure {
    #[component(name = "other")]
    Other(String),
}

/// The most bytes of what a guest says about its failure that go into a log.
const MAX_WORDS: usize = 4 << 10;

fn told(answer: std::result::Result<(), Failure>, name: &str) -> Result<()> {
    answer.map_err(|Failure::Other(why)| {
        let words = &why[..why.floor_char_boundary(MAX_WORDS)];
        Error::new(Kind::Failed, format!("{name} says that it failed: {words}"))
    })
}
