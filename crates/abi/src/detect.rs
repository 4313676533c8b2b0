//! Which ABI a guest was built against.

use std::fmt;

use holm_engine::shape::Shape;
use holm_engine::{Error, Kind, Result};

use crate::Abi;

/// How sure an ABI is that a guest is its own, from least to most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Certainty {
    /// Nothing speaks against it, and nobody else may want it.
    Fallback,
    /// Its marks are there, but others could carry them too.
    Likely,
    /// Names and signatures that only this ABI has.
    Certain,
}

/// Why an ABI takes a guest for its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// How sure it is.
    pub certainty: Certainty,
    /// The imports or exports that say so, in words that complete "because it …".
    pub because: String,
}

impl Evidence {
    /// Evidence of this strength; `because` completes "because it …".
    pub fn new(certainty: Certainty, because: impl Into<String>) -> Self {
        Self { certainty, because: because.into() }
    }
}

impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.because)
    }
}

/// The ABI that was chosen.
#[derive(Clone)]
pub struct Detected<'a> {
    /// The ABI.
    pub abi: &'a dyn Abi,
    /// Why.
    pub evidence: Evidence,
}

/// Chooses the ABI that is surest, the first of `abis` where two are equally sure; or the one named
/// `wanted`, which is taken at its word.
///
/// # Errors
/// [`Kind::Usage`] when no ABI is called `wanted`, [`Kind::Unsupported`] when nobody knows the guest.
pub fn detect<'a>(abis: &[&'a dyn Abi], shape: &Shape, wanted: Option<&str>) -> Result<Detected<'a>> {
    if let Some(name) = wanted {
        return named(abis, shape, name);
    }
    let recognised = abis.iter().filter_map(|abi| {
        let evidence = abi.recognise(shape)?;
        Some(Detected { abi: *abi, evidence })
    });
    // `max_by_key` takes the last of equals, so the order is turned round.
    let all: Vec<_> = recognised.collect();
    all.into_iter().rev().max_by_key(|detected| detected.evidence.certainty).ok_or_else(|| {
        Error::new(Kind::Unsupported, "no ABI that Holm speaks matches this guest's imports and exports")
            .note("`holm inspect` lists them; --abi chooses an ABI by hand")
    })
}

fn named<'a>(abis: &[&'a dyn Abi], shape: &Shape, name: &str) -> Result<Detected<'a>> {
    let Some(abi) = abis.iter().find(|abi| abi.name() == name) else {
        let known: Vec<_> = abis.iter().map(|abi| abi.name()).collect();
        return Err(Error::new(Kind::Usage, format!("no ABI is called `{name}`"))
            .note(format!("--abi takes {}", known.join(", "))));
    };
    let evidence = abi.recognise(shape);
    let evidence = evidence.unwrap_or_else(|| Evidence::new(Certainty::Certain, "was said to be, with --abi"));
    Ok(Detected { abi: *abi, evidence })
}
