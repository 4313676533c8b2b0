//! The functions of a plugin, and instances of it that are kept.

use std::pin::pin;
use std::sync::Arc;

use async_trait::async_trait;
use holm_abi::{Datum, Error, Function, Functions, Guest, Host, Instance, Invocation, Kind, Result, Type, no_function};
use holm_core::Lent as _;
use holm_engine::{Metering, Usage, explain, uncounted_store};
use holm_wasi::exited;
use wasmtime::{ExternType, FuncType, Store, TypedFunc, ValType};

use crate::Extism;
use crate::link::Linked;
use crate::shared::Shared;
use crate::start::Start;
use crate::state::State;

/// A program's own start. Extism lets it be called, and takes a fresh instance for what is called after it.
const PROGRAM: &str = "_start";

/// A plugin's functions.
pub(crate) struct PluginFunctions(Arc<Plugin>);

struct Plugin {
    shared: Arc<Shared>,
    linked: Linked,
    start: Start,
    functions: Vec<Function>,
}

impl PluginFunctions {
    /// Links `guest`.
    ///
    /// # Errors
    /// [`Kind::MissingImports`].
    pub(crate) fn new(abi: &Extism, guest: &Guest, host: &Host) -> Result<Self> {
        let linked = Linked::new(abi, guest, host)?;
        let exports = linked.module().exports().filter_map(|export| match export.ty() {
            ExternType::Func(ty) if is_callable(export.name(), &ty) => Some(function(export.name())),
            _ => None,
        });
        let functions: Vec<Function> = exports.collect();
        let (start, shared) = (Start::of(linked.module()), Arc::new(Shared::new(abi, guest, host)));
        Ok(Self(Arc::new(Plugin { shared, linked, start, functions })))
    }
}

/// Whether an export can be called with bytes, and is there to be.
fn is_callable(name: &str, ty: &FuncType) -> bool {
    let plumbing = name.starts_with("__") || matches!(name, "_initialize" | "hs_init");
    let returns = match ty.results().len() {
        0 => true,
        1 => ty.results().all(|ty| matches!(ty, ValType::I32)),
        _ => false,
    };
    !plumbing && returns && ty.params().len() == 0
}

fn function(name: &str) -> Function {
    let bytes = Type::list(Type::U8);
    Function {
        name: name.to_owned(),
        params: vec![("input".to_owned(), bytes.clone())],
        results: vec![bytes],
        refused: None,
        signature: "(bytes) -> bytes".to_owned(),
        raw: true,
    }
}

#[async_trait]
impl Functions for PluginFunctions {
    fn list(&self) -> &[Function] {
        &self.0.functions
    }

    async fn open(&self) -> Result<Box<dyn Instance>> {
        let plugin = Arc::clone(&self.0);
        let opened = open(&plugin, &Arc::default()).await?;
        Ok(Box::new(Kept { plugin, opened, condition: Condition::Whole }))
    }
}

/// An instance that has been started.
struct Opened {
    store: Store<State>,
    instance: wasmtime::Instance,
    /// Functions that were called before, where the plugin's list has them.
    called: Vec<Option<Export>>,
}

#[derive(Clone)]
enum Export {
    Code(TypedFunc<(), i32>),
    Nothing(TypedFunc<(), ()>),
}

async fn open(plugin: &Plugin, usage: &Arc<Usage>) -> Result<Opened> {
    let host = &plugin.shared.host;
    let (engine, state) = (plugin.linked.module().engine(), State::new(&plugin.shared)?);
    let mut store = uncounted_store(engine, state, &host.limits)?;
    let metering = Metering::begin(&mut store, &host.limits, usage)?;
    let started = metering.run(pin!(started(plugin, &mut store))).await;
    let instance = started.map_err(|error| explain(&mut store, error, plugin.shared.guest.trap_context(host)))?;
    Ok(Opened { store, instance, called: vec![None; plugin.functions.len()] })
}

async fn started(plugin: &Plugin, store: &mut Store<State>) -> wasmtime::Result<wasmtime::Instance> {
    let instance = plugin.linked.instantiate(store).await?;
    plugin.start.run(store, instance).await?;
    Ok(instance)
}

/// An instance of a plugin.
struct Kept {
    plugin: Arc<Plugin>,
    opened: Opened,
    condition: Condition,
}

/// What an instance is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Condition {
    /// Another call.
    Whole,
    /// The plugin ended itself as a program does: there is to be another instance.
    Ended,
    /// Nothing: a call failed, goes on, or was not waited for.
    Broken,
}

