//! `holm push`, `holm pull`, and guests that are named by where they are on a registry.

mod failure;
mod output;
mod pull;
mod push;

use std::io::{IsTerminal as _, Read as _};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use holm_engine::{Cache, Error, Kind, Result};
use holm_registry::{Access, Credential, Files, Progress as Step, PublicKey, Pull, Pulled, Reference, Store};

pub(crate) use pull::pull;
pub(crate) use push::push;

use crate::args::registry::{RegistryArgs, WhoArgs};
use crate::output::{human_size, warn};
use crate::progress::Progress;
use crate::run::runtime;
use failure::explain;

/// The store's folder beside the code.
pub(crate) const STORE: &str = "oci";
/// Longer than any password.
const LONGEST_PASSWORD: u64 = 64 << 10;

/// The file in the store of the guest that `name` refers to.
///
/// # Errors
/// As [`Pull::pull`], and for a key that is none.
pub(crate) fn fetched(name: &str, args: &RegistryArgs) -> Result<PathBuf> {
    let reference = name.parse().map_err(explain)?;
    let access = Access { plain_http: args.plain_http, credential: None, files: Arc::new(Files::of_user()) };
    Ok(fetch(&reference, args, &access)?.path)
}

/// Pulls, and says what the user should know.
fn fetch(reference: &Reference, args: &RegistryArgs, access: &Access) -> Result<Pulled> {
    let key = args.verify.as_deref().map(PublicKey::load).transpose().map_err(explain)?;
    let store = store()?;
    let shown = Shown::new(reference.short());
    let tell = |step| shown.tell(step);
    let pull = Pull { store: &store, access, verify: key.as_ref(), progress: &tell };
    // A server that reads its configuration has a runtime already, within which there cannot be another.
    let pulled = std::thread::scope(|scope| {
        let pulling = scope.spawn(|| Ok(runtime()?.block_on(pull.pull(reference))));
        pulling.join().unwrap_or_else(|_| Err(Error::new(Kind::Internal, "pulling broke off")))
    })?;
    drop(shown);
    let pulled = pulled.map_err(explain)?;
    if let Some(warning) = &pulled.warning {
        warn(warning);
    }
    Ok(pulled)
}

/// The store of what was pulled, beside the code cache, whose folder is nobody else's.
fn store() -> Result<Store> {
    let dir = Cache::default_dir().ok_or_else(|| {
        Error::new(Kind::Io, "there is no home directory for what is pulled")
            .note("HOLM_CACHE_DIR names a folder for it")
    })?;
    let cache = Cache::open(&dir)?;
    Ok(Store::new(cache.dir().join(STORE)))
}

/// How a registry is reached, and as whom.
fn access(plain_http: bool, who: &WhoArgs) -> Result<Access> {
    let credential = match &who.username {
        Some(user) => Some(Credential::Password { user: user.clone(), password: password()? }),
        None => None,
    };
    Ok(Access { plain_http, credential, files: Arc::new(Files::of_user()) })
}

fn password() -> Result<String> {
    if std::io::stdin().is_terminal() {
        return Err(Error::new(
            Kind::Usage,
            "the password is read from standard input, which is a terminal that would show it",
        )
        .note("`docker login` asks for it without showing it, and keeps it for Holm too"));
    }
    let mut text = String::new();
    let read = std::io::stdin().take(LONGEST_PASSWORD).read_to_string(&mut text);
    read.map_err(|error| Error::io("read the password from standard input", &error))?;
    Ok(text.trim_end_matches(['\n', '\r']).to_owned())
}

/// How far it is, for whoever looks at a terminal.
struct Shown {
    name: String,
    progress: Mutex<Option<Progress>>,
}

impl Shown {
    fn new(name: &str) -> Self {
        Self { name: name.to_owned(), progress: Mutex::new(Progress::start(format!("asking for {name}"))) }
    }

    fn tell(&self, step: Step) {
        let (doing, done, total) = match step {
            Step::Pulling { done, total } => ("pulling", done, total),
            Step::Pushing { done, total } => ("pushing", done, total),
        };
        if let Ok(progress) = self.progress.lock()
            && let Some(progress) = &*progress
        {
            progress.say(format!("{doing} {}: {} of {}", self.name, human_size(done), human_size(total)));
        }
    }
}
