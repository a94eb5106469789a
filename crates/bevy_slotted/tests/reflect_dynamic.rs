//! Dynamic structs as objects, and objects that do not fit the struct they are read into.
#![cfg(feature = "reflect")]

mod reflect_support;

use std::borrow::Cow;
use std::error::Error;

use bevy_reflect::array::DynamicArray;
use bevy_reflect::enums::{DynamicEnum, DynamicVariant};
use bevy_reflect::list::DynamicList;
use bevy_reflect::structs::{DynamicStruct, Struct};
use bevy_reflect::{FromReflect, PartialReflect, Reflect, Typed};
use bevy_slotted::reflect::{
    FieldIssue, ReflectError, SlotName, read_into, record_of, schema_of, spawn_reflected,
};
use slotted::glam::{Mat4, Vec3};
use slotted::{AccessError, Kind, Schema, Store, Value, record};

use reflect_support::message;

type Outcome = Result<(), Box<dyn Error>>;

#[derive(Reflect, Clone, Copy, Debug, Default, PartialEq)]
enum Job {
    #[default]
    Farmer,
    #[reflect(@SlotName("royal guard"))]
    Guard,
}

#[derive(Reflect, Clone, Debug, Default, PartialEq)]
struct Unit {
    name: String,
    #[reflect(@SlotName("hp"))]
    health: f32,
    at: Vec3,
    job: Job,
    tags: Vec<u8>,
    level: Option<u8>,
    pair: [u16; 2],
}

fn ada() -> Unit {
    let (name, at) = ("Ada".to_owned(), Vec3::new(1.0, 2.0, 3.0));
    let (tags, level) = (vec![1, 2], Some(4));
    Unit { name, health: 80.0, at, job: Job::Guard, tags, level, pair: [5, 6] }
}

/// Returns a store with the schema of units and one object, Ada.
fn store() -> Result<(Store, slotted::ObjectId), Box<dyn Error>> {
    let mut store = Store::new();
    store.register_schema(schema_of::<Unit>()?)?;
    let id = spawn_reflected(&mut store, &ada())?;
    Ok((store, id))
}

/// Returns a unit without a represented type: only the names of its fields are known.
fn untyped() -> Result<DynamicStruct, Box<dyn Error>> {
    let mut unit = ada().to_dynamic_struct()?;
    unit.set_represented_type(None);
    Ok(unit)
}

#[test]
fn a_dynamic_struct_spawns_as_its_represented_type() -> Outcome {
    let dynamic = ada().to_dynamic_struct()?;
    assert_eq!(record_of(&dynamic)?, record_of(&ada())?);
    assert_eq!(record_of(&ada())?.get("hp"), Some(&Value::F32(80.0)));
    let (mut store, id) = store()?;
    let other = spawn_reflected(&mut store, &dynamic)?;
    assert_eq!(store.get_record(id)?, store.get_record(other)?);
    Ok(())
}

#[test]
fn missing_fields_get_the_slots_defaults() -> Outcome {
    let (mut store, _) = store()?;
    let mut dynamic = DynamicStruct::default();
    dynamic.set_represented_type(Some(Unit::type_info()));
    dynamic.insert("name", "Bob".to_owned());
    dynamic.insert("level", Some(300_u16));
    assert_eq!(
        message(record_of(&dynamic)),
        "'Unit': field 'level' expects a complete 'Option<u8>', found 'core::option::Option<u16>'"
    );
    dynamic.insert("level", Some(3_u8));
    assert_eq!(record_of(&dynamic)?, record! { name: "Bob", level: 3 });
    assert_eq!(
        message(spawn_reflected(&mut store, &dynamic)),
        "5 problems:\
         \n  'unit' object needs a value for slot 'hp' (f32)\
         \n  'unit' object needs a value for slot 'at' (vec3)\
         \n  'unit' object needs a value for slot 'job' (enum(farmer, royal guard))\
         \n  'unit' object needs a value for slot 'tags' (list(u8))\
         \n  'unit' object needs a value for slot 'pair' ([u16; 2])"
    );
    Ok(())
}

