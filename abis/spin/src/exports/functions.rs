//! What functions have in common that components export beside all interfaces, to be told of messages of MQTT brokers and of
//! moments.
//!
//! Signatures: spinframework/spin-trigger-mqtt, `spin-mqtt.wit`, and spinframework/spin-trigger-cron, `cron.wit`. Both
//! spell their errors alike.

use holm_abi::{Error, Kind, Result};
use wasmtime::component::{ComponentType, Lift};

/// Where the types of these functions are. They have no functions.
pub(crate) const TYPES: [&str; 3] = [
    "spin:mqtt-trigger/spin-mqtt-types@3.0.0",
    "spin:mqtt-trigger/spin-mqtt-types",
    "fermyon:spin-cron/cron-types@2.0.0",
];

/// Why a guest says that it failed.
#[derive(ComponentType, Lift)]
#[component(variant)]
pub(super) enum Failure {
    #[component(name = "other")]
    Other(String),
}

/// The most bytes of what a guest says about its failure that go into a log.
const MAX_WORDS: usize = 4 << 10;

/// What a guest's answer is for us.
pub(super) fn told(answer: std::result::Result<(), Failure>, name: &str) -> Result<()> {
    answer.map_err(|Failure::Other(why)| {
        let words = &why[..why.floor_char_boundary(MAX_WORDS)];
        Error::new(Kind::Failed, format!("{name}: it could not handle the event: {words}"))
    })
}
