//! What the flags and a `runtime-config.toml` say of an app of Spin's.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use holm_engine::{Error, Kind, Result};
use holm_manifest::{App, Backend, Folder, Platform, RuntimeConfig, Secret, SqlBackend, VariableSource};

use crate::args::HostArgs;

/// The most bytes of a file with values.
const MAX_VALUES: u64 = 1 << 20;

/// Has `app`, which is called `name`, take over what was said: the flags first, then the file, then what it would do anyway.
/// An app of ours is told of a flag that is not for it.
///
/// # Errors
/// [`Kind::Usage`] for a file that is wrong, or a variable that the app does not declare.
pub(crate) fn configure(app: &mut App, name: &str, args: &HostArgs) -> Result<()> {
    if app.platform != Platform::Spin {
        return Ok(());
    }
    let mut state = None;
    if let Some(file) = &args.runtime_config {
        let config = RuntimeConfig::load(file).map_err(|error| Error::new(Kind::Usage, error.to_string()))?;
        for key in config.unheeded() {
            crate::output::warn(&format!("{}: `{key}` is read, and changes nothing here", file.display()));
        }
        config.apply_to(app);
        state = config.state_dir;
    }
    if let Some(dir) = &args.state_dir {
        // As Spin has it: an empty name is no folder.
        state = Some(if dir.as_os_str().is_empty() { Folder::Nowhere } else { Folder::At(dir.clone()) });
    }
    match state {
        Some(Folder::At(dir)) => keep_in(app, &dir.join(name)),
        Some(Folder::Nowhere) => forget(app),
        None => {}
    }
    say(app, args)
}

/// The files that have a say beside the manifest, so that a change of one is noticed.
pub(crate) fn files<'a>(app: &'a App, args: &'a HostArgs) -> impl Iterator<Item = &'a Path> {
    let dotenv = app.services.variables.iter().filter_map(|source| match source {
        VariableSource::Env { dotenv, .. } => dotenv.as_deref(),
        _ => None,
    });
    dotenv.chain(args.runtime_config.as_deref())
}

fn say(app: &mut App, args: &HostArgs) -> Result<()> {
    if args.variable.is_empty() {
        return Ok(());
    }
    let mut values = BTreeMap::new();
    for text in &args.variable {
        values.extend(values_in(text)?);
    }
    let unknown = values.iter().find(|(name, _)| !app.variables.contains_key(*name));
    if let Some((name, _)) = unknown {
        let known: Vec<&str> = app.variables.keys().map(String::as_str).collect();
        let error = Error::new(Kind::Usage, format!("--variable {name}: the app declares no variable of this name"));
        return Err(match known.as_slice() {
            [] => error.note("[variables] in its manifest declares them"),
            known => error.note(format!("it declares {}", known.join(", "))),
        });
    }
    let said = values.into_iter().map(|(name, value)| (name, Secret::from(value)));
    app.services.variables.insert(0, VariableSource::Static(said.collect()));
    Ok(())
}

/// What one `--variable` says. No message repeats a value.
fn values_in(text: &str) -> Result<BTreeMap<String, String>> {
    if let Some(file) = text.strip_prefix('@') {
        let read = read(file)?;
        return serde_json::from_str(&read).map_err(|error| {
            let why =
                format!("--variable @{file}: it holds no names and texts as JSON has them, at line {}", error.line());
            Error::new(Kind::Usage, why).note("one is {\"name\": \"value\"}")
        });
    }
    let (name, value) = text.split_once('=').filter(|(name, _)| !name.is_empty()).ok_or_else(|| {
        Error::new(Kind::Usage, "--variable is given what is neither NAME=VALUE nor @FILE.json")
            .note("a variable has a name and a value, as in --variable colour=blue")
    })?;
    let value = match value.strip_prefix('@') {
        Some(file) => read(file)?,
        None => value.to_owned(),
    };
    Ok(BTreeMap::from([(name.to_owned(), value)]))
}

