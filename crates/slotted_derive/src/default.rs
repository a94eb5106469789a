//! Defaults: those of slots, and other ones for the slots of the base.

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::ext::IdentExt;
use syn::meta::ParseNestedMeta;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Error, Expr, Ident, LitStr, Path, Token, parenthesized, spanned::Spanned, token};

/// The value of `default = value`, as the call that sets it.
pub(crate) fn default_call(slotted: &Path, value: &Expr) -> TokenStream {
    let value = converted(slotted, value);
    quote!(.default(#value))
}

/// An array's elements are converted one by one: an empty array has no element type to convert from,
/// and `[1, 2.5]` has two.
fn converted(slotted: &Path, value: &Expr) -> TokenStream {
    match value {
        Expr::Array(_) => list_value(slotted, value),
        _ => quote!(#value),
    }
}

fn list_value(slotted: &Path, value: &Expr) -> TokenStream {
    let Expr::Array(array) = value else {
        return quote!(::core::convert::Into::into(#value));
    };
    let elements = array.elems.iter().map(|element| list_value(slotted, element));
    let list = quote!(<[#slotted::Value; _]>::into_iter([#(#elements),*]));
    quote!(#slotted::Value::List(::core::iter::Iterator::collect(#list)))
}

/// Another default for a slot of the base: `health = 150.0`, or `"damage.min" = 2`.
struct InheritedDefault {
    slot: String,
    place: Span,
    value: Expr,
}

impl Parse for InheritedDefault {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let place = input.span();
        let slot = if input.peek(Ident::peek_any) {
            Ident::parse_any(input)?.unraw().to_string()
        } else {
            input.parse::<LitStr>()?.value()
        };
        if input.peek(Token![.]) {
            let message = "put the name of a part in quotes: `\"damage.min\" = 2`";
            return Err(input.error(message));
        }
        input.parse::<Token![=]>()?;
        Ok(Self { slot, place, value: input.parse()? })
    }
}

/// Returns `true` if the key `default` is followed by slots of the base: `default(health = 150.0)`.
pub(crate) fn is_inherited(meta: &ParseNestedMeta<'_>) -> bool {
    meta.input.peek(token::Paren)
}

/// The other defaults that a field gives to slots of the base.
#[derive(Default)]
pub(crate) struct InheritedDefaults {
    defaults: Vec<InheritedDefault>,
    /// The first key.
    place: Option<Span>,
}

impl InheritedDefaults {
    /// Adds those of a key.
    pub(crate) fn parse(&mut self, meta: &ParseNestedMeta<'_>) -> syn::Result<()> {
        self.place.get_or_insert(meta.path.span());
        let list;
        parenthesized!(list in meta.input);
        let defaults = Punctuated::<InheritedDefault, Token![,]>::parse_terminated(&list)?;
        if defaults.is_empty() {
            let message = "name a slot of the base and its default: `default(health = 150.0)`";
            return Err(Error::new(meta.path.span(), message));
        }
        for default in defaults {
            if self.defaults.iter().any(|other| other.slot == default.slot) {
                let message = format!("slot '{}' has two defaults; remove one", default.slot);
                return Err(Error::new(default.place, message));
            }
            self.defaults.push(default);
        }
        Ok(())
    }

    /// Returns an error if there are some, for a field that is not the base.
    pub(crate) fn refuse(&self) -> syn::Result<()> {
        let message = "`default(..)` is for slots of the base: put it on the field with \
                       `#[slot(base)]`; this slot's own default is `default = value`";
        self.place.map_or(Ok(()), |place| Err(Error::new(place, message)))
    }

    /// The calls on the schema builder.
    pub(crate) fn calls(&self, slotted: &Path) -> impl Iterator<Item = TokenStream> {
        self.defaults.iter().map(|InheritedDefault { slot, value, .. }| {
            let value = converted(slotted, value);
            quote!(.inherited_default(#slot, #value))
        })
    }
}
