//! The path by which generated code names the slotted crate.

use syn::meta::ParseNestedMeta;
use syn::{Attribute, LitStr, Path, parse_quote};

use crate::name::{Keys, entries};

/// The path of a container: `::slotted`, or that of `#[slotted(crate = "...")]`.
///
/// For a derive whose container takes no other key.
pub(crate) fn crate_path(attributes: &[Attribute]) -> syn::Result<Path> {
    let mut path = default_path();
    entries(attributes, "slotted", |meta| {
        if !meta.path.is_ident("crate") {
            return Err(Keys { attribute: "slotted", known: &["crate"] }.unknown(&meta));
        }
        path = parse_path(&meta)?;
        Ok(())
    })?;
    Ok(path)
}

pub(crate) fn default_path() -> Path {
    parse_quote!(::slotted)
}

/// The value of `crate = "..."`.
pub(crate) fn parse_path(meta: &ParseNestedMeta<'_>) -> syn::Result<Path> {
    let text: LitStr = meta.value()?.parse()?;
    text.parse_with(Path::parse_mod_style)
}

/// The path as users write it, without a leading `::`.
pub(crate) fn shown(path: &Path) -> String {
    let names: Vec<_> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
    names.join("::")
}
