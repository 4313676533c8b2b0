//! Everything there is to say about a guest, before it is written as text or JSON.

use holm_abi::{Abi, Certainty, Evidence, detect};
use holm_engine::shape::{self, Feature, FunctionSize, Producer, SectionSize, Shape};
use holm_engine::{Opened, Result, Settings};

use super::invalid;
use super::items::{self, Group, Item};
use super::language::{Language, languages};
use super::types::Types;
use super::verdict::{Asked, verdict};
use crate::args::Inspect;
use crate::guest;

/// Whether Holm would run the file as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trust {
    /// WebAssembly, which is sandboxed, or native code that this user compiled.
    Safe,
    /// Native code that this user's key did not sign.
    Unsigned,
}

/// An ABI and why it takes the guest for its own.
pub(super) struct Claim {
    pub(super) abi: &'static str,
    pub(super) evidence: Evidence,
}

/// What only the bytes of WebAssembly show, and compiled code does not.
pub(super) struct Contents {
    pub(super) features: Vec<Feature>,
    pub(super) producers: Vec<Producer>,
    pub(super) languages: Vec<Language>,
    pub(super) sections: Vec<SectionSize>,
    pub(super) functions: Vec<FunctionSize>,
}

/// Everything there is to say about a guest.
pub(super) struct Report {
    /// The name of its file.
    pub(super) name: String,
    pub(super) shape: Shape,
    /// How the code was made, if this is compiled code, and whether Holm runs it.
    pub(super) precompiled: Option<(Settings, Trust)>,
    /// The ABI that was chosen.
    pub(super) abi: Claim,
    /// Others that recognise the guest, beyond having nothing against it.
    pub(super) others: Vec<Claim>,
    pub(super) imports: Vec<Group>,
    pub(super) exports: Vec<Item>,
    /// `None` for compiled code.
    pub(super) contents: Option<Contents>,
    /// The guest's interface, where it has one and it could be read.
    pub(super) wit: Option<String>,
    /// The command that makes use of the guest, or why there is none.
    pub(super) verdict: Result<String, String>,
}

impl Report {
    /// `wit` is passed in because finding it takes another process.
    ///
    /// # Errors
    /// The guest's code or sections do not decode, or `--abi` names an ABI that does not exist.
    pub(super) fn new(args: &Inspect, opened: &Opened, trust: Trust, wit: Option<String>) -> Result<Report> {
        let shape = &opened.shape;
        let abis = guest::abis(holm_wasi::Wasi::default(), guest::Shared::default());
        let known: Vec<&dyn Abi> = abis.iter().map(AsRef::as_ref).collect();
        let chosen = detect(&known, shape, args.abi.as_deref())?;
        let types = wit.as_deref().map(Types::read).unwrap_or_default();
        let imports = items::imports(shape, chosen.abi, &types);
        let contents = match opened.precompiled() {
            Some(_) => None,
            None => Some(Contents::read(&opened.source.name, &opened.source.bytes, args.top)?),
        };
        let features = contents.as_ref().map_or(&[][..], |contents| &contents.features);
        let asked = Asked { guest: &args.guest, abi: args.abi.as_deref(), trust };
        Ok(Report {
            name: guest::short(&opened.source.name),
            precompiled: opened.precompiled().map(|settings| (settings.clone(), trust)),
            others: others(&known, shape, chosen.abi.name()),
            exports: items::exports(shape, &types),
            verdict: verdict(&asked, chosen.abi.name(), shape, features, &imports),
            abi: Claim { abi: chosen.abi.name(), evidence: chosen.evidence },
            shape: shape.clone(),
            imports,
            contents,
            wit,
        })
    }
}

fn others(abis: &[&dyn Abi], shape: &Shape, chosen: &str) -> Vec<Claim> {
    let claims = abis.iter().filter(|abi| abi.name() != chosen).filter_map(|abi| {
        let evidence = abi.recognise(shape)?;
        (evidence.certainty > Certainty::Fallback).then_some(Claim { abi: abi.name(), evidence })
    });
    claims.collect()
}

impl Contents {
    fn read(name: &str, bytes: &[u8], top: usize) -> Result<Contents> {
        let invalid = |error| invalid(name, &error);
        let sizes = shape::sizes(bytes, top).map_err(invalid)?;
        let producers = shape::producers(bytes).map_err(invalid)?;
        Ok(Contents {
            features: shape::features(bytes).map_err(invalid)?.into_iter().collect(),
            languages: languages(&producers, shape::guess_language(bytes).map_err(invalid)?),
            producers,
            sections: sizes.sections,
            functions: sizes.largest,
        })
    }
}
