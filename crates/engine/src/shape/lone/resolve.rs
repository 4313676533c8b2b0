//! Follows each import of the core module to what it is.

use std::collections::HashMap;

use wasmparser::{ComponentExternalKind, ComponentInstance, ExternalKind, Instance, Parser, Payload, TypeRef};

use super::adapter::Adapter;
use super::glue::{self, Shim};
use super::space::{ComponentInstanceOf, CoreFunction, Function, Of, Options, Space, Type};
use super::{CoreExport, CoreImport, LoneCore, Target};

/// The lone core of the component in `file`, which defines what is in `space`.
pub(super) fn resolve(file: &[u8], space: &Space<'_>) -> Option<LoneCore> {
    let mut exports = Vec::new();
    for (interface, instance) in &space.exports {
        exports.extend(space.functions_of(*instance)?.into_iter().map(|(name, lifted)| (*interface, name, lifted)));
    }
    let (_, _, (core, _)) = exports.first()?;
    let main = space.core_export(*core)?.instance;
    let mut wiring = Wiring { file, space, main, glue: None, adapter: None, options: Options::default() };
    wiring.glue = wiring.find_glue()?;
    wiring.adapter = match wiring.glue.as_ref().and_then(|glue| glue.adapter) {
        Some(instance) => Some(wiring.adapter(instance)?),
        None => None,
    };
    let imports = wiring.imports()?;
    let exports = exports.into_iter().map(|(interface, name, lifted)| wiring.export(interface, name, lifted));
    let exports = exports.collect::<Option<Vec<_>>>()?;
    Some(LoneCore {
        module: space.module_of(main)?,
        imports,
        exports,
        memory: wiring.options.memory.and_then(|memory| wiring.of_main(space.core_memories.get(memory as usize)?)),
        realloc: wiring.options.realloc.and_then(|function| wiring.of_main(&space.core_export(function)?)),
    })
}

/// A lifted core function and its options.
type Lifted = (u32, Options);

impl<'a> Space<'a> {
    /// The functions of a component instance that this component makes.
    fn functions_of(&self, instance: u32) -> Option<Vec<(&'a str, Lifted)>> {
        match self.instances.get(instance as usize)? {
            ComponentInstanceOf::Made(ComponentInstance::FromExports(exports)) => {
                let functions = exports.iter().filter(|export| export.kind == ComponentExternalKind::Func);
                functions.map(|export| Some((export.name.name, self.lifted(export.index)?))).collect()
            }
            ComponentInstanceOf::Made(ComponentInstance::Instantiate { component_index, args }) => {
                let inner = self.components.get(*component_index as usize)?;
                let function = |export| {
                    let import = inner.import_behind(export)?;
                    let given = |arg: &&wasmparser::ComponentInstantiationArg<'_>| {
                        arg.kind == ComponentExternalKind::Func && arg.name == import
                    };
                    Some((export, self.lifted(args.iter().find(given)?.index)?))
                };
                inner.exports().map(function).collect()
            }
            ComponentInstanceOf::Same(same) if *same < instance => self.functions_of(*same),
            _ => None,
        }
    }

    fn lifted(&self, function: u32) -> Option<Lifted> {
        match self.functions.get(function as usize)? {
            Function::Lift { core, options } => Some((*core, *options)),
            Function::Export(_) => None,
        }
    }

    /// A core function that is the export of an instance.
    pub(super) fn core_export(&self, function: u32) -> Option<Of<'a>> {
        match self.core_functions.get(function as usize)? {
            CoreFunction::Export(of) => Some(*of),
            _ => None,
        }
    }

    fn core_instance(&self, instance: u32) -> Option<&Instance<'a>> {
        self.core_instances.get(instance as usize)
    }

    /// The module that a core instance is made of, and what it is given.
    pub(super) fn instantiated(&self, instance: u32) -> Option<(u32, HashMap<&'a str, u32>)> {
        match self.core_instance(instance)? {
            Instance::Instantiate { module_index, args } => {
                Some((*module_index, args.iter().map(|arg| (arg.name, arg.index)).collect()))
            }
            Instance::FromExports(_) => None,
        }
    }

    fn module_of(&self, instance: u32) -> Option<std::ops::Range<usize>> {
        let (module, _) = self.instantiated(instance)?;
        self.modules.get(module as usize).cloned()
    }

    /// What a core instance that is only a list of exports has under this name.
    pub(super) fn listed(&self, instance: u32, name: &str, kind: ExternalKind) -> Option<u32> {
        match self.core_instance(instance)? {
            Instance::FromExports(exports) => {
                let export = exports.iter().find(|export| export.name == name && export.kind == kind)?;
                Some(export.index)
            }
            Instance::Instantiate { .. } => None,
        }
    }

    /// The name of an imported instance.
    pub(super) fn imported(&self, instance: u32) -> Option<&'a str> {
        match self.instances.get(instance as usize)? {
            ComponentInstanceOf::Import(name) => Some(name),
            _ => None,
        }
    }

    /// The interface and name of a function or type that is the export of an imported instance.
    fn of_import(&self, of: &Of<'a>) -> Option<(String, String)> {
        Some((self.imported(of.instance)?.to_owned(), of.name.to_owned()))
    }
}

/// The shim, and the core function in each slot of its table.
struct Glue<'a> {
    instance: u32,
    shim: Shim<'a>,
    slots: HashMap<u32, u32>,
    /// The one other module that is instantiated, between the two.
    adapter: Option<u32>,
}

pub(super) struct Wiring<'s, 'a> {
    file: &'a [u8],
    pub(super) space: &'s Space<'a>,
    /// The core instance of the program's own module.
    main: u32,
    glue: Option<Glue<'a>>,
    pub(super) adapter: Option<Adapter<'a>>,
    /// What all lowered functions have in common.
    options: Options,
}

