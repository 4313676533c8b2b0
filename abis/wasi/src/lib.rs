//! Holm: wasi.
