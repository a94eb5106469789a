//! Schemas from reflected structs, and round trips through a store.
#![cfg(feature = "reflect")]

mod reflect_support;

use std::borrow::Cow;
use std::collections::{HashMap, HashSet, VecDeque};
use std::error::Error;

use bevy_ecs::entity::Entity;
use bevy_reflect::{Reflect, Typed};
use bevy_slotted::reflect::{
    FieldIssue, NotASlot, Reference, ReflectError, SchemaName, SlotDefault, SlotFinite, SlotName,
    SlotRange, SlotReferences, SlotStep, read_into, record_of, schema_of, schema_of_info,
    schema_with_defaults_of, spawn_reflected,
};
use slotted::bytemuck::{CheckedBitPattern, NoUninit};
use slotted::glam::{self, DVec4, UVec3, Vec2, Vec3, Vec3A};
use slotted::schema::VectorKind;
use slotted::{ObjectId, SlotValue, Slotted, Store, Value};

use reflect_support::{message, slots};

type Outcome = Result<(), Box<dyn Error>>;

/// Spawns the object, reads it back into `back` and returns that.
fn through_store<T: Reflect + Typed>(object: &T, mut back: T) -> Result<T, Box<dyn Error>> {
    let mut store = Store::new();
    store.register_schema(schema_of::<T>()?)?;
    let id = spawn_reflected(&mut store, object.as_partial_reflect())?;
    read_into(&store, id, back.as_partial_reflect_mut())?;
    Ok(back)
}

#[derive(Reflect, Clone, Copy, Debug, Default, PartialEq)]
enum Job {
    #[default]
    Farmer,
    #[reflect(@SlotName("royal guard"))]
    Guard,
    TaxCollector,
}

macro_rules! vector_round_trips {
    ($($name:ident $word:literal [$number:ident; $length:literal] $component:ident $filler:ident $form:ident $held:ident $mint:ident;)*) => {
        #[test]
        fn every_vector_round_trips() -> Outcome {
            $({
                #[derive(Reflect, Clone, Debug, PartialEq)]
                struct Object {
                    value: glam::$name,
                }
                assert_eq!(slots(&schema_of::<Object>()?), [concat!("value: ", $word)]);
                let numbers = Value::from((1..=$length).collect::<Vec<i64>>());
                let value = numbers.to_vector(VectorKind::$name).and_then(|value| value.vector());
                let object = Object { value: value.expect("the numbers fit") };
                let other = Object { value: glam::$name::$filler };
                assert_eq!(through_store(&object, other)?, object);
            })*
            Ok(())
        }
    };
}
slotted::for_each_vector!(vector_round_trips);

