//! Functions that the host lends its plugins.

mod call;
mod function;

pub use call::Call;
pub(crate) use call::Info;
pub use function::{HostFn, HostFnAsync};
