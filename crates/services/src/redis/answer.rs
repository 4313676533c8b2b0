//! What is sent to a Redis server, and what it answers, as guests know it.

use redis::{ToRedisArgs as _, Value};

use super::RedisError;

/// An argument of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Argument {
    /// A number.
    Int(i64),
    /// Bytes.
    Binary(Vec<u8>),
}

/// A part of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// Nothing.
    Nil,
    /// A word of the server's, such as `OK`.
    Status(String),
    /// A number.
    Int(i64),
    /// Bytes.
    Binary(Vec<u8>),
}

impl Argument {
    pub(super) fn add_to(&self, command: &mut redis::Cmd) {
        match self {
            Argument::Int(number) => number.write_redis_args(command),
            Argument::Binary(bytes) => bytes.as_slice().write_redis_args(command),
        }
    }
}

/// What each part of an answer costs beside its bytes.
const PART: u64 = size_of::<Reply>() as u64;

/// The parts of an answer, arrays and sets within it laid flat, as Spin's guests know it
/// (crates/factor-outbound-redis). At most `bound` bytes.
pub(super) fn replies(answer: Value, bound: u64) -> Result<Vec<Reply>, RedisError> {
    let (mut replies, mut left) = (Vec::new(), bound);
    add(answer, &mut replies, &mut left, bound)?;
    Ok(replies)
}

// How deep an answer is nested was bounded where it was read.
fn add(value: Value, replies: &mut Vec<Reply>, left: &mut u64, bound: u64) -> Result<(), RedisError> {
    let reply = match value {
        Value::Array(values) | Value::Set(values) => {
            return values.into_iter().try_for_each(|value| add(value, replies, left, bound));
        }
        Value::Nil => Reply::Nil,
        Value::Int(number) => Reply::Int(number),
        Value::Boolean(yes) => Reply::Int(yes.into()),
        Value::Okay => Reply::Status("OK".into()),
        Value::SimpleString(text) => Reply::Status(text),
        Value::BulkString(bytes) => Reply::Binary(bytes),
        Value::Double(number) => Reply::Binary(number.to_string().into_bytes()),
        Value::BigNumber(digits) => Reply::Binary(digits),
        Value::VerbatimString { text, .. } => Reply::Binary(text.into_bytes()),
        Value::ServerError(error) => return Err(RedisError::Other(error.to_string())),
        _ => return Err(RedisError::Other("an answer of this type is not supported".into())),
    };
    let bytes = match &reply {
        Reply::Status(text) => text.len(),
        Reply::Binary(bytes) => bytes.len(),
        Reply::Nil | Reply::Int(_) => 0,
    };
    *left = left.checked_sub(PART + bytes as u64).ok_or_else(|| too_large(bound))?;
    replies.push(reply);
    Ok(())
}

/// The error of an answer that is larger than guests are given. Spin's guests know these words.
pub(super) fn too_large(bound: u64) -> RedisError {
    RedisError::Other(format!("query result exceeds limit of {bound} bytes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrays_are_laid_flat_and_counted() {
        let answer =
            Value::Array(vec![Value::Nil, Value::Array(vec![Value::Int(1), Value::Okay]), Value::Boolean(true)]);
        let flat = vec![Reply::Nil, Reply::Int(1), Reply::Status("OK".into()), Reply::Int(1)];
        assert_eq!(replies(answer.clone(), 4 * PART + 2).unwrap(), flat);
        assert_eq!(replies(answer, 4 * PART + 1).unwrap_err(), too_large(4 * PART + 1));
    }

    #[test]
    fn what_guests_have_no_form_for_is_an_error() {
        let answer = Value::Array(vec![Value::Map(vec![(Value::Nil, Value::Nil)])]);
        assert!(matches!(replies(answer, 1000), Err(RedisError::Other(_))));
    }
}
