//! What was said on the command line.

#[cfg(feature = "build")]
pub(crate) mod build;
mod bundle;
#[cfg(feature = "compose")]
pub(crate) mod compose;
mod host;
#[cfg(feature = "new")]
mod new;
pub(crate) mod registry;
#[cfg(feature = "serve")]
pub(crate) mod remote;
#[cfg(feature = "wit")]
mod wit;

#[cfg(any(feature = "compilers", feature = "completions", feature = "serve"))]
use std::path::PathBuf;
#[cfg(feature = "serve")]
use std::time::Duration;

#[cfg(feature = "completions")]
use clap::CommandFactory as _;
use clap::{Args, Parser, Subcommand};
#[cfg(feature = "compilers")]
use holm_engine::Tier;
#[cfg(feature = "serve")]
use holm_grants::parse_duration;
use holm_grants::parse_size;

#[cfg(feature = "build")]
pub(crate) use build::Build;
#[cfg(all(feature = "build", feature = "serve"))]
pub(crate) use build::Dev;
#[cfg(feature = "bundle")]
pub(crate) use bundle::Bundle;
#[cfg(feature = "serve")]
pub(crate) use bundle::Serving;
pub(crate) use host::{EngineArgs, HostArgs};
#[cfg(feature = "new")]
pub(crate) use new::New;
pub(crate) use registry::RegistryArgs;
#[cfg(feature = "wit")]
pub(crate) use wit::{Wit, WitAction, WitCompare, WitFormat, WitPrint};

/// Runs any WebAssembly: programs, components and libraries, whatever they were built for, in a sandbox that
/// grants nothing unless you say so.
#[derive(Parser)]
#[command(name = "holm", version, max_term_width = 100, after_help = EXAMPLES, disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "Examples:
  holm run hello.wasm                        run a program
  holm run --dir ./data grep.wasm pattern data/file
                                             … that may read and write one directory
  holm call math.wasm add 2 3                call one function
  holm serve hello.wasm                      answer HTTP requests on 127.0.0.1:3000
  holm deploy ./shop                         hand an app to a server that runs
  holm dev                                   build what is here, serve or run it, and again when it changes
  holm inspect app.wasm                      see what it is and what it needs

Exit codes of `run`: the program's own; 124 out of time or fuel, 125 Holm failed, 126 not loadable,
127 not found, 134 trapped.";

// Only the command that was asked for is put together: all of them would cost every start. What it takes has plain comments,
// since a doc comment there would be shown in the place of the command's.
#[derive(Subcommand)]
#[command(defer = true)]
pub(crate) enum Command {
    /// Begin something of your own, from a template
    #[cfg(feature = "new")]
    New(New),
    /// Run a program
    Run(Run),
    /// Call one exported function, or list what can be called
    Call(Call),
    /// Answer HTTP requests with guests, each request in a fresh sandbox
    #[cfg(feature = "serve")]
    Serve(Box<Serve>),
    /// Make guests from their sources
    #[cfg(feature = "build")]
    Build(Build),
    /// Build, serve or run, and again whenever something is saved
    #[cfg(all(feature = "build", feature = "serve"))]
    Dev(Box<Dev>),
    /// Hand an app, or a new version of one, to a running server
    #[cfg(feature = "serve")]
    Deploy(remote::Deploy),
    /// List the apps that are deployed, or show one
    #[cfg(feature = "serve")]
    Apps(remote::Apps),
    /// Go back to an earlier version of a deployed app
    #[cfg(feature = "serve")]
    Rollback(remote::Rollback),
    /// Remove a deployed app, all its versions and what it keeps
    #[cfg(feature = "serve")]
    Remove(remote::Remove),
    /// Print what a deployed app logged
    #[cfg(feature = "serve")]
    Logs(remote::Logs),
    /// Watch what a server's apps are doing
    #[cfg(feature = "serve")]
    Top(remote::Top),
    /// Have a server read its configuration again
    #[cfg(feature = "serve")]
    Reload(remote::Reload),
    /// Put a guest on a registry
    #[cfg(feature = "registry")]
    Push(registry::Push),
    /// Bring a guest from a registry into the local store
    #[cfg(feature = "registry")]
    Pull(registry::Pull),
    /// Show what a guest is, what it needs and what it offers
    #[cfg(feature = "inspect")]
    Inspect(Inspect),
    /// Print, format or compare interfaces
    #[cfg(feature = "wit")]
    Wit(Wit),
    /// Compile ahead of time, into a file that starts without compiling
    #[cfg(feature = "compilers")]
    Compile(Compile),
    /// Make an executable that runs a guest, with its grants and limits inside
    #[cfg(feature = "bundle")]
    Bundle(Box<Bundle>),
    /// Make one component of several, each import from whoever exports it
    #[cfg(feature = "compose")]
    Compose(compose::Compose),
    /// Show, prune or clear the code cache and the store of pulled guests
    Cache(Cache),
    /// Print what makes a shell complete holm's words
    #[cfg(feature = "completions")]
    Completions(Completions),
    /// Write the manual pages
    #[cfg(feature = "completions")]
    #[command(hide = true)]
    Man(Man),
    /// Compile one guest for another process of Holm
    #[cfg(feature = "compilers")]
    #[command(hide = true)]
    CompileJob(CompileJob),
}

