//! Holm: services.
