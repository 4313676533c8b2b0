//! Why bytes are not a guest, in words for the person who passed them.

use std::fmt;

use super::walk::MAX_NESTING;

/// Why bytes are not a guest.
///
/// The text continues a sentence that begins with the file's name (`app.wasm is empty`), is one line,
/// and says what to do next where that is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BadBytes {
    /// There are no bytes.
    Empty,
    /// The bytes are something else that was recognised.
    Foreign(Foreign),
    /// The bytes do not start as Wasm does, nor as anything else that was recognised.
    NotWasm,
    /// The version of the format is unknown (Core Specification, "Modules"; `Binary.md`, "Component
    /// Definitions", for the layer).
    UnknownVersion {
        /// Version of the format.
        version: u16,
        /// 0 for modules, 1 for components.
        layer: u16,
    },
    /// The file ends before a section does.
    Truncated {
        /// Bytes in the file.
        size: u64,
        /// The section that is cut off, for people.
        within: String,
        /// How many more bytes that section needs, at least.
        missing: u64,
    },
    /// A rule of the binary format is broken.
    Malformed {
        /// Which rule.
        message: String,
        /// Where: bytes from the start of the file.
        offset: u64,
    },
    /// A Wasm object file: what a compiler writes for one source file, before linking
    /// (tool-conventions, `Linking.md`).
    ObjectFile,
    /// The memory of a guest that crashed (tool-conventions, `Coredump.md`).
    CoreDump,
    /// Modules, components or types are nested deeper than any compiler nests them.
    TooDeep,
    /// Names and types of imports and exports would take too much memory.
    TooManyNames,
    /// No WIT is in the file: it is a core module without embedded component types.
    NoWit,
    /// The WIT in the file cannot be read.
    BadWit(
        /// Why.
        String,
    ),
}

/// Formats that people pass by mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it, and the texts below say it again")]
pub enum Foreign {
    Elf,
    ElfCoreDump,
    MachO,
    Pe,
    NativeObject,
    StaticLibrary,
    JavaClass,
    PrecompiledByWasmtime,
    LlvmBitcode,
    Gzip,
    Zip,
    Tar,
    Zstd,
    Xz,
    Bzip2,
    JavaScript,
    Python,
    SourceCode,
    Script,
    Json,
    Html,
    Xml,
    GitLfsPointer,
    WasmText,
    Text,
}

impl BadBytes {
    /// From an error of the parser. Its message may quote the guest, so it is made one printable line.
    pub(super) fn malformed(message: impl fmt::Display, offset: usize) -> BadBytes {
        BadBytes::Malformed { message: one_line(&message.to_string()), offset: offset as u64 }
    }

    #[cfg(feature = "wit")]
    pub(super) fn bad_wit(error: impl fmt::Display) -> BadBytes {
        BadBytes::BadWit(one_line(&error.to_string()))
    }
}

impl From<wasmparser::Error> for BadBytes {
    fn from(error: wasmparser::Error) -> BadBytes {
        BadBytes::malformed(error.message(), error.offset())
    }
}

/// Guests choose names; a terminal must not see their control characters.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

impl fmt::Display for BadBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BadBytes::Empty => f.write_str("is empty"),
            BadBytes::Foreign(foreign) => f.write_str(foreign.text()),
            BadBytes::NotWasm => {
                f.write_str("is not WebAssembly: it does not start with the bytes 00 61 73 6d (\"\\0asm\")")
            }
            BadBytes::UnknownVersion { version, layer } => write_version(f, *version, *layer),
            BadBytes::Truncated { size, within, missing } => write!(
                f,
                "is cut short: it ends after {} in {within}, with at least {} missing; copy or download it again",
                Bytes(*size),
                Bytes(*missing),
            ),
            BadBytes::Malformed { message, offset } => {
                write!(f, "is damaged or not valid WebAssembly: {message} (at byte {offset})")
            }
            BadBytes::ObjectFile => {
                f.write_str("is an unlinked object file (.o); link it first, for example with wasm-ld or clang")
            }
            BadBytes::CoreDump => {
                f.write_str("is a core dump of a WebAssembly program that crashed, not a program")
            }
            BadBytes::TooDeep => {
                write!(f, "nests modules, components or types more than {MAX_NESTING} deep")
            }
            BadBytes::TooManyNames => f.write_str("has more or longer imports and exports than Holm accepts"),
            BadBytes::NoWit => f.write_str(
                "has no WIT: it is a core module without component types; only components and modules built for one have WIT",
            ),
            BadBytes::BadWit(message) => write!(f, "has WIT that cannot be read: {message}"),
        }
    }
}

