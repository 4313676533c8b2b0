//! The WIT text of a guest.

use wit_component::{DecodedWasm, OutputToString, WitPrinter};
use wit_parser::{PackageId, Resolve};

use super::bad::BadBytes;
use super::{Form, Shape};

/// The interface of a guest as WIT text, for people who look into it: of a component, its imports and exports; of a WIT package in
/// binary form, the package; of a core module built to become a component, the world embedded in its
/// `component-type` sections (written by `wit-bindgen`).
///
/// # Errors
/// [`BadBytes::NoWit`] for other core modules, [`BadBytes::BadWit`] when the types do not decode, and
/// everything [`Shape::parse`] returns.
///
/// # Aborts
/// Call this only where the process may be lost, such as in a command or a child process; never in a
/// server. The decoder of `wit-parser` 0.254 follows the dependencies of packages without end when they
/// form a circle, which valid components can do (`WitPackageDecoder::visit_package`), and an exhausted
/// stack ends the process.
pub fn wit(bytes: &[u8]) -> Result<String, BadBytes> {
    let shape = Shape::parse(bytes)?;
    // The decoder asserts what it takes for granted, and damaged packages break some of that. It owns
    // everything it works on, so nothing half-done is left behind.
    let decoded = std::panic::catch_unwind(|| match shape.form {
        Form::Component => component_wit(bytes),
        Form::Module => module_wit(bytes, &shape),
    });
    decoded.unwrap_or_else(|_| Err(BadBytes::bad_wit("its packages contradict each other")))
}

fn component_wit(bytes: &[u8]) -> Result<String, BadBytes> {
    match wit_component::decode(bytes).map_err(chain)? {
        DecodedWasm::WitPackage(resolve, package) => print(&resolve, package),
        DecodedWasm::Component(resolve, world) => print_world(&resolve, world),
    }
}

fn module_wit(bytes: &[u8], shape: &Shape) -> Result<String, BadBytes> {
    let mut embedded = shape.customs.iter().filter(|custom| custom.name.starts_with("component-type")).peekable();
    if embedded.peek().is_none() {
        return Err(BadBytes::NoWit);
    }
    for section in embedded {
        // The section is a component. Its nesting has to be bounded before the recursive decoder sees it.
        Shape::parse(section.contents(bytes).unwrap_or_default()).map_err(BadBytes::bad_wit)?;
    }
    let (_, embedded) = wit_component::metadata::decode(bytes).map_err(chain)?;
    print_world(&embedded.resolve, embedded.world)
}

fn print_world(resolve: &Resolve, world: wit_parser::WorldId) -> Result<String, BadBytes> {
    let package = resolve.worlds.get(world).and_then(|world| world.package);
    print(resolve, package.ok_or_else(|| BadBytes::bad_wit("the world belongs to no package"))?)
}

/// The package itself first, then those it refers to, so that the text stands on its own.
fn print(resolve: &Resolve, main: PackageId) -> Result<String, BadBytes> {
    let others: Vec<_> = resolve.packages.iter().map(|(id, _)| id).filter(|id| *id != main).collect();
    let mut printer = WitPrinter::new(OutputToString::default());
    printer.print(resolve, main, &others).map_err(chain)?;
    Ok(printer.output.to_string())
}

/// The outermost message alone is rarely the one that helps.
fn chain(error: impl std::fmt::Display) -> BadBytes {
    BadBytes::bad_wit(format!("{error:#}"))
}
