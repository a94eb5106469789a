//! Names of data files in messages.

use std::fmt;

/// Displays a name from a data file in quotes: escaped, and cut after 60 characters.
#[derive(Clone, Copy, Debug)]
pub struct Quoted<'a>(pub &'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 60;
        f.write_str("'")?;
        for character in self.0.chars().take(SHOWN) {
            match character {
                '\'' => f.write_str("'")?,
                _ => write!(f, "{}", character.escape_debug())?,
            }
        }
        f.write_str(if self.0.chars().nth(SHOWN).is_some() { "…'" } else { "'" })
    }
}
