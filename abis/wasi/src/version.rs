//! The versions of WASI 0.2: what was released, and the two snapshots before it that tools shipped.

/// A version, as far as interfaces differ between versions. Later ones are greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Version {
    /// Spin's SDK for Rust before 3.0, and those for JavaScript and Python of that time.
    October,
    /// What Wasmtime 16 and its tools had.
    November,
    /// All that follow 0.2.0, each of which only adds to the one before.
    Released,
}

impl Version {
    /// Which one a name such as `0.2.6` means. `None` for others than 0.2, and for snapshots that no tools shipped.
    pub(crate) fn of(version: &str) -> Option<Self> {
        match version {
            "0.2.0-rc-2023-10-18" => Some(Self::October),
            "0.2.0-rc-2023-11-10" => Some(Self::November),
            version => (version.starts_with("0.2.") && !version.contains('-')).then_some(Self::Released),
        }
    }
}

/// Whether it is one of 0.2 as released.
pub(crate) fn is_p2(version: &str) -> bool {
    Version::of(version) == Some(Version::Released)
}

/// Whether it is one of 0.3 as released, or the release candidate that is the same: the engine takes it for that.
pub(crate) fn is_p3(version: &str) -> bool {
    version.starts_with("0.3.") && !version.contains('-') || version == holm_engine::shape::CANDIDATE
}

/// Whether an interface of WASI may be asked for in this version.
pub(crate) fn is_known(version: &str) -> bool {
    match Version::of(version) {
        Some(Version::Released) => true,
        // Their interfaces are defined beside those of HTTP.
        Some(_) => cfg!(feature = "http"),
        None => is_p3(version),
    }
}
