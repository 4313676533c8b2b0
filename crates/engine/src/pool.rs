//! Slots that instances are made in.

use wasmtime::{Enabled, InstanceAllocationStrategy, PoolingAllocationConfig};

/// Bytes of a memory that stay mapped when its slot is free. What a small guest touches is less, so emptying its slot
/// is a `memset` of what it wrote and no system call that takes pages from the process.
const MEMORY_KEPT: usize = 512 * 1024;
/// Likewise for a table.
const TABLE_KEPT: usize = 64 * 1024;
/// Elements of a table. JavaScript engines have the largest: some 10,000.
const TABLE_ELEMENTS: usize = 100_000;
/// Tables, and memories, that one module may have.
const PER_MODULE: u32 = 8;
/// Slots beyond what guests have on average.
const SPARE: u32 = 16;
/// Slots that are kept ready for code which used them before.
const WARM: u32 = 100;

/// How many instances a pool holds, and how large they may be.
///
/// A slot reserves address space, not memory: 4 GiB and a guard for each memory.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Pool {
    /// Instances at once, components and modules counted alike.
    pub instances: u32,
    /// Bytes that each memory of an instance may grow to.
    pub memory: usize,
}

impl Pool {
    pub(crate) fn strategy(&self) -> InstanceAllocationStrategy {
        // A component has a main module, often an adapter, and small ones that tie them together. A few have more, for
        // which a small pool needs room too.
        let cores = self.instances.saturating_mul(4).saturating_add(SPARE);
        let mut config = PoolingAllocationConfig::new();
        config
            .total_component_instances(self.instances)
            .total_core_instances(cores)
            .total_memories(self.instances.saturating_add(self.instances / 4).saturating_add(SPARE))
            .total_tables(cores)
            // A guest that waits for the host has one, and another while the host has it allocate what it waited for.
            .total_stacks(self.instances.saturating_mul(2))
            .total_gc_heaps((self.instances / 4).saturating_add(SPARE).min(self.instances))
            .max_memory_size(self.memory)
            .table_elements(TABLE_ELEMENTS)
            .max_tables_per_module(PER_MODULE)
            .max_memories_per_module(PER_MODULE)
            .max_unused_warm_slots(WARM)
            .linear_memory_keep_resident(MEMORY_KEPT)
            .table_keep_resident(TABLE_KEPT)
            // Asking the kernel which pages a guest wrote is cheaper than clearing all it might have.
            .pagemap_scan(Enabled::Auto);
        InstanceAllocationStrategy::Pooling(config)
    }
}
