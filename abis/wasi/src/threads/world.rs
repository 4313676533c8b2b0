//! The one WASI world of a program, which its threads use in turn.

use std::mem;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use wasmtime_wasi::WasiCtxBuilder;
use wasmtime_wasi::p1::WasiP1Ctx;

/// File descriptors belong to the program, so whichever thread is in a host call has the world to itself.
///
/// Taking turns by moving it, instead of with a guard, lets a store own it for the length of a call.
pub(super) struct World {
    place: Mutex<Place>,
    free: Condvar,
}

enum Place {
    Here(Box<WasiP1Ctx>),
    Taken,
    /// The program is over.
    Closed,
}

impl World {
    pub(super) fn new(world: WasiP1Ctx) -> Self {
        Self { place: Mutex::new(Place::Here(Box::new(world))), free: Condvar::new() }
    }

    /// Waits for the world. Once the program is over there is an empty one for everybody.
    pub(super) fn take(&self) -> Box<WasiP1Ctx> {
        let mut place = self.place();
        loop {
            match mem::replace(&mut *place, Place::Taken) {
                Place::Here(world) => return world,
                Place::Taken => place = self.free.wait(place).unwrap_or_else(PoisonError::into_inner),
                Place::Closed => {
                    *place = Place::Closed;
                    return Box::new(WasiCtxBuilder::new().build_p1());
                }
            }
        }
    }

    /// Leaves the world to the next thread.
    pub(super) fn give_back(&self, world: Box<WasiP1Ctx>) {
        let mut place = self.place();
        if !matches!(*place, Place::Closed) {
            *place = Place::Here(world);
            self.free.notify_one();
        }
    }

    /// Takes the world away from all threads, so that nothing happens in it after the program is over.
    ///
    /// Waits for a call under way to end, but no longer than `patience`.
    pub(super) fn close(&self, patience: Duration) {
        let taken = |place: &mut Place| matches!(*place, Place::Taken);
        let waited = self.free.wait_timeout_while(self.place(), patience, taken);
        let (mut place, _) = waited.unwrap_or_else(PoisonError::into_inner);
        *place = Place::Closed;
        self.free.notify_all();
    }

    fn place(&self) -> MutexGuard<'_, Place> {
        self.place.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
