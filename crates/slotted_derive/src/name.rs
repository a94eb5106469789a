//! The names of schemas, slots and variants.

use syn::ext::IdentExt;
use syn::meta::ParseNestedMeta;
use syn::{Attribute, Fields, Ident, LitStr, spanned::Spanned};

/// `RoyalGuard` as `royal_guard`.
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
        return Err(syn::Error::new(literal.span(), "a name is not empty"));
    }
    Ok(literal.value())
}

/// A name that stands only as `#[slot(name = "...")]`.
pub(crate) fn renamed(attributes: &[Attribute]) -> syn::Result<Option<String>> {
    let mut name = None;
    entries(attributes, "slot", |meta| {
        if !meta.path.is_ident("name") {
            return Err(meta.error("expected `name = \"...\"`"));
        }
        name = Some(literal(&meta)?);
        Ok(())
    })?;
    Ok(name)
}

/// The first of the names that stands there twice, as an error at its second place.
pub(crate) fn refuse_repeated<'a, T: Spanned + 'a>(
    names: impl Iterator<Item = (&'a str, &'a T)>,
    what: &str,
) -> syn::Result<()> {
    let mut seen = Vec::new();
    for (name, place) in names {
        if seen.contains(&name) {
            return Err(syn::Error::new(
                place.span(),
                format!("{what} '{name}' stands here twice"),
            ));
        }
        seen.push(name);
    }
    Ok(())
}

/// Whether the fields have names, or there are none.
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
}
