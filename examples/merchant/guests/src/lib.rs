//! What scripts of merchants are written with: implement [`Guest`], and `export!` it.

/// What the binding generator makes of the world.
pub mod bindings {
    wit_bindgen::generate!({
        path: "../wit",
        world: "script",
        pub_export_macro: true,
        default_bindings_module: "merchant_script::bindings",
    });
}

pub use bindings::acme::merchant::checkout::{Cart, Discount, Item};
pub use bindings::{Guest, export};
