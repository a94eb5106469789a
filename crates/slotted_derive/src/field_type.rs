//! Advice for field types that are common in Rust, and that no slot holds.

use quote::ToTokens;
use syn::{
    Error, Expr, ExprLit, GenericArgument, Lit, PathArguments, PathSegment, Type, TypeArray,
};

/// Returns an error at the type if it is known by its name as one that no slot holds.
///
/// A type of another name may still hold no slot's value; the compiler says so, by the bounds of the
/// generated code.
pub(crate) fn check_type(ty: &Type) -> syn::Result<()> {
    match advice(ty) {
        Some(advice) => Err(Error::new_spanned(ty, advice)),
        None => Ok(()),
    }
}

/// Returns `true` if the type is called `Option`.
pub(crate) fn is_option(ty: &Type) -> bool {
    match ty {
        Type::Paren(inner) => is_option(&inner.elem),
        Type::Group(inner) => is_option(&inner.elem),
        ty => is_named(ty, "Option"),
    }
}

/// Returns an error if the type of the base is an `Option`.
pub(crate) fn check_base(ty: &Type) -> syn::Result<()> {
    if !is_option(ty) {
        return Ok(());
    }
    let message = "an object has all slots of its base: remove the `Option`, or use `#[slot(nested)]` \
                   for an optional nested record";
    Err(Error::new_spanned(ty, message))
}

/// Returns an error if the type of a nested record is known by its name as none.
pub(crate) fn check_nested(ty: &Type) -> syn::Result<()> {
    let record = inner(ty, &["Option"]).unwrap_or(ty);
    let message = if inner(record, &["Option"]).is_some() {
        "a nested record is optional once: remove one `Option`"
    } else if inner(record, &["Vec", "List"]).is_some() {
        "a list of nested records is `Records<T>`: `#[slot(nested)] drops: Records<Drop>`"
    } else if VALUES.iter().any(|name| is_named(record, name)) {
        "a nested record is a struct with `#[derive(Slotted)]`, or an `Option` or `Records` of one: remove `nested`"
    } else {
        return Ok(());
    };
    Err(Error::new_spanned(ty, message))
}

/// The types of slots that have no parts.
const VALUES: [&str; 14] = [
    "bool", "i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64", "f32", "f64", "Text", "ObjectId",
    "Any",
];

/// Returns the argument of a type with one of these names.
fn inner<'a>(ty: &'a Type, names: &[&str]) -> Option<&'a Type> {
    let Type::Path(path) = ty else { return None };
    let last = path.path.segments.last()?;
    let is_known = names.iter().any(|name| last.ident == name);
    first_argument(last).filter(|_| is_known)
}

fn advice(ty: &Type) -> Option<String> {
    match ty {
        Type::Paren(inner) => advice(&inner.elem),
        Type::Group(inner) => advice(&inner.elem),
        Type::Tuple(tuple) if tuple.elems.is_empty() => {
            Some(holds_no(ty, "remove the field, or use `bool`"))
        }
        Type::Tuple(_) => Some(
            "a slot holds no tuple: use one field for each element, an array of numbers, or a \
             struct with `#[derive(SlotValue)]`"
                .to_owned(),
        ),
        Type::Slice(slice) => Some(use_list(ty, &slice.elem)),
        Type::Array(array) => advice(&array.elem).or_else(|| of_array(ty, array)),
        Type::Reference(reference) => Some(instead_of_pointer(ty, &reference.elem)),
        Type::Path(path) => named(ty, path.path.segments.last()?),
        _ => None,
    }
}

fn of_array(ty: &Type, array: &TypeArray) -> Option<String> {
    if is_named(&array.elem, "bool") {
        return Some(holds_no(ty, "use an array of `u8`, or `List<bool>`"));
    }
    let Expr::Lit(ExprLit { lit: Lit::Int(length), .. }) = &array.len else { return None };
    (length.base10_digits() == "0").then(|| holds_no(ty, "an array has at least one element"))
}

fn named(ty: &Type, name: &PathSegment) -> Option<String> {
    let argument = first_argument(name);
    match (name.ident.to_string().as_str(), argument) {
        ("String" | "PathBuf" | "OsString" | "CString", None) => Some(use_text(ty)),
        ("usize", None) => Some(holds_no(ty, "use `u64`/`u32`")),
        ("isize", None) => Some(holds_no(ty, "use `i64`/`i32`")),
        ("u128", None) => Some(holds_no(ty, "use `u64`, or `[u64; 2]`")),
        ("i128", None) => Some(holds_no(ty, "use `i64`, or `[i64; 2]`")),
        ("char", None) => Some(holds_no(ty, "use `u32`, and `u32::from(..)` to make one")),
        ("Vec" | "VecDeque" | "LinkedList" | "HashSet" | "BTreeSet", Some(element)) => {
            Some(use_list(ty, element))
        }
        ("HashMap" | "BTreeMap", Some(_)) => Some(holds_no(
            ty,
            "use `List<T>` of keys and one of values, and `store.intern_list(..)` to make them",
        )),
        ("Box" | "Rc" | "Arc" | "Cow", Some(target)) => Some(instead_of_pointer(ty, target)),
        ("Option", Some(inner)) if is_named(inner, "Option") => {
            let innermost = shown(inner);
            Some(holds_no(ty, &format!("a slot is set or unset, use `{innermost}`")))
        }
        ("List", Some(element)) if is_named(element, "List") => Some(
            "a slot holds no list of lists: use one list, and a list of the lengths of its parts"
                .to_owned(),
        ),
        ("Option" | "OptionMut" | "List", Some(inner)) => advice(inner),
        _ => None,
    }
}

