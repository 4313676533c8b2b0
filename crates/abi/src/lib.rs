//! Holm: abi.
