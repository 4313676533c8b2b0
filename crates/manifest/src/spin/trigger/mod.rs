//! Triggers: what has components do something.

mod assign;
mod events;
mod http;
mod settings;

use super::names::{did_you_mean, is_component, shown};
use super::{Around, MOST_COMPONENTS, component, dependencies, each_of, keys};
use crate::dependencies::Dependency;
use crate::guest::Guest;
use crate::keys::Keys;
use crate::routes::Route;
use crate::triggers::{StaticResponse, Trigger, Wagi};
use crate::values::Reader;
use settings::Settings;
use std::collections::BTreeMap;
use std::ops::Range;
use toml::de::DeValue;

/// The kinds there are, and the keys of each.
static KINDS: [(&str, &Keys); 5] = [
    ("http", &keys::HTTP),
    ("redis", &keys::REDIS),
    ("mqtt", &keys::MQTT),
    ("cron", &keys::CRON),
    ("command", &keys::COMMAND),
];

/// All triggers of an app, as they are read.
#[derive(Default)]
pub(super) struct Triggers {
    settings: Settings,
    /// Where in the text each route is and whose it is, by what it covers.
    routes: BTreeMap<String, (usize, String)>,
    /// Those that lead to a component, in the order of the text.
    leading: Vec<Leading>,
    /// Guests that stand in a trigger, or are a response.
    others: Vec<Guest>,
    count: usize,
}

/// A trigger that leads to a component.
struct Leading {
    component: String,
    what: What,
    middleware: Vec<Dependency>,
}

/// What happens.
enum What {
    Request { route: Option<Route>, wagi: Option<Wagi> },
    Event(Trigger),
}

impl Triggers {
    /// Reads the tables `[application.trigger.KIND]`.
    pub(super) fn settings(&mut self, application: &mut Reader<'_, '_, '_>, around: &Around<'_>) {
        super::each(application, "trigger", "[application.trigger.KIND]", |reader, kind, span| {
            self.setting(reader, kind, span, around);
        });
    }

    /// Reads what is set for all triggers of a kind.
    pub(super) fn setting(
        &mut self,
        reader: &mut Reader<'_, '_, '_>,
        kind: &str,
        span: Range<usize>,
        around: &Around<'_>,
    ) {
        match keys_of(kind) {
            Some(_) => self.settings.read(reader, kind, around),
            None => reader.report.add(span, unknown(kind)),
        }
    }

    /// Reads the arrays `[[trigger.KIND]]`. Components that stand in them become `guests`.
    pub(super) fn read(
        &mut self,
        reader: &mut Reader<'_, '_, '_>,
        guests: &mut BTreeMap<String, Guest>,
        around: &Around<'_>,
    ) {
        let Some(tables) = reader.inside_like("trigger", "[[trigger.http]]").map(|inner| inner.table) else { return };
        for (kind, value) in tables {
            let (kind, span) = (kind.get_ref().as_ref(), kind.span());
            let Some(keys) = keys_of(kind) else {
                reader.report.add(span, unknown(kind));
                continue;
            };
            let place = format!("trigger.{kind}");
            let mut inner = Reader { table: tables, report: reader.report, place: "trigger".to_owned() };
            let before = self.count;
            each_of(&mut inner, kind, &place, |reader, span| {
                self.count += 1;
                keys.check(reader);
                self.one(reader, kind, span, guests, around);
            });
            if self.count - before > MOST_COMPONENTS {
                let why = format!("an app has at most {MOST_COMPONENTS} triggers of one kind");
                inner.report.add(value.span(), why);
            }
        }
    }

    /// Reads the trigger of a component of version 1.
    pub(super) fn of_component(
        &mut self,
        reader: &mut Reader<'_, '_, '_>,
        kind: &str,
        component: &str,
        around: &Around<'_>,
    ) {
        let Some(keys) = keys_of(kind) else { return };
        let own =
            |key: &&'static str| !["id", "component", "components", "dependencies", "static_response"].contains(key);
        let known: Vec<&'static str> = keys.known.iter().copied().filter(own).collect();
        keys.check_only(reader, &known);
        let heading = reader.table.keys().map(toml::Spanned::span).min_by_key(|span| span.start).unwrap_or_default();
        if let Some(what) = self.what(reader, kind, heading, component, around) {
            self.leading.push(Leading { component: component.to_owned(), what, middleware: Vec::new() });
        }
    }

    fn one(
        &mut self,
        reader: &mut Reader<'_, '_, '_>,
        kind: &str,
        span: Range<usize>,
        guests: &mut BTreeMap<String, Guest>,
        around: &Around<'_>,
    ) {
        let id = reader.text("id").map(|(id, _)| id.to_owned());
        let middleware = middleware(reader, kind, around);
        let response = if kind == "http" { http::response(reader) } else { None };
        let component = self.component(reader, id.as_deref(), guests, around);
        let has_response = reader.value("static_response").is_some();
        match (reader.value("component").is_some(), has_response && kind == "http") {
            (true, true) => {
                reader.report.add(span, "a trigger has a `component` or a `static_response`, not both; leave one out");
            }
            (false, false) => {
                let or = if kind == "http" { ", or a `static_response`" } else { "" };
                reader.report.add(span, format!("the trigger has no `component`; name the one that it is for{or}"));
            }
            (true, false) => {
                let called = component.clone().unwrap_or_default();
                let what = self.what(reader, kind, span, &called, around);
                if let (Some(component), Some(what)) = (component, what) {
                    self.leading.push(Leading { component, what, middleware });
                }
            }
            (false, true) => self.respond(reader, id.as_deref(), span, response, around),
        }
    }

