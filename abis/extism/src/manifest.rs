//! Extism manifests.
