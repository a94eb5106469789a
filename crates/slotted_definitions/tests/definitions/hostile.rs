//! Fault 45: hostile files cause clear errors in bounded time and memory, never a panic.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use slotted::{Kind, Limits, Schema, Store};
use slotted_definitions::diagnostic::Code;
use slotted_definitions::{Definitions, LoadLimits, Loader, Report, Undeclared};

use crate::{Folder, UNIT};

type Outcome = Result<(), Box<dyn std::error::Error>>;

/// Far more than a debug build needs on a busy machine, and far less than work that grows with the square.
const LONG: Duration = Duration::from_secs(600);

fn load_with(
    adjust: impl FnOnce(Loader) -> Loader,
    files: &[(&str, &str)],
) -> Result<Definitions, Report> {
    let start = Instant::now();
    let loader = Loader::new().pack_of_texts("mod", files.iter().copied());
    let result = adjust(loader).load(&Store::new());
    if let Err(report) = &result {
        // The report can be printed.
        let text = report.to_string();
        assert!(text.len() < 5_000_000, "{} bytes of messages", text.len());
        assert!(!text.contains(|c: char| c != '\n' && c.is_control()));
        serde_json::to_string(report).expect("reports serialize");
    }
    let taken = start.elapsed();
    println!("{taken:?}, {} bytes", files.iter().map(|(_, text)| text.len()).sum::<usize>());
    assert!(taken < LONG, "{taken:?}");
    result
}

fn load(files: &[(&str, &str)]) -> Result<Definitions, Report> {
    load_with(|loader| loader, files)
}

fn refused(files: &[(&str, &str)]) -> Report {
    match load(files) {
        Ok(_) => panic!("nothing is found wrong"),
        Err(report) => report,
    }
}

/// Returns the codes of all problems, each once.
fn codes(report: &Report) -> Vec<Code> {
    let mut codes: Vec<Code> = report.diagnostics().iter().map(|found| found.code()).collect();
    codes.dedup();
    codes
}

fn message(report: &Report) -> &str {
    report.diagnostics()[0].message()
}

#[test]
fn fault_45_nesting_of_100_000() {
    const DEEP: usize = 100_000;
    let around = |open: &str, inner: &str, close: &str| {
        format!("{}{inner}{}", open.repeat(DEEP), close.repeat(DEEP))
    };
    let cases = [
        ("a.json", around("[", "1", "]")),
        ("a.json", around("{\"a\":", "1", "}")),
        ("a.json", around("[{\"a\":", "1", "}]")),
        ("a.json", "[".repeat(DEEP)),
        ("a.json", "{\"a\":".repeat(DEEP)),
        ("a.toml", format!("a = {}", around("[", "1", "]"))),
        ("a.toml", format!("a = {}", around("{ a = ", "1", " }"))),
        ("a.toml", format!("a = {}", around("[{ a = ", "1", " }]"))),
        ("a.toml", format!("a = {}", "[".repeat(DEEP))),
        ("a.toml", format!("{} = 1", ["a"; DEEP].join("."))),
        ("a.toml", format!("[{}]", ["a"; DEEP].join("."))),
        ("a.toml", format!("[[{}]]", ["a"; DEEP].join("."))),
        ("a.toml", format!("b = {{ {} = 1 }}", ["a"; DEEP].join("."))),
        ("a.ron", around("[", "1", "]")),
        ("a.ron", around("(", "1", ")")),
        ("a.ron", around("(a:", "1", ")")),
        ("a.ron", around("{\"a\":", "1", "}")),
        ("a.ron", around("Some(", "1", ")")),
        ("a.ron", around("[(a:", "1", ")]")),
        ("a.ron", "(a:".repeat(DEEP)),
        ("a.ron", format!("{}1", "/*".repeat(DEEP))),
        ("a.yaml", around("[", "1", "]")),
        ("a.yaml", around("{a: ", "1", "}")),
        ("a.yaml", around("[a: ", "1", "]")),
        ("a.yaml", "[".repeat(DEEP)),
        ("a.yaml", "- ".repeat(DEEP)),
        ("a.yaml", "? ".repeat(DEEP)),
        ("a.yaml", (0..2000).map(|level| format!("{}a:\n", " ".repeat(level))).collect()),
    ];
    for (path, text) in &cases {
        let report = refused(&[(path, text)]);
        let start: String = text.chars().take(20).collect();
        // Further problems are possible.
        assert!(report.errors() <= 2, "{path} {start}: {report}");
        assert!(report.to_string().len() < 2000, "{path} {start}: {report}");
    }
}