#[test]
fn all_wrong_types_in_a_dynamic_struct_are_listed() -> Outcome {
    let mut dynamic = ada().to_dynamic_struct()?;
    dynamic.insert("name", 7_u8);
    dynamic.insert("health", 80.0_f64);
    let half: DynamicStruct =
        [("x", Box::new(1.0_f32) as Box<dyn PartialReflect>)].into_iter().collect();
    dynamic.insert("at", half);
    dynamic.insert("job", DynamicEnum::new("Baker", DynamicVariant::Unit));
    dynamic.insert("tags", DynamicList::from_iter([1_u8.to_dynamic()?, 2_u16.to_dynamic()?]));
    dynamic.insert("level", DynamicEnum::new("Some", DynamicVariant::Unit));
    dynamic.insert("pair", DynamicArray::from_iter([1_u16, 2, 3]));
    assert_eq!(
        message(record_of(&dynamic)),
        "'Unit' has 7 problems:\
         \n  field 'name' expects a complete 'String', found 'u8'\
         \n  field 'health' expects a complete 'f32', found 'f64'\
         \n  field 'at' expects a complete 'Vec3', found 'bevy_reflect::DynamicStruct'\
         \n  field 'job' expects a complete 'Job', found 'bevy_reflect::DynamicEnum'\
         \n  field 'tags' expects a complete 'u8', found 'u16'\
         \n  field 'level' expects a complete 'Option<u8>', found 'bevy_reflect::DynamicEnum'\
         \n  field 'pair' expects a complete '[u16; 2]', found 'bevy_reflect::DynamicArray'"
    );
    Ok(())
}

#[test]
fn fields_that_the_type_does_not_have_are_rejected() -> Outcome {
    let (store, id) = store()?;
    let mut dynamic = ada().to_dynamic_struct()?;
    dynamic.insert("helth", 1.0_f32);
    dynamic.insert("\u{202e}\n", 1.0_f32);
    let expected = "'Unit' has 2 problems:\
        \n  field 'helth' is not a field of the type\
        \n  field '\\u{202e}\\n' is not a field of the type";
    assert_eq!(message(record_of(&dynamic)), expected);
    assert_eq!(message(read_into(&store, id, &mut dynamic)), expected);
    Ok(())
}

#[test]
fn unknown_fields_and_wrong_types_are_listed_together() -> Outcome {
    let mut dynamic = ada().to_dynamic_struct()?;
    dynamic.insert("helth", 1.0_f32);
    dynamic.insert("name", 1_u8);
    assert_eq!(
        message(record_of(&dynamic)),
        "'Unit' has 2 problems:\
         \n  field 'helth' is not a field of the type\
         \n  field 'name' expects a complete 'String', found 'u8'"
    );
    Ok(())
}

#[test]
fn a_struct_without_a_type_uses_its_field_names() -> Outcome {
    let (mut store, _) = store()?;
    let mut dynamic = untyped()?;
    assert_eq!(
        message(spawn_reflected(&mut store, &dynamic)),
        "a 'DynamicStruct' without a represented type has no schema; call `set_represented_type`, or use `record_of` and the schema's name"
    );
    let record = record_of(&dynamic)?;
    assert_eq!(record.get("health"), Some(&Value::F32(80.0)));
    let error = store.spawn_record("unit", record).unwrap_err();
    assert!(error.to_string().contains("'unit' object has no slot 'health'"), "{error}");

    dynamic.insert("job", DynamicEnum::new("Guard", DynamicVariant::Unit));
    dynamic.insert("size", 1_usize);
    assert_eq!(
        message(record_of(&dynamic)),
        "'DynamicStruct' has 2 problems:\
         \n  field 'job' cannot be a slot: 'DynamicEnum' has no type information; use a static type, or call `set_represented_type` on a value\
         \n  field 'size' cannot be a slot: 'usize' has a platform-dependent width; use 'u32' or 'u64'"
    );
    Ok(())
}

#[test]
fn a_field_of_a_dynamic_type_cannot_be_a_slot() {
    #[derive(Reflect)]
    #[reflect(from_reflect = false)]
    struct Open {
        rest: DynamicStruct,
    }
    assert_eq!(
        message(schema_of::<Open>()),
        "'Open': field 'rest' cannot be a slot: 'DynamicStruct' has no type information; use a static type, or call `set_represented_type` on a value"
    );
}

