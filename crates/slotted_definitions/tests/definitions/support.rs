//! Helpers of several tests.

use slotted::{Store, Value};
use slotted_definitions::{Definitions, Format, Loader, Report, Undeclared};

pub(crate) type Outcome = Result<(), Box<dyn std::error::Error>>;

pub(crate) fn map<const N: usize>(parts: [(&str, Value); N]) -> Value {
    parts.into_iter().collect()
}

/// Loads the files as one pack.
pub(crate) fn load(files: &[(&str, &str)]) -> Result<Definitions, Report> {
    load_as(Undeclared::Refuse, files)
}

pub(crate) fn load_as(policy: Undeclared, files: &[(&str, &str)]) -> Result<Definitions, Report> {
    let files = files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
    Loader::new().undeclared(policy).pack_of_texts("core", files).load(&Store::new())
}

/// Writes the records `names` of `schema` in each format, loads what was written, and compares
/// both. No text that is written contains one of `absent`.
pub(crate) fn written_is_the_same(
    files: [(&str, &str); 2],
    (schema, names): (&str, &[&str]),
    absent: &[&str],
) -> Outcome {
    for format in [Format::Json, Format::Toml, Format::Ron, Format::Yaml] {
        let mut store = Store::new();
        let objects = load(&files)?.spawn(&mut store)?;
        let written = objects.to_files(&store, format)?;
        let [(path, text)] = &written[..] else { panic!("one file") };
        for part in absent {
            assert!(!text.contains(part), "`{part}` is in {text}");
        }
        let mut again = Store::new();
        let loaded = load(&[files[0], (path, text)])?.spawn(&mut again)?;
        for name in names {
            let (before, after) = (objects.id(schema, name), loaded.id(schema, name));
            let (before, after) = (before.ok_or(*name)?, after.ok_or(*name)?);
            assert_eq!(store.get_record(before)?, again.get_record(after)?, "{text}");
        }
        assert_eq!(loaded.to_files(&again, format)?, written);
    }
    Ok(())
}
