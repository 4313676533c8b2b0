//! What a guest calls its host with, read from its memory.

use std::cell::Cell;

use wasmtime::{Result, Val, bail};

/// The most bytes that one call may make the host copy. Lists may overlap, so the size of the memory is no bound.
const MOST_COPIED: usize = 128 << 20;

/// A guest's memory, while the host reads it.
pub(super) struct Reader<'a> {
    memory: &'a [u8],
    left: Cell<usize>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(memory: &'a [u8]) -> Self {
        Self { memory, left: Cell::new(MOST_COPIED) }
    }

    /// So many bytes that the host will copy.
    pub(super) fn bytes(&self, at: u32, length: u32) -> Result<&'a [u8]> {
        let start = at as usize;
        let Some(bytes) = self.memory.get(start..start.saturating_add(length as usize)) else {
            bail!("the guest gave a pointer to {length} bytes at {at}, outside of its memory");
        };
        self.pay(bytes.len())?;
        Ok(bytes)
    }

    pub(super) fn text(&self, at: u32, length: u32) -> Result<String> {
        match std::str::from_utf8(self.bytes(at, length)?) {
            Ok(text) => Ok(text.to_owned()),
            Err(_) => bail!("the guest gave a string that is not UTF-8"),
        }
    }

    fn array<const N: usize>(&self, at: u32) -> Result<[u8; N]> {
        match self.memory.get(at as usize..).and_then(|rest| rest.first_chunk()) {
            Some(bytes) => Ok(*bytes),
            None => bail!("the guest gave a pointer to {N} bytes at {at}, outside of its memory"),
        }
    }

    pub(super) fn u8(&self, at: u32) -> Result<u8> {
        Ok(self.array::<1>(at)?[0])
    }

    pub(super) fn u16(&self, at: u32) -> Result<u16> {
        self.array(at).map(u16::from_le_bytes)
    }

    pub(super) fn u32(&self, at: u32) -> Result<u32> {
        self.array(at).map(u32::from_le_bytes)
    }

    pub(super) fn u64(&self, at: u32) -> Result<u64> {
        self.array(at).map(u64::from_le_bytes)
    }

    /// The text whose address and length are there.
    pub(super) fn text_at(&self, at: u32) -> Result<String> {
        self.text(self.u32(at)?, self.u32(at.saturating_add(4))?)
    }

    /// The bytes whose address and length are there.
    pub(super) fn bytes_at(&self, at: u32) -> Result<Vec<u8>> {
        Ok(self.bytes(self.u32(at)?, self.u32(at.saturating_add(4))?)?.to_vec())
    }

    /// The elements of a list, of so many bytes each.
    pub(super) fn list<T>(
        &self,
        at: u32,
        length: u32,
        size: u32,
        element: impl Fn(&Self, u32) -> Result<T>,
    ) -> Result<Vec<T>> {
        let bytes = u64::from(length) * u64::from(size);
        if u64::from(at) + bytes > self.memory.len() as u64 {
            bail!("the guest gave a list of {length} elements at {at}, outside of its memory");
        }
        // What the host keeps for an element is larger than the element.
        self.pay(usize::try_from(bytes)?.saturating_mul(4))?;
        (0..length).map(|number| element(self, at + number * size)).collect()
    }

    /// Names and values, as headers are.
    pub(super) fn pairs(&self, at: u32, length: u32) -> Result<Vec<(String, String)>> {
        self.list(at, length, 16, |guest, at| Ok((guest.text_at(at)?, guest.text_at(at.saturating_add(8))?)))
    }

    fn pay(&self, bytes: usize) -> Result<()> {
        match self.left.get().checked_sub(bytes) {
            Some(left) => self.left.set(left),
            None => bail!("the guest gave more than {MOST_COPIED} bytes in one call"),
        }
        Ok(())
    }
}

/// The arguments of one call, in turn.
pub(super) struct Args<'a> {
    values: std::slice::Iter<'a, Val>,
    guest: Reader<'a>,
}

impl<'a> Args<'a> {
    pub(super) fn new(values: &'a [Val], memory: &'a [u8]) -> Self {
        Self { values: values.iter(), guest: Reader::new(memory) }
    }

    /// The next, if there is one.
    pub(super) fn next(&mut self) -> Option<u32> {
        self.values.next().and_then(Val::i32).map(i32::cast_unsigned)
    }

    pub(super) fn u32(&mut self) -> Result<u32> {
        match self.next() {
            Some(value) => Ok(value),
            None => bail!("the guest gave too few arguments"),
        }
    }

    pub(super) fn f32(&mut self) -> Result<f32> {
        match self.values.next().and_then(Val::f32) {
            Some(value) => Ok(value),
            None => bail!("the guest gave too few arguments"),
        }
    }

    pub(super) fn text(&mut self) -> Result<String> {
        let (at, length) = (self.u32()?, self.u32()?);
        self.guest.text(at, length)
    }

    pub(super) fn bytes(&mut self) -> Result<Vec<u8>> {
        let (at, length) = (self.u32()?, self.u32()?);
        Ok(self.guest.bytes(at, length)?.to_vec())
    }

    /// A list whose elements have so many bytes each.
    pub(super) fn list<T>(&mut self, size: u32, element: impl Fn(&Reader<'_>, u32) -> Result<T>) -> Result<Vec<T>> {
        let (at, length) = (self.u32()?, self.u32()?);
        self.guest.list(at, length, size, element)
    }

    pub(super) fn texts(&mut self) -> Result<Vec<String>> {
        self.list(8, |guest, at| guest.text_at(at))
    }

    pub(super) fn pairs(&mut self) -> Result<Vec<(String, String)>> {
        let (at, length) = (self.u32()?, self.u32()?);
        self.guest.pairs(at, length)
    }

    /// Bytes that may be missing.
    pub(super) fn bytes_or_none(&mut self) -> Result<Option<Vec<u8>>> {
        let (is_some, at, length) = (self.u32()?, self.u32()?, self.u32()?);
        match is_some {
            0 => Ok(None),
            1 => Ok(Some(self.guest.bytes(at, length)?.to_vec())),
            other => bail!("the guest gave case {other} of an option"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_outside_of_memory_is_not_read() {
        let memory = [7; 16];
        let guest = Reader::new(&memory);
        assert_eq!(guest.bytes(8, 8).unwrap().len(), 8);
        assert_eq!(guest.u32(12).unwrap(), u32::from_le_bytes([7; 4]));
        for wrong in [guest.bytes(8, 9).err(), guest.bytes(u32::MAX, u32::MAX).err(), guest.bytes(17, 0).err()] {
            assert!(wrong.unwrap().to_string().contains("outside of its memory"));
        }
        assert!(guest.u32(13).is_err() && guest.u64(u32::MAX).is_err());
        assert!(guest.list(0, u32::MAX, 16, |_, _| Ok(())).is_err());
        assert!(guest.text_at(u32::MAX).is_err());
    }

    #[test]
    fn lists_that_overlap_cannot_make_the_host_copy_without_end() {
        let memory = vec![b'a'; 1 << 20];
        let guest = Reader::new(&memory);
        let all = guest.list(0, 1000, 8, |guest, _| guest.text(0, 1 << 20));
        assert!(all.unwrap_err().to_string().contains("in one call"));
    }
}
