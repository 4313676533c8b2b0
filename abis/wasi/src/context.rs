//! From grants to what the guest's world is built of.

use std::sync::Arc;

use holm_abi::{Error, Host, Kind, Observe, Result, Run, Stdio};
use holm_grants::DirGrant;
#[cfg(feature = "http")]
use wasmtime_wasi::p1::WasiP1Ctx;
use wasmtime_wasi::{FsPerms, WasiCtx, WasiCtxBuilder};

use crate::clocks::{self, SteadyClock};
#[cfg(feature = "http")]
use crate::module_world;
use crate::network::Network;
use crate::stdio::{self, Account};
use crate::switch::Switches;

/// What one instance gets beside what its host gives to all.
#[derive(Clone)]
pub(crate) struct Given {
    pub(crate) args: Arc<[String]>,
    pub(crate) env: Vec<(String, String)>,
    pub(crate) streams: Streams,
}

/// Where an instance's output goes.
#[derive(Clone)]
#[cfg_attr(not(feature = "http"), allow(dead_code, reason = "only handlers are used again"))]
pub(crate) enum Streams {
    Are(Stdio),
    /// To be asked for when they are needed.
    Of(Arc<dyn Observe>),
}

impl Streams {
    pub(crate) fn get(&self) -> Stdio {
        match self {
            Self::Are(stdio) => stdio.clone(),
            Self::Of(observer) => observer.stdio(),
        }
    }
}

impl Given {
    pub(crate) fn new(args: Arc<[String]>, streams: Streams) -> Self {
        Self { args, env: Vec::new(), streams }
    }

    /// What a run has, with the streams of `host` where it has none of its own.
    pub(crate) fn of(run: &Run, host: &Stdio) -> Self {
        Self { args: run.args.as_slice().into(), env: run.env.clone(), streams: Streams::Are(run.stdio(host)) }
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
    /// Where it goes, which changes if the instance is used again.
    #[cfg_attr(not(feature = "http"), allow(dead_code, reason = "only handlers are used again"))]
    switches: Option<Switches>,
    /// For guests that are run without the adapter between WASI 0.1 and this.
    #[cfg(feature = "http")]
    preview1: Preview1,
}

/// The same world as WASI 0.1 has it, made when the guest first asks for something of it, and of what.
#[cfg(feature = "http")]
struct Preview1 {
    given: Given,
    made: Option<Box<WasiP1Ctx>>,
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
            let nothing = Given::new(Arc::default(), Streams::Are(Stdio::default()));
            let given = std::mem::replace(given, nothing);
            // Only directories could fail, and there are none.
            *self = Self::Made(Made::new(host, given).unwrap_or_else(|_| Box::new(Made::closed(host))));
        }
        match self {
            Self::Made(made) => made,
            Self::Later(_) => unreachable!("it was made above"),
        }
    }

    /// What the guest writes is counted anew.
    pub(crate) fn begin_anew(&self) {
        if let Self::Made(made) = self {
            made.output.begin_anew();
        }
    }

    /// From now on the guest writes to `streams`, and what it writes is counted anew.
    #[cfg(feature = "http")]
    pub(crate) fn lead_to(&mut self, streams: Streams) {
        match self {
            Self::Later(given) => given.streams = streams,
            Self::Made(made) => {
                made.output.begin_anew();
                if let Some(switches) = &made.switches {
                    switches.set(&streams.get());
                }
            }
        }
    }

    /// Lets go of where the guest's output went. Says whether it can be led elsewhere, for another request.
    #[cfg(feature = "http")]
    pub(crate) fn rest(&mut self) -> bool {
        match self {
            Self::Later(given) => {
                given.streams = Streams::Are(Stdio::default());
                true
            }
            Self::Made(made) => made.switches.is_some(),
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
        let stdio = given.streams.get();
        let (switches, stdio) = match host.reuse.and_then(|_| Switches::new(&stdio)) {
            Some((switches, stdio)) => (Some(switches), stdio),
            None => (None, stdio),
        };
        let given = Given { streams: Streams::Are(stdio), ..given };
        let ctx = context(host, &given, &network, &output)?.build();
        Ok(Box::new(Self {
            ctx,
            network,
            output,
            switches,
            #[cfg(feature = "http")]
            preview1: Preview1 { given, made: None },
        }))
    }

    /// What WASI 0.1's functions act on.
    #[cfg(feature = "http")]
    pub(crate) fn preview1(&mut self, host: &Host) -> &mut WasiP1Ctx {
        let Self { network, output, preview1: Preview1 { given, made }, .. } = self;
        made.get_or_insert_with(|| {
            // Only directories could fail, and such guests are granted none.
            let builder = context(host, given, network, output).unwrap_or_else(|_| WasiCtxBuilder::new());
            Box::new(module_world::world(builder, host))
        })
    }

    /// A world with nothing in it.
    fn closed(host: &Host) -> Self {
        let (ctx, network, output) = (WasiCtx::default(), Network::new(host), Account::new(Some(0)));
        Self {
            ctx,
            network,
            output,
            switches: None,
            #[cfg(feature = "http")]
            preview1: Preview1 { given: Given::new(Arc::default(), Streams::Are(Stdio::default())), made: None },
        }
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
    let stdio = given.streams.get();
    stdio::stdin(&mut builder, &stdio.stdin);
    builder.stdout(stdio::Sink::stdout(&stdio.stdout, output));
    builder.stderr(stdio::Sink::stderr(&stdio.stderr, output));
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
