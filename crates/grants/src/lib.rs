//! Holm: grants.
