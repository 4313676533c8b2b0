//! The path of a route, and the one spelling in which paths are compared.

use std::borrow::Cow;

/// How long a route's path may be, in bytes.
const LONGEST: usize = 1024;
/// How many segments a route's path may have.
const MOST_SEGMENTS: usize = 64;

/// Reads a path prefix: `/`, or segments without a slash at the end, spelt as [`normal_segment`] does. The error is
/// the reason alone.
pub(super) fn parse(text: &str) -> Result<String, String> {
    check_size(text)?;
    let inner = text.strip_prefix('/').ok_or("a path begins with `/`")?;
    let inner = inner.strip_suffix('/').unwrap_or(inner);
    if inner.is_empty() && text.len() <= 1 {
        return Ok("/".into());
    }
    let mut path = String::with_capacity(text.len());
    for segment in inner.split('/') {
        path.push('/');
        path.push_str(&self::segment(segment)?);
    }
    Ok(path)
}

/// Whether a path is short enough to be a route's.
pub(super) fn check_size(text: &str) -> Result<(), String> {
    if text.len() > LONGEST {
        return Err(format!("a path has at most {LONGEST} bytes"));
    }
    if text.trim_matches('/').split('/').count() > MOST_SEGMENTS {
        return Err(format!("a path has at most {MOST_SEGMENTS} segments"));
    }
    Ok(())
}

/// One segment in the spelling of [`normal_segment`]. The error is the reason alone.
pub(super) fn segment(text: &str) -> Result<Cow<'_, str>, String> {
    if text.is_empty() {
        return Err("it has an empty segment, `//`".into());
    }
    if let "*" | "**" | "..." = text {
        return Err(format!("a route covers all that is below it, so leave out `/{text}`"));
    }
    if let Some(other) = text.chars().find(|c| !is_path_char(*c) && *c != '%') {
        return Err(refused(other));
    }
    // Before decoding, which could put digits behind a lone `%`.
    if !percents_are_whole(text) {
        return Err("`%` is followed by two hexadecimal digits; the sign itself is `%25`".into());
    }
    let segment = normal_segment(text);
    if ["%2F", "%5C", "%00"].iter().any(|code| segment.contains(code)) {
        return Err("it has an encoded slash, backslash or NUL, which servers disagree about".into());
    }
    // Some servers cut `;parameters` off before they resolve dots.
    if let Some("." | "..") = segment.replace("%3B", ";").split(';').next() {
        return Err("it has a segment of dots alone, which clients take out of the URLs they ask for".into());
    }
    Ok(segment)
}

fn refused(c: char) -> String {
    match c {
        '?' => "a route has no query: requests are told apart by host and path".into(),
        '#' => "a route has no fragment: browsers do not send it".into(),
        '\\' => "it has a backslash; paths have `/`".into(),
        c => {
            let mut bytes = [0; 4];
            let encoded = c.encode_utf8(&mut bytes).bytes().map(|byte| format!("%{byte:02X}"));
            format!("`{}` is written {} in a URL's path", c.escape_debug(), encoded.collect::<String>())
        }
    }
}

/// RFC 3986, section 3.3: what `pchar` allows beside percent-encoding.
fn is_path_char(c: char) -> bool {
    u8::try_from(c).is_ok_and(is_unreserved) || "!$&'()*+,;=:@".contains(c)
}

/// RFC 3986, section 2.3.
fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
}

fn percents_are_whole(segment: &str) -> bool {
    segment.split('%').skip(1).all(|after| hex(after.as_bytes()).is_some())
}

/// The one spelling of a path's segment in which routes are kept, and requests looked up.
///
/// As RFC 3986, section 6.2.2 has it: `%41` becomes `A`, for every character that need not be encoded, and what remains
/// encoded has upper-case digits, so that `/%61pi`, `/api` and nothing else is `/api`. A `%` that encodes nothing
/// stays. Allocates only where there is a `%`.
pub fn normal_segment(segment: &str) -> Cow<'_, str> {
    if !segment.contains('%') {
        return Cow::Borrowed(segment);
    }
    let mut normal = String::with_capacity(segment.len());
    let mut pieces = segment.split('%');
    normal.push_str(pieces.next().unwrap_or_default());
    for piece in pieces {
        match hex(piece.as_bytes()) {
            Some(byte) if is_unreserved(byte) => normal.push(char::from(byte)),
            Some(byte) => normal.push_str(&format!("%{byte:02X}")),
            None => {
                normal.push('%');
                normal.push_str(piece);
                continue;
            }
        }
        normal.push_str(&piece[2..]);
    }
    Cow::Owned(normal)
}

/// The byte that two digits at the beginning of `text` encode.
fn hex(text: &[u8]) -> Option<u8> {
    let digit = |at: usize| char::from(*text.get(at)?).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    Some(digit(0)? << 4 | digit(1)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_a_segment_is_one() {
        for (text, normal) in [
            ("api", "api"),
            ("%61pi", "api"),
            ("%2d%2E%5f%7E", "-._~"),
            ("a%c3%bc", "a%C3%BC"),
            ("%2f", "%2F"),
            ("%", "%"),
            ("%4", "%4"),
            ("%zz%41", "%zzA"),
            ("%2541", "%2541"),
            ("%+1", "%+1"),
        ] {
            assert_eq!(normal_segment(text), normal, "{text}");
        }
    }
}
