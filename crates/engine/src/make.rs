//! Making code: with the compiler that suits the guest, in this process or in another.

use crate::artifact::{self, Key, Meta};
use crate::code::{self, Code};
use crate::config::{Runtime, Settings, Tier};
use crate::error::{Error, Kind, Result};
use crate::load::{Loaded, Loader, Opened, Origin};

/// Bytes of code from which a guest never seen before starts on the fast compiler.
/// The optimising one makes about a megabyte a second on two cores, so this is a quarter of a second.
const LARGE: u64 = 256 * 1024;

/// How soon code is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Urgency {
    /// Somebody waits for it.
    Now,
    /// There is code already, and this will be better.
    Later,
}

/// Compiles in another process, so that a guest made to exhaust the compiler takes that process down and not this.
///
/// # Safety
/// The code is run as native code: it must be what [`Loader::make`], of this very build, returned for this guest
/// and these settings.
pub unsafe trait Elsewhere: Send + Sync {
    /// Has [`Loader::make`] called, and returns what it returns: the code, or `None` once it is in the loader's cache.
    /// Blocks.
    ///
    /// # Errors
    /// Those of [`Loader::make`], with the guest's name, and [`Kind::TooCostly`] when the other process reached a
    /// limit.
    fn make(&self, guest: &Opened, settings: &Settings, urgency: Urgency) -> Result<Option<Vec<u8>>>;
}

impl Loader {
    pub(crate) fn compile(
        &self,
        guest: &Opened,
        settings: &Settings,
        fixed_tier: bool,
        runtime: &Runtime,
    ) -> Result<Loaded> {
        let fast = !fixed_tier && suits_the_fast_tier(guest, settings);
        if fast {
            let settings = Settings { tier: Tier::Fast, ..settings.clone() };
            match self.compile_under(guest, &settings, runtime, Urgency::Now) {
                Ok(code) => return Ok(Loaded { code, tier: Tier::Fast, origin: Origin::Compiled, improvable: true }),
                // What is too much for the fast compiler is too much for the other.
                Err(error) if error.kind() == Kind::TooCostly => return Err(error),
                // Winch lacks single instructions that only compiling finds. Any other error comes again below.
                Err(_) => {}
            }
        }
        let tier = if fixed_tier { settings.tier } else { Tier::Optimized };
        let settings = Settings { tier, ..settings.clone() };
        let code = self.compile_under(guest, &settings, runtime, Urgency::Now)?;
        Ok(Loaded { code, tier, origin: Origin::Compiled, improvable: false })
    }

    /// The optimised code of a guest, which takes the place of what was [`Loaded::improvable`]. Made in the
    /// background where the cache does not have it.
    ///
    /// # Errors
    /// As [`Loader::load`].
    pub fn improved(&self, guest: &Opened, settings: &Settings, runtime: &Runtime) -> Result<Loaded> {
        let settings = Settings { tier: Tier::Optimized, ..settings.clone() };
        let (code, origin) = match self.cached(guest, &settings, runtime)? {
            Some(code) => (code, Origin::Cache),
            None => (self.compile_under(guest, &settings, runtime, Urgency::Later)?, Origin::Compiled),
        };
        Ok(Loaded { code, tier: Tier::Optimized, origin, improvable: false })
    }

    fn compile_under(&self, guest: &Opened, settings: &Settings, runtime: &Runtime, urgency: Urgency) -> Result<Code> {
        let bytes = match &self.elsewhere {
            Some(elsewhere) => match elsewhere.make(guest, settings, urgency)? {
                Some(bytes) => bytes,
                None => return self.cached(guest, settings, runtime)?.ok_or_else(|| gone(guest)),
            },
            None => {
                let bytes = self.compile_bytes(guest, settings)?;
                self.keep(guest, settings, &bytes);
                bytes
            }
        };
        let engine = self.engines.get(settings, runtime)?;
        // SAFETY: these are the very bytes the compiler returned, here or in a process that the implementor of
        // `Elsewhere` vouches for.
        let code = unsafe { Code::from_bytes(&engine, settings.form(guest.shape.form), &bytes) };
        code.map_err(|error| Error::new(Kind::Internal, format!("code just compiled does not load: {error:#}")))
    }

    /// Makes a guest's code for another process: puts it into the cache, or returns it where it cannot be kept.
    /// Waits while another process makes the same.
    ///
    /// # Errors
    /// As [`Loader::load`].
    pub fn make(&self, guest: &Opened, settings: &Settings) -> Result<Option<Vec<u8>>> {
        let Some(cache) = &self.cache else { return self.compile_bytes(guest, settings).map(Some) };
        // Without the lock the same is made twice, which is no more than a waste.
        let _alone = cache.lock_entry(&guest.shape.digest, settings);
        if cache.find(&guest.shape, settings).is_some() {
            return Ok(None);
        }
        let bytes = self.compile_bytes(guest, settings)?;
        let kept = self.keep(guest, settings, &bytes);
        Ok((!kept).then_some(bytes))
    }

