//! Derives the names of schemas and slots from identifiers, as slotted's derives do.

/// Converts `RoyalGuard` to `royal_guard`, as `#[derive(Slotted)]` and `#[derive(SlotValue)]` do.
pub(super) fn snake_case(ident: &str) -> String {
    let mut name = String::new();
    let mut characters = unraw(ident).chars().peekable();
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

/// Converts `r#type` to `type`: reflection names a field by its raw identifier.
pub(super) fn unraw(ident: &str) -> &str {
    ident.strip_prefix("r#").unwrap_or(ident)
}
