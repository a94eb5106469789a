//! One content in all three formats.

/// A list of records of one schema in each format, from what each calls a record's body.
pub(crate) fn records(
    schema: &str,
    json: &str,
    toml: &str,
    ron: &str,
) -> [(&'static str, String); 3] {
    [
        ("a.json", format!("{{\"records\":{{\"{schema}\":[{{{json}}}]}}}}")),
        ("a.toml", format!("[[records.{schema}]]\n{toml}\n")),
        ("a.ron", format!("(records: {{ \"{schema}\": [({ron})] }})")),
    ]
}

/// The same with one value that is written alike everywhere.
pub(crate) fn value(schema: &str, slot: &str, value: &str) -> [(&'static str, String); 3] {
    let json = format!("\"{slot}\": {value}");
    records(schema, &json, &format!("{slot} = {value}"), &format!("{slot}: {value}"))
}
