//! The templates: what each is, and what comes after making one.

use holm_engine::Result;

use super::mistaken;
use super::name::Name;

/// One file of a template, with `{{name}}` where the package's name belongs.
pub(super) struct File {
    /// Inside the folder.
    pub(super) path: &'static str,
    pub(super) text: &'static str,
}

/// The files in templates/, by template.
static FILES: &[(&str, &[File])] = include!(concat!(env!("OUT_DIR"), "/templates.rs"));

/// Something to begin with.
#[derive(Debug)]
pub(super) struct Template {
    /// LANGUAGE-KIND, the folder in templates/.
    pub(super) name: &'static str,
    /// What it is, in one line.
    pub(super) about: &'static str,
    /// What installs the language's tools of this project, where it has such.
    setup: Option<&'static str>,
    /// What shows it at work once it is built.
    run: &'static str,
}

const NPM: Option<&str> = Some("npm install");
const PIP: Option<&str> = Some("pip install -r requirements.txt");
const SERVE: &str = "holm dev";
const COUNT: &str = "holm run {{name}}.wasm < README.md";
const WORDS: &str = "holm call {{name}}.wasm frequent 'to be or not to be' 2";

/// The most usual kind of each language comes first.
pub(super) static TEMPLATES: &[Template] = &[
    template("rust-http", "an HTTP handler in Rust", None, SERVE),
    template("rust-command", "a command-line program in Rust", None, COUNT),
    template("rust-library", "a library in Rust: a component with an interface of its own", None, WORDS),
    template(
        "rust-plugin",
        "a plugin in Rust, for a host that lends it functions",
        None,
        "holm call {{name}}.wasm apply \"$(cat README.md)\"",
    ),
    template("rust-app", "an app of two components: a handler in Rust calls a library in Python", PIP, SERVE),
    template("python-http", "an HTTP handler in Python", PIP, SERVE),
    template("python-command", "a command-line program in Python", PIP, COUNT),
    template("python-library", "a library in Python: a component with an interface of its own", PIP, WORDS),
    template("python-app", "an app of two components: a handler in Python calls a library in Rust", PIP, SERVE),
    template("js-http", "an HTTP handler in JavaScript", NPM, SERVE),
    template("js-command", "a command-line program in JavaScript", NPM, COUNT),
    template("js-library", "a library in JavaScript: a component with an interface of its own", NPM, WORDS),
    template("ts-http", "an HTTP handler in TypeScript", NPM, SERVE),
    template("ts-library", "a library in TypeScript: a component with an interface of its own", NPM, WORDS),
    template("go-http", "an HTTP handler in Go", None, SERVE),
    template("go-command", "a command-line program in Go", None, COUNT),
    template("go-library", "a library in Go: a component with an interface of its own", None, WORDS),
    template("c-command", "a command-line program in C", None, COUNT),
    template("c-library", "a library in C: a component with an interface of its own", None, WORDS),
    template(
        "as-plugin",
        "a plugin in AssemblyScript, for hosts of Extism's plugins",
        NPM,
        "holm call {{name}}.wasm greet Ada",
    ),
    template("as-library", "functions of numbers in AssemblyScript", NPM, "holm call {{name}}.wasm gcd 12 18"),
];

/// Longer names of languages.
const LANGUAGES: [(&str, &str); 4] =
    [("javascript", "js"), ("typescript", "ts"), ("assemblyscript", "as"), ("py", "python")];

const fn template(name: &'static str, about: &'static str, setup: Option<&'static str>, run: &'static str) -> Template {
    Template { name, about, setup, run }
}

impl Template {
    /// What it is written in.
    pub(super) fn language(&self) -> &'static str {
        self.name.split_once('-').map_or(self.name, |(language, _)| language)
    }

    /// What it is for.
    pub(super) fn kind(&self) -> &'static str {
        self.name.split_once('-').map_or("", |(_, kind)| kind)
    }

    pub(super) fn files(&self) -> &'static [File] {
        FILES.iter().find(|(name, _)| *name == self.name).map_or(&[], |(_, files)| files)
    }

    /// Two commands for a shell: what builds it, and what shows it at work.
    pub(super) fn next(&self, name: &Name<'_>) -> [String; 2] {
        let setup = self.setup.map_or(String::new(), |setup| format!(" && {setup}"));
        [format!("cd {}{setup} && holm build", name.folder()), name.put_into(self.run)]
    }
}

/// The template of this name, or the most usual one of this language.
///
/// # Errors
/// `Kind::Usage` where there is none, with the one that may have been meant.
pub(super) fn find(asked: &str) -> Result<&'static Template> {
    let lower = asked.to_ascii_lowercase();
    let (language, kind) =
        lower.split_once('-').map_or((lower.as_str(), None), |(language, kind)| (language, Some(kind)));
    let language = LANGUAGES.iter().find(|(long, _)| *long == language).map_or(language, |(_, short)| short);
    let mut of_language = TEMPLATES.iter().filter(|template| template.language() == language);
    let found = match kind {
        None => of_language.next(),
        Some(kind) => of_language.find(|template| template.kind() == kind),
    };
    found.ok_or_else(|| {
        let error = mistaken(format!("there is no template `{asked}`"));
        match nearest(&lower) {
            Some(name) => error.note(format!("did you mean {name}? `holm new` lists them all")),
            None => error.note("`holm new` lists them all"),
        }
    })
}

fn nearest(asked: &str) -> Option<&'static str> {
    let distance = |template: &Template| strsim::osa_distance(asked, template.name);
    let near = TEMPLATES.iter().min_by_key(|template| distance(template))?;
    (distance(near) <= 4).then_some(near.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_folder_of_templates_is_one_and_the_other_way_round() {
        let mut listed: Vec<&str> = TEMPLATES.iter().map(|template| template.name).collect();
        listed.sort_unstable();
        let folders: Vec<&str> = FILES.iter().map(|(name, _)| *name).collect();
        assert_eq!(listed, folders);
    }

    #[test]
    fn every_template_has_a_manifest_a_readme_and_a_gitignore() {
        for template in TEMPLATES {
            for path in ["holm.toml", "README.md", ".gitignore"] {
                assert!(template.files().iter().any(|file| file.path == path), "{} has no {path}", template.name);
            }
        }
    }

    #[test]
    fn no_placeholder_is_left() {
        let name = Name::parse("hello").expect("a name");
        for template in TEMPLATES {
            for file in template.files() {
                assert!(!name.put_into(file.text).contains("{{"), "{}/{}", template.name, file.path);
            }
        }
    }

    #[test]
    fn a_language_alone_is_its_most_usual_kind() {
        let name = |asked| find(asked).expect("a template").name;
        assert_eq!(
            ["rust", "Python", "javascript", "typescript-library", "assemblyscript", "c"].map(name),
            ["rust-http", "python-http", "js-http", "ts-library", "as-plugin", "c-command"]
        );
    }

    #[test]
    fn who_mistypes_a_name_is_told_the_nearest() {
        let hint = |asked| find(asked).expect_err("no template").notes().join(" ");
        assert!(hint("rust-htpp").contains("did you mean rust-http?"));
        assert!(hint("pyhton-library").contains("did you mean python-library?"));
        assert_eq!(hint("cobol-mainframe"), "`holm new` lists them all");
    }
}
