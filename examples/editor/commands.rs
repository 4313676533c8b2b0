//! The commands that a folder of plugins brings.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use holm::component::Component;
use holm::{Error, Kind, Limits, Report, Result, Runtime};

use super::bindings::Command;
use super::buffer::Buffer;

/// A command that takes longer than this is no command but a mistake.
const LIMITS: Limits = Limits {
    memory: Some(32 << 20),
    cpu: Some(Duration::from_millis(500)),
    wall: Some(Duration::from_secs(5)),
    fuel: None,
    stack: None,
    max_output: None,
    table_elements: None,
    handles: None,
};

/// The commands in a folder: one for each file `*.wasm`.
pub(crate) struct Commands {
    runtime: Runtime,
    folder: PathBuf,
    files: BTreeMap<PathBuf, File>,
}

struct File {
    seen: Seen,
    /// What was loaded of it last: a file that was replaced by a broken one keeps it.
    plugin: Option<Plugin>,
}

struct Plugin {
    name: String,
    description: String,
    component: Component<Command>,
}

/// What tells one version of a file from the next.
type Seen = (u64, Option<SystemTime>);

impl Commands {
    pub(crate) fn new(runtime: &Runtime, folder: &Path) -> Self {
        Self { runtime: runtime.clone(), folder: folder.to_owned(), files: BTreeMap::new() }
    }

    /// Looks for plugins that are new, changed or gone, and tells what there is to tell. A command under way is not
    /// concerned: its code is there for as long as it needs it.
    pub(crate) fn refresh(&mut self) -> Vec<String> {
        let found = match list(&self.folder) {
            Ok(found) => found,
            Err(error) => return vec![format!("{}: {error}", self.folder.display())],
        };
        self.files.retain(|path, _| found.contains_key(path));
        let mut news = Vec::new();
        for (path, seen) in found {
            let old = self.files.remove(&path);
            let file = match old {
                Some(file) if file.seen == seen => file,
                old => self.load(&path, seen, old, &mut news),
            };
            self.files.insert(path, file);
        }
        news
    }

    fn load(&self, path: &Path, seen: Seen, old: Option<File>, news: &mut Vec<String>) -> File {
        let again = old.is_some();
        let plugin = match self.plugin(path) {
            Ok(plugin) => {
                if again {
                    news.push(format!("{}: loaded again", plugin.name));
                }
                Some(plugin)
            }
            Err(error) => {
                news.push(format!("not loaded: {error}"));
                old.and_then(|old| old.plugin)
            }
        };
        File { seen, plugin }
    }

    fn plugin(&self, path: &Path) -> Result<Plugin> {
        let component = self.runtime.plugin(path).limits(LIMITS).world::<Command>()?;
        // An instance to ask who it is, without any text to spoil.
        let mut instance = component.open(Buffer::default())?;
        let (name, description) = instance.call(async |command, store| {
            Ok((command.call_name(&mut *store).await?, command.call_description(store).await?))
        })?;
        if !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') || self.find(&name).is_some() {
            let why = format!("it calls itself {name:?}, which is taken or is no name");
            return Err(Error::new(Kind::Invalid, why).about(path.display()));
        }
        Ok(Plugin { name, description, component })
    }

    fn find(&self, name: &str) -> Option<&Plugin> {
        self.plugins().find(|plugin| plugin.name == name)
    }

    fn plugins(&self) -> impl Iterator<Item = &Plugin> {
        self.files.values().filter_map(|file| file.plugin.as_ref())
    }

    /// Names and descriptions.
    pub(crate) fn list(&self) -> impl Iterator<Item = (&str, &str)> {
        self.plugins().map(|plugin| (plugin.name.as_str(), plugin.description.as_str()))
    }

    /// What a command makes of a text, and what it used. It is given a copy, so that there is nothing to clean up behind
    /// one that fails half way.
    pub(crate) fn run(&self, name: &str, argument: &str, text: &Buffer) -> Result<(Buffer, Report)> {
        let unknown = || Error::new(Kind::Usage, format!("there is no command `{name}`")).note("`help` lists them");
        let plugin = self.find(name).ok_or_else(unknown)?;
        let mut instance = plugin.component.open(text.clone())?;
        let called = instance.measured(async |command, store| command.call_run(store, argument).await)?;
        // The command was called, and this is its answer.
        called.value.map_err(|why| Error::new(Kind::Failed, why).about(name))?;
        Ok((instance.into_host(), called.report))
    }
}

fn list(folder: &Path) -> std::io::Result<BTreeMap<PathBuf, Seen>> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "wasm") {
            let about = std::fs::metadata(&path)?;
            found.insert(path, (about.len(), about.modified().ok()));
        }
    }
    Ok(found)
}
