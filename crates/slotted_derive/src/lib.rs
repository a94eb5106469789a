//! The derive macros of [slotted](https://docs.rs/slotted). Use them through that crate, which
//! documents each at the trait of its name.

#![forbid(unsafe_code)]

mod name;
mod place;
mod slot_value;
mod slotted;
mod view;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

/// Makes a struct a schema. See the trait `slotted::Slotted`.
#[proc_macro_derive(Slotted, attributes(slotted, slot))]
pub fn derive_slotted(input: TokenStream) -> TokenStream {
    expand(parse_macro_input!(input as DeriveInput), slotted::derive)
}

/// Makes an enum or a plain-memory struct the value of a slot. See the trait `slotted::SlotValue`.
#[proc_macro_derive(SlotValue, attributes(slot))]
pub fn derive_slot_value(input: TokenStream) -> TokenStream {
    expand(parse_macro_input!(input as DeriveInput), slot_value::derive)
}

/// Makes a struct a view of objects. See the trait `slotted::View`.
#[proc_macro_derive(View, attributes(slot, view))]
pub fn derive_view(input: TokenStream) -> TokenStream {
    expand(parse_macro_input!(input as DeriveInput), view::derive)
}

type Derive = fn(DeriveInput) -> syn::Result<proc_macro2::TokenStream>;

fn expand(input: DeriveInput, derive: Derive) -> TokenStream {
    derive(input).unwrap_or_else(|error| error.to_compile_error()).into()
}
