//! Who knows the value of a variable.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;
use std::sync::Arc;

use holm_manifest::{Variable, VariableSource};

#[cfg(feature = "http")]
use super::vault::{Question, Vault};
use super::{VariableError, dotenv};
use crate::alarm::Report;

/// The largest file of variables that is read, in bytes.
pub const MAX_DOTENV: u64 = 1 << 20;

/// How a variable of the environment is looked up, by name.
pub type Lookup<'a> = &'a dyn Fn(&str) -> Option<OsString>;

/// What of the process around an app its variables may come from.
#[derive(Clone, Copy, Default)]
pub struct Surroundings<'a> {
    /// The environment. `None`: there is none for this app, as for one that was deployed to a server
    /// which its developer does not own; files of variables are not looked at either.
    pub environment: Option<Lookup<'a>>,
}

/// One variable of an app: those to ask for it, in order, and what it is if they do not know it.
pub(super) struct Source {
    #[cfg(feature = "http")]
    asked: Vec<Question>,
    otherwise: Option<Arc<str>>,
    name: String,
}

impl Source {
    /// Its value, if that never changes.
    pub(super) fn known(&self) -> Option<Arc<str>> {
        #[cfg(feature = "http")]
        if !self.asked.is_empty() {
            return None;
        }
        self.otherwise.clone()
    }

    /// Its value at this moment.
    pub(super) async fn get(&self) -> Result<Arc<str>, VariableError> {
        #[cfg(feature = "http")]
        for question in &self.asked {
            if let Some(value) = question.ask().await? {
                return Ok(value);
            }
        }
        let missing =
            || VariableError::Provider(format!("nothing gives a value to the required variable `{}`", self.name));
        self.otherwise.clone().ok_or_else(missing)
    }
}

/// A source that was made ready.
enum Ready<'a> {
    Static(&'a BTreeMap<String, holm_manifest::Secret>),
    Env(Environment<'a>),
    #[cfg(feature = "http")]
    Vault(Arc<Vault>),
}

/// Every variable that is `declared`, or what is wrong with them.
pub(super) fn all(
    declared: &BTreeMap<String, Variable>,
    sources: &[VariableSource],
    surroundings: &Surroundings<'_>,
    report: Option<Report>,
) -> Result<BTreeMap<String, Arc<Source>>, Vec<String>> {
    // An app without variables has nothing to look for, and a file that is broken does not harm it.
    if declared.is_empty() {
        return Ok(BTreeMap::new());
    }
    let mut wrong = Vec::new();
    let ready = sources.iter().filter_map(|source| ready(source, surroundings, &report, &mut wrong));
    let ready: Vec<Ready<'_>> = ready.collect();
    let mut found = BTreeMap::new();
    for (name, variable) in declared {
        match one(name, variable, &ready) {
            Ok(source) if source.has_hope() => drop(found.insert(name.clone(), Arc::new(source))),
            Ok(_) => wrong.push(unknown(name, &ready)),
            Err(why) => wrong.push(why),
        }
    }
    if wrong.is_empty() { Ok(found) } else { Err(wrong) }
}

fn ready<'a>(
    source: &'a VariableSource,
    surroundings: &Surroundings<'a>,
    report: &Option<Report>,
    wrong: &mut Vec<String>,
) -> Option<Ready<'a>> {
    match source {
        VariableSource::Static(values) => Some(Ready::Static(values)),
        VariableSource::Env { prefix, dotenv } => {
            let read = Environment::new(prefix, dotenv.as_deref(), surroundings.environment?);
            read.map(Ready::Env).map_err(|why| wrong.push(why)).ok()
        }
        #[cfg(feature = "http")]
        VariableSource::Vault { url, token, mount, prefix } => {
            let vault = Vault::new(url, token, mount, prefix.as_deref(), report.clone());
            vault.map(|vault| Ready::Vault(Arc::new(vault))).map_err(|why| wrong.push(why)).ok()
        }
        #[cfg(not(feature = "http"))]
        VariableSource::Vault { url, .. } => {
            let _ = report;
            wrong.push(format!("{url}: this Holm was built without what asks a Vault for variables"));
            None
        }
    }
}

