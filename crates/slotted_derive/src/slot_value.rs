//! `#[derive(SlotValue)]`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::ext::IdentExt;
use syn::{Data, DataEnum, DeriveInput, Error, Fields, Ident, Path, spanned::Spanned};

use crate::crate_path::{crate_path, shown};
use crate::name::{check_unique, renamed, snake_case};
use crate::place::at_place;

pub(crate) fn derive(input: DeriveInput) -> syn::Result<TokenStream> {
    let ident = &input.ident;
    let slotted = crate_path(&input.attrs)?;
    if let Some(parameter) = input.generics.params.first() {
        let message = "a slot's value has no type or lifetime parameters";
        return Err(Error::new(parameter.span(), message));
    }
    match &input.data {
        Data::Enum(data) => {
            let variants = parse_variants(ident, data)?;
            check_repr(&slotted, &input)?;
            Ok(derive_enum(&slotted, ident, &variants))
        }
        Data::Struct(_) => Ok(derive_pod(&slotted, ident)),
        Data::Union(_) => Err(Error::new(ident.span(), "a slot's value is an enum or a struct")),
    }
}

/// The attributes that an enum needs, a line for each.
fn enum_attributes(slotted: &Path) -> String {
    let bytemuck = format!("{}::bytemuck", shown(slotted));
    format!(
        "#[derive({bytemuck}::NoUninit, {bytemuck}::CheckedBitPattern, Clone, Copy)]\n\
         #[bytemuck(crate = \"{bytemuck}\")]\n\
         #[repr(u8)]"
    )
}

fn check_repr(slotted: &Path, input: &DeriveInput) -> syn::Result<()> {
    let mut is_byte = false;
    for attribute in input.attrs.iter().filter(|attribute| attribute.path().is_ident("repr")) {
        attribute.parse_nested_meta(|meta| {
            is_byte |= meta.path.is_ident("u8");
            Ok(())
        })?;
    }
    let (ident, attributes) = (&input.ident, enum_attributes(slotted));
    let message = format!("an enum in a slot is one byte; `{ident}` needs:\n{attributes}");
    is_byte.then_some(()).ok_or_else(|| Error::new(ident.span(), message))
}

struct Variant<'a> {
    ident: &'a Ident,
    name: String,
}

/// Returns the variants, at least one.
fn parse_variants<'a>(ident: &Ident, data: &'a DataEnum) -> syn::Result<Vec<Variant<'a>>> {
    let mut variants = Vec::new();
    for variant in &data.variants {
        if !matches!(variant.fields, Fields::Unit) {
            return Err(Error::new(
                variant.span(),
                "a variant of an enum in a slot has no fields: remove them, or derive `SlotUnion` for a nested value",
            ));
        }
        let name = renamed(&variant.attrs)?.unwrap_or_else(|| snake_case(&variant.ident));
        variants.push(Variant { ident: &variant.ident, name });
    }
    if variants.is_empty() {
        return Err(Error::new(ident.span(), "an enum in a slot has at least one variant"));
    }
    check_unique(variants.iter().map(|variant| (&*variant.name, variant.ident)), "variant")?;
    Ok(variants)
}

