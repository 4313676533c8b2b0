//! `[build]`: how a guest's file is made.

use holm_manifest::{App, Build, Language};
use std::path::{Path, PathBuf};

fn parse(text: &str) -> Result<App, String> {
    App::parse(&format!("holm = 1\n{text}"), Path::new("/app/holm.toml")).map_err(|error| error.to_string())
}

#[test]
fn a_build_says_how_a_file_is_made() {
    let app = parse(
        "guest = \"model.wasm\"\n[build]\nlanguage = \"python\"\nfolder = \"model\"\nwit = \"../wit\"\nworld = \"model\"\n\
         source = \"main.py\"",
    );
    let build = Build {
        language: Some(Language::Python),
        folder: Some("/app/model".into()),
        wit: Some("../wit".into()),
        world: Some("model".into()),
        source: Some("main.py".into()),
        command: None,
        watch: Vec::new(),
    };
    assert_eq!(app.unwrap().guests[0].build, Some(build));
}

#[test]
fn every_guest_has_a_build_of_its_own() {
    let app = parse(
        "[guest.web]\nfile = \"web.wasm\"\n[guest.web.build]\nfolder = \"web\"\n[guest.old]\nfile = \"old.wasm\"\n\
         [guest.c]\nfile = \"c.wasm\"\nbuild = { command = \"make\" }",
    )
    .unwrap();
    let builds = app.guests.into_iter().map(|guest| guest.build).collect::<Vec<_>>();
    let [Some(c), None, Some(web)] = &builds[..] else { panic!("{builds:?}") };
    assert_eq!(c.command.as_deref(), Some("make"));
    assert_eq!(web.folder, Some(PathBuf::from("/app/web")));
}

#[test]
fn what_is_no_build_says_why() {
    for (text, why) in [
        (
            "[build]\nlanguage = \"cobol\"",
            "holm.toml:3:12: `cobol` is not a language that Holm builds: they are rust, python, javascript, typescript, go, \
             c, assemblyscript; with any other, `command` says what makes the file (example: `rust`)",
        ),
        (
            "[build]\nlanguage = \"c\"\ncommand = \"make\"",
            "holm.toml:3:12: a build has a `language` or a `command`, not both; leave one out",
        ),
        ("[build]\nfolder = \"\"", "holm.toml:3:10: `folder` is empty; give it a value, or leave the key out"),
        ("[build]\nlang = \"c\"", "holm.toml:3:1: unknown key `lang` in [build]; the keys are language, folder, wit"),
        ("world = \"a\"", "holm.toml:2:1: unknown key `world`; it belongs in [build]"),
        (
            "[guest.a]\nfile = \"a.wasm\"\nworld = \"a\"",
            "holm.toml:4:1: unknown key `world` in [guest.a]; it belongs in [guest.a.build]",
        ),
        (
            "[guest.a]\nfile = \"a.wasm\"\n[build]\n",
            "holm.toml:4:2: `build` is for a single guest; with [guest.NAME] tables, write it in one of them",
        ),
        (
            "upstream = \"http://127.0.0.1:1\"\n[build]\n",
            "holm.toml:3:2: an upstream runs no guest that `build` could be for",
        ),
    ] {
        let error = parse(text).unwrap_err();
        assert!(error.contains(why), "{text}: {error}");
    }
}

#[test]
fn a_component_has_a_build_of_its_own() {
    let app = parse(
        "guest = \"web.wasm\"\n[components.model]\nfile = \"model.wasm\"\n[components.model.build]\nfolder = \"model\"\n\
         [components.old]\nfile = \"old.wasm\"",
    )
    .unwrap();
    let builds: Vec<_> = app.guests[0].components.iter().map(|component| component.build.clone()).collect();
    assert_eq!(builds, [Some(Build { folder: Some("/app/model".into()), ..Build::default() }), None]);
    let error = parse("guest = \"a\"\n[components.m]\nfile = \"m\"\nworld = \"m\"").unwrap_err();
    assert!(error.contains("it belongs in [components.m.build]"), "{error}");
}
