//! `#[derive(SlotUnion)]`.

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote};
use syn::ext::IdentExt;
use syn::{Data, DeriveInput, Error, Fields, Ident, LitStr, Path, parse_str, spanned::Spanned};

use crate::crate_path::{default_path, parse_path, shown};
use crate::name::{Keys, check_unique, collect, entries, literal, renamed, snake_case};
use crate::place::at_place;
use crate::slotted::{Role, SlotField, declarations, keys_attributes, parse_field};

/// How a record says its variant.
enum By {
    Tag(String),
    Name,
    Sort,
}

/// The attributes of the enum.
struct Container {
    by: By,
    /// The name of the struct of keys.
    keys: Ident,
    /// The name of the enum of the variants.
    variants: Ident,
    slotted: Path,
}

struct Variant {
    ident: Ident,
    name: String,
    parts: Parts,
}

enum Parts {
    None,
    Value(Box<SlotField>),
    Record(Vec<SlotField>),
}

impl Variant {
    fn fields(&self) -> &[SlotField] {
        match &self.parts {
            Parts::None => &[],
            Parts::Value(field) => std::slice::from_ref(field),
            Parts::Record(fields) => fields,
        }
    }

    /// The variant as a pattern or an expression, with these tokens in the place of its fields.
    fn with(&self, tokens: impl Iterator<Item = TokenStream>) -> TokenStream {
        let Self { ident, parts, .. } = self;
        match parts {
            Parts::None => quote!(Self::#ident),
            Parts::Value(_) => quote!(Self::#ident(#(#tokens),*)),
            Parts::Record(fields) => {
                let names = fields.iter().map(|field| &field.ident);
                quote!(Self::#ident { #(#names: #tokens),* })
            }
        }
    }

    /// The name of its keys.
    fn keys_field(&self) -> Ident {
        let name = snake_case(&self.ident);
        match parse_str(&name) {
            Ok(ident) => ident,
            Err(_) if matches!(&*name, "self" | "super" | "crate" | "_") => {
                format_ident!("{name}_", span = self.ident.span())
            }
            Err(_) => Ident::new_raw(&name, self.ident.span()),
        }
    }
}

pub(crate) fn derive(input: DeriveInput) -> syn::Result<TokenStream> {
    let container = parse_container(&input)?;
    let variants = parse_variants(&container, &input)?;
    let union = Derived { input: &input, container: &container, variants: &variants };
    let (names, keys, implementation) = (union.names(), union.keys(), union.implementation());
    Ok(quote!(#names #keys const _: () = { #implementation };))
}

fn parse_container(input: &DeriveInput) -> syn::Result<Container> {
    let named =
        |end: &str| format_ident!("{}{end}", input.ident.unraw(), span = input.ident.span());
    let (keys, variants) = (named("Keys"), named("Variant"));
    let mut container = Container { by: By::Name, keys, variants, slotted: default_path() };
    entries(&input.attrs, "slotted", |meta| {
        let is_by = meta.path.is_ident("tag") || meta.path.is_ident("untagged");
        if is_by && !matches!(container.by, By::Name) {
            return Err(meta.error("a union has one `tag`, or is `untagged`"));
        }
        if meta.path.is_ident("tag") {
            container.by = By::Tag(literal(&meta)?);
        } else if meta.path.is_ident("untagged") {
            container.by = By::Sort;
        } else if meta.path.is_ident("keys") {
            container.keys = meta.value()?.parse::<LitStr>()?.parse()?;
        } else if meta.path.is_ident("variants") {
            container.variants = meta.value()?.parse::<LitStr>()?.parse()?;
        } else if meta.path.is_ident("crate") {
            container.slotted = parse_path(&meta)?;
        } else {
            let known = &["tag", "untagged", "keys", "variants", "crate"];
            return Err(Keys { attribute: "slotted", known }.unknown(&meta));
        }
        Ok(())
    })?;
    Ok(container)
}

/// Returns the variants, at least one, or all that is wrong with the enum.
fn parse_variants(container: &Container, input: &DeriveInput) -> syn::Result<Vec<Variant>> {
    let Data::Enum(data) = &input.data else {
        let message = "a union is an enum; a nested record is a struct with `#[derive(Slotted)]`";
        return Err(Error::new(input.ident.span(), message));
    };
    let mut errors = None;
    if let Some(parameter) = input.generics.params.first() {
        let message = "a union has no type or lifetime parameters";
        collect(&mut errors, Error::new(parameter.span(), message));
    }
    if data.variants.is_empty() {
        let message = "a union has at least one variant";
        collect(&mut errors, Error::new(input.ident.span(), message));
    }
    let mut variants = Vec::new();
    for variant in &data.variants {
        match parse_variant(container, variant) {
            Ok(variant) => variants.push(variant),
            Err(error) => collect(&mut errors, error),
        }
    }
    if let Some(errors) = errors {
        return Err(errors);
    }
    check_unique(variants.iter().map(|variant| (&*variant.name, &variant.ident)), "variant")?;
    Ok(variants)
}

fn parse_variant(container: &Container, variant: &syn::Variant) -> syn::Result<Variant> {
    let name = renamed(&variant.attrs)?.unwrap_or_else(|| snake_case(&variant.ident));
    let slotted = &container.slotted;
    let parts = match &variant.fields {
        Fields::Unit => Parts::None,
        Fields::Unnamed(fields) => {
            let mut fields = fields.unnamed.iter();
            let (Some(value), None) = (fields.next(), fields.next()) else {
                let message = "a variant of a union has named fields, or one value";
                return Err(Error::new(variant.span(), message));
            };
            let field = parse_field(slotted, value, Ident::new("value", Span::call_site()))?;
            Parts::Value(Box::new(field))
        }
        Fields::Named(fields) if fields.named.is_empty() => {
            return Err(Error::new(variant.span(), "a variant without fields has no braces"));
        }
        Fields::Named(fields) => {
            let fields =
                fields.named.iter().filter_map(|field| Some((field, field.ident.clone()?)));
            let fields = fields.map(|(field, ident)| parse_field(slotted, field, ident));
            let fields = fields.collect::<syn::Result<Vec<_>>>()?;
            check_unique(fields.iter().map(|field| (&*field.name, &field.ident)), "slot")?;
            Parts::Record(fields)
        }
    };
    let parsed = Variant { ident: variant.ident.clone(), name, parts };
    check_variant(&container.by, &parsed)?;
    Ok(parsed)
}

/// Refuses what no union can have.
fn check_variant(by: &By, variant: &Variant) -> syn::Result<()> {
    let fields = variant.fields();
    if let Some(base) = fields.iter().find(|field| field.role == Role::Base) {
        return Err(Error::new(
            base.ty.span(),
            "a variant extends no schema: use `#[slot(nested)]`",
        ));
    }
    match (by, &variant.parts) {
        (By::Tag(_), Parts::Value(value)) if value.role == Role::Slot => {
            let message = "a variant of a union with a tag is a map: give its value a name, as in `Heal { amount: f32 }`";
            Err(Error::new(value.ty.span(), message))
        }
        (By::Tag(tag), Parts::Record(fields)) => {
            let Some(own) = fields.iter().find(|field| field.name == *tag) else { return Ok(()) };
            let message = format!("the slot '{tag}' has the name of the union's tag");
            Err(Error::new(own.ident.span(), message))
        }
        (By::Sort, Parts::None | Parts::Record(_)) => {
            let message = "a variant of an untagged union has one value, as in `Number(f64)`";
            Err(Error::new(variant.ident.span(), message))
        }
        _ => Ok(()),
    }
}

/// The derived items.
struct Derived<'a> {
    input: &'a DeriveInput,
    container: &'a Container,
    variants: &'a [Variant],
}

impl Derived<'_> {
    /// All fields of all variants, in the order of their slots.
    fn fields(&self) -> impl Iterator<Item = &SlotField> {
        self.variants.iter().flat_map(Variant::fields)
    }

    /// The enum of the variants without their fields.
    fn names(&self) -> TokenStream {
        let Container { variants: names, slotted, .. } = self.container;
        let bytemuck = format!("{}::bytemuck", shown(slotted));
        let path = shown(slotted);
        let (vis, ident) = (&self.input.vis, &self.input.ident);
        let variants = self.variants.iter().map(|Variant { ident, name, .. }| {
            let doc = format!("The variant `{name}`.");
            quote! {
                #[doc = #doc]
                #[slot(name = #name)]
                #ident
            }
        });
        let doc = format!("The variants of [`{ident}`] without their fields.");
        quote! {
            #[doc = #doc]
            #[derive(
                ::core::clone::Clone,
                ::core::marker::Copy,
                ::core::fmt::Debug,
                ::core::cmp::PartialEq,
                ::core::cmp::Eq,
                ::core::hash::Hash,
                #slotted::bytemuck::NoUninit,
                #slotted::bytemuck::CheckedBitPattern,
                #slotted::SlotValue,
            )]
            #[bytemuck(crate = #bytemuck)]
            #[slotted(crate = #path)]
            #[repr(u8)]
            #vis enum #names {
                #(#variants),*
            }
        }
    }

