//! What to serve and where: the file and the flags together.

use std::path::{Path, PathBuf};

use holm_engine::{Error, Kind, Result};
use holm_manifest::server::{Address, Admin, Listener, Server};
use holm_serve::front::{ListenerSpec, TlsFiles};

use super::wrong::Wrong;
use crate::args::Serve;
use crate::guest::state_dir;
use crate::output;

const ADDRESS: &str = "127.0.0.1:3000";

/// What the file given with `--server-config` says, and the flags, which win.
///
/// # Errors
/// Everything that is wrong with the file at once, or that keeps apps from being deployed.
pub(super) fn plan(args: &Serve, wrong: &mut Wrong) -> Result<Server> {
    let mut plan = match &args.server_config {
        Some(path) => Server::load(path).map_err(|error| Error::new(Kind::Usage, error.to_string()))?,
        None => Server::default(),
    };
    let addresses: Vec<&str> = match (args.addr.as_slice(), plan.listen.is_empty()) {
        ([], true) => vec![ADDRESS],
        (said, _) => said.iter().map(String::as_str).collect(),
    };
    if !addresses.is_empty() {
        plan.listen = addresses.into_iter().filter_map(|address| wrong.unless(listener(address))).collect();
    }
    plan.watch &= !args.no_watch;
    plan.apps.extend(args.apps.iter().cloned());
    plan.apps.extend(here(&plan, args));
    plan.state = args.state.clone().or(plan.state);
    deploying(&mut plan, args)?;
    Ok(plan)
}

/// The app in the folder that this was started in, where neither the file nor a flag asks for anything else.
fn here(plan: &Server, args: &Serve) -> Option<PathBuf> {
    let asked = args.server_config.is_some() || args.admin.is_some() || args.state.is_some();
    if asked || !plan.apps.is_empty() || args.carried.is_some() {
        return None;
    }
    let manifest = crate::manifests::in_folder(Path::new("."))?;
    let name = manifest.file_name().unwrap_or_default().display();
    output::note(&format!("serving the app of the {name} here, and not what is deployed: --state DIR names that"));
    Some(PathBuf::from("."))
}

fn listener(address: &str) -> Result<Listener> {
    let parsed = address.parse::<Address>();
    parsed.map(Listener::from).map_err(|error| Error::new(Kind::Usage, format!("--addr {address}: {error}")))
}

/// A server can be deployed to if anything asks for it, or if it would have nothing to serve otherwise.
fn deploying(plan: &mut Server, args: &Serve) -> Result<()> {
    if let Some(listen) = &args.admin {
        plan.admin = Some(Admin { listen: listen.clone(), token_file: args.token_file.clone() });
    }
    if plan.state.is_none() && plan.admin.is_none() && !plan.apps.is_empty() {
        return Ok(());
    }
    let state = match plan.state.take() {
        Some(dir) => dir,
        None => default_state().ok_or_else(|| {
            Error::new(Kind::Usage, "there is no home directory for deployed apps")
                .note("--state DIR names a folder for them")
        })?,
    };
    plan.admin.get_or_insert_with(|| Admin { listen: Address::Unix(state.join("admin.sock")), token_file: None });
    plan.state = Some(state);
    Ok(())
}

/// Where this user's server keeps what it keeps, if it is not told.
pub(super) fn default_state() -> Option<PathBuf> {
    state_dir().map(|dir| dir.join("serve"))
}

/// The listeners in the server's own words.
pub(super) fn specs(listeners: &[Listener]) -> Result<Vec<ListenerSpec>> {
    let spec = |listener: &Listener| {
        let address = listener.address.to_string().parse();
        let address = address.map_err(|error| Error::new(Kind::Usage, format!("{}: {error}", listener.address)))?;
        let tls = listener.tls.as_ref();
        Ok(ListenerSpec {
            tls: tls.map(|tls| TlsFiles { certificate: tls.cert.clone(), key: tls.key.clone() }),
            proxy_protocol: listener.proxy_protocol,
            ..ListenerSpec::new(address)
        })
    };
    listeners.iter().map(spec).collect()
}
