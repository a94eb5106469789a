//! "Did you mean": the nearest of the names that exist.

use std::sync::Arc;

/// Longer names are not compared: their cost would grow with the square of a length that a data
/// file chooses.
const LONGEST: usize = 64;

/// Returns the candidate nearest to a misspelt name, if it is near enough to be a slip of the pen.
///
/// Names of more than 64 bytes have no nearest one. Computes in **O(n)** time for n candidates of bounded length.
///
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
    // Of a name of one letter nothing would be left.
    let allowed = (length / 3).max(1).min(length.saturating_sub(1));
    candidates
        .into_iter()
        .filter(|candidate| candidate.len() <= LONGEST)
        .map(|candidate| (strsim::damerau_levenshtein(name, candidate), candidate))
        .filter(|(distance, _)| *distance <= allowed)
        // Of two that are as near, the same one whatever the order: a map's is another in every run.
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
    fn a_slip_is_recognised() {
        assert_eq!(among("helth").as_deref(), Some("health"));
        assert_eq!(among("naem").as_deref(), Some("name"));
    }

    #[test]
    fn another_word_is_not() {
        assert_eq!(among("height"), None);
        assert_eq!(among("x"), None);
        assert_eq!(nearest_name("c", &["a".into()]), None);
        assert_eq!(among(&"health".repeat(1000)), None);
    }
}
