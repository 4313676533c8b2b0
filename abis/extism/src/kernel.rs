//! Extism's kernel: memory that plugin and host share, by offsets, and what is input, output and error of a call.
//!
//! Source of the behaviour: extism/extism, `kernel/src/lib.rs`. There it is a module of its own beside the plugin; here it
//! is the host's, so that a call of it is one of the host, and what it keeps to itself is where no plugin can write.
//! Every offset and length comes from the plugin.

mod blocks;

use blocks::Blocks;

/// The first offset there is. Those before it are never a block's, so that 0 and its like are none.
pub const BASE: u64 = 64;

/// Offsets that memory begins to be counted at: WebAssembly's pages, as in the original.
const PAGE: u64 = 64 << 10;

/// Memory of one instance, emptied for each call.
#[derive(Debug, Default)]
pub struct Kernel {
    /// What is at [`BASE`] and beyond, up to the end of the last block.
    bytes: Vec<u8>,
    blocks: Blocks,
    /// Bytes that there is room for, for which somebody was asked.
    room: u64,
    input: Span,
    output: Span,
    error: u64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Span {
    offset: u64,
    length: u64,
}

impl Kernel {
    /// Forgets everything but the room there is.
    pub fn reset(&mut self) {
        self.bytes.clear();
        self.blocks.clear();
        (self.input, self.output, self.error) = Default::default();
    }

    /// A block of `length` bytes: its offset, which is 0 for no bytes. New ones hold zeros, those used again what they held.
    ///
    /// `may` is asked before the host keeps more for the plugin than ever before: so many bytes in all. `None`: it said no,
    /// or the host has no memory.
    pub fn alloc(&mut self, length: u64, may: impl FnMut(u64) -> bool) -> Option<u64> {
        if length == 0 {
            return Some(0);
        }
        match self.place(length, may)? {
            Place::Again(offset) => Some(offset),
            Place::New { offset, end } => {
                self.bytes.resize(end, 0);
                Some(offset)
            }
        }
    }

    /// A block with these bytes, as [`Kernel::alloc`] makes one.
    pub fn put(&mut self, bytes: &[u8], may: impl FnMut(u64) -> bool) -> Option<u64> {
        if bytes.is_empty() {
            return Some(0);
        }
        match self.place(bytes.len() as u64, may)? {
            Place::Again(offset) => {
                self.at(offset, bytes.len())?.copy_from_slice(bytes);
                Some(offset)
            }
            Place::New { offset, end } => {
                self.bytes.extend_from_slice(bytes);
                self.bytes.resize(end, 0);
                Some(offset)
            }
        }
    }

    /// Finds room for a block; in memory that was freed, once there is no other.
    fn place(&mut self, length: u64, mut may: impl FnMut(u64) -> bool) -> Option<Place> {
        // Rounded up, since plugins read and write the end of a block by the word too.
        let size = length.checked_next_multiple_of(8).unwrap_or(u64::MAX);
        let start = self.bytes.len() as u64;
        let end = start.saturating_add(size);
        let needed = end.saturating_add(self.blocks.cost_of_one_more());
        if needed > self.room {
            if let Some(offset) = self.blocks.again(size, length) {
                return Some(Place::Again(offset));
            }
            let room = needed.checked_next_multiple_of(PAGE).unwrap_or(u64::MAX);
            if !may(room) {
                return None;
            }
            self.room = room;
        }
        let end = usize::try_from(end).ok()?;
        self.bytes.try_reserve(end - self.bytes.len()).ok()?;
        let offset = start + BASE;
        self.blocks.add(offset, size, length);
        Some(Place::New { offset, end })
    }

    /// Frees a block. What is none is ignored.
    pub fn free(&mut self, offset: u64) {
        // Whoever frees the input has read it.
        if self.blocks.free(offset) && offset == self.input.offset {
            self.input.length = 0;
        }
    }

    /// The length of the block that begins here; 0 where none does.
    pub fn length(&self, offset: u64) -> u64 {
        self.blocks.length(offset)
    }

    /// The bytes of the block that begins here.
    pub fn block(&self, offset: u64) -> Option<&[u8]> {
        match self.length(offset) {
            0 => None,
            length => self.get(Span { offset, length }),
        }
    }

    /// The byte at an offset; 0 where there is no memory.
    #[inline]
    pub fn load_u8(&self, offset: u64) -> u8 {
        index(offset).and_then(|at| self.bytes.get(at)).copied().unwrap_or(0)
    }

    /// The eight bytes from an offset on, the lowest first; 0 where there is no memory for all.
    #[inline]
    pub fn load_u64(&self, offset: u64) -> u64 {
        let bytes = index(offset).and_then(|at| self.bytes.get(at..)?.first_chunk());
        bytes.copied().map_or(0, u64::from_le_bytes)
    }