#[test]
fn fault_45_nesting_up_to_the_limit_is_read() {
    for levels in [31, 32, 33, 64, 65] {
        let mut limits = LoadLimits::default();
        limits.levels = 64;
        // The file, `records`, the list and the record take four levels.
        let inner = levels - 4;
        let nested = format!("{}1{}", "[".repeat(inner), "]".repeat(inner));
        let files = [
            ("a.json", format!("{{\"records\":{{\"unit\":[{{\"rest\":{nested}}}]}}}}")),
            ("b.toml", format!("[[records.unit]]\nrest = {nested}\n")),
            ("c.ron", format!("(records: {{ \"unit\": [(rest: {nested})] }})")),
            ("d.yaml", format!("records:\n  unit:\n    - rest: {nested}\n")),
        ];
        for (path, text) in &files {
            let result = load_with(
                |loader| loader.limits(limits).undeclared(Undeclared::Quarantine),
                &[UNIT, (path, text)],
            );
            assert_eq!(result.is_ok(), levels <= 64, "{levels} {path} {:?}", result.err());
        }
    }
}

#[test]
fn fault_45_a_file_that_claims_a_gigabyte() -> Outcome {
    for name in ["a.json", "a.toml", "a.ron", "a.yaml"] {
        let folder = Folder::new("large")?;
        let path = folder.write(name, "")?;
        std::fs::File::options().write(true).open(path)?.set_len(1 << 30)?;
        let mut limits = LoadLimits::default();
        limits.file_bytes = 1 << 20;
        let loader = || Loader::new().pack(folder.path());
        let start = Instant::now();
        let report =
            loader().limits(limits).load(&Store::new()).expect_err("the file is too large");
        assert_eq!(message(&report), "the file exceeds the limit of 1048576 bytes");
        assert!(start.elapsed() < LONG);
        // The default limit works too.
        let report = loader().load(&Store::new()).expect_err("the file is too large");
        assert_eq!(message(&report), "the file exceeds the limit of 67108864 bytes");
        limits.file_bytes = u64::MAX;
        limits.all_bytes = 1000;
        let report =
            loader().limits(limits).load(&Store::new()).expect_err("the file is too large");
        assert_eq!(message(&report), "all files together exceed the limit of 1000 bytes");
        assert_eq!(codes(&report), [Code::Limit]);
    }
    Ok(())
}

#[test]
fn fault_45_too_many_values() {
    let mut limits = LoadLimits::default();
    limits.values = 1000;
    let zeros = vec!["0"; 5000].join(",");
    let files = [
        ("a.json", format!("{{\"records\":{{\"unit\":[{{\"drops\":[{zeros}]}}]}}}}")),
        ("b.toml", format!("[[records.unit]]\ndrops = [{zeros}]\n")),
        ("c.ron", format!("(records: {{ \"unit\": [(drops: [{zeros}])] }})")),
        ("d.yaml", format!("records:\n  unit:\n    - drops: [{zeros}]\n")),
        ("e.yaml", format!("records:\n  unit:\n    - drops:\n{}", "      - 0\n".repeat(5000))),
    ];
    for (path, text) in &files {
        let result = load_with(|loader| loader.limits(limits), &[UNIT, (path, text)]);
        let report = result.expect_err("5000 values");
        assert_eq!(message(&report), "the values of all files exceed the limit", "{path}");
        assert_eq!(report.errors(), 1, "{report}");
    }
}

