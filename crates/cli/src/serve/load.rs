//! Guests for the server: compiled for many instances at once, under limits.

use std::sync::Arc;

use holm_abi::{Abi, Entry, Guest, Host, HttpHandler, Stdio, detect};
use holm_engine::{Error, Kind, Loader, Pool, Result, Runtime, Source};
use holm_manifest::Guest as Described;
use holm_serve::apps::App;
use holm_serve::cgi::Cgi;
use holm_serve::{Load, Loaded};

use super::wrong::Wrong;
use crate::args::EngineArgs;
use crate::guest::{abis, granted, loader, short};
use crate::settings::settings;

/// Instances at once, of all apps together.
const INSTANCES: u32 = 1000;
/// Bytes of a memory at most: all that a 32-bit one can have.
const MEMORY: usize = 4 << 30;

/// Loads guests with this user's cache.
pub(super) struct Loading {
    loader: Loader,
    abis: Vec<Box<dyn Abi>>,
    abi: Option<String>,
    tier: Option<holm_engine::Tier>,
}

impl Loading {
    pub(super) fn new(engine: &EngineArgs) -> Self {
        Self { loader: loader(engine), abis: abis(), abi: engine.abi.clone(), tier: engine.tier }
    }

    fn entries(&self, guest: &Described) -> Result<(Vec<Entry>, u64)> {
        let path = guest.file.clone().unwrap_or_default();
        let name = path.to_string_lossy().into_owned();
        let opened = self.loader.open(Source::read(&name)?)?;
        let known: Vec<&dyn Abi> = self.abis.iter().map(AsRef::as_ref).collect();
        let abi = detect(&known, &opened.shape, self.abi.as_deref().or(guest.abi.as_deref()))?.abi;
        let host = Host { stdio: Stdio::default(), args: guest.args.clone(), ..granted(guest.clone())? };
        let mut settings = settings(&opened.shape, &host.limits, host.deterministic, &guest.features)?;
        // Neighbours get their turn at each tick, limits or not.
        settings.interruptible = true;
        settings.tier = self.tier.unwrap_or_default();
        let pool = Pool { instances: INSTANCES, memory: MEMORY };
        let runtime = Runtime { stack: host.limits.stack, pool: Some(pool), ..Runtime::default() };
        let fixed = self.tier.is_some() || host.deterministic;
        let loaded = self.loader.load(&opened, &settings, fixed, &runtime)?;
        let code = loaded.code.size();
        let shape = Arc::new(opened.shape);
        let guest = Guest { name: short(&name), shape, code: loaded.code, path: opened.source.path };
        Ok((abi.load(&guest, &host)?, code))
    }
}

impl Load for Loading {
    fn load(&self, _app: &str, guest: &Described) -> Result<Loaded> {
        let (entries, code) = self.entries(guest)?;
        let http = entries.iter().find_map(|entry| match entry {
            Entry::Http(handler) => Some(Arc::clone(handler)),
            _ => None,
        });
        let handler = http.or_else(|| command(&entries, guest));
        match handler {
            Some(handler) => Ok(Loaded { handler, code }),
            None => {
                let file = guest.file.clone().unwrap_or_default();
                Err(Error::new(Kind::Usage, format!("{} does not answer HTTP requests", file.display()))
                    .note("it would have to export wasi:http/incoming-handler (0.2) or wasi:http/handler (0.3), or be a WASI program")
                    .note(format!("`holm inspect {}` shows what it exports", file.display())))
            }
        }
    }
}

/// A program answers as CGI.
fn command(entries: &[Entry], guest: &Described) -> Option<Arc<dyn HttpHandler>> {
    let command = entries.iter().find_map(|entry| match entry {
        Entry::Command(command) => Some(Arc::clone(command)),
        _ => None,
    })?;
    let name = short(&guest.file.clone().unwrap_or_default().to_string_lossy());
    Some(Arc::new(Cgi::new(command, name).with_args(guest.args.iter().cloned())))
}

/// Loads every guest of these apps once.
pub(super) async fn check(apps: &[Arc<App>], wrong: &mut Wrong) {
    for guest in apps.iter().flat_map(|app| &app.guests) {
        if let Err(error) = guest.warm_up().await {
            wrong.add(&error);
        }
    }
}
