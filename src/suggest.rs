//! "Did you mean": the known name nearest to a misspelt one.

use std::sync::Arc;

/// The longest name to compare, in bytes. The cost grows with the square of the length, which a data file
/// chooses.
const LONGEST: usize = 64;

/// Returns the candidate nearest to a misspelt name, or `None` if no candidate is similar enough.
///
/// Names of more than 64 bytes are not compared. Computes in **O(n)** time for n candidates.
///
/// # Example
/// ```
/// use slotted::schema::nearest_name;
/// let names = ["health".into(), "age".into()];
/// assert_eq!(nearest_name("helth", &names).as_deref(), Some("health"));
/// assert_eq!(nearest_name("height", &names), None);
/// ```
pub fn nearest_name<'a>(
    name: &str,
    candidates: impl IntoIterator<Item = &'a Arc<str>>,
) -> Option<Arc<str>> {
    if name.len() > LONGEST {
        return None;
    }
    let length = name.chars().count();
    // At least one letter must match.
    let allowed = (length / 3).max(1).min(length.saturating_sub(1));
    candidates
        .into_iter()
        .filter(|candidate| candidate.len() <= LONGEST)
        .map(|candidate| (strsim::damerau_levenshtein(name, candidate), candidate))
        .filter(|(distance, _)| *distance <= allowed)
        // The smaller name wins a tie, because the candidates may come from a map in random order.
        .min_by_key(|(distance, candidate)| (*distance, *candidate))
        .map(|(_, candidate)| Arc::clone(candidate))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn among(name: &str) -> Option<Arc<str>> {
        nearest_name(name, &["name".into(), "age".into(), "health".into()])
    }

    #[test]
    fn a_misspelt_name_is_recognised() {
        assert_eq!(among("helth").as_deref(), Some("health"));
        assert_eq!(among("naem").as_deref(), Some("name"));
    }

    #[test]
    fn a_different_word_is_not_suggested() {
        assert_eq!(among("height"), None);
        assert_eq!(among("x"), None);
        assert_eq!(nearest_name("c", &["a".into()]), None);
        assert_eq!(among(&"health".repeat(1000)), None);
    }
}
