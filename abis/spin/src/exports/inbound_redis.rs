//! `fermyon:spin/inbound-redis` and `spin:redis/inbound-redis@3.0.0`: messages on a channel.
//!
//! Source: spinframework/spin, `wit/deps/spin@unversioned/inbound-redis.wit`, `wit/deps/spin-redis@3.0.0/redis.wit`,
//! `crates/trigger-redis/src/lib.rs`.

use std::sync::Arc;

use async_trait::async_trait;
use holm_abi::{Entry, Error, Event, Events, Exchange, Kind, Result};
use holm_wasi::{Export, Linked};
use wasmtime::component::{ComponentType, Lift};

const V1: &str = "fermyon:spin/inbound-redis";
const V3: &str = "spin:redis/inbound-redis@3.0.0";

struct Handler {
    linked: Linked,
    export: Export,
    version: Version,
}

#[derive(Clone, Copy)]
enum Version {
    V1,
    V3,
}

/// Of the interface without a version, which says no more.
#[derive(Clone, Copy, Debug, ComponentType, Lift)]
#[component(enum)]
#[repr(u8)]
#[expect(dead_code, reason = "these are the cases guests know")]
enum ErrorV1 {
    #[component(name = "success")]
    Success,
    #[component(name = "error")]
    Error,
}

#[derive(Clone, Debug, ComponentType, Lift)]
#[component(variant)]
enum ErrorV3 {
    #[component(name = "invalid-address")]
    InvalidAddress,
    #[component(name = "too-many-connections")]
    TooManyConnections,
    #[component(name = "type-error")]
    TypeError,
    #[component(name = "other")]
    Other(String),
}

pub(super) fn entry(linked: &Linked) -> Option<Entry> {
    // Of two, the newer.
    let found = [(V3, Version::V3), (V1, Version::V1)];
    let (export, version) = found
        .into_iter()
        .find_map(|(interface, version)| Some((linked.export(interface, "handle-message")?, version)))?;
    Some(Entry::Events(Arc::new(Handler { linked: linked.clone(), export, version })))
}

#[async_trait]
impl Events for Handler {
    fn takes(&self, event: &Event) -> bool {
        matches!(event, Event::Redis { .. })
    }

    async fn handle(&self, event: Event, exchange: Exchange) -> Result<()> {
        let Event::Redis { payload, .. } = event else {
            return Err(Error::new(Kind::Internal, "a guest was told of what it does not take"));
        };
        let Self { linked, export, version } = self;
        let why = match version {
            Version::V1 => {
                let (told,) = linked.call::<_, (Result<(), ErrorV1>,)>(export, &exchange, (payload,)).await?;
                told.err().map(|_| "it could not handle the message".to_owned())
            }
            Version::V3 => {
                let (told,) = linked.call::<_, (Result<(), ErrorV3>,)>(export, &exchange, (payload,)).await?;
                told.err().map(|error| format!("it could not handle the message: {}", words(&error)))
            }
        };
        match why {
            None => Ok(()),
            Some(why) => Err(Error::new(Kind::Failed, format!("{}: {why}", linked.name()))),
        }
    }
}

fn words(error: &ErrorV3) -> &str {
    match error {
        ErrorV3::InvalidAddress => "invalid address",
        ErrorV3::TooManyConnections => "too many connections",
        ErrorV3::TypeError => "type error",
        ErrorV3::Other(why) => why,
    }
}
