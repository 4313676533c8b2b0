//! The names by which guests of one app call each other.

/// The domain of an app's own guests: the one called `images` answers at `http://images.holm.internal`. Such a name is
/// never looked up and leads to no address.
pub const INTERNAL: &str = "holm.internal";

/// The same domain in an app of Spin's, whose guests call each other at `http://images.spin.internal`.
pub const CHAINED: &str = "spin.internal";

/// The guest that `host` stands for, beside the one that asks: `images` for `images.holm.internal`, in any case and
/// with or without a dot at its end; empty for the domain itself. `None`: it is a host elsewhere.
pub fn sibling(host: &str) -> Option<&str> {
    below(host, INTERNAL)
}

/// As [`sibling`], in Spin's domain. Only an [`OutboundGrant`](crate::OutboundGrant) gives these names a meaning: to a guest
/// without one they are names like any other.
pub fn chained(host: &str) -> Option<&str> {
    below(host, CHAINED)
}

/// Whether `host` is how a guest of Spin's calls its own app, which answers by its routes: nothing, for a URL that is only
/// a path, `self` or `self.alt`.
pub fn is_own_app(host: &str) -> bool {
    ["", "self", "self.alt"].iter().any(|own| host.eq_ignore_ascii_case(own))
}

fn below<'h>(host: &'h str, domain: &str) -> Option<&'h str> {
    let host = host.strip_suffix('.').unwrap_or(host);
    let (before, after) = host.split_at_checked(host.len().checked_sub(domain.len())?)?;
    if !after.eq_ignore_ascii_case(domain) {
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
        assert_eq!(chained("Back.spin.internal."), Some("Back"));
        assert_eq!((chained("back.holm.internal"), chained("spin.internal.evil.org")), (None, None));
    }
}
