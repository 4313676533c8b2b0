//! Every knob of the engine, in one place.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use holm_grants::Limits;
use serde::{Deserialize, Serialize};
use wasmtime::{Config, Engine};

use crate::error::{Error, Kind, Result};
#[cfg(feature = "pool")]
use crate::pool::Pool;
use crate::shape::{Form, Shape};

/// Which compiler makes the code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tier {
    /// Winch: compiles four times faster, runs slower, lacks some features.
    Fast,
    /// Cranelift: the best code.
    #[default]
    Optimized,
    /// Pulley: bytecode for Holm's interpreter, the same on every machine.
    Portable,
}

impl fmt::Display for Tier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Tier::Fast => "fast",
            Tier::Optimized => "optimized",
            Tier::Portable => "portable",
        })
    }
}

impl FromStr for Tier {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "fast" => Ok(Tier::Fast),
            "optimized" => Ok(Tier::Optimized),
            "portable" => Ok(Tier::Portable),
            other => Err(format!("unknown tier `{other}`: use fast, optimized or portable")),
        }
    }
}

/// What code is compiled for. Two guests with equal settings may share an engine;
/// code made under one setting never runs under another.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Settings {
    /// Which compiler makes the code.
    pub tier: Tier,
    /// Of a component that is one core module in a wrapping ([`crate::shape::lone_core`]), that module alone.
    pub lone: bool,
    /// Component-model concurrency. Costs every call, so it is on only for guests that need it.
    pub concurrency: bool,
    /// Memories that several threads share.
    pub shared_memory: bool,
    /// Code looks at the clock in every loop, so that limits on time can stop it. Costs up to a tenth.
    pub interruptible: bool,
    /// Code counts instructions, so that a limit on fuel can stop it.
    pub fuel: bool,
    /// One bit pattern for NaN and for relaxed SIMD, on every machine.
    pub deterministic: bool,
    /// The wide-arithmetic proposal, not yet part of the specification.
    pub wide_arithmetic: bool,
    /// The stack-switching proposal, not yet part of the specification.
    pub stack_switching: bool,
    /// The machine the code is for, as a target triple; `None` is this machine.
    pub target: Option<String>,
}

/// Bytes of a guest's stack when no limit says otherwise: the engine's own default.
pub const DEFAULT_STACK: u64 = 512 * 1024;

/// Host functions run on the guest's stack; this much is kept for them beyond the guest's own.
const HOST_STACK: usize = 1536 * 1024;

/// Knobs that do not change the compiled code.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Runtime {
    /// Bytes of stack a guest may use; `None` is [`DEFAULT_STACK`].
    pub stack: Option<u64>,
    /// Keep what a core dump needs when a guest traps.
    pub coredump: bool,
    /// Run code that lies in the middle of a file, [`crate::Embedded`]; [`crate::Loader::load`] sets it.
    pub embedded: bool,
    /// Make instances in slots that are reserved ahead and used again, for hosts that make many.
    #[cfg(feature = "pool")]
    pub pool: Option<Pool>,
}

impl Runtime {
    /// For hosts that make many instances, `instances` at once at most, of guests that may use `stack` bytes of stack.
    ///
    /// Guests with the same stack share an engine and its pool, so there are few sizes: powers of two from the usual on.
    #[cfg(feature = "pool")]
    pub fn pooled(stack: Option<u64>, instances: u32) -> Self {
        let rounded = |stack: u64| stack.max(DEFAULT_STACK).checked_next_power_of_two().unwrap_or(stack);
        let pool = Pool { instances, memory: 4 << 30 };
        Self { stack: stack.map(rounded), pool: Some(pool), ..Self::default() }
    }

    /// Loads what has its instances in the pool, or one by one where there can be no pool: it reserves addresses, of which
    /// there may be none left.
    ///
    /// # Errors
    /// Those of `load`; the first where both ways fail.
    #[cfg(feature = "pool")]
    pub fn or_without_pool<R>(&self, load: impl Fn(&Self) -> Result<R>) -> Result<R> {
        load(self).or_else(|error| match error.kind() {
            Kind::Unsupported => load(&Self { pool: None, ..self.clone() }).map_err(|_| error),
            _ => Err(error),
        })
    }
}

impl Settings {
    /// What a guest of this shape needs, and these limits ask for.
    pub fn of(shape: &Shape, limits: &Limits) -> Self {
        Self {
            concurrency: shape.needs.concurrency,
            shared_memory: shape.needs.shared_memory,
            interruptible: limits.cpu.is_some() || limits.wall.is_some(),
            fuel: limits.fuel.is_some(),
            ..Self::default()
        }
    }

    /// The form of the code that is made of a guest of this form.
    pub(crate) fn form(&self, of: Form) -> Form {
        if self.lone { Form::Module } else { of }
    }

