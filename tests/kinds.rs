//! Tests every kind in every API. The tests cover new kinds of the table automatically.

use std::error::Error;

use slotted::schema::{NumberKind, VectorKind};
use slotted::slot_value::Vector;
use slotted::{
    ByName, Delta, Kind, List, MapStore, Record, Schema, SlotValue, Store, Value, View, record,
};

type Outcome = Result<(), Box<dyn Error>>;

/// Distinct numbers that every number kind holds exactly.
fn numbers(kind: VectorKind) -> Value {
    let number = |position: usize| match kind.component() {
        NumberKind::F32 | NumberKind::F64 => Value::from(position as f64 + 0.5),
        _ => Value::from(position as i64 + 1),
    };
    (0..kind.components()).map(number).collect::<Vec<_>>().into()
}

fn vector(kind: VectorKind) -> Value {
    numbers(kind).to_vector(kind).expect("the numbers fit")
}

/// Creates a store with the schema `thing` and its slots `value` and `values` of the kind.
fn store_of(kind: Kind) -> Result<Store, Box<dyn Error>> {
    let mut store = Store::new();
    let thing = Schema::builder("thing")
        .slot("value", kind.clone())
        .slot("values", Kind::list(kind.clone()))
        .default(Value::List([].into()))
        .slot("maybe", kind)
        .optional();
    store.register_schema(thing.build()?)?;
    Ok(store)
}

#[test]
fn a_value_has_its_expected_size() {
    assert_eq!(size_of::<Value>(), 24);
}

#[test]
fn kinds_are_found_by_name() {
    for kind in Kind::named() {
        let name = kind.name().expect("a named kind has a name");
        assert_eq!(Kind::from_name(name), Some(kind.clone()));
        assert_eq!(kind.to_string(), name);
    }
    assert_eq!(Kind::from_name("vec5"), None);
    assert_eq!(Kind::enumeration(["a"]).name(), None);
    assert_eq!(Kind::named().count(), 4 + VectorKind::ALL.len() + NumberKind::ALL.len());
}

#[test]
fn vector_kinds_describe_their_values() {
    for (position, kind) in VectorKind::ALL.iter().enumerate() {
        assert_eq!(kind.index(), position);
        let value = vector(*kind);
        assert_eq!(value.vector_kind(), Some(*kind));
        assert_eq!(value.kind_name(), kind.name());
        let own = value.numbers().expect("a vector has numbers");
        assert_eq!(own.len(), kind.components());
        assert_eq!(Value::from(own).to_vector(*kind).as_ref(), Some(&value), "{kind:?}");
        assert_eq!(Kind::Vector(*kind).components(), Some((kind.component(), kind.components())));
        assert_eq!(numbers(*kind).to_string(), value.to_string(), "displayed like a list");
    }
}

#[test]
fn records_names_and_lists_hold_every_vector() -> Outcome {
    for kind in VectorKind::ALL {
        let (list, value) = (numbers(*kind), vector(*kind));
        let mut store = store_of(Kind::Vector(*kind))?;
        let id = store.spawn_record("thing", record! { value: list.clone() })?;
        assert_eq!(store.get_value(id, "value")?, value);
        assert_eq!(store.get_value(id, "maybe")?, Value::Unset);
        store.set_value(id, "maybe", value.clone())?;
        store.set_value(id, "values", [value.clone(), list.clone()])?;
        assert_eq!(store.get_value(id, "maybe")?, value);
        assert_eq!(store.get_value(id, "values")?, [value.clone(), value.clone()].into());
        let short = list.to_string();
        let error = store.set_value(id, "value", [list]).unwrap_err().to_string();
        assert!(error.contains(&format!("expects {}", kind.name())), "{error} for [{short}]");
        let error = store.set_value(id, "value", Value::Unset).unwrap_err().to_string();
        assert!(error.contains("may not be unset"), "{error}");
    }
    Ok(())
}

#[test]
fn every_kind_of_number_is_read_as_it_was_set() -> Outcome {
    for kind in NumberKind::ALL {
        let mut store = store_of(Kind::Number(*kind))?;
        let id = store.spawn_record("thing", record! { value: 7 })?;
        let found = store.get_value(id, "value")?;
        let is_seven = match kind {
            NumberKind::F32 => found == Value::F32(7.0),
            NumberKind::F64 => found == Value::F64(7.0),
            _ => found == Value::Int(7),
        };
        assert!(is_seven, "{kind}: {found}");
        store.set_value(id, "values", [1, 2])?;
        if let Some((least, most)) = kind.integer_range() {
            let wide = |number: i128| match u64::try_from(number) {
                Ok(number) => Value::from(number),
                Err(_) => Value::from(number as i64),
            };
            store.set_value(id, "value", wide(least))?;
            store.set_value(id, "value", wide(most))?;
            assert_eq!(store.get_value(id, "value")?, wide(most));
        }
    }
    Ok(())
}

#[test]
fn deltas_and_hashes_carry_every_vector() -> Outcome {
    for kind in VectorKind::ALL {
        let mut store = store_of(Kind::Vector(*kind))?;
        let mut copy = store_of(Kind::Vector(*kind))?;
        let before = store.snapshot();
        let id = store.spawn_record("thing", record! { value: vector(*kind) })?;
        let after = store.snapshot();
        assert_ne!(before.state_hash(), after.state_hash(), "{kind:?}");
        let delta = Delta::between(&before, &after)?;
        copy.apply(&delta)?;
        assert_eq!(copy.get_value(id, "value")?, vector(*kind));
        assert_eq!(copy.snapshot().state_hash(), after.state_hash());
        store.restore(&before)?;
        assert!(!store.contains(id));
    }
    Ok(())
}

