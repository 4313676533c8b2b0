//! `holm compile`, and the process that compiles for next time.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use holm_engine::{Error, Kind, Result, Settings, Source};
use holm_grants::Limits;
use serde_json::json;

use crate::args::{Compile, EngineArgs, Improve};
use crate::guest::loader;
use crate::output;
use crate::settings::settings;

/// Writes a precompiled file.
pub(crate) fn compile(args: Compile) -> Result<i32> {
    let loader = loader(&EngineArgs::default());
    let opened = loader.open(Source::read(&args.guest)?)?;
    if opened.precompiled().is_some() {
        return Err(Error::new(Kind::Usage, format!("{} is compiled already", args.guest)));
    }
    let settings = Settings {
        tier: args.tier,
        interruptible: args.interruptible,
        fuel: args.fuel,
        target: args.target,
        ..settings(&opened.shape, &Limits::default(), args.deterministic, &args.features)?
    };
    let output = args.output.unwrap_or_else(|| beside(&args.guest));
    let size = loader.precompile(&opened, &settings, &output)?;
    let output = output.display();
    if args.json {
        let target = settings.target.as_deref().unwrap_or("this machine");
        output::print_json(
            &json!({ "output": output.to_string(), "bytes": size, "tier": settings.tier, "target": target }),
        )?;
    } else {
        output::print(&format!("{output}: {} of {} code\n", output::human_size(size), settings.tier))?;
    }
    Ok(0)
}

fn beside(guest: &str) -> PathBuf {
    match guest {
        "-" => "guest.cwasm".into(),
        guest => Path::new(guest).with_extension("cwasm"),
    }
}

/// Makes optimised code for the cache, out of everybody's way.
pub(crate) fn improve(args: Improve) -> Result<i32> {
    let settings: Settings = serde_json::from_str(&args.settings)
        .map_err(|error| Error::new(Kind::Usage, format!("not settings: {error}")))?;
    // Whoever cannot be nicer compiles as they are.
    let _ = rustix::process::nice(19);
    let loader = loader(&EngineArgs::default());
    let opened = loader.open(Source::read(&args.guest)?)?;
    loader.improve(&opened, &settings)?;
    Ok(0)
}

/// Starts [`improve`] in a process that outlives this one. Failing to is no reason to fail.
pub(crate) fn improve_in_background(guest: &Path, settings: &Settings) {
    use std::os::unix::process::CommandExt as _;

    let (Ok(holm), Ok(settings)) = (std::env::current_exe(), serde_json::to_string(settings)) else { return };
    let mut command = Command::new(holm);
    command.arg("improve").arg(settings).arg(guest);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    // A group of its own, so that Ctrl-C in this terminal is not for it.
    command.process_group(0);
    let _ = command.spawn();
}