/// A billion laughs: each line has ten times the values of the line above.
#[test]
fn fault_45_aliases_copy_a_bounded_number_of_values() {
    let line = |at: usize| {
        let copies = vec![format!("*a{}", at - 1); 10].join(", ");
        format!("a{at}: &a{at} [{copies}]\n")
    };
    let laughs = format!("a0: &a0 ha\n{}", (1..12).map(line).collect::<String>());
    let wide = format!("a: &a [{}]\nb: [{}]\n", "1, ".repeat(5000), "*a, ".repeat(100_000));
    let maps =
        format!("a: &a {{{}}}\n", (0..2000).map(|at| format!("n{at}: 1, ")).collect::<String>());
    let merged =
        format!("{maps}{}", (0..5000).map(|at| format!("b{at}: {{<<: *a}}\n")).collect::<String>());
    for text in [laughs, wide, merged] {
        let report = refused(&[("a.yaml", &text)]);
        let message = "aliases copy too many values for a file of this size";
        assert!(report.diagnostics().iter().any(|found| found.message() == message), "{report}");
    }
    // Anchors in anchors.
    let nested = format!("{}1{}", "&a [".repeat(30), "]".repeat(30));
    refused(&[("a.yaml", &format!("a: {nested}\nb: *a\n"))]);
    let nested: String = (0..30).map(|at| format!("&a{at} [{}", "1, ".repeat(2000))).collect();
    refused(&[("a.yaml", &format!("a: {nested}{}\nb: *a29\n", "]".repeat(30)))]);
    let selves = refused(&[("a.yaml", "a: &a [1, *a]\n")]);
    assert_eq!(message(&selves), "the value contains itself");
    let deep: String = (1..100).map(|at| format!("a{at}: &a{at} [*a{}]\n", at - 1)).collect();
    let report = refused(&[("a.yaml", &format!("a0: &a0 1\n{deep}"))]);
    assert_eq!(message(&report), "values are nested deeper than the limit of 32 levels");
}

/// Few bytes that expand to many values.
#[test]
fn fault_45_inherited_values_and_slots_count() {
    let slots: String =
        (0..500).map(|at| format!("s{at} = {{ kind = 'u8', default = 0 }}\n")).collect();
    let base = format!("[schemas.wide.slots]\n{slots}");
    let derived: String =
        (0..300).map(|at| format!("[schemas.d{at}]\nextends = 'wide'\n")).collect();
    let mut limits = LoadLimits::default();
    limits.slots = 100_000;
    let files = [("a.toml", &*base), ("b.toml", &*derived)];
    let report = load_with(|loader| loader.limits(limits), &files).expect_err("150,500 slots");
    assert_eq!(message(&report), "all schemas together exceed the limit of 100000 slots");
    assert_eq!((report.errors(), codes(&report)), (1, vec![Code::Limit]));

    let values: String = (0..500).map(|at| format!("s{at} = 1\n")).collect();
    let heirs: String =
        (0..3000).map(|at| format!("[records.wide.r{at}]\ninherits = 'root'\n")).collect();
    let records = format!("[records.wide.root]\n{values}{heirs}");
    let mut limits = LoadLimits::default();
    limits.values = 1_000_000;
    let files = [("a.toml", &*base), ("b.toml", &*records)];
    let report = load_with(|loader| loader.limits(limits), &files).expect_err("1,500,000 values");
    assert_eq!(message(&report), "records inherit more values than the limit allows");
    assert_eq!(codes(&report), [Code::Limit]);
    load(&files).expect("within the default limit");
}

