//! The `[limits]` table.

use crate::values::{Reader, as_number};
use holm_grants::{Limits, ParseError, parse_duration, parse_size};

pub(crate) fn read(reader: &mut Reader<'_, '_, '_>) -> Limits {
    Limits {
        memory: amount(reader, "memory", parse_size),
        cpu: amount(reader, "cpu", parse_duration),
        wall: amount(reader, "wall", parse_duration),
        fuel: reader.number("fuel"),
        stack: amount(reader, "stack", parse_size),
        max_output: amount(reader, "max-output", parse_size),
        table_elements: reader.number("table-elements"),
    }
}

/// A number alone means what it means in the text form: bytes, or seconds.
fn amount<T>(reader: &mut Reader<'_, '_, '_>, key: &str, parse: fn(&str) -> Result<T, ParseError>) -> Option<T> {
    let value = reader.value(key)?;
    let parsed = match as_number(value.get_ref()) {
        Some(number) => parse(&number.to_string()),
        None => parse(reader.text(key)?.0),
    };
    parsed.map_err(|error| reader.report.add(value.span(), error.to_string())).ok()
}
