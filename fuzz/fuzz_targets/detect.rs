//! Every shape that parses can be asked what ABI it is and what would satisfy its imports.
#![no_main]

use holm_abi::{Abi, detect};
use holm_engine::shape::Shape;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Ok(shape) = Shape::parse(bytes) else { return };
    let (bindgen, extism) = (holm_bindgen::Bindgen, holm_extism::Extism::default());
    let (wasi, core) = (holm_wasi::Wasi::default(), holm_core::Core);
    let abis: [&dyn Abi; 4] = [&bindgen, &extism, &wasi, &core];
    if let Ok(detected) = detect(&abis, &shape, None) {
        for import in &shape.imports {
            let _ = detected.abi.provides(import);
        }
    }
});