fn derive_enum(slotted: &Path, ident: &Ident, variants: &[Variant<'_>]) -> TokenStream {
    let numbers = check_numbers(ident, variants);
    let required = Required {
        traits: vec![
            quote!(#slotted::bytemuck::NoUninit),
            quote!(#slotted::bytemuck::CheckedBitPattern),
        ],
        message: "an enum in a slot implements `NoUninit` and `CheckedBitPattern`; `{Self}` does not",
        label: "`NoUninit` or `CheckedBitPattern` is missing",
        note: format!("the enum needs:\n{}", enum_attributes(slotted)),
    };
    let names: Vec<_> = variants.iter().map(|variant| &variant.name).collect();
    let idents: Vec<_> = variants.iter().map(|variant| variant.ident).collect();
    let first = idents.first();
    let count = variants.len();
    let members = quote! {
        type Cell = u8;
        const WIDTH: usize = 1;
        const VARIANTS: u16 = #count as u16;

        fn kind() -> #slotted::Kind {
            #slotted::Kind::enumeration([#(#names),*])
        }

        fn filler() -> Self {
            Self::#first
        }
    };
    let casts = cell_casts(slotted, &quote!(#slotted::bytemuck::checked));
    let value = quote!(Self::from(match value { #(#ident::#idents => #names),* }));
    let implementations =
        required.implementations(slotted, ident, &quote!(#members #casts), &value);
    quote!(#numbers #implementations)
}

/// Refuses variants that are not numbered from 0 in the order of their names in the kind.
fn check_numbers(ident: &Ident, variants: &[Variant<'_>]) -> TokenStream {
    let checks = variants.iter().enumerate().map(|(number, Variant { ident: variant, .. })| {
        let message = format!(
            "variant `{}` must have the number {number}: variants are numbered from 0 without gaps",
            variant.unraw(),
        );
        at_place(variant, quote!(assert!(#ident::#variant as usize == #number, #message);))
    });
    quote!(const _: () = { #(#checks)* };)
}

fn derive_pod(slotted: &Path, ident: &Ident) -> TokenStream {
    let bytemuck = format!("{}::bytemuck", shown(slotted));
    let required = Required {
        traits: vec![quote!(#slotted::bytemuck::Pod)],
        message: "a struct in a slot implements `Pod`; `{Self}` does not",
        label: "`Pod` is missing",
        note: format!(
            "the struct needs:\n\
             #[derive({bytemuck}::Pod, {bytemuck}::Zeroable, Clone, Copy)]\n\
             #[bytemuck(crate = \"{bytemuck}\")]\n\
             #[repr(C)]"
        ),
    };
    let members = quote! {
        type Cell = #slotted::derive_support::PodCell<{ ::core::mem::align_of::<#ident>() }>;
        const WIDTH: usize = #slotted::derive_support::pod_width::<#ident>();

        fn kind() -> #slotted::Kind {
            #slotted::Kind::pod::<Self>()
        }

        fn filler() -> Self {
            #slotted::bytemuck::Zeroable::zeroed()
        }
    };
    let casts = cell_casts(slotted, &quote!(#slotted::bytemuck));
    let value = quote!(Self::Bytes(#slotted::bytemuck::bytes_of(&value).into()));
    let implementations =
        required.implementations(slotted, ident, &quote!(#members #casts), &value);
    quote! {
        const _: usize = #slotted::derive_support::pod_width::<#ident>();
        #implementations
    }
}

/// The casts of values to cells, and of cells to values. The second may check bit patterns.
fn cell_casts(slotted: &Path, from_cells: &TokenStream) -> TokenStream {
    quote! {
        #[inline(always)]
        fn as_cells(values: &[Self]) -> &[Self::Cell] {
            #slotted::bytemuck::cast_slice(values)
        }

        #[inline(always)]
        fn from_cells(cells: &[Self::Cell]) -> &[Self] {
            #from_cells::cast_slice(cells)
        }

        #[inline(always)]
        fn from_cells_mut(cells: &mut [Self::Cell]) -> &mut [Self] {
            #from_cells::cast_slice_mut(cells)
        }
    }
}

/// The traits that the type has to derive besides, and the message for users if it does not.
struct Required {
    traits: Vec<TokenStream>,
    message: &'static str,
    label: &'static str,
    note: String,
}

impl Required {
    /// The implementations, given the members of `SlotValue` and the `Value` of a `value`.
    ///
    /// Their bounds are on the type. The compiler takes bounds for granted inside the functions, and
    /// does not prove one with `for<'a>` at the implementation. So it reports only `PlainMemory`, the
    /// bound without `for<'a>`, whose message is for users.
    fn implementations(
        &self,
        slotted: &Path,
        ident: &Ident,
        members: &TokenStream,
        value: &TokenStream,
    ) -> TokenStream {
        let Self { traits, message, label, note } = self;
        let plain = at_place(ident, quote!(PlainMemory));
        let bounds = quote!(#ident: #plain, #(for<'a> #ident: #traits),*);
        quote! {
            const _: () = {
                #[diagnostic::on_unimplemented(message = #message, label = #label, note = #note)]
                trait PlainMemory {}

                #[diagnostic::do_not_recommend]
                impl<T: #(#traits)+*> PlainMemory for T {}

                #[automatically_derived]
                #[diagnostic::do_not_recommend]
                impl #slotted::SlotValue for #ident where #bounds { #members }

                #[automatically_derived]
                #[diagnostic::do_not_recommend]
                impl #slotted::derive_support::ListElement for #ident where #bounds {}

                #[automatically_derived]
                impl ::core::convert::From<#ident> for #slotted::Value where #bounds {
                    fn from(value: #ident) -> Self {
                        #value
                    }
                }
            };
        }
    }
}
