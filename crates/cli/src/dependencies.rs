//! What provides what a guest of Spin's imports: `dependencies` say it, and nothing is found out.

use holm_compose::{ExternKind, Part, Target, Wire, World};
use holm_engine::{Error, Kind, Result};
use holm_manifest::{Dependency, Guest, Inherits};

/// What Spin lends, by the key of a component that grants it: packages, and interfaces of `fermyon:spin`. What WASI lends
/// beside that is kept apart for each component. The keys are those of Spin's `crates/capabilities`.
const LENT: [(&str, &[&str]); 5] = [
    ("ai_models", &["fermyon:spin/llm"]),
    (
        "allowed_outbound_hosts",
        &[
            "fermyon:spin/http",
            "fermyon:spin/mqtt",
            "fermyon:spin/mysql",
            "fermyon:spin/postgres",
            "fermyon:spin/redis",
            "spin:mqtt/mqtt",
            "spin:mysql/mysql",
            "spin:postgres/postgres",
            "spin:redis/redis",
        ],
    ),
    ("key_value_stores", &["fermyon:spin/key-value", "spin:key-value/key-value"]),
    ("sqlite_databases", &["fermyon:spin/sqlite", "spin:sqlite/sqlite"]),
    ("variables", &["fermyon:spin/config", "fermyon:spin/variables", "spin:variables/variables"]),
];

/// Where each import of the guest's own component, `root`, and of its dependencies, `parts`, comes from. Both are in the
/// order of the manifest.
///
/// # Errors
/// [`Kind::Usage`] where a dependency is of no use, two are for one import, or one asks for what it does not inherit.
pub(crate) fn wires(guest: &Guest, root: &Part, parts: &[Part]) -> Result<Vec<Wire>> {
    let mut wires = Vec::new();
    let mut used = vec![false; guest.dependencies.len()];
    for import in imports(root) {
        let fits = |(_, dependency): &(usize, &Dependency)| means(&dependency.import, &import);
        let mut found = guest.dependencies.iter().enumerate().filter(fits);
        let to = match (found.next(), found.next()) {
            (Some((first, one)), None) => {
                if let Some(used) = used.get_mut(first) {
                    *used = true;
                }
                let part = parts.get(first).map(|part| part.name.clone()).unwrap_or_default();
                Target::Part { part, export: one.export.clone() }
            }
            (Some((_, one)), Some((_, other))) => return Err(both(guest, &import, one, other)),
            (None, _) => Target::Host,
        };
        wires.push(Wire { part: root.name.clone(), import, to });
    }
    if let Some((useless, _)) = guest.dependencies.iter().zip(&used).find(|(_, used)| !**used) {
        return Err(of_no_use(guest, root, useless));
    }
    for (part, dependency) in parts.iter().zip(&guest.dependencies) {
        for import in imports(part) {
            refuse_lent(guest, dependency, &import)?;
            wires.push(Wire { part: part.name.clone(), import, to: Target::Host });
        }
    }
    Ok(wires)
}

/// Whether a dependency has grants of its own, and not those of its guest.
pub(crate) fn any_apart(guest: &Guest) -> bool {
    guest.dependencies.iter().any(|dependency| dependency.inherits != Inherits::Everything)
}

/// What may be provided of what a component imports. What cannot be read is told by whoever composes it.
fn imports(part: &Part) -> Vec<String> {
    let imports = World::read(&part.bytes).map(|world| world.imports).unwrap_or_default();
    let provided = imports.into_iter().filter(|it| matches!(it.kind, ExternKind::Instance | ExternKind::Function));
    provided.map(|import| import.name).collect()
}

/// Whether `said` in a manifest means the import: all interfaces of a package where it names none, all versions likewise.
fn means(said: &str, import: &str) -> bool {
    let split = |name: &str| {
        let (name, version) = name.split_once('@').map_or((name, None), |(name, version)| (name, Some(version)));
        let (package, interface) = name.split_once('/').map_or((name, None), |(package, it)| (package, Some(it)));
        (package.to_owned(), interface.map(str::to_owned), version.map(str::to_owned))
    };
    let ((package, interface, version), of) = (split(said), split(import));
    package == of.0 && (interface.is_none() || interface == of.1) && (version.is_none() || version == of.2)
}

fn both(guest: &Guest, import: &str, one: &Dependency, other: &Dependency) -> Error {
    let name = guest.name.as_deref().unwrap_or_default();
    let (one, other) = (&one.import, &other.import);
    let why = format!("{import} is provided to the component {name} by two dependencies, `{one}` and `{other}`");
    Error::new(Kind::Usage, why).note("name the interface that each is for, as in \"acme:db/query\"")
}

