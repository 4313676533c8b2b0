//! Extism's kernel does what a simple model of it does, whatever a plugin calls with whatever numbers.
#![no_main]

use std::collections::BTreeMap;

use holm_extism::kernel::{BASE, Kernel};

/// Memory as a list of bytes and blocks as a map; all that is slow.
#[derive(Default)]
struct Model {
    bytes: BTreeMap<u64, u8>,
    /// Length and room of each, by offset; the length of one that is free is 0.
    blocks: BTreeMap<u64, (u64, u64)>,
    input: (u64, u64),
    output: (u64, u64),
    error: u64,
}

/// What all of a plugin's memory may be.
const MOST: u64 = 1 << 20;

impl Model {
    fn end(&self) -> u64 {
        self.blocks.last_key_value().map_or(BASE, |(offset, (_, room))| offset + room)
    }

    fn has(&self, offset: u64, length: u64) -> bool {
        offset >= BASE && offset.checked_add(length).is_some_and(|end| end <= self.end())
    }

    fn length(&self, offset: u64) -> u64 {
        self.blocks.get(&offset).map_or(0, |(length, _)| *length)
    }

    fn byte(&self, offset: u64) -> u8 {
        self.bytes.get(&offset).copied().unwrap_or(0)
    }

    fn word(&self, offset: u64) -> u64 {
        if !self.has(offset, 8) {
            return 0;
        }
        u64::from_le_bytes(std::array::from_fn(|at| self.byte(offset + at as u64)))
    }

    /// A block was made at `offset`: a new one, or one that was free and has room.
    fn made(&mut self, offset: u64, length: u64) {
        let room = length.next_multiple_of(8);
        match self.blocks.get_mut(&offset) {
            Some(block) => {
                assert!(block.0 == 0 && block.1 >= room, "a block that is in use, or too small, is used again");
                block.0 = length;
            }
            None => {
                assert_eq!(offset, self.end(), "a block that is not behind all others");
                self.blocks.insert(offset, (length, room));
            }
        }
    }
}

/// Numbers as plugins pass them: small, near a block, or anything.
struct Numbers<'a>(&'a [u8]);

impl Numbers<'_> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn offset(&mut self, model: &Model) -> Option<u64> {
        let (how, with) = (self.byte()?, self.byte()?);
        let known = model.blocks.keys().nth(usize::from(with) % model.blocks.len().max(1)).copied().unwrap_or(0);
        Some(match how % 6 {
            0 => u64::from(with),
            1 => known,
            2 => known.wrapping_add(u64::from(how)),
            3 => known.wrapping_sub(u64::from(how)),
            4 => u64::MAX - u64::from(with),
            _ => u64::from(with) << (how >> 2),
        })
    }
}

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let (mut kernel, mut model, mut numbers) = (Kernel::default(), Model::default(), Numbers(bytes));
    while step(&mut kernel, &mut model, &mut numbers).is_some() {
        let input = (kernel.input_offset(), kernel.input_length());
        assert_eq!((input, kernel.error_get()), (model.input, model.error));
        assert_eq!((kernel.output_offset(), kernel.output_length()), model.output);
        assert!(kernel.memory_bytes() <= MOST);
    }
    let output: Vec<u8> = (0..model.output.1).map(|at| model.byte(model.output.0 + at)).collect();
    assert_eq!(kernel.output(), output);
    assert_eq!(kernel.error().map_or(0, <[u8]>::len) as u64, model.length(model.error));
});

fn step(kernel: &mut Kernel, model: &mut Model, numbers: &mut Numbers<'_>) -> Option<()> {
    let (what, offset) = (numbers.byte()?, numbers.offset(model)?);
    match what % 12 {
        0 => match kernel.alloc(offset, |bytes| bytes <= MOST) {
            Some(0) => assert_eq!(offset, 0, "no block for some bytes"),
            None => {
                let much = model.end() > MOST / 2 || model.blocks.len() > 1000;
                assert!(much || offset > 1000, "a small block is to be had");
            }
            Some(made) => model.made(made, offset),
        },
        1 => {
            let bytes = vec![what; usize::from(numbers.byte()?)];
            if let Some(made) = kernel.put(&bytes, |bytes| bytes <= MOST).filter(|made| *made > 0) {
                model.made(made, bytes.len() as u64);
                (0..bytes.len() as u64).for_each(|at| _ = model.bytes.insert(made + at, what));
            }
        }
        2 => {
            kernel.free(offset);
            if model.length(offset) > 0 {
                model.blocks.entry(offset).and_modify(|block| block.0 = 0);
                if offset == model.input.0 {
                    model.input.1 = 0;
                }
            }
        }
        3 => assert_eq!(kernel.length(offset), model.length(offset)),
        4 => assert_eq!(kernel.load_u8(offset), if model.has(offset, 1) { model.byte(offset) } else { 0 }),
        5 => assert_eq!(kernel.load_u64(offset), model.word(offset)),
        6 => {
            kernel.store_u8(offset, what);
            if model.has(offset, 1) {
                model.bytes.insert(offset, what);
            }
        }
        7 => {
            let word = u64::from(what) * 0x0102_0304_0506_0708;
            kernel.store_u64(offset, word);
            if model.has(offset, 8) {
                let bytes = word.to_le_bytes().into_iter().zip(offset..);
                bytes.for_each(|(byte, at)| _ = model.bytes.insert(at, byte));
            }
        }
        8 => {
            let length = numbers.offset(model)?;
            kernel.input_set(offset, length);
            kernel.output_set(offset, length);
            if model.has(offset, length) {
                (model.input, model.output) = ((offset, length), (offset, length));
            }
        }
        9 => {
            let at =
                |length| (offset < model.input.1 && model.input.1 - offset >= length).then(|| model.input.0 + offset);
            assert_eq!(kernel.input_load_u8(offset), at(1).map_or(0, |at| model.byte(at)));
            assert_eq!(kernel.input_load_u64(offset), at(8).map_or(0, |at| model.word(at)));
        }
        10 => {
            kernel.error_set(offset);
            if offset == 0 || model.has(offset, 1) {
                model.error = offset;
            }
        }
        // Seldom, or nothing would ever be there.
        _ if offset == 0 => {
            kernel.reset();
            *model = Model::default();
        }
        _ => {}
    }
    Some(())
}
