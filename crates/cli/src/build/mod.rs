//! `holm build`

pub(crate) mod projects;
#[cfg(feature = "compose")]
mod whole;

use std::io::{IsTerminal as _, Write as _};
use std::time::Duration;

use anstyle::Style;
use holm_build::{BuildError, Built, How, Project};
use holm_engine::{Error, Kind, Result};
use serde_json::{Value, json};

use crate::args::Build;
use crate::output;

const DIM: Style = Style::new().dimmed();

/// Builds everything that a folder or manifest names, and returns the exit code: that of the first that failed.
pub(crate) fn build(args: Build) -> Result<i32> {
    let found = projects::of(&args.folder)?;
    let projects = &found.projects;
    if projects.is_empty() && !args.json {
        output::note("no component has a build command; [component.NAME.build] with a `command` is one");
    }
    let (mut code, mut results) = (0, Vec::new());
    for project in projects {
        match one(project, &args) {
            Ok(built) => {
                results.push(as_json(project, &built));
                if !args.json {
                    output::print(&said(&built))?;
                }
            }
            Err(error) => {
                results.push(json!({
                    "name": project.name, "output": project.output, "error": error.to_string(), "hint": error.hint(),
                }));
                let error = told(project, &error, projects.len());
                output::report(&error);
                code = if code == 0 { error.kind().exit_code() } else { code };
            }
        }
    }
    #[cfg(feature = "compose")]
    if let Some(file) = args.output.as_deref().filter(|_| code == 0) {
        results.push(whole::compose(&found, file, args.json)?);
    }
    if args.json {
        output::print_json(&results)?;
    }
    Ok(code)
}

fn one(project: &Project, args: &Build) -> std::result::Result<Built, BuildError> {
    let step = |step: &str| show_step(&project.name, step);
    let (release, force) = (!args.debug, args.force);
    let how = How { release, force, on_step: Some(&step), ..How::default() };
    holm_build::build(project, &how)
}

/// A word about what is going on, for who watches.
pub(crate) fn show_step(name: &str, step: &str) {
    if std::io::stderr().is_terminal() {
        let _ = writeln!(anstream::stderr(), "{DIM}{}: {}{DIM:#}", output::printable(name), output::printable(step));
    }
}

/// One line about what is there now.
pub(crate) fn said(built: &Built) -> String {
    let (file, size) = (built.output.display(), output::human_size(built.size));
    match built.unchanged {
        true => format!("{file}: {size}, nothing has changed\n"),
        false => format!("{file}: {size} from {} in {}\n", built.maker, duration(built.took)),
    }
}

/// `0.25 s`, `12.3 s`: no more digits than anybody asks for.
pub(crate) fn duration(took: Duration) -> String {
    match took.as_secs_f64() {
        seconds if seconds < 1.0 => format!("{seconds:.2} s"),
        seconds => format!("{seconds:.1} s"),
    }
}

fn as_json(project: &Project, built: &Built) -> Value {
    json!({
        "name": project.name,
        "output": built.output,
        "bytes": built.size,
        "from": built.maker,
        "seconds": built.took.as_secs_f64(),
        "unchanged": built.unchanged,
    })
}

/// An error in the words that all of Holm's are told in, with the project's name where there are several.
pub(crate) fn told(project: &Project, error: &BuildError, projects: usize) -> Error {
    let kind = match error {
        BuildError::Failed { .. } => Kind::Failed,
        BuildError::MissingTool { .. } => Kind::NotFound,
        BuildError::Component { .. } => Kind::Invalid,
        BuildError::Io { .. } => Kind::Io,
        BuildError::Cancelled => Kind::Cancelled,
        _ => Kind::Usage,
    };
    let message = match projects {
        1 => error.to_string(),
        _ => format!("{}: {error}", project.name),
    };
    let told = Error::new(kind, message);
    match error.hint() {
        Some(hint) => told.note(hint),
        None => told,
    }
}