// `holm run`
#[derive(Args)]
#[command(after_help = RUN_NOTES)]
pub(crate) struct Run {
    /// Call this function instead of running the program; same as `holm call`
    #[arg(long, value_name = "FUNCTION")]
    pub(crate) invoke: Option<String>,

    /// Afterwards, print what the program asked for and was not granted, as manifest text
    #[arg(long, help_heading = "Grants")]
    pub(crate) audit: bool,

    #[command(flatten)]
    pub(crate) host: HostArgs,

    /// The program: .wasm, .wat, a precompiled file, oci://HOST/NAME:TAG, or `-` for standard input; or a manifest, or a
    /// folder with one. Without it, the guest of ./holm.toml or ./spin.toml
    #[arg(value_name = "GUEST")]
    pub(crate) guest: Option<String>,

    /// Arguments for the program
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGS")]
    pub(crate) args: Vec<String>,
}

const RUN_NOTES: &str = "Nothing is granted by default but standard input, output and error, and the arguments.
A holm.toml beside the guest can say all of this too.";

// `holm call`
#[derive(Args)]
pub(crate) struct Call {
    #[command(flatten)]
    pub(crate) host: HostArgs,

    /// The arguments are JSON, one each, and so is the result
    #[arg(long)]
    pub(crate) json: bool,

    /// The guest: .wasm, .wat, a precompiled file, oci://HOST/NAME:TAG, or `-` for standard input
    #[arg(value_name = "GUEST")]
    pub(crate) guest: String,

    /// The function. Without it, lists what can be called
    #[arg(value_name = "FUNCTION")]
    pub(crate) function: Option<String>,

    /// The function's arguments: numbers and text as they are, everything else in WAVE, as in
    /// '{name: "Ada", age: 36}', '[1, 2]', 'some(1)'. Write -- before text that begins with a hyphen
    #[arg(value_name = "ARGS", allow_negative_numbers = true)]
    pub(crate) args: Vec<String>,
}

