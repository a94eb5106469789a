//! The derive macros of [slotted](https://docs.rs/slotted). Use them through that crate, which
//! documents each macro at the trait of the same name.

#![forbid(unsafe_code)]

mod crate_path;
mod default;
mod field_type;
mod name;
mod option_fns;
mod place;
mod slot_union;
mod slot_value;
mod slotted;
mod view;
mod view_filter;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

/// Implements `slotted::Slotted` for a struct, which becomes a schema.
///
/// The trait's documentation lists the attributes.
#[proc_macro_derive(Slotted, attributes(slotted, slot))]
pub fn derive_slotted(input: TokenStream) -> TokenStream {
    expand(parse_macro_input!(input as DeriveInput), slotted::derive)
}

/// Implements `slotted::SlotValue` for an enum or a plain-memory struct, which slots then hold.
///
/// The trait's documentation lists the requirements.
#[proc_macro_derive(SlotValue, attributes(slotted, slot))]
pub fn derive_slot_value(input: TokenStream) -> TokenStream {
    expand(parse_macro_input!(input as DeriveInput), slot_value::derive)
}

/// Implements `slotted::SlotUnion` for an enum whose variants have slots of their own.
///
/// The trait's documentation lists the attributes.
#[proc_macro_derive(SlotUnion, attributes(slotted, slot))]
pub fn derive_slot_union(input: TokenStream) -> TokenStream {
    expand(parse_macro_input!(input as DeriveInput), slot_union::derive)
}

/// Implements `slotted::View` for a struct whose fields name slots.
///
/// The trait's documentation lists the types of fields.
#[proc_macro_derive(View, attributes(slotted, slot, view))]
pub fn derive_view(input: TokenStream) -> TokenStream {
    expand(parse_macro_input!(input as DeriveInput), view::derive)
}

type Derive = fn(DeriveInput) -> syn::Result<proc_macro2::TokenStream>;

fn expand(input: DeriveInput, derive: Derive) -> TokenStream {
    derive(input).unwrap_or_else(|error| error.to_compile_error()).into()
}
