//! The variables of apps, and what is made of them when a guest is loaded.

use std::collections::BTreeMap;

use holm_engine::{Error, Kind, Result};
use holm_manifest::{Guest, Services, Template, Variable, outbound_grant};
use holm_services::Report;
use holm_services::variables::{AppVariables, Surroundings};

use crate::run::runtime;

/// The variables that an app declares. Those of an app that was named `here`, on this machine, may come from its environment.
///
/// # Errors
/// [`Kind::Usage`] with every variable that has no value.
pub(crate) fn of_app(
    declared: &BTreeMap<String, Variable>,
    services: &Services,
    here: bool,
    report: Option<Report>,
) -> Result<AppVariables> {
    let environment = |name: &str| std::env::var_os(name);
    let surroundings = Surroundings { environment: here.then_some(&environment) };
    AppVariables::new(declared, &services.variables, &surroundings, report).map_err(|wrong| {
        let error = Error::new(Kind::Usage, wrong.join("\n"));
        match here {
            true => {
                error.note("--variable NAME=VALUE gives one a value, and so does SPIN_VARIABLE_NAME here or in .env")
            }
            false => error.note("`default` in [variables] gives one a value: a server lends its environment to nobody"),
        }
    })
}

/// Grants a guest the servers whose names have variables in them. Blocks, perhaps on whoever keeps the values.
///
/// # Errors
/// A variable has no value, or what comes of it is no server.
pub(crate) fn fill_in(guest: &mut Guest, variables: &AppVariables) -> Result<()> {
    if guest.outbound.is_empty() {
        return Ok(());
    }
    let templates = std::mem::take(&mut guest.outbound);
    for value in values(&templates, variables).map_err(|error| wrong(&error))? {
        // A variable that is empty names no server, and that is no mistake.
        let Some(granted) = outbound_grant(&value).map_err(|error| wrong(&error))? else { continue };
        for (component, dependency) in guest.components.iter_mut().zip(&guest.dependencies) {
            if dependency.inherits.has("allowed_outbound_hosts") {
                component.grants.outbound.push(granted.clone());
            }
        }
        guest.grants.outbound.push(granted);
    }
    Ok(())
}

/// What these texts are at this moment. Blocks, perhaps on whoever keeps the values.
///
/// # Errors
/// A variable has no value.
pub(crate) fn values(texts: &[Template], variables: &AppVariables) -> Result<Vec<String>> {
    let values = async {
        let mut values = Vec::new();
        for text in texts {
            let value = variables.resolve(text).await;
            values.push(value.map_err(|error| Error::new(Kind::Usage, error.to_string()))?);
        }
        Ok(values)
    };
    match tokio::runtime::Handle::try_current() {
        Ok(within) => within.block_on(values),
        Err(_) => runtime()?.block_on(values),
    }
}

fn wrong(why: &dyn std::fmt::Display) -> Error {
    Error::new(Kind::Usage, format!("`allowed_outbound_hosts`: {why}"))
}
