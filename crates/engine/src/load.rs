//! From bytes to code: the cache first, then the compiler that suits the guest.

use crate::artifact::{Artifact, Meta, untrusted};
use crate::cache::Cache;
use crate::code::Code;
use crate::config::{Runtime, Settings, Tier};
use crate::embedded::Embedded;
use crate::engines::Engines;
use crate::error::{Error, Kind, Result};
use crate::shape::Shape;
use crate::source::{Source, SourceKind};

/// Where code came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The cache.
    Cache,
    /// It was compiled just now.
    Compiled,
    /// The guest was given in compiled form.
    Precompiled,
}

/// A guest whose bytes were read and understood, but not compiled.
pub struct Opened {
    /// The bytes.
    pub source: Source,
    /// What they say.
    pub shape: Shape,
    precompiled: Option<Precompiled>,
}

/// Code that was there before.
enum Precompiled {
    File(Artifact),
    Embedded(Embedded),
}

impl Precompiled {
    fn meta(&self) -> &Meta {
        match self {
            Precompiled::File(artifact) => &artifact.meta,
            Precompiled::Embedded(embedded) => embedded.meta(),
        }
    }

    fn name(&self) -> String {
        match self {
            Precompiled::File(artifact) => artifact.path.display().to_string(),
            Precompiled::Embedded(embedded) => embedded.name().to_owned(),
        }
    }
}

impl Opened {
    /// The settings the code was made under, when the guest was given in compiled form.
    pub fn precompiled(&self) -> Option<&Settings> {
        self.precompiled.as_ref().map(|precompiled| &precompiled.meta().settings)
    }

    /// A guest that this program carries with it.
    pub fn embedded(embedded: Embedded) -> Self {
        let (name, shape) = (embedded.name().to_owned(), embedded.meta().shape.clone());
        let source = Source { name, path: None, bytes: Vec::new(), kind: SourceKind::Precompiled };
        Self { source, shape, precompiled: Some(Precompiled::Embedded(embedded)) }
    }
}

/// Code, and how it came about.
pub struct Loaded {
    /// The code.
    pub code: Code,
    /// Which compiler made it.
    pub tier: Tier,
    /// Where it came from.
    pub origin: Origin,
    /// Better code could be made: [`Loader::improved`] makes it now, [`Loader::improve`] for next time.
    pub improvable: bool,
}

/// Called when compiling begins, with the compiler's tier and the guest's size in bytes.
pub type OnCompile = Box<dyn Fn(Tier, u64) + Send + Sync>;

/// Called with what a user should know once, and that is no reason to stop.
pub type OnWarning = Box<dyn Fn(&str) + Send + Sync>;

/// Turns sources into code.
#[derive(Default)]
pub struct Loader {
    /// Where code is kept; `None` compiles every time.
    pub cache: Option<Cache>,
    /// Run compiled code that this user's key did not sign.
    pub allow_precompiled: bool,
    /// Told when compiling begins.
    pub on_compile: Option<OnCompile>,
    /// Told when the cache could not be written.
    pub on_warning: Option<OnWarning>,
    /// The engines that guests loaded by this loader share.
    pub engines: Engines,
    /// Compiles for [`Loader::load`] and [`Loader::improved`]; `None` compiles in this process.
    #[cfg(feature = "compilers")]
    pub elsewhere: Option<Box<dyn crate::make::Elsewhere>>,
}

impl Loader {
    /// Reads what the bytes say. Compiled code is verified here, and never run if it cannot be.
    ///
    /// # Errors
    /// [`Kind::Invalid`] when they are not WebAssembly, [`Kind::Denied`] for compiled code of unknown origin.
    pub fn open(&self, source: Source) -> Result<Opened> {
        if source.kind == SourceKind::Precompiled {
            return self.open_precompiled(source);
        }
        let shape = Shape::parse(&source.bytes)
            .map_err(|error| Error::new(Kind::Invalid, format!("{} {error}", source.name)))?;
        Ok(Opened { source, shape, precompiled: None })
    }

    fn open_precompiled(&self, source: Source) -> Result<Opened> {
        let failed = |error| Error::io(format_args!("read {}", source.name), &error);
        let path = source.path.clone().unwrap_or_default();
        let mut artifact = Artifact::open(&path).map_err(failed)?;
        let ours = match &self.cache {
            Some(cache) => artifact.verify(cache.key()).map_err(failed)?,
            None => false,
        };
        if !ours && !self.allow_precompiled {
            return Err(untrusted(&source.name));
        }
        let shape = artifact.meta.shape.clone();
        Ok(Opened { source, shape, precompiled: Some(Precompiled::File(artifact)) })
    }

