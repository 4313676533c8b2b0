//! What plugins ask for, and what a host decided about it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use holm_engine::SourceKind;
use holm_engine::shape::Shape;
use holm_grants::{Grants, Limits};
use holm_manifest::App;
use serde::{Deserialize, Serialize};

use crate::builder::From;
use crate::load::Spec;
use crate::{Error, Kind, Result};

/// The custom section that a plugin may carry its manifest in, as text.
const SECTION: &str = "holm.toml";

/// What a plugin asks for, in the words of a manifest. It is a wish: a host gives what it decides to give.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asks {
    /// What it wants to touch.
    pub grants: Grants,
    /// Environment variables that it wants with the values that the host has for them.
    pub env_from_host: Vec<String>,
    /// How much it says it needs.
    pub limits: Limits,
}

impl Asks {
    /// In the plugin's own section `holm.toml`, or else in the file `NAME.holm.toml` beside `NAME.wasm`.
    pub(crate) fn of(spec: &Spec) -> Result<Self> {
        let source = spec.source()?;
        let within = match source.kind {
            SourceKind::Wasm => section(&source.bytes),
            SourceKind::Precompiled => None,
        };
        let beside = match &spec.from {
            From::File(path) => Some(path.with_extension("holm.toml")),
            From::Bytes(_) => None,
        };
        let invalid = |error: holm_manifest::ManifestError| Error::new(Kind::Invalid, error.to_string());
        let app = match (within, beside) {
            (Some(text), _) => {
                App::parse(&text, Path::new(&format!("{} (its manifest)", spec.name))).map_err(invalid)?
            }
            (None, Some(beside)) if beside.is_file() => App::load(&beside).map_err(invalid)?,
            _ => return Ok(Self::default()),
        };
        let guest = app.guests.into_iter().next().unwrap_or_default();
        Ok(Self { grants: guest.grants, env_from_host: guest.env_from_host, limits: guest.limits })
    }

    /// One line of a manifest for each thing that it asks for: `dir = ./notes::/notes`. [`crate::Grant::line`] reads them.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        lines(self)
    }

    /// What it asks for beyond `given`.
    #[must_use]
    pub fn beyond(&self, given: &Grants) -> Grants {
        self.grants.beyond(given)
    }
}

fn section(bytes: &[u8]) -> Option<String> {
    let shape = Shape::parse(bytes).ok()?;
    let section = shape.custom(SECTION)?;
    let text = bytes.get(section.range.clone())?;
    String::from_utf8(text.to_vec()).ok()
}

/// What a host decided about the plugins that asked it, kept in a file.
///
/// A decision holds for what was asked: a new version of a plugin that asks for more is not decided about.
#[derive(Debug)]
pub struct Decisions {
    file: PathBuf,
    by_plugin: BTreeMap<String, Decision>,
}

/// What was decided about one plugin.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Decision {
    /// What it may have, as the lines of a manifest.
    granted: Vec<String>,
    /// What it may not have.
    refused: Vec<String>,
}

/// What a host decided about what a plugin asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It may have all it asks for.
    Granted,
    /// Some of it was refused: these lines of a manifest.
    Refused(Vec<String>),
    /// Nothing was decided yet about these lines.
    Undecided(Vec<String>),
}

