//! `holm new`

mod catalogue;
mod name;
mod place;

use std::path::Path;

use holm_engine::{Error, Kind, Result};
use serde_json::{Value as Json, json};

use crate::args;
use crate::output;
use catalogue::{TEMPLATES, Template};

/// Makes a folder from a template, or lists the templates.
pub(crate) fn new(args: args::New) -> Result<i32> {
    match (args.template, args.name) {
        (Some(template), Some(name)) => make(&template, &name, args.json)?,
        _ => list(args.json)?,
    }
    Ok(0)
}

fn list(json: bool) -> Result<()> {
    if json {
        return output::print_json(&TEMPLATES.iter().map(describe).collect::<Vec<Json>>());
    }
    let lines = TEMPLATES.iter().map(|template| format!("{:<16} {}\n", template.name, template.about));
    output::print(&lines.chain(["\nholm new TEMPLATE NAME makes the folder NAME.\n".to_owned()]).collect::<String>())
}

fn describe(template: &Template) -> Json {
    json!({
        "name": template.name,
        "language": template.language(),
        "kind": template.kind(),
        "about": template.about,
    })
}

fn make(template: &str, name: &str, json: bool) -> Result<()> {
    let template = catalogue::find(template)?;
    let name = name::Name::parse(name)?;
    let files: Vec<(&str, String)> =
        template.files().iter().map(|file| (file.path, name.put_into(file.text))).collect();
    place::write(Path::new(name.folder()), &files)?;
    let commands = template.next(&name);
    if json {
        let paths: Vec<&str> = files.iter().map(|(path, _)| *path).collect();
        return output::print_json(
            &json!({ "template": template.name, "folder": name.folder(), "files": paths, "next": commands }),
        );
    }
    let next: String = commands.iter().map(|command| format!("    {command}\n")).collect();
    output::print(&format!("{}/: {}\n\nNext:\n{next}", name.folder(), template.about))
}

/// A mistake in what was said on the command line.
fn mistaken(message: String) -> Error {
    Error::new(Kind::Usage, message)
}
