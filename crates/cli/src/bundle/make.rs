//! `holm bundle`

use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use holm_engine::shape::Shape;
use holm_engine::{EMBEDDED_ALIGNMENT, Error, Kind, Opened, Result, Settings, Tier};
use holm_manifest::{App, Guest as Described};
use serde_json::json;

use super::payload::{self, Head, Payload};
use super::record::{self, Place, Record};
use super::run::{given, linked};
use super::said::Said;
use crate::args::Bundle;
use crate::described::{choose, is_of_others, unbuilt};
use crate::guest::{loader, say, short};
use crate::settings::settings;
use crate::{composed, oci, output, run};

/// Where a guest answers that is not told.
const ADDRESS: &str = "127.0.0.1:3000";

/// Writes an executable that runs a guest.
pub(crate) fn bundle(mut args: Bundle) -> Result<i32> {
    check(&args)?;
    let base = Base::read(args.runtime.as_deref())?;
    let found = Found::named(&mut args)?;
    let output = args.output.clone().map_or_else(|| beside(&found.file), Ok)?;
    check_output(&output)?;
    let loader = loader(&args.host.engine);
    let read = |name: &str| {
        oci::source(name, &args.host.registry).map_err(|error| unbuilt(error, Path::new(name), found.guest.built()))
    };
    let opened = loader.open(composed::source(&found.file, &found.guest, &read, loader.cache.as_ref())?)?;
    if opened.precompiled().is_some() {
        let why = format!("{} is compiled code: bundles are made from a .wasm", found.file);
        return Err(Error::new(Kind::Usage, why));
    }
    let serve = addresses(&args, &opened.shape, &base, &found.file)?;
    let settings = found.settings(&args, &opened, &base, serve.is_some())?;
    let (code, meta) = loader.code_of(&opened, &settings)?;
    let head = Head {
        name: short(&found.file),
        manifest: found.manifest,
        guest: found.guest.name,
        said: Said::of(&args.host),
        serve,
        code: meta,
    };
    let size = write(&output, &base, &head, &code)?;
    say_what_was_made(&args, &output, size, &head, &settings)
}

fn check(args: &Bundle) -> Result<()> {
    let wrong = |why: &str, advice: &str| Err(Error::new(Kind::Usage, why).note(advice));
    if args.host.coredump.is_some() {
        return wrong("a bundle writes no core dumps", "leave --coredump out; `holm run` has it");
    }
    if args.host.engine.tier == Some(Tier::Fast) {
        return wrong("a bundle's code is not made by the fast compiler", "leave --tier out, or say portable");
    }
    if args.native && (args.runtime.is_some() || args.host.engine.tier == Some(Tier::Portable)) {
        return wrong("--native is for this machine's Holm and its processor", "leave it out");
    }
    Ok(())
}

/// The Holm that is copied.
struct Base {
    bytes: Vec<u8>,
    record: Record,
    at: usize,
}

impl Base {
    fn read(runtime: Option<&Path>) -> Result<Self> {
        let path = runtime.unwrap_or(Path::new("/proc/self/exe"));
        let name = runtime.map_or_else(|| "this Holm".to_owned(), |path| path.display().to_string());
        let bytes = fs::read(path).map_err(|error| Error::io(format_args!("read {name}"), &error))?;
        let found = Record::find(&bytes).filter(|_| bytes.starts_with(b"\x7fELF"));
        let Some((record, at)) = found else {
            return Err(Error::new(Kind::Usage, format!("{name} is no Holm that could run a bundle"))
                .note("--runtime takes the executable of Holm for Linux, of this very version"));
        };
        if record.place().is_some() {
            return Err(Error::new(Kind::Usage, format!("{name} is a bundle already"))
                .note("--runtime takes a Holm that carries nothing yet"));
        }
        let (theirs, ours) = (record.version(), Record::own().version());
        if theirs != ours {
            let why = format!("{name} is Holm {theirs}, and this is {ours}: code is made for one version");
            return Err(Error::new(Kind::Usage, why).note(format!("make the bundle with Holm {theirs}")));
        }
        Ok(Self { bytes, record, at })
    }

