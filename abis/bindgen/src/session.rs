//! One instance, while one of its functions is called.

use holm_engine::{Error, Kind, Result};
use wasmtime::{Extern, Instance, Memory, Store, Table, TypedFunc, Val};

use crate::exports::Plumbing;
use crate::memory;
use crate::state::{State, broken};

/// A fresh instance and its store.
pub(crate) struct Session<'a> {
    pub(crate) store: &'a mut Store<State>,
    pub(crate) instance: Instance,
    pub(crate) plumbing: &'a Plumbing,
}

impl Session<'_> {
    /// Does what the generated JavaScript does first.
    ///
    /// # Errors
    /// The guest trapped.
    pub(crate) async fn start(&mut self) -> wasmtime::Result<()> {
        let Some(name) = &self.plumbing.start else { return Ok(()) };
        let start: TypedFunc<(), ()> = self.instance.get_typed_func(&mut *self.store, name)?;
        start.call_async(&mut *self.store, ()).await?;
        if self.store.data().table_unprepared {
            let table = self.table().ok_or_else(|| broken("it exports no table of references"))?;
            memory::init_table(table, &mut *self.store)?;
        }
        Ok(())
    }

    /// Calls a function; returns what it returns directly.
    ///
    /// # Errors
    /// [`Kind::Usage`] when there is no such function; the guest trapped.
    pub(crate) async fn call(&mut self, name: &str, args: &[Val]) -> wasmtime::Result<Vec<Val>> {
        let Some(function) = self.instance.get_func(&mut *self.store, name) else {
            return Err(Error::new(Kind::Usage, format!("there is no function `{name}`")).into());
        };
        let mut results = vec![Val::I32(0); function.ty(&*self.store).results().len()];
        function.call_async(&mut *self.store, args, &mut results).await?;
        Ok(results)
    }

    /// The memory that all pointers are into.
    ///
    /// # Errors
    /// [`Kind::Trap`] when the guest exports none.
    pub(crate) fn memory(&mut self) -> Result<Memory> {
        let memory = self.instance.get_memory(&mut *self.store, "memory");
        memory.ok_or_else(|| broken("it exports no memory"))
    }

    /// The table of references, if the guest has one.
    pub(crate) fn table(&mut self) -> Option<Table> {
        match self.instance.get_export(&mut *self.store, self.plumbing.table.as_deref()?)? {
            Extern::Table(table) => Some(table),
            _ => None,
        }
    }

    /// Copies bytes into memory that the guest allocates and that will be its own; returns the pointer.
    ///
    /// # Errors
    /// [`Kind::Trap`] when the guest has no allocator or it answers with memory that is not there.
    pub(crate) async fn give(&mut self, bytes: &[u8], align: u32) -> wasmtime::Result<u32> {
        let size = u32::try_from(bytes.len());
        let size = size.map_err(|_| Error::new(Kind::Usage, "an argument is larger than any 32-bit memory"))?;
        let pointer = self.allocate(size, align).await?;
        let memory = self.memory()?;
        memory::write(memory, &mut *self.store, pointer, bytes)?;
        Ok(pointer)
    }

    async fn allocate(&mut self, size: u32, align: u32) -> wasmtime::Result<u32> {
        let plumbing = self.plumbing;
        let Some(malloc) = &plumbing.malloc else {
            return Err(broken("it has no allocator, `__wbindgen_malloc`").into());
        };
        let args = [Val::I32(size.cast_signed()), Val::I32(align.cast_signed())];
        let args = if plumbing.aligned { &args[..] } else { &args[..1] };
        match self.call(malloc, args).await?.as_slice() {
            [Val::I32(pointer)] => Ok(pointer.cast_unsigned()),
            _ => Err(broken("its allocator returned no pointer").into()),
        }
    }

    /// Gives memory back that the guest returned. One without `__wbindgen_free` keeps it until the instance ends.
    ///
    /// # Errors
    /// The guest trapped.
    pub(crate) async fn free(&mut self, pointer: u32, size: u32, align: u32) -> wasmtime::Result<()> {
        let Some(free) = &self.plumbing.free else { return Ok(()) };
        // An empty allocation is none.
        if size == 0 {
            return Ok(());
        }
        let args = [pointer, size, align].map(|arg| Val::I32(arg.cast_signed()));
        let takes = self.instance.get_func(&mut *self.store, free).map(|free| free.ty(&*self.store).params().len());
        self.call(free, args.get(..takes.unwrap_or(0)).unwrap_or_default()).await?;
        Ok(())
    }

    /// Room for what a function returns through memory: on the guest's stack, or else allocated.
    ///
    /// # Errors
    /// As [`Session::give`].
    pub(crate) async fn room(&mut self, size: u32) -> wasmtime::Result<u32> {
        let plumbing = self.plumbing;
        let Some(stack) = &plumbing.stack else { return self.allocate(size, 8).await };
        match self.call(stack, &[Val::I32(size.cast_signed().wrapping_neg())]).await?.as_slice() {
            [Val::I32(pointer)] => Ok(pointer.cast_unsigned()),
            _ => Err(broken("its stack has no pointer").into()),
        }
    }
}
