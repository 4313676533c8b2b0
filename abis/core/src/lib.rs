//! Holm: core.
