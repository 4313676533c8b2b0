// What a component does with what another gave it, the same code in each of them.

use crate::wasi::filesystem::types::{Descriptor, DescriptorFlags, OpenFlags, PathFlags};
use crate::wasi::io::streams::InputStream;

pub fn read(from: &InputStream) -> String {
    match from.blocking_read(100) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).trim().to_owned(),
        Err(error) => format!("error: {error:?}"),
    }
}

pub fn read_below(directory: &Descriptor, path: &str) -> String {
    let file = directory.open_at(PathFlags::empty(), path, OpenFlags::empty(), DescriptorFlags::READ);
    match file.and_then(|file| file.read_via_stream(0)) {
        Ok(stream) => read(&stream),
        Err(error) => format!("error: {}", error.name()),
    }
}
