//! `#[derive(View)]`.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, format_ident, quote};
use syn::ext::IdentExt;
use syn::{Data, DeriveInput, Error, Field, GenericParam, Ident, Lifetime, spanned::Spanned};

use crate::name::{are_named, refuse_repeated, renamed};

pub(crate) fn derive(input: DeriveInput) -> syn::Result<TokenStream> {
    let ident = &input.ident;
    let Data::Struct(data) = &input.data else {
        return Err(Error::new(ident.span(), "a view is a struct"));
    };
    if !are_named(&data.fields) || data.fields.is_empty() {
        return Err(Error::new(
            data.fields.span(),
            "a view names the slots it wants: use named fields",
        ));
    }
    let lifetime = lifetime(&input)?;
    let fields: Vec<&Field> = data.fields.iter().collect();
    let names = slot_names(&fields)?;
    refuse_repeated(names.iter().zip(&fields).map(|(name, field)| (&**name, *field)), "slot")?;

    let run = run_struct(&input, &fields, lifetime.as_ref());
    let view = view_impl(&input, &fields, &names);
    Ok(quote!(#run #view))
}

/// The struct's one lifetime, if it has any.
fn lifetime(input: &DeriveInput) -> syn::Result<Option<Lifetime>> {
    let mut lifetimes = input.generics.lifetimes();
    let first = lifetimes.next().map(|parameter| parameter.lifetime.clone());
    match lifetimes.next() {
        Some(second) => Err(Error::new(second.span(), "a view has one lifetime")),
        None => Ok(first),
    }
}

fn slot_names(fields: &[&Field]) -> syn::Result<Vec<String>> {
    let name = |field: &&Field| {
        let ident =
            field.ident.as_ref().map_or_else(String::new, |ident| ident.unraw().to_string());
        Ok(renamed(&field.attrs)?.unwrap_or(ident))
    };
    fields.iter().map(name).collect()
}

/// The generic arguments of the struct with another lifetime.
fn arguments(input: &DeriveInput, lifetime: &Lifetime) -> TokenStream {
    let arguments = input.generics.params.iter().map(|parameter| match parameter {
        GenericParam::Lifetime(_) => lifetime.to_token_stream(),
        GenericParam::Type(parameter) => parameter.ident.to_token_stream(),
        GenericParam::Const(parameter) => parameter.ident.to_token_stream(),
    });
    quote!(<#(#arguments),*>)
}

/// The struct of the same fields over adjacent rows.
fn run_struct(input: &DeriveInput, fields: &[&Field], lifetime: Option<&Lifetime>) -> TokenStream {
    let (visibility, run) = (&input.vis, run_ident(&input.ident));
    let own = Lifetime::new("'a", Span::call_site());
    let (lifetime, extra) = match lifetime {
        Some(lifetime) => (lifetime, None),
        None => (&own, Some(quote!(#own,))),
    };
    let parameters = &input.generics.params;
    let bounds = &input.generics.where_clause;
    let doc = format!("Objects of [`{}`] in adjacent rows.", input.ident);
    let members = fields.iter().map(|field| {
        let (visibility, ident, ty) = (&field.vis, &field.ident, &field.ty);
        let docs = field.attrs.iter().filter(|attribute| attribute.path().is_ident("doc"));
        quote! {
            #(#docs)*
            #[allow(missing_docs)]
            #visibility #ident: <#ty as ::slotted::ViewField>::Run<#lifetime>
        }
    });
    quote! {
        #[doc = #doc]
        #[allow(dead_code, missing_debug_implementations)]
        #visibility struct #run<#extra #parameters> #bounds { #(#members,)* }
    }
}

fn run_ident(ident: &Ident) -> Ident {
    format_ident!("{ident}Run")
}

fn view_impl(input: &DeriveInput, fields: &[&Field], names: &[String]) -> TokenStream {
    let (ident, run) = (&input.ident, run_ident(&input.ident));
    let (parameters, own, bounds) = input.generics.split_for_impl();
    let t = Lifetime::new("'t", Span::call_site());
    let item_arguments = arguments(input, &t);
    let static_arguments = arguments(input, &Lifetime::new("'static", Span::call_site()));
    let has_lifetime = input.generics.lifetimes().next().is_some();
    let other = input.generics.type_params().map(|parameter| &parameter.ident);
    let run_arguments =
        if has_lifetime { item_arguments.clone() } else { quote!(<#t, #(#other),*>) };

    let count = fields.len();
    let types: Vec<_> = fields.iter().map(|field| &field.ty).collect();
    let idents: Vec<_> = fields.iter().map(|field| &field.ident).collect();
    let positions: Vec<_> = (0..count).map(syn::Index::from).collect();
    let columns: Vec<_> = (0..count).map(|field| format_ident!("column_{field}")).collect();
    let items = items(&idents, &types);
    let shared_bounds = bounds.map(|bounds| &bounds.predicates);
    quote! {
        #[automatically_derived]
        impl #parameters ::slotted::View for #ident #own #bounds {
            type Item<#t> = #ident #item_arguments;
            type Run<#t> = #run #run_arguments;
            type Blocks<#t> = (#(<#types as ::slotted::ViewField>::Blocks<#t>,)*);
            type Static = #ident #static_arguments;

            fn requests() -> ::std::vec::Vec<(
                &'static str,
                ::core::option::Option<::slotted::derive_support::Request>,
            )> {
                ::std::vec![#((#names, <#types as ::slotted::ViewField>::request())),*]
            }

            #[inline(always)]
            fn blocks<#t>(
                columns: ::slotted::derive_support::TableColumns<#t, '_>,
            ) -> Self::Blocks<#t> {
                let ([#(#columns),*], rows) = columns.pick::<#count>();
                (#(<#types as ::slotted::ViewField>::blocks(#columns, rows),)*)
            }

            #[inline(always)]
            fn next_block<#t>(
                blocks: &mut Self::Blocks<#t>,
                rows: usize,
            ) -> ::core::option::Option<Self::Run<#t>> {
                ::core::option::Option::Some(#run {
                    #(#idents: <#types as ::slotted::ViewField>::next_block(&mut blocks.#positions, rows)?,)*
                })
            }

            #[inline(always)]
            fn split<#t>(run: &mut Self::Run<#t>, skip: usize, rows: usize) -> Self::Run<#t> {
                #run {
                    #(#idents: <#types as ::slotted::ViewField>::split(&mut run.#idents, skip, rows),)*
                }
            }

            #[inline(always)]
            fn item<'x>(run: &'x mut Self::Run<'_>, row: usize) -> Self::Item<'x> {
                #ident {
                    #(#idents: <#types as ::slotted::ViewField>::item(&mut run.#idents, row),)*
                }
            }

            #[inline(always)]
            fn items<#t>(
                run: Self::Run<#t>,
            ) -> impl ::core::iter::Iterator<Item = Self::Item<#t>> {
                #items
            }
        }

        #[automatically_derived]
        impl #parameters ::slotted::SharedView for #ident #own
        where
            #(#types: ::slotted::derive_support::SharedField,)*
            #shared_bounds
        {}
    }
}

/// The fields' items, zipped: `a.zip(b).zip(c).map(|((a, b), c)| Self { a, b, c })`.
fn items(idents: &[&Option<Ident>], types: &[&syn::Type]) -> TokenStream {
    let mut zipped = TokenStream::new();
    let mut pattern = TokenStream::new();
    for (position, (ident, ty)) in idents.iter().zip(types).enumerate() {
        let field = quote!(<#ty as ::slotted::ViewField>::items(run.#ident));
        if position == 0 {
            zipped = field;
            pattern = quote!(#ident);
        } else {
            zipped = quote!(::core::iter::Iterator::zip(#zipped, #field));
            pattern = quote!((#pattern, #ident));
        }
    }
    quote!(::core::iter::Iterator::map(#zipped, |#pattern| Self::Item { #(#idents),* }))
}
