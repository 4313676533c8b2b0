use super::format;

fn formatted(text: &str) -> String {
    let once = format("test.wit", text, &[]).unwrap();
    let twice = format("test.wit", &once, &[]).unwrap();
    assert_eq!(once, twice, "formatting is not idempotent");
    once
}

#[test]
fn every_construct_has_one_form() {
    let text = "
package  acme:model@1.0.0-rc.1;
@since(version=1.0.0)
interface  infer{
use   types.{ label as tag,score,};
record point{x:u32,y:list<u8,4>}
variant shape { circle ( f64 ) , none, }
enum colour{red,green}
flags rights { read , write }
type pair=tuple<u8,option<string>>;
resource model{constructor(name:string);run:func(text:string)->result<tag,string>;make:static async func( )->model;
}
resource other;
free:func(m:borrow<model>,s:stream<u8>,)->result<_,error-context>;
}
interface types{type label=string;type score=f64;}
world app{
import wasi:io/streams@0.2.0;import log:func(text:string);
import side:interface{ping:func();}
export infer;
include base with{a as b,c as d}
}
world base { import a: func(); import c: func(); }
";
    let expected = "package acme:model@1.0.0-rc.1;

@since(version = 1.0.0)
interface infer {
  use types.{label as tag, score};
  record point {
    x: u32,
    y: list<u8, 4>,
  }
  variant shape {
    circle(f64),
    none,
  }
  enum colour {
    red,
    green,
  }
  flags rights {
    read,
    write,
  }
  type pair = tuple<u8, option<string>>;
  resource model {
    constructor(name: string);
    run: func(text: string) -> result<tag, string>;
    make: static async func() -> model;
  }
  resource other;
  free: func(m: borrow<model>, s: stream<u8>) -> result<_, error-context>;
}

interface types {
  type label = string;
  type score = f64;
}

world app {
  import wasi:io/streams@0.2.0;
  import log: func(text: string);
  import side: interface {
    ping: func();
  }
  export infer;
  include base with { a as b, c as d }
}

world base {
  import a: func();
  import c: func();
}
";
    assert_eq!(formatted(text), expected);
}

#[test]
fn comments_stay_where_they_say_something() {
    let text = "// licence

/// The package.
package a:b; // trailing


/* about
     what follows */
interface i { // opens
    /// A record.
    // not documentation
    record r {
        /// x
        x: u32, // right
        // left
        y: u32 /* before */,

        // nothing follows
    }
    f: func(/* one */ a: u32, // two
        b: u32) /* result */ -> u32;
    // last
}
// end
";
    let expected = "// licence

/// The package.
package a:b; // trailing

/* about
     what follows */
interface i {
  // opens
  /// A record.
  // not documentation
  record r {
    /// x
    x: u32, // right
    // left
    y: u32, /* before */

    // nothing follows
  }
  f: func(
    /* one */
    a: u32, // two
    b: u32,
  ) /* result */ -> u32;
  // last
}
// end
";
    assert_eq!(formatted(text), expected);
}

#[test]
fn what_is_too_long_for_a_line_has_a_line_for_each_item() {
    let name = "a-name-of-quite-some-length";
    let text = format!(
        "package a:b;\ninterface i {{ f: func({name}-1: list<string>, {name}-2: list<string>, {name}-3: u32) -> u32; }}"
    );
    let expected = format!(
        "package a:b;

interface i {{
  f: func(
    {name}-1: list<string>,
    {name}-2: list<string>,
    {name}-3: u32,
  ) -> u32;
}}
"
    );
    assert_eq!(formatted(&text), expected);
}

