//! The admin API of a server that can be deployed to.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use holm_admin::api::{Api, ApiLimits, Backend, Listener, Reach, Token};
use holm_admin::store::Store;
use holm_engine::{Error, Kind, Result};
use holm_manifest::server::{Address, Admin};

use crate::output;

/// Opens the folder of deployed apps, which belongs to one server at a time.
pub(super) fn store(dir: &Path) -> Result<Arc<Store>> {
    let failed = |error: &dyn std::fmt::Display| Error::new(Kind::Io, error.to_string());
    create(dir).map_err(|error| Error::io(format_args!("make {}", dir.display()), &error))?;
    let store = Store::open(dir).map_err(|error| failed(&error))?;
    for problem in store.problems() {
        output::warn(&problem.to_string());
    }
    Ok(Arc::new(store))
}

/// Nobody but this user may look into it: manifests hold what guests are granted.
fn create(dir: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)
}

/// Binds the admin API.
pub(super) async fn bind(admin: &Admin) -> Result<Listener> {
    let failed = |error: holm_admin::api::ListenError| Error::new(Kind::Io, format!("the admin API: {error}"));
    let address = match &admin.listen {
        Address::Unix(path) => return Listener::unix(path).map_err(failed),
        Address::Tcp(address) => *address,
        Address::Name(name, port) => resolve(name, *port).await?,
        Address::Everywhere(port) => SocketAddr::from(([0; 16], *port)),
    };
    let reach = if admin.listen.is_local() { Reach::Loopback } else { Reach::Network };
    let Some(file) = &admin.token_file else {
        return Err(Error::new(Kind::Usage, format!("whoever reaches {address} could deploy apps"))
            .note("--token-file names a file with a token that they must know; a unix: address needs none"));
    };
    let text = std::fs::read_to_string(file);
    let text = text.map_err(|error| Error::io(format_args!("read the token in {}", file.display()), &error))?;
    let token = Token::new(text.trim());
    let token = token.map_err(|error| Error::new(Kind::Usage, format!("the token in {}: {error}", file.display())))?;
    Listener::tcp(address, token, reach).await.map_err(failed)
}

/// The first address of a name.
async fn resolve(name: &str, port: u16) -> Result<SocketAddr> {
    let mut found = tokio::net::lookup_host((name, port))
        .await
        .map_err(|error| Error::io(format_args!("look up {name} for the admin API"), &error))?;
    found.next().ok_or_else(|| Error::new(Kind::Io, format!("the admin API: {name} has no address")))
}

/// Answers until `end`.
pub(super) async fn serve(
    store: Arc<Store>,
    backend: Arc<dyn Backend>,
    listener: Listener,
    end: impl Future<Output = ()>,
) {
    holm_admin::api::serve(Api::new(store, backend, ApiLimits::default()), listener, end).await;
}
