//! The types of a component's functions, looked up in its WIT.
//!
//! The text is what our own printer made, one declaration a line, so it is read line by line. A second decoder
//! in this process would be exposed to the guest, which is what the child process is there to avoid.

use std::collections::HashMap;

/// Types by where they are: `wasi:cli/run@0.2.6#run`, or `export greet` for a function of the world itself.
#[derive(Default)]
pub(super) struct Types(HashMap<String, String>);

impl Types {
    /// Reads WIT as `shape::wit` prints it.
    pub(super) fn read(wit: &str) -> Types {
        let mut reader = Reader::default();
        for line in wit.lines().map(str::trim) {
            reader.line(line);
        }
        Types(reader.found)
    }

    /// The type of an item of an interface.
    pub(super) fn member(&self, interface: &str, item: &str) -> Option<&str> {
        self.0.get(&format!("{interface}#{item}")).map(String::as_str)
    }

    /// The type of a function that the component itself exports.
    pub(super) fn export(&self, name: &str) -> Option<&str> {
        self.0.get(&format!("export {name}")).map(String::as_str)
    }

    /// The type of a function that the component itself imports.
    pub(super) fn import(&self, name: &str) -> Option<&str> {
        self.0.get(&format!("import {name}")).map(String::as_str)
    }
}

/// A pair of braces the reader is inside of.
enum Block {
    /// With its version: `wasi:cli@0.2.6`.
    Package(String),
    World,
    /// By the name that imports and exports have for it.
    Interface(String),
    Resource {
        interface: String,
        name: String,
    },
    Other,
}

#[derive(Default)]
struct Reader {
    blocks: Vec<Block>,
    found: HashMap<String, String>,
}

impl Reader {
    fn line(&mut self, line: &str) {
        if line.starts_with("//") || line.starts_with('@') {
            return;
        }
        if line == "}" {
            self.blocks.pop();
        } else if let Some(head) = line.strip_suffix('{') {
            let block = self.block(head.trim_end());
            self.blocks.push(block);
        } else if let Some(declaration) = line.strip_suffix(';') {
            self.declaration(declaration);
        }
    }

    fn block(&mut self, head: &str) -> Block {
        let (keyword, name) = head.split_once(' ').unwrap_or((head, ""));
        match (keyword, self.blocks.last()) {
            ("package", _) => Block::Package(name.to_owned()),
            ("world", _) => Block::World,
            ("interface", Some(Block::Package(package))) => Block::Interface(full_name(package, plain(name))),
            ("import" | "export", Some(Block::World)) => match name.strip_suffix(": interface") {
                Some(name) => Block::Interface(plain(name).to_owned()),
                None => Block::Other,
            },
            ("resource", Some(Block::Interface(interface))) => {
                let (interface, name) = (interface.clone(), plain(name).to_owned());
                self.found.insert(format!("{interface}#{name}"), "resource".to_owned());
                Block::Resource { interface, name }
            }
            _ => Block::Other,
        }
    }

    fn declaration(&mut self, text: &str) {
        let Some(block) = self.blocks.last() else { return };
        if let (Block::Interface(interface), Some((_, names))) = (block, text.split_once(".{")) {
            // `use other.{a, b as c}`: of the types an interface uses, the binary names only the resources.
            for name in names.trim_end_matches('}').split(", ") {
                let name = name.rsplit(" as ").next().unwrap_or(name);
                self.found.insert(format!("{interface}#{}", plain(name)), "resource".to_owned());
            }
            return;
        }
        let (key, ty) = match (block, text.split_once(": ")) {
            (Block::Interface(interface), None) => match text.strip_prefix("resource ") {
                Some(name) => (format!("{interface}#{}", plain(name)), "resource"),
                None => return,
            },
            (Block::Interface(interface), Some((name, ty))) => (format!("{interface}#{}", plain(name)), ty),
            (Block::Resource { interface, name }, _) if text.starts_with("constructor(") => {
                (format!("{interface}#[constructor]{name}"), text)
            }
            (Block::Resource { interface, name: resource }, Some((name, ty))) => {
                let kind = if ty.starts_with("static ") { "static" } else { "method" };
                (format!("{interface}#[{kind}]{resource}.{}", plain(name)), ty)
            }
            (Block::World, Some((name, ty))) => match name.split_once(' ') {
                Some((direction, name)) => (format!("{direction} {}", plain(name)), ty),
                None => return,
            },
            _ => return,
        };
        if ty == "resource" || ty.contains("func(") || ty.starts_with("constructor(") {
            self.found.insert(key, ty.to_owned());
        }
    }
}

/// `wasi:cli@0.2.6` and `run` make `wasi:cli/run@0.2.6`.
fn full_name(package: &str, interface: &str) -> String {
    match package.split_once('@') {
        Some((package, version)) => format!("{package}/{interface}@{version}"),
        None => format!("{package}/{interface}"),
    }
}

/// Names that are words of WIT are written with a `%`.
fn plain(name: &str) -> &str {
    name.strip_prefix('%').unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    const WIT: &str = "package root:component;

world root {
  import log: func(line: string);
  import wasi:cli/stdout@0.2.6;
  import own: interface {
    /// pretend: func();
    tick: func() -> u64;
  }

  export add: async func(a: u32, b: u32) -> u32;
}
package wasi:cli@0.2.6 {
  interface stdout {
    use wasi:io/streams@0.2.6.{output-stream};
    @since(version = 0.2.0)
    get-stdout: func() -> output-stream;
    %type: func();
    record point {
      x: u32,
    }
    resource bare;
    resource stream {
      constructor(size: u32);
      write: func(bytes: list<u8>);
      open: static func() -> stream;
    }
  }
}
";

    #[test]
    fn functions_are_found_by_the_names_the_binary_has_for_them() {
        let types = Types::read(WIT);
        assert_eq!(types.import("log"), Some("func(line: string)"));
        assert_eq!(types.export("add"), Some("async func(a: u32, b: u32) -> u32"));
        assert_eq!(types.member("own", "tick"), Some("func() -> u64"));
        assert_eq!(types.member("own", "pretend"), None);
        let stdout = |item| types.member("wasi:cli/stdout@0.2.6", item);
        assert_eq!(stdout("get-stdout"), Some("func() -> output-stream"));
        assert_eq!(stdout("type"), Some("func()"));
        assert_eq!(stdout("bare"), Some("resource"));
        assert_eq!(stdout("stream"), Some("resource"));
        assert_eq!(stdout("[constructor]stream"), Some("constructor(size: u32)"));
        assert_eq!(stdout("[method]stream.write"), Some("func(bytes: list<u8>)"));
        assert_eq!(stdout("[static]stream.open"), Some("static func() -> stream"));
        assert_eq!(stdout("output-stream"), Some("resource"));
        assert_eq!(types.0.len(), 11);
    }

    #[test]
    fn braces_without_a_partner_do_no_harm() {
        Types::read("}\n}\ninterface x {\nf: func();\n}}\n{");
    }
}
