//! Redis servers: `fermyon:spin/redis`, `fermyon:spin/redis@2.0.0` and `spin:redis/redis@3.0.0`.
//!
//! Signatures and which error is which: spinframework/spin, `wit/deps/spin@unversioned/redis.wit`,
//! `wit/deps/spin@2.0.0/redis.wit`, `wit/deps/spin-redis@3.0.0/redis.wit`, `crates/factor-outbound-redis/src/host.rs`.

mod connection;
mod v1;

use std::sync::Arc;

use holm_grants::Ask;
use holm_services::dial::Permits;
use holm_services::redis::{Argument, RedisAddress, RedisConnection, RedisError, Reply};
use holm_services::servers::Servers;
use holm_wasi::State;
use wasmtime::component::{ComponentType, Lift, Lower};

pub(crate) use connection::{V2, V3, link_v2, link_v3};
pub(crate) use v1::{NAME as V1, TYPES, link as link_v1};

/// The error of the interface since 2.0.0.
#[derive(Debug, Clone, PartialEq, Eq, ComponentType, Lift, Lower)]
#[component(variant)]
enum Error {
    #[component(name = "invalid-address")]
    InvalidAddress,
    #[component(name = "too-many-connections")]
    TooManyConnections,
    #[component(name = "type-error")]
    Type,
    #[component(name = "other")]
    Other(String),
}

impl From<RedisError> for Error {
    fn from(error: RedisError) -> Self {
        match error {
            RedisError::InvalidAddress => Self::InvalidAddress,
            RedisError::TooManyConnections => Self::TooManyConnections,
            RedisError::Type => Self::Type,
            RedisError::Other(why) => Self::Other(why),
        }
    }
}

/// An argument of a command.
#[derive(ComponentType, Lift)]
#[component(variant)]
enum Parameter {
    #[component(name = "int64")]
    Int64(i64),
    #[component(name = "binary")]
    Binary(Vec<u8>),
}

/// A part of an answer.
#[derive(ComponentType, Lower)]
#[component(variant)]
enum Answered {
    #[component(name = "nil")]
    Nil,
    #[component(name = "status")]
    Status(String),
    #[component(name = "int64")]
    Int64(i64),
    #[component(name = "binary")]
    Binary(Vec<u8>),
}

impl From<Reply> for Answered {
    fn from(reply: Reply) -> Self {
        match reply {
            Reply::Nil => Self::Nil,
            Reply::Status(text) => Self::Status(text),
            Reply::Int(number) => Self::Int64(number),
            Reply::Binary(bytes) => Self::Binary(bytes),
        }
    }
}

async fn execute(
    connection: &RedisConnection,
    command: &str,
    parameters: Vec<Parameter>,
) -> Result<Vec<Answered>, RedisError> {
    let argument = |parameter| match parameter {
        Parameter::Int64(number) => Argument::Int(number),
        Parameter::Binary(bytes) => Argument::Binary(bytes),
    };
    let arguments: Vec<_> = parameters.into_iter().map(argument).collect();
    let replies = connection.execute(command, &arguments).await?;
    Ok(replies.into_iter().map(Answered::from).collect())
}

/// A server that the guest may reach.
struct Granted {
    servers: Arc<Servers>,
    address: RedisAddress,
    permits: Permits,
}

/// The server at an address, if the guest was granted that.
fn granted(state: &State, address: &str) -> Result<Granted, Error> {
    let address: RedisAddress = address.parse()?;
    let (scheme, host, port) = (address.scheme(), address.host(), address.port());
    if !state.grants().allows_outbound(scheme, host, port) {
        state.refuse(Ask::outbound(scheme, host, port));
        return Err(Error::InvalidAddress);
    }
    // A host without anything to lend reaches no servers.
    let lent = state.lent().ok_or(Error::InvalidAddress)?;
    let permits = Permits::new(state.may_dial(scheme, host, port));
    Ok(Granted { servers: Arc::clone(&lent.servers), permits, address })
}

impl Granted {
    async fn open(self) -> Result<RedisConnection, Error> {
        Ok(self.servers.redis.open(&self.address, self.permits).await?)
    }
}