    /// Makes the optimised code of a guest and keeps it, unless another process is making some.
    ///
    /// # Errors
    /// As [`Loader::load`].
    pub fn improve(&self, guest: &Opened, settings: &Settings) -> Result<()> {
        let Some(cache) = &self.cache else { return Ok(()) };
        let settings = Settings { tier: Tier::Optimized, ..settings.clone() };
        let Some(_alone) = cache.lock() else { return Ok(()) };
        self.make(guest, &settings).map(drop)
    }

    /// Compiles a guest into a file that Holm runs without compiling.
    ///
    /// The file is signed with this user's key when there is a cache, and with a key nobody knows otherwise.
    ///
    /// # Errors
    /// As [`Loader::load`], and [`Kind::Io`] when the file cannot be written.
    pub fn precompile(&self, guest: &Opened, settings: &Settings, to: &std::path::Path) -> Result<u64> {
        let bytes = self.compile_bytes(guest, settings)?;
        let failed = |error| Error::io(format_args!("write {}", to.display()), &error);
        let key = match &self.cache {
            Some(cache) => cache.key().clone(),
            None => Key::generate().map_err(failed)?,
        };
        artifact::write_file(to, &bytes, &meta(guest, settings), &key).map_err(failed)?;
        Ok(std::fs::metadata(to).map_err(failed)?.len())
    }

    /// Compiles a guest, for whoever keeps the code: native code, and what [`crate::Embedded`] wants to know of it.
    ///
    /// # Errors
    /// As [`Loader::load`].
    pub fn code_of(&self, guest: &Opened, settings: &Settings) -> Result<(Vec<u8>, Meta)> {
        Ok((self.compile_bytes(guest, settings)?, meta(guest, settings)))
    }

    fn compile_bytes(&self, guest: &Opened, settings: &Settings) -> Result<Vec<u8>> {
        if let Some(on_compile) = &self.on_compile {
            on_compile(settings.tier, guest.source.bytes.len() as u64);
        }
        code::compile(&guest.source.bytes, guest.shape.form, settings).map_err(|error| error.about(&guest.source.name))
    }

    /// Whether there is a cache and it could be written.
    fn keep(&self, guest: &Opened, settings: &Settings, bytes: &[u8]) -> bool {
        let Some(cache) = &self.cache else { return false };
        let kept = cache.store(bytes, &meta(guest, settings));
        if let (Err(error), Some(warn)) = (&kept, &self.on_warning) {
            let why = crate::error::plain_io(error);
            warn(&format!("the compiled code could not be kept in {}: {why}", cache.dir().display()));
        }
        kept.is_ok()
    }
}

fn meta(guest: &Opened, settings: &Settings) -> Meta {
    Meta { shape: guest.shape.clone(), settings: settings.clone(), name: guest.source.name.clone() }
}

fn gone(guest: &Opened) -> Error {
    let message = format!("{}: its code was removed from the cache as soon as it was made", guest.source.name);
    Error::new(Kind::Io, message).note("was the cache cleared? Load it again")
}