#[test]
fn attributes_have_lines_of_their_own_and_line_ends_are_one() {
    let text = "package a:b;\r\n@unstable(feature = x) @deprecated(version = 1.0.0)\r\ninterface i {\r\n  /// d\r\n  @since(version = 1.0.0) f: func();\r\n}\r\n";
    let expected = "package a:b;

@unstable(feature = x)
@deprecated(version = 1.0.0)
interface i {
  /// d
  @since(version = 1.0.0)
  f: func();
}
";
    // The parser takes one attribute of a kind; whether it takes these two together is its affair.
    match format("test.wit", text, &[]) {
        Ok(once) => assert_eq!(once, expected),
        Err(_) => assert_eq!(
            formatted(&text.replace(" @deprecated(version = 1.0.0)", "")),
            expected.replace("@deprecated(version = 1.0.0)\n", "")
        ),
    }
}

#[test]
fn nested_packages_and_empty_blocks() {
    let text = "package a:b;\npackage c:d@0.1.0 { interface e {} world w {} }";
    assert_eq!(
        formatted(text),
        "package a:b;

package c:d@0.1.0 {
  interface e {}

  world w {}
}
"
    );
}

#[test]
fn a_file_without_its_package_is_formatted_alone_or_with_its_siblings() {
    let text = "interface i { use t.{x}; }";
    assert!(format("i.wit", text, &[]).is_err());
    let others = [("t.wit".to_owned(), "package a:b; interface t { type x = u8; }".to_owned())];
    assert_eq!(format("i.wit", text, &others).unwrap(), "interface i {\n  use t.{x};\n}\n");
    assert_eq!(format("i.wit", "interface  i { }", &[]).unwrap(), "interface i {}\n");
}

#[test]
fn what_is_no_wit_is_refused_with_its_place() {
    let error = format("bad.wit", "package a:b;\ninterface i { f: fun(); }", &[]).unwrap_err().to_string();
    assert!(error.contains("bad.wit:2"), "{error}");
}

#[test]
fn brackets_without_end_are_an_error_and_no_exhausted_stack() {
    for open in ["(", "{", "<", "list<", "package a:b {", "/*"] {
        let text = format!("package a:b; interface i {{ type t = {}", open.repeat(200_000));
        assert!(format("deep.wit", &text, &[]).is_err(), "{open}");
        assert!(format("deep.wit", &open.repeat(200_000), &[]).is_err(), "{open}");
    }
}

#[test]
fn a_comment_that_would_come_to_document_something_else_is_left_alone() {
    let text = "package a:b; interface i { record r { a: u8 /// odd\n, b: u8 } }";
    let error = format("odd.wit", text, &[]).unwrap_err().to_string();
    assert!(error.contains("left as it is"), "{error}");
}

mod any {
    use proptest::prelude::*;

    use super::super::format;

    const WORDS: &[&str] = &[
        "a: func();",
        "b: func(x: u32, y: list<string>) -> u32;",
        "type t = u8;",
        "record r { a: u8, b: u16 }",
        "record r {a: u8}",
        "enum e { x, y, }",
        "resource s { constructor(); m: func(); }",
        "use t.{x, y as z};",
        "variant v { a(u8), b }",
        "flags f { a }",
        "@since(version = 1.0.0)",
    ];
    const TRIVIA: &[&str] =
        &["\n", "\n\n\n", " ", "\t", "// c\n", "/// d\n", "/* e */", "/** f\n  g */\n", "\n// h\n\n", "\r\n"];

    proptest! {
        /// Whatever stands between the tokens: the text means the same afterwards, or is refused, and stays as it is the second time.
        #[test]
        fn formatting_is_idempotent(words in proptest::collection::vec((0..WORDS.len(), any::<u64>()), 0..12)) {
            let mut text = "package n:m; interface t { type x = u8; type y = u8; } interface i {".to_owned();
            for (word, mut seed) in words {
                for piece in WORDS[word].split_inclusive([' ', ',', '{', ';', '(']) {
                    text.push_str(piece);
                    if seed % 3 == 0 && !piece.ends_with("version ") {
                        text.push_str(TRIVIA[(seed / 3) as usize % TRIVIA.len()]);
                    }
                    seed = seed.rotate_right(5);
                }
            }
            text.push_str("}\n");
            if let Ok(once) = format("any.wit", &text, &[]) {
                prop_assert_eq!(format("any.wit", &once, &[]).unwrap(), once);
            }
        }
    }
}
