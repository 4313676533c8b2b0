//! Which of a guest's features Holm has, and when.

use holm_engine::shape::Feature;

/// When a feature is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Support {
    /// Always.
    Always,
    /// For guests that use it, without a word from the user, because it costs the others something.
    Automatic,
    /// With `--features` and this name.
    Flag(&'static str),
    /// Never: the engine lacks it or leaves it off.
    Never,
}

/// When Holm has this feature.
pub(super) fn support(feature: Feature) -> Support {
    match feature {
        Feature::ComponentModelAsync | Feature::Threads => Support::Automatic,
        Feature::StackSwitching => Support::Flag("stack-switching"),
        Feature::WideArithmetic => Support::Flag("wide-arithmetic"),
        Feature::CustomDescriptors
        | Feature::CustomPageSizes
        | Feature::LegacyExceptions
        | Feature::MemoryControl
        | Feature::SharedEverythingThreads => Support::Never,
        _ => Support::Always,
    }
}