#[test]
fn hashes_depend_on_every_number_of_a_vector() -> Outcome {
    for kind in VectorKind::ALL {
        let mut store = store_of(Kind::Vector(*kind))?;
        let id = store.spawn_record("thing", record! { value: vector(*kind) })?;
        let mut seen = vec![store.snapshot().state_hash()];
        for position in 0..kind.components() {
            let mut own = vector(*kind).numbers().expect("a vector has numbers");
            own[position] = 100.into();
            let value = Value::from(own).to_vector(*kind).expect("the number fits");
            store.set_value(id, "value", value)?;
            seen.push(store.snapshot().state_hash());
        }
        let len = seen.len();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), len, "{kind:?}");
    }
    Ok(())
}

#[test]
fn map_stores_hold_every_vector() -> Outcome {
    for kind in VectorKind::ALL {
        let mut store = MapStore::new();
        let record = Record::from_iter([("value", vector(*kind))]);
        let id = ByName::spawn_record(&mut store, "thing", record)?;
        assert_eq!(ByName::get_value(&store, id, "value")?, vector(*kind));
    }
    Ok(())
}

#[cfg(feature = "serde")]
#[test]
fn serde_writes_every_vector_as_its_numbers() -> Outcome {
    for kind in VectorKind::ALL {
        let text = serde_json::to_string(&vector(*kind))?;
        let read: Value = serde_json::from_str(&text)?;
        assert_eq!(read.to_vector(*kind), Some(vector(*kind)), "{text}");
    }
    Ok(())
}

/// Tests keys, columns and lists of one Rust type.
fn typed<V: Vector + SlotValue + slotted::slot_value::ListElement + PartialEq + std::fmt::Debug>()
-> Outcome {
    assert_eq!(V::kind(), Kind::Vector(V::KIND));
    let value: V = vector(V::KIND).vector().expect("the value is one of that type");
    let mut store = store_of(V::kind())?;
    let id = store.spawn_record("thing", record! { value: value })?;
    let key = store.key::<V>("thing", "value")?;
    assert_eq!(store.get(id, key), Some(value));
    assert!(store.key::<f32>("thing", "value").is_err());
    let list: List<V> = store.intern_list(&[value, value])?;
    let values = store.key::<List<V>>("thing", "values")?;
    store.set(id, values, list)?;
    assert_eq!(store.resolve_list(list), Some(&[value, value][..]));
    assert_eq!(store.column(key)?.get(id), Some(value));
    Ok(())
}

macro_rules! types {
    ($($name:ident $word:literal [$number:ident; $length:literal] $component:ident $filler:ident $form:ident $held:ident $mint:ident;)*) => {
        #[test]
        fn keys_columns_and_lists_hold_every_vector() -> Outcome {
            $(typed::<slotted::glam::$name>()?;)*
            Ok(())
        }

        #[test]
        fn views_write_every_vector() -> Outcome {
            $({
                #[derive(View)]
                struct Thing<'a> {
                    value: &'a mut slotted::glam::$name,
                    maybe: Option<&'a slotted::glam::$name>,
                }

                let mut store = store_of(Kind::$name)?;
                let new = vector(VectorKind::$name);
                let value = slotted::glam::$name::$filler;
                let id = store.spawn_record("thing", record! { value: value, maybe: new.clone() })?;
                assert_eq!(store.get_value(id, "value")?, value.into());
                assert!(matches!(store.get_value(id, "value")?, Value::$name(_)));
                store.view::<Thing>()?.for_each(|thing| *thing.value = *thing.maybe.expect("it is set"));
                assert_eq!(store.get_value(id, "value")?, new);
            })*
            Ok(())
        }
    };
}
slotted::for_each_vector!(types);

/// A type that has the name, the size and the alignment of an opaque one.
#[derive(
    Clone, Copy, Debug, PartialEq, slotted::bytemuck::Pod, slotted::bytemuck::Zeroable, SlotValue,
)]
#[bytemuck(crate = "slotted::bytemuck")]
#[repr(C)]
struct Color {
    rgb: [u8; 3],
}

#[test]
fn types_of_another_program_are_bytes_that_no_type_of_this_one_reads() -> Outcome {
    let name = std::any::type_name::<Color>();
    let opaque = Kind::opaque_pod(name, 3, 1);
    assert_ne!(opaque, Color::kind());
    assert_eq!(opaque.to_string(), Color::kind().to_string());
    let bytes = |bytes: [u8; 3]| Value::Bytes(bytes.into());
    let mut there = store_of(Color::kind())?;
    let mut here = store_of(opaque)?;
    let record = record! {
        value: bytes([1, 2, 3]), values: [bytes([4, 5, 6]), bytes([7, 8, 9])], maybe: bytes([0, 0, 1])
    };
    let id = there.spawn_record("thing", record.clone())?;
    assert_eq!(here.spawn_record("thing", record)?, id);
    assert_eq!(here.get_record(id)?, there.get_record(id)?);
    assert_eq!(here.state_hash(), there.state_hash());
    assert!(here.set_value(id, "value", Value::Bytes([1, 2].into())).is_err());

    assert!(there.key::<Color>("thing", "value").is_ok());
    assert!(here.key::<Color>("thing", "value").is_err());
    assert!(here.key::<List<Color>>("thing", "values").is_err());
    Ok(())
}

#[test]
fn layouts_that_no_type_has_are_refused() {
    for (size, align) in [(0, 1), (3, 2), (4, 3), (4, 0), (5000, 1), (64, 32), (8, 16)] {
        let kind = Kind::opaque_pod("Color", size, align);
        for kind in [kind.clone(), Kind::list(kind)] {
            let built = Schema::builder("thing").slot("value", kind).build();
            assert!(built.is_err(), "{size} bytes aligned to {align}");
        }
    }
}
