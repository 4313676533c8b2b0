//! From grants to what the guest's world is built of.

use std::sync::Arc;

use holm_abi::{Error, Host, Kind, Result, Run, Stdio};
use holm_grants::DirGrant;
use wasmtime_wasi::{FsPerms, WasiCtx, WasiCtxBuilder};

use crate::clocks::{self, SteadyClock};
use crate::network::Network;
use crate::stdio::{self, Account};

/// What one instance gets beside what its host gives to all.
#[derive(Clone)]
pub(crate) struct Given {
    pub(crate) args: Arc<[String]>,
    pub(crate) env: Vec<(String, String)>,
    pub(crate) stdio: Stdio,
}

impl Given {
    pub(crate) fn new(args: Arc<[String]>, stdio: Stdio) -> Self {
        Self { args, env: Vec::new(), stdio }
    }

    /// What a run has, with the streams of `host` where it has none of its own.
    pub(crate) fn of(run: &Run, host: &Stdio) -> Self {
        Self { args: run.args.as_slice().into(), env: run.env.clone(), stdio: run.stdio(host) }
    }
}

/// A component's world: made when the guest first asks for something of it, which many handlers never do.
pub(crate) enum World {
    Later(Given),
    Made(Box<Made>),
}

/// A world that is there.
pub(crate) struct Made {
    pub(crate) ctx: WasiCtx,
    pub(crate) network: Arc<Network>,
    /// What the guest writes.
    output: Account,
}

impl World {
    /// # Errors
    /// As [`context`].
    pub(crate) fn new(host: &Host, given: Given) -> Result<Self> {
        // Directories can be missing, and that is to be known before the guest runs.
        if host.grants.dirs.is_empty() { Ok(Self::Later(given)) } else { Made::new(host, given).map(Self::Made) }
    }

    pub(crate) fn get(&mut self, host: &Host) -> &mut Made {
        if let Self::Later(given) = self {
            let given = std::mem::replace(given, Given::new(Arc::default(), Stdio::default()));
            let closed =
                || Made { ctx: WasiCtx::default(), network: Network::new(host), output: Account::new(Some(0)) };
            // Only directories could fail, and there are none.
            *self = Self::Made(Made::new(host, given).unwrap_or_else(|_| Box::new(closed())));
        }
        match self {
            Self::Made(made) => made,
            Self::Later(_) => unreachable!("it was made above"),
        }
    }

    /// Begins to count anew what the guest writes.
    pub(crate) fn account_anew(&mut self) {
        if let Self::Made(made) = self {
            made.output.begin_anew();
        }
    }

    /// Why the guest had to end, if its writing was the reason.
    pub(crate) fn failure(&self) -> Option<Error> {
        match self {
            Self::Made(made) => made.output.failure(),
            Self::Later(_) => None,
        }
    }
}

impl Made {
    fn new(host: &Host, given: Given) -> Result<Box<Self>> {
        let (network, output) = (Network::new(host), Account::new(host.limits.max_output));
        let ctx = context(host, &given, &network, &output)?.build();
        Ok(Box::new(Self { ctx, network, output }))
    }
}

/// A world with what `host` grants, and nothing else.
///
/// # Errors
/// [`Kind::NotFound`] or [`Kind::Io`] when a granted directory cannot be opened.
pub(crate) fn context(host: &Host, given: &Given, network: &Arc<Network>, output: &Account) -> Result<WasiCtxBuilder> {
    let mut builder = WasiCtxBuilder::new();
    builder.args(&given.args);
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
