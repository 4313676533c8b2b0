//! Which proposals a guest uses, its code included.

mod operators;
mod sections;

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};
use wasmparser::{Encoding, Payload};

use super::bad::BadBytes;
use super::collect;
use super::walk::{Code, Walk};
use sections::ModuleFeatures;

/// A proposal beyond the first version of WebAssembly. Shown by the proposal's own name
/// (<https://github.com/WebAssembly/proposals>).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs, reason = "each is the name of a proposal")]
pub enum Feature {
    BulkMemory,
    ComponentModel,
    ComponentModelAsync,
    CustomDescriptors,
    CustomPageSizes,
    Exceptions,
    ExtendedConst,
    FunctionReferences,
    Gc,
    LegacyExceptions,
    Memory64,
    MemoryControl,
    MultiMemory,
    MultiValue,
    MutableGlobals,
    ReferenceTypes,
    RelaxedSimd,
    SaturatingFloatToInt,
    SharedEverythingThreads,
    SignExtension,
    Simd,
    StackSwitching,
    TailCall,
    Threads,
    WideArithmetic,
}

impl Feature {
    const ALL: [Feature; 25] = [
        Feature::BulkMemory,
        Feature::ComponentModel,
        Feature::ComponentModelAsync,
        Feature::CustomDescriptors,
        Feature::CustomPageSizes,
        Feature::Exceptions,
        Feature::ExtendedConst,
        Feature::FunctionReferences,
        Feature::Gc,
        Feature::LegacyExceptions,
        Feature::Memory64,
        Feature::MemoryControl,
        Feature::MultiMemory,
        Feature::MultiValue,
        Feature::MutableGlobals,
        Feature::ReferenceTypes,
        Feature::RelaxedSimd,
        Feature::SaturatingFloatToInt,
        Feature::SharedEverythingThreads,
        Feature::SignExtension,
        Feature::Simd,
        Feature::StackSwitching,
        Feature::TailCall,
        Feature::Threads,
        Feature::WideArithmetic,
    ];

    /// The proposal's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Feature::BulkMemory => "bulk-memory",
            Feature::ComponentModel => "component-model",
            Feature::ComponentModelAsync => "component-model-async",
            Feature::CustomDescriptors => "custom-descriptors",
            Feature::CustomPageSizes => "custom-page-sizes",
            Feature::Exceptions => "exception-handling",
            Feature::ExtendedConst => "extended-const",
            Feature::FunctionReferences => "function-references",
            Feature::Gc => "gc",
            Feature::LegacyExceptions => "legacy-exception-handling",
            Feature::Memory64 => "memory64",
            Feature::MemoryControl => "memory-control",
            Feature::MultiMemory => "multi-memory",
            Feature::MultiValue => "multi-value",
            Feature::MutableGlobals => "mutable-global",
            Feature::ReferenceTypes => "reference-types",
            Feature::RelaxedSimd => "relaxed-simd",
            Feature::SaturatingFloatToInt => "nontrapping-float-to-int-conversions",
            Feature::SharedEverythingThreads => "shared-everything-threads",
            Feature::SignExtension => "sign-extension-ops",
            Feature::Simd => "simd",
            Feature::StackSwitching => "stack-switching",
            Feature::TailCall => "tail-call",
            Feature::Threads => "threads",
            Feature::WideArithmetic => "wide-arithmetic",
        }
    }
}

impl fmt::Display for Feature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A set of features, cheap enough to add to on every instruction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Seen(u32);

impl Seen {
    fn add(&mut self, feature: Feature) {
        self.0 |= 1 << feature as u32;
    }

    fn add_if(&mut self, condition: bool, feature: Feature) {
        if condition {
            self.add(feature);
        }
    }

    fn has(self, feature: Feature) -> bool {
        self.0 & 1 << feature as u32 != 0
    }

    fn merge(&mut self, other: Seen) {
        self.0 |= other.0;
    }
}

/// The proposals a guest uses, modules nested in a component included. Decodes every instruction and
/// validates none: this says what is asked for, not that it is right.
///
/// # Errors
/// When the bytes are not Wasm or an instruction is unknown.
pub fn features(bytes: &[u8]) -> Result<BTreeSet<Feature>, BadBytes> {
    let mut seen = Seen::default();
    // Components have no instructions of their own: what they use is in their shape. This also bounds the
    // nesting of everything below.
    seen.add_if(collect::collect(bytes)?.needs.concurrency, Feature::ComponentModelAsync);
    let mut modules = Vec::new();
    for payload in Walk::new(bytes, Code::Visit)? {
        match payload? {
            Payload::Version { encoding, .. } => {
                seen.add_if(encoding == Encoding::Component, Feature::ComponentModel);
                modules.push(ModuleFeatures::default());
            }
            Payload::End(_) => seen.merge(modules.pop().unwrap_or_default().finish()),
            payload => {
                if let Some(module) = modules.last_mut() {
                    module.see(payload)?;
                }
            }
        }
    }
    Ok(Feature::ALL.into_iter().filter(|feature| seen.has(*feature)).collect())
}
