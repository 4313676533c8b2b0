//! `_start`, of programs that import Spin's functions: those that Spin's executor `wagi` runs for each request.

use std::pin::pin;
use std::sync::Arc;

use async_trait::async_trait;
use holm_abi::{Command, Result, Run};
use holm_engine::{Metered, explain, within_wall};
use holm_wasi::exited;
use wasmtime::Store;

use super::START;
use super::program::Program;
use super::state::State;

/// A guest that runs to its end.
pub(super) struct Main {
    program: Arc<Program>,
}

impl Main {
    pub(super) fn new(program: &Arc<Program>) -> Self {
        Self { program: Arc::clone(program) }
    }
}

#[async_trait]
impl Command for Main {
    async fn run(&self, run: &Run) -> Result<i32> {
        let (program, shared) = (&*self.program, &self.program.shared);
        let mut store = program.store_of_run(run)?;
        let guest = Metered::new(Arc::clone(&run.usage), Box::pin(start(program, &mut store)));
        let ended = within_wall(&shared.host.limits, pin!(guest)).await;
        if let Some(error) = store.data().failure() {
            return Err(error.about(&shared.guest.name));
        }
        let Err(error) = ended else { return Ok(0) };
        exited(&error).ok_or_else(|| explain(&mut store, error, shared.guest.trap_context(&shared.host)))
    }
}

async fn start(program: &Program, store: &mut Store<State>) -> wasmtime::Result<()> {
    let (instance, _) = program.start(store).await?;
    instance.get_typed_func::<(), ()>(&mut *store, START)?.call_async(store, ()).await
}
