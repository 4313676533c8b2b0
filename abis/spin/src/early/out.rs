//! What the host gives a guest, laid out for its memory.
//!
//! Sizes and places are those of the canonical ABI, which wit-bindgen 0.2 had already. A value is laid out here first, and
//! then the guest is asked for memory for everything in it that has a place of its own.

use wasmtime::{Result, bail};

/// A place in the memory of the guest, or the one that the guest has for the whole.
#[derive(Clone, Copy)]
pub(super) struct Place(usize);

/// Where the whole value goes.
pub(super) const ROOT: Place = Place(0);

/// A value.
#[derive(Default)]
pub(super) struct Out {
    /// Of the value's own place. Only what is written: guests reserve no more than that.
    root: Vec<u8>,
    blocks: Vec<Block>,
}

/// What has a place of its own.
struct Block {
    bytes: Vec<u8>,
    align: u32,
    /// Where the guest looks for its address.
    of: Place,
    at: usize,
}

impl Out {
    fn place(&mut self, place: Place) -> Option<&mut Vec<u8>> {
        match place.0.checked_sub(1) {
            None => Some(&mut self.root),
            Some(block) => self.blocks.get_mut(block).map(|block| &mut block.bytes),
        }
    }

    fn put(&mut self, place: Place, at: usize, bytes: &[u8]) {
        let Some(into) = self.place(place) else { return };
        let end = at + bytes.len();
        if into.len() < end {
            into.resize(end, 0);
        }
        if let Some(into) = into.get_mut(at..end) {
            into.copy_from_slice(bytes);
        }
    }

    pub(super) fn u8(&mut self, place: Place, at: usize, value: u8) {
        self.put(place, at, &[value]);
    }

    pub(super) fn u16(&mut self, place: Place, at: usize, value: u16) {
        self.put(place, at, &value.to_le_bytes());
    }

    pub(super) fn u32(&mut self, place: Place, at: usize, value: u32) {
        self.put(place, at, &value.to_le_bytes());
    }

    pub(super) fn u64(&mut self, place: Place, at: usize, value: u64) {
        self.put(place, at, &value.to_le_bytes());
    }

    /// Bytes or text, whose address and length go there.
    ///
    /// # Errors
    /// They are too many for a guest.
    pub(super) fn bytes(&mut self, place: Place, at: usize, bytes: impl Into<Vec<u8>>) -> Result<()> {
        let bytes = bytes.into();
        let length = bytes.len();
        self.block(place, at, length, Block { bytes, align: 1, of: place, at }).map(drop)
    }

    /// A list of so many elements, of so many bytes each, whose address and length go there. They are to be written to the
    /// place that is returned.
    ///
    /// # Errors
    /// They are too many for a guest.
    pub(super) fn list(&mut self, place: Place, at: usize, length: usize, size: usize, align: u32) -> Result<Place> {
        let Some(bytes) = length.checked_mul(size).filter(|bytes| u32::try_from(*bytes).is_ok()) else {
            bail!("a list of {length} elements is too long for a guest");
        };
        self.block(place, at, length, Block { bytes: vec![0; bytes], align, of: place, at })
    }

    /// Names and values, as headers are.
    ///
    /// # Errors
    /// They are too many for a guest.
    pub(super) fn pairs(&mut self, place: Place, at: usize, pairs: Vec<(String, String)>) -> Result<()> {
        let list = self.list(place, at, pairs.len(), 16, 4)?;
        for (number, (name, value)) in pairs.into_iter().enumerate() {
            self.bytes(list, number * 16, name)?;
            self.bytes(list, number * 16 + 8, value)?;
        }
        Ok(())
    }

    fn block(&mut self, place: Place, at: usize, length: usize, block: Block) -> Result<Place> {
        let Ok(short) = u32::try_from(length) else { bail!("a list of {length} elements is too long for a guest") };
        // What is empty has no place, and an address all the same.
        self.u32(place, at, block.align);
        self.u32(place, at + 4, short);
        self.blocks.push(block);
        Ok(Place(self.blocks.len()))
    }

    /// What the guest has to find room for: bytes, and what the address is a multiple of.
    pub(super) fn wants(&self) -> impl Iterator<Item = (u32, u32)> {
        // No block is longer, or `block` would not have taken it.
        self.blocks.iter().map(|block| (u32::try_from(block.bytes.len()).unwrap_or(u32::MAX), block.align))
    }

    /// Writes all that has a place of its own to where the guest found room for it, in the order of [`Out::wants`]; returns
    /// what goes to the value's own place.
    ///
    /// # Errors
    /// One of `addresses` leads outside of the guest's memory.
    pub(super) fn write(mut self, memory: &mut [u8], addresses: &[u32]) -> Result<Vec<u8>> {
        for (number, address) in addresses.iter().enumerate() {
            let Some((of, at)) = self.blocks.get(number).filter(|block| !block.bytes.is_empty()).map(|b| (b.of, b.at))
            else {
                continue;
            };
            self.u32(of, at, *address);
        }
        for (block, address) in self.blocks.iter().zip(addresses) {
            if !block.bytes.is_empty() {
                write(memory, *address, &block.bytes)?;
            }
        }
        Ok(self.root)
    }
}

/// Writes to a guest's memory.
///
/// # Errors
/// It is not in there.
pub(super) fn write(memory: &mut [u8], at: u32, bytes: &[u8]) -> Result<()> {
    match memory.get_mut(at as usize..).and_then(|rest| rest.get_mut(..bytes.len())) {
        Some(place) => place.copy_from_slice(bytes),
        None => bail!("the guest gave a pointer to {} bytes at {at}, outside of its memory", bytes.len()),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_finds_what_it_consists_of_where_the_guest_made_room() {
        let mut out = Out::default();
        out.u8(ROOT, 0, 1);
        let list = out.list(ROOT, 4, 2, 8, 4).unwrap();
        out.bytes(list, 0, "ab").unwrap();
        out.bytes(list, 8, "").unwrap();
        assert_eq!(out.wants().collect::<Vec<_>>(), [(16, 4), (2, 1), (0, 1)]);
        let mut memory = [0; 64];
        let root = out.write(&mut memory, &[16, 40, 1]).unwrap();
        assert_eq!(root, [1, 0, 0, 0, 16, 0, 0, 0, 2, 0, 0, 0]);
        assert_eq!(memory[16..32], [40, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(&memory[40..42], b"ab");
    }

    #[test]
    fn an_address_outside_of_memory_is_an_error() {
        for address in [63, 64, u32::MAX] {
            let mut out = Out::default();
            out.bytes(ROOT, 0, "ab").unwrap();
            assert!(out.write(&mut [0; 64], &[address]).is_err(), "{address}");
        }
    }
}
