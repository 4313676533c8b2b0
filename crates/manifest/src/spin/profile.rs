//! `[component.NAME.profile.NAME]`: what is different when a build profile is asked for.

use super::{Around, build, component, dependencies, each, keys, source};
use crate::build::Build;
use crate::guest::Guest;
use crate::values::Reader;

/// Reads every profile of a component, and has `guest` be as the one that was asked for says.
pub(super) fn read(reader: &mut Reader<'_, '_, '_>, around: &Around<'_>, guest: &mut Guest) {
    let heading = format!("[{}.NAME]", reader.below("profile"));
    each(reader, "profile", &heading, |reader, name, _| {
        keys::PROFILE.check(reader);
        let chosen = around.profile == Some(name);
        let environment = component::environment(reader);
        let dependencies = dependencies::read(reader, around);
        let source = match reader.value("source") {
            Some(value) => source::read(reader, around.folder, value.span()),
            None => None,
        };
        let span = reader.value("build").map(toml::Spanned::span).unwrap_or_default();
        let command = reader.inside("build").and_then(|mut inner| {
            keys::PROFILE_BUILD.check(&mut inner);
            build::command(&mut inner, span)
        });
        if !chosen {
            return;
        }
        guest.grants.env.extend(environment);
        component::put(guest, source);
        for dependency in dependencies {
            guest.dependencies.retain(|other| other.import != dependency.import);
            guest.dependencies.push(dependency);
        }
        if command.is_some() {
            guest.build.get_or_insert_with(Build::default).command = command;
        }
    });
}
