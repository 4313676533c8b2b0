//! Makes one component of several. No engine inside.
//!
//! A [`Plan`] names a root and other parts. [`compose`] finds for each import of the root what the other parts export under
//! its name in a compatible version, then for theirs, and leaves the rest for the host. The composed component exports what
//! its root does. Whatever the names do not decide is an error that says how to decide it; nothing is guessed.
//!
//! ```
//! use holm_compose::{Part, Plan, compose};
//! # let handler = wat::parse_str(r#"(component (import "sign" (func $f)) (export "run" (func $f)))"#)?;
//! # let crypto = wat::parse_str(
//! #     r#"(component (core module $m (func (export "f"))) (core instance $i (instantiate $m))
//! #         (func $f (canon lift (core func $i "f"))) (export "sign" (func $f)))"#)?;
//!
//! let plan = Plan {
//!     root: Part::new("handler", handler),
//!     parts: vec![Part::new("crypto", crypto)],
//!     ..Plan::default()
//! };
//! let composed = compose(&plan)?;
//! assert_eq!(composed.report.wired[0].to, "crypto");
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```
//!
//! Everything about the bytes of parts is hostile: sizes, numbers and nesting are bounded before anything that recurses or
//! allocates sees them, and what comes out is validated.
#![forbid(unsafe_code)]

mod check;
mod choose;
mod contain;
pub mod doors;
mod error;
mod graph;
mod mismatch;
mod name;
mod nesting;
mod plan;
mod report;
mod script;
mod wit;
mod world;

pub use error::{Ambiguous, BadComponent, ComposeError, SplitResource, Step, VersionSkew};
pub use mismatch::{Difference, Mismatch, Row, Side};
pub use plan::{Part, Plan, Target, Wire};
pub use report::{Composed, Left, Report, Wired};
pub use script::{MAX_SCRIPT, Mistake, Package, ScriptError, compose_script, packages};
pub use world::{Extern, ExternKind, World};

/// The most parts of a plan, its root not counted.
pub const MAX_PARTS: usize = 64;

/// The most bytes of one part. The largest known components, with a language's whole runtime inside, have some 20 MB.
pub const MAX_PART_SIZE: u64 = 256 << 20;

/// The most bytes of all parts together.
pub const MAX_SIZE: u64 = 1 << 30;

/// Composes the parts of a plan.
///
/// # Errors
/// When a part is no component, a wire leads nowhere, what imports and exports have under one name differs, more than one
/// part exports what is imported, or parts import one another.
pub fn compose(plan: &Plan) -> Result<Composed, ComposeError> {
    let worlds = check::check(plan)?;
    contain::run(|| graph::compose(plan, &worlds))
}
