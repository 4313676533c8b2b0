//! What a guest asks of the engine, as far as the sections say it.

use serde::{Deserialize, Serialize};
use wasmparser::{CanonicalFunction, CanonicalOption, CompositeInnerType, MemoryType, RecGroup, TableType};

/// What a guest asks of the engine, nested modules and components included. Found without looking at
/// code; see [`features`](super::features()) for what only the code shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Needs {
    /// A component uses asynchrony of the component model: async functions, streams, futures, error
    /// contexts, their built-in functions, or an interface of WASI 0.3.
    pub concurrency: bool,
    /// A module imports or defines a memory that threads share.
    pub shared_memory: bool,
    /// A module has a memory or table addressed by 64-bit integers.
    pub memory64: bool,
    /// A module has more than one memory.
    pub multi_memory: bool,
    /// A module defines types that are garbage collected, or recursive ones.
    pub gc: bool,
    /// A module imports or defines exception tags.
    pub tags: bool,
}

impl Needs {
    pub(super) fn see_memory(&mut self, memory: &MemoryType) {
        self.shared_memory |= memory.shared;
        self.memory64 |= memory.memory64;
    }

    pub(super) fn see_table(&mut self, table: &TableType) {
        self.memory64 |= table.table64;
    }

    pub(super) fn see_types(&mut self, group: &RecGroup) {
        let is_plain = |ty: &wasmparser::SubType| {
            ty.is_final
                && ty.supertype_idx.is_none()
                && matches!(ty.composite_type.inner, CompositeInnerType::Func(_) | CompositeInnerType::Cont(_))
        };
        self.gc |= group.is_explicit_rec_group() || !group.types().all(is_plain);
    }

    /// WASI 0.3 is built on asynchrony even where one interface shows none of it.
    pub(super) fn see_component_name(&mut self, name: &str) {
        let version = name.strip_prefix("wasi:").and_then(|name| name.rsplit_once('@'));
        self.concurrency |= version.is_some_and(|(_, version)| version == "0.3" || version.starts_with("0.3."));
    }

    /// The engine wants to know about every built-in that belongs to asynchrony. Those that do not are
    /// listed, so that one we have never heard of counts as asynchronous.
    pub(super) fn see_canonical(&mut self, function: &CanonicalFunction) {
        let is_async =
            |option: &CanonicalOption| matches!(option, CanonicalOption::Async | CanonicalOption::Callback(_));
        self.concurrency |= match function {
            CanonicalFunction::Lift { options, .. } | CanonicalFunction::Lower { options, .. } => {
                options.iter().any(is_async)
            }
            CanonicalFunction::ResourceNew { .. }
            | CanonicalFunction::ResourceDrop { .. }
            | CanonicalFunction::ResourceRep { .. } => false,
            _ => true,
        };
    }
}
