//! JavaScript and TypeScript, by componentize-js, which puts SpiderMonkey and the sources into one component.

use super::Product;
use crate::error::BuildError;
use crate::job::Job;
use crate::tool::{Tool, missing, of_project};
use crate::wit::{self, Wit};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

const BIN: &str = "node_modules/.bin";

pub(super) fn make(job: &Job<'_>, typed: bool) -> Result<Product, BuildError> {
    let language = if typed { "TypeScript" } else { "JavaScript" };
    let wit = wit::required(job, language)?;
    let tool = tool(job, language)?;
    let source = match typed {
        true => job.source(&["app.ts", "index.ts", "src/app.ts", "src/index.ts"])?,
        false => job.source(&["app.js", "index.js", "app.mjs", "src/app.js", "src/index.js"])?,
    };
    let (source, bundler) = bundled(job, &wit, &source, typed)?;
    let made = job.at("made.wasm");
    let mut command = tool.command(&job.folder);
    command.arg(&source).arg("--wit").arg(&wit.dir).args(["-n", &wit.world]).arg("-o").arg(&made);
    for feature in left_out(&wit) {
        command.args(["-d", feature]);
    }
    job.step("componentize-js");
    job.run(&tool, command)?;
    let tools: Vec<&Tool> = [Some(&tool), bundler.as_ref()].into_iter().flatten().collect();
    let mut product = Product::of(made, &tools);
    // npm writes it whenever it installs or removes something.
    let installed = job.folder.ancestors().map(|folder| folder.join("node_modules/.package-lock.json"));
    installed.filter(|file| file.is_file()).for_each(|file| product.elsewhere.note(&file));
    Ok(product)
}

fn tool(job: &Job<'_>, language: &str) -> Result<Tool, BuildError> {
    let of = |name| of_project(&job.folder, BIN, name);
    let own = of("componentize-js").map(Tool::new);
    own.or_else(|| Some(Tool::new(of("jco")?).with(&["componentize"]))).ok_or_else(|| {
        missing(
            "componentize-js",
            format!("a guest in {language}"),
            "npm install --save-dev @bytecodealliance/componentize-js",
        )
    })
}

/// What the engine would import although the world has no use for it.
fn left_out(wit: &Wit) -> Vec<&'static str> {
    let serves = wit.has("wasi:http/incoming-handler");
    let http = serves || wit.has("wasi:http/outgoing-handler");
    [("http", http), ("fetch-event", serves)].into_iter().filter(|(_, has)| !has).map(|(name, _)| name).collect()
}

/// One file of JavaScript with all that it imports: by esbuild, or by tsc where a single file has types. Without either,
/// JavaScript is taken as it is.
fn bundled(job: &Job<'_>, wit: &Wit, source: &Path, typed: bool) -> Result<(PathBuf, Option<Tool>), BuildError> {
    let of = |name| of_project(&job.folder, BIN, name).map(Tool::new);
    if let Some(esbuild) = of("esbuild") {
        let bundle = job.at("bundle.js");
        let mut command = esbuild.command(&job.folder);
        command.arg(source).args(["--bundle", "--format=esm", "--platform=neutral", "--main-fields=module,main"]);
        command.arg("--log-level=warning").arg(format!("--outfile={}", bundle.display()));
        let packages: BTreeSet<String> =
            wit.imports().filter_map(|name| Some(name.split_once('/')?.0.to_owned())).collect();
        command.args(packages.iter().map(|package| format!("--external:{package}/*")));
        job.step("esbuild");
        job.run(&esbuild, command)?;
        return Ok((bundle, Some(esbuild)));
    }
    if !typed {
        return Ok((source.to_owned(), None));
    }
    let tsc = of("tsc").ok_or_else(|| missing("esbuild", "a guest in TypeScript", "npm install --save-dev esbuild"))?;
    let folder = job.at("typed");
    let mut command = tsc.command(&job.folder);
    command.arg(source).args(["--target", "es2022", "--module", "es2022", "--moduleResolution", "bundler", "--outDir"]);
    command.arg(&folder);
    job.step("tsc");
    job.run(&tsc, command)?;
    Ok((folder.join(source.with_extension("js").file_name().unwrap_or_default()), Some(tsc)))
}
