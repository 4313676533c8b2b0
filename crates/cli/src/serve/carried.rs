//! The app of a bundle: one guest, whose code lies in the very program that runs.

use std::path::PathBuf;
use std::sync::Arc;

use holm_admin::AppName;
use holm_engine::{Embedded, Error, Kind, Result};
use holm_manifest::App as Manifest;

use super::apps::Read;
use super::serve;
use crate::args::{CompilingArgs, EngineArgs, HostArgs, Serve};

/// What a bundle carries to be served.
pub(crate) struct Carried {
    name: AppName,
    manifest: Manifest,
    pub(super) code: Embedded,
}

impl Carried {
    /// As if it had been read from files.
    pub(super) fn read(&self) -> Read {
        let digests = vec![self.code.meta().shape.digest];
        Read { name: self.name.clone(), manifest: self.manifest.clone(), digests }
    }
}

/// Serves the guest of a bundle, which came from `from`, until it is told to stop. Returns the exit code.
pub(crate) fn bundled(
    manifest: Manifest,
    from: PathBuf,
    code: Embedded,
    engine: EngineArgs,
    addr: Vec<String>,
) -> Result<i32> {
    let found = crate::app::Found { manifest, from: from.clone() };
    let name = found.name().map_err(|error| Error::new(Kind::Invalid, error.to_string()))?;
    let carried = Carried { name, manifest: found.manifest, code };
    serve(Serve {
        addr,
        server_config: None,
        no_watch: true,
        state: None,
        admin: None,
        token_file: None,
        // What the flags gave is in the manifest by now.
        host: HostArgs { engine, ..HostArgs::default() },
        compiling: CompilingArgs::default(),
        carried: Some(Arc::new(carried)),
        apps: vec![from],
    })
}
