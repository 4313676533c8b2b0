//! Sizes and durations as people write them.

use crate::error::ParseError;
use std::time::Duration;

/// Largest first, so that the first which divides a size is the one to write it in.
const BINARY: [(&str, u64); 4] = [("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];

/// Reads a number of bytes: `65536`, `64MiB`, `512K`, `1g`.
///
/// Case does not matter. `K`, `M`, `G`, `T` and `KiB` to `TiB` count in 1024s; `KB`, `MB`, `GB` and
/// `TB` in 1000s.
///
/// # Errors
/// Anything but a whole number and one of those units, or more than 2^64 - 1 bytes.
pub fn parse_size(text: &str) -> Result<u64, ParseError> {
    let error = |why: &'static str| ParseError::new("a size", "64MiB", text, why);
    let trimmed = text.trim();
    let (number, unit) = trimmed.split_at(digits(trimmed));
    if number.is_empty() {
        return Err(error("it has to begin with a number"));
    }
    let factor = factor(unit.trim_start())
        .ok_or_else(|| error("after a whole number comes nothing, or a unit: B, KiB, MiB, GiB, TiB, KB, MB, GB, TB"))?;
    let size = number.parse::<u64>().ok().and_then(|number| number.checked_mul(factor));
    size.ok_or_else(|| error("it is more bytes than fit in 64 bits"))
}

fn digits(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).count()
}

fn factor(unit: &str) -> Option<u64> {
    Some(match unit.to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kib" => 1 << 10,
        "m" | "mib" => 1 << 20,
        "g" | "gib" => 1 << 30,
        "t" | "tib" => 1 << 40,
        "kb" => 1_000,
        "mb" => 1_000_000,
        "gb" => 1_000_000_000,
        "tb" => 1_000_000_000_000,
        _ => return None,
    })
}

/// Writes a number of bytes so that [`parse_size`] reads it back exactly: `64MiB`, `1000`.
pub fn format_size(bytes: u64) -> String {
    let unit = BINARY.iter().find(|(_, factor)| bytes > 0 && bytes.is_multiple_of(*factor));
    match unit {
        Some((unit, factor)) => format!("{}{unit}", bytes / factor),
        None => bytes.to_string(),
    }
}

/// Reads a duration: `1500ms`, `1.5s`, `2m`, `1h30m`. Case does not matter; a number alone counts
/// seconds.
///
/// # Errors
/// No number, an unknown unit, or more than 2^64 - 1 seconds.
pub fn parse_duration(text: &str) -> Result<Duration, ParseError> {
    let trimmed = text.trim();
    let seconds = trimmed.parse().ok().filter(|_| digits(trimmed) == trimmed.len());
    if let Some(seconds) = seconds {
        return Ok(Duration::from_secs(seconds));
    }
    // To humantime `M` is a month, which nobody means who writes it for a limit.
    humantime::parse_duration(&trimmed.to_ascii_lowercase()).map_err(|_| {
        let why = "it takes numbers with units, such as ms, s, m and h";
        ParseError::new("a duration", "10s", text, why)
    })
}

/// Writes a duration so that [`parse_duration`] reads it back exactly: `1s500ms`, `2m`.
pub fn format_duration(duration: Duration) -> String {
    humantime::format_duration(duration).to_string().replace(' ', "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_take_the_units_people_use() {
        for (text, bytes) in [
            ("65536", 65536),
            ("64MiB", 64 << 20),
            ("64 mib", 64 << 20),
            ("512K", 512 << 10),
            ("1g", 1 << 30),
            ("1GB", 1_000_000_000),
            ("2TiB", 2 << 40),
            ("0", 0),
            ("7b", 7),
        ] {
            assert_eq!(parse_size(text).unwrap(), bytes, "{text}");
        }
    }

    #[test]
    fn sizes_that_are_none_are_refused_with_the_reason() {
        for (text, why) in [
            ("", "begin with a number"),
            ("MiB", "begin with a number"),
            ("-1", "begin with a number"),
            ("1.5GiB", "whole number"),
            ("1 potato", "a unit: B, KiB"),
            ("16777216TiB", "64 bits"),
            ("99999999999999999999", "64 bits"),
        ] {
            let error = parse_size(text).unwrap_err().to_string();
            assert!(error.contains(why), "{text}: {error}");
        }
    }

    #[test]
    fn durations_take_the_units_people_use() {
        for (text, millis) in [
            ("1500ms", 1500),
            ("10s", 10_000),
            ("10", 10_000),
            ("2m", 120_000),
            ("1h", 3_600_000),
            ("1h30m", 5_400_000),
            ("1s 500ms", 1500),
            ("1.5s", 1500),
            ("2M", 120_000),
            ("0", 0),
        ] {
            assert_eq!(parse_duration(text).unwrap(), Duration::from_millis(millis), "{text}");
        }
    }

    #[test]
    fn durations_that_are_none_are_refused_with_the_reason() {
        assert_eq!(
            parse_duration("1 parsec").unwrap_err().to_string(),
            "`1 parsec` is not a duration: it takes numbers with units, such as ms, s, m and h \
             (example: `10s`)"
        );
        for text in ["", "s", "-1s", "+5", "99999999999999999999"] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn amounts_are_written_in_the_unit_that_fits() {
        assert_eq!(format_size(64 << 20), "64MiB");
        assert_eq!(format_size(1000), "1000");
        assert_eq!(format_size(0), "0");
        assert_eq!(format_duration(Duration::from_millis(1500)), "1s500ms");
        assert_eq!(format_duration(Duration::from_secs(120)), "2m");
        assert_eq!(format_duration(Duration::ZERO), "0s");
    }
}
