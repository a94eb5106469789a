//! Maximum lengths of files and functions.

use crate::source::{Source, Violation, code, first_word, words};

const MOST_LINES_OF_FILE: usize = 700;
const MOST_LINES_OF_FUNCTION: usize = 70;

pub(crate) fn file_length(source: &Source) -> Vec<Violation> {
    let lines = source.text.lines().count();
    if lines <= MOST_LINES_OF_FILE {
        return Vec::new();
    }
    let what = format!("{lines} lines exceed the limit of {MOST_LINES_OF_FILE}");
    vec![source.violation(lines, what)]
}

pub(crate) fn function_length(source: &Source) -> Vec<Violation> {
    let code = code(&source.text);
    let functions = words(&code, "fn").filter_map(|at| {
        let rest = &code[at..];
        let name = first_word(rest[2..].trim_start());
        let open = rest.find(['{', ';']).filter(|open| rest[*open..].starts_with('{'))?;
        let lines = rest[..open + block_length(&rest[open..])].lines().count();
        let is_long = !name.is_empty() && lines > MOST_LINES_OF_FUNCTION;
        let what =
            format!("'{name}' has {lines} lines, over the limit of {MOST_LINES_OF_FUNCTION}");
        is_long.then(|| source.violation_at(at, what))
    });
    functions.collect()
}

/// Returns the length of the block at the start of the code, with its braces.
fn block_length(code: &str) -> usize {
    let mut depth = 0;
    for (position, byte) in code.bytes().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' if depth == 1 => return position + 1,
            b'}' => depth -= 1,
            _ => {}
        }
    }
    code.len()
}

mod tests {
    use super::*;
    use crate::source::lines;

    #[test]
    fn lines_are_counted() {
        assert_eq!(lines(file_length, "src/id.rs", &"//! x\n".repeat(700)), []);
        assert_eq!(lines(file_length, "src/id.rs", &"//! x\n".repeat(701)), [701]);
        let function =
            |body: usize| format!("\nfn f() -> char {{\n{}'}}' }}\n", "x;\n".repeat(body));
        assert_eq!(lines(function_length, "src/id.rs", &function(68)), []);
        assert_eq!(lines(function_length, "src/id.rs", &function(69)), [2]);
        let declared = format!("trait T {{\nfn f();\n{}}}", "\n".repeat(90));
        assert_eq!(lines(function_length, "src/id.rs", &declared), []);
    }
}
