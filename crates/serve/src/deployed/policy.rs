//! What the manifest of a deployed app may ask for. Whoever deploys is not whoever owns this machine, so nothing in it
//! may name what is here: no directories, no variables, no files, no listening.

use std::collections::BTreeMap;
use std::path::PathBuf;

use holm_grants::Grants;
use holm_manifest::{App as Manifest, Backend, Guest, Services, SqlBackend, VariableSource};

/// The manifest of a deployed app, with its guests' files found in `stored` by what the manifest calls them.
///
/// # Errors
/// One sentence for each thing it asks for and cannot have.
pub(super) fn read(text: &str, stored: &BTreeMap<String, PathBuf>, hosts: &[String]) -> Result<Manifest, Vec<String>> {
    let mut manifest = Manifest::sent(text).map_err(|error| vec![error.to_string()])?;
    let mut wrong = Vec::new();
    elsewhere(&manifest.services, &mut wrong);
    for (name, backend) in manifest.services.kv.iter().chain(&manifest.services.blob) {
        if !matches!(backend, Backend::Embedded | Backend::Memory) {
            wrong.push(format!("the store `{name}` is elsewhere; a deployed app has `embedded` or `memory` stores"));
        }
    }
    for guest in &mut manifest.guests {
        ask(&mut guest.grants, &guest.env_from_host, &mut wrong);
        for component in &mut guest.components {
            ask(&mut component.grants, &component.env_from_host, &mut wrong);
        }
        for filter in &mut guest.filters {
            ask(&mut filter.grants, &filter.env_from_host, &mut wrong);
        }
        find(guest, stored, &mut wrong);
        put_on(guest, hosts, &mut wrong);
    }
    if wrong.is_empty() { Ok(manifest) } else { Err(wrong) }
}

/// What is kept or answered elsewhere is reached with what this machine knows and where it stands.
fn elsewhere(services: &Services, wrong: &mut Vec<String>) {
    for (name, backend) in &services.sql {
        if *backend != SqlBackend::Embedded {
            wrong.push(format!("the database `{name}` is elsewhere; a deployed app has `embedded` ones"));
        }
    }
    if services.llm.is_some() {
        wrong.push("it says who answers for models, which is for the server to say".to_owned());
    }
    if services.variables.iter().any(|source| matches!(source, VariableSource::Vault { .. })) {
        wrong.push("its variables are on a server elsewhere; a deployed app has what its manifest says".to_owned());
    }
}

/// Puts a guest on `hosts`, wherever it does not name one itself.
fn put_on(guest: &mut Guest, hosts: &[String], wrong: &mut Vec<String>) {
    if hosts.is_empty() {
        return;
    }
    for route in std::mem::take(&mut guest.routes) {
        if route.host().is_some() {
            guest.routes.push(route);
            continue;
        }
        for host in hosts {
            match route.clone().at(host) {
                Ok(route) => guest.routes.push(route),
                Err(error) => wrong.push(error.to_string()),
            }
        }
    }
}

fn ask(grants: &mut Grants, env_from_host: &[String], wrong: &mut Vec<String>) {
    // What names lead to is their owner's to say, and this machine's neighbours are not theirs.
    grants.only_public();
    let mut refuse = |what: String| wrong.push(format!("{what}, which a deployed app cannot be granted"));
    for dir in &grants.dirs {
        refuse(format!("it asks for the server's directory {}", dir.host.display()));
    }
    for name in env_from_host {
        refuse(format!("it asks for the server's environment variable {name}; give it a value"));
    }
    for listen in &grants.listen {
        refuse(format!("it asks to listen on {listen}"));
    }
}

fn find(guest: &mut Guest, stored: &BTreeMap<String, PathBuf>, wrong: &mut Vec<String>) {
    if guest.file.is_none() && guest.upstream.is_none() && guest.respond.is_none() {
        guest.file = unnamed(guest, stored);
        if guest.file.is_none() {
            wrong.push("the manifest names no guest, and not exactly one was sent".to_owned());
        }
    }
    for file in guest.files_mut() {
        let called = file.to_string_lossy().into_owned();
        match stored.get(&called) {
            Some(path) => *file = path.clone(),
            None => wrong.push(format!("the file {called} was not sent")),
        }
    }
}