    /// Sets the byte at an offset, if there is memory.
    #[inline]
    pub fn store_u8(&mut self, offset: u64, byte: u8) {
        if let Some(at) = index(offset).and_then(|at| self.bytes.get_mut(at)) {
            *at = byte;
        }
    }

    /// Sets eight bytes from an offset on, the lowest first, if there is memory for all.
    #[inline]
    pub fn store_u64(&mut self, offset: u64, word: u64) {
        if let Some(at) = index(offset).and_then(|at| self.bytes.get_mut(at..)?.first_chunk_mut()) {
            *at = word.to_le_bytes();
        }
    }

    /// Makes `length` bytes from an offset on the input, if there are so many.
    pub fn input_set(&mut self, offset: u64, length: u64) {
        let span = Span { offset, length };
        if self.get(span).is_some() {
            self.input = span;
        }
    }

    /// Where the input begins; 0 where there is none.
    pub fn input_offset(&self) -> u64 {
        self.input.offset
    }

    /// The bytes of input.
    pub fn input_length(&self) -> u64 {
        self.input.length
    }

    /// A byte of the input; 0 beyond its end.
    #[inline]
    pub fn input_load_u8(&self, offset: u64) -> u8 {
        if offset < self.input.length { self.load_u8(self.input.offset + offset) } else { 0 }
    }

    /// Eight bytes of the input, the lowest first; 0 where it has not so many.
    #[inline]
    pub fn input_load_u64(&self, offset: u64) -> u64 {
        match offset.checked_add(8) {
            Some(end) if end <= self.input.length => self.load_u64(self.input.offset + offset),
            _ => 0,
        }
    }

    /// Makes `length` bytes from an offset on the output, if there are so many.
    pub fn output_set(&mut self, offset: u64, length: u64) {
        let span = Span { offset, length };
        if self.get(span).is_some() {
            self.output = span;
        }
    }

    /// Where the output begins; 0 where there is none.
    pub fn output_offset(&self) -> u64 {
        self.output.offset
    }

    /// The bytes of output.
    pub fn output_length(&self) -> u64 {
        self.output.length
    }

    /// The output.
    pub fn output(&self) -> &[u8] {
        self.get(self.output).unwrap_or_default()
    }

    /// Makes a block the error; 0 says that there is none.
    pub fn error_set(&mut self, offset: u64) {
        if offset == 0 || index(offset).is_some_and(|at| at < self.bytes.len()) {
            self.error = offset;
        }
    }

    /// The offset of the error; 0 where there is none.
    pub fn error_get(&self) -> u64 {
        self.error
    }

    /// The error, which is none if its block was freed since or never was one.
    pub fn error(&self) -> Option<&[u8]> {
        self.block(self.error)
    }

    /// Bytes that the host keeps for it, as far as it asked for them.
    pub fn memory_bytes(&self) -> u64 {
        self.room
    }

    fn get(&self, span: Span) -> Option<&[u8]> {
        let start = index(span.offset)?;
        self.bytes.get(start..start.checked_add(usize::try_from(span.length).ok()?)?)
    }

