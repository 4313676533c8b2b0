//! The graph that becomes a component: `wac-graph`'s.

mod resources;

use std::collections::HashMap;

use wac_graph::types::{InterfaceId, ItemKind, Package, SubtypeChecker, Type};
use wac_graph::{CompositionGraph, EncodeError, EncodeOptions, NodeId, PackageId};

use crate::choose::{Choices, Source, Types, choose};
use crate::error::BadComponent;
use crate::mismatch::{Difference, Located, Mismatch, Side, compare};
use crate::report::{Composed, Left, Report, Wired};
use crate::{ComposeError, Plan, World, doors};

pub(crate) fn compose(plan: &Plan, worlds: &[World]) -> Result<Composed, ComposeError> {
    let mut loaded = Loaded::new(plan)?;
    let choices = choose(plan, worlds, &loaded)?;
    if let Some(split) = resources::passed_to_host(plan, worlds, &choices, &loaded) {
        return Err(ComposeError::Resource(Box::new(split)));
    }
    let mut made =
        Made { plan, worlds, choices: &choices, loaded: &mut loaded, nodes: HashMap::new(), doors: HashMap::new() };
    made.parts()?;
    made.exports()?;
    let nodes = made.nodes;
    let bytes = encode(worlds, &loaded, &nodes)?;
    let outside = validated(&bytes).map_err(|error| explain(error, plan, worlds, &choices, &loaded))?;
    let report = report(plan, worlds, choices, outside);
    Ok(Composed { bytes, report })
}

/// The types of all parts, before anything is made of them.
struct Loaded {
    graph: CompositionGraph,
    /// By the number of the part. Parts of the same bytes share one.
    packages: Vec<PackageId>,
    names: Vec<String>,
}

impl Loaded {
    fn new(plan: &Plan) -> Result<Loaded, ComposeError> {
        let mut loaded = Loaded { graph: CompositionGraph::new(), packages: Vec::new(), names: Vec::new() };
        let mut known: HashMap<&[u8], PackageId> = HashMap::new();
        for part in std::iter::once(&plan.root).chain(&plan.parts) {
            let package = match known.get(part.bytes.as_slice()) {
                Some(package) => *package,
                None => loaded
                    .register(&part.name, &part.bytes)
                    .map_err(|why| ComposeError::Part { part: part.name.clone(), why: BadComponent::Malformed(why) })?,
            };
            known.insert(&part.bytes, package);
            loaded.packages.push(package);
            loaded.names.push(part.name.clone());
        }
        Ok(loaded)
    }

    fn register(&mut self, name: &str, bytes: &[u8]) -> Result<PackageId, String> {
        let package =
            Package::from_bytes(name, None, bytes, self.graph.types_mut()).map_err(|error| error.to_string())?;
        self.graph.register_package(package).map_err(|error| error.to_string())
    }

    fn item(&self, part: usize, name: &str, import: bool) -> Option<ItemKind> {
        let world = &self.graph.types()[self.graph[*self.packages.get(part)?].ty()];
        let items = if import { &world.imports } else { &world.exports };
        items.get(name).copied()
    }

    fn located(&self, part: usize, name: &str, imports: bool) -> Option<Located<'_>> {
        let side = Side { part: self.names.get(part)?.clone(), name: name.to_owned(), imports };
        let world = &self.graph.types()[self.graph[*self.packages.get(part)?].ty()];
        let around = world.imports.iter().chain(&world.exports).collect();
        Some(Located { side, item: self.item(part, name, imports)?, around })
    }

    /// How an import that two parts leave for the host differs between them.
    fn both_import(&self, worlds: &[World], first: usize, second: usize, import: &str) -> Option<Mismatch> {
        let its_name = |part: usize| {
            let fits = |it: &&crate::Extern| crate::name::compatible(import, &it.name);
            worlds.get(part)?.imports.iter().find(fits).map(|it| it.name.as_str())
        };
        let (first, second) =
            (self.located(first, its_name(first)?, true)?, self.located(second, its_name(second)?, true)?);
        compare(self.graph.types(), first, second)
    }
}

