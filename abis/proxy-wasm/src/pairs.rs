//! Lists of pairs of byte strings, as they cross the guest's memory.
//!
//! Format: proxy-wasm specification, `abi-versions/v0.2.1`, "Serialized map": the number of pairs, the lengths of each
//! key and value, all as u32 in little-endian order, then keys and values, each with a NUL after it.

/// Bytes of a list that is read, and pairs in it: the bounds of the C++ host (`limits.h`).
const MOST_BYTES: usize = 1 << 20;
const MOST_PAIRS: usize = 1024;

/// The bytes of these pairs. Empty for none at all, which is how the C++ host says it.
pub fn write<'a, I: Iterator<Item = Pair<'a>>>(pairs: impl Fn() -> I) -> Vec<u8> {
    let (count, size) = pairs()
        .fold((0_usize, 4), |(count, size), (key, value)| (count + 1, size + 8 + key.len() + 1 + value.len() + 1));
    if count == 0 {
        return Vec::new();
    }
    let mut bytes = Vec::with_capacity(size);
    bytes.extend(length(count));
    for (key, value) in pairs() {
        bytes.extend(length(key.len()));
        bytes.extend(length(value.len()));
    }
    for (key, value) in pairs() {
        for text in [key, value] {
            bytes.extend_from_slice(text);
            bytes.push(0);
        }
    }
    bytes
}

fn length(of: usize) -> [u8; 4] {
    u32::try_from(of).unwrap_or(u32::MAX).to_le_bytes()
}

/// A key and its value.
pub type Pair<'a> = (&'a [u8], &'a [u8]);

/// The pairs in these bytes. `None` where they are not what they say; no bytes are no pairs.
pub fn read(bytes: &[u8]) -> Option<Vec<Pair<'_>>> {
    if bytes.is_empty() {
        return Some(Vec::new());
    }
    if bytes.len() > MOST_BYTES {
        return None;
    }
    let (count, rest) = number(bytes)?;
    if count > MOST_PAIRS {
        return None;
    }
    let (mut lengths, mut texts) = rest.split_at_checked(count * 8)?;
    let mut pairs = Vec::with_capacity(count);
    for _ in 0..count {
        let (key, rest) = number(lengths)?;
        let (value, rest) = number(rest)?;
        lengths = rest;
        pairs.push((text(&mut texts, key)?, text(&mut texts, value)?));
    }
    texts.is_empty().then_some(pairs)
}

fn number(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let (number, rest) = bytes.split_first_chunk::<4>()?;
    Some((usize::try_from(u32::from_le_bytes(*number)).ok()?, rest))
}

/// The next text of this length, up to the NUL that must follow.
fn text<'a>(bytes: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (text, rest) = bytes.split_at_checked(length)?;
    let (end, rest) = rest.split_first()?;
    *bytes = rest;
    (*end == 0).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back() {
        let pairs: [Pair<'_>; 3] = [(b"a", b""), (b"", b"\0\xff"), (b":path", b"/")];
        assert_eq!(read(&write(|| pairs.into_iter())).unwrap(), pairs);
        assert!(write(|| [].into_iter()).is_empty());
        assert_eq!(read(b""), Some(Vec::new()));
    }

    #[test]
    fn a_list_as_the_specification_shows_it() {
        let bytes = write(|| [(&b"a"[..], &b"bc"[..])].into_iter());
        assert_eq!(bytes, b"\x01\0\0\0\x01\0\0\0\x02\0\0\0a\0bc\0");
    }

    #[test]
    fn lists_that_lie_are_refused() {
        let good = write(|| [(&b"key"[..], &b"value"[..])].into_iter());
        for cut in 1..good.len() {
            assert!(read(&good[..cut]).is_none(), "{cut}");
        }
        let longer = [&good[..], b"\0"].concat();
        assert!(read(&longer).is_none());
        for (at, byte) in [(0, 2), (3, 255), (4, 4), (7, 255), (11, 255), (15, b'x')] {
            let mut bad = good.clone();
            bad[at] = byte;
            assert!(read(&bad).is_none(), "{at}");
        }
        assert!(read(&vec![0; MOST_BYTES + 1]).is_none());
    }
}
