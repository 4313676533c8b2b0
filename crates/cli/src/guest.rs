//! From a guest's name to its entries, the same way for every command that runs one.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::Mutex;

use holm_abi::{Abi, Entry, Guest, Host, Part, Stdio, detect};
use holm_engine::{Cache, Error, Kind, Loaded, Loader, Opened, Result, Runtime, Settings};
use holm_grants::{Audit, Grants};
use holm_manifest::{App, Guest as Described, Platform, called, is_on_registry};
use holm_wasi::Wasi;

use crate::args::{EngineArgs, HostArgs};
use crate::composed;
use crate::described::{OfApp, choose, is_of_others, unbuilt};
use crate::progress::Progress;
use crate::settings::settings;
use crate::{manifests, output, sources};

/// What the filters of an app share.
#[cfg(feature = "proxy-wasm")]
pub(crate) use holm_proxy_wasm::ProxyWasm as Shared;

/// The folder of files that a guest sees.
#[cfg(feature = "spin")]
pub(crate) use tempfile::TempDir as Seen;

/// The folder of files that a guest sees: none.
#[cfg(not(feature = "spin"))]
pub(crate) enum Seen {}

/// What the filters of an app share: nothing, where there are none.
#[cfg(not(feature = "proxy-wasm"))]
#[derive(Clone, Default)]
pub(crate) struct Shared;

/// Every ABI Holm speaks, the more particular first.
#[cfg_attr(not(feature = "proxy-wasm"), expect(unused_variables, reason = "without filters nothing is shared"))]
pub(crate) fn abis(wasi: Wasi, shared: Shared) -> Vec<Box<dyn Abi>> {
    vec![
        #[cfg(feature = "bindgen")]
        Box::new(holm_bindgen::Bindgen),
        #[cfg(feature = "extism")]
        Box::new(extism(&wasi)),
        #[cfg(feature = "http-wasm")]
        Box::new(holm_http_wasm::HttpWasm),
        #[cfg(feature = "proxy-wasm")]
        Box::new(shared.with_client(wasi.http_client.clone())),
        #[cfg(feature = "spin")]
        Box::new(holm_spin::Spin { wasi: wasi.clone() }),
        Box::new(wasi),
        Box::new(holm_core::Core),
    ]
}

/// Extism's, whose plugins send requests as those of WASI do.
#[cfg(all(feature = "extism", feature = "http"))]
fn extism(wasi: &Wasi) -> holm_extism::Extism {
    holm_extism::Extism::sending_with(wasi.http_client.clone())
}

#[cfg(all(feature = "extism", not(feature = "http")))]
fn extism(_: &Wasi) -> holm_extism::Extism {
    holm_extism::Extism::default()
}

/// WASI, with the stores that this guest or one of its components was granted: where its manifest says, else in this user's state directory, by
/// name, for all guests that are granted the same.
#[cfg(feature = "stores")]
fn wasi(of_app: &OfApp, guest: &mut Described) -> Result<Wasi> {
    use holm_services::lent::{AppStores, Embedded, Lent, LentLimits};

    let variables = crate::variables::of_app(&of_app.variables, &of_app.services, true, Some(Arc::new(output::warn)))?;
    crate::variables::fill_in(guest, &variables)?;
    let (kv, blob) = stores(&guest.grants, guest.components.iter().map(|component| &component.grants));
    if lends_nothing(&guest.grants, &kv, &blob) && of_app.platform == Platform::Holm {
        return Ok(Wasi::default());
    }
    let file = match &of_app.name {
        Some(app) => app_stores(app),
        None => state_dir().map(|dir| dir.join("stores.sqlite")),
    };
    let stores = AppStores::new(file.map(|file| Embedded { file, inside: None }), Some(Arc::new(output::warn)));
    let lent = stores.lend(&of_app.services, &kv, &blob, LentLimits::default()).map_err(|wrong| unfit(&wrong))?;
    let variables = Arc::new(variables.of_guest(&guest.variables));
    Ok(Wasi { lent: Some(Lent { variables, ..lent }), ..Wasi::default() })
}

/// Where an app's stores lie that was named on this machine, for `holm serve` as well.
#[cfg(feature = "stores")]
fn app_stores(app: &str) -> Option<PathBuf> {
    Some(state_dir()?.join("serve/stores").join(app).join("stores.sqlite"))
}

#[cfg(not(feature = "stores"))]
fn wasi(_: &OfApp, _: &mut Described) -> Result<Wasi> {
    Ok(Wasi::default())
}

