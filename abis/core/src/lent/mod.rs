//! Functions of the host that guests import.

mod component;
mod module;
mod scalar;

use std::collections::HashSet;

use holm_abi::{Caller, Provided};
use holm_engine::Limited;
use holm_engine::shape::Import;

pub use component::link_component;
pub use module::link_module;
pub use scalar::{from_scalar, scalar, to_scalar};

/// The state of an instance that may call functions of the host.
pub trait Lent: Limited {
    /// Who calls them, in the call that goes on.
    fn caller(&mut self) -> &mut Caller;

    /// A call begins. What is bounded for each is counted anew.
    fn begin(&mut self, caller: Caller) {
        *self.caller() = caller;
    }
}

/// Whether `import`, of a core module or a component, is one of `provided`; of an interface, any function of it.
pub fn is_provided(provided: &[Provided], import: &Import) -> bool {
    provided.iter().any(|provided| match import.module.as_str() {
        "" => is_from(provided, &import.name) || (provided.from.is_empty() && provided.name == import.name),
        module => provided.from == module && provided.name == import.name,
    })
}

/// Whether a function is of this interface. One that was given without a version is of every version.
fn is_from(provided: &Provided, interface: &str) -> bool {
    let unversioned = interface.split_once('@').map_or(interface, |(name, _)| name);
    provided.from == interface || provided.from == unversioned
}

/// The last of those that have the same name in the same place.
fn last_of_each(provided: &[Provided]) -> Vec<&Provided> {
    let mut seen = HashSet::new();
    let latest = provided.iter().rev().filter(|one| seen.insert((one.from.as_str(), one.name.as_str())));
    latest.collect()
}
