//! Filters in front of the upstream, for both proxies.

use std::net::SocketAddr;

use crate::support::guest;
use crate::upstream::Upstream;

/// Filters that requests pass, first to last.
#[derive(Clone, Debug)]
pub(crate) struct Chain {
    /// Requests for the host `NAME.test` are for it.
    pub(crate) name: &'static str,
    pub(crate) filters: Vec<Filter>,
}

#[derive(Clone, Debug)]
pub(crate) struct Filter {
    pub(crate) name: &'static str,
    pub(crate) file: &'static str,
    pub(crate) root: &'static str,
    pub(crate) open: bool,
    configuration: &'static str,
}

/// Where nobody listens.
pub(crate) fn dead() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 1))
}

/// A filter of this file, with this configuration. In it, UPSTREAM, GRPC and DEAD are addresses.
pub(crate) fn filter(name: &'static str, file: &'static str, configuration: &'static str) -> Filter {
    Filter { name, file, root: name, open: false, configuration }
}

/// The filter with many behaviours.
pub(crate) fn kit() -> Filter {
    filter("kit", "filter-kit.wasm", "upstream=UPSTREAM\ngrpc=GRPC\ndead=DEAD\ntick=20\ntick-call=/called-at-first")
}

impl Filter {
    pub(crate) fn open(self) -> Self {
        Self { open: true, ..self }
    }

    pub(crate) fn called(self, name: &'static str) -> Self {
        Self { name, ..self }
    }

    pub(crate) fn configuration(&self, upstream: &Upstream) -> String {
        let addresses = [("UPSTREAM", upstream.address), ("GRPC", upstream.grpc), ("DEAD", dead())];
        addresses.iter().fold(self.configuration.to_owned(), |text, (name, at)| text.replace(name, &at.to_string()))
    }
}

impl Chain {
    pub(crate) fn new(name: &'static str, filters: impl IntoIterator<Item = Filter>) -> Self {
        Self { name, filters: filters.into_iter().collect() }
    }

    /// The kit alone.
    pub(crate) fn kit() -> Self {
        Self::new("kit", [kit()])
    }

    pub(crate) fn host(&self) -> String {
        format!("{}.test", self.name)
    }

    /// What the machine of a filter is called: each has its own.
    pub(crate) fn vm(&self, at: usize) -> String {
        format!("{}-{at}", self.name)
    }

    /// Its manifest for Holm.
    pub(crate) fn manifest(&self, upstream: &Upstream) -> String {
        let (name, host, address) = (self.name, self.host(), upstream.address);
        let mut text = format!("holm = 1\nname = {name:?}\nupstream = \"http://{address}\"\nroutes = [{host:?}]\n");
        for (at, filter) in self.filters.iter().enumerate() {
            let (file, vm, configuration) = (guest(filter.file), self.vm(at), filter.configuration(upstream));
            let (name, root, fail) = (filter.name, filter.root, if filter.open { "open" } else { "closed" });
            text += &format!(
                "[[filters]]\nname = {name:?}\nfile = {file:?}\nconfig = {configuration:?}\nroot-id = {root:?}\n\
                 vm-id = {vm:?}\nvm-config = \"of the machine\"\nfail = {fail:?}\n\
                 [filters.grants]\nhttp = [\"http://{address}\", \"http://{}\", \"http://{}\"]\n",
                upstream.grpc,
                dead(),
            );
        }
        text
    }
}