/// What the guest of a manifest that does not name it is called: the only one there is beside its filters.
fn unnamed(guest: &Guest, stored: &BTreeMap<String, PathBuf>) -> Option<PathBuf> {
    let mut others = stored.keys().map(PathBuf::from).filter(|called| guest.files().all(|file| file != called));
    others.next().filter(|_| others.next().is_none())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn read(text: &str, stored: &BTreeMap<String, PathBuf>) -> Result<Manifest, Vec<String>> {
        super::read(text, stored, &[])
    }

    fn stored() -> BTreeMap<String, PathBuf> {
        BTreeMap::from([("app.wasm".to_owned(), PathBuf::from("/blobs/1"))])
    }

    #[test]
    fn guests_are_found_by_what_the_manifest_calls_them() {
        let manifest = read("holm = 1\nguest = \"app.wasm\"", &stored()).unwrap();
        assert_eq!(manifest.guests[0].file, Some("/blobs/1".into()));
        let manifest = read("holm = 1", &stored()).unwrap();
        assert_eq!(manifest.guests[0].file, Some("/blobs/1".into()));
        assert_eq!(read("holm = 1\nguest = \"b.wasm\"", &stored()).unwrap_err(), ["the file b.wasm was not sent"]);
    }

    #[test]
    fn filters_and_their_configurations_are_found_as_guests_are() {
        let stored = ["app.wasm", "auth.wasm", "auth.yaml"]
            .map(|name| (name.to_owned(), PathBuf::from(format!("/blobs/{name}"))));
        let stored = BTreeMap::from(stored);
        let filters = "[[filters]]\nfile = \"auth.wasm\"\nconfig-file = \"./auth.yaml\"\n";
        let manifest = read(&format!("holm = 1\n{filters}"), &stored).unwrap();
        let files: Vec<_> = manifest.guests[0].files().collect();
        assert_eq!(files, ["/blobs/app.wasm", "/blobs/auth.wasm", "/blobs/auth.yaml"].map(Path::new));

        let upstream = "holm = 1\nupstream = \"https://a.example\"\n";
        assert_eq!(read(upstream, &BTreeMap::new()).unwrap().guests[0].file, None);
        let wrong =
            read(&format!("{upstream}{filters}[filters.grants]\ndir = \"/etc\""), &BTreeMap::new()).unwrap_err();
        assert_eq!(wrong.len(), 3, "{wrong:?}");
        assert!(
            wrong[0].contains("/etc") && wrong[1].contains("auth.wasm") && wrong[2].contains("auth.yaml"),
            "{wrong:?}"
        );
    }

    #[test]
    fn names_lead_to_public_addresses_alone() {
        let text = "holm = 1\nguest = \"app.wasm\"\n[grants]\noutbound = [\"redis://*\", \"mysql://10.0.0.1\"]";
        let grants = &read(text, &stored()).unwrap().guests[0].grants;
        let at = |scheme, port, ip: &str| grants.allows_outbound_at(scheme, ip, port, ip.parse().unwrap());
        assert!(at("redis", 6379, "1.1.1.1") && !at("redis", 6379, "127.0.0.1") && !at("redis", 6379, "10.0.0.1"));
        assert!(at("mysql", 3306, "10.0.0.1"), "who writes an address means it");
    }

    #[test]
    fn routes_that_name_no_host_are_put_on_those_that_were_sent() {
        let text = "holm = 1\nguest = \"app.wasm\"\nroutes = [\"/a\", \"own.example/b\"]";
        let hosts = ["x.example".to_owned(), "y.example".to_owned()];
        let manifest = super::read(text, &stored(), &hosts).unwrap();
        let routes: Vec<_> = manifest.guests[0].routes.iter().map(ToString::to_string).collect();
        assert_eq!(routes, ["x.example/a", "y.example/a", "own.example/b"]);
        assert!(super::read(text, &stored(), &["no host".to_owned()]).is_err());
    }

    #[test]
    fn what_is_on_the_servers_machine_is_refused_all_at_once() {
        let text = "holm = 1\nguest = \"app.wasm\"\n[grants]\ndir = \"/etc\"\nenv = \"HOME\"\nlisten = \"127.0.0.1:1\"\n\
                    [services]\nkv.default = \"sqlite:/etc/passwd\"";
        let wrong = read(text, &stored()).unwrap_err();
        assert_eq!(wrong.len(), 4, "{wrong:?}");
    }
}