    /// The structs of the keys: one for the union, and one for each variant with named fields.
    fn keys(&self) -> TokenStream {
        let Container { keys, variants: names, slotted, .. } = self.container;
        let (vis, ident, attributes) = (&self.input.vis, &self.input.ident, keys_attributes());
        let read_keys = quote!(#slotted::derive_support::ReadKeys);
        let mut structs = TokenStream::new();
        let (mut members, mut reads) = (Vec::new(), Vec::new());
        for variant in self.variants.iter().filter(|variant| !variant.fields().is_empty()) {
            let field = variant.keys_field();
            let ty = match &variant.parts {
                Parts::Record(fields) => {
                    let own = format_ident!("{}{}Keys", ident.unraw(), variant.ident.unraw());
                    structs.extend(self.variant_keys(&own, variant, fields));
                    quote!(#own)
                }
                Parts::Value(value) => value.option_keys(slotted),
                Parts::None => continue,
            };
            let doc = format!("The keys of the variant `{}`.", variant.name);
            members.push(quote!(#[doc = #doc] #vis #field: #ty));
            reads.push(quote!(#field: <#ty as #read_keys>::read(slots)));
        }
        let doc = format!("The keys of the slots of a [`{ident}`].");
        quote! {
            #structs

            #[doc = #doc]
            #attributes
            #vis struct #keys<V = #names> {
                #[doc = "The key of the slot that says the variant."]
                #vis variant: #slotted::SlotKey<V>,
                #(#members),*
            }

            #[automatically_derived]
            impl<V: ::core::marker::Copy + ::core::fmt::Debug + 'static> #read_keys for #keys<V>
            where
                #slotted::SlotKey<V>: #read_keys,
            {
                fn read(slots: &mut #slotted::derive_support::KeyReader<'_>) -> Self {
                    let variant = <#slotted::SlotKey<V> as #read_keys>::read(slots);
                    #slotted::derive_support::within_variants(slots, |slots| {
                        Self { variant, #(#reads),* }
                    })
                }
            }
        }
    }

    /// The struct of the keys of one variant.
    fn variant_keys(&self, own: &Ident, variant: &Variant, fields: &[SlotField]) -> TokenStream {
        let slotted = &self.container.slotted;
        let (vis, attributes) = (&self.input.vis, keys_attributes());
        let read_keys = quote!(#slotted::derive_support::ReadKeys);
        let idents: Vec<_> = fields.iter().map(|field| &field.ident).collect();
        let types: Vec<_> = fields.iter().map(|field| field.option_keys(slotted)).collect();
        let docs = fields.iter().map(|field| format!("The key of `{}`.", field.name));
        let doc =
            format!("The keys of the variant `{}` of [`{}`].", variant.name, self.input.ident);
        quote! {
            #[doc = #doc]
            #attributes
            #vis struct #own {
                #(#[doc = #docs] #vis #idents: #types),*
            }

            #[automatically_derived]
            impl #read_keys for #own {
                fn read(slots: &mut #slotted::derive_support::KeyReader<'_>) -> Self {
                    Self { #(#idents: <#types as #read_keys>::read(slots)),* }
                }
            }
        }
    }

    fn implementation(&self) -> TokenStream {
        let Container { keys, variants: names, slotted, .. } = self.container;
        let ident = &self.input.ident;
        let support = quote!(#slotted::derive_support);
        let idents = self.variants.iter().map(|variant| &variant.ident);
        let (declare, reads) = (self.declare_fn(), self.read_fns());
        let (one, batch) = (self.one_fns(), self.batch_fns());
        let nested = self.fields().filter(|field| field.role == Role::Nested);
        let checks = nested.map(|field| {
            let cast = field.cast(slotted);
            let message = "a variant of a union has no optional nested records, nor structs with such fields: \
                           make the fields of the nested record optional instead";
            at_place(&field.ty, quote!(const _: () = assert!(!#cast::HAS_OPTIONAL_RECORDS, #message);))
        });
        quote! {
            #(#checks)*

            #[automatically_derived]
            impl #slotted::SlotUnion for #ident {
                type Variant = #names;

                #[inline]
                fn variant(&self) -> #names {
                    match self {
                        #(Self::#idents { .. } => #names::#idents),*
                    }
                }
            }

            #[automatically_derived]
            impl #support::Whole for #ident {}

            #[automatically_derived]
            impl #support::NestedField for #ident {
                type Keys = #keys<#names>;
                type OptionKeys = #keys<::core::option::Option<#names>>;
                type Lists = #support::NotInElements<Self>;
                const HAS_OPTIONAL_RECORDS: bool = false;

                #declare
                #one
                #batch
                #reads

                fn keys(slots: &mut #support::KeyReader<'_>) -> Self::Keys {
                    #support::ReadKeys::read(slots)
                }

                fn lists<'slotted>(
                    _: impl ::core::iter::Iterator<Item = &'slotted Self> + ::core::clone::Clone,
                    _: &mut #support::ListMaker<'_>,
                ) -> ::core::result::Result<Self::Lists, #support::RecordsError> {
                    ::core::result::Result::Ok(::core::default::Default::default())
                }
            }
        }
    }

    fn declare_fn(&self) -> TokenStream {
        let Container { by, slotted, .. } = self.container;
        let support = quote!(#slotted::derive_support);
        let by = match by {
            By::Tag(tag) => quote!(Tag(::core::convert::From::from(#tag))),
            By::Name => quote!(Name),
            By::Sort => quote!(Sort),
        };
        let variants = self.variants.iter().map(|variant| {
            let name = &variant.name;
            let schema = |fields: &[SlotField]| {
                let slots = declarations(slotted, fields);
                quote! {
                    #support::declare_variant(#name, |builder| {
                        #slots
                        ::core::result::Result::Ok(builder)
                    })?
                }
            };
            let parts = match &variant.parts {
                Parts::None => quote!(None),
                Parts::Value(value) if value.role == Role::Nested => {
                    let ty = &value.ty;
                    let slotted = at_place(ty, quote!(#slotted::Slotted));
                    quote!(Record(<#ty as #slotted>::schema()?))
                }
                Parts::Value(value) => {
                    let schema = schema(std::slice::from_ref(value));
                    quote!(Value(#schema))
                }
                Parts::Record(fields) => {
                    let schema = schema(fields);
                    quote!(Record(#schema))
                }
            };
            quote!((#name, #support::VariantSchema::#parts))
        });
        quote! {
            fn declare(
                builder: #slotted::schema::SchemaBuilder,
                name: &'static str,
            ) -> ::core::result::Result<#slotted::schema::SchemaBuilder, #slotted::SchemaError> {
                let variants = [#(#variants),*];
                let by = #slotted::schema::UnionBy::#by;
                ::core::result::Result::Ok(#support::declare_union(builder, name, by, &variants))
            }
        }
    }

    /// For each field, its cast and a closure that returns it if an optional union has its variant.
    fn parts(&self) -> impl Iterator<Item = (TokenStream, TokenStream)> {
        self.variants.iter().flat_map(|variant| {
            variant.fields().iter().enumerate().map(|(own, field)| {
                let places = (0..variant.fields().len()).map(|at| match at == own {
                    true => quote!(part),
                    false => quote!(_),
                });
                let pattern = variant.with(places);
                let part = match field.role {
                    Role::Slot => quote!(*part),
                    Role::Base | Role::Nested => quote!(part),
                };
                let take = quote! {
                    |field: ::core::option::Option<&'slotted Self>| match field {
                        ::core::option::Option::Some(#pattern) => {
                            ::core::option::Option::Some(#part)
                        }
                        _ => ::core::option::Option::None,
                    }
                };
                (field.cast(&self.container.slotted), take)
            })
        })
    }

    /// The functions that check or write one object.
    fn one_fns(&self) -> TokenStream {
        let Container { variants: names, slotted, .. } = self.container;
        let support = quote!(#slotted::derive_support);
        let (casts, takes): (Vec<_>, Vec<_>) = self.parts().unzip();
        let functions = [
            ("check", "check_option", "ObjectCheck"),
            ("write_one", "write_one_option", "ObjectWriter"),
        ];
        let functions = functions.map(|(name, option, with)| {
            let [name, option, with] =
                [name, option, with].map(|name| Ident::new(name, Span::call_site()));
            quote! {
                #[inline]
                fn #name(&self, with: &mut #support::#with<'_>) {
                    let field = ::core::option::Option::Some(self);
                    <Self as #support::NestedField>::#option(field, with);
                }

                #[inline]
                fn #option<'slotted>(
                    field: ::core::option::Option<&'slotted Self>,
                    with: &mut #support::#with<'_>,
                ) {
                    let variant =
                        ::core::option::Option::map(field, #slotted::SlotUnion::variant);
                    <#names as #support::ObjectField>::#option(variant, with);
                    #support::within_variants(with, |with| {
                        #(#casts::#option((#takes)(field), with);)*
                    });
                }
            }
        });
        quote!(#(#functions)*)
    }

    /// The functions that check or write many objects, one slot of all of them after the other.
    fn batch_fns(&self) -> TokenStream {
        let Container { variants: names, slotted, .. } = self.container;
        let support = quote!(#slotted::derive_support);
        let tag = quote!(<#names as #support::ObjectField>);
        let (casts, takes): (Vec<_>, Vec<_>) = self.parts().unzip();
        let fields = quote!(::core::clone::Clone::clone(&fields));
        let (iterator, option) = (quote!(::core::iter::Iterator), quote!(::core::option::Option));
        let variant = quote!(#slotted::SlotUnion::variant);
        quote! {
            #[inline]
            fn accepts<'slotted>(
                fields: impl #iterator<Item = &'slotted Self> + ::core::clone::Clone,
                check: &mut #support::BatchCheck<'_>,
            ) {
                #tag::accepts(#iterator::map(#fields, #variant), check);
                #support::within_variants(check, |check| {
                    #(#casts::accepts(
                        #iterator::filter_map(#iterator::map(#fields, #option::Some), #takes),
                        check,
                    );)*
                });
            }

            #[inline]
            fn write<'slotted>(
                fields: impl #iterator<Item = &'slotted Self> + ::core::clone::Clone,
                batch: &mut #support::Batch<'_>,
            ) {
                let fields = #iterator::map(fields, #option::Some);
                <Self as #support::NestedField>::write_options(fields, batch);
            }

            #[inline]
            fn write_options<'slotted>(
                fields: impl #iterator<Item = #option<&'slotted Self>> + ::core::clone::Clone,
                batch: &mut #support::Batch<'_>,
            ) {
                let variants = #iterator::map(#fields, |field| #option::map(field, #variant));
                #tag::write_options(variants, batch);
                #support::within_variants(batch, |batch| {
                    #(#casts::write_options(#iterator::map(#fields, #takes), batch);)*
                });
            }
        }
    }

    fn read_fns(&self) -> TokenStream {
        let Container { variants: names, slotted, .. } = self.container;
        let support = quote!(#slotted::derive_support);
        let tag = quote!(<#names as #support::ObjectField>);
        let casts: Vec<_> = self.fields().map(|field| field.cast(slotted)).collect();
        let read: Vec<_> = (0..casts.len()).map(|at| format_ident!("part{at}")).collect();
        let idents: Vec<_> = self.variants.iter().map(|variant| &variant.ident).collect();
        let values = |end: TokenStream| {
            let mut read = read.iter();
            let own = |variant: &Variant| {
                let fields = variant.fields().len();
                let parts: Vec<_> =
                    read.by_ref().take(fields).map(|part| quote!(#part #end)).collect();
                variant.with(parts.into_iter())
            };
            self.variants.iter().map(own).collect::<Vec<_>>()
        };
        let (whole, optional) = (values(quote!()), values(quote!(?)));
        quote! {
            #[inline]
            #[allow(unused_variables)]
            fn read(reader: &mut #support::ObjectReader<'_>) -> Self {
                let variant = #tag::read(reader);
                #support::within_variants(reader, |reader| {
                    #(let #read = #casts::read(reader);)*
                    match variant {
                        #(#names::#idents => #whole),*
                    }
                })
            }

            #[inline]
            #[allow(unused_variables)]
            fn read_option(
                reader: &mut #support::ObjectReader<'_>,
            ) -> ::core::option::Option<Self> {
                let variant = #tag::read_option(reader);
                #support::within_variants(reader, |reader| {
                    // All slots are read, because the next field's slots come after them.
                    #(let #read = #casts::read_option(reader);)*
                    ::core::option::Option::Some(match variant? {
                        #(#names::#idents => #optional),*
                    })
                })
            }
        }
    }
}
