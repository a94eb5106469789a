//! The functions of `Slotted` for a struct that is an optional nested record.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{DeriveInput, Ident, Index, Path};

use crate::slotted::{SlotField, keys_attributes};

/// The struct of the keys, under a name that the surrounding `const` hides.
///
/// Its fields' types are parameters, so that the compiler does not report a nested record without
/// schema here too.
pub(crate) fn option_keys_struct(
    slotted: &Path,
    input: &DeriveInput,
    fields: &[SlotField],
) -> TokenStream {
    let (vis, keys, types) = (&input.vis, option_keys_name(), parameters(fields));
    let members = fields.iter().zip(&types).map(|(field, ty)| {
        let (vis, ident) = (&field.vis, &field.ident);
        quote!(#vis #ident: #ty)
    });
    let idents = fields.iter().map(|field| &field.ident);
    let read_keys = quote!(#slotted::derive_support::ReadKeys);
    let attributes = keys_attributes();
    quote! {
        #attributes
        #vis struct #keys<#(#types),*> {
            #(#members),*
        }

        #[automatically_derived]
        impl<#(#types: #read_keys),*> #read_keys for #keys<#(#types),*> {
            #[allow(unused_variables)]
            fn read(slots: &mut #slotted::derive_support::KeyReader<'_>) -> Self {
                Self { #(#idents: <#types as #read_keys>::read(slots)),* }
            }
        }
    }
}

fn option_keys_name() -> Ident {
    format_ident!("__OptionKeys")
}

fn parameters(fields: &[SlotField]) -> Vec<Ident> {
    (0..fields.len()).map(|field| format_ident!("Key{field}")).collect()
}

/// The members of the implementation.
pub(crate) fn option_fns(slotted: &Path, fields: &[SlotField]) -> TokenStream {
    let write_options = write_options_fn(slotted, fields);
    let one = one_fns(slotted, fields);
    let read_option = read_option_fn(slotted, fields);
    let keys = option_keys_name();
    let types = fields.iter().map(|field| field.option_keys(slotted));
    quote! {
        type OptionKeys = #keys<#(#types),*>;

        #write_options
        #one
        #read_option
    }
}

/// The same members, for a struct with an error.
pub(crate) fn placeholder_option_fns(slotted: &Path) -> TokenStream {
    quote! {
        type OptionKeys = ();

        fn write_options<'slotted>(
            _: impl ::core::iter::Iterator<Item = ::core::option::Option<&'slotted Self>>
                + ::core::clone::Clone,
            _: &mut #slotted::derive_support::Batch<'_>,
        ) {
        }

        fn write_one_option(
            _: ::core::option::Option<&Self>,
            _: &mut #slotted::derive_support::ObjectWriter<'_>,
        ) {
        }

        fn check_option(
            _: ::core::option::Option<&Self>,
            _: &mut #slotted::derive_support::ObjectCheck<'_>,
        ) {
        }

        fn read_option(
            _: &mut #slotted::derive_support::ObjectReader<'_>,
        ) -> ::core::option::Option<Self> {
            ::core::option::Option::None
        }
    }
}

fn write_options_fn(slotted: &Path, fields: &[SlotField]) -> TokenStream {
    let objects = quote!(::core::clone::Clone::clone(&objects));
    let calls = fields.iter().map(|field| {
        let (cast, value) = (field.cast(slotted), field.value());
        let value = quote!(::core::option::Option::map(object, |object| #value));
        quote!(#cast::write_options(::core::iter::Iterator::map(#objects, |object| #value), batch);)
    });
    quote! {
        #[inline]
        #[allow(unused_variables)]
        fn write_options<'a>(
            objects: impl ::core::iter::Iterator<Item = ::core::option::Option<&'a Self>>
                + ::core::clone::Clone,
            batch: &mut #slotted::derive_support::Batch<'_>,
        ) {
            #(#calls)*
        }
    }
}

/// The functions that write and check one object.
fn one_fns(slotted: &Path, fields: &[SlotField]) -> TokenStream {
    let with = [("write_one_option", "ObjectWriter"), ("check_option", "ObjectCheck")];
    let functions = with.map(|(name, with)| {
        let (name, with) = (format_ident!("{name}"), format_ident!("{with}"));
        let calls = fields.iter().map(|field| {
            let (cast, value) = (field.cast(slotted), field.value());
            quote!(#cast::#name(::core::option::Option::map(object, |object| #value), with);)
        });
        quote! {
            #[inline]
            #[allow(unused_variables)]
            fn #name(
                object: ::core::option::Option<&Self>,
                with: &mut #slotted::derive_support::#with<'_>,
            ) {
                #(#calls)*
            }
        }
    });
    quote!(#(#functions)*)
}

fn read_option_fn(slotted: &Path, fields: &[SlotField]) -> TokenStream {
    let reads = fields.iter().map(|field| field.cast(slotted));
    let idents = fields.iter().map(|field| &field.ident);
    let positions = (0..fields.len()).map(Index::from);
    quote! {
        #[inline]
        #[allow(unused_variables)]
        fn read_option(
            reader: &mut #slotted::derive_support::ObjectReader<'_>,
        ) -> ::core::option::Option<Self> {
            // All slots are read, because the next field's slots come after them.
            let read = (#(#reads::read_option(reader),)*);
            ::core::option::Option::Some(Self { #(#idents: read.#positions?),* })
        }
    }
}
