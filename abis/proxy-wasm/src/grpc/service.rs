//! Where a guest wants its calls to go.
//!
//! SDKs give a name, or Envoy's message `GrpcService` (`envoy/config/core/v3/grpc_service.proto`): of that, the name of the
//! cluster (`envoy_grpc.cluster_name`, fields 1 and 1) or the target (`google_grpc.target_uri`, fields 2 and 1).

/// The upstream that is meant.
pub(super) fn upstream(given: &[u8]) -> Option<String> {
    let named = match given.first() {
        // Fields 1 and 2 with a length, which no name begins with.
        Some(0x0a) => field(given, 0x0a).and_then(|inner| field(inner, 0x0a)),
        Some(0x12) => field(given, 0x12).and_then(|inner| field(inner, 0x0a)),
        _ => Some(given),
    };
    named.and_then(|name| std::str::from_utf8(name).ok()).map(str::to_owned)
}

/// What the first field has, if that is of this kind.
fn field(bytes: &[u8], tag: u8) -> Option<&[u8]> {
    let mut rest = bytes.strip_prefix(&[tag])?;
    let mut length = 0_usize;
    for shift in [0, 7, 14] {
        let (byte, more) = rest.split_first()?;
        (rest, length) = (more, length | usize::from(byte & 0x7f) << shift);
        if byte & 0x80 == 0 {
            return rest.get(..length);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_taken_out_of_what_envoy_has_around_it() {
        assert_eq!(upstream(b"a.test:80").unwrap(), "a.test:80");
        assert_eq!(upstream(b"\x0a\x06\x0a\x04name\x1a\x00").unwrap(), "name");
        assert_eq!(upstream(b"\x12\x06\x0a\x04name").unwrap(), "name");
        for bad in [&b"\x0a"[..], b"\x0a\xff", b"\x0a\x06\x0a\x05name", b"\x0a\xff\xff\xff\xff", b"\xff"] {
            assert_eq!(upstream(bad), None, "{bad:?}");
        }
    }
}
