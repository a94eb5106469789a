//! "Did you mean": the known name nearest to a misspelt one.

use std::fmt;
use std::sync::{Arc, LazyLock};

use crate::quoted::Quoted;

/// The longest name to compare, in bytes. The cost grows with the square of the length, which a data file
/// chooses.
const LONGEST: usize = 64;

/// The limit of work for one suggestion, about 5 ms: the bytes of all candidates, and the cells of the tables
/// that compare similar ones.
const MOST_STEPS: usize = 4_000_000;

/// Returns the candidate nearest to a misspelt name, or `None` if no candidate is similar enough.
///
/// Names of more than 64 bytes are not compared. Computes in **O(n)** time for n candidates, about 10 ns each
/// unless they are similar. The search ends after a few milliseconds, at the same candidate each time.
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
    nearest_within(name, candidates, MOST_STEPS).0
}

/// Returns the nearest candidate, and the steps of the search, which ends soon after this many.
fn nearest_within<'a>(
    name: &str,
    candidates: impl IntoIterator<Item = &'a Arc<str>>,
    most_steps: usize,
) -> (Option<Arc<str>>, usize) {
    let Some(name) = Spelling::of(name) else { return (None, 0) };
    // At least one letter must match.
    let mut allowed = (name.length / 3).max(1).min(name.length.saturating_sub(1));
    let mut nearest: Option<(usize, &Arc<str>)> = None;
    let mut steps = 0;
    for candidate in candidates {
        if steps > most_steps {
            break;
        }
        steps += candidate.len().min(LONGEST) + 1;
        // A character has at most four bytes.
        if candidate.len() + allowed < name.length || candidate.len() / 4 > name.length + allowed {
            continue;
        }
        let Some(spelling) = Spelling::of(candidate) else { continue };
        if !name.may_be_within(&spelling, allowed) {
            continue;
        }
        steps += name.length * spelling.length;
        let Some(distance) = distance(name.letters(), spelling.letters(), allowed) else {
            continue;
        };
        // The smaller name wins a tie, because the candidates may come from a map in random order.
        if nearest.is_none_or(|(least, other)| (distance, candidate) < (least, other)) {
            nearest = Some((distance, candidate));
            allowed = distance;
        }
    }
    (nearest.map(|(_, candidate)| Arc::clone(candidate)), steps)
}

/// The letters of a name.
struct Spelling {
    letters: [char; LONGEST],
    length: usize,
    /// One bit of 64 for each letter; some letters share a bit.
    set: u64,
}

impl Spelling {
    /// Returns `None` if the name is too long.
    fn of(name: &str) -> Option<Self> {
        if name.len() > LONGEST {
            return None;
        }
        let mut spelling = Self { letters: ['\0'; LONGEST], length: 0, set: 0 };
        for letter in name.chars() {
            spelling.letters[spelling.length] = letter;
            spelling.length += 1;
            // Letters, digits and `_` of ASCII differ in these bits.
            let letter = u32::from(letter);
            spelling.set |= 1 << ((letter ^ (letter >> 1 & 0x20)) & 63);
        }
        Some(spelling)
    }

    fn letters(&self) -> &[char] {
        &self.letters[..self.length]
    }

    /// Returns `false` if the distance is certainly larger: each edit changes the length by one at most, and the
    /// set by two letters at most.
    const fn may_be_within(&self, other: &Self, distance: usize) -> bool {
        self.length.abs_diff(other.length) <= distance
            && (self.set ^ other.set).count_ones() as usize <= 2 * distance
    }
}

