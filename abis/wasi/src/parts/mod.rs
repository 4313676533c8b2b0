//! Guests that are composed of components with grants of their own.
//!
//! Inside one store nobody can tell which component calls a function of the host. So whoever composes the guest gives the
//! interfaces through which a capability is first had (directories, variables, sockets, requests, stores) names of their
//! own for each component but the first: part 2 imports `wasi:filesystem/preopens@0.2.3` as
//! `holm:p2-wasi-filesystem/preopens@0.2.3`. Here those names are linked, each with its part's grants. All other
//! interfaces act on what came through one of these, and are shared: so a file can be handed from part to part.

mod basics;
#[cfg(feature = "http")]
mod http;
mod sockets;
mod sockets_p3;

use std::sync::Arc;

use holm_abi::{Host, Result};
use holm_engine::shape::Shape;
use wasmtime::component::Linker;

use crate::context::{Given, Made, Streams, World};
use crate::network::Network;
use crate::paths::component::Decoy;
use crate::services::Services;
use crate::state::State;

/// Whose grants are meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Whose {
    /// The guest's own.
    #[default]
    Guest,
    /// Those of the component at this place in [`Host::parts`].
    Part(usize),
}

/// What an import asks for: under which name, what it is, and under whose grants.
pub(crate) struct Asked<'a> {
    pub(crate) name: &'a str,
    /// The interface, as it is called where there are no parts.
    pub(crate) interface: String,
    pub(crate) whose: Whose,
}

/// Every import of a guest that is composed of itself and `parts` others. A name of a part that it does not have means
/// itself, which nothing provides.
pub(crate) fn asked(shape: &Shape, parts: usize) -> impl Iterator<Item = Asked<'_>> {
    shape.imports.iter().map(move |import| {
        let name = import.name.as_str();
        let of_part = parse(name).filter(|(part, _)| *part < parts);
        let (whose, interface) = match of_part {
            Some((part, interface)) => (Whose::Part(part), interface),
            None => (Whose::Guest, name.to_owned()),
        };
        Asked { name, interface, whose }
    })
}

/// The part, counted from 0, and the interface that a name stands for.
fn parse(name: &str) -> Option<(usize, String)> {
    let (number, interface) = name.strip_prefix("holm:p")?.split_once("-wasi-")?;
    let plain = !number.starts_with('0') && number.bytes().all(|digit| digit.is_ascii_digit());
    let part = number.parse::<usize>().ok().filter(|_| plain)?.checked_sub(1)?;
    Some((part, format!("wasi:{interface}")))
}

/// Links what the parts import under names of their own, but for stores and values, which have their own ways.
pub(crate) fn link(linker: &mut Linker<State>, shape: &Shape, host: &Host) -> wasmtime::Result<()> {
    let concurrent = linker.engine().get_concurrency_support();
    for Asked { name, interface, whose } in asked(shape, host.parts.len()) {
        let (Whose::Part(_), Some((interface, version))) = (whose, interface.split_once('@')) else { continue };
        let mut instance = linker.instance(name)?;
        if version.starts_with("0.2.") {
            basics::link_p2(&mut instance, interface, whose)?;
            sockets::link_p2(&mut instance, interface, whose)?;
            #[cfg(feature = "http")]
            http::link_p2(&mut instance, interface, whose)?;
        } else if version.starts_with("0.3.") && concurrent {
            basics::link_p3(&mut instance, interface, whose)?;
            sockets::link_p3(&mut instance, interface, whose)?;
            #[cfg(feature = "http")]
            http::link_p3(&mut instance, interface, whose)?;
        }
    }
    Ok(())
}

/// The world of one part of a running guest.
pub(crate) struct PartWorld {
    services: Arc<Services>,
    world: World,
    pub(crate) decoy: Option<Decoy>,
}

impl PartWorld {
    /// # Errors
    /// A directory that the part was granted cannot be opened.
    pub(crate) fn all(services: &Services) -> Result<Box<[Self]>> {
        services.parts.iter().map(Self::new).collect()
    }

    fn new(services: &Arc<Services>) -> Result<Self> {
        let args: Arc<[String]> = Arc::new([services.name.clone()]);
        let decoy = Decoy::new(&services.host, &args)?;
        // Streams are the whole guest's; a part's own world lends none.
        let world = World::new(&services.host, Given::new(args, Streams::Are(Default::default())))?;
        Ok(Self { services: Arc::clone(services), world, decoy })
    }

    fn made(&mut self) -> &mut Made {
        self.world.get(&self.services.host)
    }
}

impl State {
    /// What the host lends under these grants.
    pub(crate) fn services_of(&self, whose: Whose) -> &Arc<Services> {
        match whose {
            Whose::Guest => &self.services,
            // Only parts that the host has are linked.
            Whose::Part(part) => &self.parts[part].services,
        }
    }

    /// The network under these grants.
    pub(crate) fn network_of(&mut self, whose: Whose) -> &Arc<Network> {
        &self.made_of(whose).network
    }

    fn made_of(&mut self, whose: Whose) -> &mut Made {
        match whose {
            Whose::Guest => self.world.get(&self.services.host),
            Whose::Part(part) => self.parts[part].made(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_whose_it_is_and_what_it_stands_for() {
        let parsed = |name| parse(name).map(|(part, interface)| (part, interface.leak() as &str));
        assert_eq!(parsed("holm:p2-wasi-filesystem/preopens@0.2.3"), Some((1, "wasi:filesystem/preopens@0.2.3")));
        assert_eq!(parsed("holm:p32-wasi-cli/environment@0.3.0"), Some((31, "wasi:cli/environment@0.3.0")));
        for name in [
            "wasi:cli/environment@0.2.0",
            "holm:p0-wasi-a/b",
            "holm:p01-wasi-a/b",
            "holm:p+1-wasi-a/b",
            "holm:p-wasi-a/b",
        ] {
            assert_eq!(parsed(name), None, "{name}");
        }
    }
}