impl Decisions {
    /// The decisions in this file, none if it is not there.
    ///
    /// # Errors
    /// [`Kind::Io`] when it cannot be read, [`Kind::Invalid`] when it holds something else.
    pub fn open(file: impl Into<PathBuf>) -> Result<Self> {
        let file = file.into();
        let by_plugin = match std::fs::read(&file) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|error| {
                Error::new(Kind::Invalid, format!("{} does not hold decisions: {error}", file.display()))
                    .note("remove it to decide anew")
            })?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => BTreeMap::new(),
            Err(error) => return Err(Error::io(format_args!("read {}", file.display()), &error)),
        };
        Ok(Self { file, by_plugin })
    }

    /// What was decided about what `plugin` asks for.
    pub fn verdict(&self, plugin: &str, asks: &Asks) -> Verdict {
        let decided = self.by_plugin.get(plugin).cloned().unwrap_or_default();
        let lines = lines(asks);
        let refused: Vec<_> = lines.iter().filter(|line| decided.refused.contains(line)).cloned().collect();
        let undecided: Vec<_> = lines
            .into_iter()
            .filter(|line| !decided.granted.contains(line) && !decided.refused.contains(line))
            .collect();
        match (undecided.is_empty(), refused.is_empty()) {
            (false, _) => Verdict::Undecided(undecided),
            (true, false) => Verdict::Refused(refused),
            (true, true) => Verdict::Granted,
        }
    }

    /// Lets `plugin` have all it asks for, and keeps that.
    ///
    /// # Errors
    /// [`Kind::Io`] when the file cannot be written; nothing has changed then.
    pub fn grant(&mut self, plugin: &str, asks: &Asks) -> Result<()> {
        self.decide(plugin, Decision { granted: lines(asks), refused: Vec::new() })
    }

    /// Refuses `plugin` what it asks for, and keeps that.
    ///
    /// # Errors
    /// As [`Decisions::grant`].
    pub fn refuse(&mut self, plugin: &str, asks: &Asks) -> Result<()> {
        self.decide(plugin, Decision { granted: Vec::new(), refused: lines(asks) })
    }

    /// Forgets what was decided about `plugin`.
    ///
    /// # Errors
    /// As [`Decisions::grant`].
    pub fn forget(&mut self, plugin: &str) -> Result<()> {
        let mut all = self.by_plugin.clone();
        all.remove(plugin);
        self.keep(all)
    }

    fn decide(&mut self, plugin: &str, decision: Decision) -> Result<()> {
        let mut all = self.by_plugin.clone();
        all.insert(plugin.to_owned(), decision);
        self.keep(all)
    }

    /// Written beside the file and renamed, so that there is always one that is whole.
    fn keep(&mut self, all: BTreeMap<String, Decision>) -> Result<()> {
        let failed = |error: &std::io::Error| Error::io(format_args!("write {}", self.file.display()), error);
        let text = serde_json::to_vec_pretty(&all).map_err(|error| Error::new(Kind::Internal, error.to_string()))?;
        let dir = self.file.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut new = tempfile::NamedTempFile::new_in(dir).map_err(|error| failed(&error))?;
        std::io::Write::write_all(&mut new, &text).map_err(|error| failed(&error))?;
        new.as_file().sync_all().map_err(|error| failed(&error))?;
        new.persist(&self.file).map_err(|error| failed(&error.error))?;
        self.by_plugin = all;
        Ok(())
    }
}

/// One line for each thing that is asked for.
fn lines(asks: &Asks) -> Vec<String> {
    let Grants { dirs, env, net, listen, http, kv, blob, sql, models, outbound, config, blocked: _ } = &asks.grants;
    let mut lines = Vec::new();
    let mut all = |key: &str, items: &mut dyn Iterator<Item = String>| {
        lines.extend(items.map(|item| format!("{key} = {item}")));
    };
    all("dir", &mut dirs.iter().map(ToString::to_string));
    all("env", &mut env.iter().map(|(name, value)| format!("{name}={value}")));
    all("env", &mut asks.env_from_host.iter().cloned());
    all("net", &mut net.iter().map(ToString::to_string));
    all("listen", &mut listen.iter().map(ToString::to_string));
    all("http", &mut http.iter().map(ToString::to_string));
    all("kv", &mut kv.iter().cloned());
    all("blob", &mut blob.iter().cloned());
    all("sql", &mut sql.iter().cloned());
    all("models", &mut models.iter().cloned());
    all("outbound", &mut outbound.iter().map(ToString::to_string));
    all("config", &mut config.iter().map(|(name, value)| format!("{name}={value}")));
    lines
}
