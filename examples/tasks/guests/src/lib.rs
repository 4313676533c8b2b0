//! Writes letters to customers, by the template in `/templates` if it may read that.

wit_bindgen::generate!({ path: "../wit", world: "worker" });

use acme::tasks::store;

/// Where its manifest asks for a directory.
const TEMPLATE: &str = "/templates/letter.txt";

struct Letters;
export!(Letters);

impl Guest for Letters {
    fn handle(task: Task) -> Result<String, String> {
        let known = |what: &str| {
            let key = format!("{}/{what}", task.customer);
            store::lookup(&key).ok_or_else(|| format!("task {}: nobody knows {key}", task.id))
        };
        let (name, city) = (known("name")?, known("city")?);
        // What is not granted is not there, and a plugin that can do without does.
        let template = std::fs::read_to_string(TEMPLATE).unwrap_or_else(|_| "To {name}.".into());
        Ok(template.trim_end().replace("{name}", &name).replace("{city}", &city))
    }
}