macro_rules! round_trips {
    ($($test:ident: $type:ty, $kind:literal, $other:expr => [$($value:expr),* $(,)?];)*) => {$(
        #[test]
        fn $test() -> Outcome {
            #[derive(Reflect, Clone, Debug, PartialEq)]
            struct Object {
                value: $type,
            }
            assert_eq!(slots(&schema_of::<Object>()?), [concat!("value: ", $kind)]);
            $(
                let object = Object { value: $value };
                assert_eq!(through_store(&object, Object { value: $other })?, object);
            )*
            Ok(())
        }
    )*};
}
round_trips! {
    bools_round_trip: bool, "bool", false => [true, false];
    i8_round_trips: i8, "i8", 1 => [i8::MIN, 0, i8::MAX];
    i16_round_trips: i16, "i16", 1 => [i16::MIN, 0, i16::MAX];
    i32_round_trips: i32, "i32", 1 => [i32::MIN, 0, i32::MAX];
    i64_round_trips: i64, "i64", 1 => [i64::MIN, 0, i64::MAX];
    u8_round_trips: u8, "u8", 1 => [0, u8::MAX];
    u16_round_trips: u16, "u16", 1 => [0, u16::MAX];
    u32_round_trips: u32, "u32", 1 => [0, u32::MAX];
    u64_round_trips_above_i64: u64, "u64", 1 => [0, i64::MAX as u64 + 1, u64::MAX];
    f32_round_trips: f32, "f32", 1.0 => [f32::MIN, 0.1, f32::INFINITY, f32::MIN_POSITIVE / 2.0];
    f64_round_trips: f64, "f64", 1.0 => [f64::MIN, 0.1, f64::INFINITY];
    string_round_trips: String, "text", "old".into() => [String::new(), "Ada\0\u{202e}".into()];
    cow_round_trips: Cow<'static, str>, "text", "old".into() => ["".into(), "Ada".into()];
    static_text_round_trips_where_it_is_the_same: &'static str, "text", "Ada" => ["Ada"];
    enums_round_trip: Job, "enum(farmer, royal guard, tax_collector)", Job::Farmer =>
        [Job::Farmer, Job::Guard, Job::TaxCollector];
    number_arrays_round_trip: [u16; 3], "[u16; 3]", [0; 3] => [[1, 2, 3]];
    other_arrays_round_trip: [Vec2; 2], "list(vec2)", [Vec2::ZERO; 2] => [[Vec2::X, Vec2::Y]];
    enum_arrays_round_trip: [Job; 2], "list(enum(farmer, royal guard, tax_collector))",
        [Job::Farmer; 2] => [[Job::Guard, Job::TaxCollector]];
    lists_round_trip: Vec<u16>, "list(u16)", vec![7; 9] => [vec![], vec![1], vec![3; 20]];
    deques_round_trip: VecDeque<u16>, "list(u16)", [7; 9].into() => [[].into(), [1, 2].into()];
    slices_round_trip: Cow<'static, [u16]>, "list(u16)", vec![7; 9].into() => [vec![1, 2].into()];
    lists_of_vectors_round_trip: Vec<Vec3>, "list(vec3)", vec![Vec3::X; 3] => [vec![Vec3::Y]];
    lists_of_texts_round_trip: Vec<String>, "list(text)", vec!["old".into()] =>
        [vec!["a".into(), "b".into()]];
    lists_of_enums_round_trip: Vec<Job>, "list(enum(farmer, royal guard, tax_collector))",
        vec![Job::Farmer; 3] => [vec![Job::Guard], vec![]];
    lists_of_arrays_round_trip: Vec<[f32; 2]>, "list([f32; 2])", vec![] => [vec![[1.0, 2.0]]];
    arrays_of_arrays_round_trip: [[i8; 2]; 2], "list([i8; 2])", [[0; 2]; 2] => [[[1, 2], [3, 4]]];
    options_round_trip: Option<f32>, "f32, optional", Some(1.0) => [None, Some(2.0)];
    options_are_set: Option<String>, "text, optional", None => [Some("Ada".into()), None];
    optional_lists_round_trip: Option<Vec<u8>>, "list(u8), optional", Some(vec![9; 9]) =>
        [None, Some(vec![]), Some(vec![1, 2])];
    optional_arrays_round_trip: Option<[u8; 2]>, "[u8; 2], optional", None => [Some([1, 2]), None];
    optional_enums_round_trip: Option<Job>, "enum(farmer, royal guard, tax_collector), optional",
        Some(Job::Guard) => [None, Some(Job::TaxCollector)];
    optional_static_texts_are_unset: Option<&'static str>, "text, optional", Some("Ada") => [None];
}

#[test]
fn nan_keeps_its_bits() -> Outcome {
    #[derive(Reflect)]
    struct Nans {
        single: f32,
        double: f64,
        vector: Vec2,
        many: Vec<f32>,
    }
    let payload = f32::from_bits(0x7fc1_2345);
    let minus = f64::from_bits(0xfff8_0000_dead_beef);
    let vector = Vec2::new(payload, -0.0);
    let object = Nans { single: payload, double: minus, vector, many: vec![payload] };
    let empty = Nans { single: 0.0, double: 0.0, vector: Vec2::ZERO, many: vec![] };
    let back = through_store(&object, empty)?;
    assert_eq!(back.single.to_bits(), payload.to_bits());
    assert_eq!(back.double.to_bits(), minus.to_bits());
    assert_eq!(back.vector.to_array().map(f32::to_bits), vector.to_array().map(f32::to_bits));
    assert_eq!(back.many[0].to_bits(), payload.to_bits());
    Ok(())
}