impl Types for Loaded {
    fn mismatch(&self, part: usize, import: &str, to: usize, export: &str) -> Option<Mismatch> {
        let (wanted, had) = (self.located(part, import, true)?, self.located(to, export, false)?);
        let types = self.graph.types();
        let mut cache = Default::default();
        let error = SubtypeChecker::new(&mut cache).is_subtype(had.item, types, wanted.item, types).err()?;
        let (left, right) = (wanted.side.clone(), had.side.clone());
        let unexplained = || Mismatch {
            differences: vec![Difference { path: import.to_owned(), what: format!("{error:#}") }],
            left,
            right,
            rows: Vec::new(),
        };
        Some(compare(types, wanted, had).unwrap_or_else(unexplained))
    }
}

/// The graph while it is made.
struct Made<'a> {
    plan: &'a Plan,
    worlds: &'a [World],
    choices: &'a Choices,
    loaded: &'a mut Loaded,
    /// Instances, by the number of the part.
    nodes: HashMap<usize, NodeId>,
    /// The doors of parts that are kept apart: a part's number and the interface, and the same under a name of its own.
    doors: HashMap<(usize, InterfaceId), InterfaceId>,
}

impl Made<'_> {
    /// Makes an instance of each part that is used, and then gives each what it imports.
    fn parts(&mut self) -> Result<(), ComposeError> {
        let used: Vec<usize> = used(self.choices).collect();
        for part in &used {
            let Some(package) = self.loaded.packages.get(*part) else { continue };
            let node = self.loaded.graph.instantiate(*package);
            self.loaded.graph.set_node_name(node, self.plan.name(*part));
            self.nodes.insert(*part, node);
        }
        used.into_iter().try_for_each(|part| self.imports(part))
    }

    fn imports(&mut self, part: usize) -> Result<(), ComposeError> {
        let Some(node) = self.nodes.get(&part).copied() else { return Ok(()) };
        for (import, source) in imports_of(self.worlds, self.choices, part) {
            let argument = match source {
                Source::Part { part: to, export, .. } => self.alias(*to, export)?,
                Source::Host if let Some(node) = self.resource(part, import)? => node,
                Source::Host if is_apart(self.plan, part) => match doors::name_for(part, import) {
                    Some(name) => self.import(part, import, name)?,
                    None => continue,
                },
                Source::Host => continue,
            };
            self.loaded.graph.set_instantiation_argument(node, import, argument).map_err(|error| invalid(&error))?;
        }
        Ok(())
    }

    fn alias(&mut self, part: usize, export: &str) -> Result<NodeId, ComposeError> {
        let Some(node) = self.nodes.get(&part).copied() else { return Err(unknown_part()) };
        self.loaded.graph.alias_instance_export(node, export).map_err(|error| invalid(&error))
    }

    /// A resource that is imported by itself because a world uses it: it comes along with the interface that it is of.
    fn resource(&mut self, part: usize, import: &str) -> Result<Option<NodeId>, ComposeError> {
        let Some(ItemKind::Type(Type::Resource(id))) = self.loaded.item(part, import, true) else { return Ok(None) };
        let types = self.loaded.graph.types();
        let Some(owner) = types[id].alias.and_then(|alias| alias.owner) else { return Ok(None) };
        let name = types[types.resolve_resource(id)].name.clone();
        let is_owner = |(interface, _): &(&str, &Source)| {
            self.loaded.item(part, interface, true) == Some(ItemKind::Instance(owner))
        };
        let Some((_, Source::Part { part: to, export, .. })) =
            imports_of(self.worlds, self.choices, part).find(is_owner)
        else {
            return Ok(None);
        };
        let instance = self.alias(*to, export)?;
        self.loaded.graph.alias_instance_export(instance, &name).map(Some).map_err(|error| invalid(&error))
    }

    /// Imports a door under a name of its own.
    fn import(&mut self, part: usize, import: &str, name: String) -> Result<NodeId, ComposeError> {
        let Some(ItemKind::Instance(interface)) = self.loaded.item(part, import, true) else {
            return Err(ComposeError::Invalid(format!("{import} is no interface")));
        };
        let graph = &mut self.loaded.graph;
        let mut named = graph.types()[interface].clone();
        named.id = Some(name.clone());
        // What it uses of another door is the part's own too: a batch is for buckets of the part's stores.
        for used in named.uses.values_mut() {
            used.interface = self.doors.get(&(part, used.interface)).copied().unwrap_or(used.interface);
        }
        let named = graph.types_mut().add_interface(named);
        self.doors.insert((part, interface), named);
        graph.import(name, ItemKind::Instance(named)).map_err(|error| invalid(&error))
    }

    fn exports(&mut self) -> Result<(), ComposeError> {
        for export in self.worlds.first().map(|root| root.exports.as_slice()).unwrap_or_default() {
            let node = self.alias(0, &export.name)?;
            self.loaded.graph.export(node, &export.name).map_err(|error| invalid(&error))?;
        }
        Ok(())
    }
}

