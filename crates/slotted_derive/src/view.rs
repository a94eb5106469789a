//! `#[derive(View)]`.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote};
use syn::ext::IdentExt;
use syn::{
    Attribute, Data, DeriveInput, Error, Field, GenericArgument, GenericParam, Ident, Lifetime,
    Path, PathArguments, Type, spanned::Spanned,
};

use crate::crate_path::crate_path;
use crate::field_type::check_type;
use crate::name::{Keys, are_named, check_unique, collect, entries, literal};
use crate::place::at_place;
use crate::view_filter::{ViewFilter, ViewKeys};

pub(crate) fn derive(input: DeriveInput) -> syn::Result<TokenStream> {
    let view = ViewStruct::parse(&input)?;
    let run = view.run_struct();
    let implementation = view.implementation();
    let shared = view.shared_implementation();
    Ok(quote!(#run #implementation #shared))
}

/// The struct that becomes a view.
struct ViewStruct<'a> {
    input: &'a DeriveInput,
    slotted: Path,
    lifetime: Option<&'a Lifetime>,
    /// The struct with the same fields for adjacent rows.
    run: Ident,
    keys: ViewKeys,
    fields: Vec<WantedSlot<'a>>,
}

struct WantedSlot<'a> {
    field: &'a Field,
    ident: &'a Ident,
    ty: &'a Type,
    name: String,
    /// Only objects whose slot is set match.
    is_set: bool,
}

impl<'a> ViewStruct<'a> {
    fn parse(input: &'a DeriveInput) -> syn::Result<Self> {
        let Data::Struct(data) = &input.data else {
            return Err(Error::new(
                input.ident.span(),
                "a view is a struct with a named field for each slot",
            ));
        };
        if !are_named(&data.fields) || data.fields.is_empty() {
            return Err(Error::new(
                data.fields.span(),
                "a view names its slots: use at least one named field",
            ));
        }
        let slotted = crate_path(&input.attrs)?;
        let lifetime = lifetime(input)?;
        let keys = ViewKeys::parse(&input.attrs)?;
        let mut errors = None;
        let mut fields = Vec::new();
        for field in &data.fields {
            match WantedSlot::parse(field) {
                Ok(slot) => fields.push(slot),
                Err(error) => collect(&mut errors, error),
            }
        }
        if let Some(errors) = errors {
            return Err(errors);
        }
        check_unique(fields.iter().map(|slot| (&*slot.name, slot.field)), "slot")?;
        Ok(Self {
            input,
            slotted,
            lifetime,
            run: format_ident!("{}Run", input.ident),
            keys,
            fields,
        })
    }

    /// Returns one member of `ViewField` for each field.
    fn members(&self, member: TokenStream) -> impl Iterator<Item = TokenStream> {
        self.fields.iter().map(move |slot| slot.member(&self.slotted, member.clone()))
    }

    fn idents(&self) -> impl Iterator<Item = &Ident> {
        self.fields.iter().map(|slot| slot.ident)
    }

    /// Returns the struct's type and const parameters.
    fn other_parameters(&self) -> impl Iterator<Item = &Ident> {
        self.input.generics.params.iter().filter_map(|parameter| match parameter {
            GenericParam::Lifetime(_) => None,
            GenericParam::Type(parameter) => Some(&parameter.ident),
            GenericParam::Const(parameter) => Some(&parameter.ident),
        })
    }

