//! Told of a message on a Redis channel, prints it; keeps it as a value where it was granted a store; fails when it is told
//! to.

use anyhow::{bail, Result};
use spin_sdk::key_value::Store;
use spin_sdk::redis::Payload;
use spin_sdk::redis_subscriber;

#[redis_subscriber]
async fn on_message(message: Payload) -> Result<()> {
    println!("told: {}", std::str::from_utf8(&message)?);
    if &message[..] == b"fail" {
        bail!("it was told to fail");
    }
    if let Ok(store) = Store::open_default().await {
        store.set("last", &message).await?;
    }
    Ok(())
}
