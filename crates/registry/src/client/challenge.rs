//! What a registry asks for before it answers: RFC 9110, section 11.6.1, and Docker's token protocol
//! (distribution.github.io, "Token Authentication Specification").

use http::HeaderMap;
use http::header::WWW_AUTHENTICATE;

/// Longer ones are of nobody who means well.
const LONGEST: usize = 4096;

/// How to identify oneself.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Challenge {
    /// With a user's name and password.
    Basic,
    /// With a token, from the server at `realm`.
    Bearer { realm: String, service: Option<String>, scope: Option<String> },
}

/// The first challenge that we can meet; tokens before passwords.
pub(super) fn read(headers: &HeaderMap) -> Option<Challenge> {
    let values = || headers.get_all(WWW_AUTHENTICATE).iter().filter_map(|value| value.to_str().ok());
    let values = || values().filter(|value| value.len() <= LONGEST);
    values()
        .find_map(bearer)
        .or_else(|| values().any(|value| after(value, "basic").is_some()).then_some(Challenge::Basic))
}

fn after<'v>(value: &'v str, scheme: &str) -> Option<&'v str> {
    let (first, rest) = value.trim().split_once(' ').unwrap_or((value.trim(), ""));
    first.eq_ignore_ascii_case(scheme).then_some(rest)
}

fn bearer(value: &str) -> Option<Challenge> {
    let parameters = parameters(after(value, "bearer")?);
    let get = |wanted: &str| {
        let found = parameters.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted));
        found.map(|(_, value)| value.clone()).filter(|value| !value.is_empty())
    };
    Some(Challenge::Bearer { realm: get("realm")?, service: get("service"), scope: get("scope") })
}

/// `name=value` or `name="value"`, separated by commas.
fn parameters(text: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((name, after)) = rest.split_once('=') {
        let name = name.trim_matches([' ', ',', '\t']).to_owned();
        let (value, after) = match after.strip_prefix('"') {
            Some(quoted) => unquote(quoted),
            None => {
                let (value, after) = after.split_once(',').unwrap_or((after, ""));
                (value.trim().to_owned(), after)
            }
        };
        found.push((name, value));
        rest = after;
    }
    found
}

/// What stands before the closing quote, and what comes after it.
fn unquote(text: &str) -> (String, &str) {
    let (mut value, mut escaped) = (String::new(), false);
    for (at, c) in text.char_indices() {
        match c {
            '"' if !escaped => return (value, text.get(at + 1..).unwrap_or("")),
            '\\' if !escaped => escaped = true,
            _ => {
                value.push(c);
                escaped = false;
            }
        }
    }
    (value, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[&str]) -> Option<Challenge> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(WWW_AUTHENTICATE, value.parse().unwrap());
        }
        read(&headers)
    }

    #[test]
    fn a_token_server_is_found_with_what_to_ask_it() {
        let value = r#"Bearer realm="https://auth.example/token",service="registry",scope="repository:a/b:pull,push""#;
        let expected = Challenge::Bearer {
            realm: "https://auth.example/token".into(),
            service: Some("registry".into()),
            scope: Some("repository:a/b:pull,push".into()),
        };
        assert_eq!(of(&[value]), Some(expected));
        let plain = of(&["Basic realm=x", r#"bearer Realm=https://a , error="a \"b\""#]);
        assert_eq!(plain, Some(Challenge::Bearer { realm: "https://a".into(), service: None, scope: None }));
    }

    #[test]
    fn passwords_are_for_who_asks_for_them() {
        assert_eq!(of(&[r#"Basic realm="Registry""#]), Some(Challenge::Basic));
        assert_eq!(of(&["BASIC"]), Some(Challenge::Basic));
    }

    #[test]
    fn nonsense_is_no_challenge() {
        let long = format!("Bearer realm=\"{}\"", "a".repeat(5000));
        for value in
            ["", "Bearer", "Bearer realm", "Bearer realm=", "Bearer service=\"x\"", "Negotiate", "Bearer =\"\"", &long]
        {
            assert_eq!(of(&[value]), None, "{value}");
        }
    }
}
