use super::{Change, Comparison, Effect, Level, Role, compare};
use crate::Wit;
use Effect::{Broken, Fine, Rebuild, Source};
use Role::{Components, Exporters, Hosts, Importers};

fn wit(text: &str) -> Wit {
    Wit::parse("test.wit", text).unwrap_or_else(|error| panic!("{error}"))
}

fn compared(old: &str, new: &str) -> Comparison {
    compare(&wit(old), &wit(new))
}

/// What became of interface `i`, which has these items.
fn of_interface(old: &str, new: &str) -> Comparison {
    let package = |items: &str| format!("package a:b@1.2.3; interface i {{ {items} }}");
    compared(&package(old), &package(new))
}

/// The only change.
fn one(comparison: &Comparison) -> &Change {
    assert_eq!(comparison.changes.len(), 1, "{:#?}", comparison.changes);
    &comparison.changes[0]
}

fn check(comparison: &Comparison, what: &str, importers: Effect, exporters: Effect, level: Level) {
    let change = one(comparison);
    assert_eq!(change.what, what);
    assert_eq!(change.effects, [(Importers, importers), (Exporters, exporters)], "{what}");
    assert_eq!(comparison.level, level, "{what}");
}

#[test]
fn nothing_changed_where_only_words_order_and_versions_did() {
    let old = "package a:b@1.0.0; interface i { /// one
        f: func(); g: func(); type t = u8; }";
    let new = "package a:b@1.0.1; interface i { type t = u8; g: func(); /// two
        @since(version = 1.0.1) f: func(); }";
    let comparison = compared(old, new);
    assert_eq!((comparison.changes.len(), comparison.level), (0, Level::Nothing));
    assert_eq!(comparison.worst(), []);
}

#[test]
fn a_function_more_is_lacked_by_those_who_export() {
    let comparison = of_interface("f: func();", "f: func(); g: func(a: u8) -> u8;");
    check(&comparison, "was added", Fine, Broken, Level::Minor);
    assert_eq!(comparison.changes[0].new, ["func(a: u8) -> u8"]);
    assert_eq!(comparison.least.as_deref(), Some("1.3.0"));
    assert_eq!(comparison.enough, Some(false));
    assert_eq!(comparison.worst(), [(Exporters, Broken)]);
}

#[test]
fn a_function_less_breaks_those_who_call_it() {
    let comparison = of_interface("f: func(); g: func();", "f: func();");
    check(&comparison, "was removed", Broken, Source, Level::Major);
    assert_eq!(comparison.least.as_deref(), Some("2.0.0"));
}

#[test]
fn a_function_with_other_parameters_breaks_both() {
    for (new, what) in [
        ("f: func(a: u8, b: u8) -> u8;", "changed: parameter `b` was added"),
        ("f: func() -> u8;", "changed: parameter `a` was removed"),
        ("f: func(a: u16) -> u8;", "changed: parameter `a` has another type"),
        ("f: func(a: u8) -> u16;", "changed: its result has another type"),
        ("f: func(a: u8);", "changed: it has no result"),
        ("f: async func(a: u8) -> u8;", "changed: it is async"),
    ] {
        check(&of_interface("f: func(a: u8) -> u8;", new), what, Broken, Broken, Level::Major);
    }
    let swapped = of_interface("f: func(a: u8, b: u16);", "f: func(b: u16, a: u8);");
    check(&swapped, "changed: parameters have another order", Broken, Broken, Level::Major);
}

#[test]
fn a_parameter_with_another_name_only_has_to_be_built_again() {
    let comparison = of_interface("f: func(a: u8, b: string);", "f: func(a: u8, c: string);");
    check(&comparison, "changed: parameter `b` is called `c` now", Rebuild, Rebuild, Level::Major);
}

#[test]
fn a_field_more_must_be_given_by_those_who_make_the_record() {
    let record = |fields: &str, f: &str| format!("record r {{ {fields} }} {f}");
    let cases = [
        ("f: func(r: r);", Broken, Rebuild),
        ("f: func() -> r;", Rebuild, Broken),
        ("f: func(r: list<option<r>>) -> result<r>;", Broken, Broken),
        // Nobody knows who else uses it.
        ("", Broken, Broken),
    ];
    for (f, importers, exporters) in cases {
        let comparison = of_interface(&record("a: u8", f), &record("a: u8, b: u8", f));
        check(&comparison, "changed: field `b` was added", importers, exporters, Level::Major);
        let reached = if f.is_empty() { Vec::new() } else { vec!["function `f`"] };
        assert_eq!(comparison.changes[0].reaches, reached);
    }
}

#[test]
fn a_field_less_or_of_another_type_breaks_both() {
    let of = |fields: &str| format!("record r {{ {fields} }} f: func(r: r);");
    let old = of("a: u8, b: u8");
    check(&of_interface(&old, &of("a: u8")), "changed: field `b` was removed", Broken, Broken, Level::Major);
    check(
        &of_interface(&old, &of("a: u8, b: s8")),
        "changed: field `b` has another type",
        Broken,
        Broken,
        Level::Major,
    );
    let reordered = of_interface(&old, &of("b: u8, a: u8"));
    check(&reordered, "changed: fields have another order", Rebuild, Rebuild, Level::Major);
}

