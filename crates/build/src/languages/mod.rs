//! A file for each language: which tool, with what, and what comes out.

mod assemblyscript;
mod c;
mod command;
mod go;
mod javascript;
mod python;
mod rust;

use crate::error::BuildError;
use crate::inputs::Inputs;
use crate::job::Job;
use crate::tool::Tool;
use crate::wit::Wit;
use holm_manifest::Language;
use std::path::PathBuf;

/// What a tool made.
#[derive(Default)]
pub(crate) struct Product {
    /// Where. `None`: it is in its place already.
    pub(crate) file: Option<PathBuf>,
    /// The world that a core module was built for, if it does not say it itself.
    pub(crate) wit: Option<Wit>,
    /// A core module becomes a component, whether or not it was built for a world.
    pub(crate) component: bool,
    /// Files elsewhere that it depends on, tools among them.
    pub(crate) elsewhere: Inputs,
    /// Files among the sources that were written on the way.
    pub(crate) written: Vec<PathBuf>,
}

impl Product {
    fn of(file: PathBuf, tools: &[&Tool]) -> Self {
        let mut product = Product { file: Some(file), ..Product::default() };
        tools.iter().for_each(|tool| product.elsewhere.note(&tool.file));
        product
    }
}

/// Makes it, in `language` or by the manifest's command.
pub(crate) fn make(language: Option<Language>, job: &Job<'_>) -> Result<Product, BuildError> {
    match language {
        None => command::make(job),
        Some(Language::Rust) => rust::make(job),
        Some(Language::Python) => python::make(job),
        Some(Language::JavaScript) => javascript::make(job, false),
        Some(Language::TypeScript) => javascript::make(job, true),
        Some(Language::Go) => go::make(job),
        Some(Language::C) => c::make(job),
        Some(Language::AssemblyScript) => assemblyscript::make(job),
        Some(other) => {
            Err(BuildError::Project { message: format!("{other} cannot be built by this Holm"), hint: None })
        }
    }
}
