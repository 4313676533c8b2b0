//! What people download.

use crate::measure::mib;
use crate::peers::holm;

pub fn run() {
    let release = holm();
    let small = release.parent().and_then(|dir| dir.parent()).map(|target| target.join("small/holm"));
    for (name, path) in [("release", Some(release)), ("without compilers", small)] {
        match path.and_then(|path| std::fs::metadata(path).ok()) {
            Some(metadata) => println!("{name:<18} {} ({} bytes)", mib(metadata.len()), metadata.len()),
            None => println!("{name:<18} not built (cargo build --profile small -p holm-cli --no-default-features)"),
        }
    }
}
