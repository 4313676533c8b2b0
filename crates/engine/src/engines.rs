//! The engines of one process.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use wasmtime::Engine;

use crate::clock::start_ticking;
use crate::config::{Runtime, Settings};
use crate::error::{Error, Result};

/// Guests with the same settings share an engine, and with it the thread that ticks and the pool of instances.
#[derive(Default)]
pub struct Engines(Mutex<HashMap<(Settings, Runtime), Engine>>);

impl Engines {
    /// The engine for these settings. Where code is interruptible, its clock is ticking.
    ///
    /// # Errors
    /// As [`Settings::engine`]; [`crate::Kind::Io`] when no thread could be started.
    pub(crate) fn get(&self, settings: &Settings, runtime: &Runtime) -> Result<Engine> {
        let mut engines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (settings.clone(), runtime.clone());
        if let Some(engine) = engines.get(&key) {
            return Ok(engine.clone());
        }
        let engine = settings.engine(runtime)?;
        if settings.interruptible {
            start_ticking(&engine).map_err(|error| Error::io("start a thread", &error))?;
        }
        engines.insert(key, engine.clone());
        Ok(engine)
    }
}