    /// The machine that it runs on, as a target of the compiler; without the features that only this processor has.
    fn target(&self) -> String {
        let (arch, os) = (self.record.arch(), self.record.os());
        let arch = if arch == "riscv64" { "riscv64gc" } else { &arch };
        format!("{arch}-unknown-{os}-gnu")
    }

    fn is_this_machines(&self) -> bool {
        let own = Record::own();
        (self.record.arch(), self.record.os()) == (own.arch(), own.os())
    }
}

/// The guest that was named, with what its manifest says.
struct Found {
    file: String,
    /// The text.
    manifest: Option<String>,
    guest: Described,
}

impl Found {
    fn named(args: &mut Bundle) -> Result<Self> {
        let named = Path::new(&args.guest);
        if named.is_dir() {
            args.host.manifest = Some(named.join("holm.toml"));
        } else if named.extension().is_some_and(|extension| extension == "toml") {
            args.host.manifest = Some(named.to_owned());
        }
        let of_manifest = named.is_dir() || args.host.manifest.as_deref() == Some(named);
        let file = (!of_manifest).then_some(args.guest.as_str());
        let beside = named.with_file_name("holm.toml");
        let looked_for = !args.host.no_manifest && args.guest != "-" && beside.is_file();
        let manifest = args.host.manifest.clone().or_else(|| looked_for.then_some(beside));
        let without = |file: &str| Self { file: file.to_owned(), manifest: None, guest: Described::default() };
        let Some(path) = manifest else { return Ok(without(&args.guest)) };
        let text = fs::read_to_string(&path)
            .map_err(|error| Error::io(format_args!("read the manifest {}", path.display()), &error))?;
        let app = App::parse(&text, &path).map_err(|error| Error::new(Kind::Usage, error.to_string()))?;
        if let (Some(file), None) = (file, &args.host.manifest)
            && is_of_others(&app, file)
        {
            return Ok(without(file));
        }
        let (guest, _) = choose(app, file, &path)?;
        let file = file.map(str::to_owned).or_else(|| Some(guest.file.as_ref()?.to_string_lossy().into_owned()));
        let file = file.ok_or_else(|| {
            Error::new(Kind::Usage, format!("{} names no guest to bundle", path.display()))
                .note("guest = \"app.wasm\" names one")
        })?;
        if !guest.filters.is_empty() {
            return Err(Error::new(Kind::Unsupported, format!("{file} has filters, which bundles cannot carry"))
                .note("`holm serve` serves the app with them"));
        }
        Ok(Self { file, manifest: Some(text), guest })
    }

    fn settings(&self, args: &Bundle, opened: &Opened, base: &Base, serve: bool) -> Result<Settings> {
        let mut guest = self.guest.clone();
        let mut host = args.host.clone();
        // What the environment says is for whoever runs the bundle.
        host.env.clear();
        say(&mut guest, host)?;
        let features: Vec<String> = args.host.engine.features.iter().chain(&guest.features).cloned().collect();
        let mut settings = settings(&opened.shape, &guest.limits, guest.deterministic, &features)?;
        // Neighbours get their turn at each tick, limits or not.
        settings.interruptible |= serve;
        settings.tier = args.host.engine.tier.unwrap_or_default();
        settings.target = (!args.native && settings.tier != Tier::Portable).then(|| base.target());
        Ok(settings)
    }
}

/// Where it answers requests, if it does.
fn addresses(args: &Bundle, shape: &Shape, base: &Base, file: &str) -> Result<Option<Vec<String>>> {
    let exports = |interface: &str| shape.exports.iter().any(|export| export.name.starts_with(interface));
    let answers = exports("wasi:http/incoming-handler@") || exports("wasi:http/handler@");
    let serves = args.serve || !args.addr.is_empty() || (answers && !exports("wasi:cli/run@"));
    if !serves {
        return Ok(None);
    }
    if !base.record.serves() {
        return Err(Error::new(
            Kind::Unsupported,
            format!("{file} answers HTTP requests, and this build does not serve"),
        )
        .note("use a full build of Holm"));
    }
    if args.addr.is_empty() { Ok(Some(vec![ADDRESS.to_owned()])) } else { Ok(Some(args.addr.clone())) }
}

fn beside(guest: &str) -> Result<PathBuf> {
    let path = Path::new(guest);
    match path.extension() {
        Some(_) if guest != "-" => Ok(path.with_extension("")),
        _ => Err(Error::new(Kind::Usage, "where should the bundle be written?").note("-o FILE says so")),
    }
}