/// Names and values in the four formats.
fn maps(count: usize, name: impl Fn(usize) -> String) -> [(&'static str, String); 4] {
    let list = |parts: &mut dyn Iterator<Item = String>| parts.collect::<String>();
    let json = list(&mut (0..count).map(|at| format!(",\"{}\":1", name(at))));
    let toml = list(&mut (0..count).map(|at| format!("{} = 1\n", name(at))));
    let ron = list(&mut (0..count).map(|at| format!("{}: 1,", name(at))));
    let yaml = list(&mut (0..count).map(|at| format!("      {}: 1\n", name(at))));
    [
        ("a.json", format!("{{\"records\":{{\"unit\":{{\"a\":{{\"level\":1{json}}}}}}}}}")),
        ("a.toml", format!("[records.unit.a]\nlevel = 1\n{toml}")),
        ("a.ron", format!("(records: {{ \"unit\": {{ \"a\": (level: 1,{ron}) }} }})")),
        ("a.yaml", format!("records:\n  unit:\n    a:\n      level: 1\n{yaml}")),
    ]
}

/// Enough for seconds in a debug build; quadratic time would take minutes.
const MANY: usize = if cfg!(debug_assertions) { 50_000 } else { 1_000_000 };

#[test]
fn fault_45_a_million_undeclared_names_in_one_record() {
    for (path, text) in &maps(MANY, |at| format!("name{at}")) {
        let report = refused(&[UNIT, (path, text)]);
        assert_eq!((report.errors(), report.omitted()), (MANY, MANY - 1000), "{path}");
        assert_eq!(codes(&report), [Code::UndeclaredSlot]);
        for policy in [Undeclared::Ignore, Undeclared::Quarantine] {
            let result = load_with(|loader| loader.undeclared(policy), &[UNIT, (path, text)]);
            let definitions = result.expect("these are warnings");
            assert_eq!(definitions.warnings().warnings(), MANY);
        }
    }
}

#[test]
fn fault_45_a_million_records_with_undeclared_names() {
    let json: Vec<String> = (0..MANY).map(|at| format!("{{\"n{at}\":1}}")).collect();
    let json = format!("{{\"records\":{{\"unit\":[{}]}}}}", json.join(","));
    let report = refused(&[UNIT, ("a.json", &json)]);
    assert_eq!((report.errors(), report.omitted()), (MANY, MANY - 1000));
    let ron = json.replacen("{\"records\"", "(records", 1).replace("]}}", "]})");
    let report = refused(&[UNIT, ("a.ron", &ron)]);
    assert_eq!(report.errors(), MANY);
    let yaml: String = (0..MANY).map(|at| format!("    - n{at}: 1\n")).collect();
    let report = refused(&[UNIT, ("a.yaml", &format!("records:\n  unit:\n{yaml}"))]);
    assert_eq!(report.errors(), MANY);
    let toml: String = (0..MANY).map(|at| format!("[[records.unit]]\nn{at}=1\n")).collect();
    let report = refused(&[UNIT, ("a.toml", &toml)]);
    assert_eq!(report.errors(), MANY);
}

#[test]
fn fault_45_a_million_duplicate_names() {
    for (path, text) in &maps(MANY, |_| "level".to_owned()) {
        let report = refused(&[UNIT, (path, text)]);
        let problems = report.errors();
        assert!(if *path == "a.toml" { problems >= 1 } else { problems == MANY }, "{path}");
    }
    // The worst order: repeated names come last.
    let name =
        |at: usize| if at < MANY / 2 { format!("n{at}") } else { format!("n{}", MANY / 2 - 1) };
    for (path, text) in &maps(MANY, name) {
        let text = text.replace("unit", "schemas");
        refused(&[UNIT, (path, &text)]);
    }
    let names = (0..MANY).map(|at| format!("\"r{}\":{{}}", at.min(MANY / 2)));
    let names: Vec<_> = names.collect();
    let text = format!("{{\"records\":{{\"unit\":{{{}}}}}}}", names.join(","));
    let report = refused(&[UNIT, ("a.json", &text)]);
    assert_eq!(codes(&report), [Code::Duplicate]);
    assert_eq!(report.errors(), MANY - MANY / 2 - 1);
}

#[test]
fn fault_45_a_million_values_of_the_wrong_kind() {
    let values = vec!["\"x\""; MANY].join(",");
    let text = format!("{{\"records\":{{\"unit\":[{{\"drops\":[{values}]}}]}}}}");
    let report = refused(&[UNIT, ("a.json", &text)]);
    assert_eq!(report.errors(), 3, "the others show the same mistake");
    let records = vec!["{\"health\":[\"x\"]}"; MANY].join(",");
    let text = format!("{{\"records\":{{\"unit\":[{records}]}}}}");
    let report = refused(&[UNIT, ("a.json", &text)]);
    assert_eq!((report.errors(), report.diagnostics()[0].places()), (1, MANY));
    let values = vec!["99999999999999999999"; MANY].join(",");
    let text = format!("{{\"records\":{{\"unit\":[{{\"drops\":[{values}]}}]}}}}");
    assert_eq!(refused(&[UNIT, ("a.json", &text)]).errors(), MANY);
    let garbage = "a = = b\n".repeat(MANY);
    let report = refused(&[UNIT, ("a.toml", &garbage)]);
    assert_eq!(report.errors(), MANY);
}

#[test]
fn fault_45_schemas_in_chains_and_cycles() {
    const COUNT: usize = 100_000;
    let schema = |at: usize, base: usize| format!("[schemas.s{at}]\nextends = \"s{base}\"\n");
    let circle: String = (0..COUNT).map(|at| schema(at, (at + 1) % COUNT)).collect();
    let report = refused(&[("a.toml", &circle)]);
    assert_eq!((report.errors(), codes(&report)), (1, vec![Code::Cycle]));
    let chain: String = (0..COUNT).map(|at| schema(at, at + 1)).collect();
    let report = refused(&[("a.toml", &chain)]);
    assert_eq!((report.errors(), codes(&report)), (1, vec![Code::UnknownSchema]));
    let chain = format!("[schemas.s{COUNT}.slots]\na = \"u8\"\n{chain}");
    let report = refused(&[("a.toml", &chain)]);
    assert_eq!((report.errors(), codes(&report)), (1, vec![Code::Limit]), "{report}");
    let short: String = (1..1000).map(|at| schema(at, at - 1)).collect();
    let short = format!("[schemas.s0.slots]\na = \"u8\"\n{short}[records.s999.last]\na = 7\n");
    let definitions = load(&[("a.toml", &short)]).expect("long chains are valid");
    assert_eq!(definitions.schemas().len(), 1000);
}

#[test]
fn fault_45_each_schema_of_a_chain_has_a_slot() {
    let schema =
        |at: usize| format!("[schemas.s{}]\nextends = \"s{at}\"\nslots.a{at} = \"u8\"\n", at + 1);
    let chain: String = (0..20_000).map(schema).collect();
    let chain = format!("[schemas.s0]\n{chain}");
    let report = refused(&[("a.toml", &chain)]);
    assert_eq!((report.errors(), codes(&report)), (1, vec![Code::Limit]), "{report}");
}

#[test]
fn fault_45_records_in_chains_and_cycles() {
    const COUNT: usize = 10_000;
    let record = |at: usize, parent: usize| {
        format!("[records.unit.r{at}]\ninherits = \"r{parent}\"\nlevel = {}\n", at % 200)
    };
    let circle: String = (0..COUNT).map(|at| record(at, (at + 1) % COUNT)).collect();
    let report = refused(&[UNIT, ("a.toml", &circle)]);
    assert_eq!((report.errors(), codes(&report)), (1, vec![Code::Cycle]));
    let chain: String = (0..COUNT).map(|at| record(at, at + 1)).collect();
    let chain = format!("{chain}[records.unit.r{COUNT}]\nhealth = 7.0\n");
    let definitions = load(&[UNIT, ("a.toml", &chain)]).expect("long chains are valid");
    let first = definitions.record("unit", "r0").expect("the record exists");
    assert_eq!(first.get("health"), Ok(7.0.into()));
}

#[test]
fn fault_45_names_of_a_megabyte() {
    let long = "x".repeat(1 << 20);
    let files = [
        ("schema.toml", format!("[schemas.a{long}]\n")),
        ("extends.toml", format!("[schemas.a]\nextends = \"b{long}\"\n")),
        ("slot.toml", format!("[schemas.g.slots]\nc{long} = \"u8\"\n")),
        ("kind.toml", format!("[schemas.b.slots]\na = \"d{long}\"\n")),
        ("word.toml", format!("[schemas.c]\ne{long} = 1\n")),
        (
            "variant.toml",
            format!("[schemas.d.slots]\na = {{ variants = [\"f{long}\"], default = \"x\" }}\n"),
        ),
        (
            "references.toml",
            format!("[schemas.e.slots]\na = {{ kind = \"object\", references = \"g{long}\" }}\n"),
        ),
        ("section.toml", format!("h{long} = 1\n")),
        ("of.toml", format!("[records.i{long}.a]\n")),
        ("record.toml", format!("[records.unit.j{long}]\n")),
        ("value.toml", format!("[records.unit.a]\nk{long} = 1\n")),
        ("text.toml", format!("[records.unit.b]\nhealth = \"l{long}\"\n")),
        ("target.toml", format!("[records.unit.c]\ntarget = \"m{long}\"\n")),
        ("inherits.toml", format!("[records.unit.d]\ninherits = \"n{long}\"\n")),
        ("patch.toml", format!("[patches.records.unit.o{long}]\n")),
        ("patched.toml", format!("[patches.schemas.p{long}]\n")),
        ("pack.toml", format!("name = \"q{long}\"\nrequires = [\"r{long}\"]\ns{long} = 1\n")),
    ];
    let files: Vec<_> = files.iter().map(|(path, text)| (*path, &**text)).chain([UNIT]).collect();
    let report = refused(&files);
    assert!(report.errors() >= 16, "{report}");
    let text = report.to_string();
    assert!(text.len() < 30_000, "{} bytes", text.len());
    assert!(serde_json::to_string(&report).expect("reports serialize").len() < 60_000);
}

#[test]
fn fault_45_a_line_of_a_megabyte_with_a_problem_in_the_middle() {
    let half = vec!["\"ü\""; 100_000].join(",");
    let cases = [
        format!("{{\"records\":{{\"unit\":[{{\"x\":[{half}],\"helth\":1,\"y\":[{half}]}}]}}}}"),
        format!("{{\"records\":{{\"unit\":[{{\"x\":[{half} ; {half}]}}]}}}}"),
    ];
    for text in &cases {
        let report = refused(&[UNIT, ("a.json", text)]);
        for found in report.diagnostics() {
            let at = report.location(found.place().expect("it has a place")).expect("of a file");
            assert_eq!(at.line, 1);
            assert!(at.column < text.chars().count());
        }
        assert!(report.to_string().len() < 3000);
    }
}

#[test]
fn fault_45_a_thousand_problems_in_one_long_line() {
    let blank = " ".repeat(20_000);
    let one = |at: i32| format!("{{\"level\":-{}}},{blank}", at + 1);
    let all: String = (0..1000).map(one).collect();
    let text = format!("{{\"records\":{{\"unit\":[{all}{{}}]}}}}");
    let report = refused(&[UNIT, ("a.json", &text)]);
    assert_eq!(report.errors(), 1000);
}

#[test]
fn fault_45_one_mistake_in_a_thousand_records_is_one_problem() {
    let text: String =
        (0..1003).map(|at| format!("[records.unit.r{at}]\nmana = 1\nhelth = 2\n")).collect();
    let report = refused(&[UNIT, ("a.toml", &text)]);
    assert_eq!((report.errors(), report.omitted()), (2, 0));
    assert!(report.to_string().contains("not declared, in 1003 places"), "{report}");
    // Different names are different mistakes.
    let text: String =
        (0..20_000).map(|at| format!("[records.unit.r{at}]\nmana{at} = 1\n")).collect();
    let report = refused(&[UNIT, ("a.toml", &text)]);
    assert_eq!((report.errors(), report.omitted()), (20_000, 19_000));
}

#[test]
fn fault_45_a_hundred_thousand_patches_of_nothing() {
    let patches: String = (0..100_000)
        .map(|at| format!("[patches.schemas.p{at}]\n[schemas.s{at}]\nextends = 'z{at}'\n"))
        .collect();
    let report = refused(&[("a.toml", &patches)]);
    assert_eq!(report.errors(), 200_000);
    let patches: String = (0..100_000)
        .map(|at| format!("[records.unit.r{at}]\n[patches.records.unit.p{at}]\n"))
        .collect();
    let report = refused(&[UNIT, ("a.toml", &patches)]);
    assert_eq!(report.errors(), 100_000);
}

#[test]
fn fault_45_one_name_in_many_schemas() {
    let mut text = String::new();
    for at in 0..5000 {
        write!(text, "[schemas.s{at}]\nextends = 'unit'\n[records.s{at}.same]\ntarget = 'same'\n")
            .expect("memory suffices");
    }
    let report = refused(&[UNIT, ("a.toml", &text)]);
    assert_eq!((report.errors(), codes(&report)), (5000, vec![Code::Ambiguous]));
}

#[test]
fn fault_45_many_objects_files_that_are_absent() {
    let files: String = (0..50_000).map(|at| format!("\"f{at}.json\" = 'unit'\n")).collect();
    let manifest = format!("[objects]\n{files}");
    let report = refused(&[UNIT, ("pack.toml", &manifest)]);
    assert_eq!(report.errors(), 50_000);
}

/// Files cannot redefine schemas of the store.
#[test]
fn fault_45_redefinition_of_schemas_of_the_store() -> Outcome {
    let mut store = Store::new();
    store.register_schema(Schema::builder("tile").slot("height", Kind::F64).build()?)?;
    let same = "[schemas.tile.slots]\nheight = \"f64\"\n";
    let definitions = crate::load_into(&store, &[("a.toml", same)])?;
    definitions.spawn(&mut store)?;
    for other in ["height = \"f32\"", "height = \"f64\"\nwet = \"bool\"", ""] {
        let file = format!("[schemas.tile.slots]\n{other}\n");
        let report =
            crate::load_into(&store, &[("a.toml", &file)]).expect_err("the schema differs");
        assert_eq!(codes(&report), [Code::Conflict], "{report}");
    }
    assert_eq!(store.schemas().len(), 1);
    Ok(())
}

#[test]
fn fault_45_more_schemas_than_the_store_takes() {
    let mut limits = Limits::default();
    limits.schemas = 3;
    let store = Store::with_limits(limits);
    let file: String = (0..9).map(|at| format!("[schemas.s{at}]\n")).collect();
    let report = crate::load_into(&store, &[("a.toml", &file)]).expect_err("9 schemas");
    assert!(report.errors() >= 1);
    assert_eq!(codes(&report), [Code::Limit], "{report}");
    assert_eq!(store.schemas().len(), 0);
}

#[test]
fn fault_45_folders_in_folders() -> Outcome {
    let folder = Folder::new("deep")?;
    let inner = (0..40).map(|_| "d").collect::<Vec<_>>().join("/");
    folder.write(&format!("{inner}/a.toml"), "[schemas.a]\n")?;
    let report = Loader::new()
        .pack(folder.path())
        .load(&Store::new())
        .expect_err("the folders are too deep");
    assert_eq!(message(&report), "folders are nested deeper than the limit of 16");
    assert_eq!((report.errors(), codes(&report)), (1, vec![Code::Limit]));
    Ok(())
}

#[test]
fn fault_45_too_many_files() -> Outcome {
    let folder = Folder::new("many")?;
    for at in 0..20 {
        folder.write(&format!("{at}/a.toml"), format!("[schemas.s{at}]\n"))?;
    }
    let mut limits = LoadLimits::default();
    limits.files = 5;
    let loader = Loader::new().pack(folder.path()).limits(limits);
    let report = loader.load(&Store::new()).expect_err("20 files");
    assert_eq!((report.errors(), codes(&report)), (1, vec![Code::Limit]), "{report}");
    Ok(())
}

#[cfg(unix)]
#[test]
fn fault_45_cyclic_and_dangling_links() -> Outcome {
    use std::os::unix::fs::symlink;
    let folder = Folder::new("linked")?;
    folder.write("a.toml", "[schemas.a]\n")?;
    symlink(folder.path(), folder.path().join("again"))?;
    let definitions = Loader::new().pack(folder.path()).load(&Store::new())?;
    assert_eq!(definitions.warnings().warnings(), 1);
    symlink(folder.path().join("gone"), folder.path().join("b.toml"))?;
    symlink(folder.path().join("c.toml"), folder.path().join("c.toml"))?;
    symlink("/dev/zero", folder.path().join("d.json"))?;
    let report =
        Loader::new().pack(folder.path()).load(&Store::new()).expect_err("folder b is missing");
    assert_eq!((report.errors(), codes(&report)), (3, vec![Code::Unreadable]), "{report}");
    Ok(())
}

#[cfg(unix)]
#[test]
fn fault_45_a_pipe_does_not_block() -> Outcome {
    let folder = Folder::new("pipe")?;
    let made = std::process::Command::new("mkfifo").arg(folder.path().join("a.json")).status();
    if !made.is_ok_and(|made| made.success()) {
        return Ok(());
    }
    let report =
        Loader::new().pack(folder.path()).load(&Store::new()).expect_err("the file is a pipe");
    assert_eq!(message(&report), "cannot read the file: it is not a regular file");
    Ok(())
}

#[test]
fn fault_45_a_folder_named_like_a_file() -> Outcome {
    let folder = Folder::new("odd")?;
    folder.write("x.json/a.toml", "[schemas.a]\n")?;
    let definitions = Loader::new().pack(folder.path()).load(&Store::new())?;
    assert_eq!(definitions.schemas().len(), 1);
    let file = folder.write("file.toml", "[schemas.b]\n")?;
    let report = Loader::new().pack(file).load(&Store::new()).expect_err("a file is not a pack");
    assert_eq!(codes(&report), [Code::Unreadable]);
    Ok(())
}

#[test]
fn fault_45_invalid_utf8_anywhere() -> Outcome {
    for name in ["a.json", "a.toml", "a.ron", "a.yaml"] {
        for bytes in [
            &b"\xff"[..],
            b"{\"records\xc3\": 1}",
            b"a = \"\xed\xa0\x80\"",
            b"\xf0\x9f\x98",
            b"\xc0\x80",
        ] {
            let folder = Folder::new("bytes")?;
            folder.write(name, bytes)?;
            let report = Loader::new().pack(folder.path()).load(&Store::new());
            let report = report.expect_err("the file is not UTF-8");
            assert_eq!((report.errors(), message(&report)), (1, "the file is not UTF-8"));
            assert!(!report.to_string().is_empty());
        }
    }
    Ok(())
}

#[cfg(unix)]
#[test]
fn fault_45_names_of_files_do_not_write_to_the_terminal() -> Outcome {
    let folder = Folder::new("strange")?;
    folder.write("a\u{1b}[31m\u{9b}31m\n\u{202e}.toml", "health = '\u{9b}31m\u{1b}'")?;
    let report =
        Loader::new().pack(folder.path()).load(&Store::new()).expect_err("the file is invalid");
    let text = report.to_string();
    assert!(!text.contains(|c: char| c != '\n' && c.is_control()), "{text:?}");
    assert!(text.contains("strange/a\\u{1b}[31m\\u{9b}31m\\n\\u{202e}.toml"), "{text}");
    Ok(())
}

/// Each reference once walked the chain of schemas: minutes for a file of a few megabytes.
#[test]
fn references_to_deep_chains_of_schemas() -> Outcome {
    const SCHEMAS: usize = 20_000;
    const RECORDS: usize = 50_000;
    let mut text = String::from(
        "[schemas.s0.slots]\nx = { kind = 'object', references = 's0', optional = true }\n",
    );
    for number in 1..SCHEMAS {
        writeln!(text, "[schemas.s{number}]\nextends = 's{}'", number - 1)?;
    }
    let last = SCHEMAS - 1;
    writeln!(text, "[records.s{last}]\nr = {{}}")?;
    for number in 0..RECORDS {
        writeln!(text, "r{number} = {{ inherits = 'r', x = 'r' }}")?;
    }
    let definitions = load(&[("a.toml", &text)])?;
    assert_eq!(definitions.records().len(), RECORDS + 1);
    // One name in each schema, and references that only the last one fits.
    let mut text = String::from("[schemas.s0.slots]\n");
    for number in 1..SCHEMAS {
        writeln!(text, "[schemas.s{number}]\nextends = 's{}'", number - 1)?;
    }
    writeln!(text, "[schemas.user.slots]\nx = {{ kind = 'object', references = 's{last}' }}")?;
    for number in 0..SCHEMAS {
        writeln!(text, "[records.s{number}.r]")?;
    }
    for number in 0..RECORDS {
        writeln!(text, "[records.user.u{number}]\nx = 'r'")?;
        writeln!(text, "[records.s{last}.r{number}]\ninherits = 'r'")?;
    }
    let definitions = load(&[("a.toml", &text)])?;
    assert_eq!(definitions.records().len(), SCHEMAS + 2 * RECORDS);
    Ok(())
}

#[test]
fn many_changes_of_one_long_list() -> Outcome {
    const ELEMENTS: usize = 100_000;
    let numbers: Vec<_> = (0..ELEMENTS).map(|number| number.to_string()).collect();
    let numbers = numbers.join(", ");
    let core = format!(
        "schemas.a.slots.list = {{ kind = 'list(u32)', default = [] }}\nrecords.a.a.list = [{numbers}]\n"
    );
    let patch = |number: usize| {
        let text =
            format!("patches.records.a.a.list = {{ add = [{number}], remove = [{number}] }}");
        (format!("p{number}.toml"), text)
    };
    let files = (0..1000).map(patch).chain([("a.toml".to_owned(), core)]);
    let files: Vec<(String, String)> = files.collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (&**path, &**text)).collect();
    let report = refused(&files);
    assert_eq!(codes(&report), [Code::Limit]);
    let definitions = load(&files[991..])?;
    assert_eq!(definitions.records().len(), 1);
    Ok(())
}

#[test]
fn conditions_and_deletions_in_large_numbers() -> Outcome {
    const RECORDS: usize = 50_000;
    let mut text =
        String::from("[schemas.a.slots]\nx = { kind = 'object', optional = true }\n[records.a]\n");
    for number in 0..RECORDS {
        writeln!(text, "r{number} = {{ x = 'r{}', if_pack = 'mod' }}", number / 4 * 4)?;
    }
    let names = (0..RECORDS).filter(|number| number % 4 != 0);
    let names: Vec<_> = names.map(|number| format!("'r{number}'")).collect();
    writeln!(text, "[patches.delete]\na = [{}]", names.join(", "))?;
    let definitions = load(&[("a.toml", &text)])?;
    assert_eq!(definitions.records().len(), RECORDS / 4);
    Ok(())
}