#[test]
fn a_case_more_must_be_handled_by_those_who_are_given_it() {
    for (keyword, old, new) in [("variant", "a, b(u8)", "a, b(u8), c"), ("enum", "a, b", "a, b, c")] {
        for (f, importers, exporters) in [("f: func(v: v);", Rebuild, Broken), ("f: func() -> v;", Broken, Rebuild)] {
            let [old, new] = [old, new].map(|cases| format!("{keyword} v {{ {cases} }} {f}"));
            check(&of_interface(&old, &new), "changed: case `c` was added", importers, exporters, Level::Major);
            check(&of_interface(&new, &old), "changed: case `c` was removed", Broken, Broken, Level::Major);
        }
    }
    let comparison = of_interface("variant v { a(u8) } f: func(v: v);", "variant v { a(u16) } f: func(v: v);");
    check(&comparison, "changed: case `a` has another type", Broken, Broken, Level::Major);
}

#[test]
fn a_flag_more_only_has_to_be_built_again() {
    let comparison = of_interface("flags v { a } f: func(v: v);", "flags v { a, b } f: func(v: v);");
    check(&comparison, "changed: flag `b` was added", Rebuild, Rebuild, Level::Major);
    let comparison = of_interface("flags v { a, b } f: func(v: v);", "flags v { a } f: func(v: v);");
    check(&comparison, "changed: flag `b` was removed", Broken, Broken, Level::Major);
}

#[test]
fn types_of_another_kind_break_both() {
    let cases = [
        ("enum t { a }", "flags t { a }", "was an enum and is flags"),
        ("type t = u8;", "type t = u16;", "is another type"),
        ("type t = u8;", "record t { a: u8 }", "is another type"),
        ("type t = list<u8>;", "type t = list<u8, 4>;", "is another type"),
        ("resource t;", "type t = u32;", "is another type"),
    ];
    for (old, new, what) in cases {
        let [old, new] = [old, new].map(|ty| format!("{ty} f: func() -> t;"));
        check(&of_interface(&old, &new), what, Broken, Broken, Level::Major);
    }
}

#[test]
fn a_change_is_told_once_where_it_is_and_reaches_all_that_is_made_of_it() {
    let of = |cases: &str| format!("enum e {{ {cases} }} record r {{ e: e }} f: func() -> list<r>; g: func();");
    let comparison = of_interface(&of("a"), &of("a, b"));
    check(&comparison, "changed: case `b` was added", Broken, Rebuild, Level::Major);
    assert_eq!(comparison.changes[0].reaches, ["function `f`"]);
}

#[test]
fn types_that_come_and_go_link() {
    check(&of_interface("", "type t = u8;"), "was added", Fine, Fine, Level::Minor);
    check(&of_interface("type t = u8;", ""), "was removed", Source, Source, Level::Major);
}

#[test]
fn another_name_for_the_same_structure_links() {
    let of = |name: &str| format!("record {name} {{ a: u8 }} f: func() -> {name};");
    let comparison = of_interface(&of("one"), &of("two"));
    let f = comparison.changes.iter().find(|change| change.item == "function `f`").unwrap();
    assert_eq!(f.effects, [(Importers, Source), (Exporters, Source)]);
    // The type of a field in its own words.
    let comparison = of_interface("record r { a: u8 } f: func(r: r);", "type n = u8; record r { a: n } f: func(r: r);");
    let r = comparison.changes.iter().find(|change| change.item == "type `r`").unwrap();
    assert_eq!(r.effects, [(Importers, Source), (Exporters, Source)]);
}

#[test]
fn resources_are_themselves_and_have_methods_that_are_functions() {
    let of = |methods: &str| format!("resource r {{ {methods} }}");
    let old = of("constructor(a: u8); m: func(); s: static func() -> r;");
    let added = of_interface(&old, &of("constructor(a: u8); m: func(); s: static func() -> r; n: func();"));
    check(&added, "was added", Fine, Broken, Level::Minor);
    assert_eq!(added.changes[0].item, "function `r.n`");
    let changed = of_interface(&old, &of("constructor(a: u16); m: func(); s: static func() -> r;"));
    check(&changed, "changed: parameter `a` has another type", Broken, Broken, Level::Major);
    assert_eq!(changed.changes[0].item, "constructor of `r`");
    let borrowed = of_interface("resource r; f: func(r: r);", "resource r; f: func(r: borrow<r>);");
    check(&borrowed, "changed: parameter `r` has another type", Broken, Broken, Level::Major);
    let other = of_interface("resource r; resource s; f: func(r: r);", "resource r; resource s; f: func(r: s);");
    check(&other, "changed: parameter `r` has another type", Broken, Broken, Level::Major);
}

#[test]
fn interfaces_come_and_go() {
    let [one, two] = ["package a:b@0.2.0; interface i {}", "package a:b@0.2.1; interface i {} interface j {}"];
    let comparison = compared(one, two);
    check(&comparison, "was added", Fine, Fine, Level::Minor);
    assert_eq!((comparison.least.as_deref(), comparison.enough), (Some("0.2.1"), Some(true)));
    check(&compared(two, one), "was removed", Broken, Source, Level::Major);
    assert_eq!(compared(two, one).least.as_deref(), Some("0.3.0"));
}

