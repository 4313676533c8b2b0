//! Protocol Buffers, as far as spans need them (<https://protobuf.dev/programming-guides/encoding/>), and the key-value
//! pairs of OpenTelemetry (opentelemetry/proto/common/v1/common.proto).
//!
//! A span is written once, where its request ends, into the bytes that are sent. What libraries offer builds a tree of
//! owned strings first, which costs ten times as much.

/// The fields of a message, as bytes.
#[derive(Debug, Default)]
pub(super) struct Message(pub(super) Vec<u8>);

/// A value of an attribute: a field of `AnyValue`.
#[derive(Debug, Clone, Copy)]
pub(super) enum Value<'a> {
    Text(&'a str),
    Number(i64),
    Double(f64),
}

const VARINT: u32 = 0;
const FIXED64: u32 = 1;
const BYTES: u32 = 2;
const FIXED32: u32 = 5;

impl Message {
    pub(super) fn with_capacity(bytes: usize) -> Self {
        Self(Vec::with_capacity(bytes))
    }

    pub(super) fn bytes(&mut self, field: u32, value: &[u8]) {
        self.head(field, value.len());
        self.0.extend_from_slice(value);
    }

    pub(super) fn text(&mut self, field: u32, value: &str) {
        self.bytes(field, value.as_bytes());
    }

    pub(super) fn message(&mut self, field: u32, value: &Message) {
        self.bytes(field, &value.0);
    }

    pub(super) fn number(&mut self, field: u32, value: u64) {
        self.tag(field, VARINT);
        self.varint(value);
    }

    pub(super) fn fixed64(&mut self, field: u32, value: u64) {
        self.tag(field, FIXED64);
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    pub(super) fn fixed32(&mut self, field: u32, value: u32) {
        self.tag(field, FIXED32);
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    /// A `KeyValue`.
    pub(super) fn attribute(&mut self, field: u32, key: &str, value: Value<'_>) {
        let inner = value.length();
        self.head(field, field_length(key.len()) + field_length(inner));
        self.text(1, key);
        self.head(2, inner);
        match value {
            Value::Text(text) => self.text(1, text),
            Value::Number(number) => self.number(3, number.cast_unsigned()),
            Value::Double(number) => self.fixed64(4, number.to_bits()),
        }
    }

    /// The head of a field of so many bytes, which the caller adds.
    pub(super) fn head(&mut self, field: u32, length: usize) {
        self.tag(field, BYTES);
        self.varint(length as u64);
    }

    fn tag(&mut self, field: u32, wire_type: u32) {
        self.varint(u64::from(field << 3 | wire_type));
    }

    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }
}

impl Value<'_> {
    fn length(self) -> usize {
        match self {
            Value::Text(text) => field_length(text.len()),
            Value::Number(number) => 1 + varint_length(number.cast_unsigned()),
            Value::Double(_) => 9,
        }
    }
}

/// What a field of so many bytes takes with its head, if its number is below 16.
pub(super) fn field_length(bytes: usize) -> usize {
    1 + varint_length(bytes as u64) + bytes
}

fn varint_length(value: u64) -> usize {
    (64 - (value | 1).leading_zeros()).div_ceil(7) as usize
}

/// A field that was read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Field<'a> {
    Number(u64),
    Bytes(&'a [u8]),
    /// Of a fixed length, which nothing we read is.
    Fixed,
}

/// The fields of a message that someone else wrote, by number, as far as it is well formed.
pub(super) fn fields(mut message: &[u8]) -> impl Iterator<Item = (u64, Field<'_>)> {
    std::iter::from_fn(move || {
        let tag = read_varint(&mut message)?;
        let field = match (tag & 7) as u32 {
            VARINT => Field::Number(read_varint(&mut message)?),
            BYTES => {
                let length = usize::try_from(read_varint(&mut message)?).ok()?;
                Field::Bytes(message.split_off(..length)?)
            }
            FIXED64 => message.split_off(..8).map(|_| Field::Fixed)?,
            FIXED32 => message.split_off(..4).map(|_| Field::Fixed)?,
            _ => return None,
        };
        Some((tag >> 3, field))
    })
}

fn read_varint(from: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let byte = *from.split_off_first()?;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_read_back_as_they_were_written() {
        let mut message = Message::default();
        for number in [0, 1, 127, 128, 300, u64::MAX] {
            message.number(3, number);
            assert_eq!(fields(&message.0).last(), Some((3, Field::Number(number))));
        }
        message.fixed64(4, 7);
        message.fixed32(5, 7);
        message.text(16, "text");
        let read: Vec<_> = fields(&message.0).skip(6).collect();
        assert_eq!(read, [(4, Field::Fixed), (5, Field::Fixed), (16, Field::Bytes(b"text"))]);
    }

    #[test]
    fn an_attribute_is_as_long_as_it_says() {
        let long = "x".repeat(300);
        for value in [Value::Text(""), Value::Text(&long), Value::Number(-1), Value::Number(0), Value::Double(0.5)] {
            let mut message = Message::default();
            message.attribute(9, "key", value);
            let [(9, Field::Bytes(pair))] = fields(&message.0).collect::<Vec<_>>()[..] else { panic!("{message:?}") };
            let [(1, Field::Bytes(b"key")), (2, Field::Bytes(inner))] = fields(pair).collect::<Vec<_>>()[..] else {
                panic!("{message:?}")
            };
            assert_eq!((fields(inner).count(), inner.len()), (1, value.length()), "{value:?}");
        }
    }

    #[test]
    fn what_is_malformed_ends_there() {
        for bytes in [&b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\x7f"[..], b"\x0a\x05abc", b"\x0b", b"\x80", &[0xff; 20]] {
            assert_eq!(fields(bytes).count(), 0, "{bytes:?}");
        }
    }
}
