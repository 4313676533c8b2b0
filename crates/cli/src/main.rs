//! The `holm` program.

// The documentation of arguments is their help text, for terminals.
#![allow(rustdoc::bare_urls, rustdoc::broken_intra_doc_links, rustdoc::invalid_html_tags)]

#[cfg(feature = "serve")]
mod app;
mod args;
mod audit;
#[cfg(feature = "build")]
mod build;
mod bundle;
mod cache;
mod call;
#[cfg(feature = "compilers")]
mod compile;
#[cfg(feature = "completions")]
mod completions;
#[cfg(feature = "components")]
mod component;
#[cfg(not(feature = "components"))]
#[path = "module.rs"]
mod component;
#[cfg(feature = "compose")]
mod compose;
#[cfg(feature = "compose")]
mod composed;
#[cfg(not(feature = "compose"))]
#[path = "uncomposed.rs"]
mod composed;
#[cfg(feature = "compose")]
mod dependencies;
mod described;
#[cfg(all(feature = "build", feature = "serve"))]
mod dev;
mod guest;
#[cfg(feature = "inspect")]
mod inspect;
mod interrupt;
mod manifests;
#[cfg(feature = "new")]
mod new;
mod oci;
mod output;
mod progress;
#[cfg(feature = "registry")]
mod registry;
#[cfg(feature = "serve")]
mod remote;
mod run;
#[cfg(feature = "serve")]
mod serve;
mod settings;
mod sources;
#[cfg(feature = "spin")]
mod spin;
#[cfg(feature = "stores")]
mod variables;
#[cfg(feature = "wit")]
mod wit;

use std::process::ExitCode;

fn main() -> ExitCode {
    if let Some(ended) = bundle::start() {
        return output::end(ended);
    }
    let command = args::parse();
    let ended = match command {
        #[cfg(feature = "new")]
        args::Command::New(new) => new::new(new),
        args::Command::Run(run) => run::run(run),
        args::Command::Call(call) => call::call(call),
        #[cfg(feature = "serve")]
        args::Command::Serve(serve) => serve::serve(*serve),
        #[cfg(feature = "build")]
        args::Command::Build(build) => build::build(build),
        #[cfg(all(feature = "build", feature = "serve"))]
        args::Command::Dev(dev) => dev::dev(*dev),
        #[cfg(feature = "serve")]
        args::Command::Deploy(deploy) => remote::deploy(deploy),
        #[cfg(feature = "serve")]
        args::Command::Apps(apps) => remote::apps(apps),
        #[cfg(feature = "serve")]
        args::Command::Rollback(rollback) => remote::rollback(rollback),
        #[cfg(feature = "serve")]
        args::Command::Remove(remove) => remote::remove(remove),
        #[cfg(feature = "serve")]
        args::Command::Logs(logs) => remote::logs(logs),
        #[cfg(feature = "serve")]
        args::Command::Top(top) => remote::top(top),
        #[cfg(feature = "serve")]
        args::Command::Reload(reload) => remote::reload(reload),
        #[cfg(feature = "registry")]
        args::Command::Push(push) => registry::push(push),
        #[cfg(feature = "registry")]
        args::Command::Pull(pull) => registry::pull(pull),
        #[cfg(feature = "inspect")]
        args::Command::Inspect(inspect) => inspect::inspect(inspect),
        #[cfg(feature = "wit")]
        args::Command::Wit(args) => wit::wit(args),
        #[cfg(feature = "compilers")]
        args::Command::Compile(compile) => compile::compile(compile),
        #[cfg(feature = "bundle")]
        args::Command::Bundle(bundle) => bundle::bundle(*bundle),
        #[cfg(feature = "compose")]
        args::Command::Compose(compose) => compose::compose(compose),
        args::Command::Cache(cache) => cache::cache(cache),
        #[cfg(feature = "completions")]
        args::Command::Completions(completions) => completions::completions(completions),
        #[cfg(feature = "completions")]
        args::Command::Man(man) => completions::man(man),
        #[cfg(feature = "compilers")]
        args::Command::CompileJob(job) => compile::work(job),
    };
    output::end(ended)
}
