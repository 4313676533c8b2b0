//! `dependencies`: what a component is composed with.

use super::import::{Name, overlap};
use super::names::{did_you_mean, is_component, shown};
use super::{Around, keys, source};
use crate::dependencies::{Dependency, Inherits, Source};
use crate::grants::beside;
use crate::guest::Guest;
use crate::values::Reader;
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::PathBuf;
use toml::Spanned;
use toml::de::DeValue;

/// How many components one may be composed with, and how many may stand before it.
const MOST: usize = crate::components::MOST_COMPONENTS;

/// What `inherit_configuration` may name.
const INHERITED: [&str; 7] = [
    "ai_models",
    "allowed_outbound_hosts",
    "environment",
    "files",
    "key_value_stores",
    "sqlite_databases",
    "variables",
];

/// What stands for the component of another guest until that is known: no path of a manifest is like it.
const COMPONENT: &str = "\0component:";

/// Reads the `dependencies` of a component, or of one of its profiles.
pub(super) fn read(reader: &mut Reader<'_, '_, '_>, around: &Around<'_>) -> Vec<Dependency> {
    let Some(value) = reader.value("dependencies") else { return Vec::new() };
    let wanted = "a table, as in { \"acme:db\" = \">=0.1.0\" }";
    let Some(table) = reader.expect("dependencies", value, wanted, value.get_ref().as_table()) else {
        return Vec::new();
    };
    if table.len() > MOST {
        let why = format!("a component is composed with at most {MOST} others; this one has {}", table.len());
        reader.report.add(value.span(), why);
    }
    let (mut all, mut names) = (Vec::new(), Vec::new());
    for (name, value) in table.iter().take(MOST) {
        let (import, span) = (name.get_ref().as_ref(), name.span());
        let parsed = Name::parse(import).map_err(|why| {
            reader.report.add(span.clone(), format!("`{}` cannot be the name of a dependency: {why}", shown(import)));
        });
        let Some(dependency) = one(reader, import, value, around) else { continue };
        if let Ok(parsed) = parsed {
            check(reader, &parsed, &dependency, span.clone());
            names.push((parsed, span));
        }
        all.push(dependency);
    }
    check_disjoint(reader, &names);
    all
}

fn one<'t, 'a>(
    reader: &mut Reader<'t, '_, 'a>,
    import: &str,
    value: &'t Spanned<DeValue<'a>>,
    around: &Around<'_>,
) -> Option<Dependency> {
    if let Some(version) = value.get_ref().as_str() {
        check_version(reader, version, value.span());
        let package = import.split(['/', '@']).next().unwrap_or(import).to_owned();
        let source = Source::Package { registry: None, package, version: version.to_owned() };
        return Some(Dependency { import: import.to_owned(), source, export: None, inherits: Inherits::Nothing });
    }
    let wanted = "a version, as in \">=0.1.0\", or a table, as in { path = \"db.wasm\" }";
    let table = reader.expect(&shown(import), value, wanted, value.get_ref().as_table())?;
    let place = format!("{}.{}", reader.below("dependencies"), shown(import));
    let mut reader = Reader { table, report: reader.report, place };
    keys::DEPENDENCY.check(&mut reader);
    of_table(&mut reader, import, value.span(), around)
}

/// Reads one of the `middleware` of a trigger, the `place`th.
pub(super) fn middleware(
    reader: &mut Reader<'_, '_, '_>,
    place: usize,
    span: Range<usize>,
    around: &Around<'_>,
) -> Option<Dependency> {
    keys::DEPENDENCY.check(reader);
    let mut read = of_table(reader, "", span, around)?;
    if let (Some(_), Some(value)) = (&read.export, reader.value("export")) {
        reader.report.add(value.span(), "what stands before a component handles its requests, and has no `export`");
    }
    read.import = format!("middleware{place}");
    Some(read)
}

/// The kinds of tables, by the key that only they have.
const KINDS: [(&str, &[&str]); 4] =
    [("path", &[]), ("url", &["digest"]), ("component", &[]), ("version", &["registry", "package"])];