fn one(name: &str, variable: &Variable, ready: &[Ready<'_>]) -> Result<Source, String> {
    let mut source = Source {
        #[cfg(feature = "http")]
        asked: Vec::new(),
        otherwise: variable.default.as_deref().map(Arc::from),
        name: name.to_owned(),
    };
    for place in ready {
        let value = match place {
            Ready::Static(values) => values.get(name).map(|value| value.expose().to_owned()),
            Ready::Env(environment) => environment.get(name)?,
            #[cfg(feature = "http")]
            Ready::Vault(vault) => {
                source.asked.push(Question::new(vault, name)?);
                None
            }
        };
        if let Some(value) = value {
            source.otherwise = Some(value.into());
            break;
        }
    }
    Ok(source)
}

impl Source {
    /// Whether it has a value, or may have one when it is asked for.
    fn has_hope(&self) -> bool {
        #[cfg(feature = "http")]
        if !self.asked.is_empty() {
            return true;
        }
        self.otherwise.is_some()
    }
}

fn unknown(name: &str, ready: &[Ready<'_>]) -> String {
    let environment = ready.iter().find_map(|place| match place {
        Ready::Env(environment) => Some(environment),
        _ => None,
    });
    let advice = match environment {
        Some(Environment { prefix, file: Some(file), .. }) => {
            format!("set {}, in the environment or in {}", variable(prefix, name), file.display())
        }
        Some(Environment { prefix, .. }) => format!("set {} in the environment", variable(prefix, name)),
        None => "give it a `default`, or a value where this server takes the app's variables from".to_owned(),
    };
    format!("the variable `{name}` is required, and nothing gives it a value; {advice}")
}

/// The variables of a process, and of a file.
struct Environment<'a> {
    prefix: &'a str,
    process: Lookup<'a>,
    file: Option<&'a Path>,
    lines: BTreeMap<String, String>,
}

impl<'a> Environment<'a> {
    fn new(prefix: &'a str, file: Option<&'a Path>, process: Lookup<'a>) -> Result<Self, String> {
        let lines = match file {
            Some(path) => lines(path, process)?,
            None => BTreeMap::new(),
        };
        Ok(Self { prefix, process, file, lines })
    }

    fn get(&self, name: &str) -> Result<Option<String>, String> {
        let key = variable(self.prefix, name);
        match (self.process)(&key).map(OsString::into_string) {
            Some(Ok(value)) => Ok(Some(value)),
            Some(Err(_)) => Err(format!("the environment's {key}, which is the variable `{name}`, is not UTF-8 text")),
            None => Ok(self.lines.get(&key).cloned()),
        }
    }
}

fn variable(prefix: &str, name: &str) -> String {
    format!("{prefix}_{}", name.to_ascii_uppercase())
}

/// What the file at `path` says; nothing if there is none.
fn lines(path: &Path, process: Lookup<'_>) -> Result<BTreeMap<String, String>, String> {
    let failed = |why: &dyn std::fmt::Display| format!("cannot read the variables in {}: {why}", path.display());
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(BTreeMap::new()),
        Err(error) => return Err(failed(&error)),
    };
    let mut bytes = Vec::new();
    file.take(MAX_DOTENV + 1).read_to_end(&mut bytes).map_err(|error| failed(&error))?;
    if bytes.len() as u64 > MAX_DOTENV {
        return Err(failed(&format!("it has more than {MAX_DOTENV} bytes")));
    }
    let text = String::from_utf8(bytes).map_err(|_| failed(&"it is not UTF-8 text"))?;
    let outside = |name: &str| process(name).and_then(|value| value.into_string().ok());
    dotenv::parse(&text, &outside).map_err(|(line, why)| format!("{}:{line}: {why}", path.display()))
}