#[test]
fn dynamic_matrices_are_read_whole_or_not_at_all() -> Outcome {
    #[derive(Reflect, Default)]
    struct Placed {
        at: Mat4,
    }
    let matrix = Mat4::from_cols_array(&std::array::from_fn(|n| n as f32));
    let mut dynamic = Placed { at: matrix }.to_dynamic_struct()?;
    assert_eq!(record_of(&dynamic)?, record! { at: matrix });
    let mut inner = matrix.to_dynamic_struct()?;
    inner.remove_by_name("w_axis");
    dynamic.insert("at", inner);
    assert_eq!(
        message(record_of(&dynamic)),
        "'Placed': field 'at' expects a complete 'Mat4', found 'bevy_reflect::DynamicStruct'"
    );
    Ok(())
}

#[test]
fn objects_are_read_into_dynamic_structs() -> Outcome {
    let (store, id) = store()?;
    let mut dynamic = Unit { tags: vec![9; 9], ..Unit::default() }.to_dynamic_struct()?;
    read_into(&store, id, &mut dynamic)?;
    assert_eq!(Unit::from_reflect(&dynamic), Some(ada()));

    let mut some = DynamicStruct::default();
    some.insert("name", String::new());
    read_into(&store, id, &mut some)?;
    assert_eq!(
        some.field("name").and_then(|name| name.try_downcast_ref()),
        Some(&"Ada".to_owned())
    );

    let before = untyped()?;
    let mut untyped = untyped()?;
    assert_eq!(
        message(read_into(&store, id, &mut untyped)),
        "'DynamicStruct': field 'health' cannot be read: 'unit' object has no slot 'health'"
    );
    assert_eq!(untyped.reflect_partial_eq(&before), Some(true));
    Ok(())
}

#[test]
fn a_dynamic_target_with_other_types_is_not_written() -> Outcome {
    let (store, id) = store()?;
    let mut dynamic = Unit::default().to_dynamic_struct()?;
    dynamic.insert("pair", 7_u8);
    assert_eq!(
        message(read_into(&store, id, &mut dynamic)),
        "'Unit': field 'pair' expects a complete '[u16; 2]', found 'u8'"
    );
    let name = dynamic.field("name").and_then(|name| name.try_downcast_ref::<String>());
    assert_eq!(name.map(String::as_str), Some(""));
    Ok(())
}

#[test]
fn all_slots_that_do_not_fit_the_fields_are_listed() -> Outcome {
    let mut store = Store::new();
    let unit = Schema::builder("unit").slot("name", Kind::Text).slot("hp", Kind::F64);
    let unit = unit.slot("at", Kind::Vec3).optional().slot("job", Kind::Text);
    let unit = unit.slot("tag", Kind::list(Kind::U8)).slot("level", Kind::U8);
    store.register_schema(unit.slot("pair", Kind::list(Kind::U16)).build()?)?;
    let values = record! {
        name: "Ada", hp: 1.0, job: "farmer", tag: Vec::<u8>::new(), level: 1, pair: [1, 2],
    };
    let id = store.spawn_record("unit", values)?;
    let mut unit = Unit::default();
    assert_eq!(
        message(read_into(&store, id, &mut unit)),
        "'Unit' has 5 problems:\
         \n  field 'health' is f32, but slot 'hp' of the object is f64\
         \n  field 'at' is vec3, but slot 'at' of the object is optional vec3\
         \n  field 'job' is enum(farmer, royal guard), but slot 'job' of the object is text\
         \n  field 'tags' cannot be read: 'unit' object has no slot 'tags'; did you mean 'tag'?\
         \n  field 'pair' is [u16; 2], but slot 'pair' of the object is list(u16)"
    );
    assert_eq!(unit, Unit::default());
    Ok(())
}

#[test]
fn reading_a_dead_object_is_an_error_for_any_struct() -> Outcome {
    #[derive(Reflect)]
    struct Nothing {}
    let (mut store, id) = store()?;
    store.despawn(id)?;
    let dead = Err(ReflectError::Access(AccessError::Despawned { id }));
    assert_eq!(read_into(&store, id, &mut Nothing {}), dead);
    assert_eq!(read_into(&store, id, &mut Unit::default()), dead);
    assert_eq!(read_into(&Store::new(), id, &mut Unit::default()), dead);
    Ok(())
}