impl<'a> Wiring<'_, 'a> {
    pub(super) fn bytes_of(&self, instance: u32) -> Option<&'a [u8]> {
        self.file.get(self.space.module_of(instance)?)
    }

    /// The shim and the fixup, which is all that may be instantiated beside the program's own module and an adapter.
    /// `Some(None)` where there is neither.
    fn find_glue(&self) -> Option<Option<Glue<'a>>> {
        let others = self.space.core_instances.iter().zip(0..);
        let others = others.filter(|(made, _)| matches!(made, Instance::Instantiate { .. })).map(|(_, index)| index);
        let others: Vec<u32> = others.filter(|index| *index != self.main).collect();
        let (shim_instance, adapter, fixup_instance) = match *others.as_slice() {
            [] => return Some(None),
            [shim, fixup] => (shim, None, fixup),
            [shim, adapter, fixup] => (shim, Some(adapter), fixup),
            _ => return None,
        };
        let (_, nothing) = self.space.instantiated(shim_instance)?;
        let shim = glue::shim(self.bytes_of(shim_instance)?)?;
        let fixup = glue::fixup(self.bytes_of(fixup_instance)?)?;
        let (_, given) = self.space.instantiated(fixup_instance)?;
        let (module, table) = fixup.table;
        if !nothing.is_empty() || !self.is_table(*given.get(module)?, table, shim_instance, shim.table) {
            return None;
        }
        let function = |(slot, (module, name)): (&u32, &(&str, &str))| {
            Some((*slot, self.space.listed(*given.get(module)?, name, ExternalKind::Func)?))
        };
        let slots = fixup.slots.iter().map(function).collect::<Option<_>>()?;
        Some(Some(Glue { instance: shim_instance, shim, slots, adapter }))
    }

    /// Whether what `instance` has as `name` is the table that `shim` exports as `table`.
    fn is_table(&self, instance: u32, name: &str, shim: u32, table: &str) -> bool {
        if instance == shim {
            return name == table;
        }
        let listed = self.space.listed(instance, name, ExternalKind::Table);
        let of = listed.and_then(|index| self.space.core_tables.get(index as usize));
        of.is_some_and(|of| of.instance == shim && of.name == table)
    }

    /// What the module imports, in its order.
    fn imports(&mut self) -> Option<Vec<CoreImport>> {
        let (_, given) = self.space.instantiated(self.main)?;
        let mut imports = Vec::new();
        for payload in Parser::new(0).parse_all(self.bytes_of(self.main)?) {
            let Payload::ImportSection(section) = payload.ok()? else { continue };
            for import in section.into_imports() {
                let import = import.ok()?;
                let TypeRef::Func(_) = import.ty else { return None };
                let function = self.import(*given.get(import.module)?, import.name)?;
                let target = match self.adapted(function, import.module, import.name) {
                    Some(target) => target,
                    None => self.target(function)?,
                };
                imports.push(CoreImport { module: import.module.to_owned(), name: import.name.to_owned(), target });
            }
            break;
        }
        Some(imports)
    }

    /// The core function that an instance given to the program has under this name.
    pub(super) fn import(&self, instance: u32, name: &str) -> Option<u32> {
        let function = self.space.listed(instance, name, ExternalKind::Func)?;
        match self.space.core_functions.get(function as usize)? {
            CoreFunction::Export(of) => match self.glue.as_ref().filter(|glue| glue.instance == of.instance) {
                Some(glue) => glue.slots.get(glue.shim.slots.get(of.name)?).copied(),
                None => Some(function),
            },
            _ => Some(function),
        }
    }

    fn target(&mut self, function: u32) -> Option<Target> {
        match self.space.core_functions.get(function as usize)? {
            CoreFunction::Lower { function, options } => {
                self.same_options(*options)?;
                let Function::Export(of) = self.space.functions.get(*function as usize)? else { return None };
                let (interface, name) = self.space.of_import(of)?;
                Some(Target::Func { interface, name })
            }
            CoreFunction::Drop { resource } => {
                let Type::Export(of) = self.space.types.get(*resource as usize)? else { return None };
                let (interface, resource) = self.space.of_import(of)?;
                Some(Target::Drop { interface, resource })
            }
            CoreFunction::Export(_) => None,
        }
    }

    /// All functions cross through one memory and one allocator, which are the module's.
    fn same_options(&mut self, options: Options) -> Option<()> {
        if let Some(memory) = options.memory {
            let of = self.space.core_memories.get(memory as usize)?;
            self.of_main(of)?;
            let known = self.options.memory.get_or_insert(memory);
            if self.space.core_memories.get(*known as usize)?.name != of.name {
                return None;
            }
        }
        if let Some(realloc) = options.realloc {
            let of = self.space.core_export(realloc)?;
            self.of_main(&of)?;
            let known = *self.options.realloc.get_or_insert(realloc);
            if self.space.core_export(known)?.name != of.name {
                return None;
            }
        }
        Some(())
    }

    /// The name of what must be an export of the program's own module.
    pub(super) fn of_main(&self, of: &Of<'_>) -> Option<String> {
        (of.instance == self.main).then(|| of.name.to_owned())
    }

    fn export(&mut self, interface: &str, name: &str, (core, options): Lifted) -> Option<CoreExport> {
        self.same_options(options)?;
        let post_return = match options.post_return {
            Some(function) => Some(self.of_main(&self.space.core_export(function)?)?),
            None => None,
        };
        let core = self.of_main(&self.space.core_export(core)?)?;
        Some(CoreExport { interface: interface.to_owned(), name: name.to_owned(), core, post_return })
    }
}
