//! Many tasks at once, each done by a plugin in a sandbox of its own.
//!
//! The host is asynchronous, and so is what it lends; the plugin is written as if everything were there at once. What the
//! plugin wants beyond that, its manifest says (`plugins/letters.holm.toml`), and whoever runs this decides.

mod permission;
mod store;

use std::error::Error;
use std::io::{BufRead, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use bindings::{Task, Worker};
use holm::component::Component;
use holm::{Decisions, Key, Runtime};
use permission::Who;
use store::Store;
use tokio::task::JoinSet;

/// What the binding generator makes of the world.
mod bindings {
    holm::component::bindgen!({
        path: "../../examples/tasks/wit",
        world: "worker",
        imports: { default: async },
        exports: { default: async },
        wasmtime_crate: holm::component::engine,
    });
}

holm::component::world!(bindings::Worker => Store);

/// The plugin that comes with this example.
pub(crate) const PLUGIN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/tasks/plugins/letters.wasm");

const USAGE: &str = "tasks [--yes] [--key FILE] [--plugin FILE] [--decisions FILE] [TASKS]";

/// What the command line says.
pub(crate) struct Options {
    pub(crate) plugin: PathBuf,
    /// Where decisions are kept.
    pub(crate) decisions: PathBuf,
    /// Grants whatever is asked for.
    pub(crate) yes: bool,
    pub(crate) tasks: u32,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    // Whoever can write that file decides, so it is in a folder that is the user's own.
    let decisions = std::env::home_dir().ok_or("there is no home")?.join(".holm-example-decisions.json");
    let mut options = Options { plugin: PLUGIN.into(), decisions, yes: false, tasks: 12 };
    let mut runtime = Runtime::builder();
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        let mut value = || args.next().ok_or(USAGE);
        match arg.as_str() {
            "--yes" => options.yes = true,
            "--plugin" => options.plugin = value()?.into(),
            "--decisions" => options.decisions = value()?.into(),
            // From now on a plugin that is not signed with it is not loaded.
            "--key" => runtime = runtime.trust(Key::from_file(value()?)?),
            tasks => options.tasks = tasks.parse().map_err(|_| USAGE)?,
        }
    }
    run(&runtime.build()?, &options, &mut std::io::stdin().lock(), &mut std::io::stdout()).await
}

/// Loads the plugin with what it may have, and has it do all tasks at once.
pub(crate) async fn run(
    runtime: &Runtime,
    options: &Options,
    input: &mut dyn BufRead,
    output: &mut impl Write,
) -> Result<(), Box<dyn Error>> {
    let name = name(&options.plugin);
    let mut decisions = Decisions::open(&options.decisions)?;
    let who = if options.yes { Who::Yes } else { Who::Asked(input) };
    let plugin = permission::granted(runtime.plugin(&options.plugin), &name, &mut decisions, who, output)?;
    let worker = plugin.world::<Worker>()?;
    let start = std::time::Instant::now();
    let mut cpu = Duration::ZERO;
    let (mut all, store) = (JoinSet::new(), Store::of_customers());
    for task in (0..options.tasks).map(task) {
        all.spawn(done(worker.clone(), store.clone(), task));
    }
    let mut letters = Vec::new();
    while let Some(done) = all.join_next().await {
        let (task, letter, used) = done?;
        cpu += used;
        letters.push((task, letter));
    }
    letters.sort_by_key(|(task, _)| *task);
    for (task, letter) in letters {
        writeln!(output, "{task:>3}  {}", letter.unwrap_or_else(|why| format!("error: {why}")))?;
    }
    writeln!(output, "{} tasks in {:.0?}, {cpu:.0?} of it CPU time", options.tasks, start.elapsed())?;
    Ok(())
}

/// One task on an instance of its own: its number, its letter or why there is none, and what it used.
async fn done(worker: Component<Worker>, store: Store, task: Task) -> (u32, Result<String, String>, Duration) {
    let id = task.id;
    let called = async {
        let mut instance = worker.open_async(store).await?;
        instance.call_async(async move |worker, store| worker.call_handle(store, &task).await).await
    };
    match called.await {
        Ok(called) => (id, called.value, called.report.cpu),
        Err(error) => (id, Err(error.to_string()), Duration::ZERO),
    }
}

/// Letters to those whom the store knows, and to one whom it does not.
fn task(id: u32) -> Task {
    let customer = ["ada", "emmy", "grace", "nobody"][id as usize % 4];
    Task { id, customer: customer.into() }
}

/// What decisions about a plugin are kept under.
fn name(plugin: &Path) -> String {
    plugin.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}