impl std::error::Error for BadBytes {}

fn write_version(f: &mut fmt::Formatter<'_>, version: u16, layer: u16) -> fmt::Result {
    match layer {
        0 => write!(f, "is a module of version {version} of the WebAssembly format; Holm knows version 1"),
        1 => write!(
            f,
            "is a component in version {version} of the component format; Holm knows version 13: rebuild it with current tools"
        ),
        _ => write!(f, "is WebAssembly of an unknown kind (version {version}, layer {layer})"),
    }
}

struct Bytes(u64);

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} byte{}", self.0, if self.0 == 1 { "" } else { "s" })
    }
}

impl Foreign {
    fn text(self) -> &'static str {
        match self {
            Foreign::Elf => {
                "is a native Linux executable; Holm runs WebAssembly: build it for a wasm target such as wasm32-wasip1"
            }
            Foreign::ElfCoreDump => "is a core dump of a native program that crashed, not a program",
            Foreign::MachO => {
                "is a native macOS executable; Holm runs WebAssembly: build it for a wasm target such as wasm32-wasip1"
            }
            Foreign::Pe => {
                "is a native Windows executable; Holm runs WebAssembly: build it for a wasm target such as wasm32-wasip1"
            }
            Foreign::NativeObject => {
                "is a native object file (.o); Holm runs WebAssembly: build it for a wasm target such as wasm32-wasip1"
            }
            Foreign::StaticLibrary => "is a static library (.a); link it into a WebAssembly module first",
            Foreign::JavaClass => "is a Java class file; compile it to WebAssembly first",
            Foreign::PrecompiledByWasmtime => {
                "was precompiled by Wasmtime (.cwasm); give Holm the .wasm it was made from"
            }
            Foreign::LlvmBitcode => {
                "is LLVM bitcode, an intermediate file of a compiler; link it into a WebAssembly module first"
            }
            Foreign::Gzip => "is compressed (gzip): unpack it first, for example with gunzip or tar xzf",
            Foreign::Zip => "is compressed (zip): unpack it first, for example with unzip",
            Foreign::Tar => "is an archive (tar): unpack it first, for example with tar xf",
            Foreign::Zstd => "is compressed (zstd): unpack it first, for example with unzstd",
            Foreign::Xz => "is compressed (xz): unpack it first, for example with unxz",
            Foreign::Bzip2 => "is compressed (bzip2): unpack it first, for example with bunzip2",
            Foreign::JavaScript => {
                "is JavaScript or TypeScript source; build a component from it first, for example with jco componentize"
            }
            Foreign::Python => "is Python source; build a component from it first, for example with componentize-py",
            Foreign::SourceCode => "is source code; compile it to WebAssembly first",
            Foreign::Script => "is a script (it starts with #!); Holm runs WebAssembly",
            Foreign::Json => "is JSON, not WebAssembly",
            Foreign::Html => {
                "is an HTML page, not WebAssembly: the download probably returned a web page or an error page"
            }
            Foreign::Xml => "is XML, not WebAssembly: the download probably returned an error",
            Foreign::GitLfsPointer => "is a Git LFS pointer, not the file it points to: run git lfs pull",
            Foreign::WasmText => "is WebAssembly text (.wat), which must be converted to binary first",
            Foreign::Text => "is text, not WebAssembly",
        }
    }
}