    /// Notes a response that is always the same.
    fn respond(
        &mut self,
        reader: &mut Reader<'_, '_, '_>,
        id: Option<&str>,
        span: Range<usize>,
        response: Option<StaticResponse>,
        around: &Around<'_>,
    ) {
        let what = self.what(reader, "http", span, "", around);
        let (Some(What::Request { route, .. }), Some(respond)) = (what, response) else { return };
        // Its name is made when all others are known.
        let name = id.filter(|id| is_component(id)).map(str::to_ascii_lowercase);
        let routes = route.into_iter().collect();
        self.others.push(Guest { name, respond: Some(respond), routes, ..Guest::default() });
    }

    /// The name of the component that a trigger leads to, which may stand in the trigger itself.
    fn component(
        &mut self,
        reader: &mut Reader<'_, '_, '_>,
        id: Option<&str>,
        guests: &mut BTreeMap<String, Guest>,
        around: &Around<'_>,
    ) -> Option<String> {
        let value = reader.value("component")?;
        match value.get_ref() {
            DeValue::String(_) => {
                let (name, span) = reader.text("component")?;
                let plain = name.to_ascii_lowercase();
                if !guests.contains_key(&plain) {
                    reader.report.add(span, nobody(name, guests));
                    return None;
                }
                Some(plain)
            }
            DeValue::Table(table) => {
                let name = inline_name(id, guests);
                let place = format!("{}.component", reader.place.trim_matches(['[', ']']));
                let mut inner = Reader { table, report: reader.report, place };
                let guest = component::read(&mut inner, &name, value.span(), around);
                guests.insert(name.clone(), guest);
                Some(name)
            }
            _ => {
                let wanted = "the name of a component, or a table that describes one";
                reader.expect("component", value, wanted, None)
            }
        }
    }

    fn what(
        &mut self,
        reader: &mut Reader<'_, '_, '_>,
        kind: &str,
        span: Range<usize>,
        component: &str,
        around: &Around<'_>,
    ) -> Option<What> {
        match kind {
            "http" => self.request(reader, span, component),
            _ => events::read(reader, kind, span, &self.settings, around).map(What::Event),
        }
    }

    /// Has what components are composed with be where it is, and gives each trigger to the guest of its component.
    pub(super) fn finish(mut self, reader: &mut Reader<'_, '_, '_>, mut guests: BTreeMap<String, Guest>) -> Vec<Guest> {
        let components = dependencies::Components::of(&guests);
        for (name, guest) in &mut guests {
            components.settle(reader, name, &mut guest.dependencies);
        }
        for leading in &mut self.leading {
            components.settle(reader, &leading.component, &mut leading.middleware);
        }
        assign::all(reader, self.leading, self.others, guests)
    }
}

fn keys_of(kind: &str) -> Option<&'static Keys> {
    KINDS.iter().find(|(known, _)| *known == kind).map(|(_, keys)| *keys)
}

fn unknown(kind: &str) -> String {
    let known = KINDS.map(|(kind, _)| kind);
    let advice = did_you_mean(kind, known.into_iter());
    format!("Holm has no triggers of the kind `{}`; there are {}{advice}", shown(kind), known.join(", "))
}

fn nobody(name: &str, guests: &BTreeMap<String, Guest>) -> String {
    let known = guests.keys().map(String::as_str);
    let advice = match (did_you_mean(name, known), guests.is_empty()) {
        (_, true) => "; add it as [component.NAME]".to_owned(),
        (advice, _) if advice.is_empty() => {
            format!("; there is {}", guests.keys().take(10).cloned().collect::<Vec<_>>().join(", "))
        }
        (advice, _) => advice,
    };
    format!("no component of this app is called `{}`{advice}", shown(name))
}

/// What a component is called that stands in a trigger: as the trigger, or by a number.
fn inline_name(id: Option<&str>, guests: &BTreeMap<String, Guest>) -> String {
    let natural = id.filter(|id| is_component(id)).map(|id| format!("{}-component", id.to_ascii_lowercase()));
    let natural = natural.filter(|name| name.len() <= component::LONGEST_NAME && !guests.contains_key(name));
    natural.unwrap_or_else(|| {
        let numbered = (1..).map(|number| format!("inline-component{number}"));
        numbered.take(guests.len() + 1).find(|name| !guests.contains_key(name)).unwrap_or_default()
    })
}

/// Reads the `dependencies` of a trigger, which are what stands before its component.
fn middleware(reader: &mut Reader<'_, '_, '_>, kind: &str, around: &Around<'_>) -> Vec<Dependency> {
    let mut all = Vec::new();
    let Some(mut inner) = reader.inside_like("dependencies", "{ middleware = [{ component = \"…\" }] }") else {
        return all;
    };
    for key in inner.table.keys().filter(|key| kind != "http" || key.get_ref() != "middleware") {
        let why = match kind {
            "http" => "the only dependencies of an HTTP trigger are `middleware`",
            _ => "only HTTP triggers have dependencies",
        };
        inner.report.add(key.span(), why);
    }
    each_of(&mut inner, "middleware", "trigger.http.dependencies.middleware", |reader, span| {
        if all.len() < crate::components::MOST_COMPONENTS {
            all.extend(dependencies::middleware(reader, all.len(), span, around));
        }
    });
    all
}
