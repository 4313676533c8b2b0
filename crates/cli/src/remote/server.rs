//! Which server is meant, and calling it.

use std::path::Path;

use holm_admin::client::{Client, ClientError, Target};
use holm_engine::{Error, Kind, Result};

use super::failure::explain;
use crate::args::remote::Server;
use crate::guest::state_dir;

/// The server that the flags name, else the environment, else the one of this user.
///
/// # Errors
/// [`Kind::Usage`] for what names no server, and when there is no token for one that wants it.
pub(super) fn client(args: &Server) -> Result<Client> {
    let to = match args.to.clone().or_else(|| set("HOLM_SERVER")) {
        Some(to) => to,
        None => default()?,
    };
    let token = match &args.token_file {
        Some(file) => Some(token(file)?),
        None => set("HOLM_TOKEN"),
    };
    let without = to.starts_with("http://") && token.is_none();
    let target = Target::parse(&to, token).map_err(|error| {
        let error = explain(error);
        if without { error.note("--token-file FILE names the file with it, or HOLM_TOKEN holds it") } else { error }
    });
    Ok(Client::new(target?))
}

/// Runs calls to the end.
///
/// # Errors
/// Theirs.
pub(super) fn wait_for<T>(calls: impl Future<Output = Result<T>>) -> Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Error::io("start the runtime", &error))?;
    let ended = runtime.block_on(calls);
    // A thread that reads a file or the terminal is not worth waiting for.
    runtime.shutdown_background();
    ended
}

/// A call that fails as a command does.
///
/// # Errors
/// What the call says, for the user.
pub(super) async fn call<T>(call: impl Future<Output = Result<T, ClientError>>) -> Result<T> {
    call.await.map_err(explain)
}

/// Where `holm serve` listens unless it is told otherwise.
fn default() -> Result<String> {
    let dir = state_dir().ok_or_else(|| {
        Error::new(Kind::Usage, "which server? There is no home directory to look for one in")
            .note("--to unix:/path/to/admin.sock names one")
    })?;
    Ok(format!("unix:{}", dir.join("serve/admin.sock").display()))
}

fn token(file: &Path) -> Result<String> {
    let text = std::fs::read_to_string(file);
    let text = text.map_err(|error| Error::io(format_args!("read the token in {}", file.display()), &error))?;
    match text.trim() {
        "" => Err(Error::new(Kind::Usage, format!("{} holds no token: it is empty", file.display()))),
        token => Ok(token.to_owned()),
    }
}

fn set(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.trim().is_empty()).map(|value| value.trim().to_owned())
}
