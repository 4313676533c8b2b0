//! The two modules that tools put beside a program's own: whether some module is exactly one of them.

use std::collections::HashMap;

use wasmparser::{
    CompositeInnerType, ConstExpr, Element, ElementItems, ElementKind, ExternalKind, FuncType, FunctionBody, Operator,
    Parser, Payload, TypeRef,
};

/// A module whose every function calls the function in its own slot of one table, with its own arguments.
pub(super) struct Shim<'a> {
    /// The slot of each exported function.
    pub(super) slots: HashMap<&'a str, u32>,
    /// The name the table is exported under.
    pub(super) table: &'a str,
}

/// A module that puts functions it imports into a table it imports, and does nothing else.
pub(super) struct Fixup<'a> {
    /// The table, by module and name.
    pub(super) table: (&'a str, &'a str),
    /// The imported function that each slot is filled with, by module and name.
    pub(super) slots: HashMap<u32, (&'a str, &'a str)>,
}

/// `None` for any other module.
pub(super) fn shim<'a>(module: &'a [u8]) -> Option<Shim<'a>> {
    let mut types = Vec::new();
    let mut functions: Vec<u32> = Vec::new();
    let mut exported: Vec<(&str, u32)> = Vec::new();
    let mut slots: Vec<u32> = Vec::new();
    let (mut tables, mut table) = (0, None);
    for payload in Parser::new(0).parse_all(module) {
        match payload.ok()? {
            Payload::TypeSection(section) => {
                for group in section {
                    types.extend(group.ok()?.into_types().map(|ty| ty.composite_type.inner));
                }
            }
            Payload::FunctionSection(section) => {
                for ty in section {
                    functions.push(ty.ok()?);
                }
            }
            Payload::TableSection(section) => tables += section.count(),
            Payload::ExportSection(section) => {
                for export in section {
                    let export = export.ok()?;
                    match export.kind {
                        ExternalKind::Func => exported.push((export.name, export.index)),
                        ExternalKind::Table => table = Some(export.name),
                        _ => return None,
                    }
                }
            }
            Payload::CodeSectionEntry(body) => {
                let ty = *functions.get(slots.len())?;
                slots.push(slot_called(&body, ty, function_type(&types, ty)?)?);
            }
            Payload::CodeSectionStart { .. }
            | Payload::Version { .. }
            | Payload::CustomSection(_)
            | Payload::End(_) => {}
            _ => return None,
        }
    }
    let slot = |(name, index): &(&'a str, u32)| Some((*name, *slots.get(*index as usize)?));
    let slots = exported.iter().map(slot).collect::<Option<_>>()?;
    (tables == 1).then_some(Shim { slots, table: table? })
}

fn function_type(types: &[CompositeInnerType], index: u32) -> Option<&FuncType> {
    match types.get(index as usize)? {
        CompositeInnerType::Func(ty) => Some(ty),
        _ => None,
    }
}

/// The slot of the only table that a function of type number `index` calls with its own arguments, if that is all it
/// does.
fn slot_called(body: &FunctionBody<'_>, index: u32, ty: &FuncType) -> Option<u32> {
    if body.get_locals_reader().ok()?.get_count() != 0 {
        return None;
    }
    let mut operators = body.get_operators_reader().ok()?;
    for argument in 0..ty.params().len() as u32 {
        match operators.read().ok()? {
            Operator::LocalGet { local_index } if local_index == argument => {}
            _ => return None,
        }
    }
    let Operator::I32Const { value } = operators.read().ok()? else { return None };
    match (operators.read().ok()?, operators.read().ok()?) {
        (Operator::CallIndirect { type_index, table_index: 0 }, Operator::End) if type_index == index => {}
        _ => return None,
    }
    operators.eof().then_some(u32::try_from(value).ok()?)
}

/// `None` for any other module.
pub(super) fn fixup(module: &[u8]) -> Option<Fixup<'_>> {
    let mut functions = Vec::new();
    let (mut table, mut slots) = (None, HashMap::new());
    for payload in Parser::new(0).parse_all(module) {
        match payload.ok()? {
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    let import = import.ok()?;
                    let from = (import.module, import.name);
                    match import.ty {
                        TypeRef::Func(_) => functions.push(from),
                        TypeRef::Table(_) if table.is_none() => table = Some(from),
                        _ => return None,
                    }
                }
            }
            Payload::ElementSection(section) => {
                for element in section {
                    fill(&mut slots, &functions, element.ok()?)?;
                }
            }
            Payload::TypeSection(_) | Payload::Version { .. } | Payload::CustomSection(_) | Payload::End(_) => {}
            _ => return None,
        }
    }
    Some(Fixup { table: table?, slots })
}

/// Puts the functions of one segment into their slots.
fn fill<'a>(
    slots: &mut HashMap<u32, (&'a str, &'a str)>,
    functions: &[(&'a str, &'a str)],
    element: Element<'_>,
) -> Option<()> {
    let ElementKind::Active { table_index: None | Some(0), offset_expr } = element.kind else { return None };
    let ElementItems::Functions(items) = element.items else { return None };
    let offset = constant(&offset_expr)?;
    for (number, function) in items.into_iter().enumerate() {
        let slot = offset.checked_add(u32::try_from(number).ok()?)?;
        slots.insert(slot, *functions.get(function.ok()? as usize)?);
    }
    Some(())
}

fn constant(expression: &ConstExpr<'_>) -> Option<u32> {
    let mut operators = expression.get_operators_reader();
    match (operators.read().ok()?, operators.read().ok()?) {
        (Operator::I32Const { value }, Operator::End) => u32::try_from(value).ok(),
        _ => None,
    }
}