// `holm serve`
#[cfg(feature = "serve")]
#[derive(Args)]
#[command(after_help = SERVE_NOTES)]
pub(crate) struct Serve {
    /// Where to answer: localhost:3000, :8080 for every address, [::1]:80, unix:/run/holm.sock; port 0 picks a free one
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) addr: Vec<String>,

    /// Take all of this from a file; docs/server.md says what it can hold. Flags win
    #[arg(long, value_name = "FILE")]
    pub(crate) server_config: Option<PathBuf>,

    /// Do not look for changes of apps' files: only SIGHUP and `holm reload` read them again
    #[arg(long)]
    pub(crate) no_watch: bool,

    /// Keep deployed apps in this folder, and serve them
    #[arg(long, value_name = "DIR", help_heading = "Deploying")]
    pub(crate) state: Option<PathBuf>,

    /// Where `holm deploy` and its like reach this server: unix:/path, or 127.0.0.1:PORT with a token
    /// [default: admin.sock in the state folder]
    #[arg(long, value_name = "ADDRESS", help_heading = "Deploying")]
    pub(crate) admin: Option<holm_manifest::server::Address>,

    /// The file with the token that an admin address other than a socket asks for
    #[arg(long, value_name = "FILE", help_heading = "Deploying")]
    pub(crate) token_file: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) host: HostArgs,

    #[command(flatten)]
    pub(crate) compiling: CompilingArgs,

    /// The app that this very program carries, in the place of all that is named.
    #[arg(skip)]
    pub(crate) carried: Option<std::sync::Arc<crate::serve::Carried>>,

    /// What to serve: a .wasm, a folder with a holm.toml or a spin.toml, a manifest, or oci://HOST/NAME:TAG. Flags count for all of them.
    /// Without any, the app in this folder if it has such a manifest, else what is deployed on this machine
    #[arg(value_name = "APP")]
    pub(crate) apps: Vec<PathBuf>,
}

#[cfg(feature = "serve")]
const SERVE_NOTES: &str = "A guest serves if it answers wasi:http requests (0.2 or 0.3). Nothing is granted by default.
docs/manifest.md says what a holm.toml can hold: routes, grants, limits, several guests.
Apps are replaced when their files change, at SIGHUP, and at `holm reload`, if all of them load; requests under way finish.";

// What compiling may take, for guests of strangers.
#[cfg(feature = "serve")]
#[derive(Args, Clone, Copy, Default)]
pub(crate) struct CompilingArgs {
    /// Memory that compiling one guest may take [default: 4GiB]
    #[arg(long, value_name = "SIZE", help_heading = "Limits", value_parser = parse_size)]
    pub(crate) compile_memory: Option<u64>,

    /// CPU time that compiling one guest may take, in whole seconds [default: 5m]
    #[arg(long, value_name = "TIME", help_heading = "Limits", value_parser = parse_duration)]
    pub(crate) compile_cpu: Option<Duration>,
}

// `holm inspect`
#[cfg(feature = "inspect")]
#[derive(Args)]
pub(crate) struct Inspect {
    #[command(flatten)]
    pub(crate) registry: RegistryArgs,

    /// The guest: .wasm, .wat, a precompiled file, oci://HOST/NAME:TAG, or `-` for standard input
    #[arg(value_name = "GUEST")]
    pub(crate) guest: String,

    /// Print everything as JSON
    #[arg(long, conflicts_with = "wit")]
    pub(crate) json: bool,

    /// Print its interface as WIT text, and nothing else
    #[arg(long)]
    pub(crate) wit: bool,

    /// How many of the largest functions to list
    #[arg(long, value_name = "COUNT", default_value_t = 10)]
    pub(crate) top: usize,

    /// The ABI it was built for, when Holm does not see it by itself
    #[arg(long, value_name = "NAME")]
    pub(crate) abi: Option<String>,
}

// `holm compile`
#[cfg(feature = "compilers")]
#[derive(Args)]
pub(crate) struct Compile {
    #[command(flatten)]
    pub(crate) registry: RegistryArgs,

    /// The guest: .wasm, .wat, oci://HOST/NAME:TAG, or `-` for standard input
    #[arg(value_name = "GUEST")]
    pub(crate) guest: String,

    /// Where to write it [default: the guest's name with .cwasm]
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,

    /// The machine to compile for, as in aarch64-unknown-linux-gnu [default: this one]
    #[arg(long, value_name = "TRIPLE")]
    pub(crate) target: Option<String>,

    /// The compiler: fast, optimized, or portable (runs on every machine, interpreted)
    #[arg(long, value_name = "TIER", default_value_t = Tier::Optimized)]
    pub(crate) tier: Tier,

