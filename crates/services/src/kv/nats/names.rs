//! Keys as NATS can name them: letters, digits, `-`, `_`, `/`, `.` and `=`.
//!
//! A key of those without `=` is its own name, so that other programs see what they expect; every other byte is `=` and
//! two hexadecimal digits. Dots divide a subject into parts, none of which may be empty.

/// The name of the empty key, which no other key has.
const EMPTY: &str = "=";

/// The name that a key is kept under.
pub(super) fn encode(key: &str) -> String {
    if key.is_empty() {
        return EMPTY.to_owned();
    }
    let mut name = String::with_capacity(key.len());
    for (at, byte) in key.bytes().enumerate() {
        let plain = match byte {
            b'.' => at > 0 && at + 1 < key.len() && !name.ends_with('.'),
            _ => byte.is_ascii_alphanumeric() || b"-_/".contains(&byte),
        };
        match plain {
            true => name.push(byte.into()),
            false => name.push_str(&format!("={byte:02X}")),
        }
    }
    name
}

/// The key that is kept under a name; `None` for a name that is not of [`encode`]'s making.
pub(super) fn decode(name: &str) -> Option<String> {
    if name == EMPTY {
        return Some(String::new());
    }
    let mut bytes = Vec::with_capacity(name.len());
    let mut rest = name.as_bytes();
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        if *byte != b'=' {
            bytes.push(*byte);
            continue;
        }
        let (digits, after) = rest.split_at_checked(2)?;
        bytes.push(u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?);
        rest = after;
    }
    // Another spelling of a key is another program's.
    String::from_utf8(bytes).ok().filter(|key| encode(key) == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_nats_can_name_is_its_own_name() {
        for key in ["a", "users/1", "a.b.c", "A-z_9"] {
            assert_eq!(encode(key), key);
        }
    }

    #[test]
    fn every_key_comes_back_from_its_name() {
        for key in ["", "=", ".", "..", "a..b", ".a", "a.", "a b", "ключ", "a\0b", "=41", ">", "*"] {
            let name = encode(key);
            assert!(!name.starts_with('.') && !name.ends_with('.') && !name.contains(".."), "{name}");
            assert!(name.bytes().all(|c| c.is_ascii_alphanumeric() || b"-_/.=".contains(&c)), "{name}");
            assert_eq!(decode(&name).as_deref(), Some(key));
        }
    }

    #[test]
    fn names_of_others_are_no_keys() {
        for name in ["=4", "=zz", "=61", "a=b", "=FF", "=c3=a4"] {
            assert_eq!(decode(name), None, "{name}");
        }
    }
}
