//! What a registry may have us do. Each is a bound on what a hostile one could take.

use std::time::Duration;

/// Bytes of a manifest or an index. The distribution specification (1.1, "Pushing Manifests") has registries take 4 MiB,
/// so that nothing larger is to be had anywhere.
pub const MANIFEST: u64 = 4 << 20;
/// Bytes of an image's configuration, of which a few lines matter.
pub const CONFIG: u64 = 4 << 20;
/// Bytes of a guest. A whole language with its library is 20 to 60 MiB.
pub const GUEST: u64 = 512 << 20;
/// Bytes that the layers of a plain image may unpack to: a guest and what lies beside it.
pub const UNPACKED: u64 = 1 << 30;
/// Layers of an image. Docker itself stops at 127.
pub const LAYERS: usize = 128;
/// Files in the layers of a plain image.
pub const FILES: usize = 10_000;
/// Bytes of the name of a file in a layer, beyond which it is none that we look for.
pub const FILE_NAME: u64 = 4096;
/// Manifests that an index may list.
pub const PLATFORMS: usize = 1000;
/// Bytes of the answer of a token server. Tokens of the large clouds have 2 to 5 KiB.
pub const TOKEN: u64 = 64 << 10;
/// Bytes of an error's body, of which a sentence is shown.
pub const ERROR: u64 = 16 << 10;
/// Redirects in a row. Registries need one, to where blobs lie.
pub const REDIRECTS: usize = 5;
/// Signatures of one artifact that are looked at.
pub const SIGNATURES: usize = 64;
/// Bytes of what one signature signs, a few hundred in practice.
pub const PAYLOAD: u64 = 64 << 10;
/// Bytes of a file with credentials.
pub const CREDENTIALS: u64 = 1 << 20;
/// Bytes of a key's file.
pub const KEY: u64 = 64 << 10;

/// Until a connection stands.
pub const CONNECT: Duration = Duration::from_secs(10);
/// Until a registry begins to answer.
pub const FIRST_BYTE: Duration = Duration::from_secs(60);
/// Between two pieces of an answer.
pub const BETWEEN_BYTES: Duration = Duration::from_secs(30);
/// For all of an answer that is not a guest.
pub const SMALL_ANSWER: Duration = Duration::from_secs(60);
/// For all that there is to ask about signatures.
pub const VERIFYING: Duration = Duration::from_secs(180);
/// A guest comes, and is taken, at no less than this many bytes a second over [`SLOWEST_OVER`]: slower than any line, so
/// it is a registry that keeps us waiting on purpose.
pub const SLOWEST: u64 = 4 << 10;
/// What [`SLOWEST`] is measured over.
pub const SLOWEST_OVER: Duration = Duration::from_secs(60);
/// Broken connections in the midst of one blob, after each of which it goes on where it was.
pub const BROKEN: usize = 5;
/// For a program that has credentials. It may ask the user for a password.
pub const HELPER: Duration = Duration::from_secs(60);

/// Bytes of guests that are kept, before those unused for longest go.
pub const STORE: u64 = 4 << 30;
