//! `#[derive(Slotted)]`.

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote};
use syn::ext::IdentExt;
use syn::meta::ParseNestedMeta;
use syn::{
    Data, DeriveInput, Error, Expr, Field, Ident, LitStr, Path, Type, Visibility, spanned::Spanned,
};

use crate::crate_path::{default_path, parse_path};
use crate::default::{InheritedDefaults, default_call, is_inherited};
use crate::field_type::{check_base, check_nested, check_type, is_option};
use crate::name::{Keys, are_named, check_unique, collect, entries, literal, snake_case};
use crate::option_fns::{option_fns, parts_struct, placeholder_option_fns};
use crate::place::at_place;

/// The attributes of the struct.
struct Container {
    /// The schema's name.
    name: String,
    /// The name of the struct of keys.
    keys: Ident,
    slotted: Path,
}

/// The argument of a constraint.
enum Argument {
    Nothing,
    Text,
    Value,
}

/// The constraints and other keys of a slot that are methods of the schema builder.
const CONSTRAINTS: [(&str, Argument); 5] = [
    ("range", Argument::Value),
    ("finite", Argument::Nothing),
    ("step", Argument::Value),
    ("references", Argument::Text),
    ("renamed_from", Argument::Text),
];

/// The role of a field.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Slot,
    /// The base, whose slots come first.
    Base,
    /// A nested record, or an `Option` of one.
    Nested,
}

/// A field that is a slot, the base, or a nested record.
pub(crate) struct SlotField {
    pub(crate) vis: Visibility,
    pub(crate) ident: Ident,
    pub(crate) ty: Type,
    pub(crate) name: String,
    pub(crate) role: Role,
    /// Calls on the schema builder that follow the slot.
    constraints: Vec<TokenStream>,
}

impl SlotField {
    /// Returns `true` if the field's type has a schema.
    fn has_schema(&self) -> bool {
        self.role != Role::Slot
    }

