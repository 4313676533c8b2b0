//! The resource `stream-object-names`: the names of a container's objects, some at a time.

use std::collections::VecDeque;
use std::sync::Arc;

use holm_services::blob::{BlobError, Container, PAGE_NAMES};
use wasmtime::StoreContextMut;
use wasmtime::component::{LinkerInstance, Resource, ResourceType};

use super::{Answer, answer};
use crate::state::State;

/// Where a guest is in a container's names.
pub(super) struct Names {
    container: Arc<dyn Container>,
    /// Names that were looked up and not taken yet.
    ahead: VecDeque<String>,
    /// Where to go on; `None` at the end.
    next: Option<Option<String>>,
}

impl Names {
    /// Those of a container, from the first one on.
    pub(super) fn of(container: Arc<dyn Container>) -> Self {
        Self { container, ahead: VecDeque::new(), next: Some(None) }
    }

    /// Up to `most` names of one page; none only at the end.
    async fn take(&mut self, most: usize) -> Result<Vec<String>, BlobError> {
        while self.ahead.is_empty()
            && let Some(cursor) = &self.next
        {
            let page = self.container.list(cursor.as_deref()).await?;
            self.ahead = page.names.into();
            self.next = page.cursor.map(Some);
        }
        Ok(self.ahead.drain(..most.min(self.ahead.len())).collect())
    }

    fn is_at_end(&self) -> bool {
        self.ahead.is_empty() && self.next.is_none()
    }

    /// Up to `most` names, and whether there are no more.
    async fn read(&mut self, most: u64) -> Result<(Vec<String>, bool), BlobError> {
        // What a guest asks for is no reason to have so much in memory.
        let most = usize::try_from(most).unwrap_or(usize::MAX).min(PAGE_NAMES);
        Ok((self.take(most).await?, self.is_at_end()))
    }

    /// Passes over up to `most` names: how many, and whether there are no more.
    async fn skip(&mut self, most: u64) -> Result<(u64, bool), BlobError> {
        let mut skipped = 0;
        while skipped < most {
            let left = usize::try_from(most - skipped).unwrap_or(usize::MAX);
            match self.take(left).await?.len() {
                0 => break,
                some => skipped += some as u64,
            }
        }
        Ok((skipped, self.is_at_end()))
    }
}

type This = Resource<Names>;

pub(super) fn link(instance: &mut LinkerInstance<'_, State>) -> wasmtime::Result<()> {
    instance.resource("stream-object-names", ResourceType::host::<Names>(), |mut state, names| {
        state.data_mut().table.delete(Resource::<Names>::new_own(names))?;
        Ok(())
    })?;
    instance.func_wrap_async("[method]stream-object-names.read-stream-object-names", |state, (this, most)| {
        Box::new(read(state, this, most))
    })?;
    instance.func_wrap_async("[method]stream-object-names.skip-stream-object-names", |state, (this, most)| {
        Box::new(skip(state, this, most))
    })
}

async fn read(
    mut state: StoreContextMut<'_, State>,
    this: This,
    most: u64,
) -> wasmtime::Result<Answer<(Vec<String>, bool)>> {
    answer(state.data_mut().table.get_mut(&this)?.read(most).await)
}

async fn skip(mut state: StoreContextMut<'_, State>, this: This, most: u64) -> wasmtime::Result<Answer<(u64, bool)>> {
    answer(state.data_mut().table.get_mut(&this)?.skip(most).await)
}
