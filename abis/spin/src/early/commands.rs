//! Commands to Redis servers, and what these answer.

use std::net::IpAddr;
use std::sync::Arc;

use holm_grants::Ask;
use holm_services::dial::Permits;
use holm_services::redis::{Argument, RedisAddress, RedisConnection, RedisError, Reply as Part};

use super::servers::Opened;
use super::state::State;

/// A command.
pub(super) enum Command {
    Publish { channel: String, payload: Vec<u8> },
    Get { key: String },
    Set { key: String, value: Vec<u8> },
    Incr { key: String },
    Del { keys: Vec<String> },
    Sadd { key: String, values: Vec<String> },
    Smembers { key: String },
    Srem { key: String, values: Vec<String> },
    Execute { name: String, arguments: Vec<Argument> },
}

/// What a server answers.
pub(super) enum Reply {
    Nothing,
    Number(i64),
    Bytes(Vec<u8>),
    Texts(Vec<String>),
    Parts(Vec<Part>),
}

/// Has the server at this address do something. `None`: it did not, and the interface has no words for why.
pub(super) async fn ask(state: &mut State, address: &str, command: Command) -> Option<Reply> {
    let connection = connection(state, address).await?;
    run(&connection, command).await.ok()
}

async fn run(it: &RedisConnection, command: Command) -> Result<Reply, RedisError> {
    Ok(match command {
        Command::Publish { channel, payload } => it.publish(&channel, &payload).await.map(|()| Reply::Nothing)?,
        // What is not there has no bytes.
        Command::Get { key } => Reply::Bytes(it.get(&key).await?.unwrap_or_default()),
        Command::Set { key, value } => it.set(&key, &value).await.map(|()| Reply::Nothing)?,
        Command::Incr { key } => Reply::Number(it.incr(&key).await?),
        Command::Del { keys } => Reply::Number(it.del(&keys).await?.into()),
        Command::Sadd { key, values } => Reply::Number(it.sadd(&key, &values).await?.into()),
        Command::Smembers { key } => Reply::Texts(it.smembers(&key).await?),
        Command::Srem { key, values } => Reply::Number(it.srem(&key, &values).await?.into()),
        Command::Execute { name, arguments } => Reply::Parts(it.execute(&name, &arguments).await?),
    })
}

/// The guest's connection to the server at this address, which it keeps until it ends.
async fn connection(state: &mut State, text: &str) -> Option<Arc<RedisConnection>> {
    if let Some(Opened::Redis(connection)) = state.servers.get(text) {
        return Some(Arc::clone(connection));
    }
    let shared = Arc::clone(&state.shared);
    let address: RedisAddress = text.parse().ok()?;
    let (scheme, port, grants) = (address.scheme(), address.port(), Arc::clone(&shared.host.grants));
    let host = address.host().trim_start_matches('[').trim_end_matches(']').to_owned();
    if !grants.allows_outbound(scheme, &host, port) {
        shared.host.audit.denied(Ask::outbound(scheme, &host, port));
        return None;
    }
    let permits = Permits::new(move |ip: IpAddr| grants.allows_outbound_at(scheme, &host, port, ip));
    let (lent, counted) = (shared.lent().ok()?, shared.count().ok()?);
    let connection = Arc::new(lent.servers.redis.open(&address, permits).await.ok()?);
    state.servers.keep(text, Opened::Redis(Arc::clone(&connection)), counted);
    Some(connection)
}
