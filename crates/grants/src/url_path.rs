//! Whether a URL's path lies below a prefix, however it is spelt.

/// Whether `path` is `prefix` or below it, on segment boundaries. A query or fragment is ignored.
///
/// A path that some server could read as leading elsewhere (dot segments, encoded slashes,
/// backslashes) lies below nothing but `/`.
pub(crate) fn is_below(path: &str, prefix: &str) -> bool {
    if prefix == "/" {
        return true;
    }
    let path = path.split(['?', '#']).next().unwrap_or(path);
    let below = path.strip_prefix(prefix);
    below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/')) && is_straight(path)
}

/// Whether every server that decodes `path` once finds the same segments in it.
pub(crate) fn is_straight(path: &str) -> bool {
    path.starts_with('/') && path.split('/').all(|segment| !is_evasive(segment))
}

fn is_evasive(segment: &str) -> bool {
    let segment = segment.to_ascii_lowercase();
    let odd = |c: char| c == '\\' || c.is_control();
    if segment.contains(odd) || ["%2f", "%5c", "%00"].iter().any(|code| segment.contains(code)) {
        return true;
    }
    // Some servers cut `;parameters` off before they resolve dots.
    let decoded = segment.replace("%2e", ".").replace("%3b", ";");
    matches!(decoded.split(';').next(), Some("." | ".."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_ends_where_a_segment_ends() {
        for path in ["/v1", "/v1/", "/v1/a/b", "/v1?x=/../", "/v1/a.b/..c", "/v1/%2ea"] {
            assert!(is_below(path, "/v1"), "{path}");
        }
        for path in ["/v2", "/v10", "/", "", "//v1", "v1", "/V1", "/v1.0"] {
            assert!(!is_below(path, "/v1"), "{path}");
        }
    }

    #[test]
    fn no_spelling_of_dots_or_slashes_climbs_out() {
        for path in [
            "/v1/../admin",
            "/v1/..",
            "/v1/./x",
            "/v1/%2e%2e/admin",
            "/v1/.%2E/admin",
            "/v1/..%2fadmin",
            "/v1/..\\admin",
            "/v1/..%5Cadmin",
            "/v1/..;/admin",
            "/v1/..;a=b/admin",
            "/v1/%2e%2e%3b/admin",
            "/v1/a%00",
            "/v1/a\r\n/b",
        ] {
            assert!(!is_below(path, "/v1"), "{path}");
        }
    }

    #[test]
    fn the_whole_site_includes_odd_paths() {
        assert!(is_below("/a/../b", "/"));
        assert!(is_below("", "/"));
    }
}