/// A slip of the hand should not cost anybody their guest.
fn check_output(output: &Path) -> Result<()> {
    let Ok(meta) = output.metadata() else { return Ok(()) };
    let there = || Error::new(Kind::Usage, format!("{} is there already, and is no bundle", output.display()));
    if !meta.is_file() {
        return Err(there().note("-o FILE writes it elsewhere"));
    }
    let bytes = fs::read(output).map_err(|error| Error::io(format_args!("read {}", output.display()), &error))?;
    match Record::find(&bytes) {
        Some((record, _)) if record.place().is_some() => Ok(()),
        _ => Err(there().note("remove it, or write the bundle elsewhere: -o FILE")),
    }
}

/// Writes the bundle so that it is there whole or not at all, and has run through everything but its guest before it is.
fn write(output: &Path, base: &Base, head: &Head, code: &[u8]) -> Result<u64> {
    let failed = |error: std::io::Error| Error::io(format_args!("write {}", output.display()), &error);
    let start = (base.bytes.len() as u64).next_multiple_of(EMBEDDED_ALIGNMENT);
    let rest = payload::after_code(head, code)?;
    let digest = blake3::Hasher::new().update(code).update(&rest).finalize();
    let place = Place { start, length: (code.len() + rest.len()) as u64, digest: *digest.as_bytes() };

    let mut runtime = base.bytes.clone();
    runtime.resize(usize::try_from(start).unwrap_or(usize::MAX), 0);
    let own = base.at + record::OWN.start..base.at + record::OWN.end;
    if let Some(own) = runtime.get_mut(own) {
        own.copy_from_slice(&place.to_bytes());
    }
    let temporary = Temporary::beside(output).map_err(failed)?;
    let mut options = fs::OpenOptions::new();
    let mut file = options.write(true).create_new(true).mode(0o777).open(&temporary.0).map_err(failed)?;
    let mut all = || {
        file.write_all(&runtime)?;
        file.write_all(code)?;
        file.write_all(&rest)?;
        file.sync_all()
    };
    all().map_err(failed)?;
    drop(file);
    try_out(&temporary.0, place, base, output)?;
    fs::rename(&temporary.0, output).map_err(failed)?;
    Ok(start + place.length)
}

/// Reads the bundle as it will be read when it is started, and links its guest.
fn try_out(written: &Path, place: Place, base: &Base, output: &Path) -> Result<()> {
    let file = File::open(written).map_err(|error| Error::io("read what was written", &error))?;
    let (head, code) = Payload::read(file, place, &output.display().to_string())?.split();
    if !base.is_this_machines() || head.serve.is_some() {
        return Ok(());
    }
    let name = head.name.clone();
    let mut given = given(head)?;
    // Those of whoever runs it need not be here.
    given.guest.env_from_host.clear();
    given.guest.grants.dirs.clear();
    for component in &mut given.guest.components {
        component.env_from_host.clear();
        component.grants.dirs.clear();
    }
    given.args.env.clear();
    given.args.dir.clear();
    run::command(&linked(&name, given, code)?).map(drop)
}

/// A file that is removed unless it was renamed.
struct Temporary(PathBuf);

impl Temporary {
    fn beside(path: &Path) -> std::io::Result<Self> {
        let nanos = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default().as_nanos();
        let name = format!(".holm-bundle-{}-{nanos:x}", std::process::id());
        Ok(Self(path.with_file_name(name)))
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // It is not there any more if all went well.
        let _ = fs::remove_file(&self.0);
    }
}

fn say_what_was_made(args: &Bundle, output: &Path, size: u64, head: &Head, settings: &Settings) -> Result<i32> {
    let name = output.display().to_string();
    if args.json {
        output::print_json(&json!({
            "output": name, "bytes": size, "guest": head.name, "target": settings.target, "tier": settings.tier,
            "serve": head.serve,
        }))?;
    } else {
        let what = if head.serve.is_some() { "serves" } else { "runs" };
        output::print(&format!("{name}: {}, {what} {}\n", output::human_size(size), output::printable(&head.name)))?;
    }
    Ok(0)
}
