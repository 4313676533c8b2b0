//! Headers and trailers, as guests read and change them.

use http::{HeaderMap, HeaderName, HeaderValue};
use wasmtime::{Result, bail};

/// Headers of one message that a guest may leave behind, values of one name counted one by one.
const MOST: usize = 1000;
/// Bytes of them, names and values together.
const MOST_BYTES: usize = 256 << 10;

/// What a guest does to headers.
#[derive(Clone)]
pub(crate) enum Edit {
    Set(HeaderName, HeaderValue),
    Add(HeaderName, HeaderValue),
    Remove(HeaderName),
}

impl Edit {
    pub(crate) fn set(name: &[u8], value: &[u8]) -> Result<Self> {
        Ok(Self::Set(parse_name(name)?, parse_value(value)?))
    }

    pub(crate) fn add(name: &[u8], value: &[u8]) -> Result<Self> {
        Ok(Self::Add(parse_name(name)?, parse_value(value)?))
    }

    pub(crate) fn remove(name: &[u8]) -> Result<Self> {
        Ok(Self::Remove(parse_name(name)?))
    }

    pub(crate) fn name(&self) -> &HeaderName {
        match self {
            Self::Set(name, _) | Self::Add(name, _) | Self::Remove(name) => name,
        }
    }

    /// # Errors
    /// There would be more than a message may have.
    pub(crate) fn apply(&self, headers: &mut HeaderMap) -> Result<()> {
        match self {
            Self::Set(name, value) => drop(headers.try_insert(name, value.clone())?),
            Self::Add(name, value) => drop(headers.try_append(name, value.clone())?),
            Self::Remove(name) => drop(headers.remove(name)),
        }
        let bytes: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
        if headers.len() > MOST || bytes > MOST_BYTES {
            bail!("it makes a message have more than {MOST} headers, or more than {MOST_BYTES} bytes of them");
        }
        Ok(())
    }
}

fn parse_name(name: &[u8]) -> Result<HeaderName> {
    if name.is_empty() {
        bail!("the name of a header is not empty");
    }
    let Ok(parsed) = HeaderName::from_bytes(name) else {
        bail!("`{}` is not the name of a header", shown(name));
    };
    Ok(parsed)
}

fn parse_value(value: &[u8]) -> Result<HeaderValue> {
    let Ok(parsed) = HeaderValue::from_bytes(value) else {
        bail!("`{}` is not the value of a header", shown(value));
    };
    Ok(parsed)
}

/// The beginning of what a guest passed, for errors.
pub(crate) fn shown(bytes: &[u8]) -> String {
    let start = bytes.get(..64).unwrap_or(bytes);
    String::from_utf8_lossy(start).escape_debug().to_string()
}

/// The names in lower case, each once and in order, with what `more` has.
pub(crate) fn names<'a>(headers: &'a HeaderMap, more: Option<&'a str>) -> Vec<&'a [u8]> {
    let mut names: Vec<&[u8]> = headers.keys().map(|name| name.as_str().as_bytes()).collect();
    names.extend(more.map(str::as_bytes));
    names.sort_unstable();
    names.dedup();
    names
}

/// The values of a name; none for one that no header can have.
pub(crate) fn values<'a>(headers: &'a HeaderMap, name: &[u8]) -> Vec<&'a [u8]> {
    let Ok(name) = HeaderName::from_bytes(name) else { return Vec::new() };
    headers.get_all(name).into_iter().map(HeaderValue::as_bytes).collect()
}

/// Texts as one, each with a NUL behind it, and their number.
pub(crate) fn terminated(texts: &[&[u8]]) -> (u32, Vec<u8>) {
    let mut bytes = Vec::new();
    for text in texts {
        bytes.extend_from_slice(text);
        bytes.push(0);
    }
    // Headers are bounded in number long before that.
    (u32::try_from(texts.len()).unwrap_or(u32::MAX), bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_http_has_no_form_for_is_refused() {
        for (name, value) in [("", "a"), ("a b", "a"), ("a\r\nb", "a"), ("a", "b\r\nc: d"), ("a", "b\0c"), ("ü", "a")]
        {
            assert!(Edit::set(name.as_bytes(), value.as_bytes()).is_err(), "{name:?} {value:?}");
        }
        assert!(Edit::set(b"X-Name", b"\xff\xfe").is_ok());
    }

    #[test]
    fn there_is_an_end_to_what_a_guest_may_add() {
        let mut headers = HeaderMap::new();
        let add = Edit::add(b"x", b"").unwrap();
        let added = (0..2000).take_while(|_| add.apply(&mut headers).is_ok()).count();
        assert_eq!(added, MOST);
        let mut headers = HeaderMap::new();
        let add = Edit::add(b"x", &[b'a'; 60 << 10]).unwrap();
        assert_eq!((0..2000).take_while(|_| add.apply(&mut headers).is_ok()).count(), 4);
    }

    #[test]
    fn names_come_once_and_in_order_and_each_text_ends_with_a_nul() {
        let mut headers = HeaderMap::new();
        for (name, value) in [(b"b", b"1"), (b"a", b"2"), (b"b", b"3")] {
            Edit::add(name, value).unwrap().apply(&mut headers).unwrap();
        }
        assert_eq!(terminated(&names(&headers, Some("aa"))), (3, b"a\0aa\0b\0".to_vec()));
        assert_eq!(terminated(&values(&headers, b"B")), (2, b"1\x003\0".to_vec()));
        assert_eq!(terminated(&values(&headers, b"\n")), (0, Vec::new()));
    }
}
