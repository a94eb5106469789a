//! Structs inside reflected structs that cannot be nested records.
#![cfg(feature = "reflect")]

mod reflect_support;

use std::error::Error;

use bevy_reflect::Reflect;
use bevy_reflect::structs::DynamicStruct;
use bevy_slotted::reflect::{
    SlotDefault, SlotFinite, SlotName, SlotRange, read_into, record_of, schema_of, spawn_reflected,
};
use slotted::Store;

use reflect_support::message;

#[derive(Reflect, Default)]
struct Two<T> {
    value: T,
}

#[test]
fn types_that_contain_themselves() {
    #[derive(Reflect, Default)]
    #[reflect(no_field_bounds)]
    struct Tree {
        children: Vec<Tree>,
        branch: Option<Branch>,
    }
    #[derive(Reflect, Default)]
    #[reflect(no_field_bounds)]
    struct Branch {
        trees: Vec<Tree>,
    }
    let other = "contains itself, so its slots have no end; use a 'Reference' to an object of its \
        own";
    assert_eq!(
        message(schema_of::<Tree>()),
        format!(
            "'Tree' has 2 problems:\n  field 'children' cannot be a slot: 'Tree' {other}\n  \
             field 'branch.trees' cannot be a slot: 'Tree' {other}"
        )
    );
    #[derive(Reflect, Default)]
    struct Outer {
        trees: Vec<Branch>,
    }
    let expected = format!(
        "'Outer' has 2 problems:\n  field 'trees[].trees[].children' cannot be a slot: 'Tree' \
         {other}\n  field 'trees[].trees[].branch' cannot be a slot: 'Branch' {other}"
    );
    assert_eq!(message(schema_of::<Outer>()), expected);
    assert_eq!(message(record_of(&Outer::default())), expected);
}

macro_rules! chain {
    ($($outer:ident { $inner:ty })*) => {$(
        #[derive(Reflect, Default)]
        struct $outer {
            a: $inner,
        }
    )*};
}
chain! {
    L0 { L1 } L1 { L2 } L2 { L3 } L3 { L4 } L4 { L5 } L5 { L6 } L6 { L7 } L7 { L8 } L8 { L9 }
    L9 { L10 } L10 { L11 } L11 { L12 } L12 { L13 } L13 { L14 } L14 { L15 } L15 { L16 } L16 { L17 }
    L17 { u8 }
}

#[test]
fn types_that_are_nested_too_deep() -> Result<(), Box<dyn Error>> {
    let schema = schema_of::<L1>()?;
    assert_eq!(schema.slots()[0].to_string(), format!("{}a: u8", "a.".repeat(16)));
    let mut store = Store::new();
    store.register_schema(schema)?;
    let id = spawn_reflected(&mut store, &L1::default())?;
    read_into(&store, id, &mut L1::default())?;
    let error = message(schema_of::<L0>());
    assert!(
        error.ends_with(
            "a' cannot be a slot: 'L17' is nested more than 16 levels deep; use a 'Reference' to \
             an object of its own, or an 'AnyValue'"
        ),
        "{error}"
    );
    let mut inner = DynamicStruct::default();
    inner.insert("a", 1_u8);
    for _ in 0..16 {
        let mut outer = DynamicStruct::default();
        outer.insert("a", inner);
        inner = outer;
    }
    assert_eq!(message(record_of(&inner)), "no error");
    let mut outer = DynamicStruct::default();
    outer.insert("a", inner);
    let error = message(record_of(&outer));
    assert!(error.contains("'DynamicStruct' is nested more than 16 levels deep"), "{error}");
    Ok(())
}

/// The problems of the fields of `Outer` in the test below.
const PROBLEMS: [&str; 13] = [
    "field 'inner.size' cannot be a slot: 'usize' has a platform-dependent width; use 'u32' or \
     'u64'",
    "field 'inner.pair' cannot be a slot: '()' has no fields, so it has no slots; use a bool, or \
     `#[reflect(ignore)]`",
    "field 'inner.twice' names slot 'number', which field 'number' already uses",
    "field 'list[].size' cannot be a slot: 'usize' has a platform-dependent width; use 'u32' or \
     'u64'",
    "field 'list[].pair' cannot be a slot: '()' has no fields, so it has no slots; use a bool, or \
     `#[reflect(ignore)]`",
    "field 'list[].twice' names slot 'number', which field 'number' already uses",
    "field 'default.small' cannot be a slot: bad default: slot 'default.small' of 'outer' \
     expects u8, which cannot hold 300",
    "field 'default.text' cannot be a slot: slot 'default.text' of schema 'outer' is text: \
     'finite' does not apply",
    "field 'misplaced' cannot be a slot: 'Misplaced' has the attribute 'SlotFinite', which \
     belongs on a field",
    "field 'names.dot' names slot 'a.b', which cannot be a part of a nested record; use a name that is not a \
     number and has no '.', '?', '#', '@', '|' or bracket",
    "field 'names.number' names slot '0', which cannot be a part of a nested record; use a name that is not a \
     number and has no '.', '?', '#', '@', '|' or bracket",
    "field 'names.sign' names slot 'a?', which cannot be a part of a nested record; use a name that is not a \
     number and has no '.', '?', '#', '@', '|' or bracket",
    "field 'range' cannot be a slot: the nested record 'range' of schema 'outer' cannot have a \
     range; set it on the slots of the nested schema",
];

#[test]
fn all_parts_that_cannot_be_slots_are_named() {
    #[derive(Reflect, Default)]
    struct Inner {
        size: usize,
        pair: (),
        #[reflect(@SlotDefault::new("x"))]
        number: u8,
        #[reflect(@SlotName("number"))]
        twice: u8,
    }
    #[derive(Reflect, Default)]
    struct BadDefault {
        #[reflect(@SlotDefault::new(300))]
        small: u8,
        #[reflect(@SlotFinite)]
        text: String,
    }
    #[derive(Reflect, Default)]
    #[reflect(@SlotFinite)]
    struct Misplaced {
        number: f32,
    }
    #[derive(Reflect, Default)]
    struct Names {
        #[reflect(@SlotName("a.b"))]
        dot: u8,
        #[reflect(@SlotName("0"))]
        number: u8,
        #[reflect(@SlotName("a?"))]
        sign: u8,
    }
    #[derive(Reflect, Default)]
    struct Outer {
        inner: Inner,
        list: Vec<Inner>,
        #[reflect(@SlotFinite)]
        default: BadDefault,
        misplaced: Option<Misplaced>,
        names: Names,
        #[reflect(@SlotRange::new(0..=1))]
        range: Two<u8>,
        #[reflect(@SlotName("range.value"))]
        same: u8,
    }
    let error = message(schema_of::<Outer>());
    assert_eq!(error, format!("'Outer' has 13 problems:\n  {}", PROBLEMS.join("\n  ")));

    #[derive(Reflect)]
    struct Same {
        range: Two<u8>,
        #[reflect(@SlotName("range.value"))]
        same: u8,
    }
    let error = "schema 'same' declares slot 'range.value' twice";
    assert_eq!(message(schema_of::<Same>()), error);
}
