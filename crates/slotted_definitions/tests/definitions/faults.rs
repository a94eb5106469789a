//! Faults of insertion and of numbers, through files of each format.

use slotted::{Limits, ObjectId, Slotted, Store, Value};
use slotted_definitions::diagnostic::Code;
use slotted_definitions::{Definitions, Loader, Report, SpawnDefinitionsError};

use crate::formats::{self, Case};

type Outcome = Result<(), Box<dyn std::error::Error>>;

const PROBE: (&str, &str) = (
    "schemas.toml",
    r#"
[schemas.probe.slots]
i8 = { kind = "i8", default = 0 }
i16 = { kind = "i16", default = 0 }
i32 = { kind = "i32", default = 0 }
i64 = { kind = "i64", default = 0 }
u8 = { kind = "u8", default = 0 }
u16 = { kind = "u16", default = 0 }
u32 = { kind = "u32", default = 0 }
u64 = { kind = "u64", default = 0 }
f32 = { kind = "f32", default = 0.0 }
f64 = { kind = "f64", default = 0.0 }
finite = { kind = "f32", default = 0.0, finite = true }
bounded = { kind = "f64", default = 0.0, range = [-1.0, 1.0] }
direction = { kind = "vec3", default = [0.0, 0.0, 0.0], finite = true }
bool = { kind = "bool", default = false }
text = { kind = "text", default = "" }
job = { variants = ["farmer", "smith"], default = "farmer" }
vec2 = { kind = "vec2", default = [0.0, 0.0] }
ivec2 = { kind = "ivec2", default = [0, 0] }
array = { kind = "[u8; 3]", default = [0, 0, 0] }
list = { kind = "list(u16)", default = [] }
floats = { kind = "list(f64)", default = [] }
other = { kind = "object", optional = true }

[schemas.strict.slots]
name = "text"
count = "u32"
"#,
);

fn load_into(store: &Store, case: &Case) -> Result<Definitions, Report> {
    crate::load_into(store, &[PROBE, (case.0, &case.1)])
}

/// Returns the report, and checks that the store is unchanged.
fn refused(case: &Case) -> Report {
    let store = Store::new();
    let report = match load_into(&store, case) {
        Ok(_) => panic!("nothing is wrong with {}", case.1),
        Err(report) => report,
    };
    assert_eq!((store.schemas().len(), store.len()), (0, 0));
    report
}

/// Returns the value of a slot of the only object.
fn stored(case: &Case, slot: &str) -> Value {
    let mut store = Store::new();
    let definitions = load_into(&store, case).unwrap_or_else(|report| panic!("{report}"));
    let objects = definitions.spawn(&mut store).expect("there is room");
    let ids: Vec<ObjectId> = objects.ids().collect();
    let [id] = *ids else { panic!("one object is defined") };
    store.get_value(id, slot).expect("the object is alive")
}

fn seen(store: &mut Store) -> (usize, usize, u64) {
    let schemas = store.schemas().len();
    (store.len(), schemas, store.state_hash())
}

fn codes(report: &Report) -> Vec<Code> {
    report.diagnostics().iter().map(|found| found.code()).collect()
}

#[test]
fn fault_09_undeclared_missing_and_duplicate_slots_are_named_at_once() {
    let json = r#""naem": "x", "name": "a", "name": "b""#;
    let toml = "naem = \"x\"\nname = \"a\"";
    let ron = r#"naem: "x", name: "a", name: "b""#;
    for case in &formats::records("strict", json, toml, ron) {
        let report = refused(case);
        let mut expected = vec![Code::UndeclaredSlot, Code::Duplicate, Code::MissingValue];
        let mut found = codes(&report);
        if case.0.ends_with("toml") {
            expected.remove(1);
        }
        found.sort_by_key(|code| expected.iter().position(|other| other == code));
        assert_eq!(found, expected, "{report}");
        assert!(report.to_string().contains("did you mean 'name'?"));
    }
    let twice = ("a.toml", "[[records.strict]]\nname = 'a'\nname = 'b'\n".to_owned());
    assert_eq!(codes(&refused(&twice)), [Code::Syntax]);
}