    /// An engine that runs code made under these settings.
    ///
    /// # Errors
    /// [`Kind::Unsupported`] when this build or machine cannot have these settings.
    pub fn engine(&self, runtime: &Runtime) -> Result<Engine> {
        let mut config = self.config()?;
        let stack = usize::try_from(runtime.stack.unwrap_or(DEFAULT_STACK)).unwrap_or(usize::MAX / 2);
        config.max_wasm_stack(stack.max(1));
        config.async_stack_size(stack.saturating_add(HOST_STACK));
        #[cfg(feature = "diagnostics")]
        config.coredump_on_trap(runtime.coredump);
        #[cfg(not(feature = "diagnostics"))]
        if runtime.coredump {
            return Err(Error::new(Kind::Unsupported, "this build of Holm makes no core dumps"));
        }
        if runtime.embedded {
            config.with_custom_code_memory(Some(Arc::new(crate::embedded::Mapped)));
        }
        #[cfg(feature = "pool")]
        if let Some(pool) = &runtime.pool {
            config.allocation_strategy(pool.strategy());
        }
        // Creating a compiler costs a tenth of starting a small guest. Code made by Winch can only be
        // loaded where Winch is the configured compiler.
        #[cfg(feature = "compilers")]
        if self.tier != Tier::Fast {
            config.enable_compiler(false);
        }
        Engine::new(&config).map_err(|error| self.refused(&error))
    }

    /// An engine that compiles under these settings.
    ///
    /// # Errors
    /// [`Kind::Unsupported`] when this build or machine cannot have these settings.
    #[cfg(feature = "compilers")]
    pub(crate) fn compiler(&self) -> Result<Engine> {
        Engine::new(&self.config()?).map_err(|error| self.refused(&error))
    }

    fn config(&self) -> Result<Config> {
        let mut config = Config::new();
        config
            .concurrency_support(self.concurrency)
            .shared_memory(self.shared_memory)
            .epoch_interruption(self.interruptible)
            .consume_fuel(self.fuel)
            .relaxed_simd_deterministic(self.deterministic)
            .wasm_wide_arithmetic(self.wide_arithmetic)
            // Part of what code is compiled for, even where a build cannot show source lines.
            .wasm_backtrace_details(wasmtime::WasmBacktraceDetails::Enable)
            // For other programs' views of our stack: 5 % of a file, which registering it reads at every load.
            .native_unwind_info(cfg!(windows));
        #[cfg(feature = "compilers")]
        {
            if self.stack_switching {
                config.wasm_stack_switching(true);
            }
            config.strategy(match self.tier {
                Tier::Fast => wasmtime::Strategy::Winch,
                Tier::Optimized | Tier::Portable => wasmtime::Strategy::Cranelift,
            });
            config.cranelift_nan_canonicalization(self.deterministic);
        }
        #[cfg(not(feature = "compilers"))]
        if self.stack_switching {
            return Err(Error::new(Kind::Unsupported, "this build of Holm has no stack switching"));
        }
        let target = match (&self.target, self.tier) {
            (Some(target), _) => Some(target.as_str()),
            (None, Tier::Portable) => Some("pulley64"),
            (None, _) => None,
        };
        if let Some(target) = target {
            config.target(target).map_err(|error| self.refused(&error))?;
        }
        Ok(config)
    }

    fn refused(&self, error: &wasmtime::Error) -> Error {
        Error::new(Kind::Unsupported, format!("the engine cannot be set up this way: {error:#}"))
    }

    /// A name for everything that decides whether code made under these settings runs here.
    ///
    /// The engine checks its own part again when it loads the code; this keeps the entries of
    /// different machines and versions apart in one cache directory.
    pub fn fingerprint(&self) -> String {
        let mut hash = blake3::Hasher::new();
        // A struct of plain fields always serialises.
        hash.update(serde_json::to_string(self).unwrap_or_default().as_bytes());
        hash.update(env!("CARGO_PKG_VERSION").as_bytes());
        hash.update(ENGINE_VERSION.as_bytes());
        hash.update(std::env::consts::ARCH.as_bytes());
        hash.update(std::env::consts::OS.as_bytes());
        hash.update(&cpu_features().to_le_bytes());
        hash.finalize().to_hex()[..16].to_owned()
    }
}

/// Code is only loaded by the engine version that made it, which the engine checks as well.
const ENGINE_VERSION: &str = "wasmtime-48";

/// The processor features that Cranelift uses where it finds them, one bit each.
#[cfg(target_arch = "x86_64")]
fn cpu_features() -> u64 {
    use std::arch::is_x86_feature_detected as has;
    [
        has!("sse3"),
        has!("ssse3"),
        has!("sse4.1"),
        has!("sse4.2"),
        has!("popcnt"),
        has!("avx"),
        has!("avx2"),
        has!("fma"),
        has!("bmi1"),
        has!("bmi2"),
        has!("lzcnt"),
        has!("avx512f"),
        has!("avx512dq"),
        has!("avx512vl"),
        has!("avx512bitalg"),
        has!("avx512vbmi"),
    ]
    .iter()
    .enumerate()
    .fold(0, |bits, (at, &present)| bits | u64::from(present) << at)
}

#[cfg(not(target_arch = "x86_64"))]
fn cpu_features() -> u64 {
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_that_change_code_change_the_fingerprint() {
        let base = Settings::default();
        let changed = [
            Settings { tier: Tier::Fast, ..base.clone() },
            Settings { lone: true, ..base.clone() },
            Settings { concurrency: true, ..base.clone() },
            Settings { interruptible: true, ..base.clone() },
            Settings { fuel: true, ..base.clone() },
            Settings { deterministic: true, ..base.clone() },
        ];
        for settings in &changed {
            assert_ne!(settings.fingerprint(), base.fingerprint(), "{settings:?}");
        }
    }

    #[test]
    fn every_tier_has_an_engine() {
        for tier in [Tier::Fast, Tier::Optimized, Tier::Portable] {
            let settings = Settings { tier, ..Settings::default() };
            settings.engine(&Runtime::default()).unwrap();
        }
    }
}