fn of_table(
    reader: &mut Reader<'_, '_, '_>,
    import: &str,
    span: Range<usize>,
    around: &Around<'_>,
) -> Option<Dependency> {
    let kind = KINDS.iter().find(|(key, _)| reader.value(key).is_some());
    let Some((kind, own)) = kind else {
        reader.report.add(span, "a dependency has one of `version`, `path`, `url` and `component`");
        return None;
    };
    let foreign = KINDS.iter().flat_map(|(key, with)| [*key].into_iter().chain(with.iter().copied()));
    for key in foreign.filter(|key| key != kind && !own.contains(key)) {
        if let Some((written, _)) = reader.table.get_key_value(key) {
            reader
                .report
                .add(written.span(), format!("a dependency with `{kind}` has no `{key}`; leave one of them out"));
        }
    }
    let source = match *kind {
        "path" => Source::File { file: beside(around.folder, reader.name("path")?), digest: None },
        "url" => source::remote(reader, span)?,
        "component" => component(reader)?,
        _ => package(reader, import, span)?,
    };
    let export = reader.name("export");
    Some(Dependency { import: import.to_owned(), source, export, inherits: inherits(reader) })
}

fn component(reader: &mut Reader<'_, '_, '_>) -> Option<Source> {
    let (name, span) = reader.text("component")?;
    if !is_component(name) {
        reader.report.add(span, format!("`{}` cannot be the name of a component", shown(name)));
        return None;
    }
    let name = name.to_ascii_lowercase();
    Some(Source::File { file: PathBuf::from(format!("{COMPONENT}{}:{name}", span.start)), digest: None })
}

fn package(reader: &mut Reader<'_, '_, '_>, import: &str, span: Range<usize>) -> Option<Source> {
    let (version, at) = reader.text("version")?;
    check_version(reader, version, at);
    let package = source::package_name(reader).or_else(|| {
        let package = import.split(['/', '@']).next().unwrap_or(import);
        source::is_package(package).then(|| package.to_owned())
    });
    if package.is_none() && reader.value("package").is_none() && import.is_empty() {
        reader.report.add(span, "what stands before a component, and is on a registry, has a `package`");
    }
    // What is missing elsewhere is told with the dependency's name.
    let package = package.or_else(|| (!import.is_empty()).then(String::new))?;
    Some(Source::Package { registry: source::registry(reader), package, version: version.to_owned() })
}

fn check_version(reader: &mut Reader<'_, '_, '_>, version: &str, span: Range<usize>) {
    if semver::VersionReq::parse(version).is_err() {
        reader.report.add(span, format!("`{}` is not a version, as in 1.2.3, >=0.1.0 or ^1.2", shown(version)));
    }
}

fn inherits(reader: &mut Reader<'_, '_, '_>) -> Inherits {
    match reader.value("inherit_configuration").map(Spanned::get_ref) {
        None => Inherits::Nothing,
        Some(DeValue::Boolean(false)) => Inherits::Only(Vec::new()),
        Some(DeValue::Boolean(true)) => Inherits::Everything,
        Some(DeValue::Array(_)) => {
            let texts = reader.texts("inherit_configuration");
            for (key, span) in texts.iter().filter(|(key, _)| !INHERITED.contains(key)) {
                let why = format!("`{}` cannot be inherited; what can is {}", shown(key), INHERITED.join(", "));
                reader.report.add(span.clone(), why);
            }
            Inherits::Only(texts.into_iter().map(|(key, _)| key.to_owned()).collect())
        }
        Some(_) => {
            let wanted = "true, false or an array of keys, as in [\"key_value_stores\"]";
            let value = reader.value("inherit_configuration");
            value.and_then(|value| reader.expect::<()>("inherit_configuration", value, wanted, None));
            Inherits::Nothing
        }
    }
}

/// Reads `dependencies_inherit_configuration`, which speaks for all dependencies of a component.
pub(super) fn inherit(reader: &mut Reader<'_, '_, '_>, guest: &mut Guest) {
    let Some(all) = reader.flag("dependencies_inherit_configuration") else { return };
    let own = guest.dependencies.iter().any(|dependency| dependency.inherits != Inherits::Nothing);
    if let (true, Some(value)) = (own, reader.value("dependencies_inherit_configuration")) {
        let why = "this is for all dependencies, and `inherit_configuration` for each; use one or the other";
        reader.report.add(value.span(), why);
    }
    if all {
        guest.dependencies.iter_mut().for_each(|dependency| dependency.inherits = Inherits::Everything);
    }
}