    /// The field's type as what it must implement: `<T as Slotted>`, `<T as NestedField>` or
    /// `<T as ObjectField>`.
    ///
    /// All generated code reaches the field's type through this one form, in the place of the type. So
    /// the compiler reports a type that implements no such trait once, and not in each function.
    pub(crate) fn cast(&self, slotted: &Path) -> TokenStream {
        let ty = &self.ty;
        let required = match self.role {
            Role::Base => quote!(#slotted::Slotted),
            Role::Nested => quote!(#slotted::derive_support::NestedField),
            Role::Slot => quote!(#slotted::derive_support::ObjectField),
        };
        let required = at_place(ty, required);
        quote!(<#ty as #required>)
    }

    /// The type of the field's keys in an optional nested record.
    ///
    /// An `Option` is recognized by its name, because a trait's type would make the compiler report a
    /// type that no slot holds twice. An alias of an `Option` gets a key that no call takes.
    pub(crate) fn option_keys(&self, slotted: &Path) -> TokenStream {
        let (ty, cast) = (&self.ty, self.cast(slotted));
        match self.role {
            Role::Base | Role::Nested => quote!(#cast::OptionKeys),
            Role::Slot if is_option(ty) => quote!(#slotted::SlotKey<#ty>),
            Role::Slot => quote!(#slotted::SlotKey<::core::option::Option<#ty>>),
        }
    }

    /// The type of the field's lists, in the elements of a list of records.
    pub(crate) fn list_type(&self, slotted: &Path) -> TokenStream {
        let (ty, cast) = (&self.ty, self.cast(slotted));
        match self.role {
            Role::Base | Role::Nested => quote!(#cast::Lists),
            Role::Slot => quote!(#slotted::derive_support::PartList<#ty>),
        }
    }

    /// The field of an `object`, as the functions of `cast` take it: by value if it is a slot.
    pub(crate) fn value(&self) -> TokenStream {
        let ident = &self.ident;
        match self.has_schema() {
            true => quote!(&object.#ident),
            false => quote!(object.#ident),
        }
    }
}

pub(crate) fn derive(input: DeriveInput) -> syn::Result<TokenStream> {
    let Container { name, keys, slotted } = parse_container(&input)?;
    Ok(match parse_fields(&slotted, &input) {
        Ok(fields) => {
            let keys_struct = keys_struct(&slotted, &input, &keys, &fields);
            let parts = parts_struct(&slotted, &input, &fields);
            let schema = schema_impl(&slotted, &input.ident, (&name, &keys), &fields);
            quote!(#keys_struct const _: () = { #parts #schema };)
        }
        Err(errors) => {
            let errors = errors.to_compile_error();
            let placeholder = placeholder_impl(&slotted, &input);
            quote!(#errors #placeholder)
        }
    })
}

fn parse_container(input: &DeriveInput) -> syn::Result<Container> {
    let keys = format_ident!("{}Keys", input.ident.unraw(), span = input.ident.span());
    let mut container = Container { name: snake_case(&input.ident), keys, slotted: default_path() };
    entries(&input.attrs, "slotted", |meta| {
        if meta.path.is_ident("name") {
            container.name = literal(&meta)?;
        } else if meta.path.is_ident("keys") {
            container.keys = meta.value()?.parse::<LitStr>()?.parse()?;
        } else if meta.path.is_ident("crate") {
            container.slotted = parse_path(&meta)?;
        } else {
            let known = &["name", "keys", "crate"];
            return Err(Keys { attribute: "slotted", known }.unknown(&meta));
        }
        Ok(())
    })?;
    Ok(container)
}

/// The fields, the base first, or all that is wrong with the struct.
fn parse_fields(slotted: &Path, input: &DeriveInput) -> syn::Result<Vec<SlotField>> {
    let Data::Struct(data) = &input.data else {
        let message = "a schema is a struct; an enum in a slot derives `SlotValue`, or `SlotUnion` if its variants have fields";
        return Err(Error::new(input.ident.span(), message));
    };
    if !are_named(&data.fields) {
        return Err(Error::new(data.fields.span(), "a slot needs a name: use named fields"));
    }
    let mut errors = None;
    if let Some(parameter) = input.generics.params.first() {
        let message = "a schema has no type or lifetime parameters";
        collect(&mut errors, Error::new(parameter.span(), message));
    }
    let mut fields = Vec::new();
    for field in &data.fields {
        let ident = field.ident.clone();
        let ident = ident.ok_or_else(|| Error::new(field.span(), "a slot needs a name"));
        match ident.and_then(|ident| parse_field(slotted, field, ident)) {
            Ok(field) => fields.push(field),
            Err(error) => collect(&mut errors, error),
        }
    }
    if let Some(errors) = errors {
        return Err(errors);
    }
    if let Some(late) = fields.iter().skip(1).find(|field| field.role == Role::Base) {
        let message = "`#[slot(base)]` belongs on the first field: move this field up, or use \
                       `ObjectId` to refer to another object";
        return Err(Error::new(late.ident.span(), message));
    }
    check_unique(fields.iter().map(|field| (&*field.name, &field.ident)), "slot")?;
    Ok(fields)
}

const SLOT_KEYS: Keys = Keys {
    attribute: "slot",
    known: &[
        "base",
        "nested",
        "name",
        "default",
        "range",
        "finite",
        "step",
        "references",
        "renamed_from",
    ],
};

/// Parses the attributes of a field, which has this name.
pub(crate) fn parse_field(slotted: &Path, field: &Field, ident: Ident) -> syn::Result<SlotField> {
    let mut slot = SlotField {
        vis: field.vis.clone(),
        name: ident.unraw().to_string(),
        ident,
        ty: field.ty.clone(),
        role: Role::Slot,
        constraints: Vec::new(),
    };
    let mut used = Vec::new();
    let mut inherited = InheritedDefaults::default();
    entries(&field.attrs, "slot", |meta| {
        let key = meta.path.get_ident().map_or_else(String::new, Ident::to_string);
        let place = meta.path.span();
        match key.as_str() {
            "base" | "nested" if slot.has_schema() => {
                return Err(meta.error("a field is the base or a nested record, once"));
            }
            "base" => slot.role = Role::Base,
            "nested" => slot.role = Role::Nested,
            "name" => slot.name = literal(&meta)?,
            "default" if is_inherited(&meta) => return inherited.parse(&meta),
            "default" => {
                let value: Expr = meta.value()?.parse()?;
                slot.constraints.push(default_call(slotted, &value));
            }
            key => slot.constraints.push(constraint_call(key, &meta)?),
        }
        used.push((key, place));
        Ok(())
    })?;
    check_keys(slot.role, &used)?;
    match slot.role {
        Role::Base => {
            check_base(&slot.ty)?;
            slot.constraints.extend(inherited.calls(slotted));
        }
        Role::Nested => {
            inherited.refuse()?;
            check_nested(&slot.ty)?;
        }
        Role::Slot => {
            inherited.refuse()?;
            check_type(&slot.ty)?;
        }
    }
    Ok(slot)
}

/// The call on the schema builder for a key with that name.
fn constraint_call(key: &str, meta: &ParseNestedMeta<'_>) -> syn::Result<TokenStream> {
    let Some((_, argument)) = CONSTRAINTS.iter().find(|(known, _)| *known == key) else {
        return Err(SLOT_KEYS.unknown(meta));
    };
    let method = format_ident!("{key}");
    Ok(match argument {
        Argument::Nothing => quote!(.#method()),
        Argument::Text => {
            let text = literal(meta)?;
            quote!(.#method(#text))
        }
        Argument::Value => {
            let value: Expr = meta.value()?.parse()?;
            quote!(.#method(#value))
        }
    })
}

/// Refuses keys that a field of this role does not take.
fn check_keys(role: Role, used: &[(String, Span)]) -> syn::Result<()> {
    let taken: &[&str] = match role {
        Role::Slot => return Ok(()),
        Role::Base => &["base"],
        Role::Nested => &["nested", "name", "renamed_from"],
    };
    let Some((key, place)) = used.iter().find(|(key, _)| !taken.contains(&&**key)) else {
        return Ok(());
    };
    let message = match (role, &**key) {
        (Role::Base, "default") => {
            "the base has no default of its own: put it on the base's own slot, or name the slot \
             for another default here: `default(health = 100.0)`"
        }
        (Role::Base, _) => "the base takes no other key: put it on the base's own slot",
        _ => "a nested record takes `name` and `renamed_from` alone: put it on its own slots",
    };
    Err(Error::new(*place, message))
}

/// The struct of the slots' keys: the same fields and visibility as the schema's struct.
fn keys_struct(
    slotted: &Path,
    input: &DeriveInput,
    keys: &Ident,
    fields: &[SlotField],
) -> TokenStream {
    let ident = &input.ident;
    let members = fields.iter().map(|SlotField { vis, ident, ty, name, role, .. }| match role {
        Role::Base => quote! {
            #[doc = "The keys of the base's slots."]
            #vis #ident: <#ty as #slotted::Slotted>::Keys
        },
        Role::Nested => {
            let doc = format!("The keys of the parts of `{name}`.");
            quote! {
                #[doc = #doc]
                #vis #ident: <#ty as #slotted::derive_support::NestedField>::Keys
            }
        }
        Role::Slot => {
            let doc = format!("The key of the slot `{name}`.");
            quote! {
                #[doc = #doc]
                #vis #ident: #slotted::SlotKey<#ty>
            }
        }
    });
    let doc = format!("The keys of the slots of [`{ident}`], from `Store::keys`.");
    let (vis, attributes) = (&input.vis, keys_attributes());
    quote! {
        #[doc = #doc]
        #attributes
        #vis struct #keys {
            #(#members),*
        }
    }
}

/// The attributes of a struct of keys.
pub(crate) fn keys_attributes() -> TokenStream {
    quote! {
        #[derive(
            ::core::clone::Clone,
            ::core::marker::Copy,
            ::core::fmt::Debug,
        )]
        #[allow(dead_code, non_camel_case_types)]
    }
}

fn schema_impl(
    slotted: &Path,
    ident: &Ident,
    (name, keys_name): (&str, &Ident),
    fields: &[SlotField],
) -> TokenStream {
    let schema = schema_fn(slotted, fields);
    let register_base = register_base_fn(slotted, fields);
    let accepts = batch_fn(slotted, fields, "accepts", "BatchCheck");
    let check = check_fn(slotted, fields);
    let write = batch_fn(slotted, fields, "write", "Batch");
    let write_one = write_one_fn(slotted, fields);
    let read = read_fn(slotted, fields);
    let keys = keys_fn(slotted, keys_name, fields);
    let option_fns = option_fns(slotted, fields);
    let records = fields.iter().filter(|field| field.has_schema());
    let records = records.map(|field| field.cast(slotted));
    quote! {
        #[automatically_derived]
        impl #slotted::Slotted for #ident {
            const SCHEMA_NAME: &'static str = #name;
            const HAS_OPTIONAL_RECORDS: bool = false #(|| #records::HAS_OPTIONAL_RECORDS)*;

            type Keys = #keys_name;
            #schema
            #register_base
            #accepts
            #check
            #write
            #write_one
            #read
            #keys
            #option_fns
        }
    }
}

/// An implementation that lets the rest of a program with an error in this struct compile, so that
/// the compiler reports the error alone.
fn placeholder_impl(slotted: &Path, input: &DeriveInput) -> TokenStream {
    let ident = &input.ident;
    let (parameters, own, _) = input.generics.split_for_impl();
    let option_fns = placeholder_option_fns(slotted);
    quote! {
        #[automatically_derived]
        impl #parameters #slotted::Slotted for #ident #own
        where
            for<'slotted> Self: ::core::marker::Copy
                + ::core::marker::Send
                + ::core::marker::Sync
                + 'static,
        {
            const SCHEMA_NAME: &'static str = "";
            const HAS_OPTIONAL_RECORDS: bool = false;

            type Keys = ();

            fn schema() -> ::core::result::Result<#slotted::Schema, #slotted::SchemaError> {
                ::core::unreachable!()
            }

            fn register_base(
                _: &mut #slotted::Store,
            ) -> ::core::result::Result<(), #slotted::SchemaError> {
                ::core::unreachable!()
            }

            fn accepts<'slotted>(
                _: impl ::core::iter::Iterator<Item = &'slotted Self> + ::core::clone::Clone,
                _: &mut #slotted::derive_support::BatchCheck<'_>,
            ) {
            }

            fn check(&self, _: &mut #slotted::derive_support::ObjectCheck<'_>) {}

            fn write<'slotted>(
                _: impl ::core::iter::Iterator<Item = &'slotted Self> + ::core::clone::Clone,
                _: &mut #slotted::derive_support::Batch<'_>,
            ) {
            }

            fn write_one(&self, _: &mut #slotted::derive_support::ObjectWriter<'_>) {}

            fn read(_: &mut #slotted::derive_support::ObjectReader<'_>) -> Self {
                ::core::unreachable!()
            }

            fn keys(_: &mut #slotted::derive_support::KeyReader<'_>) {}

            #option_fns
        }
    }
}

fn schema_fn(slotted: &Path, fields: &[SlotField]) -> TokenStream {
    let slots = declarations(slotted, fields);
    quote! {
        fn schema() -> ::core::result::Result<#slotted::Schema, #slotted::SchemaError> {
            let builder = #slotted::Schema::builder(<Self as #slotted::Slotted>::SCHEMA_NAME);
            #slots
            builder.build()
        }
    }
}

/// Declares the slots of the fields with a `builder`, in a function that returns errors.
pub(crate) fn declarations(slotted: &Path, fields: &[SlotField]) -> TokenStream {
    let slots = fields.iter().map(|field| {
        let (cast, name, constraints) = (field.cast(slotted), &field.name, &field.constraints);
        match field.role {
            Role::Base => quote! {
                let base = #cast::schema()?;
                let builder = builder.extends(base.name()) #(#constraints)*;
            },
            Role::Nested => {
                quote!(let builder = #cast::declare(builder, #name)? #(#constraints)*;)
            }
            Role::Slot => quote!(let builder = #cast::declare(builder, #name) #(#constraints)*;),
        }
    });
    quote!(#(#slots)*)
}

fn register_base_fn(slotted: &Path, fields: &[SlotField]) -> TokenStream {
    let bases =
        fields.iter().filter(|field| field.role == Role::Base).map(|field| field.cast(slotted));
    quote! {
        #[allow(unused_variables)]
        fn register_base(
            store: &mut #slotted::Store,
        ) -> ::core::result::Result<(), #slotted::SchemaError> {
            #(#bases::register(store)?;)*
            ::core::result::Result::Ok(())
        }
    }
}

fn check_fn(slotted: &Path, fields: &[SlotField]) -> TokenStream {
    let checks = fields.iter().map(|field| {
        let (cast, ident) = (field.cast(slotted), &field.ident);
        match field.has_schema() {
            true => quote!(#cast::check(&self.#ident, check);),
            false => quote!(#cast::check(self.#ident, check);),
        }
    });
    quote! {
        #[allow(unused_variables)]
        fn check(&self, check: &mut #slotted::derive_support::ObjectCheck<'_>) {
            #(#checks)*
        }
    }
}

/// Writes or checks many objects, one slot of all of them after the other.
fn batch_fn(slotted: &Path, fields: &[SlotField], name: &str, batch: &str) -> TokenStream {
    let [name, of] = [name, batch].map(|name| Ident::new(name, Span::call_site()));
    let objects = quote!(::core::clone::Clone::clone(&objects));
    let calls = fields.iter().map(|field| {
        let (cast, value) = (field.cast(slotted), field.value());
        quote!(#cast::#name(::core::iter::Iterator::map(#objects, |object| #value), batch);)
    });
    quote! {
        #[inline]
        #[allow(unused_variables)]
        fn #name<'a>(
            objects: impl ::core::iter::Iterator<Item = &'a Self> + ::core::clone::Clone,
            batch: &mut #slotted::derive_support::#of<'_>,
        ) {
            #(#calls)*
        }
    }
}

fn write_one_fn(slotted: &Path, fields: &[SlotField]) -> TokenStream {
    let writes = fields.iter().map(|field| {
        let (cast, ident) = (field.cast(slotted), &field.ident);
        match field.has_schema() {
            true => quote!(#cast::write_one(&self.#ident, writer);),
            false => quote!(#cast::write_one(self.#ident, writer);),
        }
    });
    quote! {
        #[inline]
        #[allow(unused_variables)]
        fn write_one(&self, writer: &mut #slotted::derive_support::ObjectWriter<'_>) {
            #(#writes)*
        }
    }
}

fn read_fn(slotted: &Path, fields: &[SlotField]) -> TokenStream {
    let reads = fields.iter().map(|field| {
        let (cast, ident) = (field.cast(slotted), &field.ident);
        quote!(#ident: #cast::read(reader))
    });
    quote! {
        #[inline]
        #[allow(unused_variables)]
        fn read(reader: &mut #slotted::derive_support::ObjectReader<'_>) -> Self {
            Self { #(#reads),* }
        }
    }
}

fn keys_fn(slotted: &Path, keys: &Ident, fields: &[SlotField]) -> TokenStream {
    let members = fields.iter().map(|field| {
        let (cast, ident) = (field.cast(slotted), &field.ident);
        match field.has_schema() {
            true => quote!(#ident: #cast::keys(slots)),
            false => quote!(#ident: #cast::key(slots)),
        }
    });
    quote! {
        #[allow(unused_variables)]
        fn keys(slots: &mut #slotted::derive_support::KeyReader<'_>) -> #keys {
            #keys { #(#members),* }
        }
    }
}
