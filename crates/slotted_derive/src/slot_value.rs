//! `#[derive(SlotValue)]`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Data, DataEnum, DeriveInput, Error, Fields, Ident, spanned::Spanned};

use crate::name::{refuse_repeated, renamed, snake_case};

pub(crate) fn derive(input: DeriveInput) -> syn::Result<TokenStream> {
    let ident = &input.ident;
    if let Some(parameter) = input.generics.params.first() {
        return Err(Error::new(parameter.span(), "a slot's value has no parameters"));
    }
    match &input.data {
        Data::Enum(data) => derive_enum(&input, ident, data),
        Data::Struct(_) => Ok(derive_pod(ident)),
        Data::Union(_) => Err(Error::new(ident.span(), "a slot's value is an enum or a struct")),
    }
}

fn derive_enum(input: &DeriveInput, ident: &Ident, data: &DataEnum) -> syn::Result<TokenStream> {
    let mut is_byte = false;
    for attribute in input.attrs.iter().filter(|attribute| attribute.path().is_ident("repr")) {
        attribute.parse_nested_meta(|meta| {
            is_byte |= meta.path.is_ident("u8");
            Ok(())
        })?;
    }
    if !is_byte {
        return Err(Error::new(
            ident.span(),
            "the enum must be `#[repr(u8)]`: a slot holds a byte",
        ));
    }
    let mut variants = Vec::new();
    for variant in &data.variants {
        if !matches!(variant.fields, Fields::Unit) {
            return Err(Error::new(variant.span(), "a variant of a slot's value has no fields"));
        }
        let name = renamed(&variant.attrs)?.unwrap_or_else(|| snake_case(&variant.ident));
        variants.push((name, &variant.ident));
    }
    refuse_repeated(variants.iter().map(|(name, ident)| (&**name, *ident)), "variant")?;
    let Some((_, first)) = variants.first() else {
        return Err(Error::new(ident.span(), "a slot's value has at least one variant"));
    };
    let names: Vec<_> = variants.iter().map(|(name, _)| name).collect();
    let idents: Vec<_> = variants.iter().map(|(_, ident)| ident).collect();
    let numbers = 0..variants.len();
    Ok(quote! {
        const _: () = {
            #(assert!(#ident::#idents as usize == #numbers, "variants are numbered from 0 in order");)*
        };

        #[automatically_derived]
        impl ::slotted::SlotValue for #ident {
            type Cell = u8;
            const WIDTH: usize = 1;

            fn kind() -> ::slotted::Kind {
                ::slotted::Kind::enumeration([#(#names),*])
            }

            fn filler() -> Self {
                Self::#first
            }

            #[inline(always)]
            fn as_cells(values: &[Self]) -> &[u8] {
                ::slotted::bytemuck::cast_slice(values)
            }

            #[inline(always)]
            fn from_cells(cells: &[u8]) -> &[Self] {
                ::slotted::bytemuck::checked::cast_slice(cells)
            }

            #[inline(always)]
            fn from_cells_mut(cells: &mut [u8]) -> &mut [Self] {
                ::slotted::bytemuck::checked::cast_slice_mut(cells)
            }
        }

        #[automatically_derived]
        impl ::core::convert::From<#ident> for ::slotted::Value {
            fn from(value: #ident) -> Self {
                Self::from(match value { #(#ident::#idents => #names),* })
            }
        }
    })
}

fn derive_pod(ident: &Ident) -> TokenStream {
    quote! {
        const _: usize = ::slotted::derive_support::pod_width::<#ident>();

        #[automatically_derived]
        impl ::slotted::SlotValue for #ident {
            type Cell = ::slotted::derive_support::PodCell<{ ::core::mem::align_of::<#ident>() }>;
            const WIDTH: usize = ::slotted::derive_support::pod_width::<#ident>();

            fn kind() -> ::slotted::Kind {
                ::slotted::Kind::pod::<Self>()
            }

            fn filler() -> Self {
                ::slotted::bytemuck::Zeroable::zeroed()
            }

            #[inline(always)]
            fn as_cells(values: &[Self]) -> &[Self::Cell] {
                ::slotted::bytemuck::cast_slice(values)
            }

            #[inline(always)]
            fn from_cells(cells: &[Self::Cell]) -> &[Self] {
                ::slotted::bytemuck::cast_slice(cells)
            }

            #[inline(always)]
            fn from_cells_mut(cells: &mut [Self::Cell]) -> &mut [Self] {
                ::slotted::bytemuck::cast_slice_mut(cells)
            }
        }

        #[automatically_derived]
        impl ::core::convert::From<#ident> for ::slotted::Value {
            fn from(value: #ident) -> Self {
                Self::Bytes(::slotted::bytemuck::bytes_of(&value).into())
            }
        }
    }
}
