//! From grants to what the guest's world is built of.

use std::sync::Arc;

use holm_abi::{Error, Host, Kind, Result, Run, Stdio};
use holm_grants::DirGrant;
use wasmtime_wasi::{FsPerms, WasiCtxBuilder};

use crate::clocks::{self, SteadyClock};
use crate::network::Network;
use crate::stdio::{self, Account};

/// What one instance gets beside what its host gives to all.
#[derive(Clone, Copy)]
pub(crate) struct Given<'a> {
    pub(crate) args: &'a [String],
    pub(crate) env: &'a [(String, String)],
    pub(crate) stdio: &'a Stdio,
}

impl<'a> Given<'a> {
    pub(crate) fn new(args: &'a [String], stdio: &'a Stdio) -> Self {
        Self { args, env: &[], stdio }
    }

    pub(crate) fn of(run: &'a Run, stdio: &'a Stdio) -> Self {
        Self { args: &run.args, env: &run.env, stdio }
    }
}

/// A world with what `host` grants, and nothing else.
///
/// # Errors
/// [`Kind::NotFound`] or [`Kind::Io`] when a granted directory cannot be opened.
pub(crate) fn context(
    host: &Host,
    given: Given<'_>,
    network: &Arc<Network>,
    output: &Account,
) -> Result<WasiCtxBuilder> {
    let mut builder = WasiCtxBuilder::new();
    builder.args(given.args);
    let more = given.env.iter().filter(|(name, _)| !host.grants.env.contains_key(name));
    for (name, value) in host.grants.env.iter().chain(more.map(|(name, value)| (name, value))) {
        builder.env(name, value);
    }
    // Handing each file operation to another thread costs ten times the operation. A limit on wall time
    // must be able to interrupt one, though, and only then is it worth that. Directories remember the choice.
    builder.allow_blocking_current_thread(host.limits.wall.is_none());
    for dir in &host.grants.dirs {
        preopen(&mut builder, dir)?;
    }
    network.open(&mut builder);
    stdio::stdin(&mut builder, &given.stdio.stdin);
    builder.stdout(stdio::Sink::stdout(&given.stdio.stdout, output));
    builder.stderr(stdio::Sink::stderr(&given.stdio.stderr, output));
    if host.deterministic {
        let clock = SteadyClock::default();
        builder.wall_clock(clock.clone());
        builder.monotonic_clock(clock);
        builder.secure_random(clocks::seeded());
        builder.insecure_random(clocks::seeded());
        builder.insecure_random_seed(clocks::SEED.into());
    }
    Ok(builder)
}

fn preopen(builder: &mut WasiCtxBuilder, dir: &DirGrant) -> Result<()> {
    let permissions = if dir.read_only { FsPerms::ReadOnly } else { FsPerms::ReadWrite };
    builder.preopened_dir(&dir.host, &dir.guest, permissions).map(drop).map_err(|error| {
        let path = dir.host.display();
        match error.downcast_ref::<std::io::Error>() {
            Some(error) if error.kind() == std::io::ErrorKind::NotFound => {
                Error::new(Kind::NotFound, format!("the granted directory {path} does not exist"))
            }
            Some(error) => Error::io(format_args!("open the granted directory {path}"), error),
            None => Error::new(Kind::Io, format!("cannot open the granted directory {path}: {error:#}")),
        }
    })
}