    /// Let `--cpu` and `--wall` stop it
    #[arg(long)]
    pub(crate) interruptible: bool,

    /// Let `--fuel` stop it
    #[arg(long)]
    pub(crate) fuel: bool,

    /// Let it run with `--deterministic`
    #[arg(long)]
    pub(crate) deterministic: bool,

    /// Proposals that are not yet part of WebAssembly: wide-arithmetic, stack-switching
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub(crate) features: Vec<String>,

    /// Print what was written as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

// `holm cache`
#[derive(Args)]
pub(crate) struct Cache {
    #[command(subcommand)]
    pub(crate) action: Option<CacheAction>,

    /// Print as JSON
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

#[derive(Subcommand)]
pub(crate) enum CacheAction {
    /// List what is in it (the default)
    Show,
    /// Remove what was unused longest until this much is left
    Prune {
        /// What may stay
        #[arg(value_name = "SIZE", default_value = "1GiB", value_parser = parse_size)]
        to: u64,
    },
    /// Remove everything
    Clear,
}

// `holm completions`
#[cfg(feature = "completions")]
#[derive(Args)]
#[command(after_help = COMPLETIONS_NOTES)]
pub(crate) struct Completions {
    /// The shell
    #[arg(value_name = "SHELL")]
    pub(crate) shell: clap_complete::Shell,
}

#[cfg(feature = "completions")]
const COMPLETIONS_NOTES: &str = "Examples:
  holm completions bash > ~/.local/share/bash-completion/completions/holm
  holm completions fish > ~/.config/fish/completions/holm.fish
  holm completions zsh > \"${fpath[1]}/_holm\"";

// The hidden command that packages are made with.
#[cfg(feature = "completions")]
#[derive(Args)]
pub(crate) struct Man {
    /// The folder to write holm.1 and a page for each command to
    #[arg(value_name = "DIR")]
    pub(crate) dir: PathBuf,
}

/// The definitions that the command line is read by.
#[cfg(feature = "completions")]
pub(crate) fn definitions() -> clap::Command {
    Cli::command()
}

// The hidden command in which other commands have guests compiled.
#[cfg(feature = "compilers")]
#[derive(Args)]
pub(crate) struct CompileJob {
    /// What to do, as JSON
    pub(crate) job: String,
    /// The guest's file
    pub(crate) guest: String,
}

/// Reads the command line. Help and mistakes end the program here, mistakes with 125, since any other code
/// could be a guest's own.
pub(crate) fn parse() -> Command {
    match Cli::try_parse_from(with_run(std::env::args_os().collect())) {
        Ok(cli) => cli.command,
        Err(error) => refuse(&error),
    }
}

/// Ends the program with help, or with what is wrong with its arguments.
pub(crate) fn refuse(error: &clap::Error) -> ! {
    let code = if error.use_stderr() { 125 } else { 0 };
    // Nothing is left to do about a closed terminal.
    let _ = error.print();
    std::process::exit(code);
}

/// `holm app.wasm` means `holm run app.wasm`.
fn with_run(mut args: Vec<std::ffi::OsString>) -> Vec<std::ffi::OsString> {
    let is_guest = |arg: &std::ffi::OsString| {
        let path = std::path::Path::new(arg);
        let file =
            path.extension().is_some_and(|extension| ["wasm", "wat", "cwasm"].iter().any(|known| extension == *known));
        file || holm_manifest::is_on_registry(path)
    };
    if args.get(1).is_some_and(is_guest) {
        args.insert(1, "run".into());
    }
    args
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_definitions_are_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_file_alone_is_run() {
        let args = with_run(["holm", "app.wasm", "-x"].map(Into::into).to_vec());
        assert_eq!(args[1], "run");
        let args = with_run(["holm", "oci://ghcr.io/a/b"].map(Into::into).to_vec());
        assert_eq!(args[1], "run");
    }
}
