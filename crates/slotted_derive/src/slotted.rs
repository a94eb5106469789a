//! `#[derive(Slotted)]`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::ext::IdentExt;
use syn::{Data, DeriveInput, Error, Expr, Field, Ident, Type, spanned::Spanned};

use crate::name::{are_named, entries, literal, refuse_repeated, snake_case};
use crate::place::at_place;

/// What follows the word of a constraint.
enum Argument {
    Nothing,
    Text,
    Value,
}

/// The words of constraints, which are methods of the schema builder.
const CONSTRAINTS: [(&str, Argument); 4] = [
    ("range", Argument::Value),
    ("finite", Argument::Nothing),
    ("step", Argument::Value),
    ("references", Argument::Text),
];

/// A field that is a slot, or the base.
struct SlotField {
    ident: Ident,
    ty: Type,
    name: String,
    is_base: bool,
    /// Calls on the schema builder that follow the slot.
    constraints: Vec<TokenStream>,
}

impl SlotField {
    /// What the field's type must be.
    fn bound(&self) -> TokenStream {
        let ty = &self.ty;
        let bound = match self.is_base {
            true => at_place(ty, quote!(::slotted::Slotted)),
            false => at_place(ty, quote!(::slotted::derive_support::SlotField)),
        };
        quote!(#ty: #bound)
    }
}

pub(crate) fn derive(input: DeriveInput) -> syn::Result<TokenStream> {
    let name = schema_name(&input)?;
    let fields = parse_fields(&input)?;
    Ok(schema_impl(&input.ident, &name, &fields))
}

fn schema_name(input: &DeriveInput) -> syn::Result<String> {
    let mut name = snake_case(&input.ident);
    entries(&input.attrs, "slotted", |meta| {
        if !meta.path.is_ident("name") {
            return Err(meta.error("expected `name = \"...\"`"));
        }
        name = literal(&meta)?;
        Ok(())
    })?;
    Ok(name)
}

/// The fields of what must be a struct without parameters, the base first.
fn parse_fields(input: &DeriveInput) -> syn::Result<Vec<SlotField>> {
    if let Some(parameter) = input.generics.params.first() {
        return Err(Error::new(parameter.span(), "a schema has no type or lifetime parameters"));
    }
    let Data::Struct(data) = &input.data else {
        return Err(Error::new(input.ident.span(), "a schema is a struct"));
    };
    if !are_named(&data.fields) {
        return Err(Error::new(data.fields.span(), "a slot needs a name: use named fields"));
    }
    let fields = data.fields.iter().map(parse_field).collect::<syn::Result<Vec<_>>>()?;
    if let Some(late) = fields.iter().skip(1).find(|field| field.is_base) {
        return Err(Error::new(late.ident.span(), "the base is the first field"));
    }
    refuse_repeated(fields.iter().map(|field| (&*field.name, &field.ident)), "slot")?;
    Ok(fields)
}

fn parse_field(field: &Field) -> syn::Result<SlotField> {
    let Some(ident) = field.ident.clone() else {
        return Err(Error::new(field.span(), "a slot needs a name"));
    };
    let mut slot = SlotField {
        name: ident.unraw().to_string(),
        ident,
        ty: field.ty.clone(),
        is_base: false,
        constraints: Vec::new(),
    };
    entries(&field.attrs, "slot", |meta| {
        let Some(key) = meta.path.get_ident() else {
            return Err(meta.error("expected a word"));
        };
        match key.to_string().as_str() {
            "base" => slot.is_base = true,
            "name" => slot.name = literal(&meta)?,
            "default" => {
                let value: Expr = meta.value()?.parse()?;
                slot.constraints.push(quote!(.default(#value)));
            }
            word => {
                let Some((_, argument)) = CONSTRAINTS.iter().find(|(known, _)| *known == word)
                else {
                    let constraints = CONSTRAINTS.map(|(word, _)| word).join(", ");
                    let known = format!("base, name, default, {constraints}");
                    return Err(meta.error(format!("a slot has no '{word}'; there are {known}")));
                };
                slot.constraints.push(match argument {
                    Argument::Nothing => quote!(.#key()),
                    Argument::Text => {
                        let text = literal(&meta)?;
                        quote!(.#key(#text))
                    }
                    Argument::Value => {
                        let value: Expr = meta.value()?.parse()?;
                        quote!(.#key(#value))
                    }
                });
            }
        }
        Ok(())
    })?;
    Ok(slot)
}

/// The implementation of `Slotted`.
///
/// What it needs of the fields' types are its bounds: where one does not hold the compiler says so
/// at the field, and takes it for granted in the functions instead of refusing every line of them.
fn schema_impl(ident: &Ident, name: &str, fields: &[SlotField]) -> TokenStream {
    let bounds = fields.iter().map(SlotField::bound);
    let schema = schema_fn(name, fields);
    let register_base = register_base_fn(fields);
    let check = check_fn(fields);
    let write = write_fn(fields);
    let write_one = write_one_fn(fields);
    let read = read_fn(fields);
    quote! {
        #[automatically_derived]
        impl ::slotted::Slotted for #ident where #(#bounds),* {
            #schema
            #register_base
            #check
            #write
            #write_one
            #read
        }
    }
}

fn schema_fn(name: &str, fields: &[SlotField]) -> TokenStream {
    let slots = fields.iter().map(|SlotField { ty, name, is_base, constraints, .. }| match is_base {
        true => quote! {
            let base = <#ty as ::slotted::Slotted>::schema()?;
            let builder = builder.extends(base.name());
        },
        false => quote! {
            let kind = <<#ty as ::slotted::derive_support::SlotField>::Value as ::slotted::SlotValue>::kind();
            let builder = builder.slot(#name, kind);
            let builder = if <#ty as ::slotted::derive_support::SlotField>::OPTIONAL { builder.optional() } else { builder };
            let builder = builder #(#constraints)*;
        },
    });
    quote! {
        fn schema() -> ::core::result::Result<::slotted::Schema, ::slotted::SchemaError> {
            let builder = ::slotted::Schema::builder(#name);
            #(#slots)*
            builder.build()
        }
    }
}

fn register_base_fn(fields: &[SlotField]) -> TokenStream {
    let bases = fields.iter().filter(|field| field.is_base).map(|field| &field.ty);
    quote! {
        #[allow(unused_variables)]
        fn register_base(
            store: &mut ::slotted::Store,
        ) -> ::core::result::Result<(), ::slotted::SchemaError> {
            #(store.register::<#bases>()?;)*
            ::core::result::Result::Ok(())
        }
    }
}

fn check_fn(fields: &[SlotField]) -> TokenStream {
    let checks = fields.iter().map(|SlotField { ident, ty, is_base, .. }| match is_base {
        true => quote!(<#ty as ::slotted::Slotted>::check(&self.#ident, check);),
        false => quote!(check.value::<#ty>(self.#ident);),
    });
    quote! {
        #[allow(unused_variables)]
        fn check(&self, check: &mut ::slotted::derive_support::ObjectCheck<'_>) {
            #(#checks)*
        }
    }
}

/// Writes many objects, one slot of all of them after the other.
fn write_fn(fields: &[SlotField]) -> TokenStream {
    let objects = quote!(::core::clone::Clone::clone(&objects));
    let writes = fields.iter().map(|SlotField { ident, ty, is_base, .. }| match is_base {
        true => quote! {
            <#ty as ::slotted::Slotted>::write(
                ::core::iter::Iterator::map(#objects, |object| &object.#ident),
                batch,
            );
        },
        false => quote! {
            batch.write::<#ty>(::core::iter::Iterator::map(#objects, |object| object.#ident));
        },
    });
    quote! {
        #[inline]
        #[allow(unused_variables)]
        fn write<'a>(
            objects: impl ::core::iter::Iterator<Item = &'a Self> + ::core::clone::Clone,
            batch: &mut ::slotted::derive_support::Batch<'_>,
        ) {
            #(#writes)*
        }
    }
}

fn write_one_fn(fields: &[SlotField]) -> TokenStream {
    let writes = fields.iter().map(|SlotField { ident, ty, is_base, .. }| match is_base {
        true => quote!(<#ty as ::slotted::Slotted>::write_one(&self.#ident, writer);),
        false => quote!(writer.value::<#ty>(self.#ident);),
    });
    quote! {
        #[inline]
        #[allow(unused_variables)]
        fn write_one(&self, writer: &mut ::slotted::derive_support::ObjectWriter<'_>) {
            #(#writes)*
        }
    }
}

fn read_fn(fields: &[SlotField]) -> TokenStream {
    let reads = fields.iter().map(|SlotField { ident, ty, is_base, .. }| match is_base {
        true => quote!(#ident: <#ty as ::slotted::Slotted>::read(reader)),
        false => quote!(#ident: reader.value::<#ty>()),
    });
    quote! {
        #[inline]
        #[allow(unused_variables)]
        fn read(reader: &mut ::slotted::derive_support::ObjectReader<'_>) -> Self {
            Self { #(#reads),* }
        }
    }
}
