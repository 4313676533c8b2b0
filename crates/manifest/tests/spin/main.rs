//! Manifests of apps made for Spin.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used)]

mod component;
mod composed;
mod first;
mod messages;
mod runtime;
mod triggers;
mod variables;

use holm_manifest::{App, Guest};
use std::path::Path;

/// An app of version 2 that has a name.
fn parse(text: &str) -> App {
    let text = format!("spin_manifest_version = 2\n[application]\nname = \"shop\"\n{text}");
    App::parse_spin(&text, Path::new("app/spin.toml"), None).unwrap()
}

/// What a person reads of the problems in `text`, which begins on the fourth line.
fn message(text: &str) -> String {
    let text = format!("spin_manifest_version = 2\n[application]\nname = \"shop\"\n{text}");
    whole(&text)
}

/// As [`message`], of a whole file.
fn whole(text: &str) -> String {
    let error = App::parse_spin(text, Path::new("spin.toml"), None).unwrap_err().to_string();
    error.split_once('\n').unwrap().1.to_owned()
}

fn guest<'a>(app: &'a App, name: &str) -> &'a Guest {
    let found = app.guests.iter().find(|guest| guest.name.as_deref() == Some(name));
    found.unwrap_or_else(|| panic!("no {name} in {:?}", names(app)))
}

fn names(app: &App) -> Vec<&str> {
    app.guests.iter().map(|guest| guest.name.as_deref().unwrap()).collect()
}

fn routes(guest: &Guest) -> Vec<String> {
    guest.routes.iter().map(ToString::to_string).collect()
}

fn outbound(guest: &Guest) -> Vec<String> {
    guest.grants.outbound.iter().map(ToString::to_string).collect()
}
