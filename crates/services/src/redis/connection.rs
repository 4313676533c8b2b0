//! A connection as a guest has it: shared, until it does what changes a connection for all that comes after.

use std::sync::Arc;

use redis::{Cmd, Value};
use tokio::sync::{OnceCell, OwnedSemaphorePermit, Semaphore};

use super::answer::{replies, too_large};
use super::link::{Failure, Link};
use super::{ADVICE, Argument, RedisAddress, RedisError, Reply};
use crate::dial::Permits;
use crate::health::Manners;

/// The most bytes of one answer.
const MAX_ANSWER: u64 = 32 << 20;
/// The most bytes of an answer without values.
const SMALL: u64 = 4 << 10;
/// What the protocol adds to each item of an answer, and to spare.
const FRAME: u64 = 32;

/// Commands after which a connection is not what it was, or that wait for others: who uses one gets a connection of its own.
const OF_ITS_OWN: &[&str] = &[
    "ASKING",
    "AUTH",
    "BLMOVE",
    "BLMPOP",
    "BLPOP",
    "BRPOP",
    "BRPOPLPUSH",
    "BZMPOP",
    "BZPOPMAX",
    "BZPOPMIN",
    "CLIENT",
    "DISCARD",
    "EXEC",
    "HELLO",
    "MULTI",
    "READONLY",
    "READWRITE",
    "RESET",
    "SELECT",
    "UNWATCH",
    "WAIT",
    "WAITAOF",
    "WATCH",
    "XREAD",
    "XREADGROUP",
];
/// Commands that turn a connection into a stream of messages, or silence it, for which guests have no form.
const IMPOSSIBLE: &[&str] = &["MONITOR", "PSUBSCRIBE", "PSYNC", "QUIT", "SSUBSCRIBE", "SUBSCRIBE", "SYNC"];

/// A connection to a Redis server.
pub struct RedisConnection {
    address: RedisAddress,
    permits: Permits,
    manners: Manners,
    shared: Arc<Link>,
    own: OnceCell<Own>,
    places: Arc<Semaphore>,
}

struct Own {
    link: Arc<Link>,
    _place: OwnedSemaphorePermit,
}

impl RedisConnection {
    pub(super) fn new(
        shared: Arc<Link>,
        address: RedisAddress,
        permits: Permits,
        manners: Manners,
        places: &Arc<Semaphore>,
    ) -> Self {
        Self { address, permits, manners, shared, own: OnceCell::new(), places: Arc::clone(places) }
    }

    pub(super) async fn reach(&self) -> Result<(), RedisError> {
        self.shared.reach(&self.permits).await.map_err(|failure| failed(failure, MAX_ANSWER))
    }

    /// Sends a message to whoever listens on a channel.
    ///
    /// # Errors
    /// The server's, or that it cannot be reached.
    pub async fn publish(&self, channel: &str, payload: &[u8]) -> Result<(), RedisError> {
        let mut command = redis::cmd("PUBLISH");
        command.arg(channel).arg(payload);
        self.ask(command, SMALL).await.map(drop)
    }

    /// The value of a key.
    ///
    /// # Errors
    /// [`RedisError::Type`] for a key that holds no string; else as [`RedisConnection::publish`].
    pub async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, RedisError> {
        let mut command = redis::cmd("GET");
        command.arg(key);
        match self.ask(command, MAX_ANSWER + FRAME).await? {
            Value::Nil => Ok(None),
            Value::BulkString(bytes) if bytes.len() as u64 > MAX_ANSWER => Err(too_large(MAX_ANSWER)),
            Value::BulkString(bytes) => Ok(Some(bytes)),
            _ => Err(RedisError::Type),
        }
    }

    /// Sets a key to a value, whatever it held.
    ///
    /// # Errors
    /// As [`RedisConnection::publish`].
    pub async fn set(&self, key: &str, value: &[u8]) -> Result<(), RedisError> {
        let mut command = redis::cmd("SET");
        command.arg(key).arg(value);
        self.ask(command, SMALL).await.map(drop)
    }

    /// Adds one to the number that a key holds, which is 0 for a key that is not there.
    ///
    /// # Errors
    /// [`RedisError::Type`] for a key that holds no number; else as [`RedisConnection::publish`].
    pub async fn incr(&self, key: &str) -> Result<i64, RedisError> {
        let mut command = redis::cmd("INCR");
        command.arg(key);
        match self.ask(command, SMALL).await {
            Err(RedisError::Other(words)) if words.contains("not an integer") => Err(RedisError::Type),
            answer => number(&answer?),
        }
    }

    /// Removes keys, and answers how many of them were there.
    ///
    /// # Errors
    /// As [`RedisConnection::publish`].
    pub async fn del(&self, keys: &[String]) -> Result<u32, RedisError> {
        self.count("DEL", None, keys).await
    }

