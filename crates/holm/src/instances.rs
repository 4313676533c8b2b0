//! The instances that calls are made on.

use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use holm_abi::Instance;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::load::Loaded;
use crate::{Error, Kind, Result};

/// Which instances calls are made on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Instances {
    /// A fresh one for each call: nothing is left behind.
    #[default]
    PerCall,
    /// At most `most`, each of which serves one call after the other: what a call leaves in one may be seen by another.
    /// Calls beyond wait for a free one, within their limit on wall time. One that fails is not used again.
    Pooled {
        /// How many, at least 1.
        most: usize,
    },
}

/// A plugin's instances.
pub(crate) struct Pool {
    /// `None`: a fresh one for each call.
    places: Option<Arc<Semaphore>>,
    most: usize,
    idle: Mutex<Vec<Kept>>,
}

/// An instance, and the code it was made of.
struct Kept {
    instance: Box<dyn Instance>,
    loaded: Arc<Loaded>,
}

/// An instance for one call. Dropped, it is gone.
pub(crate) struct Lease {
    kept: Kept,
    _place: Option<OwnedSemaphorePermit>,
}

impl Pool {
    pub(crate) fn new(instances: Instances) -> Self {
        let most = match instances {
            Instances::PerCall => 0,
            Instances::Pooled { most } => most.clamp(1, Semaphore::MAX_PERMITS),
        };
        Self { places: (most > 0).then(|| Arc::new(Semaphore::new(most))), most, idle: Mutex::default() }
    }

    /// An instance of this code, which is waited for until `wall` is over if all are busy.
    pub(crate) async fn take(&self, loaded: &Arc<Loaded>, wall: Option<Duration>) -> Result<Lease> {
        let place = match &self.places {
            Some(places) => Some(self.place(places, wall).await?),
            None => None,
        };
        let kept = match place.as_ref().and_then(|_| self.idle_one(loaded)) {
            Some(kept) => kept,
            None => Kept { instance: loaded.functions.open().await?, loaded: Arc::clone(loaded) },
        };
        Ok(Lease { kept, _place: place })
    }

    async fn place(&self, places: &Arc<Semaphore>, wall: Option<Duration>) -> Result<OwnedSemaphorePermit> {
        let busy = || {
            let why = format!("all its {} instances were busy for as long as a call may take", self.most);
            Error::new(Kind::HostFull, why).note("`Instances::Pooled` says how many there may be")
        };
        if let Ok(place) = Arc::clone(places).try_acquire_owned() {
            return Ok(place);
        }
        let free = Arc::clone(places).acquire_owned();
        let deadline = wall.and_then(|wall| Instant::now().checked_add(wall));
        let place = match deadline {
            Some(deadline) => holm_engine::until(deadline, pin!(free)).await.ok_or_else(busy)?,
            None => free.await,
        };
        place.map_err(|_| busy())
    }

    /// The one that rested shortest. Those of older code go.
    fn idle_one(&self, loaded: &Arc<Loaded>) -> Option<Kept> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some(kept) = idle.pop() {
            if Arc::ptr_eq(&kept.loaded, loaded) {
                return Some(kept);
            }
        }
        None
    }

    /// An instance whose call went well waits for the next.
    pub(crate) fn give_back(&self, lease: Lease) {
        if self.places.is_some() {
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(lease.kept);
        }
    }

    /// Lets go of those that wait.
    pub(crate) fn clear(&self) {
        let idle = std::mem::take(&mut *self.idle.lock().unwrap_or_else(PoisonError::into_inner));
        drop(idle);
    }
}

impl Lease {
    pub(crate) fn instance(&mut self) -> &mut dyn Instance {
        &mut *self.kept.instance
    }
}

/// Whether an instance may be used again after this.
pub(crate) fn survives<T>(result: &Result<T>) -> bool {
    // A guest that says that it failed, or was not even called, is as it was.
    let harmless = |error: &Error| matches!(error.kind(), Kind::Failed | Kind::Usage) && !error.is_ending();
    result.as_ref().is_ok() || result.as_ref().is_err_and(harmless)
}
