//! `allowed_outbound_hosts`, and `allowed_http_hosts`, which it replaced.

use super::Around;
use super::variables::{by_default, template};
use crate::template::Template;
use crate::values::{Reader, Text};
use holm_grants::{OutboundGrant, ParseError};
use std::ops::Range;

/// Servers that are named, and those whose names have variables in them.
type Hosts = (Vec<OutboundGrant>, Vec<Template>);

/// Reads both keys. `legacy`: without `allowed_outbound_hosts`, databases are open to all, as they were before it.
pub(super) fn read(reader: &mut Reader<'_, '_, '_>, around: &Around<'_>, legacy: bool) -> Hosts {
    let (mut grants, mut later) = (Vec::new(), Vec::new());
    if legacy && reader.value("allowed_outbound_hosts").is_none() {
        let open = ["redis://*:*", "mysql://*:*", "postgres://*:*"];
        grants.extend(open.iter().filter_map(|text| text.parse::<OutboundGrant>().ok()));
    }
    for text in reader.texts("allowed_outbound_hosts") {
        one(reader, &text, around, &mut grants, &mut later);
    }
    http_hosts(reader, &mut grants);
    (grants, later)
}

fn one(
    reader: &mut Reader<'_, '_, '_>,
    text: &Text<'_>,
    around: &Around<'_>,
    grants: &mut Vec<OutboundGrant>,
    later: &mut Vec<Template>,
) {
    let Some(template) = template(reader, text, around) else { return };
    if let Some(literal) = template.literal() {
        if literal == ALL_HTTP {
            let why = format!("`{ALL_HTTP}` is for `allowed_http_hosts`; every server is `*://*:*`");
            reader.report.add(text.1.clone(), why);
            return;
        }
        grants.extend(reader.noted(text.1.clone(), literal.trim().parse()));
        return;
    }
    // What is wrong by default is wrong in the manifest; other values are looked at when they are known.
    let tried = by_default(&template, around).filter(|text| !is_nothing(text)).map(|text| text.trim().parse());
    if let Some(Err::<OutboundGrant, _>(error)) = tried {
        let is_secret = |name| around.variables.get(name).is_some_and(|variable| variable.secret);
        let why = match template.variables().any(is_secret) {
            true => unfit().to_string(),
            false => error.to_string(),
        };
        reader.report.add(text.1.clone(), format!("with the default values of its variables, {why}"));
    }
    later.push(template);
}

/// The grant that one of a guest's [`outbound`](crate::Guest::outbound) is, as `text` once its variables have values. None if
/// that is empty, or but `http://` or `https://`: a manifest says so that a server is optional.
///
/// # Errors
/// It is not what [`OutboundGrant`] reads. What was made of variables may hold a secret, and is not repeated.
pub fn outbound_grant(text: &str) -> Result<Option<OutboundGrant>, ParseError> {
    match is_nothing(text) {
        true => Ok(None),
        false => text.trim().parse().map(Some).map_err(|_| unfit()),
    }
}

fn is_nothing(text: &str) -> bool {
    matches!(text.trim(), "" | "http://" | "https://")
}

fn unfit() -> ParseError {
    let why = "with the values that its variables have it is not SCHEME://HOST[:PORT]";
    ParseError::new("a server to reach", "redis://cache.example.com:6379", "{{ … }}", why)
}

const ALL_HTTP: &str = "insecure:allow-all";

fn http_hosts(reader: &mut Reader<'_, '_, '_>, grants: &mut Vec<OutboundGrant>) {
    for (text, span) in reader.texts("allowed_http_hosts") {
        if text == ALL_HTTP {
            add(reader, span, &["http://*:*", "https://*:*", "http://self"].map(str::to_owned), grants);
            continue;
        }
        match host(text) {
            Ok("self") => add(reader, span, &["http://self".to_owned()], grants),
            Ok(host) => add(reader, span, &[format!("http://{host}"), format!("https://{host}")], grants),
            Err(why) => {
                let error = ParseError::new("a host to send HTTP requests to", "api.example.com:8080", text, why);
                reader.report.add(span, error.to_string());
            }
        }
    }
}

/// Adds what is read from `texts`, or reports what is wrong with the first of them.
fn add(reader: &mut Reader<'_, '_, '_>, span: Range<usize>, texts: &[String], grants: &mut Vec<OutboundGrant>) {
    let read: Result<Vec<OutboundGrant>, ParseError> = texts.iter().map(|text| text.parse()).collect();
    grants.extend(reader.noted(span, read).unwrap_or_default());
}

/// The host of one of `allowed_http_hosts`, and its port: `HOST[:PORT]`, perhaps as an `http` or `https` URL.
fn host(text: &str) -> Result<&str, &'static str> {
    let rest = match text.split_once("//") {
        Some(("http:" | "https:", rest)) => rest,
        Some(_) => return Err("only http:// and https:// may stand before it"),
        None => text,
    };
    let host = rest.strip_suffix('/').unwrap_or(rest);
    match host {
        "" => Err("it names no host"),
        host if host.contains('/') => Err("it has a path; name the host, and the port if it is not the usual one"),
        host => Ok(host),
    }
}
