//! `holm compile`, and compiling in a process of its own.

mod child;
mod job;

use std::path::{Path, PathBuf};

use holm_engine::{Error, Kind, Result, Settings};
use holm_grants::Limits;
use holm_manifest::is_on_registry;
use serde_json::json;

pub(crate) use child::improve_in_background;
#[cfg(feature = "serve")]
pub(crate) use child::{Budget, Children};
pub(crate) use job::work;

use crate::args::{Compile, EngineArgs};
use crate::guest::{loader, short};
use crate::settings::settings;
use crate::{component, oci, output};

/// Writes a precompiled file.
pub(crate) fn compile(args: Compile) -> Result<i32> {
    let loader = loader(&EngineArgs::default());
    let source = component::of(oci::source(&args.guest, &args.registry)?, loader.cache.as_ref())?;
    let opened = loader.open(source)?;
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
        guest if is_on_registry(Path::new(guest)) => format!("{}.cwasm", short(guest)).into(),
        guest => Path::new(guest).with_extension("cwasm"),
    }
}
