use std::sync::Arc;

use async_trait::async_trait;
use holm_manifest::Remote;
use redis::{Cmd, Value};

use super::limits::{self, MAX_BATCH_KEYS, MAX_BATCH_VALUES, MAX_KEY};
use super::{KvError, PAGE_KEYS, Page, Store, StoreLimits, Stores, Swap};
use crate::dial::Permits;
use crate::health::Manners;
use crate::redis::{Advice, Failure, Link};

/// Stores in a database of a Redis server, or one that speaks its protocol.
///
/// A store is a hash, `holm:kv:{NAME}`, with a sorted set of its keys beside it, `holm:kv:{NAME}:keys`. Who names the same
/// server, database and store shares it. What holds several commands together is a script, so the server must allow
/// `EVAL`. Of the limits, only that on one value counts here: how much there is room for is the server's to say.
///
/// Nothing is connected to before the first operation. A connection that broke is made again by the next operation; one
/// that was under way fails, and may or may not have taken effect.
#[derive(Clone)]
pub struct RedisStores {
    link: Arc<Link>,
    limits: StoreLimits,
}

impl RedisStores {
    /// Stores in this database of `server`.
    pub fn new(server: &Remote, database: u32, manners: Manners, limits: StoreLimits) -> Self {
        Self { link: Arc::new(Link::new(server.clone(), database, Advice::SERVICES, manners)), limits }
    }
}

#[async_trait]
impl Stores for RedisStores {
    async fn open(&self, name: &str) -> Result<Arc<dyn Store>, KvError> {
        limits::check_name(name)?;
        let entries = format!("holm:kv:{{{name}}}");
        let keys = format!("{entries}:keys");
        Ok(Arc::new(RedisStore { link: Arc::clone(&self.link), limits: self.limits, entries, keys }))
    }
}

struct RedisStore {
    link: Arc<Link>,
    limits: StoreLimits,
    entries: String,
    keys: String,
}

/// Sets pairs. All of it is one step for everybody else, as every script is.
const SET: &str = "
    for i = 1, #ARGV, 2 do
        redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1])
        redis.call('ZADD', KEYS[2], 0, ARGV[i])
    end
    return 0";
const DELETE: &str = "
    for i = 1, #ARGV do
        redis.call('HDEL', KEYS[1], ARGV[i])
        redis.call('ZREM', KEYS[2], ARGV[i])
    end
    return 0";
/// Answers the text: numbers of a script are not whole beyond 2^53.
const INCREMENT: &str = "
    redis.call('HINCRBY', KEYS[1], ARGV[1], ARGV[2])
    redis.call('ZADD', KEYS[2], 0, ARGV[1])
    return redis.call('HGET', KEYS[1], ARGV[1])";
/// Answers whether it was done, and if not, what is there.
const SWAP: &str = "
    local current = redis.call('HGET', KEYS[1], ARGV[1])
    if ARGV[2] == '1' and current ~= ARGV[3] or ARGV[2] == '0' and current then
        return {0, current}
    end
    redis.call('HSET', KEYS[1], ARGV[1], ARGV[4])
    redis.call('ZADD', KEYS[2], 0, ARGV[1])
    return {1}";
/// Answers nothing if that were too much.
const GET_MANY: &str = "
    local bytes = 0
    for i = 2, #ARGV do
        bytes = bytes + redis.call('HSTRLEN', KEYS[1], ARGV[i])
    end
    if bytes > tonumber(ARGV[1]) then
        return false
    end
    return redis.call('HMGET', KEYS[1], unpack(ARGV, 2))";

/// The most bytes of an answer without a value.
const SMALL: u64 = 4 << 10;
/// What the protocol adds to each item of an answer, and to spare.
const FRAME: u64 = 32;

impl RedisStore {
    fn script(&self, script: &str) -> Cmd {
        let mut command = redis::cmd("EVAL");
        command.arg(script).arg(2).arg(&self.entries).arg(&self.keys);
        command
    }

    /// What the server answers; `key` is for the words of what guests do wrong.
    async fn ask(&self, command: Cmd, bound: u64, key: &str) -> Result<Value, KvError> {
        let failure = match self.link.ask(command, bound, &Permits::all()).await {
            Ok(value) => return Ok(value),
            Err(failure) => failure,
        };
        Err(match failure {
            Failure::Refused(words) if words.contains("would overflow") => KvError::Overflow { key: key.to_owned() },
            Failure::Refused(words) if words.contains("not an integer") => KvError::NotANumber { key: key.to_owned() },
            Failure::Refused(words) => self.link.refused(&words).into(),
            Failure::TooLarge | Failure::NotPermitted => self.link.too_large().into(),
            Failure::Lost(error) => error.into(),
        })
    }

    /// The error of an answer that is not what was asked for.
    fn nonsense(&self) -> KvError {
        self.link.health.failed("its answer makes no sense", "see whether it is a Redis server").into()
    }

    fn value(&self, value: Value) -> Result<Option<Vec<u8>>, KvError> {
        match value {
            Value::Nil => Ok(None),
            // Others may have put it there.
            Value::BulkString(bytes) if bytes.len() as u64 > self.limits.max_value => {
                Err(KvError::ValueTooLarge { length: bytes.len() as u64, limit: self.limits.max_value })
            }
            Value::BulkString(bytes) => Ok(Some(bytes)),
            _ => Err(self.nonsense()),
        }
    }

