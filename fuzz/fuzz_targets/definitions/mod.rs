//! Shared code of the targets for definition files.

use slotted::Store;
use slotted_definitions::{LoadLimits, Loader, Undeclared};

/// Loads the bytes as a file and spawns its records, or prints the report.
pub fn load(path: &str, bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let mut limits = LoadLimits::default();
    (limits.values, limits.slots) = (100_000, 10_000);
    for policy in [Undeclared::Refuse, Undeclared::Quarantine] {
        let loader = Loader::new().pack_of_texts("pack", [(path, &*text)]);
        let mut store = Store::new();
        match loader.limits(limits).undeclared(policy).load(&store) {
            Ok(definitions) => {
                let objects = definitions.spawn(&mut store).expect("there is room");
                assert_eq!(objects.len(), store.len());
                for record in definitions.records() {
                    for (slot, value, place) in record.values() {
                        assert_eq!(record.get(slot), Ok(value));
                        assert!(definitions.location(place).is_some());
                    }
                }
                _ = definitions.warnings().to_string();
            }
            Err(report) => {
                assert!(report.errors() > 0);
                for problem in report.diagnostics() {
                    let place = problem.place().expect("there is a file");
                    let at = report.location(place).expect("it is of the file");
                    assert!(at.line <= text.lines().count() + 1);
                }
                let shown = report.to_string();
                assert!(!shown.contains(|c: char| c != '\n' && c.is_control()));
            }
        }
    }
}