    /// Adds values to a set, and answers how many of them are new.
    ///
    /// # Errors
    /// [`RedisError::Type`] for a key that holds no set; else as [`RedisConnection::publish`].
    pub async fn sadd(&self, key: &str, values: &[String]) -> Result<u32, RedisError> {
        self.count("SADD", Some(key), values).await
    }

    /// The values of a set.
    ///
    /// # Errors
    /// [`RedisError::Type`] for a key that holds no set, or one with values that are no text; else as
    /// [`RedisConnection::publish`].
    pub async fn smembers(&self, key: &str) -> Result<Vec<String>, RedisError> {
        let mut command = redis::cmd("SMEMBERS");
        command.arg(key);
        let answer = self.ask(command, MAX_ANSWER).await?;
        let text = |reply| match reply {
            Reply::Binary(bytes) => String::from_utf8(bytes).map_err(|_| RedisError::Type),
            _ => Err(RedisError::Type),
        };
        replies(answer, MAX_ANSWER)?.into_iter().map(text).collect()
    }

    /// Removes values from a set, and answers how many of them were there.
    ///
    /// # Errors
    /// [`RedisError::Type`] for a key that holds no set; else as [`RedisConnection::publish`].
    pub async fn srem(&self, key: &str, values: &[String]) -> Result<u32, RedisError> {
        self.count("SREM", Some(key), values).await
    }

    /// What the server answers to any command, arrays laid flat.
    ///
    /// What changes a connection (`MULTI`, `SELECT`) gives this one a connection of its own, for good; what makes a
    /// stream of it (`SUBSCRIBE`) is refused.
    ///
    /// # Errors
    /// As [`RedisConnection::publish`].
    pub async fn execute(&self, command: &str, arguments: &[Argument]) -> Result<Vec<Reply>, RedisError> {
        let name = command.to_ascii_uppercase();
        let silences = name == "CLIENT" && arguments.first().is_some_and(|word| is_word(word, b"REPLY"));
        if IMPOSSIBLE.contains(&name.as_str()) || silences {
            return Err(RedisError::Other(format!("{name} cannot be used here: it takes more than one answer")));
        }
        let mut asked = redis::cmd(command);
        arguments.iter().for_each(|argument| argument.add_to(&mut asked));
        if OF_ITS_OWN.contains(&name.as_str()) {
            self.own.get_or_try_init(|| async { self.own() }).await?;
        }
        let answer = self.asked(asked, MAX_ANSWER).await;
        replies(answer.map_err(|failure| failed(failure, MAX_ANSWER))?, MAX_ANSWER)
    }

    fn own(&self) -> Result<Own, RedisError> {
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_| RedisError::TooManyConnections)?;
        Ok(Own { link: Arc::new(self.address.link(ADVICE, self.manners.clone())), _place: place })
    }

    async fn count(&self, command: &str, key: Option<&str>, words: &[String]) -> Result<u32, RedisError> {
        let mut command = redis::cmd(command);
        key.iter().for_each(|key| _ = command.arg(key));
        words.iter().for_each(|word| _ = command.arg(word));
        let count = number(&self.ask(command, SMALL).await?)?;
        u32::try_from(count).map_err(|_| RedisError::Type)
    }

    /// As [`RedisConnection::asked`], where a key of another type is an error of its own.
    async fn ask(&self, command: Cmd, bound: u64) -> Result<Value, RedisError> {
        self.asked(command, bound).await.map_err(|failure| match failure {
            Failure::Refused(words) if words.contains("WRONGTYPE") => RedisError::Type,
            failure => failed(failure, MAX_ANSWER),
        })
    }

    async fn asked(&self, command: Cmd, bound: u64) -> Result<Value, Failure> {
        let link = self.own.get().map_or(&self.shared, |own| &own.link);
        link.ask(command, bound, &self.permits).await
    }
}

fn is_word(argument: &Argument, word: &[u8]) -> bool {
    matches!(argument, Argument::Binary(bytes) if bytes.eq_ignore_ascii_case(word))
}

fn number(answer: &Value) -> Result<i64, RedisError> {
    match answer {
        Value::Int(number) => Ok(*number),
        _ => Err(RedisError::Type),
    }
}

fn failed(failure: Failure, bound: u64) -> RedisError {
    match failure {
        Failure::Refused(words) => RedisError::Other(words),
        Failure::TooLarge => too_large(bound),
        Failure::NotPermitted => RedisError::InvalidAddress,
        Failure::Lost(error) => RedisError::Other(error.to_string()),
    }
}

impl std::fmt::Debug for RedisConnection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RedisConnection").field("address", &self.address).finish_non_exhaustive()
    }
}
