//! The keys of `#[view(..)]`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Attribute, Path};

use crate::name::{Keys, entries, literal};

/// The keys of a view's struct.
pub(crate) struct ViewKeys {
    pub(crate) is_lenient: bool,
    pub(crate) filters: Vec<ViewFilter>,
}

/// One condition: the key and the name that it gives.
pub(crate) struct ViewFilter {
    key: &'static str,
    name: String,
}

/// The keys of filters, and the variants of `Filter` that they stand for.
const FILTERS: &[&str] = &["of", "with", "without", "set", "unset"];
/// Keys that exclude each other for one slot.
const OPPOSITES: &[(&str, &str)] = &[("with", "without"), ("set", "unset"), ("set", "without")];

impl ViewKeys {
    pub(crate) fn parse(attributes: &[Attribute]) -> syn::Result<Self> {
        const KEYS: Keys = Keys {
            attribute: "view",
            known: &["lenient", "of", "with", "without", "set", "unset"],
        };
        let (mut is_lenient, mut filters) = (false, Vec::<ViewFilter>::new());
        entries(attributes, "view", |meta| {
            if meta.path.is_ident("lenient") {
                is_lenient = true;
                return Ok(());
            }
            let key = FILTERS.iter().copied().find(|key| meta.path.is_ident(key));
            let key = key.ok_or_else(|| KEYS.unknown(&meta))?;
            let name = literal(&meta)?;
            if let Some(other) = filters.iter().find(|other| other.excludes(key, &name)) {
                let other = other.key;
                return Err(meta.error(format!(
                    "no object has slot '{name}' both in `{other}` and in `{key}`; remove one of them"
                )));
            }
            filters.push(ViewFilter { key, name });
            Ok(())
        })?;
        Ok(Self { is_lenient, filters })
    }
}

impl ViewFilter {
    fn excludes(&self, key: &str, name: &str) -> bool {
        let pair = (self.key, key);
        self.name == name
            && OPPOSITES.iter().any(|(one, other)| pair == (*one, *other) || pair == (*other, *one))
    }

    /// Returns `true` if the filter looks at each object.
    pub(crate) fn is_test(&self) -> bool {
        matches!(self.key, "set" | "unset")
    }

    /// Returns the filter as a value.
    pub(crate) fn tokens(&self, slotted: &Path) -> TokenStream {
        let name = &self.name;
        let filter = quote!(#slotted::derive_support::Filter);
        match self.key {
            "of" => quote!(#filter::of_family(#name)),
            "with" => quote!(#filter::With(#name)),
            "without" => quote!(#filter::Without(#name)),
            "set" => quote!(#filter::Set(#name)),
            _ => quote!(#filter::Unset(#name)),
        }
    }
}
