//! AssemblyScript, by asc. It makes core modules; with WIT whose functions take and return numbers, components.

use super::Product;
use crate::error::BuildError;
use crate::job::Job;
use crate::tool::{Tool, missing, of_project};
use crate::wit;

pub(super) fn make(job: &Job<'_>) -> Result<Product, BuildError> {
    let asc = of_project(&job.folder, "node_modules/.bin", "asc").map(Tool::new);
    let asc =
        asc.ok_or_else(|| missing("asc", "a guest in AssemblyScript", "npm install --save-dev assemblyscript"))?;
    let source = job.source(&["assembly/index.ts", "app.ts", "index.ts"])?;
    let made = job.at("made.wasm");
    let mut command = asc.command(&job.folder);
    command.arg(&source).arg("--outFile").arg(&made);
    match (job.folder.join("asconfig.json").is_file(), job.how.release) {
        (true, release) => {
            command.args(["--target", if release { "release" } else { "debug" }]);
        }
        (false, true) => {
            command.args(["--optimize", "--runtime", "stub"]);
        }
        (false, false) => {
            command.args(["--debug", "--runtime", "stub"]);
        }
    }
    job.step("asc");
    job.run(&asc, command)?;
    let wit = wit::prepare(job)?;
    Ok(Product { wit, ..Product::of(made, &[&asc]) })
}