/// The key-value stores and the containers of blobs that a guest and its components are granted, each once. Who may open
/// which is decided when they are opened.
#[cfg(feature = "stores")]
pub(crate) fn stores<'a>(own: &'a Grants, components: impl Iterator<Item = &'a Grants>) -> (Vec<String>, Vec<String>) {
    let (mut kv, mut blob) = (own.kv.clone(), own.blob.clone());
    for grants in components {
        let new = |names: &[String], known: &[String]| -> Vec<String> {
            names.iter().filter(|name| !known.contains(name)).cloned().collect()
        };
        kv.extend(new(&grants.kv, &kv));
        blob.extend(new(&grants.blob, &blob));
    }
    (kv, blob)
}

/// Whether a guest is granted none of what it would have to be lent. Guests of Spin's have variables all the same.
#[cfg(feature = "stores")]
pub(crate) fn lends_nothing(grants: &Grants, kv: &[String], blob: &[String]) -> bool {
    let Grants { sql, models, outbound, .. } = grants;
    kv.is_empty() && blob.is_empty() && sql.is_empty() && models.is_empty() && outbound.is_empty()
}

/// The error of stores that cannot be where the manifest says.
#[cfg(feature = "stores")]
pub(crate) fn unfit(wrong: &[String]) -> Error {
    Error::new(Kind::Usage, wrong.join("\n")).note("[services] of the manifest says where stores are")
}

/// Where guests' stores lie: `HOLM_STATE_DIR`, else `holm` in the user's state directory (`XDG_STATE_HOME`, else
/// `~/.local/state`). `None` where there is no home.
#[cfg(feature = "stores")]
pub(crate) fn state_dir() -> Option<PathBuf> {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    set("HOLM_STATE_DIR")
        .or_else(|| Some(set("XDG_STATE_HOME")?.join("holm")))
        .or_else(|| Some(set("HOME")?.join(".local/state/holm")))
}

/// A guest that is ready to be used.
pub(crate) struct Ready {
    /// The file's name, which is also the program's first argument.
    pub(crate) name: String,
    /// What the user typed to name it.
    pub(crate) path: String,
    /// What can be done with it.
    pub(crate) entries: Vec<Entry>,
    /// What it was given.
    pub(crate) host: Host,
    /// Arguments that its manifest gives it.
    pub(crate) args: Vec<String>,
    /// The folder of files that it sees, which goes with this.
    pub(crate) seen: Option<Seen>,
}

/// Reads, recognises, compiles and links a guest. `name` may be left out where a manifest names it.
///
/// # Errors
/// Whatever stands in the way, for the user to act on.
pub(crate) fn ready(name: Option<&str>, args: HostArgs) -> Result<Ready> {
    let (mut app, of_app, root) = manifest(name, &args)?;
    let named = name.filter(|name| !names_an_app(name));
    let name = match (named, &app.file) {
        (Some(name), _) => name.to_owned(),
        (None, Some(guest)) => guest.to_string_lossy().into_owned(),
        (None, None) if app.upstream.is_some() => {
            let why = "the manifest names an `upstream` and no guest, so there is nothing to run";
            return Err(Error::new(Kind::Usage, why).note("`holm serve` passes requests on to it"));
        }
        (None, None) => {
            return Err(Error::new(
                Kind::Usage,
                "which guest? There is none named, and no holm.toml here that names one",
            )
            .note("holm run app.wasm"));
        }
    };
    let loader = loader(&args.engine);
    let read = |name: &str| {
        sources::source(name, &app, &args.registry).map_err(|error| unbuilt(error, Path::new(name), app.built()))
    };
    let source = composed::source(&name, &app, &read, loader.cache.as_ref())?;
    let opened = loader.open(source)?;
    let seen = see(&mut app, &root)?;
    Ok(Ready { seen, ..link(&loader, opened, &name, (app, of_app), args)? })
}

/// What follows once a guest was read: recognises, compiles and links it with what `app` and the flags give.
///
/// # Errors
/// As [`ready`].
pub(crate) fn link(
    loader: &Loader,
    opened: Opened,
    name: &str,
    (mut app, of_app): (Described, OfApp),
    args: HostArgs,
) -> Result<Ready> {
    let HostArgs { engine, .. } = &args;
    let coredump = args.coredump.is_some();
    let features: Vec<String> = engine.features.iter().chain(&app.features).cloned().collect();
    let tier = engine.tier;
    let said_abi = engine.abi.clone().or_else(|| app.abi.clone());
    let app_args = app.args.clone();
    let deterministic = args.deterministic || app.deterministic;
    say(&mut app, args.clone())?;
    let wasi = wasi(&of_app, &mut app)?;
    let host = Host { audit_paths: args.audit_paths, coredump: args.coredump, ..granted(app)? };
    let abis = abis(wasi, Shared::default());
    let known: Vec<&dyn Abi> = abis.iter().map(AsRef::as_ref).collect();
    let abi = detect(&known, &opened.shape, said_abi.as_deref())?.abi;

    let runtime = Runtime { stack: host.limits.stack, coredump, ..Runtime::default() };
    let mut settings = settings(&opened.shape, &host.limits, deterministic, &features)?;
    settings.tier = tier.unwrap_or_default();
    let loaded = loader.load(&opened, &settings, tier.is_some() || deterministic, &runtime)?;
    improve_later(loader, &opened, &loaded, &settings);

    let guest = Guest {
        name: short(name),
        shape: Arc::new(opened.shape),
        code: loaded.code,
        path: opened.source.path,
        lone: None,
    };
    let entries = abi.load(&guest, &host)?;
    Ok(Ready { name: guest.name, path: name.to_owned(), entries, host, args: app_args, seen: None })
}