#[test]
fn fault_10_a_value_of_another_kind_is_never_coerced() {
    let wrong = [
        ("i32", "\"7\""),
        ("i32", "true"),
        ("i32", "7.0"),
        ("i32", "[7]"),
        ("f32", "\"7\""),
        ("f32", "false"),
        ("f64", "[1.0]"),
        ("bool", "1"),
        ("bool", "0"),
        ("bool", "\"true\""),
        ("text", "7"),
        ("text", "true"),
        ("text", "[\"a\"]"),
        ("job", "0"),
        ("job", "[\"farmer\"]"),
        ("vec2", "1.0"),
        ("vec2", "[1.0]"),
        ("vec2", "[1.0, 2.0, 3.0]"),
        ("vec2", "[\"1\", \"2\"]"),
        ("ivec2", "[1.0, 2.0]"),
        ("array", "[1, 2]"),
        ("array", "[1, 2, 3, 4]"),
        ("list", "7"),
        ("list", "[1, [2]]"),
        ("list", "[1, \"2\"]"),
        ("other", "7"),
        ("other", "[\"a\"]"),
    ];
    for (slot, value) in wrong {
        for case in &formats::value("probe", slot, value) {
            let report = refused(case);
            assert_eq!(codes(&report), [Code::BadValue], "{slot}: {value}: {report}");
        }
    }
}

#[test]
fn fault_11_one_bad_record_keeps_all_of_them_out() -> Outcome {
    let json = r#"{ "records": { "probe": [{ "i8": 1 }, { "i8": 2 }, { "i8": "3" }] } }"#;
    let toml =
        "[[records.probe]]\ni8 = 1\n[[records.probe]]\ni8 = 2\n[[records.probe]]\ni8 = '3'\n";
    let ron = r#"(records: { "probe": [(i8: 1), (i8: 2), (i8: "3")] })"#;
    let yaml = "records:\n  probe:\n    - i8: 1\n    - i8: 2\n    - i8: '3'\n";
    for (path, text) in [("a.json", json), ("a.toml", toml), ("a.ron", ron), ("a.yaml", yaml)] {
        let mut store = Store::new();
        crate::load(&[PROBE])?.spawn(&mut store)?;
        let before = seen(&mut store);
        let report =
            load_into(&store, &(path, text.to_owned())).expect_err("the third record is invalid");
        assert_eq!(codes(&report), [Code::BadValue]);
        assert_eq!(seen(&mut store), before);
    }
    Ok(())
}

/// Valid files can still exceed the limits of the store.
#[test]
fn fault_11_a_limit_that_is_reached_late_leaves_no_object() -> Outcome {
    let text = format!("text = \"{}\"\n", "x".repeat(100));
    let other = format!("text = \"{}\"\n", "y".repeat(100));
    let file = format!("[[records.probe]]\n{text}[[records.probe]]\n{other}");
    let mut limits = Limits::default();
    limits.text_bytes = 32 + 150;
    let mut store = Store::with_limits(limits);
    let definitions = load_into(&store, &("a.toml", file))?;
    definitions.register(&mut store)?;
    let before = seen(&mut store);
    let error = definitions.spawn(&mut store).expect_err("the texts are too long");
    assert!(matches!(error, SpawnDefinitionsError::Limit(_)), "{error}");
    assert_eq!(seen(&mut store), before);
    // Earlier texts are removed.
    store.intern_text(&"z".repeat(150))?;
    Ok(())
}

