//! Variables of apps: texts that guests ask for by name, and that come from somewhere else than the manifest.
//!
//! An app declares variables; each of its guests has variables of its own, which are texts over those of the app
//! ([`Template`]). What can be known when the app is loaded is known from then on: the environment, a file of such
//! lines, values that were given, defaults. Only Vault is asked when a guest asks, and not more often than every few seconds.
//!
//! No message names a value, nor does anything here show one when it is printed for debugging.

mod dotenv;
mod error;
mod source;
#[cfg(feature = "http")]
mod vault;

pub use error::VariableError;
pub use source::{Lookup, MAX_DOTENV, Surroundings};
#[cfg(feature = "http")]
pub use vault::MAX_ANSWER;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use holm_manifest::{Piece, Template, Variable, VariableSource};

use crate::alarm::Report;
use source::Source;

/// The most bytes that the value of a guest's variable may have: a template may name a long variable many times.
pub const MAX_VALUE: usize = 1 << 20;

/// The variables that an app declares, and where their values are.
pub struct AppVariables {
    sources: BTreeMap<String, Arc<Source>>,
}

impl AppVariables {
    /// The variables `declared`, whose values are in `sources`, the first that knows one first. What nobody knows has its
    /// default. Reads files, but connects to nothing. `report` is told of servers that cannot be asked.
    ///
    /// # Errors
    /// A sentence for each variable that is required and has no value, and for each source that cannot be used.
    pub fn new(
        declared: &BTreeMap<String, Variable>,
        sources: &[VariableSource],
        surroundings: &Surroundings<'_>,
        report: Option<Report>,
    ) -> Result<Self, Vec<String>> {
        Ok(Self { sources: source::all(declared, sources, surroundings, report)? })
    }

    /// What `template` is at this moment: for what is known when an app is loaded, as the addresses of its triggers.
    ///
    /// # Errors
    /// As [`Variables::get`], but for the name.
    pub async fn resolve(&self, template: &Template) -> Result<String, VariableError> {
        self.joined(template).value().await
    }

    /// The variables of one guest.
    pub fn of_guest(&self, templates: &BTreeMap<String, Template>) -> Variables {
        let joined = templates.iter().map(|(name, template)| (name.clone(), self.joined(template)));
        Variables { values: joined.collect() }
    }

    fn joined(&self, template: &Template) -> Value {
        let parts = template.pieces().iter().map(|piece| match piece {
            Piece::Text(text) => Part::Known(text.as_str().into()),
            Piece::Variable(name) => match self.sources.get(name) {
                Some(source) => source.known().map_or_else(|| Part::Asked(Arc::clone(source)), Part::Known),
                None => Part::Undeclared(name.clone()),
            },
        });
        let parts: Vec<Part> = parts.collect();
        match constant(&parts) {
            Some(text) => Value::Known(text),
            None => Value::Parts(parts),
        }
    }
}

/// What `parts` always are, if that is known.
fn constant(parts: &[Part]) -> Option<Arc<str>> {
    let mut text = String::new();
    for part in parts {
        let Part::Known(known) = part else { return None };
        if text.len() + known.len() > MAX_VALUE {
            return None;
        }
        text.push_str(known);
    }
    Some(text.into())
}

/// The variables of one guest: names, and what they are put together of.
#[derive(Default)]
pub struct Variables {
    values: BTreeMap<String, Value>,
}

enum Value {
    Known(Arc<str>),
    Parts(Vec<Part>),
}

enum Part {
    Known(Arc<str>),
    Asked(Arc<Source>),
    Undeclared(String),
}

impl Variables {
    /// The value of the variable called `name`.
    ///
    /// # Errors
    /// See [`VariableError`].
    pub async fn get(&self, name: &str) -> Result<String, VariableError> {
        match self.values.get(name) {
            Some(value) => value.value().await,
            None => Err(error::missing(name)),
        }
    }

    /// All of them with their values, in the order of their names.
    ///
    /// # Errors
    /// That of the first whose value could not be had.
    pub async fn all(&self) -> Result<Vec<(String, String)>, VariableError> {
        let mut all = Vec::with_capacity(self.values.len());
        for (name, value) in &self.values {
            all.push((name.clone(), value.value().await?));
        }
        Ok(all)
    }

    /// Their names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.values.keys().map(String::as_str)
    }
}

impl Value {
    async fn value(&self) -> Result<String, VariableError> {
        let parts = match self {
            Value::Known(text) => return Ok(text.as_ref().to_owned()),
            Value::Parts(parts) => parts,
        };
        let mut value = String::new();
        for part in parts {
            match part {
                Part::Known(text) => push(&mut value, text)?,
                Part::Asked(source) => push(&mut value, &source.get().await?)?,
                Part::Undeclared(name) => return Err(VariableError::Undefined(name.clone())),
            }
        }
        Ok(value)
    }
}

fn push(value: &mut String, text: &str) -> Result<(), VariableError> {
    if value.len() + text.len() > MAX_VALUE {
        return Err(VariableError::Provider(format!("the value has more than {MAX_VALUE} bytes")));
    }
    value.push_str(text);
    Ok(())
}

impl fmt::Debug for AppVariables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.sources.keys()).finish()
    }
}

impl fmt::Debug for Variables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.names()).finish()
    }
}

#[cfg(test)]
mod tests;
