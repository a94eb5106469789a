//! The same content in all formats.

/// The path of a file, which selects the format, and its text.
pub(crate) type Case = (&'static str, String);

/// Returns one record in each format, from the body of the record in each.
pub(crate) fn records(schema: &str, json: &str, toml: &str, ron: &str) -> [Case; 4] {
    [
        ("a.json", format!("{{\"records\":{{\"{schema}\":[{{{json}}}]}}}}")),
        ("a.toml", format!("[[records.{schema}]]\n{toml}\n")),
        ("a.ron", format!("(records: {{ \"{schema}\": [({ron})] }})")),
        ("a.yaml", format!("records:\n  {schema}:\n    - {{ {json} }}\n")),
    ]
}

/// Returns one record in each format, with a value that all formats write alike.
pub(crate) fn value(schema: &str, slot: &str, value: &str) -> [Case; 4] {
    let json = format!("\"{slot}\": {value}");
    records(schema, &json, &format!("{slot} = {value}"), &format!("{slot}: {value}"))
}
