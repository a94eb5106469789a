//! The number of cases of property tests.

/// Returns how many cases a property test runs: few by default, or as many as the variable `PROPTEST_CASES` says.
///
/// `PROPTEST_CASES=5000 cargo test --release --test model` runs a long test.
#[must_use]
pub fn cases(few: u32) -> u32 {
    let asked = std::env::var("PROPTEST_CASES").ok();
    asked.map_or(few, |asked| asked.parse().expect("PROPTEST_CASES is a number"))
}
