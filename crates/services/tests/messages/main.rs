//! What guests say to Redis servers and MQTT brokers, and what these send: against the real servers.
#![cfg(feature = "remote")]
#![allow(missing_docs, clippy::unwrap_used)]

mod mqtt;
mod redis;
#[path = "../servers/mod.rs"]
mod servers;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use holm_services::Manners;

/// Manners, and what an operator is told.
fn noted() -> (Manners, Arc<Mutex<Vec<String>>>) {
    let told = Arc::<Mutex<Vec<String>>>::default();
    let noting = Arc::clone(&told);
    let report = move |line: &str| noting.lock().unwrap().push(line.to_owned());
    (Manners { report: Some(Arc::new(report)), ..Manners::default() }, told)
}

/// What `work` answers once it works.
async fn until_it_works<T, E: std::fmt::Debug>(mut work: impl AsyncFnMut() -> Result<T, E>) -> T {
    for _ in 0..200 {
        if let Ok(done) = work().await {
            return done;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    work().await.unwrap()
}
