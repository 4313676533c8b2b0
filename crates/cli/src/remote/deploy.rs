//! `holm deploy`

use holm_admin::client::Progress as Step;
use holm_engine::Result;
use serde_json::json;

use super::failure::explain;
use super::package::{Packed, pack};
use super::server::{call, client, wait_for};
use crate::args::remote::Deploy;
use crate::guest::short;
use crate::output::{self, human_size, printable};
use crate::progress::Progress;

/// Sends an app to a server and says what it answers from now on.
pub(crate) fn deploy(args: Deploy) -> Result<i32> {
    let client = client(&args.server)?;
    let mut packed = pack(&args.app, args.name, &args.registry)?;
    let Packed { name, package, .. } = &mut packed;
    package.hosts = args.host;
    package.if_version = args.if_version;
    package.notes = args.note.unwrap_or_default();
    let (deployed, app) = wait_for(async {
        let progress = Progress::start(format!("deploying {name}"));
        let mut tell = |step: Step| {
            if let Some(progress) = &progress {
                progress.say(described(&step));
            }
        };
        let deployed = call(client.deploy(name, package, &mut tell)).await?;
        drop(progress);
        Ok((deployed, client.app(name).await))
    })?;
    let routes = match app {
        Ok(app) => app.summary.status.routes,
        // It is deployed all the same.
        Err(error) => {
            output::warn(&format!("what it answers is not known: {}", explain(error)));
            Vec::new()
        }
    };
    if args.json {
        output::print_json(&json!({ "name": deployed.name, "version": deployed.version, "routes": routes }))?;
    } else {
        let routes: String = routes.iter().map(|route| format!("  {}\n", printable(route))).collect();
        output::print(&format!("{} version {} answers\n{routes}", deployed.name, deployed.version))?;
    }
    Ok(0)
}

fn described(step: &Step) -> String {
    let file = short(&step.path.to_string_lossy());
    match step {
        // The last byte is sent, so what takes time is the server's part.
        Step { sent, total, .. } if sent >= total => "the server loads it".to_owned(),
        Step { sent, total, .. } => format!("sending {file}: {} of {}", human_size(*sent), human_size(*total)),
    }
}
