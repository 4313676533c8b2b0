//! Which version of the ABI a guest was built against.

use holm_engine::shape::Shape;

/// A version of the ABI.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Version {
    V0_1_0,
    V0_2_0,
    V0_2_1,
}

/// The exports that say so, newest first.
const MARKS: [(&str, Version); 3] = [
    ("proxy_abi_version_0_2_1", Version::V0_2_1),
    ("proxy_abi_version_0_2_0", Version::V0_2_0),
    ("proxy_abi_version_0_1_0", Version::V0_1_0),
];

impl Version {
    /// The newest version that the guest says it speaks, and the export that says so.
    pub(crate) fn of(shape: &Shape) -> Option<(&'static str, Self)> {
        MARKS.into_iter().find(|(mark, _)| shape.export(mark).is_some())
    }
}