/// Whether a guest never seen before should start on the fast compiler.
fn suits_the_fast_tier(guest: &Opened, settings: &Settings) -> bool {
    use crate::shape::{Feature, features};

    const LACKING: &[Feature] = &[
        Feature::Exceptions,
        Feature::FunctionReferences,
        Feature::Gc,
        Feature::LegacyExceptions,
        Feature::RelaxedSimd,
        Feature::StackSwitching,
        Feature::TailCall,
        Feature::Threads,
        Feature::WideArithmetic,
    ];
    let here = cfg!(any(target_arch = "x86_64", target_arch = "aarch64"));
    if !here || guest.shape.code_size < LARGE || settings.deterministic || settings.target.is_some() {
        return false;
    }
    features(&guest.source.bytes).is_ok_and(|used| LACKING.iter().all(|feature| !used.contains(feature)))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

    use super::*;
    use crate::cache::Cache;
    use crate::source::Source;

    /// A guest with more code than starts on the optimising compiler.
    fn large() -> Source {
        let body = "(drop (i64.mul (i64.const 0x123456789abcdef) (i64.const 0x123456789abcdef)))".repeat(200);
        let functions = format!("(func {body})").repeat(100);
        Source::from_bytes("large.wat", format!("(module {functions})").into_bytes()).unwrap()
    }

    fn small() -> Source {
        Source::from_bytes("small.wat", b"(module (func (export \"f\")))".to_vec()).unwrap()
    }

    /// A loader that counts what it compiles.
    fn counting(cache: Option<Cache>) -> (Loader, Arc<AtomicU32>) {
        let compiled = Arc::new(AtomicU32::new(0));
        let count = Arc::clone(&compiled);
        let on_compile = Box::new(move |_, _| _ = count.fetch_add(1, SeqCst));
        (Loader { cache, on_compile: Some(on_compile), ..Loader::default() }, compiled)
    }

    #[test]
    fn what_several_want_at_once_is_made_once() {
        let dir = tempfile::tempdir().unwrap();
        let cache = dir.path().join("cache");
        let compiled: u32 = std::thread::scope(|scope| {
            let make = || {
                let (loader, compiled) = counting(Some(Cache::open(&cache).unwrap()));
                let guest = loader.open(large()).unwrap();
                assert!(loader.make(&guest, &Settings::default()).unwrap().is_none());
                compiled.load(SeqCst)
            };
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(make)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        assert_eq!(compiled, 1);
        let left = std::fs::read_dir(&cache).unwrap().map(|entry| entry.unwrap().file_name());
        let left: Vec<_> = left.filter(|name| name.to_string_lossy().starts_with('.')).collect();
        assert!(left.is_empty(), "{left:?}");
    }

    /// Has another loader make it, as another process would.
    struct Neighbour {
        loader: Loader,
        asked: Arc<AtomicU32>,
        refuses: Option<Kind>,
    }

    // SAFETY: it calls `Loader::make`.
    unsafe impl Elsewhere for Neighbour {
        fn make(&self, guest: &Opened, settings: &Settings, _: Urgency) -> Result<Option<Vec<u8>>> {
            self.asked.fetch_add(1, SeqCst);
            match self.refuses {
                Some(kind) => Err(Error::new(kind, "no")),
                None => self.loader.make(guest, settings),
            }
        }
    }

    /// A loader that compiles nothing itself, and how often it asked its neighbour to.
    fn with_neighbour(cache: impl Fn() -> Option<Cache>, refuses: Option<Kind>) -> (Loader, Arc<AtomicU32>) {
        let asked = Arc::new(AtomicU32::new(0));
        let loader = Loader { cache: cache(), ..Loader::default() };
        let neighbour = Neighbour { loader, asked: Arc::clone(&asked), refuses };
        let on_compile = Box::new(|_, _| panic!("compiled here"));
        let elsewhere: Option<Box<dyn Elsewhere>> = Some(Box::new(neighbour));
        (Loader { cache: cache(), on_compile: Some(on_compile), elsewhere, ..Loader::default() }, asked)
    }

    #[test]
    fn code_made_elsewhere_comes_back_through_the_cache_or_without_one() {
        let dir = tempfile::tempdir().unwrap();
        let cached = || Some(Cache::open(&dir.path().join("cache")).unwrap());
        let uncached = || None;
        let load = |loader: &Loader| {
            let guest = loader.open(small()).unwrap();
            loader.load(&guest, &Settings::default(), true, &Runtime::default()).unwrap().origin
        };
        let (loader, asked) = with_neighbour(cached, None);
        assert_eq!((load(&loader), load(&loader)), (Origin::Compiled, Origin::Cache));
        assert_eq!(asked.load(SeqCst), 1);
        let (loader, asked) = with_neighbour(uncached, None);
        assert_eq!((load(&loader), load(&loader)), (Origin::Compiled, Origin::Compiled));
        assert_eq!(asked.load(SeqCst), 2);
    }

    #[test]
    fn a_large_guest_starts_fast_and_is_improved_later() {
        let dir = tempfile::tempdir().unwrap();
        let (loader, asked) = with_neighbour(|| Some(Cache::open(&dir.path().join("cache")).unwrap()), None);
        let guest = loader.open(large()).unwrap();
        let (settings, runtime) = (Settings::default(), Runtime::default());
        let first = loader.load(&guest, &settings, false, &runtime).unwrap();
        assert_eq!((first.tier, first.improvable), (Tier::Fast, true));
        let better = loader.improved(&guest, &settings, &runtime).unwrap();
        assert_eq!((better.tier, better.improvable, better.origin), (Tier::Optimized, false, Origin::Compiled));
        let next = loader.load(&guest, &settings, false, &runtime).unwrap();
        assert_eq!((next.tier, next.origin), (Tier::Optimized, Origin::Cache));
        assert_eq!(asked.load(SeqCst), 2);
    }

    #[test]
    fn what_costs_too_much_is_not_tried_again_with_the_slower_compiler() {
        let tries = |refuses| {
            let (loader, asked) = with_neighbour(|| None, Some(refuses));
            let guest = loader.open(large()).unwrap();
            let loaded = loader.load(&guest, &Settings::default(), false, &Runtime::default());
            assert_eq!(loaded.err().map(|error| error.kind()), Some(refuses));
            asked.load(SeqCst)
        };
        assert_eq!(tries(Kind::TooCostly), 1);
        assert_eq!(tries(Kind::Unsupported), 2);
    }
}
