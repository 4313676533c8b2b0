//! Compiled code.

use wasmtime::component::Component;
use wasmtime::{Engine, Module};

use crate::error::{Error, Kind, Result};
use crate::shape::Form;

/// Code that is ready to be linked and instantiated.
#[derive(Clone)]
pub enum Code {
    /// A core module.
    Module(Module),
    /// A component.
    Component(Component),
}

impl Code {
    /// The engine the code belongs to.
    pub fn engine(&self) -> &Engine {
        match self {
            Code::Module(module) => module.engine(),
            Code::Component(component) => component.engine(),
        }
    }

    /// Bytes that are mapped for it.
    pub fn size(&self) -> u64 {
        let image = match self {
            Code::Module(module) => module.image_range(),
            Code::Component(component) => component.image_range(),
        };
        (image.end as usize).saturating_sub(image.start as usize) as u64
    }

    /// The core module.
    ///
    /// # Errors
    /// [`Kind::Internal`] for a component: the ABI was chosen by the guest's shape, so this is a mistake.
    pub fn module(&self) -> Result<&Module> {
        match self {
            Code::Module(module) => Ok(module),
            Code::Component(_) => Err(Error::new(Kind::Internal, "a component where a core module was expected")),
        }
    }

    /// The component.
    ///
    /// # Errors
    /// [`Kind::Internal`] for a core module, likewise.
    pub fn component(&self) -> Result<&Component> {
        match self {
            Code::Component(component) => Ok(component),
            Code::Module(_) => Err(Error::new(Kind::Internal, "a core module where a component was expected")),
        }
    }

    /// Loads code that [`compile`] made, from memory.
    ///
    /// # Safety
    /// `bytes` must be what [`compile`] returned, unchanged: they are run as native code.
    #[cfg(feature = "compilers")]
    pub(crate) unsafe fn from_bytes(engine: &Engine, form: Form, bytes: &[u8]) -> wasmtime::Result<Self> {
        // SAFETY: the caller vouches for the bytes.
        unsafe {
            Ok(match form {
                Form::Module => Code::Module(Module::deserialize(engine, bytes)?),
                Form::Component => Code::Component(Component::deserialize(engine, bytes)?),
            })
        }
    }

    /// Maps code that [`compile`] made, from a file.
    ///
    /// # Safety
    /// The file must begin with what [`compile`] returned, and nobody may change it while the code is in use.
    pub(crate) unsafe fn from_file(engine: &Engine, form: Form, path: &std::path::Path) -> wasmtime::Result<Self> {
        // SAFETY: the caller vouches for the file.
        let code = unsafe {
            match form {
                Form::Module => Code::Module(Module::deserialize_file(engine, path)?),
                Form::Component => Code::Component(Component::deserialize_file(engine, path)?),
            }
        };
        code.let_go_of_metadata();
        Ok(code)
    }

    /// Loading reads all that lies behind the instructions, which is a third of a small module's file, and nobody reads it
    /// again unless a guest traps.
    #[cfg(target_os = "linux")]
    fn let_go_of_metadata(&self) {
        use rustix::mm::{Advice, madvise};

        // Of a component the engine does not say where the instructions end.
        let Code::Module(module) = self else { return };
        let (page, end) = (rustix::param::page_size(), module.image_range().end as usize);
        let start = module.text().as_ptr_range().end;
        let start = start.wrapping_add(start.align_offset(page));
        let length = end.saturating_sub(start as usize) / page * page;
        if length > 0 {
            // SAFETY: the pages belong to the image, behind the instructions. They are mapped from a file, to be read only,
            // and nobody has written to them, so whoever reads them next gets the same from the file.
            let _ = unsafe { madvise(start.cast_mut().cast(), length, Advice::LinuxDontNeed) };
        }
    }

    #[cfg(not(target_os = "linux"))]
    fn let_go_of_metadata(&self) {}
}

/// Compiles a guest. Takes seconds for guests of several megabytes.
///
/// # Errors
/// [`Kind::Invalid`] when the guest does not validate, [`Kind::Unsupported`] when it needs what the
/// settings leave out.
#[cfg(feature = "compilers")]
pub fn compile(wasm: &[u8], form: Form, settings: &crate::config::Settings) -> Result<Vec<u8>> {
    let compiler = settings.compiler()?;
    let compiled = match form {
        Form::Component if settings.lone => compiler.precompile_module(lone(wasm)?),
        Form::Module => compiler.precompile_module(wasm),
        Form::Component => compiler.precompile_component(&crate::shape::for_engine(wasm)),
    };
    compiled.map_err(|error| refused(&error, wasm, settings))
}

/// The only core module of a component that is valid as a whole: the engine sees no more than the module.
#[cfg(feature = "compilers")]
fn lone(wasm: &[u8]) -> Result<&[u8]> {
    let invalid = |why: &dyn std::fmt::Display| Error::new(Kind::Invalid, format!("not valid WebAssembly: {why}"));
    wasmparser::Validator::new().validate_all(wasm).map_err(|error| invalid(&error.message()))?;
    let lone = crate::shape::lone_core(wasm).map_err(|error| invalid(&error))?;
    let lone = lone.and_then(|lone| wasm.get(lone.module));
    lone.ok_or_else(|| Error::new(Kind::Internal, "a component of several modules was taken for one of one"))
}

#[cfg(feature = "compilers")]
fn refused(error: &wasmtime::Error, wasm: &[u8], settings: &crate::config::Settings) -> Error {
    if let Some(missing) = missing_feature(wasm, settings) {
        return Error::new(
            Kind::Unsupported,
            format!("uses {missing}, a proposal that is not yet part of WebAssembly"),
        )
        .note(format!("--features {missing} allows it"));
    }
    let cause = error.root_cause().to_string();
    let kind = if cause.contains("nsupported") { Kind::Unsupported } else { Kind::Invalid };
    // The engine's words for the stages it went through say nothing to a user.
    Error::new(kind, format!("not valid WebAssembly: {}", cause.trim_start_matches("Invalid input WebAssembly code ")))
}

/// The proposal that the guest uses and the settings leave out.
#[cfg(feature = "compilers")]
fn missing_feature(wasm: &[u8], settings: &crate::config::Settings) -> Option<crate::shape::Feature> {
    use crate::shape::{Feature, features};

    let used = features(wasm).ok()?;
    let allowed =
        [(Feature::WideArithmetic, settings.wide_arithmetic), (Feature::StackSwitching, settings.stack_switching)];
    allowed.into_iter().find(|(feature, allowed)| !allowed && used.contains(feature)).map(|(feature, _)| feature)
}