/// The name a guest is called by: its file's, without the folders, or its repository's.
pub(crate) fn short(name: &str) -> String {
    if is_on_registry(Path::new(name)) {
        return called(Path::new(name));
    }
    Path::new(name).file_name().map_or_else(|| name.to_owned(), |name| name.to_string_lossy().into_owned())
}

/// A loader with the user's cache, and this terminal to show progress on.
pub(crate) fn loader(args: &EngineArgs) -> Loader {
    let progress: Mutex<Option<Progress>> = Mutex::new(None);
    Loader {
        cache: if args.no_cache { None } else { cache() },
        allow_precompiled: args.allow_precompiled,
        on_compile: Some(Box::new(move |tier, size| {
            let message = format!("compiling {} ({tier})", holm_grants::format_size(size));
            if let Ok(mut progress) = progress.lock() {
                *progress = None;
                *progress = size.gt(&0).then(|| Progress::start(message)).flatten();
            }
        })),
        on_warning: Some(Box::new(output::warn)),
        ..Loader::default()
    }
}

/// The user's cache; without one Holm says so once and goes on.
pub(crate) fn cache() -> Option<Cache> {
    let Some(dir) = Cache::default_dir() else {
        output::warn(
            "there is no home directory for a code cache: guests are compiled every time (--no-cache says nothing)",
        );
        return None;
    };
    match Cache::open(&dir) {
        Ok(cache) => Some(cache),
        Err(error) => {
            output::warn(&format!("{error}: guests are compiled every time (--no-cache says nothing)"));
            None
        }
    }
}

/// Whether `name` is that of a manifest, or of a folder with one, and not of a guest.
fn names_an_app(name: &str) -> bool {
    let path = Path::new(name);
    name != "-" && (manifests::is_manifest(path) || path.is_dir())
}

/// The manifest that goes with a guest: the one named, else the one beside it. With it comes the folder it lies in.
fn manifest(guest: Option<&str>, args: &HostArgs) -> Result<(Described, OfApp, PathBuf)> {
    if let Some(path) = &args.manifest {
        return chosen(manifests::load(path)?, guest.filter(|guest| !names_an_app(guest)), path, args);
    }
    let beside = match guest {
        Some("-") => return Ok(Default::default()),
        Some(guest) if is_on_registry(Path::new(guest)) => return Ok(Default::default()),
        Some(app) if names_an_app(app) => {
            let path = Path::new(app);
            let file = if path.is_dir() { manifests::in_folder(path) } else { Some(path.to_owned()) };
            let file = file.ok_or_else(|| {
                Error::new(Kind::Invalid, format!("{app} is a directory without a holm.toml or a spin.toml"))
                    .note("name the .wasm file inside it, or a folder with a manifest")
            })?;
            return chosen(manifests::load(&file)?, None, &file, args);
        }
        Some(guest) => Path::new(guest).with_file_name("holm.toml"),
        None => manifests::in_folder(Path::new("")).unwrap_or_else(|| PathBuf::from("holm.toml")),
    };
    if args.no_manifest || !beside.is_file() {
        return Ok(Default::default());
    }
    let app = manifests::load(&beside)?;
    if guest.is_some_and(|guest| is_of_others(&app, guest)) {
        return Ok(Default::default());
    }
    let (app, of_app, root) = chosen(app, guest, &beside, args)?;
    if grants_something(&app) {
        // Whoever unpacked a folder did not choose what its manifest grants, so they are told.
        output::note(&format!("grants from {} (--no-manifest leaves them out)", beside.display()));
    }
    Ok((app, of_app, root))
}

