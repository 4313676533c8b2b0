//! Guests that are composed of several components when they are loaded.

use holm_compose::{ComposeError, Part, Plan, Target, Wire, compose};
use holm_engine::{Cache, Error, Kind, MadeFrom, Result, Source, SourceKind};
use holm_manifest::{Guest as Described, Imports};

use crate::guest::short;
use crate::{component, dependencies, output};

/// The version of what is kept: another one composes anew what an older Holm composed otherwise.
const VERSION: &str = "holm composes, 1";

/// Gets the file of this name.
pub(crate) type Read<'a> = dyn Fn(&str) -> Result<Source> + 'a;

/// The guest in the file called `name`: a component where it is the core of one, and composed with its components if it has
/// any. What is made for that is kept in the cache, by what is in its files.
///
/// # Errors
/// A file cannot be read, is no component, or does not fit the others.
pub(crate) fn source(name: &str, guest: &Described, read: &Read<'_>, cache: Option<&Cache>) -> Result<Source> {
    let read = |name: &str| component::of(read(name)?, cache);
    refuse_middleware(guest)?;
    let root = read(name)?;
    if guest.components.is_empty() {
        return Ok(root);
    }
    let plan = plan(root, guest, &read)?;
    let kept = cache.map(|cache| (cache, made_from(cache, &plan)));
    if let Some((path, bytes)) = kept.as_ref().and_then(|(cache, from)| cache.find_made(from)) {
        return Ok(Source { path: Some(path), ..Source::from_bytes(name, bytes)? });
    }
    let composed = compose(&plan).map_err(|error| unfit(name, guest, &plan, &error))?;
    refuse_unused(guest, &composed.report.unused)?;
    composed.report.warnings.iter().for_each(|warning| output::warn(warning));
    match kept.map(|(cache, from)| cache.keep_made(&from, composed.bytes.clone())) {
        Some(Ok((path, bytes))) => Ok(Source { path: Some(path), ..Source::from_bytes(name, bytes)? }),
        // It works all the same, a little slower the next time.
        Some(Err(_)) | None => Source::from_bytes(name, composed.bytes),
    }
}

/// The bytes of the guest in the file called `name`, with all its components, for any host: what one of them is granted,
/// all are.
///
/// # Errors
/// As [`source`].
#[cfg(feature = "build")]
pub(crate) fn whole(name: &str, guest: &Described, read: &Read<'_>) -> Result<Vec<u8>> {
    let read = |name: &str| component::of(read(name)?, None);
    let root = read(name)?;
    if guest.components.is_empty() {
        return Ok(root.bytes.to_vec());
    }
    let plan = Plan { apart: false, ..plan(root, guest, &read)? };
    let composed = compose(&plan).map_err(|error| unfit(name, guest, &plan, &error))?;
    refuse_unused(guest, &composed.report.unused)?;
    Ok(composed.bytes)
}

/// What stands before a component may be what keeps strangers away from it: without it nothing is served.
fn refuse_middleware(guest: &Described) -> Result<()> {
    let Some(first) = guest.middleware.first() else { return Ok(()) };
    let (name, first) = (guest.name.as_deref().unwrap_or_default(), first.source.file());
    let why = format!("a trigger has {} stand before the component {name}, which Holm cannot do yet", first.display());
    Err(Error::new(Kind::Unsupported, why)
        .note("`holm compose` makes one component of both, to be named in their place"))
}

/// Part N of the plan is the Nth component of the manifest, which is how their grants find them.
fn plan(root: Source, guest: &Described, read: &Read<'_>) -> Result<Plan> {
    let root_name = root_name(&root.name, guest);
    let mut wires = wires(&root_name, &guest.imports);
    let mut parts = Vec::new();
    for component in &guest.components {
        let source = binary(read(&component.file.to_string_lossy())?)?;
        wires.extend(self::wires(&component.name, &component.imports));
        parts.push(Part::new(component.name.as_str(), source.bytes));
    }
    let root = Part::new(root_name, binary(root)?.bytes);
    if !guest.dependencies.is_empty() {
        let wires = dependencies::wires(guest, &root, &parts)?;
        return Ok(Plan { root, parts, wires, apart: dependencies::any_apart(guest) });
    }
    Ok(Plan { root, parts, wires, apart: true })
}

fn binary(source: Source) -> Result<Source> {
    match source.kind {
        SourceKind::Wasm => Ok(source),
        SourceKind::Precompiled => {
            let why = format!("{} is compiled already, and only components in their own format compose", source.name);
            Err(Error::new(Kind::Usage, why).note("name the .wasm it was compiled from"))
        }
    }
}

/// What the guest's own file is called among its components: as the file is, where that is a name and nobody else's.
fn root_name(file: &str, guest: &Described) -> String {
    let file = short(file);
    let stem = file.split('.').next().unwrap_or_default();
    let plain = |name: &&str| {
        let letters = name.bytes().all(|letter| letter.is_ascii_alphanumeric() || letter == b'-');
        letters && (1..=63).contains(&name.len()) && *name != "host"
    };
    let free = |name: &str| guest.components.iter().all(|component| component.name != name);
    let mut names = [stem, "guest", "root"].into_iter().filter(plain).map(str::to_owned);
    let other = || (0..).map(|number| format!("guest-{number}")).find(|name| free(name)).unwrap_or_default();
    names.find(|name| free(name)).unwrap_or_else(other)
}