#[async_trait]
impl Instance for Kept {
    async fn call(&mut self, invocation: Invocation) -> Result<Vec<Datum>> {
        let Invocation { function: index, args, caller } = invocation;
        let plugin = Arc::clone(&self.plugin);
        let function = plugin.functions.get(index).ok_or_else(|| no_function("of this number"))?;
        let name = function.name.as_str();
        let input = input(name, &args)?;
        let before = std::mem::replace(&mut self.condition, Condition::Broken);
        match before {
            Condition::Whole => {}
            Condition::Ended => self.opened = open(&plugin, &caller.usage).await?,
            Condition::Broken => return Err(spent(&plugin.shared.guest)),
        }
        let store = &mut self.opened.store;
        let metering = Metering::begin(store, &plugin.shared.host.limits, &caller.usage)?;
        store.data_mut().begin(caller);
        let called = metering.run(pin!(self.opened.invoke(&plugin, index, input))).await;
        metering.end(&self.opened.store);
        self.opened.store.data_mut().rest();
        let (condition, result) = self.opened.outcome(&plugin, name, called);
        self.condition = condition;
        result.map(|output| vec![Datum::Bytes(output)])
    }
}

/// The bytes that a call is given: none, if nothing is.
fn input<'a>(name: &str, args: &'a [Datum]) -> Result<&'a [u8]> {
    match args {
        [] => Ok(&[]),
        [Datum::Text(text)] => Ok(text.as_bytes()),
        [Datum::Bytes(bytes)] => Ok(bytes),
        _ => Err(Error::new(Kind::Usage, format!("`{name}` takes bytes or text, one argument at most"))),
    }
}

fn spent(guest: &Guest) -> Error {
    Error::new(Kind::Trap, "this instance failed in an earlier call, and cannot be called again").about(&guest.name)
}

impl Opened {
    async fn invoke(&mut self, plugin: &Plugin, index: usize, input: &[u8]) -> wasmtime::Result<i32> {
        self.store.data_mut().give(input)?;
        self.look_up(plugin, index)?;
        let Self { store, called, .. } = self;
        match called.get(index) {
            Some(Some(Export::Code(function))) => function.call_async(store, ()).await,
            Some(Some(Export::Nothing(function))) => function.call_async(store, ()).await.map(|()| 0),
            _ => Err(no_function("of this number").into()),
        }
    }

    /// Has the function among those that were called before.
    fn look_up(&mut self, plugin: &Plugin, index: usize) -> wasmtime::Result<()> {
        let Some(place @ None) = self.called.get_mut(index) else { return Ok(()) };
        let name = plugin.functions.get(index).map_or("", |function| function.name.as_str());
        let function = self.instance.get_func(&mut self.store, name).ok_or_else(|| no_function(name))?;
        *place = Some(match function.typed(&self.store) {
            Ok(code) => Export::Code(code),
            Err(_) => Export::Nothing(function.typed(&self.store)?),
        });
        Ok(())
    }

    /// What came of a call, and of the instance.
    fn outcome(&mut self, plugin: &Plugin, name: &str, called: wasmtime::Result<i32>) -> (Condition, Result<Vec<u8>>) {
        let shared = &plugin.shared;
        let error = self.store.data().kernel.error().map(said);
        let (condition, code) = match called {
            Ok(code) if name == PROGRAM => (Condition::Ended, code),
            Ok(code) => (Condition::Whole, code),
            Err(error) if let Some(code) = exited(&error) => (Condition::Ended, code),
            Err(trap) => {
                let trap = explain(&mut self.store, trap, shared.guest.trap_context(&shared.host));
                let trap = error.into_iter().fold(trap, |trap, said| trap.note(format!("it said: {said}")));
                return (Condition::Broken, Err(trap));
            }
        };
        let result = match (error, code) {
            (Some(said), _) => Err(Error::new(Kind::Failed, said)),
            (None, 0) => self.output(shared),
            (None, code) => {
                Err(Error::new(Kind::Failed, format!("`{name}` failed with the code {code}")).about(&shared.guest.name))
            }
        };
        (condition, result)
    }

    fn output(&self, shared: &Shared) -> Result<Vec<u8>> {
        let output = self.store.data().kernel.output();
        match shared.host.limits.max_output {
            Some(most) if output.len() as u64 > most => {
                let most = holm_grants::format_size(most);
                Err(Error::new(Kind::OutOfOutput, format!("its result has more bytes than its limit of {most}"))
                    .about(&shared.guest.name)
                    .note("--max-output sets the limit"))
            }
            _ => Ok(output.to_vec()),
        }
    }
}

/// Bytes of a plugin's error that are kept: it is for people.
const MOST_SAID: usize = 64 << 10;

fn said(error: &[u8]) -> String {
    String::from_utf8_lossy(error.get(..MOST_SAID).unwrap_or(error)).into_owned()
}