fn read(file: &str) -> Result<String> {
    let failed = |error| Error::io(format_args!("read {file} for --variable"), &error);
    let mut text = String::new();
    File::open(file).and_then(|file| file.take(MAX_VALUES + 1).read_to_string(&mut text)).map_err(failed)?;
    match text.len() as u64 > MAX_VALUES {
        true => Err(Error::new(Kind::Usage, format!("--variable: {file} is larger than {MAX_VALUES} bytes"))),
        false => Ok(text),
    }
}

/// Keeps what is not kept elsewhere in `folder`.
fn keep_in(app: &mut App, folder: &Path) {
    let (kv, sql) = names(app);
    for name in kv {
        app.services.kv.entry(name).or_insert_with(|| Backend::Sqlite(folder.join("stores.sqlite")));
    }
    for name in sql {
        let file = PathBuf::from(format!("{name}.db"));
        app.services.sql.entry(name).or_insert_with(|| SqlBackend::File(folder.join("databases").join(file)));
    }
}

/// Forgets what is not kept elsewhere with the process, as far as there is a place for it that does.
fn forget(app: &mut App) {
    let (kv, _) = names(app);
    for name in kv {
        app.services.kv.entry(name).or_insert(Backend::Memory);
    }
}

/// The stores and databases that are granted to anybody.
fn names(app: &App) -> (Vec<String>, Vec<String>) {
    let kv = app.guests.iter().flat_map(|guest| guest.grants.kv.clone());
    let sql = app.guests.iter().flat_map(|guest| guest.grants.sql.clone());
    (kv.collect(), sql.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn app() -> App {
        let text = "spin_manifest_version = 2\n[application]\nname = \"a\"\n[variables]\nx = { default = \"y\" }\n\
                    [[trigger.http]]\nroute = \"/...\"\ncomponent = \"web\"\n[component.web]\nsource = \"web.wasm\"\n\
                    key_value_stores = [\"default\"]\nsqlite_databases = [\"default\"]\n";
        App::parse_spin(text, Path::new("spin.toml"), None).unwrap()
    }

    #[test]
    fn what_flags_say_comes_before_what_the_file_says() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("runtime-config.toml");
        std::fs::write(&file, "state_dir = \"state\"\n").unwrap();
        let mut args = HostArgs { runtime_config: Some(file), ..HostArgs::default() };
        let mut read = app();
        configure(&mut read, "a", &args).unwrap();
        assert_eq!(read.services.kv["default"], Backend::Sqlite(dir.path().join("state/a/stores.sqlite")));
        args.state_dir = Some("elsewhere".into());
        let mut read = app();
        configure(&mut read, "a", &args).unwrap();
        assert_eq!(read.services.kv["default"], Backend::Sqlite("elsewhere/a/stores.sqlite".into()));
        assert_eq!(read.services.sql["default"], SqlBackend::File("elsewhere/a/databases/default.db".into()));
        args.state_dir = Some(PathBuf::new());
        let mut read = app();
        configure(&mut read, "a", &args).unwrap();
        assert_eq!(read.services.kv["default"], Backend::Memory);
    }

    #[test]
    fn a_variable_that_is_not_declared_is_told() {
        let said = |name: &str| {
            let variable = vec![format!("{name}=z")];
            configure(&mut app(), "a", &HostArgs { variable, ..HostArgs::default() })
        };
        assert!(said("x").is_ok());
        assert_eq!(said("w").unwrap_err().notes(), ["it declares x"]);
    }

    #[test]
    fn values_may_lie_in_files() {
        let dir = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| {
            std::fs::write(dir.path().join(name), text).unwrap();
            dir.path().join(name).display().to_string()
        };
        let one = values_in(&format!("x=@{}", file("x.txt", "a=b"))).unwrap();
        assert_eq!(one, BTreeMap::from([("x".to_owned(), "a=b".to_owned())]));
        let several = values_in(&format!("@{}", file("all.json", "{\"x\": \"1\", \"y\": \"2\"}"))).unwrap();
        assert_eq!(several.len(), 2);
        for wrong in ["x", "=y", "x=@none.txt", "@none.json", &format!("@{}", file("bad.json", "secret"))] {
            assert!(!values_in(wrong).unwrap_err().to_string().contains("secret"), "{wrong}");
        }
    }
}
