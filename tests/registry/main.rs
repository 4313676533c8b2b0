//! Guests on a registry, pushed and pulled by the real `holm`.
