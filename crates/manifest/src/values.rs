//! Reading values of the type a key wants, and saying so when they have another.

use crate::report::Report;
use holm_grants::{ParseError, parse_duration, parse_size};
use std::ops::Range;
use std::str::FromStr;
use std::time::Duration;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// How much of a number is worth showing, in digits.
const LONGEST_NUMBER: usize = 32;

/// One table of a manifest, and where to report what is wrong with its values.
pub(crate) struct Reader<'t, 'r, 'a> {
    pub(crate) table: &'t DeTable<'a>,
    pub(crate) report: &'r mut Report<'a>,
    /// The table's heading, as in `guest.web.limits`; empty for the keys above all headings.
    pub(crate) place: String,
}

/// A string and the bytes where it stands.
pub(crate) type Text<'t> = (&'t str, Range<usize>);

impl<'t, 'r, 'a> Reader<'t, 'r, 'a> {
    /// A reader of a whole file.
    pub(crate) fn new(table: &'t DeTable<'a>, report: &'r mut Report<'a>) -> Self {
        Reader { table, report, place: String::new() }
    }

    /// The value of `key`, whatever its type.
    pub(crate) fn value(&self, key: &str) -> Option<&'t Spanned<DeValue<'a>>> {
        self.table.get(key)
    }

    /// A string.
    pub(crate) fn text(&mut self, key: &str) -> Option<Text<'t>> {
        let value = self.value(key)?;
        self.expect(key, value, "a string", value.get_ref().as_str().map(|text| (text, value.span())))
    }

    /// A string that is not empty, for whoever keeps it.
    pub(crate) fn name(&mut self, key: &str) -> Option<String> {
        let (text, span) = self.text(key)?;
        if text.is_empty() {
            self.report.add(span, format!("`{key}` is empty; give it a value, or leave the key out"));
        }
        Some(text.to_owned())
    }

    /// `true` or `false`.
    pub(crate) fn flag(&mut self, key: &str) -> Option<bool> {
        let value = self.value(key)?;
        self.expect(key, value, "true or false", value.get_ref().as_bool())
    }

    /// A whole number, not negative.
    pub(crate) fn number(&mut self, key: &str) -> Option<u64> {
        let value = self.value(key)?;
        self.expect(key, value, "a whole number of at least 0", as_number(value.get_ref()))
    }

    /// A whole number, not 0.
    pub(crate) fn positive(&mut self, key: &str) -> Option<u64> {
        let value = self.value(key)?;
        let number = as_number(value.get_ref()).filter(|number| *number > 0);
        self.expect(key, value, "a whole number of at least 1", number)
    }

    /// A number from 0 to 1.
    pub(crate) fn share(&mut self, key: &str) -> Option<f64> {
        let value = self.value(key)?;
        let number = match value.get_ref() {
            DeValue::Integer(_) => as_number(value.get_ref()).map(|number| number as f64),
            DeValue::Float(number) => number.as_str().parse().ok(),
            _ => None,
        };
        self.expect(key, value, "a number from 0 to 1", number.filter(|number| (0.0..=1.0).contains(number)))
    }

    /// A number of bytes.
    pub(crate) fn size(&mut self, key: &str) -> Option<u64> {
        self.amount(key, parse_size)
    }

    /// A time span.
    pub(crate) fn duration(&mut self, key: &str) -> Option<Duration> {
        self.amount(key, parse_duration)
    }

    /// A number alone means what it means in the text form: bytes, or seconds.
    fn amount<T>(&mut self, key: &str, parse: fn(&str) -> Result<T, ParseError>) -> Option<T> {
        let value = self.value(key)?;
        let parsed = match as_number(value.get_ref()) {
            Some(number) => parse(&number.to_string()),
            None => parse(self.text(key)?.0),
        };
        self.noted(value.span(), parsed)
    }

    /// One string or an array of them; none when it is not there.
    pub(crate) fn texts(&mut self, key: &str) -> Vec<Text<'t>> {
        let Some(value) = self.value(key) else {
            return Vec::new();
        };
        let read = |item: &'t Spanned<DeValue<'a>>| {
            let text = item.get_ref().as_str().map(|text| (text, item.span()));
            self.expect(key, item, "a string or an array of strings", text)
        };
        items(value).into_iter().filter_map(read).collect()
    }

    /// As [`texts`](Reader::texts), for whoever keeps them.
    pub(crate) fn owned_texts(&mut self, key: &str) -> Vec<String> {
        self.texts(key).into_iter().map(|(text, _)| text.to_owned()).collect()
    }

    /// A table of strings: names with where they stand, and values.
    pub(crate) fn pairs(&mut self, key: &str) -> Vec<(Text<'t>, Text<'t>)> {
        let Some(value) = self.value(key) else {
            return Vec::new();
        };
        let wanted = "a table of strings, as in { NAME = \"value\" }";
        let Some(table) = self.expect(key, value, wanted, value.get_ref().as_table()) else {
            return Vec::new();
        };
        let mut pairs = Vec::new();
        for (name, value) in table {
            if let Some(text) = self.expect(key, value, wanted, value.get_ref().as_str()) {
                pairs.push(((name.get_ref().as_ref(), name.span()), (text, value.span())));
            }
        }
        pairs
    }

    /// A reader of the table under `key`, which has a heading of its own.
    pub(crate) fn inside(&mut self, key: &str) -> Option<Reader<'t, '_, 'a>> {
        let place = self.below(key);
        self.inside_like(key, &format!("[{place}]"))
    }

    /// A reader of the table under `key`, which is written on one line, like `example`.
    pub(crate) fn inside_like(&mut self, key: &str, example: &str) -> Option<Reader<'t, '_, 'a>> {
        let value = self.value(key)?;
        let wanted = format!("a table, written {example}");
        let table = self.expect(key, value, &wanted, value.get_ref().as_table())?;
        let place = self.below(key);
        Some(Reader { table, report: self.report, place })
    }

    pub(crate) fn below(&self, key: &str) -> String {
        match self.place.as_str() {
            "" => key.to_owned(),
            place => format!("{place}.{key}"),
        }
    }

    /// `text` as a `T`, or a report of why it is none.
    pub(crate) fn parse<T: FromStr<Err = ParseError>>(&mut self, text: &Text<'_>) -> Option<T> {
        self.noted(text.1.clone(), text.0.parse())
    }

    /// What was `read` from the bytes at `span`, or a report of why nothing was.
    pub(crate) fn noted<T>(&mut self, span: Range<usize>, read: Result<T, ParseError>) -> Option<T> {
        read.map_err(|error| self.report.add(span, error.to_string())).ok()
    }

    /// Reports that `key` wants something else, unless it was `read`.
    pub(crate) fn expect<T>(
        &mut self,
        key: &str,
        value: &Spanned<DeValue<'_>>,
        wanted: &str,
        read: Option<T>,
    ) -> Option<T> {
        if read.is_none() {
            let found = found(value.get_ref());
            self.report.add(value.span(), format!("`{key}` takes {wanted}; this is {found}"));
        }
        read
    }
}

/// The items of an array; of anything else, itself.
pub(crate) fn items<'t, 'a>(value: &'t Spanned<DeValue<'a>>) -> Vec<&'t Spanned<DeValue<'a>>> {
    match value.get_ref() {
        DeValue::Array(items) => items.iter().collect(),
        _ => vec![value],
    }
}

/// A number is shown, because its type may be right and only its value wrong.
fn found(value: &DeValue<'_>) -> String {
    match value {
        DeValue::Integer(number) => number.as_str().chars().take(LONGEST_NUMBER).collect(),
        DeValue::Float(number) => number.as_str().chars().take(LONGEST_NUMBER).collect(),
        _ => format!("of type {}", value.type_str()),
    }
}

/// Not negative, and no more than 64 bits.
pub(crate) fn as_number(value: &DeValue<'_>) -> Option<u64> {
    let integer = value.as_integer()?;
    u64::from_str_radix(integer.as_str(), integer.radix()).ok()
}