/// The guest of `app`, from the manifest in `file`, that is meant.
fn chosen(mut app: App, guest: Option<&str>, file: &Path, args: &HostArgs) -> Result<(Described, OfApp, PathBuf)> {
    let name = (app.platform == Platform::Spin).then(|| plain(app.name.as_deref().unwrap_or_default()));
    #[cfg(feature = "spin")]
    crate::spin::configure::configure(&mut app, name.as_deref().unwrap_or_default(), args)?;
    #[cfg(not(feature = "spin"))]
    let _ = args;
    app.guests.iter_mut().for_each(Described::compose);
    let (guest, of_app) = choose(app, guest, file)?;
    Ok((guest, OfApp { name, ..of_app }, file.parent().unwrap_or(Path::new("")).to_owned()))
}

/// A name as that of an app: lower-case letters, digits and hyphens.
pub(crate) fn plain(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    let name: String = name.to_lowercase().chars().map(plain).take(63).collect();
    match name.trim_matches('-') {
        "" => "app".to_owned(),
        name => name.to_owned(),
    }
}

/// Shows a guest the files that its manifest, in the folder `root`, has for it.
#[cfg(feature = "spin")]
fn see(guest: &mut Described, root: &Path) -> Result<Option<Seen>> {
    crate::spin::see(guest, root)
}

#[cfg(not(feature = "spin"))]
#[expect(clippy::unnecessary_wraps, reason = "whoever shows files may fail")]
fn see(_: &mut Described, _: &Path) -> Result<Option<Seen>> {
    Ok(None)
}

fn grants_something(app: &Described) -> bool {
    let components = app.components.iter().map(|component| (&component.grants, &component.env_from_host));
    let mut all = components.chain([(&app.grants, &app.env_from_host)]);
    all.any(|(grants, env_from_host)| !grants.is_empty() || !env_from_host.is_empty())
}

/// Says in the words of a manifest what the flags say, which win.
pub(crate) fn say(app: &mut Described, args: HostArgs) -> Result<()> {
    let mut said = Grants {
        dirs: args.dir,
        net: args.net,
        listen: args.listen,
        http: args.http,
        kv: args.kv,
        blob: args.blob,
        sql: args.sql,
        models: args.model,
        outbound: args.outbound,
        config: args.config.into_iter().collect(),
        ..Default::default()
    };
    for (name, value) in args.env {
        let value = match value {
            Some(value) => value,
            None => std::env::var(&name).map_err(|_| unset(&name, "--env"))?,
        };
        said.env.insert(name, value);
    }
    app.env_from_host.retain(|name| !said.env.contains_key(name));
    app.grants.merge(said);
    app.deterministic |= args.deterministic;
    app.limits.merge(holm_grants::Limits {
        memory: args.memory,
        cpu: args.cpu,
        wall: args.wall,
        fuel: args.fuel,
        stack: args.stack,
        max_output: args.max_output,
        handles: args.handles,
        ..Default::default()
    });
    Ok(())
}

/// What a manifest gives.
pub(crate) fn granted(app: Described) -> Result<Host> {
    let audit = Audit::new();
    let parts = app.components.into_iter().map(|component| {
        let audit = audit.of_component(&format!("{}.grants", component.place));
        let grants = Arc::new(filled_in(component.grants, component.env_from_host)?);
        Ok(Part { name: component.name, grants, audit })
    });
    Ok(Host {
        parts: parts.collect::<Result<_>>()?,
        grants: Arc::new(filled_in(app.grants, app.env_from_host)?),
        limits: app.limits,
        connections: app.serve.connections,
        audit,
        deterministic: app.deterministic,
        stdio: Stdio::inherit(),
        ..Host::default()
    })
}

/// With the host's values for the variables that have none of their own.
fn filled_in(mut grants: Grants, env_from_host: Vec<String>) -> Result<Grants> {
    for name in env_from_host {
        let value = std::env::var(&name).map_err(|_| unset(&name, "the manifest"))?;
        grants.env.insert(name, value);
    }
    Ok(grants)
}

fn unset(name: &str, by: &str) -> Error {
    Error::new(Kind::Usage, format!("{by} grants the environment variable {name}, which is not set here"))
        .note(format!("give it a value: --env {name}=…"))
}

/// Starts making better code for the next run, in a process of its own that outlives this one.
#[cfg(feature = "compilers")]
fn improve_later(loader: &Loader, opened: &Opened, loaded: &Loaded, settings: &Settings) {
    if let (Some(cache), Some(path), true) = (&loader.cache, &opened.source.path, loaded.improvable) {
        crate::compile::improve_in_background(cache, opened, path, settings);
    }
}

#[cfg(not(feature = "compilers"))]
fn improve_later(_: &Loader, _: &Opened, _: &Loaded, _: &Settings) {}
