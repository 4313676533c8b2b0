//! Reading values of the type a key wants, and saying so when they have another.

use crate::report::Report;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// How much of a number is worth showing, in digits.
const LONGEST_NUMBER: usize = 32;

/// One table of a manifest, and where to report what is wrong with its values.
pub(crate) struct Reader<'t, 'r, 'a> {
    pub(crate) table: &'t DeTable<'a>,
    pub(crate) report: &'r mut Report<'a>,
}

/// A string and the bytes where it stands.
pub(crate) type Text<'t> = (&'t str, Range<usize>);

impl<'t, 'a> Reader<'t, '_, 'a> {
    /// The value of `key`, whatever its type.
    pub(crate) fn value(&self, key: &str) -> Option<&'t Spanned<DeValue<'a>>> {
        self.table.get(key)
    }

    /// A string.
    pub(crate) fn text(&mut self, key: &str) -> Option<Text<'t>> {
        let value = self.value(key)?;
        self.expect(key, value, "a string", value.get_ref().as_str().map(|text| (text, value.span())))
    }

    /// `true` or `false`; false when it is not there.
    pub(crate) fn flag(&mut self, key: &str) -> bool {
        let Some(value) = self.value(key) else {
            return false;
        };
        let read = value.get_ref().as_bool();
        self.expect(key, value, "true or false", read).unwrap_or_default()
    }

    /// A whole number, not negative.
    pub(crate) fn number(&mut self, key: &str) -> Option<u64> {
        let value = self.value(key)?;
        self.expect(key, value, "a whole number of at least 0", as_number(value.get_ref()))
    }

    /// One string or an array of them; none when it is not there.
    pub(crate) fn texts(&mut self, key: &str) -> Vec<Text<'t>> {
        let Some(value) = self.value(key) else {
            return Vec::new();
        };
        let items: Vec<_> = match value.get_ref() {
            DeValue::Array(items) => items.iter().collect(),
            _ => vec![value],
        };
        let read = |item: &'t Spanned<DeValue<'a>>| {
            let text = item.get_ref().as_str().map(|text| (text, item.span()));
            self.expect(key, item, "a string or an array of strings", text)
        };
        items.into_iter().filter_map(read).collect()
    }

    /// A table of strings: names with where they stand, and values.
    pub(crate) fn pairs(&mut self, key: &str) -> Vec<(Text<'t>, &'t str)> {
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
                pairs.push(((name.get_ref().as_ref(), name.span()), text));
            }
        }
        pairs
    }

    /// The table under `key`, for another reader.
    pub(crate) fn table(&mut self, key: &str) -> Option<&'t DeTable<'a>> {
        let value = self.value(key)?;
        self.expect(key, value, &format!("a table, written [{key}]"), value.get_ref().as_table())
    }

    /// Reports that `key` wants something else, unless it was `read`.
    fn expect<T>(&mut self, key: &str, value: &Spanned<DeValue<'_>>, wanted: &str, read: Option<T>) -> Option<T> {
        if read.is_none() {
            let found = found(value.get_ref());
            self.report.add(value.span(), format!("`{key}` takes {wanted}; this is {found}"));
        }
        read
    }
}

/// A number is shown, because its type may be right and only its value wrong.
fn found(value: &DeValue<'_>) -> String {
    match value {
        DeValue::Integer(number) => number.as_str().chars().take(LONGEST_NUMBER).collect(),
        _ => format!("of type {}", value.type_str()),
    }
}

/// Not negative, and no more than 64 bits.
pub(crate) fn as_number(value: &DeValue<'_>) -> Option<u64> {
    let integer = value.as_integer()?;
    u64::from_str_radix(integer.as_str(), integer.radix()).ok()
}
