//! Columns of other types than an export writes.

use std::sync::Arc;

use arrow_array::builder::{
    FixedSizeListBuilder, Float64Builder, LargeListBuilder, ListBuilder, StringBuilder,
};
use arrow_array::types::{Int8Type, Int16Type};
use arrow_array::{
    ArrayRef, BinaryViewArray, BooleanArray, DictionaryArray, Float32Array, Float64Array,
    Int8Array, Int64Array, LargeBinaryArray, LargeStringArray, NullArray, RecordBatch, StringArray,
    StringViewArray, UInt8Array, UInt64Array,
};
use slotted::{Kind, ObjectId, Record, Schema, Store, Value};
use slotted_arrow::import::import_batches;

use crate::worlds::{Cell, Outcome};

/// Imports one column for a slot of this kind, and returns the values.
fn import(kind: Kind, column: impl arrow_array::Array + 'static) -> Result<Vec<Value>, String> {
    let mut store = Store::new();
    let schema = Schema::builder("unit").slot("x", kind).optional().build();
    store
        .register_schema(schema.map_err(|error| error.to_string())?)
        .map_err(|error| error.to_string())?;
    let batch = RecordBatch::try_from_iter([("x", Arc::new(column) as ArrayRef)]);
    let ids = import_batches(&mut store, "unit", [batch]).map_err(|error| error.to_string())?;
    ids.iter().map(|id| store.get_value(*id, "x").map_err(|error| error.to_string())).collect()
}

#[test]
fn numbers_of_other_widths_convert_if_they_fit() {
    let wide = || Int64Array::from(vec![Some(7), None, Some(-1)]);
    assert_eq!(import(Kind::I8, wide()), Ok(vec![7.into(), Value::Unset, (-1).into()]));
    assert_eq!(
        import(Kind::U8, wide()),
        Err("row 2: slot 'x' of 'unit' expects u8, which cannot hold -1".to_owned())
    );
    assert_eq!(import(Kind::F32, Int8Array::from(vec![3])), Ok(vec![3.0_f32.into()]));
    let large = UInt64Array::from(vec![u64::MAX]);
    assert_eq!(import(Kind::U64, large.clone()), Ok(vec![u64::MAX.into()]));
    let message = "row 0: slot 'x' of 'unit' expects f64, which cannot hold 18446744073709551615";
    assert_eq!(import(Kind::F64, large), Err(message.to_owned()));
    assert_eq!(import(Kind::F32, Float64Array::from(vec![0.5])), Ok(vec![0.5_f32.into()]));
    assert_eq!(import(Kind::F64, Float32Array::from(vec![0.5])), Ok(vec![0.5_f64.into()]));
    let message = "row 0: slot 'x' of 'unit' expects i32, found number 0.5";
    assert_eq!(import(Kind::I32, Float64Array::from(vec![0.5])), Err(message.to_owned()));
    let message = "row 0: slot 'x' of 'unit' expects i32, found bool true";
    assert_eq!(import(Kind::I32, BooleanArray::from(vec![true])), Err(message.to_owned()));
}

#[test]
fn texts_of_all_layouts_are_texts_and_variants() {
    let words = vec![Some("red"), None, Some("blue")];
    let expected = || Ok(vec!["red".into(), Value::Unset, "blue".into()]);
    for kind in [Kind::Text, Kind::enumeration(["red", "green", "blue"])] {
        assert_eq!(import(kind.clone(), StringArray::from(words.clone())), expected());
        assert_eq!(import(kind.clone(), LargeStringArray::from(words.clone())), expected());
        assert_eq!(import(kind.clone(), StringViewArray::from(words.clone())), expected());
        let words: DictionaryArray<Int8Type> = words.iter().copied().collect();
        assert_eq!(import(kind.clone(), words), expected());
        // The dictionary has more words than rows, one of them null.
        let keys = arrow_array::PrimitiveArray::<Int16Type>::from(vec![2, 0, 3]);
        let words = StringArray::from(vec![None, Some("other"), Some("red"), Some("blue")]);
        let words = DictionaryArray::new(keys, Arc::new(words));
        assert_eq!(import(kind, words), expected());
    }
    assert_eq!(
        import(Kind::enumeration(["red", "green"]), StringArray::from(vec!["gren"])),
        Err("row 0: slot 'x' of 'unit' expects one of red, green; found 'gren'; did you mean 'green'?"
            .to_owned())
    );
}