#[test]
fn raw_names_round_trip() -> Outcome {
    #[derive(Reflect, Debug, PartialEq)]
    struct Raw {
        r#type: u8,
        r#move: Vec<u8>,
    }
    assert_eq!(slots(&schema_of::<Raw>()?), ["type: u8", "move: list(u8)"]);
    let raw = Raw { r#type: 1, r#move: vec![2] };
    assert_eq!(through_store(&raw, Raw { r#type: 3, r#move: vec![] })?, raw);
    Ok(())
}

#[derive(Reflect, Clone, Debug, PartialEq)]
struct Follower {
    #[reflect(@SlotReferences("follower"))]
    leader: Option<Reference>,
    #[reflect(@SlotReferences("follower"))]
    friends: Vec<Reference>,
}

#[test]
fn references_round_trip_and_are_checked() -> Outcome {
    let mut store = Store::new();
    store.register_schema(schema_of::<Follower>()?)?;
    let alone = Follower { leader: None, friends: vec![] };
    let first = Reference::from(spawn_reflected(&mut store, &alone)?);
    let follower = Follower { leader: Some(first), friends: vec![first, first] };
    let second = spawn_reflected(&mut store, &follower)?;
    let mut back = alone;
    read_into(&store, second, &mut back)?;
    assert_eq!(back, follower);

    store.despawn(first.0)?;
    let copy = spawn_reflected(&mut store, &follower)?;
    read_into(&store, copy, &mut back)?;
    assert_eq!(back, follower, "a copy keeps dead references");

    let never = Reference::from(ObjectId::from_bits(first.0.to_bits() + (4 << 32)).ok_or("odd")?);
    let follower = Follower { leader: Some(never), friends: vec![never, first] };
    assert_eq!(
        message(spawn_reflected(&mut store, &follower)),
        "2 problems:\
         \n  slot 'leader' of 'follower' refers to object 0:0:5, which has never existed\
         \n  element 0 of slot 'friends' of 'follower' refers to object 0:0:5, which has never existed"
    );
    Ok(())
}

#[test]
fn unset_options_stay_unset_if_the_slot_has_a_default() -> Outcome {
    #[derive(Reflect, Debug, PartialEq)]
    struct Unit {
        level: Option<u8>,
    }
    impl Default for Unit {
        fn default() -> Self {
            Self { level: Some(1) }
        }
    }
    let mut store = Store::new();
    let schema = schema_with_defaults_of::<Unit>()?;
    assert_eq!(slots(&schema), ["level: u8, optional, default 1"]);
    store.register_schema(schema)?;
    let id = spawn_reflected(&mut store, &Unit { level: None })?;
    let mut back = Unit::default();
    read_into(&store, id, &mut back)?;
    assert_eq!(back, Unit { level: None });
    Ok(())
}

mod names {
    use super::*;

    #[derive(
        Reflect, SlotValue, NoUninit, CheckedBitPattern, Clone, Copy, Debug, Default, PartialEq,
    )]
    #[bytemuck(crate = "slotted::bytemuck")]
    #[repr(u8)]
    enum Rank {
        #[default]
        Private,
        LanceCorporal,
        #[slot(name = "the boss")]
        #[reflect(@SlotName("the boss"))]
        General,
    }

    macro_rules! same_schema {
        ($($test:ident: $(#[$attribute:meta])* $name:ident { $($fields:tt)* })*) => {$(
            #[test]
            fn $test() -> Outcome {
                #[derive(Reflect, Slotted, Clone, Copy)]
                $(#[$attribute])*
                #[allow(non_camel_case_types, dead_code, clippy::upper_case_acronyms)]
                struct $name { $($fields)* }
                let schema = schema_of::<$name>()?;
                assert_eq!(schema, <$name as Slotted>::schema()?);
                let mut store = Store::new();
                assert_eq!(store.register::<$name>()?, store.register_schema(schema)?);
                Ok(())
            }
        )*};
    }
    same_schema! {
        one_word: Unit { health: f32 }
        two_words: RoyalGuard { health: f32 }
        capitals: UIElement { x: f32 }
        capitals_at_the_end: ElementUI { x: f32 }
        only_capitals: HTTP { x: f32 }
        capitals_and_a_word: HTTPServer { x: f32 }
        digits: Vec3Like { x: f32 }
        digits_and_capitals: A1B2Cc { x: f32 }
        snake_already: already_snake { x: f32 }
        both: Mixed_Case { x: f32 }
        leading_underscore: _Hidden { x: f32 }
        not_ascii: ÄpfelÜberall { größe: f32 }
        a_raw_name: r#struct { r#type: f32 }
        no_fields: Marker {}
        renamed: #[slotted(name = "orc")] #[reflect(@SchemaName("orc"))] OrcData {
            #[slot(name = "hp")]
            #[reflect(@SlotName("hp"))]
            health: f32,
        }
        constrained: Constrained {
            #[slot(default = 100.0, range = 0.0..=500.0, finite)]
            #[reflect(@SlotDefault::new(100.0), @SlotRange::new(0.0..=500.0), @SlotFinite)]
            health: f32,
            #[slot(range = 1..10, step = 3)]
            #[reflect(@SlotRange::new(1..10), @SlotStep::new(3))]
            level: Option<u8>,
            #[slot(default = "the boss")]
            #[reflect(@SlotDefault::new("the boss"))]
            rank: Rank,
            #[slot(default = [1, 2, 3])]
            #[reflect(@SlotDefault::new([1, 2, 3]))]
            array: [u16; 3],
        }
    }
}

#[test]
fn the_type_s_default_values_become_the_slots_defaults() -> Outcome {
    #[derive(Reflect)]
    struct Unit {
        name: &'static str,
        #[reflect(@SlotDefault::new(50.0), @SlotRange::new(0.0..))]
        health: f32,
        job: Job,
        at: Vec2,
        tags: Vec<String>,
        level: Option<u8>,
        target: Option<Reference>,
        home: Reference,
        friends: Vec<Reference>,
        #[reflect(ignore)]
        #[allow(dead_code)]
        cache: HashMap<String, usize>,
    }
    impl Default for Unit {
        fn default() -> Self {
            let nobody = ObjectId::from_bits(1 << 32).map(Reference::from);
            Self {
                name: "nobody",
                health: 100.0,
                job: Job::Guard,
                at: Vec2::X,
                tags: vec!["new".into()],
                level: None,
                target: nobody,
                home: Reference(ObjectId::from_bits(1 << 32).expect("an odd generation")),
                friends: nobody.into_iter().collect(),
                cache: HashMap::new(),
            }
        }
    }
    assert_eq!(
        slots(&schema_with_defaults_of::<Unit>()?),
        [
            "name: text, default \"nobody\"",
            "health: f32, default 50.0, range at least 0.0",
            "job: enum(farmer, royal guard, tax_collector), default \"royal guard\"",
            "at: vec2, default [1.0, 0.0]",
            "tags: list(text), default [\"new\"]",
            "level: u8, optional",
            "target: object, optional",
            "home: object",
            "friends: list(object)",
        ]
    );
    Ok(())
}

#[test]
fn all_bad_defaults_and_constraints_are_listed() {
    #[derive(Reflect, Default)]
    struct Unit {
        #[reflect(@SlotDefault::new("full"))]
        health: f32,
        #[reflect(@SlotDefault::new(300))]
        level: u8,
        #[reflect(@SlotDefault::new("baker"))]
        job: Job,
        #[reflect(@SlotRange::new(1..=9))]
        age: u8,
        #[reflect(@SlotRange::new(0..=300))]
        small: u8,
        #[reflect(@SlotFinite)]
        name: String,
        #[reflect(@SlotReferences("unit"))]
        target: u32,
        #[reflect(@SlotName(""))]
        nameless: u8,
        long: Vec<[u8; 5000]>,
        empty: [f32; 0],
    }
    let others = "\
        \n  field 'health' cannot be a slot: bad default: slot 'health' of 'unit' expects f32, \
        found text \"full\"\
        \n  field 'level' cannot be a slot: bad default: slot 'level' of 'unit' expects u8, which \
        cannot hold 300\
        \n  field 'job' cannot be a slot: bad default: slot 'job' of 'unit' expects one of farmer, \
        royal guard, tax_collector; found 'baker'";
    let age = "\n  field 'age' cannot be a slot: bad default: slot 'age' of 'unit' expects 1 to 9, \
        found 0";
    let rest = "\
        \n  field 'small' cannot be a slot: slot 'small' of schema 'unit' is u8: the range 0 to 300 has \
        a number that u8 cannot hold\
        \n  field 'name' cannot be a slot: slot 'name' of schema 'unit' is text: 'finite' does not \
        apply\
        \n  field 'target' cannot be a slot: slot 'target' of schema 'unit' is u32: 'references' does \
        not apply\
        \n  field 'nameless' cannot be a slot: invalid name \"\": use 1 to 128 characters, \
        none of them a control character\
        \n  field 'long' cannot be a slot: slot 'long' of schema 'unit' cannot be stored: an array has \
        1 to 4096 elements, not 5000\
        \n  field 'empty' cannot be a slot: slot 'empty' of schema 'unit' cannot be stored: an array \
        has 1 to 1024 elements, not 0";
    assert_eq!(message(schema_of::<Unit>()), format!("'Unit' has 9 problems:{others}{rest}"));
    assert_eq!(
        message(schema_with_defaults_of::<Unit>()),
        format!("'Unit' has 10 problems:{others}{age}{rest}")
    );
}

mod refused {
    use super::*;

    #[derive(Reflect, Default)]
    struct Inner {
        x: f32,
    }

    #[derive(Reflect, Default)]
    struct Empty;

    #[derive(Reflect, Default)]
    struct Meters(f32);

    #[derive(Reflect)]
    enum Shape {
        Point,
        Circle { radius: f32 },
        Square(f32),
    }

    #[derive(Reflect)]
    struct Parametric<T> {
        x: T,
    }

    macro_rules! refusals {
        ($($test:ident: $type:ty => $message:literal;)*) => {$(
            #[test]
            fn $test() {
                #[derive(Reflect)]
                struct Object {
                    value: $type,
                }
                let expected = concat!("'Object': field 'value' cannot be a slot: ", $message);
                assert_eq!(message(schema_of::<Object>()), expected);
            }
        )*};
    }
    refusals! {
        structs_without_fields: Empty => "'Empty' is a struct without fields, so it has no slots; use \
            a bool, or `#[reflect(ignore)]`";
        lists_of_structs_without_fields: Vec<Empty> => "'Empty' is a struct without fields, so it has \
            no slots; use a bool, or `#[reflect(ignore)]`";
        lists_of_optional_structs: Vec<Option<Inner>> => "'Option<Inner>' is optional, but list \
            elements must be set; leave out the unset ones";
        tuple_structs: Option<Meters> => "'Meters' is a tuple struct; use its inner type, or a struct \
            with named fields";
        units: () => "'()' has no fields, so it has no slots; use a bool, or `#[reflect(ignore)]`";
        maps_with_other_keys: HashMap<u8, u8> => "'HashMap<u8, u8, RandomState>' is a map whose keys are not texts, \
            references or enums without data; use a 'Vec' of tuples, or an 'AnyValue'";
        maps_of_options: HashMap<String, Option<u8>> => "'HashMap<String, Option<u8>, RandomState>' is \
            optional, but list elements must be set; leave out the unset ones";
        sets: HashSet<u8> => "'HashSet<u8, RandomState>' is a set; use a 'Vec'";
        nested_options: Option<Option<u8>> => "'Option<Option<u8>>' is an option inside an option; use one option";
        lists_of_options: Vec<Option<u8>> => "'Option<u8>' is optional, but list elements must be set; leave out the unset ones";
        arrays_of_options: [Option<u8>; 2] => "'Option<u8>' is optional, but list elements must be set; leave out the unset ones";
        usizes: usize => "'usize' has a platform-dependent width; use 'u32' or 'u64'";
        isizes: isize => "'isize' has a platform-dependent width; use 'i32' or 'i64'";
        u128s: u128 => "'u128' is wider than any slot; use 'u64', or an array of two";
        i128s: Option<i128> => "'i128' is wider than any slot; use 'i64', or an array of two";
        entities: Entity => "'Entity' is an entity of Bevy; use 'Reference' for an object of the store";
        characters: char => "'char' is not a supported type; use a bool, a number, a glam vector, \
            a text, a list or a struct of these";
        durations: std::time::Duration => "'Duration' is not a supported type; use a bool, a \
            number, a glam vector, a text, a list or a struct of these";
    }

    #[test]
    fn other_vectors_are_rejected_with_alternatives() {
        #[derive(Reflect)]
        struct Object {
            aligned: Vec3A,
            doubles: DVec4,
            integers: UVec3,
        }
        let names = VectorKind::ALL.iter().map(|kind| format!("'{}'", kind.type_name()));
        let names = names.collect::<Vec<_>>().join(", ");
        let expected = [
            "aligned' cannot be a slot: 'Vec3A",
            "doubles' cannot be a slot: 'DVec4",
            "integers' cannot be a slot: 'UVec3",
        ];
        let expected = expected.map(|start| {
            format!("\n  field '{start}' is not a supported vector type; use {names} or an array of numbers")
        });
        let expected = format!("'Object' has 3 problems:{}", expected.concat());
        assert_eq!(message(schema_of::<Object>()), expected);
    }

    #[test]
    fn all_fields_are_named() {
        #[derive(Reflect)]
        struct Bad {
            fine: f32,
            inner: (),
            size: usize,
            #[reflect(@SlotDefault::new("full"))]
            health: u8,
            #[reflect(@SlotName("fine"))]
            twice: u8,
        }
        let error = schema_of::<Bad>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "'Bad' has 4 problems:\
             \n  field 'inner' cannot be a slot: '()' has no fields, so it has no slots; use a bool, or \
             `#[reflect(ignore)]`\
             \n  field 'size' cannot be a slot: 'usize' has a platform-dependent width; use 'u32' or \
             'u64'\
             \n  field 'health' cannot be a slot: bad default: slot 'health' of 'bad' expects u8, found \
             text \"full\"\
             \n  field 'twice' names slot 'fine', which field 'fine' already uses"
        );
        let ReflectError::Fields { problems, .. } = error else { panic!("{error}") };
        let FieldIssue::NotASlot { reason, .. } = &problems[0].what else { panic!() };
        assert_eq!((&*problems[0].field, reason), ("inner", &NotASlot::NoParts));
    }

    #[test]
    fn types_without_named_fields() {
        let expected =
            |name| format!("'{name}' is not a struct with named fields; a schema needs one");
        assert_eq!(message(schema_of::<Meters>()), expected("Meters"));
        assert_eq!(message(schema_of::<Shape>()), expected("Shape"));
        assert_eq!(message(schema_of::<Vec<u8>>()), expected("Vec<u8>"));
        assert_eq!(message(schema_of_info(f32::type_info())), expected("f32"));
        assert_eq!(message(record_of(&Meters(1.0))), expected("Meters"));
        assert_eq!(message(spawn_reflected(&mut Store::new(), &1_u8)), expected("u8"));
    }

    #[test]
    fn generic_structs_without_a_name() -> Outcome {
        #[derive(Reflect)]
        #[reflect(@SchemaName("box"))]
        struct Named<T, const N: usize> {
            items: [T; N],
        }
        assert_eq!(
            message(schema_of::<Parametric<f32>>()),
            "'Parametric<f32>' is generic, so several types share its name; name the schema with `#[reflect(@SchemaName(\"...\"))]`"
        );
        assert_eq!(schema_of::<Named<u8, 4>>()?.name(), "box");
        assert_eq!(slots(&schema_of::<Named<u8, 4>>()?), ["items: [u8; 4]"]);
        Ok(())
    }

    #[test]
    fn a_bad_schema_name_is_reported_once() {
        #[derive(Reflect)]
        #[reflect(@SchemaName("two\nlines"))]
        struct Object {
            a: u8,
            b: u8,
        }
        assert_eq!(
            message(schema_of::<Object>()),
            "invalid name \"two\\nlines\": use 1 to 128 characters, none of them a control \
             character"
        );
    }

    #[test]
    fn types_that_contain_themselves() {
        #[derive(Reflect)]
        #[reflect(no_field_bounds)]
        struct Tree {
            children: Vec<Tree>,
            table: HashMap<String, Tree>,
        }
        assert_eq!(
            message(schema_of::<Tree>()),
            "'Tree' has 2 problems:\
             \n  field 'children' cannot be a slot: 'Tree' contains itself, so its slots have no end; \
             use a 'Reference' to an object of its own\
             \n  field 'table' cannot be a slot: 'Tree' contains itself, so its slots have no end; use a \
             'Reference' to an object of its own"
        );
    }

    #[test]
    fn attributes_in_the_wrong_place() {
        #[derive(Reflect)]
        #[reflect(@SlotFinite)]
        struct OnStruct {
            value: f32,
        }
        #[derive(Reflect)]
        struct OnField {
            #[reflect(@SchemaName("unit"))]
            value: f32,
        }
        assert_eq!(
            message(schema_of::<OnStruct>()),
            "'OnStruct' has the attribute 'SlotFinite', which belongs on a field"
        );
        assert_eq!(
            message(schema_of::<OnField>()),
            "'OnField': field 'value' has the attribute 'SchemaName', which belongs on the struct"
        );
    }

    #[test]
    fn enums_without_variants() {
        #[derive(Reflect)]
        enum Never {}
        #[derive(Reflect)]
        struct Impossible {
            never: Never,
        }
        assert_eq!(
            message(schema_of::<Impossible>()),
            "'Impossible': field 'never' cannot be a slot: slot 'never' of schema 'impossible' cannot \
             be stored: an enum has 1 to 256 variants, not 0"
        );
    }

    #[test]
    fn enums_with_one_name_for_two_variants() {
        #[derive(Reflect)]
        enum Twice {
            RoyalGuard,
            #[reflect(@SlotName("royal_guard"))]
            Guard,
        }
        #[derive(Reflect)]
        struct Object {
            job: Twice,
        }
        assert_eq!(
            message(schema_of::<Object>()),
            "'Object': field 'job' cannot be a slot: slot 'job' of schema 'object' cannot be stored: \
             variant 'royal_guard' is named twice"
        );
    }
}
