//! Holm: bindgen.
