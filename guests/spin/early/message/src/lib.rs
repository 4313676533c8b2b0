//! Keeps each message in the key-value store `default`, under `last`. An empty one is an error, and `trap` traps.

use old::{handled, kv};

#[unsafe(export_name = "handle-redis-message")]
unsafe extern "C" fn handle_redis_message(payload: usize, length: usize) -> *const u8 {
    let payload = unsafe { Vec::from_raw_parts(payload as *mut u8, length, length) };
    if payload == b"trap" {
        panic!("as asked");
    }
    handled(keep(&payload).map_err(|why| println!("{why}")))
}

fn keep(payload: &[u8]) -> Result<(), String> {
    if payload.is_empty() {
        return Err("an empty message".to_owned());
    }
    kv::set(kv::open("default")?, "last", payload)
}
