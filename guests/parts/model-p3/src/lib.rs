//! The component that a handler with WASI 0.3 uses, and that may try to reach more than it was granted.

#[path = "../../attempt_p3.rs"]
mod attempt_p3;

wit_bindgen::generate!({ path: "../wit", world: "model-p3", generate_all });

struct Model;

export!(Model);

impl exports::parts::kit::later::Guest for Model {
    async fn attempt(what: String) -> String {
        attempt_p3::attempt(what).await
    }
}
