//! What WASI offers to a component beyond grants of its own: each interface is linked only for guests that import
//! it, since linking takes time and memory at every start.

use holm_engine::shape::Shape;
use wasmtime::component::{HasData, Linker, ResourceTable};
use wasmtime_wasi::cli::{WasiCli, WasiCliView as _};
use wasmtime_wasi::clocks::{WasiClocks, WasiClocksView as _};
use wasmtime_wasi::filesystem::{WasiFilesystem, WasiFilesystemView as _};
use wasmtime_wasi::p2::bindings::sockets as network;
use wasmtime_wasi::p2::bindings::{cli, clocks, filesystem, io, random};
use wasmtime_wasi::p3;
use wasmtime_wasi::random::{WasiRandom, WasiRandomView as _};
use wasmtime_wasi::sockets::{WasiSockets, WasiSocketsView as _};

use crate::state::State;
use crate::version::{is_p2, is_p3};
use crate::{names, sockets};

type Link = fn(&mut Linker<State>) -> wasmtime::Result<()>;

/// The interfaces of WASI 0.2. Name lookup and the making of sockets are ours.
const P2: &[(&str, Link)] = &[
    ("wasi:cli/environment", |l| cli::environment::add_to_linker::<_, WasiCli>(l, State::cli)),
    ("wasi:cli/exit", |l| cli::exit::add_to_linker::<_, WasiCli>(l, State::cli)),
    ("wasi:cli/stderr", |l| cli::stderr::add_to_linker::<_, WasiCli>(l, State::cli)),
    ("wasi:cli/stdin", |l| cli::stdin::add_to_linker::<_, WasiCli>(l, State::cli)),
    ("wasi:cli/stdout", |l| cli::stdout::add_to_linker::<_, WasiCli>(l, State::cli)),
    ("wasi:cli/terminal-input", |l| cli::terminal_input::add_to_linker::<_, WasiCli>(l, State::cli)),
    ("wasi:cli/terminal-output", |l| cli::terminal_output::add_to_linker::<_, WasiCli>(l, State::cli)),
    ("wasi:cli/terminal-stderr", |l| cli::terminal_stderr::add_to_linker::<_, WasiCli>(l, State::cli)),
    ("wasi:cli/terminal-stdin", |l| cli::terminal_stdin::add_to_linker::<_, WasiCli>(l, State::cli)),
    ("wasi:cli/terminal-stdout", |l| cli::terminal_stdout::add_to_linker::<_, WasiCli>(l, State::cli)),
    ("wasi:clocks/monotonic-clock", |l| clocks::monotonic_clock::add_to_linker::<_, WasiClocks>(l, State::clocks)),
    ("wasi:clocks/wall-clock", |l| clocks::wall_clock::add_to_linker::<_, WasiClocks>(l, State::clocks)),
    ("wasi:filesystem/preopens", |l| filesystem::preopens::add_to_linker::<_, WasiFilesystem>(l, State::filesystem)),
    ("wasi:filesystem/types", |l| filesystem::types::add_to_linker::<_, WasiFilesystem>(l, State::filesystem)),
    ("wasi:io/error", |l| io::error::add_to_linker::<_, Io>(l, table)),
    ("wasi:io/poll", |l| io::poll::add_to_linker::<_, Io>(l, table)),
    ("wasi:io/streams", |l| io::streams::add_to_linker::<_, Io>(l, table)),
    ("wasi:random/insecure", |l| random::insecure::add_to_linker::<_, WasiRandom>(l, |state| state.random())),
    ("wasi:random/insecure-seed", |l| random::insecure_seed::add_to_linker::<_, WasiRandom>(l, |state| state.random())),
    ("wasi:random/random", |l| random::random::add_to_linker::<_, WasiRandom>(l, |state| state.random())),
    ("wasi:sockets/instance-network", |l| {
        network::instance_network::add_to_linker::<_, WasiSockets>(l, State::sockets)
    }),
    ("wasi:sockets/ip-name-lookup", names::link_p2),
    ("wasi:sockets/network", |l| {
        network::network::add_to_linker::<_, WasiSockets>(l, &Default::default(), State::sockets)
    }),
    ("wasi:sockets/tcp", |l| network::tcp::add_to_linker::<_, WasiSockets>(l, State::sockets)),
    ("wasi:sockets/tcp-create-socket", sockets::link_tcp_p2),
    ("wasi:sockets/udp", |l| network::udp::add_to_linker::<_, WasiSockets>(l, State::sockets)),
    ("wasi:sockets/udp-create-socket", sockets::link_udp_p2),
];

/// The packages of WASI 0.3, which are small enough to be linked whole. Name lookup and the making of sockets
/// are ours, in front.
const P3: &[(&str, Link)] = &[
    ("wasi:cli/", p3::cli::add_to_linker),
    ("wasi:clocks/", p3::clocks::add_to_linker),
    ("wasi:filesystem/", p3::filesystem::add_to_linker),
    ("wasi:random/", p3::random::add_to_linker),
    ("wasi:sockets/", |l| {
        p3::sockets::add_to_linker(l)?;
        names::link_p3(l)?;
        sockets::link_p3(l)
    }),
];

/// Links the interfaces of WASI that a component of this shape imports.
pub(crate) fn link(linker: &mut Linker<State>, shape: &Shape) -> wasmtime::Result<()> {
    for (_, link) in P2.iter().filter(|(name, _)| imports(shape, is_p2, |import| import == *name)) {
        link(linker)?;
    }
    // Without concurrency the engine cannot link any of it, and the guest hears what it lacks.
    let concurrent = linker.engine().get_concurrency_support();
    for (_, link) in
        P3.iter().filter(|(name, _)| concurrent && imports(shape, is_p3, |import| import.starts_with(name)))
    {
        link(linker)?;
    }
    Ok(())
}

fn imports(shape: &Shape, version: fn(&str) -> bool, is: impl Fn(&str) -> bool) -> bool {
    let named = shape.imports.iter().filter_map(|import| import.name.split_once('@'));
    named.into_iter().any(|(name, has)| version(has) && is(name))
}

struct Io;

impl HasData for Io {
    type Data<'a> = &'a mut ResourceTable;
}

fn table(state: &mut State) -> &mut ResourceTable {
    &mut state.table
}
