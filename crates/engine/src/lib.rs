//! Holm: engine.