    /// The guest's code for these settings. `tier` in `settings` is ignored unless `fixed_tier` is set.
    ///
    /// # Errors
    /// [`Kind::Invalid`] when the guest does not validate, [`Kind::Unsupported`] when it needs what the
    /// settings or this build leave out, [`Kind::TooCostly`] when compiling elsewhere took more than it may.
    pub fn load(&self, guest: &Opened, settings: &Settings, fixed_tier: bool, runtime: &Runtime) -> Result<Loaded> {
        if let Some(precompiled) = &guest.precompiled {
            return self.load_precompiled(precompiled, settings, runtime);
        }
        let tiers: &[Tier] = match fixed_tier {
            true => &[settings.tier],
            false => &[Tier::Optimized, Tier::Fast],
        };
        for &tier in tiers {
            let settings = Settings { tier, ..settings.clone() };
            if let Some(code) = self.cached(guest, &settings, runtime)? {
                let improvable = !fixed_tier && tier == Tier::Fast;
                return Ok(Loaded { code, tier, origin: Origin::Cache, improvable });
            }
        }
        self.compile(guest, settings, fixed_tier, runtime)
    }

    fn load_precompiled(&self, precompiled: &Precompiled, wanted: &Settings, runtime: &Runtime) -> Result<Loaded> {
        let made = &precompiled.meta().settings;
        let name = precompiled.name();
        let lacks = |what: &str, flag: &str| {
            Error::new(Kind::Unsupported, format!("{name} was compiled without {what}"))
                .note(format!("compile it again with `holm compile {flag}`"))
        };
        if wanted.interruptible && !made.interruptible {
            return Err(lacks("support for limits on time", "--interruptible"));
        }
        if wanted.fuel && !made.fuel {
            return Err(lacks("support for a limit on fuel", "--fuel"));
        }
        if wanted.deterministic && !made.deterministic {
            return Err(lacks("determinism", "--deterministic"));
        }
        let code = match precompiled {
            Precompiled::File(artifact) => {
                let engine = self.engines.get(made, runtime)?;
                // SAFETY: `Loader::open` checked this user's signature, or the user vouched for the file.
                unsafe { Code::from_file(&engine, made.form(artifact.meta.shape.form), &artifact.path) }
            }
            Precompiled::Embedded(embedded) => {
                let runtime = Runtime { embedded: true, ..runtime.clone() };
                embedded.load(&self.engines.get(made, &runtime)?)
            }
        };
        let code = code.map_err(|error| wrong_machine(precompiled, &error))?;
        Ok(Loaded { code, tier: made.tier, origin: Origin::Precompiled, improvable: false })
    }

    pub(crate) fn cached(&self, guest: &Opened, settings: &Settings, runtime: &Runtime) -> Result<Option<Code>> {
        let Some(cache) = &self.cache else { return Ok(None) };
        let Some(artifact) = cache.find(&guest.shape, settings) else { return Ok(None) };
        let engine = self.engines.get(settings, runtime)?;
        // SAFETY: the file carries this user's signature, so Holm wrote it as the compiler returned it; the
        // directory is private, and files in it are replaced by renaming, never changed in place.
        match unsafe { Code::from_file(&engine, settings.form(guest.shape.form), &artifact.path) } {
            Ok(code) => Ok(Some(code)),
            Err(_) => {
                // Made by another version or for another processor.
                cache.remove(&artifact.path);
                Ok(None)
            }
        }
    }

    #[cfg(not(feature = "compilers"))]
    fn compile(&self, guest: &Opened, _: &Settings, _: bool, _: &Runtime) -> Result<Loaded> {
        let message = format!("{} is not compiled, and this build of Holm has no compiler", guest.source.name);
        Err(Error::new(Kind::Unsupported, message)
            .note("compile it with a full build: `holm compile`, then run the result with --allow-precompiled"))
    }
}

fn wrong_machine(precompiled: &Precompiled, error: &wasmtime::Error) -> Error {
    let name = precompiled.name();
    let message = match &precompiled.meta().settings.target {
        Some(target) => {
            format!("{name} was compiled for {target}, and does not run on this machine: {}", error.root_cause())
        }
        None => format!("{name} was compiled by another version or for another machine: {}", error.root_cause()),
    };
    Error::new(Kind::Unsupported, message).note("compile it again from the .wasm")
}