fn wires(part: &str, imports: &Imports) -> Vec<Wire> {
    let target = |to: &Option<String>| match to {
        Some(part) => Target::Part { part: part.clone(), export: None },
        None => Target::Host,
    };
    let wire = |(import, to): (&String, _)| Wire { part: part.to_owned(), import: import.clone(), to: target(to) };
    imports.iter().map(wire).collect()
}

/// Tells compositions apart: by all that is in their parts, their names and their wires.
fn made_from(cache: &Cache, plan: &Plan) -> MadeFrom {
    let parts = || std::iter::once(&plan.root).chain(&plan.parts);
    let names: Vec<_> = parts().map(|part| &part.name).collect();
    let wires: Vec<_> = plan.wires.iter().map(|wire| format!("{wire:?}")).collect();
    let how = serde_json::json!([VERSION, env!("CARGO_PKG_VERSION"), names, wires, plan.apart]).to_string();
    cache.made_from(std::iter::once(how.as_bytes()).chain(parts().map(|part| part.bytes.as_slice())))
}

fn refuse_unused(guest: &Described, unused: &[String]) -> Result<()> {
    let places: Vec<_> = guest.components.iter().filter(|component| unused.contains(&component.name)).collect();
    let Some(first) = places.first() else { return Ok(()) };
    let named: Vec<String> = places.iter().map(|component| format!("[{}]", component.place)).collect();
    let why = format!("nothing imports what these components export: {}", named.join(", "));
    Err(Error::new(Kind::Usage, why).note(format!(
        "leave it out, or say who imports it; `holm inspect {}` shows its exports",
        first.file.display()
    )))
}

/// The error in the words of a manifest, where the next step is one on the command line of `holm compose`.
fn unfit(name: &str, guest: &Described, plan: &Plan, error: &ComposeError) -> Error {
    let why = format!("{name} and its components do not make one guest: {error}");
    let hints = error.hints().into_iter().filter(|hint| !hint.starts_with("in a manifest"));
    let kind = match error {
        ComposeError::Part { .. } => Kind::Invalid,
        _ => Kind::Usage,
    };
    hints.fold(Error::new(kind, why), |error, hint| error.note(in_a_manifest(&hint, guest, &plan.root.name)))
}

fn in_a_manifest(hint: &str, guest: &Described, root: &str) -> String {
    let Some((before, wire)) = hint.split_once("--wire ") else { return hint.to_owned() };
    let Ok(wire) = Wire::parse(wire) else { return hint.to_owned() };
    let of_component = guest.components.iter().find(|component| component.name == wire.part);
    let place = match (of_component, &guest.name) {
        (Some(component), _) => format!("{}.imports", component.place),
        (None, Some(name)) if wire.part == root => format!("guest.{name}.imports"),
        (None, _) => "imports".to_owned(),
    };
    let to = match &wire.to {
        Target::Host => "host",
        Target::Part { part, .. } => part,
    };
    format!("{before}\"{}\" = \"{to}\" in [{place}]", wire.import)
}

#[cfg(test)]
mod tests {
    use super::*;
    use holm_manifest::App;
    use std::path::Path;

    fn guest(text: &str) -> Described {
        App::parse(&format!("holm = 1\n{text}"), Path::new("holm.toml")).unwrap().guests.remove(0)
    }

    #[test]
    fn the_guests_own_file_has_a_name_of_its_own() {
        let one = guest("guest = 'x'\n[components.guest]\nfile = 'y'\n[components.app]\nfile = 'y'");
        for (file, name) in
            [("a/handler.p2.wasm", "handler"), ("host.wasm", "root"), ("app.wasm", "root"), ("ü.wasm", "root")]
        {
            assert_eq!(root_name(file, &one), name, "{file}");
        }
    }

    #[test]
    fn next_steps_are_those_of_a_manifest() {
        let one = guest("[guest.web]\nfile = 'w'\n[guest.web.components.model]\nfile = 'm'");
        let told = |hint| in_a_manifest(hint, &one, "w");
        assert_eq!(
            told("to leave it for the host: --wire w/acme:model/infer@1.0.0=host"),
            "to leave it for the host: \"acme:model/infer@1.0.0\" = \"host\" in [guest.web.imports]"
        );
        assert_eq!(
            told("say which: --wire model/a:b/c=crypto"),
            "say which: \"a:b/c\" = \"crypto\" in [guest.web.components.model.imports]"
        );
        assert_eq!(told("something else"), "something else");
    }

    #[test]
    fn compositions_of_other_bytes_or_other_wires_are_others() {
        let plan = |bytes: &[u8], wires: Vec<Wire>| Plan {
            root: Part::new("a", bytes),
            parts: vec![Part::new("b", b"b")],
            wires,
            apart: true,
        };
        let wire = Wire { part: "a".into(), import: "x:y/z".into(), to: Target::Host };
        let dir = tempfile::tempdir().unwrap();
        let cache = Cache::open(dir.path()).unwrap();
        let from = |plan: &Plan| made_from(&cache, plan);
        let [one, other, wired] = [plan(b"1", vec![]), plan(b"2", vec![]), plan(b"1", vec![wire])];
        assert!(from(&one) != from(&other) && from(&one) != from(&wired));
        assert_eq!(from(&one), from(&plan(b"1", vec![])));
    }
}
