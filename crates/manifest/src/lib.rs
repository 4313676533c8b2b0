//! Holm: manifest.
