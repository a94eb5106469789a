//! `#[derive(SlotValue)]`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::ext::IdentExt;
use syn::{Data, DataEnum, DeriveInput, Error, Fields, Ident, spanned::Spanned};

use crate::name::{refuse_repeated, renamed, snake_case};
use crate::place::at_place;

pub(crate) fn derive(input: DeriveInput) -> syn::Result<TokenStream> {
    let ident = &input.ident;
    if let Some(parameter) = input.generics.params.first() {
        return Err(Error::new(parameter.span(), "a slot's value has no parameters"));
    }
    match &input.data {
        Data::Enum(data) => {
            require_byte(&input)?;
            Ok(derive_enum(ident, &parse_variants(ident, data)?))
        }
        Data::Struct(_) => Ok(derive_pod(ident)),
        Data::Union(_) => Err(Error::new(ident.span(), "a slot's value is an enum or a struct")),
    }
}

fn require_byte(input: &DeriveInput) -> syn::Result<()> {
    let mut is_byte = false;
    for attribute in input.attrs.iter().filter(|attribute| attribute.path().is_ident("repr")) {
        attribute.parse_nested_meta(|meta| {
            is_byte |= meta.path.is_ident("u8");
            Ok(())
        })?;
    }
    let message = "a slot's enum is a byte: \
                   `#[derive(SlotValue, NoUninit, CheckedBitPattern, Clone, Copy)]` \
                   `#[bytemuck(crate = \"slotted::bytemuck\")]` `#[repr(u8)]`";
    is_byte.then_some(()).ok_or_else(|| Error::new(input.ident.span(), message))
}

struct Variant<'a> {
    ident: &'a Ident,
    name: String,
}

/// The variants, of which there is at least one.
fn parse_variants<'a>(ident: &Ident, data: &'a DataEnum) -> syn::Result<Vec<Variant<'a>>> {
    let mut variants = Vec::new();
    for variant in &data.variants {
        if !matches!(variant.fields, Fields::Unit) {
            return Err(Error::new(variant.span(), "a variant of a slot's value has no fields"));
        }
        let name = renamed(&variant.attrs)?.unwrap_or_else(|| snake_case(&variant.ident));
        variants.push(Variant { ident: &variant.ident, name });
    }
    if variants.is_empty() {
        return Err(Error::new(ident.span(), "a slot's value has at least one variant"));
    }
    refuse_repeated(variants.iter().map(|variant| (&*variant.name, variant.ident)), "variant")?;
    Ok(variants)
}

fn derive_enum(ident: &Ident, variants: &[Variant<'_>]) -> TokenStream {
    let numbers = check_numbers(ident, variants);
    let required = Required {
        traits: vec![
            quote!(::slotted::bytemuck::NoUninit),
            quote!(::slotted::bytemuck::CheckedBitPattern),
        ],
        message: "`{Self}` cannot be stored as a byte, as an enum in a slot is",
        label: "not known to be a byte of certain values",
        note: "derive `NoUninit` and `CheckedBitPattern` of `slotted::bytemuck`, with \
               `#[bytemuck(crate = \"slotted::bytemuck\")]` and `#[repr(u8)]`",
    };
    let names: Vec<_> = variants.iter().map(|variant| &variant.name).collect();
    let idents: Vec<_> = variants.iter().map(|variant| variant.ident).collect();
    let first = idents.first();
    let count = variants.len();
    let members = quote! {
        type Cell = u8;
        const WIDTH: usize = 1;
        const VARIANTS: u16 = #count as u16;

        fn kind() -> ::slotted::Kind {
            ::slotted::Kind::enumeration([#(#names),*])
        }

        fn filler() -> Self {
            Self::#first
        }
    };
    let casts = cell_casts(&quote!(::slotted::bytemuck::checked));
    let value = quote!(Self::from(match value { #(#ident::#idents => #names),* }));
    let implementations = required.implementations(ident, &quote!(#members #casts), &value);
    quote!(#numbers #implementations)
}

/// Refuses variants that are not numbered as they are named in the kind: from 0, in order.
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

fn derive_pod(ident: &Ident) -> TokenStream {
    let required = Required {
        traits: vec![quote!(::slotted::bytemuck::Pod)],
        message: "`{Self}` is not plain memory, as a struct in a slot must be",
        label: "not known to be plain memory",
        note: "derive `Pod` and `Zeroable` of `slotted::bytemuck` for the struct, which must be \
               `#[repr(C)]`",
    };
    let members = quote! {
        type Cell = ::slotted::derive_support::PodCell<{ ::core::mem::align_of::<#ident>() }>;
        const WIDTH: usize = ::slotted::derive_support::pod_width::<#ident>();

        fn kind() -> ::slotted::Kind {
            ::slotted::Kind::pod::<Self>()
        }

        fn filler() -> Self {
            ::slotted::bytemuck::Zeroable::zeroed()
        }
    };
    let casts = cell_casts(&quote!(::slotted::bytemuck));
    let value = quote!(Self::Bytes(::slotted::bytemuck::bytes_of(&value).into()));
    let implementations = required.implementations(ident, &quote!(#members #casts), &value);
    quote! {
        const _: usize = ::slotted::derive_support::pod_width::<#ident>();
        #implementations
    }
}

/// Values as cells, which every type can be, and cells as values, which may need to be checked.
fn cell_casts(from_cells: &TokenStream) -> TokenStream {
    quote! {
        #[inline(always)]
        fn as_cells(values: &[Self]) -> &[Self::Cell] {
            ::slotted::bytemuck::cast_slice(values)
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

/// What the type has to derive besides, and what its user is told where it does not.
struct Required {
    traits: Vec<TokenStream>,
    message: &'static str,
    label: &'static str,
    note: &'static str,
}

impl Required {
    /// The implementations, given the members of `SlotValue` and the `Value` of a `value`.
    ///
    /// What they need of the type are their bounds: where these do not hold the compiler says so,
    /// and takes them for granted in the functions instead of refusing every line of them. It
    /// proves a bound where it stands unless that is `for<'a>`, so what it reports is only the
    /// trait with the message for users.
    fn implementations(
        &self,
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
                impl ::slotted::SlotValue for #ident where #bounds { #members }

                #[automatically_derived]
                impl ::slotted::derive_support::ListElement for #ident where #bounds {}

                #[automatically_derived]
                impl ::core::convert::From<#ident> for ::slotted::Value where #bounds {
                    fn from(value: #ident) -> Self {
                        #value
                    }
                }
            };
        }
    }
}
