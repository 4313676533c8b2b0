//! `numeric` in binary: digits of base 10,000, the weight of the first, a sign, and how many decimal places are shown
//! (`src/backend/utils/adt/numeric.c` of PostgreSQL, `numeric_send`).

const NEGATIVE: u16 = 0x4000;
const SPECIAL: [(u16, &str); 3] = [(0xc000, "NaN"), (0xd000, "Infinity"), (0xf000, "-Infinity")];

/// The most digits on either side of the point (PostgreSQL's manual, "Numeric Types").
const MOST: usize = 131_072;

/// The decimal digits of a value.
pub(super) fn read(raw: &[u8]) -> Option<String> {
    let mut words = raw.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
    let (count, weight, sign, scale) = (words.next()?, words.next()?, words.next()?, words.next()?);
    if let Some((_, name)) = SPECIAL.iter().find(|(special, _)| *special == sign) {
        return Some((*name).to_owned());
    }
    let digits: Vec<u16> = words.collect();
    if digits.len() != usize::from(count) || digits.iter().any(|digit| *digit > 9999) {
        return None;
    }
    let (weight, scale) = (i32::from(weight.cast_signed()), usize::from(scale & 0x3fff));
    let digit = |at: i32| usize::try_from(weight - at).ok().and_then(|index| digits.get(index)).copied().unwrap_or(0);
    let mut text = String::with_capacity(digits.len() * 4 + scale + 2);
    if sign == NEGATIVE {
        text.push('-');
    }
    let whole: String = (0..=weight.max(0)).rev().map(|at| format!("{:04}", digit(at))).collect();
    let whole = whole.trim_start_matches('0');
    text.push_str(if whole.is_empty() { "0" } else { whole });
    if scale > 0 {
        let places = i32::try_from(scale.div_ceil(4)).ok()?;
        let fraction: String = (1..=places).map(|at| format!("{:04}", digit(-at))).collect();
        text.push('.');
        text.push_str(fraction.get(..scale)?);
    }
    Some(text)
}

/// What a server is sent for a decimal number; `None` if it is none.
pub(super) fn write(text: &str) -> Option<Vec<u8>> {
    if let Some((special, _)) = SPECIAL.iter().find(|(_, name)| *name == text) {
        return Some(words(&[0, 0, *special, 0]));
    }
    let (sign, digits) = match text.as_bytes().first()? {
        b'-' => (NEGATIVE, &text[1..]),
        b'+' => (0, &text[1..]),
        _ => (0, text),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let numeric = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if (whole.is_empty() && fraction.is_empty()) || !numeric(whole) || !numeric(fraction) {
        return None;
    }
    let whole = whole.trim_start_matches('0');
    if whole.len() > MOST || fraction.len() > 0x3fff {
        return None;
    }
    let (before, after) = (whole.len().next_multiple_of(4), fraction.len().next_multiple_of(4));
    let padded = format!("{whole:0>before$}{fraction:0<after$}");
    let mut groups: Vec<u16> =
        padded.as_bytes().chunks(4).map(|four| four.iter().fold(0, |n, b| n * 10 + u16::from(b - b'0'))).collect();
    let mut weight = i16::try_from(before / 4).ok()? - 1;
    let zeros = groups.iter().take_while(|group| **group == 0).count();
    groups.drain(..zeros);
    weight -= i16::try_from(zeros).ok()?;
    while groups.last() == Some(&0) {
        groups.pop();
    }
    let (weight, sign) = if groups.is_empty() { (0, 0) } else { (weight, sign) };
    let head = [u16::try_from(groups.len()).ok()?, weight.cast_unsigned(), sign, u16::try_from(fraction.len()).ok()?];
    Some([words(&head), words(&groups)].concat())
}

fn words(words: &[u16]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_be_bytes()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_read_as_it_was_written() {
        let long = format!("{}.{}", "9".repeat(200), "1".repeat(150));
        for text in [
            "0",
            "1",
            "-1",
            "10000",
            "123456789.987654321",
            "0.0001",
            "-0.00000000012",
            "1.500",
            "0.00",
            "NaN",
            "-Infinity",
            &long,
        ] {
            assert_eq!(read(&write(text).unwrap()).as_deref(), Some(text));
        }
        assert_eq!(read(&write("+007.5").unwrap()).unwrap(), "7.5");
        assert_eq!(read(&write(".5").unwrap()).unwrap(), "0.5");
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for text in ["", "-", ".", "1e5", "1.2.3", "0x10", "1 ", "١", "--1", "nan"] {
            assert_eq!(write(text), None, "{text}");
        }
        for raw in [&[][..], &[0, 1, 0, 0, 0, 0, 0, 0], &[0, 1, 0, 0, 0, 0, 0, 0, 0xff, 0xff], &[0, 0, 0, 0, 0]] {
            assert_eq!(read(raw), None, "{raw:?}");
        }
    }
}
