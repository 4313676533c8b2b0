//! A plugin that greets, and tells its host's log of it.

wit_bindgen::generate!({ path: "wit", world: "greeter" });

struct Greeter;
export!(Greeter);

impl Guest for Greeter {
    fn greet(name: String) -> String {
        acme::greet::log::write(&format!("greeting {name}"));
        format!("Hello, {name}!")
    }
}
