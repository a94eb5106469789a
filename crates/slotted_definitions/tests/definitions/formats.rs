//! One content in all three formats.

/// A file's path, which tells the format, and its text.
pub(crate) type Case = (&'static str, String);

/// One record of a schema in each format, from what each calls a record's body.
pub(crate) fn records(schema: &str, json: &str, toml: &str, ron: &str) -> [Case; 3] {
    [
        ("a.json", format!("{{\"records\":{{\"{schema}\":[{{{json}}}]}}}}")),
        ("a.toml", format!("[[records.{schema}]]\n{toml}\n")),
        ("a.ron", format!("(records: {{ \"{schema}\": [({ron})] }})")),
    ]
}

/// The same with one value that is written alike everywhere.
pub(crate) fn value(schema: &str, slot: &str, value: &str) -> [Case; 3] {
    let json = format!("\"{slot}\": {value}");
    records(schema, &json, &format!("{slot} = {value}"), &format!("{slot}: {value}"))
}
