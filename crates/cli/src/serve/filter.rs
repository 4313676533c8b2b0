//! Filters for the server, in front of what was loaded.

use std::fs::File;
use std::io::{self, Read as _};
use std::sync::Arc;

use holm_abi::{Entry, FilterSettings, Filtered, Host, HttpFilter};
use holm_engine::{Error, Kind, Result};
use holm_manifest::{Configuration, Filter, Guest as Described};
use holm_serve::Loaded;

use super::copies::Copies;
use super::load::{Instances, Loading, Wanted, handler};
use crate::guest::{Shared, abis, granted};

/// Bytes of a filter's configuration.
const CONFIGURATION: u64 = 1 << 20;

impl Loading {
    /// Puts a filter in front of what was loaded.
    pub(super) fn in_front(&self, filter: &Filter, behind: Loaded, shared: &Shared, wanted: Wanted) -> Result<Loaded> {
        let guest = as_guest(filter);
        let abis = abis(self.wasi(None), shared.clone());
        let host = Host { filter: filter_settings(filter, &self.copies)?, ..granted(guest.clone())? };
        let made = self.made(&guest, abis, filter.abi.as_deref(), host, (Instances::Lasting, wanted))?;
        let front = made.entries.iter().find_map(|entry| match entry {
            Entry::HttpFilter(filter) => Some(Arc::<dyn HttpFilter>::clone(filter)),
            _ => None,
        });
        let front = front.ok_or_else(|| no_filter(&made.entries, &self.copies.called(&filter.file)))?;
        let handler = Arc::new(Filtered { filter: front, next: behind.handler });
        let (code, improvable) = (made.code + behind.code, made.improvable || behind.improvable);
        Ok(Loaded { handler, events: behind.events, code, improvable })
    }
}

/// What a filter is loaded as.
fn as_guest(filter: &Filter) -> Described {
    let mut guest = Described {
        file: Some(filter.file.clone()),
        abi: filter.abi.clone(),
        features: filter.features.clone(),
        grants: filter.grants.clone(),
        env_from_host: filter.env_from_host.clone(),
        limits: filter.limits,
        routes: Vec::new(),
        ..Described::default()
    };
    guest.serve.connections = filter.connections;
    guest
}

fn filter_settings(filter: &Filter, copies: &Copies) -> Result<FilterSettings> {
    Ok(FilterSettings {
        name: filter.name.clone(),
        root_id: filter.root_id.clone(),
        vm_id: filter.vm_id.clone(),
        configuration: configuration(&filter.config, copies)?,
        vm_configuration: Arc::clone(&filter.vm_config),
        fail_open: filter.fail_open,
    })
}

fn configuration(config: &Configuration, copies: &Copies) -> Result<Arc<[u8]>> {
    let file = match config {
        Configuration::Bytes(bytes) => return Ok(Arc::clone(bytes)),
        Configuration::File(file) => file,
    };
    let called = copies.called(file);
    let failed = |error: io::Error| Error::io(format_args!("read {called}"), &error);
    let mut bytes = Vec::new();
    File::open(file).and_then(|file| file.take(CONFIGURATION + 1).read_to_end(&mut bytes)).map_err(failed)?;
    if bytes.len() as u64 > CONFIGURATION {
        let why = format!("{called} is larger than a filter's configuration may be ({CONFIGURATION} bytes)");
        return Err(Error::new(Kind::Usage, why));
    }
    Ok(bytes.into())
}

fn no_filter(entries: &[Entry], guest: &str) -> Error {
    let error = Error::new(Kind::Usage, format!("{guest} is not a filter, so it cannot stand in [[filters]]"));
    if handler(entries).is_some() {
        return error.note("it answers HTTP requests itself: name it as `guest`, or as `file` in [guest.NAME]");
    }
    error
        .note("it would be built for proxy-wasm, as for Envoy, or for http-wasm, as for Traefik")
        .note(format!("`holm inspect {guest}` shows what it is"))
}
