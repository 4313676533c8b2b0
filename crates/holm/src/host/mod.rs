//! Functions that the host lends its plugins.

mod call;
mod ending;
mod function;

pub use call::Call;
pub(crate) use call::Info;
pub(crate) use ending::ending;
pub use function::{HostFn, HostFnAsync};