    /// Returns the struct's type with another lifetime, if it has one.
    fn with_lifetime(&self, lifetime: &TokenStream) -> TokenStream {
        let (ident, others) = (&self.input.ident, self.other_parameters());
        match self.lifetime {
            Some(_) => quote!(#ident<#lifetime, #(#others),*>),
            None => quote!(#ident<#(#others),*>),
        }
    }

    /// Returns the struct's own bounds and the bounds of its fields that the compiler can prove there.
    ///
    /// Unmet bounds are reported only at the field, because the other generated code assumes them.
    fn bounds(&self) -> TokenStream {
        let own = self.input.generics.where_clause.iter().flat_map(|own| &own.predicates);
        let fields = self.fields.iter().filter_map(|slot| self.bound(slot));
        quote!(where #(#own,)* #(#fields,)*)
    }

    /// Returns the bound of a field by value, or of a borrowed value of a type without lifetimes.
    ///
    /// The bound is on the borrowed value. A bound on the reference would hold for one lifetime only, and
    /// would hide the field's type for other lifetimes.
    fn bound(&self, slot: &WantedSlot<'_>) -> Option<TokenStream> {
        let slotted = &self.slotted;
        let ty = slot.ty;
        if self.is_concrete(ty) {
            let bound = at_place(ty, quote!(#slotted::derive_support::ViewField));
            return Some(
                quote!(#ty: #bound + for<'t> #slotted::derive_support::ViewField<Item<'t> = #ty>),
            );
        }
        let value = borrowed_value(ty).filter(|value| self.is_concrete(value))?;
        let bound = at_place(value, quote!(#slotted::SlotValue));
        Some(quote!(#value: #bound))
    }

    /// Returns `true` if the type has neither lifetimes nor parameters.
    fn is_concrete(&self, ty: &Type) -> bool {
        let depends = |token: &TokenTree| match token {
            TokenTree::Punct(punct) => punct.as_char() == '\'',
            TokenTree::Ident(ident) => self.other_parameters().any(|other| other == ident),
            _ => false,
        };
        !any_token(ty.to_token_stream(), &depends)
    }

    fn run_struct(&self) -> TokenStream {
        let (visibility, run) = (&self.input.vis, &self.run);
        let own = Lifetime::new("'a", Span::call_site());
        let (lifetime, extra) = match self.lifetime {
            Some(lifetime) => (lifetime, None),
            None => (&own, Some(quote!(#own,))),
        };
        let parameters = &self.input.generics.params;
        let bounds = self.bounds();
        let (others, slotted) = (self.other_parameters(), &self.slotted);
        let item = self.with_lifetime(&lifetime.to_token_stream());
        let doc = format!("Objects of [`{}`] in adjacent rows.", self.input.ident);
        let members = self.fields.iter().map(|slot| {
            let (visibility, ident, ty) =
                (&slot.field.vis, slot.ident, slot.member(&self.slotted, quote!(Run<#lifetime>)));
            let docs = slot.field.attrs.iter().filter(|attribute| attribute.path().is_ident("doc"));
            quote! {
                #(#docs)*
                #[allow(missing_docs)]
                #visibility #ident: #ty
            }
        });
        quote! {
            #[doc = #doc]
            #[allow(dead_code, missing_debug_implementations)]
            #visibility struct #run<#extra #parameters> #bounds { #(#members,)* }

            #[automatically_derived]
            impl<#extra #parameters> ::core::iter::IntoIterator for #run<#lifetime, #(#others),*>
            #bounds
            {
                type Item = #item;
                type IntoIter = #slotted::derive_support::RunIter<#lifetime, #item>;

                #[inline(always)]
                fn into_iter(self) -> Self::IntoIter {
                    #slotted::derive_support::RunIter::new(self)
                }
            }
        }
    }

    fn implementation(&self) -> TokenStream {
        let slotted = &self.slotted;
        let (ident, is_lenient) = (&self.input.ident, self.keys.is_lenient);
        let filters = self.keys.filters.iter().map(|filter| filter.tokens(slotted));
        let has_tests = self.keys.filters.iter().any(ViewFilter::is_test)
            || self.fields.iter().any(|slot| slot.is_set);
        let name = ident.unraw().to_string();
        let (parameters, own, _) = self.input.generics.split_for_impl();
        let bounds = self.bounds();
        let enums = self.members(quote!(IS_ENUM));
        let types = self.associated_types();
        let requests = self.requests_fn();
        let blocks = self.blocks_fn();
        let next_block = self.next_block_fn();
        let skip_blocks = self.skip_blocks_fn();
        let take_block = self.take_block_fn();
        let split = self.split_fn();
        let item = self.item_fn();
        let empty = self.empty_fn();
        let items = self.items_fn();
        let rows = self.rows_fn();
        quote! {
            #[automatically_derived]
            impl #parameters #slotted::View for #ident #own #bounds {
                const NAME: &'static str = #name;
                const IS_LENIENT: bool = #is_lenient;
                const FILTERS: &'static [#slotted::derive_support::Filter<'static>] = &[#(#filters),*];
                const HAS_TESTS: bool = #has_tests;
                const HAS_ENUMS: bool = #(#enums)||*;
                #types
                #requests
                #blocks
                #next_block
                #skip_blocks
                #take_block
                #split
                #item
                #empty
                #items
                #rows
            }
        }
    }

    fn associated_types(&self) -> TokenStream {
        let (run, others) = (&self.run, self.other_parameters());
        let blocks = self.members(quote!(Blocks<'t>));
        let items = self.zipped(
            self.members(quote!(Items<'t>)),
            |left, right| quote!(::core::iter::Zip<#left, #right>),
        );
        let item = self.with_lifetime(&quote!('t));
        let of_static = self.with_lifetime(&quote!('static));
        quote! {
            type Item<'t> = #item;
            type Run<'t> = #run<'t, #(#others),*>;
            type Blocks<'t> = (#(#blocks,)*);
            type Items<'t> = #items;
            type Static = #of_static;
        }
    }

    fn requests_fn(&self) -> TokenStream {
        let slotted = &self.slotted;
        let names = self.fields.iter().map(|slot| &slot.name);
        let requests = self.members(quote!(request()));
        let idents = self.idents();
        quote! {
            fn requests() -> ::std::vec::Vec<(
                &'static str,
                ::core::option::Option<#slotted::derive_support::Request>,
            )> {
                // Uses each field, to avoid dead-code warnings for fields that are used only in runs.
                let _ = |view: &Self| { let _ = (#(&view.#idents,)*); };
                ::std::vec![#((#names, #requests)),*]
            }
        }
    }

    fn blocks_fn(&self) -> TokenStream {
        let slotted = &self.slotted;
        let count = self.fields.len();
        let columns: Vec<_> = (0..count).map(|field| format_ident!("column_{field}")).collect();
        let blocks = self.members(quote!(blocks));
        quote! {
            #[inline(always)]
            fn blocks<'t>(
                columns: #slotted::derive_support::TableColumns<'t, '_>,
            ) -> Self::Blocks<'t> {
                let ([#(#columns),*], rows) = columns.pick::<#count>();
                (#(#blocks(#columns, rows),)*)
            }
        }
    }

    fn next_block_fn(&self) -> TokenStream {
        let (run, idents, next_blocks) =
            (&self.run, self.idents(), self.members(quote!(next_block)));
        let positions = (0..self.fields.len()).map(syn::Index::from);
        quote! {
            #[inline(always)]
            fn next_block<'t>(
                blocks: &mut Self::Blocks<'t>,
                rows: usize,
            ) -> ::core::option::Option<Self::Run<'t>> {
                ::core::option::Option::Some(#run {
                    #(#idents: #next_blocks(&mut blocks.#positions, rows)?,)*
                })
            }
        }
    }

    fn skip_blocks_fn(&self) -> TokenStream {
        let skips = self.members(quote!(skip_blocks));
        let positions = (0..self.fields.len()).map(syn::Index::from);
        quote! {
            #[inline(always)]
            #[allow(unused_variables)]
            fn skip_blocks(blocks: &mut Self::Blocks<'_>, count: usize) {
                #(#skips(&mut blocks.#positions, count);)*
            }
        }
    }

    fn take_block_fn(&self) -> TokenStream {
        let takes = self.members(quote!(take_block));
        let positions = (0..self.fields.len()).map(syn::Index::from);
        quote! {
            #[inline(always)]
            fn take_block<'t>(blocks: &mut Self::Blocks<'t>) -> Self::Blocks<'t> {
                (#(#takes(&mut blocks.#positions),)*)
            }
        }
    }

    fn split_fn(&self) -> TokenStream {
        let (run, splits) = (&self.run, self.members(quote!(split)));
        let idents: Vec<_> = self.idents().collect();
        quote! {
            #[inline(always)]
            fn split<'t>(run: &mut Self::Run<'t>, skip: usize, rows: usize) -> Self::Run<'t> {
                #run {
                    #(#idents: #splits(&mut run.#idents, skip, rows),)*
                }
            }
        }
    }

    fn item_fn(&self) -> TokenStream {
        let (items, reads) = (self.members(quote!(item)), self.members(quote!(read)));
        let fields: Vec<_> = self.idents().collect();
        quote! {
            #[inline(always)]
            fn item<'x>(run: &'x mut Self::Run<'_>, row: usize) -> Self::Item<'x> {
                Self::Item { #(#fields: #items(&mut run.#fields, row),)* }
            }

            #[inline(always)]
            fn read<'t>(run: &Self::Run<'t>, row: usize) -> Self::Item<'t> {
                Self::Item { #(#fields: #reads(&run.#fields, row),)* }
            }
        }
    }

    fn empty_fn(&self) -> TokenStream {
        let (run, idents, empties) = (&self.run, self.idents(), self.members(quote!(empty())));
        quote! {
            #[inline(always)]
            fn empty<'t>() -> Self::Run<'t> {
                #run { #(#idents: #empties,)* }
            }
        }
    }

    /// Nests one part for each field in pairs: `((a, b), c)`.
    ///
    /// Slices come first: the standard library's `Zip` walks them by one index. It checks the iterators of `Option`, `Mut`
    /// and `OptionMut` by themselves.
    fn zipped(
        &self,
        parts: impl Iterator<Item = TokenStream>,
        pair: impl Fn(TokenStream, TokenStream) -> TokenStream,
    ) -> TokenStream {
        let parts: Vec<_> = self.fields.iter().zip(parts).collect();
        let (last, first): (Vec<_>, Vec<_>) = parts
            .into_iter()
            .partition(|(slot, _)| is_named(slot.ty, "Option") || is_named(slot.ty, "Mut"));
        let parts = first.into_iter().chain(last).map(|(_, part)| part);
        parts.reduce(pair).expect("a view has fields")
    }

    fn items_fn(&self) -> TokenStream {
        let idents: Vec<_> = self.idents().collect();
        let items = self.members(quote!(items));
        let items = idents.iter().zip(items).map(|(ident, items)| quote!(#items(run.#ident)));
        let zipped =
            self.zipped(items, |left, right| quote!(::core::iter::Iterator::zip(#left, #right)));
        let pattern = self.zipped(
            idents.iter().map(ToTokens::to_token_stream),
            |left, right| quote!((#left, #right)),
        );
        let finishes = self.members(quote!(finish));
        quote! {
            #[inline(always)]
            fn items<'t>(run: Self::Run<'t>) -> Self::Items<'t> {
                #zipped
            }

            #[inline(always)]
            fn finish<'t>(
                #pattern: <Self::Items<'t> as ::core::iter::Iterator>::Item,
            ) -> Self::Item<'t> {
                Self::Item { #(#idents: #finishes(#idents),)* }
            }
        }
    }

    fn rows_fn(&self) -> TokenStream {
        let (idents, rows) = (self.idents(), self.members(quote!(rows)));
        let positions: Vec<_> = (0..self.fields.len()).map(syn::Index::from).collect();
        quote! {
            #[inline(always)]
            fn rows<'t>(
                blocks: Self::Blocks<'t>,
                rows: impl ::core::iter::Iterator<Item = u32> + ::core::clone::Clone,
            ) -> impl ::core::iter::Iterator<Item = Self::Item<'t>> {
                let mut fields =
                    (#(#rows(blocks.#positions, ::core::clone::Clone::clone(&rows)),)*);
                ::core::iter::from_fn(move || {
                    ::core::option::Option::Some(Self::Item {
                        #(#idents: ::core::iter::Iterator::next(&mut fields.#positions)?,)*
                    })
                })
            }
        }
    }

    /// Implements `SharedView`, bounded on shared borrows in all fields. Fields by value are never
    /// mutable.
    fn shared_implementation(&self) -> TokenStream {
        let slotted = &self.slotted;
        let ident = &self.input.ident;
        let (parameters, own, _) = self.input.generics.split_for_impl();
        let bounds = self.bounds();
        let borrowed = self.fields.iter().map(|slot| slot.ty).filter(|ty| !self.is_concrete(ty));
        quote! {
            #[automatically_derived]
            impl #parameters #slotted::derive_support::SharedView for #ident #own
            #bounds #(#borrowed: #slotted::derive_support::SharedField,)*
            {}
        }
    }
}

impl<'a> WantedSlot<'a> {
    fn parse(field: &'a Field) -> syn::Result<Self> {
        let Some(ident) = &field.ident else {
            return Err(Error::new(field.span(), "a view names its slots: use named fields"));
        };
        if let Some(attribute) = field.attrs.iter().find(|other| other.path().is_ident("view")) {
            return Err(Error::new(
                attribute.span(),
                "`#[view(..)]` goes on the struct, not on a field",
            ));
        }
        let (name, is_set) = slot_keys(&field.attrs)?;
        let name = name.unwrap_or_else(|| ident.unraw().to_string());
        check_type(borrowed_value(&field.ty).unwrap_or(&field.ty))?;
        let ty = ungrouped(&field.ty);
        if is_set && !matches!(ty, Type::Reference(_)) && !is_named(ty, "Mut") {
            return Err(Error::new(
                field.ty.span(),
                "`#[slot(set)]` visits objects whose slot is set: the field is `&'a T`, `&'a mut T` or `Mut<'a, T>`",
            ));
        }
        Ok(Self { field, ident, ty, name, is_set })
    }

    /// Returns the type that implements `ViewField` for the field.
    fn field_type(&self, slotted: &Path) -> TokenStream {
        let ty = self.ty;
        match self.is_set {
            true => quote!(#slotted::derive_support::SetSlot<#ty>),
            false => ty.to_token_stream(),
        }
    }

    /// Returns a member of `ViewField` for the field's type.
    fn member(&self, slotted: &Path, member: TokenStream) -> TokenStream {
        let field = self.field_type(slotted);
        quote!(<#field as #slotted::derive_support::ViewField>::#member)
    }
}

/// Returns the keys of `#[slot(name = "...", set)]`.
fn slot_keys(attributes: &[Attribute]) -> syn::Result<(Option<String>, bool)> {
    let (mut name, mut is_set) = (None, false);
    entries(attributes, "slot", |meta| {
        if meta.path.is_ident("name") {
            name = Some(literal(&meta)?);
        } else if meta.path.is_ident("set") {
            is_set = true;
        } else if meta.path.is_ident("nested") {
            return Err(meta.error(
                "a view has a field for each part of a nested record: `#[slot(name = \"damage.min\")]`",
            ));
        } else {
            return Err(Keys { attribute: "slot", known: &["name", "set"] }.unknown(&meta));
        }
        Ok(())
    })?;
    Ok((name, is_set))
}

/// Returns the struct's lifetime, if it has one.
fn lifetime(input: &DeriveInput) -> syn::Result<Option<&Lifetime>> {
    let mut lifetimes = input.generics.lifetimes();
    let first = lifetimes.next().map(|parameter| &parameter.lifetime);
    match lifetimes.next() {
        Some(second) => Err(Error::new(
            second.span(),
            "a view has at most one lifetime: use the same for all fields",
        )),
        None => Ok(first),
    }
}

/// Returns the type without the invisible group that a macro by example puts around a `$ty:ty`.
fn ungrouped(mut ty: &Type) -> &Type {
    while let Type::Group(group) = ty {
        ty = &group.elem;
    }
    ty
}

/// Returns the `T` of `&T`, `&mut T`, an `Option` of these, `Mut<T>` and `OptionMut<T>`.
fn borrowed_value(ty: &Type) -> Option<&Type> {
    let path = match ungrouped(ty) {
        Type::Reference(reference) => return Some(&reference.elem),
        Type::Path(path) => path.path.segments.last()?,
        _ => return None,
    };
    let PathArguments::AngleBracketed(arguments) = &path.arguments else { return None };
    let Some(GenericArgument::Type(last)) = arguments.args.last() else { return None };
    match path.ident.to_string().as_str() {
        "Option" => borrowed_value(last),
        "Mut" | "OptionMut" => Some(last),
        _ => None,
    }
}

/// Returns `true` for a path whose last name is this.
fn is_named(ty: &Type, name: &str) -> bool {
    let Type::Path(path) = ty else { return false };
    path.path.segments.last().is_some_and(|last| last.ident == name)
}

fn any_token(tokens: TokenStream, is_wanted: &impl Fn(&TokenTree) -> bool) -> bool {
    tokens.into_iter().any(|token| match &token {
        TokenTree::Group(group) => any_token(group.stream(), is_wanted),
        token => is_wanted(token),
    })
}
