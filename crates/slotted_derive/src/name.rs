//! The names of schemas, slots and variants, and the keys of attributes.

use quote::ToTokens;
use syn::ext::IdentExt;
use syn::meta::ParseNestedMeta;
use syn::{Attribute, Fields, Ident, LitStr, spanned::Spanned};

/// Converts a name to snake case: `RoyalGuard` to `royal_guard`.
pub(crate) fn snake_case(ident: &Ident) -> String {
    let mut name = String::new();
    let text = ident.unraw().to_string();
    let mut characters = text.chars().peekable();
    let mut after_lower = false;
    while let Some(character) = characters.next() {
        let before_lower = characters.peek().is_some_and(|next| next.is_lowercase());
        let starts_word = after_lower || (before_lower && !name.is_empty() && !name.ends_with('_'));
        if character.is_uppercase() && starts_word {
            name.push('_');
        }
        name.extend(character.to_lowercase());
        after_lower = character.is_lowercase() || character.is_numeric();
    }
    name
}

/// Calls `parse` with each entry of the attributes of this name.
pub(crate) fn entries(
    attributes: &[Attribute],
    name: &str,
    mut parse: impl FnMut(ParseNestedMeta<'_>) -> syn::Result<()>,
) -> syn::Result<()> {
    let own = attributes.iter().filter(|attribute| attribute.path().is_ident(name));
    own.into_iter().try_for_each(|attribute| attribute.parse_nested_meta(&mut parse))
}

/// The value of `name = "..."`.
pub(crate) fn literal(meta: &ParseNestedMeta<'_>) -> syn::Result<String> {
    let literal: LitStr = meta.value()?.parse()?;
    if literal.value().is_empty() {
        return Err(syn::Error::new(
            literal.span(),
            "this name is empty; give it at least 1 character",
        ));
    }
    Ok(literal.value())
}

/// The keys that an attribute takes in one place.
pub(crate) struct Keys {
    pub(crate) attribute: &'static str,
    pub(crate) known: &'static [&'static str],
}

impl Keys {
    /// Returns the error of a key that is not among the known ones.
    pub(crate) fn unknown(&self, meta: &ParseNestedMeta<'_>) -> syn::Error {
        let found = match meta.path.get_ident() {
            Some(key) => key.to_string(),
            None => meta.path.to_token_stream().to_string().replace(' ', ""),
        };
        let nearest = self.known.iter().min_by_key(|known| distance(&found, known));
        let nearest = nearest.filter(|known| distance(&found, known) <= known.len().div_ceil(3));
        let hint = nearest.map_or_else(String::new, |key| format!(" (did you mean `{key}`?)"));
        let known: Vec<_> = self.known.iter().map(|key| format!("`{key}`")).collect();
        let (attribute, known) = (self.attribute, known.join(", "));
        meta.error(format!("unknown key `{found}`{hint}; `#[{attribute}(..)]` takes {known} here"))
    }
}

/// The number of characters to insert, remove, replace or swap with the next one.
fn distance(from: &str, to: &str) -> usize {
    let (from, to): (Vec<char>, Vec<char>) = (from.chars().collect(), to.chars().collect());
    let mut rows = vec![(0..=to.len()).collect::<Vec<_>>()];
    for (i, a) in from.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, b) in to.iter().enumerate() {
            let replaced = rows[i][j] + usize::from(a != b);
            let mut least = replaced.min(rows[i][j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *a == to[j - 1] && from[i - 1] == *b {
                least = least.min(rows[i - 1][j - 1] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[from.len()][to.len()]
}

/// The name that `#[slot(name = "...")]` gives, where the attribute takes no other key.
pub(crate) fn renamed(attributes: &[Attribute]) -> syn::Result<Option<String>> {
    let mut name = None;
    entries(attributes, "slot", |meta| {
        if !meta.path.is_ident("name") {
            return Err(Keys { attribute: "slot", known: &["name"] }.unknown(&meta));
        }
        name = Some(literal(&meta)?);
        Ok(())
    })?;
    Ok(name)
}

/// Returns an error at the second place of the first name that repeats.
pub(crate) fn check_unique<'a, T: Spanned + 'a>(
    names: impl Iterator<Item = (&'a str, &'a T)>,
    what: &str,
) -> syn::Result<()> {
    let mut seen = Vec::new();
    for (name, place) in names {
        if seen.contains(&name) {
            return Err(syn::Error::new(
                place.span(),
                format!(
                    "{what} '{name}' is declared twice; rename one with `#[slot(name = \"...\")]`"
                ),
            ));
        }
        seen.push(name);
    }
    Ok(())
}

/// Adds an error to those that are reported together.
pub(crate) fn collect(errors: &mut Option<syn::Error>, error: syn::Error) {
    match errors {
        Some(errors) => errors.combine(error),
        None => *errors = Some(error),
    }
}

/// Returns `true` if no field is without a name.
pub(crate) fn are_named(fields: &Fields) -> bool {
    !matches!(fields, Fields::Unnamed(_))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proc_macro2::Span;

    #[test]
    fn names_become_snake_case() {
        let cases = [
            ("Unit", "unit"),
            ("RoyalGuard", "royal_guard"),
            ("HTTPServer", "http_server"),
            ("Vec3Like", "vec3_like"),
            ("already_snake", "already_snake"),
            ("A", "a"),
        ];
        for (camel, snake) in cases {
            assert_eq!(snake_case(&Ident::new(camel, Span::call_site())), snake);
        }
    }

    #[test]
    fn distances_count_swapped_characters_once() {
        for (from, to, expected) in [
            ("defualt", "default", 1),
            ("default", "default", 0),
            ("rang", "range", 1),
            ("", "base", 4),
            ("finit", "base", 5),
        ] {
            assert_eq!(distance(from, to), expected, "{from} {to}");
        }
    }
}
