//! Whatever the manifest says makes the file.

use super::Product;
use crate::error::BuildError;
use crate::job::Job;
use crate::tool::{Tool, missing, on_path};

pub(super) fn make(job: &Job<'_>) -> Result<Product, BuildError> {
    let line = job.project.build.command.as_deref().unwrap_or_default();
    let shell = on_path("sh").ok_or_else(|| missing("sh", "a `command` in [build]", "apt install dash"))?;
    let shell = Tool::new(shell).called(&format!("`{line}`"));
    job.step(line);
    let before = crate::inputs::Stamp::of(&job.project.output);
    let mut command = shell.command(&job.folder);
    command.arg("-c").arg(line);
    job.run(&shell, command)?;
    if before.is_none() && !job.project.output.is_file() {
        return Err(BuildError::project(
            format!("{} succeeded, but there is no {}", shell.name, job.project.output.display()),
            "the command has to make the file that the manifest names; it is run in `folder`",
        ));
    }
    Ok(Product::default())
}