fn of_no_use(guest: &Guest, root: &Part, dependency: &Dependency) -> Error {
    let name = guest.name.as_deref().unwrap_or_default();
    let why = format!("the component {name} imports nothing that its dependency `{}` is for", dependency.import);
    let error = Error::new(Kind::Usage, why);
    match imports(root).as_slice() {
        [] => error.note("it imports nothing at all: leave the dependency out"),
        all => error.note(format!("it imports {}", all.join(", "))),
    }
}

/// What Spin lends is the guest's, and is not kept apart for what it is composed with.
fn refuse_lent(guest: &Guest, dependency: &Dependency, import: &str) -> Result<()> {
    let interface = import.split('@').next().unwrap_or_default();
    let lent = LENT.iter().find(|(_, names)| names.contains(&interface));
    let Some((key, _)) = lent.filter(|(key, _)| !dependency.inherits.has(key)) else { return Ok(()) };
    let name = guest.name.as_deref().unwrap_or_default();
    let why = format!(
        "the dependency `{}` of the component {name} imports {import}, and does not inherit `{key}`",
        dependency.import
    );
    Err(Error::new(Kind::Denied, why).note(format!("inherit_configuration = [\"{key}\"] beside it lets it have them")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use holm_manifest::Source;

    #[test]
    fn a_dependency_means_what_it_names_and_all_below() {
        for (said, import, meant) in [
            ("acme:db", "acme:db/query@1.0.0", true),
            ("acme:db/query", "acme:db/query@1.0.0", true),
            ("acme:db/query@1.0.0", "acme:db/query@1.0.0", true),
            ("acme:db@1.0.0", "acme:db/query@1.0.0", true),
            ("acme:db/query@1.0.1", "acme:db/query@1.0.0", false),
            ("acme:db/other", "acme:db/query", false),
            ("acme:d", "acme:db/query", false),
            ("sign", "sign", true),
            ("sign", "acme:sign/sign", false),
        ] {
            assert_eq!(means(said, import), meant, "{said} {import}");
        }
    }

    fn guest(dependencies: &[(&str, Inherits)]) -> Guest {
        let dependency = |(import, inherits): &(&str, Inherits)| Dependency {
            import: (*import).to_owned(),
            source: Source::File { file: "a.wasm".into(), digest: None },
            export: None,
            inherits: inherits.clone(),
        };
        Guest {
            name: Some("web".into()),
            dependencies: dependencies.iter().map(dependency).collect(),
            ..Guest::default()
        }
    }

    fn importing(names: &[&str]) -> Part {
        let imports: String =
            names.iter().map(|name| format!("(import \"{name}\" (instance))")).collect::<Vec<_>>().concat();
        Part::new("part", wat::parse_str(format!("(component {imports})")).unwrap())
    }

    #[test]
    fn each_import_comes_from_its_dependency_or_from_the_host() {
        let guest = guest(&[("acme:db", Inherits::Nothing)]);
        let (root, part) =
            (importing(&["acme:db/query", "wasi:cli/exit@0.2.0"]), Part::new("db", importing(&[]).bytes));
        let wires = wires(&guest, &root, &[part]).unwrap();
        let shown: Vec<_> = wires.iter().map(ToString::to_string).collect();
        assert_eq!(shown, ["part/acme:db/query=db", "part/wasi:cli/exit@0.2.0=host"]);
    }

    #[test]
    fn what_cannot_be_meant_is_told() {
        let told = |guest: &Guest, root: &[&str], part: &[&str]| {
            let parts = vec![importing(part); guest.dependencies.len()];
            wires(guest, &importing(root), &parts).unwrap_err().to_string()
        };
        let nothing = || Inherits::Nothing;
        let why = told(&guest(&[("acme:db", nothing())]), &["acme:other/x"], &[]);
        assert_eq!(why, "the component web imports nothing that its dependency `acme:db` is for");
        let why = told(&guest(&[("acme:db", nothing()), ("acme:db/query", nothing())]), &["acme:db/query"], &[]);
        assert!(why.contains("two dependencies"), "{why}");
        let why = told(&guest(&[("acme:db", nothing())]), &["acme:db/query"], &["fermyon:spin/key-value@2.0.0"]);
        assert!(why.contains("does not inherit `key_value_stores`"), "{why}");
    }
}
