//! The functions of `Slotted` for a struct that is an optional nested record, or an element of a list.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{DeriveInput, Ident, Index, Path};

use crate::slotted::SlotField;

/// A struct with the same fields, for the keys of optional records and for lists of records, under a name that
/// the surrounding `const` hides.
///
/// Its fields' types are parameters, so that the compiler does not report a nested record without
/// schema here too.
pub(crate) fn parts_struct(
    slotted: &Path,
    input: &DeriveInput,
    fields: &[SlotField],
) -> TokenStream {
    let (vis, parts, types) = (&input.vis, parts_name(), parameters(fields));
    let members = fields.iter().zip(&types).map(|(field, ty)| {
        let (vis, ident) = (&field.vis, &field.ident);
        quote!(#vis #ident: #ty)
    });
    let idents: Vec<_> = fields.iter().map(|field| &field.ident).collect();
    let read_keys = quote!(#slotted::derive_support::ReadKeys);
    let lists = lists_impl(slotted, &parts, (&idents, &types));
    let iterator = iterator_impl(&parts, (&idents, &types));
    quote! {
        #[derive(
            ::core::clone::Clone,
            ::core::marker::Copy,
            ::core::fmt::Debug,
            ::core::cmp::PartialEq,
        )]
        #[allow(dead_code, non_camel_case_types)]
        #vis struct #parts<#(#types),*> {
            #(#members),*
        }

        #[automatically_derived]
        impl<#(#types: #read_keys),*> #read_keys for #parts<#(#types),*> {
            #[allow(unused_variables)]
            fn read(slots: &mut #slotted::derive_support::KeyReader<'_>) -> Self {
                Self { #(#idents: <#types as #read_keys>::read(slots)),* }
            }
        }

        #lists
        #iterator
    }
}

/// The lists of the parts of records.
fn lists_impl(
    slotted: &Path,
    parts: &Ident,
    (idents, types): (&[&Ident], &[Ident]),
) -> TokenStream {
    let support = quote!(#slotted::derive_support);
    let lists = quote!(#support::Lists);
    let positions: Vec<_> = (0..types.len()).map(Index::from).collect();
    let counts = quote!(::core::iter::Iterator::size_hint);
    quote! {
        #[automatically_derived]
        impl<#(#types: #lists),*> #lists for #parts<#(#types),*> {
            type Keys = #parts<#(<#types as #lists>::Keys),*>;
            type OptionKeys = #parts<#(<#types as #lists>::OptionKeys),*>;
            type Iter<'slotted> = #parts<#(<#types as #lists>::Iter<'slotted>),*>;

            #[allow(unused_variables)]
            fn visit(
                lists: impl ::core::iter::Iterator<Item = ::core::option::Option<Self>>
                    + ::core::clone::Clone,
                visitor: &mut impl #support::VisitLists,
            ) {
                #(<#types as #lists>::visit(
                    ::core::iter::Iterator::map(::core::clone::Clone::clone(&lists), |lists| {
                        ::core::option::Option::map(lists, |lists| lists.#idents)
                    }),
                    visitor,
                );)*
            }

            #[allow(unused_variables)]
            fn make(maker: &mut impl #support::MakeLists) -> ::core::option::Option<Self> {
                // All slots are read, because the next field's slots come after them.
                let made = (#(<#types as #lists>::make(maker),)*);
                ::core::option::Option::Some(Self { #(#idents: made.#positions?),* })
            }

            #[allow(unused_variables)]
            fn iter(
                self,
                store: &#slotted::Store,
            ) -> ::core::option::Option<Self::Iter<'_>> {
                let parts = #parts { #(#idents: <#types as #lists>::iter(self.#idents, store)?),* };
                let count = #counts(&parts);
                let are_even = true #(&& #counts(&parts.#idents) == count)*;
                are_even.then_some(parts)
            }
        }
    }
}

/// The iterator over the elements that the parts form.
fn iterator_impl(parts: &Ident, (idents, types): (&[&Ident], &[Ident])) -> TokenStream {
    let iterator = quote!(::core::iter::Iterator);
    let none = quote!(::core::option::Option::None);
    let next = match idents {
        [] => none,
        _ => quote! {
            ::core::option::Option::Some(
                #parts { #(#idents: #iterator::next(&mut self.#idents)?),* }
            )
        },
    };
    let size_hint = match idents {
        [] => quote!((0, ::core::option::Option::Some(0))),
        [first, ..] => quote!(#iterator::size_hint(&self.#first)),
    };
    quote! {
        #[automatically_derived]
        impl<#(#types: #iterator),*> #iterator for #parts<#(#types),*> {
            type Item = #parts<#(<#types as #iterator>::Item),*>;

            fn next(&mut self) -> ::core::option::Option<Self::Item> {
                #next
            }

            fn size_hint(&self) -> (usize, ::core::option::Option<usize>) {
                #size_hint
            }
        }
    }
}

fn parts_name() -> Ident {
    format_ident!("__Parts")
}

fn parameters(fields: &[SlotField]) -> Vec<Ident> {
    (0..fields.len()).map(|field| format_ident!("Part{field}")).collect()
}

/// The members of the implementation.
pub(crate) fn option_fns(slotted: &Path, fields: &[SlotField]) -> TokenStream {
    let write_options = write_options_fn(slotted, fields);
    let one = one_fns(slotted, fields);
    let read_option = read_option_fn(slotted, fields);
    let lists = lists_fn(slotted, fields);
    let parts = parts_name();
    let types = fields.iter().map(|field| field.option_keys(slotted));
    let list_types = fields.iter().map(|field| field.list_type(slotted));
    quote! {
        type OptionKeys = #parts<#(#types),*>;

        type Lists = #parts<#(#list_types),*>;

        #lists

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

        type Lists = ();

        fn lists<'slotted>(
            _: impl ::core::iter::Iterator<Item = &'slotted Self> + ::core::clone::Clone,
            _: &mut #slotted::derive_support::ListMaker<'_>,
        ) -> ::core::result::Result<(), #slotted::derive_support::RecordsError> {
            ::core::result::Result::Ok(())
        }
    }
}

fn lists_fn(slotted: &Path, fields: &[SlotField]) -> TokenStream {
    let parts = parts_name();
    let idents = fields.iter().map(|field| &field.ident);
    let calls = fields.iter().map(|field| {
        let (cast, value) = (field.cast(slotted), field.value());
        let objects = quote!(::core::clone::Clone::clone(&objects));
        quote!(#cast::lists(::core::iter::Iterator::map(#objects, |object| #value), maker)?)
    });
    quote! {
        #[allow(unused_variables)]
        fn lists<'a>(
            objects: impl ::core::iter::Iterator<Item = &'a Self> + ::core::clone::Clone,
            maker: &mut #slotted::derive_support::ListMaker<'_>,
        ) -> ::core::result::Result<Self::Lists, #slotted::derive_support::RecordsError> {
            ::core::result::Result::Ok(#parts { #(#idents: #calls),* })
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