#[test]
fn lists_of_all_layouts_are_vectors_arrays_and_lists() {
    let rows = [vec![1.0, 2.0, 3.0], vec![4.0, 5.0, 6.0]];
    let mut list = ListBuilder::new(Float64Builder::new());
    let mut large = LargeListBuilder::new(Float64Builder::new());
    let mut fixed = FixedSizeListBuilder::new(Float64Builder::new(), 3);
    for row in rows {
        list.append_value(row.iter().copied().map(Some));
        large.append_value(row.iter().copied().map(Some));
        fixed.values().append_slice(&row);
        fixed.append(true);
    }
    let (list, large, fixed) = (list.finish(), large.finish(), fixed.finish());
    for (name, width) in [("vec3", 12), ("dvec3", 24)] {
        let kind = Kind::from_name(name).unwrap_or(Kind::Bool);
        let expected = import(kind.clone(), list.clone());
        assert_eq!(expected.as_ref().map(Vec::len), Ok(2), "{name} of {width} bytes");
        assert_eq!(import(kind.clone(), large.clone()), expected);
        assert_eq!(import(kind, fixed.clone()), expected);
    }
    let numbers = Kind::list(Kind::F32);
    let expected: Vec<Value> = vec![[1.0_f32, 2.0, 3.0].into(), [4.0_f32, 5.0, 6.0].into()];
    for column in [Arc::new(list.clone()) as ArrayRef, Arc::new(large), Arc::new(fixed)] {
        assert_eq!(import(numbers.clone(), column.clone()), Ok(expected.clone()));
        // A part of an array begins elsewhere in its memory.
        assert_eq!(import(numbers.clone(), column.slice(1, 1)), Ok(expected[1..].to_vec()));
    }
    let two = Kind::from_name("vec2").unwrap_or(Kind::Bool);
    let message = import(two, list).unwrap_err();
    assert!(
        message.starts_with("2 problems:\n  row 0: slot 'x' of 'unit' expects vec2, found list"),
        "{message}"
    );

    let mut words = ListBuilder::new(StringBuilder::new());
    words.append_value([Some("a"), None]);
    let message = "row 0: element 1 of slot 'x' of 'unit' expects text and may not be unset";
    assert_eq!(import(Kind::list(Kind::Text), words.finish()), Err(message.to_owned()));
}

#[test]
fn bytes_of_all_layouts_are_plain_memory() {
    let bytes: &[u8] = &[1, 2, 3, 4, 5, 6, 7, 8];
    let expected = Ok(vec![Value::Bytes(bytes.into())]);
    assert_eq!(import(Kind::pod::<Cell>(), LargeBinaryArray::from(vec![bytes])), expected);
    assert_eq!(import(Kind::pod::<Cell>(), BinaryViewArray::from(vec![bytes])), expected);
    let message = import(Kind::pod::<Cell>(), LargeBinaryArray::from(vec![&bytes[1..]]));
    assert!(message.unwrap_err().ends_with("found bytes 7 bytes"));
}

#[test]
fn numbers_that_are_no_ids_are_refused_as_references() {
    let id = |bits: u64| ObjectId::from_bits(bits);
    assert_eq!(id(0), None);
    let message = "row 0: slot 'x' of 'unit' expects object, found integer 0";
    assert_eq!(import(Kind::Object, UInt64Array::from(vec![0])), Err(message.to_owned()));
    let message = import(Kind::Object, Int64Array::from(vec![1_i64 << 32])).unwrap_err();
    assert_eq!(
        message,
        "row 0: slot 'x' of 'unit' refers to object 0:0:1, which has never existed"
    );
}

#[test]
fn columns_without_values_leave_them_out() -> Outcome {
    let mut store = Store::new();
    let unit = Schema::builder("unit")
        .slot("name", Kind::Text)
        .slot("health", Kind::U8)
        .default(100)
        .slot("rage", Kind::F32)
        .optional()
        .default(0.5);
    store.register_schema(unit.build()?)?;
    let names = Arc::new(StringArray::from(vec!["Ada", "Bob"])) as ArrayRef;
    let health = Arc::new(UInt8Array::from(vec![None, Some(7)])) as ArrayRef;
    let rage = Arc::new(NullArray::new(2)) as ArrayRef;

    let batch = RecordBatch::try_from_iter([("name", names.clone())])?;
    let ids = import_batches(&mut store, "unit", [Ok(batch)])?;
    let expected = slotted::record! { name: "Ada", health: 100, rage: 0.5_f32 };
    assert_eq!(store.get_record(ids[0])?, expected);

    let batch = RecordBatch::try_from_iter([("rage", rage), ("health", health), ("name", names)])?;
    let ids = import_batches(&mut store, "unit", [Ok(batch)])?;
    let found: Vec<Record> =
        ids.iter().map(|id| store.get_record(*id)).collect::<Result<_, _>>()?;
    let expected =
        [("Ada", 100), ("Bob", 7)].map(|(name, health)| slotted::record! { name, health });
    assert_eq!(found, expected, "a null unsets an optional slot");
    Ok(())
}
