//! One guest of an app.

use crate::build::{self, Build};
use crate::components::{self, Component, Imports};
use crate::dependencies::Dependency;
use crate::filters::{self, Configuration, Filter};
use crate::grants::{self, beside};
use crate::keys;
use crate::limits::{self, ServeLimits};
use crate::reuse::{self, Reuse};
use crate::routes::{self, Route, Taken};
use crate::template::Template;
use crate::triggers::{Mount, Platform, StaticResponse, Trigger, Wagi};
use crate::upstream::{self, Upstream};
use crate::values::Reader;
use holm_grants::{Grants, Limits};
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// How long a guest's name may be, in characters: it is also a label of the name its siblings call it by.
const LONGEST_NAME: usize = 63;

/// A guest, and what it is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guest {
    /// The name in `[guest.NAME]`: at most 63 lower-case letters, digits and hyphens. `None` for the single guest of a
    /// manifest that has no such table.
    pub name: Option<String>,
    /// The guest's file, joined to the manifest's folder. `None`: it lies beside the manifest, for the caller to find;
    /// only a guest without a name.
    pub file: Option<PathBuf>,
    /// The SHA-256 that the file has to have, in lower-case hexadecimal digits. A file that is named by a URL has one.
    pub digest: Option<String>,
    /// What answers in the place of a guest, which then has no file and no upstream.
    pub respond: Option<StaticResponse>,
    /// Has a program answer requests as Wagi has it.
    pub wagi: Option<Wagi>,
    /// What else than requests it is called for.
    pub triggers: Vec<Trigger>,
    /// Files it sees, to read only, beside the directories it is granted.
    pub files: Vec<Mount>,
    /// Which of those it does not see: patterns.
    pub exclude_files: Vec<String>,
    /// Its variables: values that are put together of those of the app when it asks for them.
    pub variables: BTreeMap<String, Template>,
    /// Servers it may reach beside those it is granted, whose names have variables in them. Whoever loads the app knows
    /// their values, and makes grants of them with [`outbound_grant`](crate::outbound_grant).
    pub outbound: Vec<Template>,
    /// Components that provide what it imports, as a `spin.toml` names them.
    pub dependencies: Vec<Dependency>,
    /// Components that stand before it and handle its requests, the outermost first.
    pub middleware: Vec<Dependency>,
    /// For which program its app was written. What loads apps fills it in ([`App::platform`](crate::App::platform)).
    pub platform: Platform,
    /// What answers in the place of a guest, which then has no file.
    pub upstream: Option<Upstream>,
    /// What requests pass on their way to it, and responses on their way back, in the order in which requests do.
    pub filters: Vec<Filter>,
    /// How its file is made. Only `holm build` and `holm dev` do.
    pub build: Option<Build>,
    /// Which of its components provides what it imports, where the choice is not to be found.
    pub imports: Imports,
    /// The components it is composed of when it is loaded, its own file excepted; in the order of their names.
    pub components: Vec<Component>,
    /// The guest's arguments, without the program's name.
    pub args: Vec<String>,
    /// The name of the ABI to use instead of the detected one.
    pub abi: Option<String>,
    /// Whether every run has to behave the same, clocks and random numbers included.
    pub deterministic: bool,
    /// WebAssembly proposals to switch on, by name.
    pub features: Vec<String>,
    /// What the guest may touch, what all guests of its app may included. Directories of the host are joined to the
    /// manifest's folder.
    pub grants: Grants,
    /// Environment variables granted with the value the host has for them.
    pub env_from_host: Vec<String>,
    /// How much each instance may use.
    pub limits: Limits,
    /// How much the guest may use when it is served.
    pub serve: ServeLimits,
    /// The requests it answers. None: only the app's other guests can call it.
    pub routes: Vec<Route>,
    /// Whether requests share instances. `None`: each has its own.
    pub reuse: Option<Reuse>,
}

/// A guest beside the manifest that is granted nothing, and answers every request.
impl Default for Guest {
    fn default() -> Self {
        Guest {
            name: None,
            file: None,
            upstream: None,
            digest: None,
            respond: None,
            wagi: None,
            triggers: Vec::new(),
            files: Vec::new(),
            exclude_files: Vec::new(),
            variables: BTreeMap::new(),
            outbound: Vec::new(),
            dependencies: Vec::new(),
            middleware: Vec::new(),
            platform: Platform::Holm,
            filters: Vec::new(),
            build: None,
            imports: Imports::new(),
            components: Vec::new(),
            args: Vec::new(),
            abi: None,
            deterministic: false,
            features: Vec::new(),
            grants: Grants::default(),
            env_from_host: Vec::new(),
            limits: Limits::default(),
            serve: ServeLimits::default(),
            routes: vec![Route::everything()],
            reuse: None,
        }
    }
}

impl Guest {
    /// Every file that it is made of, as far as it names them: its own, its components', its filters', those of their
    /// configurations, and archives of files that it sees.
    pub fn files_mut(&mut self) -> impl Iterator<Item = &mut PathBuf> {
        let filters = self.filters.iter_mut().flat_map(|filter| {
            let config = match &mut filter.config {
                Configuration::File(file) => Some(file),
                Configuration::Bytes(_) => None,
            };
            [&mut filter.file].into_iter().chain(config)
        });
        let components = self.components.iter_mut().map(|component| &mut component.file);
        let archives = self.files.iter_mut().filter_map(|mount| match mount {
            Mount::Archive(file) => Some(file),
            Mount::Pattern(_) | Mount::At { .. } => None,
        });
        self.file.iter_mut().chain(components).chain(filters).chain(archives)
    }