#[test]
fn an_interface_that_components_export_may_not_grow_in_a_compatible_version() {
    let of = |items: &str| format!("package a:b@1.0.0; interface i {{ {items} }} world w {{ export i; }}");
    let comparison = compared(&of(""), &of("f: func();"));
    check(&comparison, "was added", Fine, Broken, Level::Major);
}

/// What became of world `w`, which has these items.
fn of_world(old: &str, new: &str) -> Comparison {
    let package = |items: &str| format!("package a:b@1.0.0; interface i {{ f: func(); }} world w {{ {items} }}");
    compared(&package(old), &package(new))
}

#[test]
fn what_a_world_imports_is_there_for_components_and_provided_by_hosts() {
    for item in ["import i;", "import f: func();", "import n: interface { f: func(); }"] {
        let added = of_world("", item);
        assert_eq!(one(&added).effects, [(Components, Fine), (Hosts, Broken)], "{item}");
        assert_eq!(added.level, Level::Minor);
        let removed = of_world(item, "");
        assert_eq!(one(&removed).effects, [(Components, Broken), (Hosts, Source)], "{item}");
        assert_eq!(removed.level, Level::Major);
    }
}

#[test]
fn what_a_world_exports_is_implemented_by_components_and_called_by_hosts() {
    for item in ["export i;", "export f: func();", "export n: interface { f: func(); }"] {
        let added = of_world("", item);
        assert_eq!(one(&added).effects, [(Hosts, Fine), (Components, Broken)], "{item}");
        assert_eq!(added.level, Level::Major);
        let removed = of_world(item, "");
        assert_eq!(one(&removed).effects, [(Hosts, Broken), (Components, Source)], "{item}");
    }
}

#[test]
fn what_is_in_a_worlds_own_interfaces_and_functions_is_compared() {
    let changed = of_world("export f: func();", "export f: func(a: u8);");
    assert_eq!(one(&changed).effects, [(Hosts, Broken), (Components, Broken)]);
    let nested = of_world("import n: interface { f: func(); }", "import n: interface { f: func(); g: func(); }");
    assert_eq!((one(&nested).place.as_str(), nested.level), ("world w, import `n`", Level::Minor));
    assert_eq!(one(&nested).effects, [(Components, Fine), (Hosts, Broken)]);
}

#[test]
fn interfaces_of_others_are_matched_by_compatible_versions() {
    let of = |version: &str, more: &str| {
        format!(
            "package a:b; world w {{ import x:y/i@{version}; }} package x:y@{version} {{ interface i {{ f: func(); {more} }} }}"
        )
    };
    let later = compared(&of("0.2.0", ""), &of("0.2.3", ""));
    assert_eq!((one(&later).what.as_str(), later.level), ("is taken in another version", Level::Minor));
    assert_eq!(later.worst(), []);
    let more = compared(&of("0.2.0", ""), &of("0.2.3", "g: func();"));
    assert_eq!(more.worst(), [(Hosts, Broken)]);
    let other = compared(&of("0.2.0", ""), &of("0.3.0", ""));
    assert_eq!(
        other.changes.iter().map(|change| change.what.as_str()).collect::<Vec<_>>(),
        ["was added", "was removed"]
    );
    assert_eq!(other.level, Level::Major);
}

#[test]
fn of_a_component_itself_only_those_who_use_it_are_concerned() {
    let of = |items: &str| format!("package root:component; world root {{ {items} }}");
    let comparison = compared(&of("export f: func();"), &of("export f: func(); export g: func(); import h: func();"));
    assert_eq!(comparison.worst(), [(Hosts, Broken)]);
    let comparison = compared(&of("import h: func(); export f: func();"), &of("export f: func(); export g: func();"));
    assert_eq!(comparison.worst(), []);
}

#[test]
fn packages_without_versions_have_no_next_one() {
    let comparison = compared("package a:b; interface i {}", "package a:b; interface i { f: func(); }");
    assert_eq!((comparison.least, comparison.enough), (None, None));
    let comparison =
        compared("package a:b@1.0.0-rc.1; interface i { f: func(); }", "package a:b@1.0.0-rc.2; interface i {}");
    assert_eq!((comparison.least, comparison.enough), (None, Some(true)));
}

#[test]
fn a_type_that_would_have_no_end_when_written_out_is_compared() {
    let of = |last: &str| {
        let doubled = |n: usize| format!("record r{n} {{ a: r{0}, b: r{0} }}", n - 1);
        let records: String = (1..200).map(doubled).collect();
        format!("record r0 {{ x: {last} }} {records} f: func() -> r199;")
    };
    let comparison = of_interface(&of("u8"), &of("u16"));
    check(&comparison, "changed: field `x` has another type", Broken, Broken, Level::Major);
    assert_eq!(of_interface(&of("u8"), &of("u8")).level, Level::Nothing);
}
