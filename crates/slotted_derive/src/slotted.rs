//! `#[derive(Slotted)]`.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::ext::IdentExt;
use syn::{Data, DeriveInput, Error, Expr, Field, Ident, Type, spanned::Spanned};

use crate::name::{are_named, entries, literal, refuse_repeated, snake_case};

/// A field that is a slot, or the base.
struct SlotField {
    ident: Ident,
    ty: Type,
    name: String,
    is_base: bool,
    /// Calls on the schema builder that follow the slot.
    constraints: Vec<TokenStream>,
}

pub(crate) fn derive(input: DeriveInput) -> syn::Result<TokenStream> {
    let ident = &input.ident;
    if let Some(parameter) = input.generics.params.first() {
        return Err(Error::new(parameter.span(), "a schema has no type or lifetime parameters"));
    }
    let Data::Struct(data) = &input.data else {
        return Err(Error::new(ident.span(), "a schema is a struct"));
    };
    if !are_named(&data.fields) {
        return Err(Error::new(data.fields.span(), "a slot needs a name: use named fields"));
    }
    let mut schema = snake_case(ident);
    entries(&input.attrs, "slotted", |meta| {
        if !meta.path.is_ident("name") {
            return Err(meta.error("expected `name = \"...\"`"));
        }
        schema = literal(&meta)?;
        Ok(())
    })?;
    let fields = data.fields.iter().map(parse_field).collect::<syn::Result<Vec<_>>>()?;
    if let Some(late) = fields.iter().skip(1).find(|field| field.is_base) {
        return Err(Error::new(late.ident.span(), "the base is the first field"));
    }
    refuse_repeated(fields.iter().map(|field| (&*field.name, &field.ident)), "slot")?;

    let slots = fields.iter().map(schema_call);
    let base = fields
        .iter()
        .find(|field| field.is_base)
        .map(|SlotField { ty, .. }| quote!(store.register::<#ty>()?;));
    let checks = fields.iter().map(|SlotField { ident, ty, is_base, .. }| match is_base {
        true => quote!(<#ty as ::slotted::Slotted>::check(&self.#ident, check);),
        false => quote_spanned!(ty.span()=> check.value::<#ty>(self.#ident);),
    });
    let writes = fields.iter().map(|SlotField { ident, ty, is_base, .. }| match is_base {
        true => quote! {
            <#ty as ::slotted::Slotted>::write(
                ::core::iter::Iterator::map(::core::clone::Clone::clone(&objects), |object| &object.#ident),
                batch,
            );
        },
        false => quote! {
            batch.write::<#ty>(
                ::core::iter::Iterator::map(::core::clone::Clone::clone(&objects), |object| object.#ident),
            );
        },
    });
    let single_writes = fields.iter().map(|SlotField { ident, ty, is_base, .. }| match is_base {
        true => quote!(<#ty as ::slotted::Slotted>::write_one(&self.#ident, writer);),
        false => quote!(writer.value::<#ty>(self.#ident);),
    });
    let reads = fields.iter().map(|SlotField { ident, ty, is_base, .. }| match is_base {
        true => quote!(#ident: <#ty as ::slotted::Slotted>::read(reader)),
        false => quote!(#ident: reader.value::<#ty>()),
    });
    Ok(quote! {
        #[automatically_derived]
        impl ::slotted::Slotted for #ident {
            fn schema() -> ::core::result::Result<::slotted::Schema, ::slotted::SchemaError> {
                let builder = ::slotted::Schema::builder(#schema);
                #(#slots)*
                builder.build()
            }

            #[allow(unused_variables)]
            fn register_base(
                store: &mut ::slotted::Store,
            ) -> ::core::result::Result<(), ::slotted::SchemaError> {
                #base
                ::core::result::Result::Ok(())
            }

            #[allow(unused_variables)]
            fn check(&self, check: &mut ::slotted::derive_support::ObjectCheck<'_>) {
                #(#checks)*
            }

            #[inline]
            #[allow(unused_variables)]
            fn write<'a>(
                objects: impl ::core::iter::Iterator<Item = &'a Self> + ::core::clone::Clone,
                batch: &mut ::slotted::derive_support::Batch<'_>,
            ) {
                #(#writes)*
            }

            #[inline]
            #[allow(unused_variables)]
            fn write_one(&self, writer: &mut ::slotted::derive_support::ObjectWriter<'_>) {
                #(#single_writes)*
            }

            #[inline]
            #[allow(unused_variables)]
            fn read(reader: &mut ::slotted::derive_support::ObjectReader<'_>) -> Self {
                Self { #(#reads),* }
            }
        }
    })
}

fn schema_call(field: &SlotField) -> TokenStream {
    let SlotField { ty, name, is_base, constraints, .. } = field;
    if *is_base {
        return quote! {
            let base = <#ty as ::slotted::Slotted>::schema()?;
            let builder = builder.extends(base.name());
        };
    }
    quote_spanned! {ty.span()=>
        let kind = <<#ty as ::slotted::SlotField>::Value as ::slotted::SlotValue>::kind();
        let builder = builder.slot(#name, kind);
        let builder = if <#ty as ::slotted::SlotField>::OPTIONAL { builder.optional() } else { builder };
        let builder = builder #(#constraints)*;
    }
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
            "finite" => slot.constraints.push(quote!(.finite())),
            "references" => {
                let schema = literal(&meta)?;
                slot.constraints.push(quote!(.references(#schema)));
            }
            "default" => {
                let value: Expr = meta.value()?.parse()?;
                slot.constraints.push(quote!(.default(#value)));
            }
            "range" => {
                let range: Expr = meta.value()?.parse()?;
                slot.constraints.push(quote!(.range(#range)));
            }
            _ => {
                let known = "base, name, default, range, finite, references";
                return Err(meta.error(format!("a slot has no '{key}'; there are {known}")));
            }
        }
        Ok(())
    })?;
    Ok(slot)
}