fn check(reader: &mut Reader<'_, '_, '_>, name: &Name<'_>, dependency: &Dependency, span: Range<usize>) {
    let import = shown(&dependency.import);
    let unknown = matches!(&dependency.source, Source::Package { package, .. } if !source::is_package(package));
    let why = match name {
        Name::Plain if unknown => format!("`{import}` does not say which package it is; add `package`"),
        Name::Package { interface: None, .. } if dependency.export.is_some() => {
            format!("`{import}` is a whole package; an `export` provides one interface, as in {import}/NAME")
        }
        _ => return,
    };
    reader.report.add(span, why);
}

/// Reports dependencies that provide the same import.
fn check_disjoint(reader: &mut Reader<'_, '_, '_>, names: &[(Name<'_>, Range<usize>)]) {
    for (at, (one, _)) in names.iter().enumerate() {
        for (other, span) in names.iter().skip(at + 1).filter(|(other, _)| overlap(one, other)) {
            let (Name::Package { package, .. }, _) = (other, one) else { continue };
            let why = format!("two dependencies provide the same interfaces of `{package}`; leave one out");
            reader.report.add(span.clone(), why);
        }
    }
}

/// The components of an app, as others are composed with them: where each is, and what of it would be gone then.
pub(super) struct Components(BTreeMap<String, (Option<Source>, Vec<&'static str>)>);

impl Components {
    pub(super) fn of(guests: &BTreeMap<String, Guest>) -> Self {
        Components(guests.iter().map(|(name, guest)| (name.clone(), (source(guest), own(guest)))).collect())
    }

    /// Has each dependency of `name` that names a component be where that component is.
    pub(super) fn settle(&self, reader: &mut Reader<'_, '_, '_>, name: &str, dependencies: &mut [Dependency]) {
        for dependency in dependencies {
            let Source::File { file, digest: None } = &dependency.source else { continue };
            let Some((at, other)) = file.to_str().and_then(named) else { continue };
            let why = match self.0.get(other) {
                None => {
                    let advice = did_you_mean(other, self.0.keys().map(String::as_str));
                    format!("no component of this app is called `{other}`{advice}")
                }
                Some((_, surprises)) if !surprises.is_empty() => format!(
                    "what `{name}` is composed with has no grants of its own, and `{other}` has {}; write them for `{name}`, \
                     and what it inherits as `inherit_configuration`",
                    surprises.join(", ")
                ),
                Some((Some(source), _)) => {
                    dependency.source = source.clone();
                    continue;
                }
                // That it is nowhere is told already.
                Some((None, _)) => continue,
            };
            reader.report.add(at..at, why);
        }
    }
}

/// The component that a file stands for, and where in the text it is named.
fn named(file: &str) -> Option<(usize, &str)> {
    let (at, name) = file.strip_prefix(COMPONENT)?.split_once(':')?;
    Some((at.parse().ok()?, name))
}

fn source(guest: &Guest) -> Option<Source> {
    guest.file.clone().map(|file| Source::File { file, digest: guest.digest.clone() })
}

/// What a component has that would be gone where it is composed with another.
fn own(guest: &Guest) -> Vec<&'static str> {
    let grants = &guest.grants;
    let all = [
        ("ai_models", grants.models.is_empty()),
        ("allowed_outbound_hosts", grants.outbound.is_empty() && guest.outbound.is_empty()),
        ("dependencies", guest.dependencies.is_empty()),
        ("environment", grants.env.is_empty()),
        ("files", guest.files.is_empty()),
        ("key_value_stores", grants.kv.is_empty()),
        ("sqlite_databases", grants.sql.is_empty()),
        ("variables", guest.variables.is_empty()),
    ];
    all.into_iter().filter(|(_, empty)| !empty).map(|(key, _)| key).collect()
}
