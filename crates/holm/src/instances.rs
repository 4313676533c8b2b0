//! The instances that calls are made on.

use std::pin::pin;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::SeqCst;
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
    /// Calls that wait for a place.
    waiting: AtomicUsize,
}

/// An instance, and the code it was made of.
struct Kept {
    instance: Box<dyn Instance>,
    loaded: Arc<Loaded>,
    /// Its own, which it keeps while it is idle unless somebody waits: then it goes to the first who does.
    place: Option<OwnedSemaphorePermit>,
}

impl Kept {
    fn has_place(&self) -> bool {
        self.place.is_some()
    }
}

/// An instance for one call. Dropped, it is gone, and its place is free.
pub(crate) struct Lease(Kept);

impl Pool {
    pub(crate) fn new(instances: Instances) -> Self {
        let most = match instances {
            Instances::PerCall => 0,
            Instances::Pooled { most } => most.clamp(1, Semaphore::MAX_PERMITS),
        };
        let places = (most > 0).then(|| Arc::new(Semaphore::new(most)));
        Self { places, most, idle: Mutex::default(), waiting: AtomicUsize::new(0) }
    }

    /// An instance of this code, which is waited for until `wall` is over if all are busy.
    pub(crate) async fn take(&self, loaded: &Arc<Loaded>, wall: Option<Duration>) -> Result<Lease> {
        let Some(places) = &self.places else { return Lease::fresh(loaded, None).await };
        // Most calls find one that is idle with a place of its own, and need nothing else.
        if let Some(kept) = self.idle_one(loaded, Kept::has_place) {
            return Ok(Lease(kept));
        }
        let place = match Arc::clone(places).try_acquire_owned() {
            Ok(place) => place,
            Err(_) => match self.wait(places, loaded, wall).await? {
                Waited::Instance(kept) => return Ok(Lease(kept)),
                Waited::Place(place) => place,
            },
        };
        match self.idle_one(loaded, |_| true) {
            Some(kept) => Ok(Lease(Kept { place: Some(place), ..kept })),
            None => Lease::fresh(loaded, Some(place)).await,
        }
    }

    async fn wait(&self, places: &Arc<Semaphore>, loaded: &Arc<Loaded>, wall: Option<Duration>) -> Result<Waited> {
        self.waiting.fetch_add(1, SeqCst);
        let _waits = Waits(&self.waiting);
        // One may have been given back before it was known that somebody waits.
        if let Some(kept) = self.idle_one(loaded, Kept::has_place) {
            return Ok(Waited::Instance(kept));
        }
        let free = Arc::clone(places).acquire_owned();
        let place = match wall.and_then(|wall| Instant::now().checked_add(wall)) {
            Some(deadline) => holm_engine::until(deadline, pin!(free)).await.ok_or_else(|| self.busy())?,
            None => free.await,
        };
        place.map(Waited::Place).map_err(|_| self.busy())
    }

    fn busy(&self) -> Error {
        let why = format!("all its {} instances were busy for as long as a call may take", self.most);
        Error::new(Kind::HostFull, why).note("`Instances::Pooled` says how many there may be")
    }

    /// Of those that will do, the one that rested shortest. Those of other code go, and leave their places.
    fn idle_one(&self, loaded: &Arc<Loaded>, will_do: fn(&Kept) -> bool) -> Option<Kept> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let gone: Vec<_> = idle.extract_if(.., |kept| !Arc::ptr_eq(&kept.loaded, loaded)).collect();
        let found = idle.iter().rposition(will_do).map(|at| idle.swap_remove(at));
        drop(idle);
        drop(gone);
        found
    }

    /// An instance whose call went well waits for the next.
    pub(crate) fn give_back(&self, Lease(mut kept): Lease) {
        if self.places.is_none() {
            return;
        }
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let place = if self.waiting.load(SeqCst) > 0 { kept.place.take() } else { None };
        idle.push(kept);
        drop(idle);
        // Whoever gets it finds the instance.
        drop(place);
    }

    /// Lets go of those that wait.
    pub(crate) fn clear(&self) {
        let idle = std::mem::take(&mut *self.idle.lock().unwrap_or_else(PoisonError::into_inner));
        drop(idle);
    }
}

/// What a call waited for.
enum Waited {
    Instance(Kept),
    Place(OwnedSemaphorePermit),
}

/// Counts one that waits, until it does no more.
struct Waits<'a>(&'a AtomicUsize);

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, SeqCst);
    }
}

impl Lease {
    async fn fresh(loaded: &Arc<Loaded>, place: Option<OwnedSemaphorePermit>) -> Result<Self> {
        Ok(Self(Kept { instance: loaded.functions.open().await?, loaded: Arc::clone(loaded), place }))
    }

    pub(crate) fn instance(&mut self) -> &mut dyn Instance {
        &mut *self.0.instance
    }
}

/// Whether an instance may be used again after this.
pub(crate) fn survives<T>(result: &Result<T>) -> bool {
    // A guest that says that it failed, or was not even called, is as it was.
    let harmless = |error: &Error| matches!(error.kind(), Kind::Failed | Kind::Usage) && !error.is_ending();
    result.as_ref().is_ok() || result.as_ref().is_err_and(harmless)
}
