//! The messages for common mistakes, each compared with a file in `snapshots/`.

mod habits;
mod names;
mod nested;
mod packs;
mod patches;
mod policies;
mod records;
mod report;
mod schemas;
mod syntax;
mod unions;
mod values;
mod yaml;

use slotted_definitions::Report;

/// Compares the report with the snapshot of this name.
pub(crate) fn assert_report(name: &str, report: &Report) {
    let text = report.to_string();
    let is_plain = |c: char| c == '\n' || !c.is_control();
    assert!(text.chars().all(is_plain), "characters of the files reach the terminal: {text:?}");
    for diagnostic in report.diagnostics() {
        let place = diagnostic.place().expect("every problem has a place");
        assert!(report.location(place).is_some());
    }
    assert_text(name, &text);
}

fn assert_text(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.set_snapshot_path("../snapshots");
    settings.bind(|| insta::assert_snapshot!(name, text));
}

/// One test for each line: its name, and the files of one pack.
macro_rules! reports {
    ($($name:ident { $($file:expr),+ $(,)? })+) => {$(
        #[test]
        fn $name() {
            let module = module_path!().rsplit("::").next().unwrap_or_default();
            let name = format!("{module}_{}", stringify!($name));
            crate::messages::assert_report(&name, &crate::refused(&[$($file),+]));
        }
    )+};
}
use reports;