fn used(choices: &Choices) -> impl Iterator<Item = usize> {
    choices.sources.iter().enumerate().filter(|(_, sources)| sources.is_some()).map(|(part, _)| part)
}

/// The imports of a part, with their sources.
fn imports_of<'a>(
    worlds: &'a [World],
    choices: &'a Choices,
    part: usize,
) -> impl Iterator<Item = (&'a str, &'a Source)> {
    let names = worlds.get(part).map(|world| world.imports.as_slice()).unwrap_or_default();
    let sources = choices.sources.get(part).and_then(Option::as_deref).unwrap_or_default();
    names.iter().map(|import| import.name.as_str()).zip(sources)
}

fn is_apart(plan: &Plan, part: usize) -> bool {
    plan.apart && part != 0
}

fn encode(worlds: &[World], loaded: &Loaded, nodes: &HashMap<usize, NodeId>) -> Result<Vec<u8>, ComposeError> {
    // Validated below, by what the engine has, and not by a version of it that knows more.
    let options = EncodeOptions { validate: false, ..EncodeOptions::default() };
    loaded.graph.encode(options).map_err(|error| {
        let EncodeError::ImportTypeMergeConflict { import, first, second, .. } = &error else { return invalid(&error) };
        let part = |node| nodes.iter().find(|(_, other)| *other == node).map(|(part, _)| *part);
        let differ =
            part(first).zip(part(second)).and_then(|(first, second)| loaded.both_import(worlds, first, second, import));
        differ.map_or_else(|| invalid(&error), |mismatch| ComposeError::Mismatch(Box::new(mismatch)))
    })
}

/// Validates what was composed, and returns the names of what it imports and exports.
pub(crate) fn validated(bytes: &[u8]) -> Result<(Vec<String>, Vec<String>), ComposeError> {
    let world = World::read(bytes).map_err(|why| ComposeError::Invalid(why.to_string()))?;
    wasmparser::Validator::new()
        .validate_all(bytes)
        .map_err(|error| ComposeError::Invalid(error.message().to_owned()))?;
    let names = |externs: Vec<crate::Extern>| externs.into_iter().map(|it| it.name).collect();
    Ok((names(world.imports), names(world.exports)))
}

fn report(plan: &Plan, worlds: &[World], choices: Choices, (imports, exports): (Vec<String>, Vec<String>)) -> Report {
    let mut report = Report { imports, exports, ..Report::default() };
    for number in 0..worlds.len() {
        let part = plan.name(number).to_owned();
        if choices.sources.get(number).is_none_or(Option::is_none) {
            report.unused.push(part);
            continue;
        }
        for (import, source) in imports_of(worlds, &choices, number) {
            let (part, import) = (part.clone(), import.to_owned());
            match source.clone() {
                // A type came along with its interface, unless the result imports it.
                Source::Host if is_type(worlds, number, &import) && !report.imports.contains(&import) => {}
                Source::Host => {
                    let door = is_apart(plan, number).then(|| doors::name_for(number, &import)).flatten();
                    let name = door.unwrap_or_else(|| import.clone());
                    report.host.push(Left { part, import, name });
                }
                Source::Part { part: to, export, chosen } => {
                    report.wired.push(Wired { part, import, to: plan.name(to).to_owned(), export, chosen });
                }
            }
        }
    }
    report.warnings = choices.warnings;
    report
}

fn is_type(worlds: &[World], part: usize, import: &str) -> bool {
    let imports = worlds.get(part).map(|world| world.imports.as_slice()).unwrap_or_default();
    imports.iter().any(|it| it.name == import && it.kind == crate::ExternKind::Type)
}

/// What made the validator refuse: mostly resources, which have to come from one place, whatever they are called.
fn explain(error: ComposeError, plan: &Plan, worlds: &[World], choices: &Choices, loaded: &Loaded) -> ComposeError {
    resources::split(plan, worlds, choices, loaded).map_or(error, |split| ComposeError::Resource(Box::new(split)))
}

fn invalid(error: &dyn std::error::Error) -> ComposeError {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text += &format!(": {cause}");
        source = cause.source();
    }
    ComposeError::Invalid(text)
}

fn unknown_part() -> ComposeError {
    ComposeError::Invalid("a part is missing".to_owned())
}