#[test]
fn fault_13_no_file_makes_an_invalid_bool_variant_or_text() {
    for (slot, value) in
        [("bool", "2"), ("bool", "-1"), ("job", "\"Farmer\""), ("job", "2"), ("job", "\"\"")]
    {
        for case in &formats::value("probe", slot, value) {
            assert_eq!(codes(&refused(case)), [Code::BadValue], "{value}");
        }
    }
    let halves = [("a.json", r#"{"records":{"probe":[{"text":"\ud800"}]}}"#)];
    let halves = halves.into_iter().chain([
        ("a.toml", "[[records.probe]]\ntext = \"\\ud800\"\n"),
        ("a.ron", r#"(records: { "probe": [(text: "\u{d800}")] })"#),
        ("a.yaml", "records:\n  probe:\n    - text: \"\\ud800\"\n"),
    ]);
    for (path, text) in halves {
        assert_eq!(codes(&refused(&(path, text.to_owned()))), [Code::Syntax], "{path}");
    }
}

#[test]
fn fault_15_limits_of_the_store_hold_for_files() {
    let file = |count: usize| -> String {
        let slots: String = (0..count).map(|at| format!("s{at} = 'u8'\n")).collect();
        format!("[schemas.wide.slots]\n{slots}")
    };
    let mut limits = Limits::default();
    limits.slots_per_schema = 10;
    limits.schemas = 4;
    let store = Store::with_limits(limits);
    assert!(crate::load_into(&store, &[("a.toml", &file(10))]).is_ok());
    let report = crate::load_into(&store, &[("a.toml", &file(11))]).expect_err("11 of 10");
    assert_eq!(codes(&report), [Code::Limit], "{report}");
    let derived = format!("{}[schemas.wider]\nextends = 'wide'\nslots.more = 'u8'\n", file(10));
    let report = crate::load_into(&store, &[("a.toml", &derived)]).expect_err("11 of 10");
    assert_eq!(codes(&report), [Code::Limit], "{report}");
    let schemas: String = (0..5).map(|at| format!("[schemas.s{at}]\n")).collect();
    let report = crate::load_into(&store, &[("a.toml", &schemas)]).expect_err("5 of 4");
    assert_eq!(codes(&report), [Code::Limit], "{report}");
    assert_eq!(store.schemas().len(), 0);
}

#[test]
fn fault_15_limits_of_rows_texts_and_lists_leave_the_store_as_it_was() -> Outcome {
    let rows = "[[records.probe]]\n".repeat(5);
    let list = format!("[[records.probe]]\nlist = {:?}\n", vec![7; 1000]);
    let text = format!("[[records.probe]]\ntext = \"{}\"\n", "x".repeat(2000));
    for file in [rows, list, text] {
        let mut limits = Limits::default();
        (limits.rows_per_schema, limits.list_bytes, limits.text_bytes) = (4, 1000, 1000);
        let mut store = Store::with_limits(limits);
        let definitions = load_into(&store, &("a.toml", file))?;
        definitions.register(&mut store)?;
        let before = seen(&mut store);
        assert!(definitions.spawn(&mut store).is_err());
        assert_eq!(seen(&mut store), before);
        store.spawn_record("probe", slotted::record! { i8: 1 })?;
    }
    Ok(())
}

/// Special numbers in each format; JSON writes them as JSON5 does.
fn special(slot: &str, toml: &str, ron: &str) -> [Case; 4] {
    let json = ron.replace("inf", "Infinity");
    let yaml = ron.replace("inf", ".inf").replace("NaN", ".nan");
    let yaml = format!("records:\n  probe:\n    - {slot}: {yaml}\n");
    let (toml, ron) = (format!("{slot} = {toml}"), format!("{slot}: {ron}"));
    let [json, toml, ron, _] = formats::records("probe", &format!("{slot}: {json}"), &toml, &ron);
    [json, toml, ron, ("a.yaml", yaml)]
}

const SPECIAL: [(&str, &str, f64); 3] =
    [("nan", "NaN", f64::NAN), ("inf", "inf", f64::INFINITY), ("-inf", "-inf", f64::NEG_INFINITY)];

#[test]
fn fault_16_finite_slots_refuse_nan_and_infinities() {
    for (toml, ron, _) in SPECIAL {
        for case in &special("finite", toml, ron) {
            assert_eq!(codes(&refused(case)), [Code::BadValue]);
        }
        for case in &special("bounded", toml, ron) {
            assert_eq!(codes(&refused(case)), [Code::BadValue]);
        }
        let (toml, ron) = (format!("[0.0, {toml}, 0.0]"), format!("[0.0, {ron}, 0.0]"));
        for case in &special("direction", &toml, &ron) {
            assert_eq!(codes(&refused(case)), [Code::BadValue]);
        }
    }
    for slot in ["f64", "finite"] {
        for value in ["nan", "inf", "1e999"] {
            let [json, ..] = formats::value("probe", slot, value);
            assert_eq!(codes(&refused(&json)), [Code::Syntax], "{value}");
        }
    }
}

#[test]
fn fault_16_nan_and_infinities_that_are_allowed_are_kept() {
    for (toml, ron, number) in SPECIAL {
        for case in &special("f64", toml, ron) {
            let Value::F64(found) = stored(case, "f64") else { panic!("it is an f64") };
            assert_eq!(found.to_bits(), number.to_bits(), "{}", case.1);
        }
        for case in &special("f32", toml, ron) {
            assert_eq!(stored(case, "f32"), Value::F32(number as f32), "{}", case.1);
        }
        let list = (format!("[0.5, {toml}]"), format!("[0.5, {ron}]"));
        for case in &special("floats", &list.0, &list.1) {
            assert_eq!(stored(case, "floats"), Value::from([0.5, number]), "{}", case.1);
        }
    }
}

#[test]
fn fault_17_negative_zero_is_kept() {
    for zero in ["-0.0", "-0e0", "-0.0e5"] {
        for case in &formats::value("probe", "f64", zero) {
            assert_eq!(stored(case, "f64"), Value::F64(-0.0), "{}", case.1);
        }
        for case in &formats::value("probe", "f32", zero) {
            assert_eq!(stored(case, "f32"), Value::F32(-0.0), "{}", case.1);
        }
    }
    for case in &formats::value("probe", "f64", "0.0") {
        assert_eq!(stored(case, "f64"), Value::F64(0.0));
    }
    for case in &formats::value("probe", "direction", "[-0.0, 0.0, -0.0]") {
        let found = stored(case, "direction");
        assert_eq!(found, Value::Vec3(slotted::glam::Vec3::new(-0.0, 0.0, -0.0)));
    }
}

#[test]
fn fault_18_the_extremes_of_every_number_kind_are_stored_exactly() {
    let integers: [(&str, Value); 14] = [
        ("i8", i8::MIN.into()),
        ("i8", i8::MAX.into()),
        ("i16", i16::MIN.into()),
        ("i16", i16::MAX.into()),
        ("i32", i32::MIN.into()),
        ("i32", i32::MAX.into()),
        ("i64", i64::MIN.into()),
        ("i64", i64::MAX.into()),
        ("u8", u8::MAX.into()),
        ("u16", u16::MAX.into()),
        ("u32", u32::MAX.into()),
        ("u64", (i64::MAX as u64).into()),
        ("u64", (i64::MAX as u64 + 1).into()),
        ("u64", u64::MAX.into()),
    ];
    for (slot, value) in integers {
        for case in &formats::value("probe", slot, &value.to_string()) {
            assert_eq!(stored(case, slot), value, "{}", case.1);
        }
    }
    let floats = [
        f64::MAX,
        f64::MIN,
        f64::MIN_POSITIVE,
        f64::from_bits(1),
        -f64::from_bits(1),
        f64::from_bits(0x000f_ffff_ffff_ffff),
        f64::EPSILON,
        0.1,
        1.0 / 3.0,
        9_007_199_254_740_993.0,
        1e23,
        5e-324,
        2.225_073_858_507_201e-308,
    ];
    for number in floats {
        for case in &formats::value("probe", "f64", &format!("{number:?}")) {
            let Value::F64(found) = stored(case, "f64") else { panic!("it is an f64") };
            assert_eq!(found.to_bits(), number.to_bits(), "{}", case.1);
        }
    }
    for number in [f32::MAX, f32::MIN, f32::MIN_POSITIVE, f32::from_bits(1), 0.1, 16_777_216.0] {
        for case in &formats::value("probe", "f32", &format!("{number:?}")) {
            assert_eq!(stored(case, "f32"), Value::F32(number), "{}", case.1);
        }
    }
}

#[test]
fn fault_18_numbers_past_the_kind_are_refused() {
    let past = [
        ("i8", "128"),
        ("i8", "-129"),
        ("i16", "32768"),
        ("i32", "-2147483649"),
        ("i64", "9223372036854775808"),
        ("u8", "256"),
        ("u8", "-1"),
        ("u16", "65536"),
        ("u32", "4294967296"),
        ("u64", "-1"),
        ("f32", "1e39"),
        ("list", "[1, 65536]"),
        ("array", "[1, 2, 256]"),
        ("ivec2", "[2147483648, 0]"),
    ];
    for (slot, value) in past {
        for case in &formats::value("probe", slot, value) {
            let report = refused(case);
            assert_eq!(codes(&report), [Code::BadValue], "{report}");
        }
    }
    let past_all =
        ["18446744073709551616", "-9223372036854775809", "99999999999999999999999999999999"];
    for value in past_all {
        for slot in ["u64", "i64", "f64"] {
            for case in &formats::value("probe", slot, value) {
                assert_eq!(codes(&refused(case)), [Code::Syntax], "{} {value}", case.0);
            }
        }
    }
}

#[test]
fn fault_19_lossy_conversions_are_refused() {
    let lossy = [
        ("i32", "1.5"),
        ("i32", "1.0"),
        ("i32", "1e3"),
        ("u8", "0.0"),
        // Integers that a float cannot represent.
        ("f32", "16777217"),
        ("f64", "9007199254740993"),
        ("floats", "[9007199254740993]"),
    ];
    for (slot, value) in lossy {
        for case in &formats::value("probe", slot, value) {
            let report = refused(case);
            assert_eq!(codes(&report), [Code::BadValue], "{slot}: {value}: {report}");
        }
    }
    for (slot, value, expected) in [
        ("f32", "16777216", Value::F32(16_777_216.0)),
        ("f64", "9007199254740992", Value::F64(9_007_199_254_740_992.0)),
        ("f32", "7", Value::F32(7.0)),
    ] {
        for case in &formats::value("probe", slot, value) {
            assert_eq!(stored(case, slot), expected);
        }
    }
}

#[derive(Slotted, Clone, Copy)]
struct Pair {
    #[slot(range = 1..=3)]
    low: u8,
    high: u8,
}

/// Slots of the program's schemas are equally strict.
#[test]
fn fault_10_the_programs_schemas_are_checked_too() -> Outcome {
    let mut store = Store::new();
    store.register::<Pair>()?;
    for (json, code) in [
        (r#""low": 4, "high": 0"#, Code::BadValue),
        (r#""low": 3, "high": 256"#, Code::BadValue),
        (r#""low": 3"#, Code::MissingValue),
        (r#""low": 3, "high": 2, "middle": 2"#, Code::UndeclaredSlot),
    ] {
        let file = format!(r#"{{ "records": {{ "pair": [{{ {json} }}] }} }}"#);
        let report =
            Loader::new().text("a.json", file).load(&store).expect_err("the file is invalid");
        assert_eq!(codes(&report), [code], "{report}");
    }
    let loader = Loader::new().text("a.json", r#"{"records":{"pair":[{"low":3,"high":2}]}}"#);
    let objects = loader.load(&store)?.spawn(&mut store)?;
    let id = objects.ids().next().expect("one object");
    assert_eq!(store.get_object::<Pair>(id)?.low, 3);
    Ok(())
}
