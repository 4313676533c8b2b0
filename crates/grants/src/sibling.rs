//! The names by which guests of one app call each other.

/// The domain of an app's own guests: the one called `images` answers at `http://images.holm.internal`. Such a name is
/// never looked up and leads to no address.
pub const INTERNAL: &str = "holm.internal";

/// The guest that `host` stands for, beside the one that asks: `images` for `images.holm.internal`, in any case and
/// with or without a dot at its end; empty for the domain itself. `None`: it is a host elsewhere.
pub fn sibling(host: &str) -> Option<&str> {
    let host = host.strip_suffix('.').unwrap_or(host);
    let (before, domain) = host.split_at_checked(host.len().checked_sub(INTERNAL.len())?)?;
    if !domain.eq_ignore_ascii_case(INTERNAL) {
        return None;
    }
    if before.is_empty() { Some("") } else { before.strip_suffix('.') }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_below_the_domain_are_siblings_and_lookalikes_are_not() {
        for (host, guest) in [
            ("images.holm.internal", "images"),
            ("Images.HOLM.Internal.", "Images"),
            ("a.b.holm.internal", "a.b"),
            ("holm.internal", ""),
        ] {
            assert_eq!(sibling(host), Some(guest), "{host}");
        }
        for host in
            ["", "internal", "evilholm.internal", "images.holm.internal.evil.org", "ü.internal", "üolm.internal"]
        {
            assert_eq!(sibling(host), None, "{host}");
        }
    }
}
