//! Told of a message on a Redis channel, prints it; keeps it as a value where it was granted a store; fails when it is told
//! to.

use anyhow::{bail, Result};
use spin_sdk::key_value::Store;
use spin_sdk::redis_component;
use std::str::from_utf8;

#[redis_component]
fn on_message(message: bytes::Bytes) -> Result<()> {
    println!("told: {}", from_utf8(&message)?);
    if &message[..] == b"fail" {
        bail!("it was told to fail");
    }
    if let Ok(store) = Store::open_default() {
        store.set("last", &message)?;
    }
    Ok(())
}
