//! The `holm` program.

// The documentation of arguments is their help text, for terminals.
#![allow(rustdoc::bare_urls)]

mod args;
mod audit;
mod cache;
mod call;
#[cfg(feature = "compilers")]
mod compile;
mod described;
mod guest;
#[cfg(feature = "inspect")]
mod inspect;
mod interrupt;
mod output;
mod progress;
mod run;
#[cfg(feature = "serve")]
mod serve;
mod settings;

use std::process::ExitCode;

fn main() -> ExitCode {
    let command = args::parse();
    let ended = match command {
        args::Command::Run(run) => run::run(run),
        args::Command::Call(call) => call::call(call),
        #[cfg(feature = "serve")]
        args::Command::Serve(serve) => serve::serve(*serve),
        #[cfg(feature = "inspect")]
        args::Command::Inspect(inspect) => inspect::inspect(inspect),
        #[cfg(feature = "compilers")]
        args::Command::Compile(compile) => compile::compile(compile),
        args::Command::Cache(cache) => cache::cache(cache),
        #[cfg(feature = "compilers")]
        args::Command::CompileJob(job) => compile::work(job),
    };
    output::end(ended)
}
