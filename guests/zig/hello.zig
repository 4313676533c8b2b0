//! Prints one line, and exports a function besides.
const wasi = @import("std").os.wasi;

pub fn main() void {
    const text = "Hello from Zig!\n";
    const buffers = [_]wasi.ciovec_t{.{ .base = text, .len = text.len }};
    var written: usize = undefined;
    _ = wasi.fd_write(1, &buffers, buffers.len, &written);
}

export fn add(left: i32, right: i32) i32 {
    return left +% right;
}