#[test]
fn structs_without_fields_spawn_objects_without_slots() -> Outcome {
    #[derive(Reflect)]
    struct Marker;
    let mut store = Store::new();
    store.register_schema(schema_of::<Marker>()?)?;
    let id = spawn_reflected(&mut store, &Marker)?;
    read_into(&store, id, &mut Marker)?;
    assert_eq!(store.get_record(id)?, record! {});
    Ok(())
}

#[test]
fn an_object_of_an_extending_schema_is_read_too() -> Outcome {
    let (mut store, _) = store()?;
    let orc = Schema::builder("orc").extends("unit").slot("rage", Kind::F32).default(0.5);
    store.register_schema(orc.build()?)?;
    let id = store.spawn_record("orc", record_of(&ada())?)?;
    let mut unit = Unit::default();
    read_into(&store, id, &mut unit)?;
    assert_eq!(unit, ada());
    Ok(())
}

#[test]
fn lists_of_another_length_do_not_fit_an_array() -> Outcome {
    #[derive(Reflect, Debug, PartialEq)]
    struct Path {
        name: String,
        corners: [Vec3; 2],
    }
    let mut store = Store::new();
    store.register_schema(schema_of::<Path>()?)?;
    let id = store.spawn_record("path", record! { name: "a", corners: [Vec3::X] })?;
    let mut path = Path { name: "b".into(), corners: [Vec3::Y; 2] };
    let error = read_into(&store, id, &mut path).unwrap_err();
    assert_eq!(error.to_string(), "'Path': field 'corners' expects 2 elements, found 1");
    let ReflectError::Fields { problems, .. } = error else { panic!("{error}") };
    assert_eq!(problems[0].what, FieldIssue::WrongLength { expected: 2, found: 1 });
    assert_eq!(path, Path { name: "b".into(), corners: [Vec3::Y; 2] });
    Ok(())
}

#[test]
fn ignored_fields_are_not_slots_and_stay_unchanged() -> Outcome {
    #[derive(Reflect)]
    struct Cached {
        #[reflect(ignore)]
        before: usize,
        value: f32,
        #[reflect(ignore)]
        after: usize,
    }
    let mut store = Store::new();
    store.register_schema(schema_of::<Cached>()?)?;
    let id = spawn_reflected(&mut store, &Cached { before: 1, value: 2.0, after: 3 })?;
    assert_eq!(store.get_record(id)?, record! { value: 2.0_f32 });
    let mut back = Cached { before: 4, value: 5.0, after: 6 };
    read_into(&store, id, &mut back)?;
    assert_eq!((back.before, back.value, back.after), (4, 2.0, 6));
    Ok(())
}

#[test]
fn a_static_text_cannot_take_another_text() -> Outcome {
    #[derive(Reflect)]
    struct Named {
        count: u8,
        name: &'static str,
        cow: Cow<'static, str>,
    }
    let mut store = Store::new();
    store.register_schema(schema_of::<Named>()?)?;
    let id = spawn_reflected(&mut store, &Named { count: 1, name: "a", cow: "c".into() })?;
    let mut back = Named { count: 2, name: "b", cow: "".into() };
    assert_eq!(
        message(read_into(&store, id, &mut back)),
        "'Named': field 'name' is a `&'static str`, which cannot hold a text of a store; use \
         `String` or `Cow<'static, str>`"
    );
    assert_eq!((back.count, &*back.cow), (2, ""));
    back.name = "a";
    read_into(&store, id, &mut back)?;
    assert_eq!((back.count, &*back.cow), (1, "c"));
    Ok(())
}

#[test]
fn the_store_s_errors_are_passed_on() -> Outcome {
    let mut store = Store::new();
    assert_eq!(message(spawn_reflected(&mut store, &ada())), "no schema 'unit' is registered");
    store.register_schema(Schema::builder("unit").slot("hp", Kind::U8).build()?)?;
    let error = spawn_reflected(&mut store, &ada()).unwrap_err();
    assert!(matches!(error, ReflectError::Spawn(_)), "{error}");
    assert_eq!(store.len(), 0);
    Ok(())
}