    /// The files that `holm build` makes of sources: its own, and its components'.
    pub fn built(&self) -> impl Iterator<Item = &Path> {
        let own = self.file.as_deref().filter(|_| self.build.is_some());
        let components = self.components.iter().filter(|component| component.build.is_some());
        own.into_iter().chain(components.map(|component| component.file.as_path()))
    }

    /// As [`files_mut`](Guest::files_mut), to look at.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        let filters = self.filters.iter().flat_map(|filter| {
            let config = match &filter.config {
                Configuration::File(file) => Some(file.as_path()),
                Configuration::Bytes(_) => None,
            };
            [filter.file.as_path()].into_iter().chain(config)
        });
        let components = self.components.iter().map(|component| component.file.as_path());
        let archives = self.files.iter().filter_map(|mount| match mount {
            Mount::Archive(file) => Some(file.as_path()),
            Mount::Pattern(_) | Mount::At { .. } => None,
        });
        self.file.as_deref().into_iter().chain(components).chain(filters).chain(archives)
    }
}

/// What a manifest's tables `[grants]` and `[limits]` give.
#[derive(Debug, Clone, Default)]
pub(crate) struct Given {
    grants: Grants,
    env_from_host: Vec<String>,
    limits: Limits,
    serve: ServeLimits,
}

impl Given {
    /// Reads both tables, as they stand among the keys of `reader`, in an app whose guests are called `siblings`.
    pub(crate) fn read(reader: &mut Reader<'_, '_, '_>, folder: &Path, siblings: &[&str]) -> Self {
        let (grants, env_from_host) = grants::read(reader, folder, siblings);
        let (limits, serve) = limits::read(reader);
        Given { grants, env_from_host, limits, serve }
    }

    /// This, and what one guest is given of its own, which wins.
    fn and(mut self, own: Given) -> Given {
        // A value given by one table is not the host's, which the other asked for, and the other way around.
        self.env_from_host.retain(|name| !own.grants.env.contains_key(name) && !own.env_from_host.contains(name));
        self.grants.env.retain(|name, _| !own.env_from_host.contains(name));
        self.env_from_host.extend(own.env_from_host);
        self.grants.merge(own.grants);
        self.limits.merge(own.limits);
        self.serve.merge(own.serve);
        self
    }
}

/// What a guest is read with beside its own keys.
pub(crate) struct Around<'p> {
    /// The manifest's folder.
    pub(crate) folder: &'p Path,
    /// What every guest of the app is given.
    pub(crate) shared: Given,
    /// The names of all guests of the app that have one.
    pub(crate) siblings: Vec<&'p str>,
    /// Whether the app has no other guest.
    pub(crate) alone: bool,
    /// The routes of the guests that were read already.
    pub(crate) taken: Taken,
}

/// Reads `[guest.NAME]`, whose heading is at `span`.
pub(crate) fn read_named(
    reader: &mut Reader<'_, '_, '_>,
    name: &str,
    span: Range<usize>,
    around: &mut Around<'_>,
) -> Guest {
    keys::GUEST.check(reader);
    if reader.value("file").is_none() && reader.value("upstream").is_none() {
        reader.report.add(span, format!("the guest `{name}` has no `file`; name the guest's file"));
    }
    let own = Given::read(reader, around.folder, &around.siblings);
    let given = around.shared.clone().and(own);
    read(reader, Some(name), "file", given, around)
}

/// Reads the single guest of a manifest without `[guest.NAME]`.
pub(crate) fn read_single(reader: &mut Reader<'_, '_, '_>, around: &mut Around<'_>) -> Guest {
    let given = around.shared.clone();
    read(reader, None, "guest", given, around)
}

fn read(
    reader: &mut Reader<'_, '_, '_>,
    name: Option<&str>,
    file: &str,
    given: Given,
    around: &mut Around<'_>,
) -> Guest {
    let Given { grants, env_from_host, limits, serve } = given;
    let upstream = upstream::read(reader, file);
    let (imports, components) = match upstream.is_some() {
        // Nothing runs, which is told already.
        true => Default::default(),
        false => components::read(reader, around.folder, &around.siblings),
    };
    Guest {
        name: name.map(str::to_owned),
        upstream,
        filters: filters::read(reader, around.folder, &around.siblings),
        imports,
        components,
        file: reader.name(file).map(|file| beside(around.folder, file)),
        build: build::read(reader, around.folder),
        args: reader.owned_texts("args"),
        abi: reader.text("abi").map(|(abi, _)| abi.to_owned()),
        deterministic: reader.flag("deterministic").unwrap_or_default(),
        features: reader.owned_texts("features"),
        grants,
        env_from_host,
        limits,
        serve,
        routes: routes::read(reader, name, around.alone, &mut around.taken),
        reuse: reuse::read(reader),
        ..Guest::default()
    }
}

/// Whether `name` can name a guest.
pub(crate) fn is_name(name: &str) -> bool {
    let plain = |c: u8| matches!(c, b'a'..=b'z' | b'0'..=b'9' | b'-');
    let hyphens = name.starts_with('-') || name.ends_with('-');
    !name.is_empty() && name.len() <= LONGEST_NAME && name.bytes().all(plain) && !hyphens
}
