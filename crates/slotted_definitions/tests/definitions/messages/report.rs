//! A report as text, in colours and as JSON.

use slotted::Store;
use slotted_definitions::diagnostic::{Code, Severity};
use slotted_definitions::{LoadLimits, Loader, Report, Undeclared};

use crate::UNIT;
use crate::messages::{assert_report, assert_text};

fn report() -> Report {
    let units = "[records.unit.grunt]\nhelth = 80.0\nlevel = \"3\"\n";
    let more = r#"{ "records": { "unit": { "grunt": {} } } }"#;
    crate::refused(&[UNIT, ("units.toml", units), ("more.json", more)])
}

#[test]
fn as_json() {
    let json = serde_json::to_string_pretty(&report()).expect("reports serialize");
    assert_text("report_as_json", &json);
}

#[test]
fn in_colours() {
    let report = report();
    let (plain, coloured) = (report.to_string(), report.to_colored_text());
    assert!(coloured.contains("\u{1b}["));
    assert!(!plain.contains('\u{1b}'));
    let mut parts = coloured.split("\u{1b}[");
    let first = parts.next().unwrap_or_default().to_owned();
    let without = |part: &str| part.split_once('m').map_or("", |(_, text)| text).to_owned();
    assert_eq!(first + &parts.map(without).collect::<String>(), plain);
}

#[test]
fn to_a_program() {
    let report = report();
    let [helth, level, grunt] = report.diagnostics() else { panic!("{report}") };
    assert_eq!((helth.code(), level.code()), (Code::UndeclaredSlot, Code::BadValue));
    assert_eq!(helth.suggestion(), Some("health"));
    assert_eq!((level.expected(), level.found()), (Some("u8"), Some("\"3\"")));
    assert_eq!((grunt.code(), grunt.severity()), (Code::Conflict, Severity::Error));
    assert_eq!(grunt.message(), "record 'grunt' of 'unit' is defined twice");
    let place = level.place().and_then(|place| report.location(place)).expect("a place");
    assert_eq!((&*place.path, place.line, place.column), ("mod/units.toml", 3, 9));
    assert_eq!((place.end_line, place.end_column), (3, 12));
    assert_eq!((report.errors(), report.warnings(), report.omitted()), (3, 0, 0));
}

#[test]
fn of_more_problems_than_are_kept() {
    let record = |at: i32| format!("[records.unit.r{at}]\nlevel = -{}\n", at + 1);
    let records: String = (0..9).map(record).collect();
    let mut limits = LoadLimits::default();
    limits.problems = 2;
    let loader = Loader::new().pack_of_texts("mod", [UNIT, ("units.toml", &*records)]);
    let report = loader.limits(limits).load(&Store::new()).expect_err("no level is negative");
    assert_eq!((report.errors(), report.omitted()), (9, 7));
    assert_report("report_of_more_problems_than_are_kept", &report);
}

/// Warnings beyond the limit were counted as errors, so that a load without errors failed.
#[test]
fn of_more_warnings_than_are_kept() {
    let records: String =
        (0..9).map(|at| format!("[records.unit.r{at}]\njob = \"job{at}\"\n")).collect();
    let patches: String = (0..9).map(|at| format!("[patches.schemas.gone{at}]\n")).collect();
    for file in [records, patches] {
        let mut limits = LoadLimits::default();
        limits.problems = 2;
        let loader = Loader::new().pack_of_texts("mod", [UNIT, ("units.toml", &*file)]);
        let loader = loader.limits(limits).undeclared(Undeclared::Ignore);
        let definitions = loader.load(&Store::new()).expect("there are no errors");
        let report = definitions.warnings();
        assert_eq!((report.errors(), report.warnings(), report.omitted()), (0, 9, 7), "{file}");
    }
}

#[test]
fn of_a_very_long_line() {
    let wide = "é".repeat(30_000);
    let file = format!(
        r#"{{ "records": {{ "unit": [{{ "name": "{wide}", "helth": 80.0, "name": "{wide}" }}] }} }}"#
    );
    assert_report("report_of_a_very_long_line", &crate::refused(&[UNIT, ("units.json", &file)]));
}
