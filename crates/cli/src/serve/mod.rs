//! `holm serve`

mod apps;
mod load;
mod observer;

use std::sync::Arc;

use holm_engine::{Error, Kind, Result};
use holm_serve::answer::Answers;
use holm_serve::apps::{Ceilings, Site};
use holm_serve::front::{Front, Limits, Listener, ListenerSpec};
use tokio::signal::unix::{SignalKind, signal};

use crate::args::Serve;
use crate::output;

/// Serves until it is told to stop, and returns the exit code.
///
/// Everything is read, compiled and linked before a socket is bound, and everything that is wrong is said at once.
pub(crate) fn serve(args: Serve) -> Result<i32> {
    let specs = listeners(&args.addr)?;
    let load = Arc::new(load::Loading::new(&args.host.engine, &args.compiling));
    let apps = apps::read(&args.apps, &args.host, &Ceilings::default(), &load)?;
    let site = Arc::new(Site::default());
    site.put(apps).map_err(|conflicts| {
        let lines: Vec<String> = conflicts.iter().map(ToString::to_string).collect();
        Error::new(Kind::Usage, lines.join("\n"))
    })?;

    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Error::io("start the runtime", &error))?;
    let ended = runtime.block_on(async {
        load::check(&site).await?;
        let listeners = Listener::bind_all(&specs).map_err(|errors| {
            let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
            Error::new(Kind::Io, lines.join("\n"))
        })?;
        let urls: Vec<_> = listeners.iter().map(|listener| Arc::clone(listener.url())).collect();
        let stop = stop().map_err(|error| Error::io("listen for signals", &error))?;
        let front = Front::new(Answers::new(Arc::clone(&site), Arc::new(observer::Log)), Limits::default())
            .on_warning(|warning| output::warn(&warning.to_string()));
        for url in urls {
            eprintln!("{url}");
        }
        let drained = front.serve(listeners, stop).await.map_err(|error| Error::io("serve", &error))?;
        if drained.cut > 0 {
            output::warn(&format!("{} connections did not end in time and were cut off", drained.cut));
        }
        Ok(0)
    });
    // Somebody may still wait for a compiler, which ends with this process.
    runtime.shutdown_background();
    ended
}

fn listeners(addresses: &[String]) -> Result<Vec<ListenerSpec>> {
    let parsed = addresses.iter().map(|address| match address.parse() {
        Ok(address) => Ok(ListenerSpec::new(address)),
        Err(error) => Err(Error::new(Kind::Usage, format!("--addr {address}: {error}"))),
    });
    parsed.collect()
}

/// Completes at SIGINT or SIGTERM.
fn stop() -> std::io::Result<impl Future<Output = ()>> {
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}