    fn values(&self, value: Value, count: usize) -> Result<Vec<Value>, KvError> {
        match value {
            Value::Array(values) if values.len() <= count => Ok(values),
            _ => Err(self.nonsense()),
        }
    }

    fn text(&self, value: Value) -> Result<String, KvError> {
        let Value::BulkString(bytes) = value else { return Err(self.nonsense()) };
        String::from_utf8(bytes).map_err(|_| self.nonsense())
    }

    fn value_bound(&self) -> u64 {
        self.limits.max_value.saturating_add(SMALL)
    }
}

#[async_trait]
impl Store for RedisStore {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, KvError> {
        limits::check_key(key)?;
        let mut command = redis::cmd("HGET");
        command.arg(&self.entries).arg(key);
        let value = self.ask(command, self.value_bound(), key).await?;
        self.value(value)
    }

    async fn set(&self, key: &str, value: Vec<u8>) -> Result<(), KvError> {
        self.set_many(vec![(key.to_owned(), value)]).await
    }

    async fn delete(&self, key: &str) -> Result<(), KvError> {
        self.delete_many(vec![key.to_owned()]).await
    }

    async fn exists(&self, key: &str) -> Result<bool, KvError> {
        limits::check_key(key)?;
        let mut command = redis::cmd("HEXISTS");
        command.arg(&self.entries).arg(key);
        match self.ask(command, SMALL, key).await? {
            Value::Int(found) => Ok(found != 0),
            _ => Err(self.nonsense()),
        }
    }

    async fn list_keys(&self, cursor: Option<&str>) -> Result<Page, KvError> {
        let mut command = redis::cmd("ZRANGEBYLEX");
        command.arg(&self.keys);
        match cursor {
            None => command.arg("-"),
            Some(cursor) => command.arg(format!("({cursor}")),
        };
        command.arg("+").arg("LIMIT").arg(0).arg(PAGE_KEYS + 1);
        let bound = (PAGE_KEYS as u64 + 1) * (MAX_KEY as u64 + FRAME);
        let keys = self.ask(command, bound, "").await?;
        let keys = self.values(keys, PAGE_KEYS + 1)?.into_iter().map(|key| self.text(key));
        Ok(Page::of(keys.collect::<Result<_, _>>()?))
    }

    async fn increment(&self, key: &str, delta: i64) -> Result<i64, KvError> {
        limits::check_key(key)?;
        let mut command = self.script(INCREMENT);
        command.arg(key).arg(delta);
        let sum = self.ask(command, SMALL, key).await?;
        self.text(sum)?.parse().map_err(|_| self.nonsense())
    }

    async fn compare_and_swap(&self, key: &str, expected: Option<Vec<u8>>, value: Vec<u8>) -> Result<Swap, KvError> {
        limits::check_key(key)?;
        self.limits.check_value(&value)?;
        let mut command = self.script(SWAP);
        command.arg(key).arg(i32::from(expected.is_some())).arg(expected.unwrap_or_default()).arg(value);
        let answer = self.ask(command, self.value_bound(), key).await?;
        let mut answer = self.values(answer, 2)?.into_iter();
        match (answer.next(), answer.next()) {
            (Some(Value::Int(1)), None) => Ok(Swap::Done),
            (Some(Value::Int(0)), Some(current)) => Ok(Swap::Conflict(self.value(current)?)),
            // Without a value the array ends before it.
            (Some(Value::Int(0)), None) => Ok(Swap::Conflict(None)),
            _ => Err(self.nonsense()),
        }
    }

    async fn get_many(&self, keys: Vec<String>) -> Result<Vec<Option<Vec<u8>>>, KvError> {
        limits::check_keys(keys.iter())?;
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let mut command = self.script(GET_MANY);
        command.arg(MAX_BATCH_VALUES).arg(&keys);
        let bound = MAX_BATCH_VALUES + (MAX_BATCH_KEYS as u64 + 1) * FRAME;
        let values = match self.ask(command, bound, "").await? {
            Value::Nil => return Err(KvError::BatchTooLarge),
            values => self.values(values, keys.len())?,
        };
        if values.len() != keys.len() {
            return Err(self.nonsense());
        }
        values.into_iter().map(|value| self.value(value)).collect()
    }

    async fn set_many(&self, pairs: Vec<(String, Vec<u8>)>) -> Result<(), KvError> {
        limits::check_pairs(&pairs, &self.limits)?;
        if pairs.is_empty() {
            return Ok(());
        }
        let mut command = self.script(SET);
        for (key, value) in pairs {
            command.arg(key).arg(value);
        }
        self.ask(command, SMALL, "").await.map(drop)
    }

    async fn delete_many(&self, keys: Vec<String>) -> Result<(), KvError> {
        limits::check_keys(keys.iter())?;
        if keys.is_empty() {
            return Ok(());
        }
        let mut command = self.script(DELETE);
        command.arg(keys);
        self.ask(command, SMALL, "").await.map(drop)
    }
}
