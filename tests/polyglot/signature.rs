//! HMAC-SHA-256 (RFC 2104, section 2), without anything of the guests'.

use sha2::{Digest as _, Sha256};

/// Bytes of a block of SHA-256 (FIPS 180-4).
const BLOCK: usize = 64;

/// In hexadecimal. `key` is no longer than a block.
pub(crate) fn hmac_sha256(key: &[u8], data: &[u8]) -> String {
    let mut padded = [0; BLOCK];
    padded[..key.len()].copy_from_slice(key);
    let keyed = |mask: u8| Sha256::new_with_prefix(padded.map(|byte| byte ^ mask));
    let inner = keyed(0x36).chain_update(data).finalize();
    keyed(0x5c).chain_update(inner).finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
