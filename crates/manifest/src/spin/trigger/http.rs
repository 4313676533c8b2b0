//! `[[trigger.http]]`: requests.

use super::super::keys;
use super::super::names::{did_you_mean, shown};
use super::{Triggers, What};
use crate::routes::{Route, Segment};
use crate::triggers::{StaticResponse, Wagi};
use crate::values::{Reader, as_number};
use std::ops::Range;
use toml::Spanned;
use toml::de::DeValue;

/// How many headers a static response may have.
const MOST_HEADERS: usize = 128;
/// What a Wagi program is called with where nobody says otherwise.
const ARGV: &str = "${SCRIPT_NAME} ${ARGS}";

impl Triggers {
    /// Reads `route` and `executor`. `span` is where the trigger stands, `component` who answers.
    pub(super) fn request(
        &mut self,
        reader: &mut Reader<'_, '_, '_>,
        span: Range<usize>,
        component: &str,
    ) -> Option<What> {
        let wagi = executor(reader);
        let route = self.route(reader, span, component)?;
        Some(What::Request { route, wagi })
    }

    /// The route; `Some(None)` for one that is private.
    fn route(&mut self, reader: &mut Reader<'_, '_, '_>, span: Range<usize>, component: &str) -> Option<Option<Route>> {
        let Some(value) = reader.value("route") else {
            let why = "an HTTP trigger has a `route`, as in \"/hello/...\", or { private = true }";
            reader.report.add(span, why);
            return None;
        };
        if let DeValue::Table(_) = value.get_ref() {
            private(reader, value.span());
            return Some(None);
        }
        let wanted = "a route, as in \"/hello/...\", or { private = true }";
        let text = reader.expect("route", value, wanted, value.get_ref().as_str())?;
        let route = reader.noted(value.span(), Route::spin(&self.settings.base, text))?;
        self.take(reader, &route, value.span(), component);
        Some(Some(route))
    }

    /// Reports a route that somebody has already.
    fn take(&mut self, reader: &mut Reader<'_, '_, '_>, route: &Route, span: Range<usize>, component: &str) {
        let taken = self.routes.insert(covered(route), (span.start, component.to_owned()));
        let Some((before, owner)) = taken else { return };
        let (first, second) = (before.min(span.start), before.max(span.start));
        let line = reader.report.line(first);
        let whose = match owner.as_str() {
            "" => " of a static response".to_owned(),
            owner if owner == component => String::new(),
            owner => format!(" of `{owner}`"),
        };
        let why = format!("`{route}` is a route{whose} on line {line} already; each route leads to one component");
        reader.report.add(second..second, why);
    }
}

/// What a route covers, however its segments are called.
fn covered(route: &Route) -> String {
    let mut covered = String::new();
    for segment in route.segments() {
        covered.push('/');
        match segment {
            Segment::Exact(text) => covered.push_str(text),
            Segment::Named(_) => covered.push(':'),
            Segment::Mixed(text) => {
                let parts = text.split('.').map(|part| if part.starts_with(':') { ":" } else { part });
                covered.push_str(&parts.collect::<Vec<_>>().join("."));
            }
        }
    }
    if !route.is_exact() {
        covered.push_str("/...");
    }
    covered
}

fn private(reader: &mut Reader<'_, '_, '_>, span: Range<usize>) {
    let Some(mut inner) = reader.inside_like("route", "{ private = true }") else { return };
    keys::PRIVATE.check(&mut inner);
    let private = inner.flag("private");
    if private == Some(false) || inner.value("private").is_none() {
        inner.report.add(span, "a route is a text, as in \"/hello/...\", or { private = true }");
    }
}

fn executor(reader: &mut Reader<'_, '_, '_>) -> Option<Wagi> {
    let value = reader.value("executor")?;
    let mut inner = reader.inside_like("executor", "{ type = \"wagi\" }")?;
    keys::EXECUTOR.check(&mut inner);
    let Some((kind, span)) = inner.text("type") else {
        if inner.value("type").is_none() {
            inner.report.add(value.span(), "an executor has a `type`: http or wagi");
        }
        return None;
    };
    let wagi = Wagi {
        entrypoint: inner.name("entrypoint").unwrap_or_else(|| "_start".to_owned()),
        argv: inner.text("argv").map_or(ARGV, |(text, _)| text).to_owned(),
    };
    match kind {
        "wagi" => return Some(wagi),
        "http" | "spin" => {
            for key in ["entrypoint", "argv"] {
                if let Some((written, _)) = inner.table.get_key_value(key) {
                    inner.report.add(written.span(), format!("`{key}` is for executors of the type wagi"));
                }
            }
        }
        other => {
            let advice = did_you_mean(other, ["http", "wagi"].into_iter());
            let why = format!("there is no executor of the type `{}`; there are http and wagi{advice}", shown(other));
            inner.report.add(span, why);
        }
    }
    None
}

/// Reads `static_response`.
pub(super) fn response(reader: &mut Reader<'_, '_, '_>) -> Option<StaticResponse> {
    let mut inner = reader.inside_like("static_response", "{ status_code = 404, body = \"…\" }")?;
    keys::RESPONSE.check(&mut inner);
    let body = inner.text("body").map(|(text, _)| text.as_bytes().to_vec()).unwrap_or_default();
    Some(StaticResponse { status: status(&mut inner), headers: headers(&mut inner), body })
}

fn status(reader: &mut Reader<'_, '_, '_>) -> u16 {
    let Some(value) = reader.value("status_code") else { return 200 };
    let number = as_number(value.get_ref()).and_then(|number| u16::try_from(number).ok());
    // 1xx come before a response, and are none.
    let number = number.filter(|number| (200..=599).contains(number));
    reader.expect("status_code", value, "the status of a response, from 200 to 599", number).unwrap_or(200)
}

fn headers(reader: &mut Reader<'_, '_, '_>) -> Vec<(String, String)> {
    let pairs = reader.pairs("headers");
    if let Some(value) = reader.value("headers").filter(|_| pairs.len() > MOST_HEADERS).map(Spanned::span) {
        reader.report.add(value, format!("a static response has at most {MOST_HEADERS} headers"));
    }
    let mut headers = Vec::new();
    for ((name, at), (value, span)) in pairs.into_iter().take(MOST_HEADERS) {
        if http::HeaderName::from_bytes(name.as_bytes()).is_err() {
            reader.report.add(at, format!("`{}` is not the name of a header", shown(name)));
        } else if http::HeaderValue::from_str(value).is_err() {
            reader.report.add(span, "the value of a header has no line breaks and no control characters");
        } else {
            headers.push((name.to_owned(), value.to_owned()));
        }
    }
    headers
}
