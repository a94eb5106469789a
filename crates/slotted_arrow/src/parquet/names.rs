//! Schemas as names of folders and files.

/// Returns the names of the folders of these schemas: `schema=unit`.
pub(crate) fn folders<'n>(schemas: impl Iterator<Item = &'n str> + Clone) -> Vec<String> {
    file_names(schemas).iter().map(|name| format!("schema={name}")).collect()
}

/// Returns a name for a file of each of these schemas.
///
/// Bytes that are not letters, digits, `_` or `-` of ASCII are written as `%2F`, as Hive and its readers do. So are capital
/// letters of names that differ in nothing else, because some file systems take them for the same name.
///
/// # Example
/// ```
/// let names = slotted_arrow::parquet::file_names(["unit", "mods/orc"].into_iter());
/// assert_eq!(names, ["unit", "mods%2Forc"]);
/// ```
#[must_use]
pub fn file_names<'n>(schemas: impl Iterator<Item = &'n str> + Clone) -> Vec<String> {
    let mut spellings = std::collections::HashMap::<String, usize>::new();
    for schema in schemas.clone() {
        *spellings.entry(schema.to_ascii_lowercase()).or_default() += 1;
    }
    let is_ambiguous = |schema: &str| spellings[&schema.to_ascii_lowercase()] > 1;
    schemas.map(|schema| escaped(schema, is_ambiguous(schema))).collect()
}

fn escaped(name: &str, escapes_capitals: bool) -> String {
    let mut escaped = String::with_capacity(name.len());
    for byte in name.bytes() {
        let is_plain = match byte {
            b'A'..=b'Z' => !escapes_capitals,
            b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-' => true,
            _ => false,
        };
        if is_plain {
            escaped.push(char::from(byte));
        } else {
            escaped.push_str(&format!("%{byte:02X}"));
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_no_file_names_are_escaped() {
        let names = ["unit", "../../etc", "a/b", "C:\\con", "größe", "50%", "x=1"];
        let folders = folders(names.into_iter());
        let expected = [
            "unit",
            "%2E%2E%2F%2E%2E%2Fetc",
            "a%2Fb",
            "C%3A%5Ccon",
            "gr%C3%B6%C3%9Fe",
            "50%25",
            "x%3D1",
        ];
        assert_eq!(folders, expected.map(|name| format!("schema={name}")));
    }

    #[test]
    fn names_that_differ_in_capitals_alone_differ_without_them() {
        let folders = folders(["Unit", "unit", "Tile"].into_iter());
        assert_eq!(folders, ["schema=%55nit", "schema=unit", "schema=Tile"]);
    }
}
