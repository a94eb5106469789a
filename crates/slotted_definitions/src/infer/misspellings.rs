//! Finds rare names that look like misspellings of common ones.

use std::sync::Arc;

/// Longer names are not compared.
const LONGEST: usize = 64;
/// Shorter names that differ by one character are usually different words, such as `x` and `y`.
const SHORTEST: usize = 4;
/// The correct name is at least this many times more common.
const RATIO: u64 = 20;

/// Returns the likely correct name for each name, given with its number of objects.
pub(super) fn misspellings(names: &[(&Arc<str>, u64)]) -> Vec<Option<Arc<str>>> {
    let spelt: Vec<Vec<char>> = names.iter().map(|(name, _)| spelling(name)).collect();
    let meant = |rare: usize| {
        let (_, count) = names[rare];
        let common = names.iter().zip(&spelt).filter(|((_, other), other_spelt)| {
            is_misspelling(&spelt[rare], other_spelt, *other, count)
        });
        common.max_by_key(|((_, other), _)| *other).map(|((name, _), _)| Arc::clone(name))
    };
    (0..names.len()).map(meant).collect()
}

/// Returns the characters of a name, or none if it is too long.
fn spelling(name: &str) -> Vec<char> {
    if name.chars().nth(LONGEST).is_some() { Vec::new() } else { name.chars().collect() }
}

fn is_misspelling(rare: &[char], common: &[char], more: u64, count: u64) -> bool {
    if count == 0 || more <= count || rare.is_empty() || common.is_empty() {
        return false;
    }
    differ_by_case(rare, common)
        || (more / RATIO >= count
            && rare.len().min(common.len()) >= SHORTEST
            && is_edit(rare, common))
}

fn differ_by_case(a: &[char], b: &[char]) -> bool {
    let lower = |c: &char| c.to_lowercase().next();
    a.len() == b.len() && a != b && a.iter().zip(b).all(|(a, b)| a == b || lower(a) == lower(b))
}

/// Returns whether the names differ by one character or a swap of two.
fn is_edit(a: &[char], b: &[char]) -> bool {
    if a.len().abs_diff(b.len()) > 1 {
        return false;
    }
    let start = a.iter().zip(b).take_while(|(a, b)| a == b).count();
    let (a, b) = (&a[start..], &b[start..]);
    let end = a.iter().rev().zip(b.iter().rev()).take_while(|(a, b)| a == b).count();
    let (a, b) = (&a[..a.len() - end], &b[..b.len() - end]);
    match (a, b) {
        // Digits distinguish names of a series.
        ([] | [_], [] | [_]) => !a.iter().chain(b).all(char::is_ascii_digit),
        ([a1, a2], [b1, b2]) => a1 == b2 && a2 == b1,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meant(rare: &str, count: u64, common: &str, more: u64) -> bool {
        let (rare, common) = (Arc::from(rare), Arc::from(common));
        let found = misspellings(&[(&rare, count), (&common, more)]);
        assert_eq!(found[1], None, "the common one is right");
        found[0].as_ref() == Some(&common)
    }

    #[test]
    fn misspellings_are_found() {
        for rare in ["helth", "heallth", "heakth", "haelth", "Health", "HEALTH"] {
            assert!(meant(rare, 1, "health", 1000), "{rare}");
        }
        assert!(meant("Health", 400, "health", 1000), "case alone is enough");
    }

    #[test]
    fn other_names_are_not_misspellings() {
        assert!(!meant("health", 400, "wealth", 1000), "as common");
        assert!(!meant("x", 1, "y", 1000), "short");
        assert!(!meant("slot1", 1, "slot2", 1000), "numbered");
        assert!(!meant("height", 1, "health", 1000), "further apart");
        assert!(!meant("", 1, "h", 1000));
        assert!(!meant("health", 0, "healths", 1000), "never set");
    }
}