fn instead_of_pointer(ty: &Type, target: &Type) -> String {
    match target {
        Type::Slice(slice) => use_list(ty, &slice.elem),
        Type::Path(path) if path.path.is_ident("str") => use_text(ty),
        target => {
            let instead =
                format!("use `{}` itself, or `ObjectId` to refer to another object", shown(target));
            holds_no(ty, &instead)
        }
    }
}

fn use_text(ty: &Type) -> String {
    holds_no(ty, "use `Text`, and `store.intern_text(..)` to make one")
}

/// The element is shown only if a list can have it.
fn use_list(ty: &Type, element: &Type) -> String {
    let element = match element {
        Type::Path(_) if advice(element).is_none() => shown(element),
        _ => "T".to_owned(),
    };
    holds_no(ty, &format!("use `List<{element}>`, and `store.intern_list(..)` to make one"))
}

fn holds_no(ty: &Type, instead: &str) -> String {
    format!("a slot holds no `{}`: {instead}", shown(ty))
}

fn is_named(ty: &Type, name: &str) -> bool {
    match ty {
        Type::Path(path) => path.path.segments.last().is_some_and(|last| last.ident == name),
        _ => false,
    }
}

/// The first argument that is a type.
fn first_argument(name: &PathSegment) -> Option<&Type> {
    let PathArguments::AngleBracketed(arguments) = &name.arguments else { return None };
    arguments.args.iter().find_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    })
}

/// The type as it is usually formatted.
fn shown(ty: &Type) -> String {
    let mut text = ty.to_token_stream().to_string();
    for (spaced, close) in [
        (" :: ", "::"),
        (" < ", "<"),
        ("< ", "<"),
        (" >", ">"),
        (" ,", ","),
        ("& ", "&"),
        (" ;", ";"),
    ] {
        text = text.replace(spaced, close);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_types_get_advice() -> syn::Result<()> {
        for (ty, expected) in [
            (
                "String",
                "a slot holds no `String`: use `Text`, and `store.intern_text(..)` to make one",
            ),
            ("std::string::String", "a slot holds no `std::string::String`: use `Text`, and"),
            ("&'static str", "a slot holds no `&'static str`: use `Text`, and"),
            ("Box<str>", "a slot holds no `Box<str>`: use `Text`, and"),
            ("Cow<'static, str>", "a slot holds no `Cow<'static, str>`: use `Text`, and"),
            ("Option<String>", "a slot holds no `String`: use `Text`, and"),
            (
                "Vec<u16>",
                "a slot holds no `Vec<u16>`: use `List<u16>`, and `store.intern_list(..)`",
            ),
            ("Vec<String>", "a slot holds no `Vec<String>`: use `List<T>`, and"),
            ("Box<[f32]>", "a slot holds no `Box<[f32]>`: use `List<f32>`, and"),
            ("&'static [Vec3]", "a slot holds no `&'static [Vec3]`: use `List<Vec3>`, and"),
            ("HashMap<u16, u32>", "a slot holds no `HashMap<u16, u32>`: use `List<T>` of keys and"),
            ("List<usize>", "a slot holds no `usize`: use `u64`/`u32`"),
            ("[isize; 3]", "a slot holds no `isize`: use `i64`/`i32`"),
            (
                "Option<Option<u8>>",
                "a slot holds no `Option<Option<u8>>`: a slot is set or unset, use `Option<u8>`",
            ),
            ("char", "a slot holds no `char`: use `u32`"),
            ("(u8, f32)", "a slot holds no tuple: use one field for each element"),
            ("()", "a slot holds no `()`: remove the field"),
            ("List<List<u8>>", "a slot holds no list of lists: use one list"),
            ("[bool; 4]", "a slot holds no `[bool; 4]`: use an array of `u8`, or `List<bool>`"),
            ("[u8; 0]", "a slot holds no `[u8; 0]`: an array has at least one element"),
            ("Box<Unit>", "a slot holds no `Box<Unit>`: use `Unit` itself, or `ObjectId`"),
        ] {
            let found = advice(&syn::parse_str(ty)?).unwrap_or_default();
            assert!(found.starts_with(expected), "{ty}: {found}");
        }
        Ok(())
    }

    #[test]
    fn other_types_are_left_to_the_compiler() -> syn::Result<()> {
        for ty in ["u8", "Text", "Option<f32>", "List<Text>", "[u16; 4]", "glam::Vec3", "Job"] {
            assert_eq!(advice(&syn::parse_str(ty)?), None);
        }
        Ok(())
    }
}
