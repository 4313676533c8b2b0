//! Guests that wasm-bindgen or wasm-pack built for JavaScript, without JavaScript.
//!
//! Functions over numbers, text and lists of numbers are called as the generated JavaScript would call them.
//! What a guest asks of JavaScript itself is refused by name when it is called, and not before: a guest that
//! imports `Date.now` computes all that does not need the date.
//!
//! Understood are the module that cargo makes, which describes its own types, and what wasm-bindgen makes of it for
//! its targets, with the `.d.ts` file beside it. Sources of the format: the crates wasm-bindgen (`convert`,
//! `describe`), wasm-bindgen-shared and wasm-bindgen-cli-support, 0.2.92 to 0.2.130.
//!
//! Left out: classes, enumerations, closures, 128-bit integers, lists of texts as arguments, promises, and
//! the `#[wasm_bindgen(start)]` function of a module that wasm-bindgen has not processed.

mod convention;
mod declared;
mod description;
mod dts;
mod exports;
mod find;
mod functions;
mod glue;
mod heap;
mod host;
mod intrinsic;
mod link;
mod memory;
mod number;
mod plan;
mod session;
mod state;
mod values;

use std::sync::Arc;

use holm_abi::{Abi, Certainty, Entry, Evidence, Guest, Host, Provision, Result};
use holm_engine::shape::{Export, ExternType, Form, Import, Shape};

use crate::exports::Plumbing;
use crate::functions::BindgenFunctions;
use crate::intrinsic::{intrinsic, is_javascript};

/// The ABI of guests that wasm-bindgen made for JavaScript.
#[derive(Clone, Copy, Debug, Default)]
pub struct Bindgen;

impl Abi for Bindgen {
    fn name(&self) -> &'static str {
        "bindgen"
    }

    /// By an import from one of wasm-bindgen's modules, or an export or custom section of its own.
    fn recognise(&self, shape: &Shape) -> Option<Evidence> {
        if shape.form != Form::Module {
            return None;
        }
        let imported = shape.imports.iter().find(|import| is_bindgens(import));
        let import = imported.map(|import| format!("imports `{}` from `{}`", import.name, import.module));
        let exported = || shape.exports.iter().find(|export| is_mark(export));
        let export = || exported().map(|export| format!("exports `{}`", export.name));
        let section = || shape.custom(SECTION).map(|_| format!("has a section `{SECTION}`"));
        let because = import.or_else(export).or_else(section)?;
        Some(Evidence::new(Certainty::Certain, because))
    }

    fn provides(&self, import: &Import) -> Provision {
        let ExternType::Func(signature) = &import.ty else { return Provision::Nothing };
        match intrinsic(&import.name, signature, None) {
            _ if !is_javascript(&import.module) => Provision::Nothing,
            Some(_) => Provision::Always,
            None => Provision::Refusal("it needs JavaScript"),
        }
    }

    fn load(&self, guest: &Guest, host: &Host) -> Result<Vec<Entry>> {
        let module = guest.code.module()?;
        let plumbing = Arc::new(Plumbing::of(&guest.shape, module));
        let glue = find::glue(guest);
        let pre = link::link(guest, module, glue.as_ref())?;
        let declared = match find::is_raw(guest) {
            true => Some(find::from_itself(guest, host, module, &plumbing)?).filter(|found| !found.is_empty()),
            false => find::from_files(guest, glue.as_deref()),
        };
        let functions = BindgenFunctions::new(guest, host, pre, plumbing, declared);
        Ok(vec![Entry::Functions(Arc::new(functions))])
    }
}

/// Where rustc's output carries what wasm-bindgen's program is to make of it.
const SECTION: &str = "__wasm_bindgen_unstable";

/// An import that nobody else has: other JavaScript toolchains import from files too.
fn is_bindgens(import: &Import) -> bool {
    let names = import.name.starts_with("__wbg_") || import.name.starts_with("__wbindgen_");
    names && is_javascript(&import.module)
}

fn is_mark(export: &Export) -> bool {
    let named = ["__wbindgen_malloc", "__wbindgen_add_to_stack_pointer", "__wbindgen_start", "__wbindgen_free"];
    named.contains(&export.name.as_str()) || export.name.starts_with("__wbindgen_describe_")
}
