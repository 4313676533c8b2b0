use super::KvError;

/// The number that `value` holds as decimal text, plus `delta`.
pub(super) fn add(key: &str, value: Option<&[u8]>, delta: i64) -> Result<i64, KvError> {
    let number = match value {
        None => 0,
        Some(bytes) => parse(bytes).ok_or_else(|| KvError::NotANumber { key: key.to_owned() })?,
    };
    number.checked_add(delta).ok_or_else(|| KvError::Overflow { key: key.to_owned() })
}

fn parse(bytes: &[u8]) -> Option<i64> {
    std::str::from_utf8(bytes).ok()?.parse().ok()
}
