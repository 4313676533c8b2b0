//! What commands of the editor are written with: implement [`Guest`], and `export!` it.

/// What the binding generator makes of the world.
pub mod bindings {
    wit_bindgen::generate!({
        path: "../wit",
        world: "command",
        pub_export_macro: true,
        default_bindings_module: "editor_command::bindings",
    });
}

pub use bindings::acme::editor::buffer;
pub use bindings::{Guest, export};
