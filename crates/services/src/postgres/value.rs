//! Values that guests give to a server and are given by it.

use tokio_postgres::types::Type;

/// A value of PostgreSQL.
#[derive(Debug, Clone, PartialEq)]
pub enum PgValue {
    /// `boolean`.
    Bool(bool),
    /// One byte; as a parameter only.
    Int8(i8),
    /// `smallint`.
    Int16(i16),
    /// `integer`.
    Int32(i32),
    /// `bigint`.
    Int64(i64),
    /// `real`.
    Float32(f32),
    /// `double precision`.
    Float64(f64),
    /// `text`, `varchar`, `char(n)`.
    Text(String),
    /// `bytea`.
    Bytes(Vec<u8>),
    /// `date`.
    Date(Date),
    /// `time`.
    Time(Time),
    /// `timestamp`, and `timestamptz` in UTC.
    DateTime(Date, Time),
    /// Seconds since 1970; as a parameter only.
    Timestamp(i64),
    /// `uuid`, as text.
    Uuid(String),
    /// `jsonb`, as text.
    Jsonb(Vec<u8>),
    /// `numeric`, in decimal digits.
    Decimal(String),
    /// `int4range`.
    RangeInt32(Range<i32>),
    /// `int8range`.
    RangeInt64(Range<i64>),
    /// `numrange`.
    RangeDecimal(Range<String>),
    /// `integer[]`.
    ArrayInt32(Vec<Option<i32>>),
    /// `bigint[]`.
    ArrayInt64(Vec<Option<i64>>),
    /// `numeric[]`.
    ArrayDecimal(Vec<Option<String>>),
    /// `text[]`, `varchar[]`, `char(n)[]`.
    ArrayText(Vec<Option<String>>),
    /// `interval`.
    Interval(Interval),
    /// Nothing.
    Null,
    /// A value of any other type, as the server sends it in binary.
    Other(Vec<u8>),
}

/// A day of the proleptic Gregorian calendar; year 0 is 1 BC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Date {
    /// The year.
    pub year: i32,
    /// 1 to 12.
    pub month: u8,
    /// 1 to 31.
    pub day: u8,
}

/// A time of day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Time {
    /// 0 to 23; 24 for the end of the day.
    pub hour: u8,
    /// 0 to 59.
    pub minute: u8,
    /// 0 to 59.
    pub second: u8,
    /// Below 1,000,000,000. A server keeps microseconds.
    pub nanosecond: u32,
}

/// A span of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interval {
    /// Microseconds.
    pub micros: i64,
    /// Days, which need not have 24 hours.
    pub days: i32,
    /// Months.
    pub months: i32,
}

/// A range of values. One that is empty has the same bound twice, exclusive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Range<T> {
    /// Where it begins; `None`: nowhere.
    pub lower: Option<Bound<T>>,
    /// Where it ends.
    pub upper: Option<Bound<T>>,
}

/// One end of a range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bound<T> {
    /// The value.
    pub value: T,
    /// Whether it is in the range.
    pub inclusive: bool,
}

/// The type of a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PgType {
    /// One that [`PgValue`] has a case for, which is named.
    Known(Known),
    /// Any other, by its name in the server.
    Other(String),
}

/// See the cases of [`PgValue`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "they are those of PgValue")]
pub enum Known {
    Bool,
    Int16,
    Int32,
    Int64,
    Float32,
    Float64,
    Text,
    Bytes,
    Date,
    Time,
    DateTime,
    Uuid,
    Jsonb,
    Decimal,
    RangeInt32,
    RangeInt64,
    RangeDecimal,
    ArrayInt32,
    ArrayInt64,
    ArrayDecimal,
    ArrayText,
    Interval,
}

impl PgType {
    pub(super) fn of(kind: &Type) -> Self {
        Self::Known(match *kind {
            Type::BOOL => Known::Bool,
            Type::INT2 => Known::Int16,
            Type::INT4 => Known::Int32,
            Type::INT8 => Known::Int64,
            Type::FLOAT4 => Known::Float32,
            Type::FLOAT8 => Known::Float64,
            Type::TEXT | Type::VARCHAR | Type::BPCHAR => Known::Text,
            Type::BYTEA => Known::Bytes,
            Type::DATE => Known::Date,
            Type::TIME => Known::Time,
            Type::TIMESTAMP | Type::TIMESTAMPTZ => Known::DateTime,
            Type::UUID => Known::Uuid,
            Type::JSONB => Known::Jsonb,
            Type::NUMERIC => Known::Decimal,
            Type::INT4_RANGE => Known::RangeInt32,
            Type::INT8_RANGE => Known::RangeInt64,
            Type::NUM_RANGE => Known::RangeDecimal,
            Type::INT4_ARRAY => Known::ArrayInt32,
            Type::INT8_ARRAY => Known::ArrayInt64,
            Type::NUMERIC_ARRAY => Known::ArrayDecimal,
            Type::TEXT_ARRAY | Type::VARCHAR_ARRAY | Type::BPCHAR_ARRAY => Known::ArrayText,
            Type::INTERVAL => Known::Interval,
            _ => return Self::Other(kind.name().to_owned()),
        })
    }
}

impl PgValue {
    /// What it counts in an answer.
    pub(super) fn bytes(&self) -> u64 {
        let texts =
            |texts: &[Option<String>]| texts.iter().flatten().map(String::len).sum::<usize>() + texts.len() * 32;
        let own = match self {
            Self::Text(text) | Self::Uuid(text) | Self::Decimal(text) => text.len(),
            Self::Bytes(bytes) | Self::Jsonb(bytes) | Self::Other(bytes) => bytes.len(),
            Self::ArrayInt32(numbers) => numbers.len() * 8,
            Self::ArrayInt64(numbers) => numbers.len() * 16,
            Self::ArrayDecimal(values) | Self::ArrayText(values) => texts(values),
            _ => 32,
        };
        own as u64 + 64
    }
}
