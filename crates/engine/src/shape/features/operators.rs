//! Proposals that show in instructions.

use wasmparser::{BlockType, VisitOperator, VisitSimdOperator};

use super::{Feature, Seen};

/// Notes which proposal each visited instruction belongs to.
#[derive(Default)]
pub(super) struct Scanner {
    pub(super) seen: Seen,
    /// For each type of the module, whether a block of that type needs multi-value: it takes parameters
    /// or has more than one result.
    pub(super) multi_value_types: Vec<bool>,
    /// Whether a constant expression is read, where arithmetic is a proposal of its own.
    pub(super) in_constant: bool,
}

impl Scanner {
    fn see_block(&mut self, ty: BlockType) {
        if let BlockType::FuncType(index) = ty {
            let is_multi = self.multi_value_types.get(index as usize).copied().unwrap_or_default();
            self.seen.add_if(is_multi, Feature::MultiValue);
        }
    }

    fn see_arithmetic(&mut self) {
        self.seen.add_if(self.in_constant, Feature::ExtendedConst);
    }
}

/// Implements each visitor of `wasmparser`'s list. The few instructions that say more than their
/// proposal does come first.
macro_rules! visit_operators {
    ($(@$proposal:ident $op:ident $({ $($arg:ident: $argty:ty),* })? => $visit:ident ($($ann:tt)*))*) => {
        $(
            #[inline]
            fn $visit(&mut self $($(, $arg: $argty)*)?) {
                visit_operators!(see self @$proposal $op $($($arg)*)?);
            }
        )*
    };

    (see $self:ident @mvp Block $ty:ident) => { $self.see_block($ty) };
    (see $self:ident @mvp Loop $ty:ident) => { $self.see_block($ty) };
    (see $self:ident @mvp If $ty:ident) => { $self.see_block($ty) };
    (see $self:ident @mvp I32Add) => { $self.see_arithmetic() };
    (see $self:ident @mvp I32Sub) => { $self.see_arithmetic() };
    (see $self:ident @mvp I32Mul) => { $self.see_arithmetic() };
    (see $self:ident @mvp I64Add) => { $self.see_arithmetic() };
    (see $self:ident @mvp I64Sub) => { $self.see_arithmetic() };
    (see $self:ident @mvp I64Mul) => { $self.see_arithmetic() };
    (see $self:ident @mvp $op:ident $($arg:ident)*) => {{ $(let _ = $arg;)* }};
    (see $self:ident @function_references ReturnCallRef $arg:ident) => {{
        let _ = $arg;
        $self.seen.add(Feature::FunctionReferences);
        $self.seen.add(Feature::TailCall);
    }};
    (see $self:ident @$proposal:ident $op:ident $($arg:ident)*) => {{
        $(let _ = $arg;)*
        $self.seen.add(visit_operators!(feature $proposal));
    }};

    (feature sign_extension) => { Feature::SignExtension };
    (feature gc) => { Feature::Gc };
    (feature custom_descriptors) => { Feature::CustomDescriptors };
    (feature saturating_float_to_int) => { Feature::SaturatingFloatToInt };
    (feature bulk_memory) => { Feature::BulkMemory };
    (feature reference_types) => { Feature::ReferenceTypes };
    (feature tail_call) => { Feature::TailCall };
    (feature memory_control) => { Feature::MemoryControl };
    (feature threads) => { Feature::Threads };
    (feature simd) => { Feature::Simd };
    (feature relaxed_simd) => { Feature::RelaxedSimd };
    (feature exceptions) => { Feature::Exceptions };
    (feature legacy_exceptions) => { Feature::LegacyExceptions };
    (feature shared_everything_threads) => { Feature::SharedEverythingThreads };
    (feature function_references) => { Feature::FunctionReferences };
    (feature stack_switching) => { Feature::StackSwitching };
    (feature wide_arithmetic) => { Feature::WideArithmetic };
}

impl<'a> VisitOperator<'a> for Scanner {
    type Output = ();

    fn simd_visitor(&mut self) -> Option<&mut dyn VisitSimdOperator<'a, Output = ()>> {
        Some(self)
    }

    wasmparser::for_each_visit_operator!(visit_operators);
}

impl VisitSimdOperator<'_> for Scanner {
    wasmparser::for_each_visit_simd_operator!(visit_operators);
}