    fn at(&mut self, offset: u64, length: usize) -> Option<&mut [u8]> {
        let start = index(offset)?;
        self.bytes.get_mut(start..start.checked_add(length)?)
    }
}

/// Where a block goes.
enum Place {
    /// Into memory that was freed.
    Again(u64),
    /// Behind all others, where memory is to be made up to `end`.
    New { offset: u64, end: usize },
}

#[inline]
fn index(offset: u64) -> Option<usize> {
    usize::try_from(offset.checked_sub(BASE)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alloc(kernel: &mut Kernel, length: u64) -> u64 {
        kernel.alloc(length, |_| true).unwrap()
    }

    #[test]
    fn what_is_stored_is_loaded() {
        let mut kernel = Kernel::default();
        let block = alloc(&mut kernel, 12);
        assert_eq!((kernel.length(block), kernel.load_u64(block)), (12, 0));
        kernel.store_u64(block, 0x0807_0605_0403_0201);
        kernel.store_u8(block + 8, 9);
        assert_eq!(kernel.block(block).unwrap(), [1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 0, 0]);
        assert_eq!((kernel.load_u8(block + 2), kernel.load_u64(block + 1)), (3, 0x0908_0706_0504_0302));
    }

    #[test]
    fn the_last_word_of_a_block_may_be_read_as_one() {
        let mut kernel = Kernel::default();
        let block = kernel.put(b"0123456789", |_| true).unwrap();
        assert_eq!(kernel.load_u64(block + 8).to_le_bytes(), *b"89\0\0\0\0\0\0");
    }

    #[test]
    fn offsets_without_memory_hold_nothing_and_keep_nothing() {
        let mut kernel = Kernel::default();
        let block = alloc(&mut kernel, 8);
        for offset in [0, 1, BASE - 1, BASE + 1, BASE + 8, 1 << 32, u64::MAX - 7, u64::MAX] {
            kernel.store_u64(offset, u64::MAX);
            assert_eq!(kernel.load_u64(offset), 0, "{offset}");
        }
        for offset in [0, BASE - 1, BASE + 8, u64::MAX] {
            kernel.store_u8(offset, 255);
            assert_eq!(kernel.load_u8(offset), 0, "{offset}");
        }
        assert_eq!(kernel.block(block).unwrap(), [0; 8]);
    }

    #[test]
    fn input_and_output_lie_in_memory_or_are_not_taken() {
        let mut kernel = Kernel::default();
        let block = kernel.put(b"hello, kernel", |_| true).unwrap();
        kernel.input_set(block, 13);
        kernel.output_set(block + 7, 6);
        for (offset, length) in [(0, 1), (block, 17), (block + 16, 1), (u64::MAX, 2), (block, u64::MAX), (1, u64::MAX)]
        {
            kernel.input_set(offset, length);
            kernel.output_set(offset, length);
        }
        assert_eq!((kernel.input_offset(), kernel.input_length(), kernel.output()), (block, 13, &b"kernel"[..]));
        assert_eq!((kernel.input_load_u8(12), kernel.input_load_u8(13)), (b'l', 0));
        assert_eq!(kernel.input_load_u64(5).to_le_bytes(), *b", kernel");
        assert_eq!((kernel.input_load_u64(6), kernel.input_load_u64(u64::MAX)), (0, 0));
    }

    #[test]
    fn an_error_is_a_block_that_is_still_there() {
        let mut kernel = Kernel::default();
        let block = kernel.put(b"no", |_| true).unwrap();
        for offset in [block + 1, 0, 3] {
            kernel.error_set(block);
            kernel.error_set(offset);
            assert_eq!(kernel.error().is_some(), offset == 3, "{offset}");
        }
        kernel.free(block);
        assert_eq!((kernel.error_get(), kernel.error()), (block, None));
    }

    #[test]
    fn who_frees_the_input_has_none_left() {
        let mut kernel = Kernel::default();
        let block = kernel.put(b"in", |_| true).unwrap();
        kernel.input_set(block, 2);
        kernel.free(block);
        assert_eq!((kernel.input_length(), kernel.input_load_u8(0)), (0, 0));
    }

    #[test]
    fn freed_memory_is_used_again_before_more_is_asked_for() {
        let mut kernel = Kernel::default();
        let first = alloc(&mut kernel, 40_000);
        for _ in 0..1000 {
            let block = alloc(&mut kernel, 30_000);
            assert_ne!(block, first);
            kernel.free(block);
            kernel.free(block);
        }
        assert!(kernel.memory_bytes() <= 128 << 10, "{}", kernel.memory_bytes());
    }

    #[test]
    fn a_large_block_is_not_spent_on_a_small_one() {
        let mut kernel = Kernel::default();
        let large = alloc(&mut kernel, 60_000);
        kernel.free(large);
        let small: Vec<u64> = (0..100).map(|_| alloc(&mut kernel, 100)).collect();
        assert!(!small.contains(&large));
        assert_eq!(alloc(&mut kernel, 59_000), large);
    }

    #[test]
    fn more_than_may_be_is_not_had() {
        let mut kernel = Kernel::default();
        for length in [1 << 63, u64::MAX, u64::MAX - 8, 200 << 10] {
            assert_eq!(kernel.alloc(length, |bytes| bytes <= 128 << 10), None, "{length}");
        }
        assert!(kernel.alloc(100 << 10, |bytes| bytes <= 128 << 10).is_some());
    }

    #[test]
    fn memory_that_no_host_has_is_not_had_even_where_it_may_be() {
        for length in [1 << 63, u64::MAX, (1 << 63) - 8] {
            assert_eq!(Kernel::default().alloc(length, |_| true), None, "{length}");
        }
    }

    #[test]
    fn blocks_without_end_are_counted_as_well() {
        let (mut kernel, mut asked) = (Kernel::default(), 0);
        let may = |bytes: u64, asked: &mut u64| {
            *asked = bytes;
            bytes <= 1 << 20
        };
        let made = (0..1 << 20).take_while(|_| kernel.alloc(1, |bytes| may(bytes, &mut asked)).is_some()).count();
        assert!((10_000..40_000).contains(&made), "{made}");
        assert!(asked > 1 << 20);
    }

    #[test]
    fn a_reset_leaves_nothing_behind() {
        let mut kernel = Kernel::default();
        let block = kernel.put(b"secret", |_| true).unwrap();
        kernel.input_set(block, 6);
        kernel.output_set(block, 6);
        kernel.error_set(block);
        kernel.reset();
        assert_eq!((kernel.input_length(), kernel.output(), kernel.error_get()), (0, &b""[..], 0));
        assert_eq!((kernel.length(block), kernel.load_u8(block)), (0, 0));
        let again = kernel.alloc(6, |_| false).unwrap();
        assert_eq!((again, kernel.load_u64(again)), (block, 0));
    }
}
