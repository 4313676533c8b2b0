//! `holm run`

use std::mem::ManuallyDrop;
use std::path::Path;
use std::sync::Arc;

use holm_abi::{self as abi, Command, Entry};
use holm_engine::{Error, Kind, Result};

use crate::args::{Call, Run};
use crate::guest::{Ready, ready};
use crate::{audit, call, interrupt, output};

/// Runs a program and returns its exit code.
pub(crate) fn run(mut args: Run) -> Result<i32> {
    if let Some(function) = args.invoke {
        let guest = args.guest.ok_or_else(|| Error::new(Kind::Usage, "--invoke needs a guest"))?;
        return call::call(Call { host: args.host, json: false, guest, function: Some(function), args: args.args });
    }
    args.host.audit_paths = args.audit;
    // The process ends when the guest does: taking its code and tables apart first would be time lost.
    let mut ready = ManuallyDrop::new(ready(args.guest.as_deref(), args.host)?);
    let command = command(&ready)?;
    interrupt::end_on_ctrl_c(args.audit.then(|| ready.host.audit.clone()));

    let mut argv = vec![ready.name.clone()];
    argv.extend(ready.args.iter().cloned());
    argv.extend(args.args);
    let ended = runtime()?.block_on(command.run(&abi::Run::new(argv.as_slice())));

    if let Err(error) = &ended {
        output::report(error);
    }
    // The only thing that stays when a process ends.
    drop(ready.seen.take());
    let code = ended.unwrap_or_else(|error| error.kind().exit_code());
    if args.audit {
        audit::print(&ready.host.audit);
    } else if code != 0 {
        audit::hint(&ready.host.audit, &ready.name);
        hint_at_directories(&ready, &argv);
    }
    Ok(code)
}

/// A thread of its own would cost more than most guests run.
pub(crate) fn runtime() -> Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::io("start the runtime", &error))
}

/// The program in it.
///
/// # Errors
/// [`Kind::Usage`] where there is none, with what there is.
pub(crate) fn command(ready: &Ready) -> Result<Arc<dyn Command>> {
    let command = ready.entries.iter().find_map(|entry| match entry {
        Entry::Command(command) => Some(Arc::clone(command)),
        _ => None,
    });
    command.ok_or_else(|| {
        let path = &ready.path;
        if ready.entries.iter().any(|entry| matches!(entry, Entry::Http(_))) {
            let error = Error::new(Kind::Usage, format!("{} is not a program: it answers HTTP requests", ready.name));
            return match cfg!(feature = "serve") {
                true => error.note(format!("`holm serve {path}` serves it")),
                false => error.note("serving them needs a full build of Holm"),
            };
        }
        if ready.entries.iter().any(|entry| matches!(entry, Entry::HttpFilter(_))) {
            let why = format!("{} is not a program: it filters HTTP traffic", ready.name);
            return Error::new(Kind::Usage, why)
                .note(filtering(path))
                .note("`holm serve` serves an app whose manifest has both");
        }
        let functions = call::names(&ready.entries);
        let error = Error::new(Kind::Usage, format!("{} is not a program: it has no entry point to run", ready.name));
        match functions.as_slice() {
            [] => error.note(format!("`holm inspect {path}` shows what it exports")),
            [only] => error.note(format!("it has a function to call: `holm call {path} {only}`")),
            [first, ..] => error
                .note(format!("it has functions to call: `holm call {path} {first}`"))
                .note(format!("`holm call {path}` lists all {}", functions.len())),
        }
    })
}

/// Where a filter belongs.
fn filtering(path: &str) -> String {
    format!(
        "a manifest names what it stands in front of, a guest or `upstream = \"http://…\"`, and the filter: [[filters]] \
         with `file = \"{path}\"`"
    )
}

/// A program that fails on a file it was named, without any directory, is what everybody meets first.
fn hint_at_directories(ready: &Ready, argv: &[String]) {
    if !ready.host.grants.dirs.is_empty() {
        return;
    }
    if let Some(path) = argv.iter().skip(1).map(Path::new).find(|path| path.exists() && path.as_os_str() != ".") {
        let dir = if path.is_dir() { path } else { path.parent().unwrap_or(path) };
        let dir = if dir.as_os_str().is_empty() { Path::new(".") } else { dir };
        output::note(&format!(
            "{} exists here, but {} was not granted any directory: `--dir {}` would grant this one",
            path.display(),
            ready.name,
            dir.display()
        ));
    }
}