/// Returns the number of insertions, removals, replacements and swaps of neighbours between two names, or `None`
/// if there are more than `most`. Edits no letter twice ("optimal string alignment").
fn distance(a: &[char], b: &[char], most: usize) -> Option<usize> {
    let start = a.iter().zip(b).take_while(|(a, b)| a == b).count();
    let (a, b) = (&a[start..], &b[start..]);
    let end = a.iter().rev().zip(b.iter().rev()).take_while(|(a, b)| a == b).count();
    let (a, b) = (&a[..a.len() - end], &b[..b.len() - end]);
    let mut rows = [[0_usize; LONGEST + 1]; 3];
    let [before, above, row] = &mut rows;
    let (mut before, mut above, mut row) = (before, above, row);
    for (column, cell) in above.iter_mut().enumerate() {
        *cell = column;
    }
    for i in 0..a.len() {
        row[0] = i + 1;
        let mut least = row[0];
        for j in 0..b.len() {
            let replaced = above[j] + usize::from(a[i] != b[j]);
            let mut cell = replaced.min(above[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && a[i] == b[j - 1] && a[i - 1] == b[j] {
                cell = cell.min(before[j - 1] + 1);
            }
            row[j + 1] = cell;
            least = least.min(cell);
        }
        if least > most {
            return None;
        }
        (before, above, row) = (above, row, before);
    }
    Some(above[b.len()]).filter(|distance| *distance <= most)
}

/// The known name that is nearest to a misspelt one, searched when it is read for the first time.
///
/// So the error of a failed look-up costs the same however many names are known, unless somebody reads it. Clones
/// share the result. Two suggestions are equal if they name the same; comparing them searches.
///
/// ```
/// use slotted::{Kind, Schema, Store};
/// let mut store = Store::new();
/// store.register_schema(Schema::builder("unit").slot("health", Kind::F32).build()?)?;
/// let error = store.len_of("unot").unwrap_err();
/// assert_eq!(error.suggestion.name(), Some("unit"));
/// assert_eq!(error.suggestion, "unit".into());
/// # Ok::<(), slotted::SchemaError>(())
/// ```
#[derive(Clone, Default)]
pub struct Suggestion(Option<Arc<Search>>);

type Search = LazyLock<Option<Arc<str>>, Box<dyn FnOnce() -> Option<Arc<str>> + Send>>;

impl Suggestion {
    /// Returns a suggestion that is searched by this function, for other implementations of
    /// [`ByName`](crate::ByName).
    ///
    /// # Example
    /// ```
    /// use slotted::schema::{Suggestion, nearest_name};
    /// let names = ["health".into(), "age".into()];
    /// let suggestion = Suggestion::search(move || nearest_name("helth", &names));
    /// assert_eq!(suggestion.name(), Some("health"));
    /// ```
    pub fn search(search: impl FnOnce() -> Option<Arc<str>> + Send + 'static) -> Self {
        Self(Some(Arc::new(LazyLock::new(Box::new(search)))))
    }

    /// Returns the suggested name, or `None` if no known name is similar enough.
    ///
    /// [`Suggestion`] has an example.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.shared_name().map(|name| &**name)
    }

    /// Returns the suggested name, for cloning without a copy of the text.
    ///
    /// # Example
    /// ```
    /// use slotted::schema::Suggestion;
    /// assert_eq!(Suggestion::from("health").shared_name().map(|name| &**name), Some("health"));
    /// ```
    #[must_use]
    pub fn shared_name(&self) -> Option<&Arc<str>> {
        LazyLock::force(self.0.as_deref()?).as_ref()
    }
}

impl Suggestion {
    /// Displays the question at the end of a message, or nothing.
    pub(crate) fn question(&self) -> impl fmt::Display {
        fmt::from_fn(|f| match self.name() {
            Some(name) => write!(f, "; did you mean {}?", Quoted(name)),
            None => Ok(()),
        })
    }
}

impl From<&str> for Suggestion {
    fn from(name: &str) -> Self {
        Some(Arc::<str>::from(name)).into()
    }
}

impl From<Option<Arc<str>>> for Suggestion {
    fn from(name: Option<Arc<str>>) -> Self {
        name.map_or_else(Self::default, |name| Self::search(move || Some(name)))
    }
}

impl PartialEq for Suggestion {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

impl Eq for Suggestion {}

impl fmt::Debug for Suggestion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // An unread one is not searched for this.
        match &self.0 {
            Some(search) => write!(f, "Suggestion({search:?})"),
            None => f.write_str("Suggestion(None)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn among(name: &str) -> Option<Arc<str>> {
        nearest_name(name, &["name".into(), "age".into(), "health".into()])
    }

    #[test]
    fn a_misspelt_name_is_recognised() {
        assert_eq!(among("helth").as_deref(), Some("health"));
        assert_eq!(among("naem").as_deref(), Some("name"));
        assert_eq!(nearest_name("größ", &["größe".into()]).as_deref(), Some("größe"));
    }

    #[test]
    fn a_different_word_is_not_suggested() {
        assert_eq!(among("height"), None);
        assert_eq!(among("x"), None);
        assert_eq!(among(""), None);
        assert_eq!(nearest_name("c", &["a".into()]), None);
        assert_eq!(among(&"health".repeat(1000)), None);
    }

    #[test]
    fn the_nearest_name_wins_and_the_smaller_one_of_two() {
        let names = ["unit_12".into(), "unit_2".into(), "unit_13".into(), "unit_11".into()];
        assert_eq!(nearest_name("unit_1", &names).as_deref(), Some("unit_11"));
        assert_eq!(nearest_name("unit_2", &names).as_deref(), Some("unit_2"));
    }

    #[test]
    fn the_search_ends_however_many_names_are_similar() {
        let names: Vec<Arc<str>> =
            (0..200_000).map(|number| format!("{number:0>64}").into()).collect();
        let (found, steps) = nearest_within(&"1234567890".repeat(6), &names, MOST_STEPS);
        // The last comparison may begin right below the limit.
        let most = MOST_STEPS + LONGEST * (LONGEST + 1) + 1;
        assert!(found.is_none() && (MOST_STEPS..=most).contains(&steps), "{steps}");
    }

    #[test]
    fn a_suggestion_is_searched_once_when_it_is_read() {
        let searches = Arc::new(std::sync::Mutex::new(0));
        let counted = Arc::clone(&searches);
        let suggestion = Suggestion::search(move || {
            *counted.lock().unwrap() += 1;
            Some("health".into())
        });
        let clone = suggestion.clone();
        assert_eq!(format!("{clone:?}"), "Suggestion(LazyLock(<uninit>))");
        assert_eq!(*searches.lock().unwrap(), 0);
        assert_eq!((suggestion.name(), clone.name()), (Some("health"), Some("health")));
        assert_eq!(*searches.lock().unwrap(), 1);
        assert_eq!(suggestion, "health".into());
        assert_ne!(suggestion, Suggestion::default());
    }

    /// The definition, without any shortcut.
    fn plain_distance(a: &[char], b: &[char]) -> usize {
        let mut table = vec![vec![0; b.len() + 1]; a.len() + 1];
        for i in 0..=a.len() {
            for j in 0..=b.len() {
                table[i][j] = match (i, j) {
                    (0, _) | (_, 0) => i + j,
                    _ => {
                        let replaced = table[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
                        let cell = replaced.min(table[i - 1][j] + 1).min(table[i][j - 1] + 1);
                        let is_swap =
                            i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
                        if is_swap { cell.min(table[i - 2][j - 2] + 1) } else { cell }
                    }
                };
            }
        }
        table[a.len()][b.len()]
    }

    proptest! {
        #[test]
        fn shortcuts_change_no_distance(a in "[a-dé_0-2]{0,9}", b in "[a-dé_0-2]{0,9}") {
            let (a, b) = (Spelling::of(&a).unwrap(), Spelling::of(&b).unwrap());
            let expected = plain_distance(a.letters(), b.letters());
            for most in 0..10 {
                let found = distance(a.letters(), b.letters(), most);
                prop_assert_eq!(found, Some(expected).filter(|distance| *distance <= most));
                prop_assert!(expected > most || a.may_be_within(&b, most));
            }
        }
    }
}
