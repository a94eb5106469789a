//! Tests each rule of an inference, and inference of random objects.

use std::error::Error;

use proptest::prelude::*;
use slotted::glam::{IVec2, Mat4, Quat, Vec3};
use slotted::{Kind, Record, SchemaError, Store, Value, record};
use slotted_definitions::infer::SameData;
use slotted_definitions::infer::{
    Inference, InferenceOptions, Proposal, ProposalNote, Unslottable,
};

type Outcome = Result<(), Box<dyn Error>>;

fn infer(objects: &[Record]) -> Result<Proposal, SchemaError> {
    let mut inference = Inference::new(InferenceOptions::default());
    objects.iter().for_each(|object| inference.observe(object));
    inference.finish("thing")
}

/// Returns the slot for these values, or the reason why they get none.
fn slot(values: impl IntoIterator<Item = impl Into<Value>>) -> Result<String, Unslottable> {
    let objects: Vec<Record> =
        values.into_iter().map(|value| Record::from_iter([("a", value)])).collect();
    let proposal = infer(&objects).expect("a proposal");
    proposal.attributes()[0].kind.clone()?;
    let slot = proposal.schema().slots()[0].to_string();
    Ok(slot.trim_start_matches("a: ").to_owned())
}

#[track_caller]
fn is(slot: Result<String, Unslottable>, expected: &str) {
    assert_eq!(slot.as_deref(), Ok(expected));
}

/// Spawns the slots of each object, reads them back, adds the rest, and compares.
fn round_trip(proposal: &Proposal, objects: &[Record]) -> Outcome {
    let mut store = Store::new();
    store.register_schema(proposal.schema().clone())?;
    for object in objects {
        let (slots, rest) = proposal.split(object.clone());
        let singles = proposal.one_or_lists();
        // A single value comes back as a list.
        let mut taken = Vec::new();
        let object: Record = object
            .iter()
            .map(|(name, value)| {
                let is_list = matches!(value, Value::List(_) | Value::Unset);
                let is_first = !taken.contains(&name);
                taken.push(name);
                match singles.iter().any(|one| is_first && !is_list && &**one == name) {
                    true => (name.to_owned(), Value::from(vec![value.clone()])),
                    false => (name.to_owned(), value.clone()),
                }
            })
            .collect();
        let id = store.spawn_record("thing", slots)?;
        let mut back = store.get_record(id)?;
        back.extend(rest);
        let schema = store.schema("thing").ok_or("no schema")?;
        let back = schema.spread(&back).into_owned();
        let object = &schema.spread(&object).into_owned();
        assert!(back.is_same_data(object), "{object:?}\nis read as\n{back:?}");
    }
    Ok(())
}

#[test]
fn integers_get_the_narrowest_kind_with_room_for_twice_as_much() {
    is(slot([0, 123]), "u8");
    is(slot([1, 64]), "u8");
    is(slot([0, 200]), "u16");
    is(slot([0, 1254]), "u16");
    is(slot([0, 24134]), "u16");
    is(slot([0, 40_000]), "u32");
    is(slot([-1, 15]), "i8");
    is(slot([-1, 100]), "i16");
    is(slot([-5_000_000_000_i64, 0]), "i64");
    is(slot([u64::MAX]), "u64");
    is(slot([i64::MIN]), "i64");
}

#[test]
fn the_largest_value_of_a_kind_selects_that_kind() {
    is(slot([0, 17, 255]), "u8");
    is(slot([0, 254]), "u16");
    is(slot([65_535]), "u16");
    is(slot([-128, 127]), "i8");
}

#[test]
fn one_float_makes_all_numbers_floats() {
    is(slot([Value::from(1), 0.5.into()]), "f32");
    is(slot([1.0, 4.0]), "f32");
    is(slot([0.35, 7.2000003]), "f32");
    is(slot([0.35, 0.1234567891]), "f64");
    is(slot([Value::from(16_777_217), 0.5.into()]), "f64");
    is(slot([0.1_f32]), "f32");
    is(slot([f64::NAN, f64::INFINITY, -0.0]), "f32");
    assert_eq!(slot([Value::from(i64::MAX), 0.5.into()]), Err(Unslottable::Numbers));
    assert_eq!(slot([Value::from(-1), u64::MAX.into()]), Err(Unslottable::Numbers));
}

#[test]
fn few_recurring_texts_are_an_enum() {
    let of = |different: usize, times: usize| {
        slot((0..different * times).map(|number| format!("v{:02}", number % different)))
    };
    is(of(2, 5), "enum(v00, v01)");
    is(of(2, 4), "text");
    is(of(32, 5).map(|slot| slot[..9].to_owned()), "enum(v00,");
    is(of(33, 50), "text");
    is(of(1, 50), "text");
    is(slot(["", "a"].repeat(20)), "text");
    is(slot(["long ".repeat(20).as_str(), "a"].repeat(20)), "text");
}

#[test]
fn options_limit_the_variants() -> Outcome {
    let mut options = InferenceOptions::default();
    (options.variants, options.recurrence) = (1000, 1);
    let mut inference = Inference::new(options);
    for number in 0..300 {
        let (few, many) = ((number % 256).to_string(), number.to_string());
        inference.observe(&record! { few, many });
    }
    let proposal = inference.finish("thing")?;
    let kinds: Vec<&Kind> =
        proposal.schema().slots().iter().map(slotted::schema::Slot::kind).collect();
    assert!(matches!(kinds[..], [Kind::Enum(_), Kind::Text]), "an enum has at most 256 variants");
    Ok(())
}

#[test]
fn absent_or_null_attributes_are_optional() {
    is(slot([Value::from(true), Value::Unset]), "bool, optional");
    let proposal = infer(&[record! { a: 1 }, record! { b: 1 }]).expect("a proposal");
    assert!(proposal.schema().slots().iter().all(slotted::schema::Slot::is_optional));
}

#[test]
fn lists_of_one_length_with_floats_are_vectors() {
    is(slot([[0.5, 1.0, 2.0], [0.0, 0.0, 0.0]]), "vec3");
    is(slot([[0.5, 1.0]]), "vec2");
    is(slot([[0.5, 1.0, 1.0, 1.0]]), "vec4");
    is(slot([Value::from(Vec3::ONE), [1, 2, 3].into()]), "vec3");
    is(slot([Value::from(IVec2::ONE), [1, 2].into()]), "ivec2");
    is(slot([Quat::IDENTITY]), "quat");
    is(slot([Mat4::IDENTITY]), "mat4");
    assert_eq!(slot([Value::from(Vec3::ONE), [1, 2].into()]), Err(Unslottable::Mixed));
    assert_eq!(slot([Value::from(IVec2::ONE), [0.5, 1.0].into()]), Err(Unslottable::Mixed));
}

#[test]
fn other_lists_are_of_the_kind_that_holds_all_elements() {
    is(slot([vec![0.5]]), "list(f32)");
    is(slot([vec![0.5; 5], vec![]]), "list(f32)");
    is(slot([vec![0.5; 3], vec![0.5; 2]]), "list(f32)");
    is(slot([[1.0, 2.0, 3.0]]), "list(f32)");
    is(slot([[0.1234567891; 3]]), "list(f64)");
    is(slot([[1, 2, 1000]]), "list(u16)");
    is(slot([["a", "b"]; 50]), "list(text)");
    is(slot([[true]]), "list(bool)");
    is(slot([Value::from([Vec3::ONE]), Value::Unset]), "list(vec3), optional");
}

#[test]
fn maps_with_few_names_are_nested_records() -> Outcome {
    let inner = |x: i64| Value::from_iter([("x", x)]);
    let objects = [
        record! { a: Value::from_iter([("b", Value::from(1)), ("c", inner(2))]) },
        record! { a: Value::from_iter([("b", Value::from(3)), ("c", inner(4)), ("d", [[1]].into())]) },
        record! { a: Value::Unset },
    ];
    let proposal = infer(&objects)?;
    let slots: Vec<_> = proposal.schema().slots().iter().map(ToString::to_string).collect();
    assert_eq!(
        slots,
        [
            "a.b: u8, optional",
            "a.c.x: u8, optional",
            "a.d[]: list(u8), optional",
            "a.d[]#: list(u32), optional"
        ]
    );
    round_trip(&proposal, &objects)
}

#[test]
fn a_part_without_a_slot_makes_its_record_any_or_leaves_it_out() -> Outcome {
    let objects =
        [record! { a: Value::from_iter([("b", Value::Bytes([1].into())), ("c", 1.into())]), d: 1 }];
    let mut options = InferenceOptions::default();
    options.any = false;
    let mut inference = Inference::new(options);
    objects.iter().for_each(|object| inference.observe(object));
    let proposal = inference.finish("thing")?;
    assert_eq!(proposal.schema().slots().len(), 1);
    round_trip(&proposal, &objects)?;

    // The same part in a map and under its own name, and a part given twice.
    let twice = Value::from_iter([("b", 1), ("b", 2)]);
    for objects in [
        [record! { a: Value::from_iter([("b", 2)]), "a.b": 1 }],
        [record! { "a.b": 1, a: Value::from_iter([("b", 2)]) }],
        [record! { a: twice }],
    ] {
        round_trip(&infer(&objects)?, &objects)?;
    }
    // Only the first value has a slot.
    let mut null_first = record! { a: Value::Unset };
    null_first.push("a", Value::from_iter([("b", 1)]));
    let objects = [record! { a: Value::from_iter([("b", 2)]) }, null_first];
    let proposal = infer(&objects)?;
    assert!(proposal.schema().slots()[0].is_optional());
    round_trip(&proposal, &objects)?;
    Ok(())
}

/// Returns the slots for these values.
fn slots(values: impl IntoIterator<Item = impl Into<Value>>) -> Vec<String> {
    let objects: Vec<Record> =
        values.into_iter().map(|value| Record::from_iter([("a", value)])).collect();
    let proposal = infer(&objects).expect("a proposal");
    round_trip(&proposal, &objects).expect("the objects load");
    proposal.schema().slots().iter().map(ToString::to_string).collect()
}

#[test]
fn lists_and_maps_of_one_form_have_a_slot_for_each_part() {
    let drop = |parts: &[(&str, i64)]| Value::from_iter(parts.iter().copied());
    assert_eq!(slots([[drop(&[("b", 1)])]]), ["a[].b: list(u8)"]);
    let lacking = vec![vec![drop(&[("b", 1), ("c", 2)])], vec![drop(&[("b", 3)])], vec![]];
    assert_eq!(
        slots(lacking),
        ["a[].b: list(u8)", "a[].c: list(u8), default []", "a[].c?: list(bool), default []"]
    );
    // The parts of a record that an element may lack say so.
    let inner = Value::from_iter([("d", drop(&[("e", 1)]))]);
    assert_eq!(
        slots([[inner, drop(&[])]]),
        ["a[].d.e: list(u8), default [], needed in a[].d", "a[].d.e?: list(bool), default []"]
    );
    assert_eq!(slots([[[1]]]), ["a[]: list(u8)", "a[]#: list(u32)"]);
    assert_eq!(slots([[Value::from(1), "a".into()]]), ["a.0: u8", "a.1: text"]);
    let pairs = [[
        Value::from(vec![Value::from(1), "a".into()]),
        vec![Value::from(300), "b".into()].into(),
    ]];
    assert_eq!(slots(pairs), ["a[].0: list(u16)", "a[].1: list(text)"]);
    assert_eq!(
        slots([Value::from("a"), ["a", "b"].into(), Value::Unset]),
        ["a: list(text), optional"]
    );
    let map = |at: i64| Value::from_iter([(format!("n{at}"), at)]);
    assert_eq!(slots((0..9).map(map)), ["a{}.key: list(text)", "a{}.value: list(u8)"]);
    let inner = |at: i64| Value::from_iter([("b", Value::from([map(at)])), ("c", [[at]].into())]);
    assert_eq!(
        slots([[inner(1), inner(2)]]),
        [
            "a[].b#: list(u32)",
            "a[].b[].n1: list(u8), default []",
            "a[].b[].n1?: list(bool), default []",
            "a[].c#: list(u32)",
            "a[].c[]: list(u8)",
            "a[].c[]#: list(u32)",
            "a[].b[].n2: list(u8), default []",
            "a[].b[].n2?: list(bool), default []",
        ]
    );
}

#[test]
fn values_of_several_sorts_become_unions() {
    let sorts = ["a|: enum(number, text)", "a|number: u8, optional", "a|text: text, optional"];
    assert_eq!(slots([Value::from(1), "one".into(), 2.5.into()])[..1], sorts[..1]);
    assert_eq!(slots([Value::from(1), "one".into()]), sorts);
    assert_eq!(
        slots([Value::from(1), Value::Unset, true.into()]),
        ["a|: enum(number, bool), optional", "a|number: u8, optional", "a|bool: bool, optional"]
    );
    // The parts so far are those of the first sort.
    let map = Value::from_iter([("b", Value::from(1)), ("c", "x".into())]);
    assert_eq!(
        slots([map.clone(), Value::from_iter([("b", 2)]), "x".into(), [1, 2].into()]),
        [
            "a|: enum(map, text, list)",
            "a|map.b: u8, optional",
            "a|map.c: text, optional",
            "a|map.c?: bool, optional",
            "a|text: text, optional",
            "a|list: list(u8), optional",
        ]
    );
    let lengths = [vec![1.into(), "a".into()], vec![Value::from(1)]];
    let elements = [
        "a[]|: list(enum(number, text))",
        "a[]|number: list(u8), default []",
        "a[]|text: list(text), default []",
    ];
    assert_eq!(slots(lengths), elements);
    // Lists of one sort before the first mixed one count too.
    let late = [vec![Value::from(300)], vec![Value::from(2)], vec!["a".into(), map]];
    assert_eq!(
        slots(late),
        [
            "a[]|: list(enum(number, text, map))",
            "a[]|number: list(u16), default []",
            "a[]|text: list(text), default []",
            "a[]|map.b: list(u8), default []",
            "a[]|map.c: list(text), default []",
        ]
    );
    // The order of the lists does not matter.
    let apart = [vec![Value::from(1)], vec!["a".into()]];
    assert_eq!(slots(apart), elements);
    let (inner, drop) = (Value::from([1, 2]), Value::from_iter([("n", 1)]));
    let lists = [vec![inner, drop.clone()], vec![drop, "x".into()]];
    assert_eq!(
        slots([Value::from(lists[0].clone()), lists[1].clone().into(), 7.into()]),
        [
            "a|: enum(list, number)",
            "a|list[]|: list(enum(list, map, text)), optional",
            "a|list[]|list: list(u8), optional",
            "a|list[]|list#: list(u32), optional",
            "a|list[]|map.n: list(u8), optional",
            "a|list[]|text: list(text), optional",
            "a|number: u8, optional",
        ]
    );
}

#[test]
fn names_that_collide_with_those_of_parts_lose_nothing() -> Outcome {
    let map = |name: &str, value: Value| Value::from_iter([(name.to_owned(), value)]);
    let mut first = Record::new();
    first.push("x|map.\u{e9}\u{e9}a", 1);
    first.push("x", map("\u{e9}\u{e9}a", map("y", 1.into())));
    let mut third = Record::new();
    third.push("x.\u{e9}\u{e9}a", 5);
    let objects = [first, record! { x: 3 }, third];
    round_trip(&infer(&objects)?, &objects)?;
    let long = "n".repeat(118);
    let object = |value: Value| Record::from_iter([(long.clone(), value)]);
    let objects = [object(map("a.b", 1.into())), object("x".into())];
    round_trip(&infer(&objects)?, &objects)?;
    let objects = [record! { e: map("a.b", 1.into()) }, record! { e: "x" }];
    round_trip(&infer(&objects)?, &objects)
}

#[test]
fn attributes_without_a_slot_have_a_reason() {
    let nested = || Value::from_iter([("b", Value::from(1)), ("c", "x".into())]);
    assert_eq!(slot([Value::from(1), Value::Bytes([1].into())]), Err(Unslottable::Mixed));
    assert_eq!(slot([Value::from(1), nested(), Value::List([].into())]), Err(Unslottable::Mixed));
    assert_eq!(slot([Value::Unset]), Err(Unslottable::NeverSet));
    let empty = Value::from_iter::<[(&str, Value); 0]>([]);
    let unknown = Value::from_iter([("b", Value::List([].into()))]);
    assert_eq!(slot([unknown, empty]), Err(Unslottable::NestedRecords));
    let unknown = (0..9).map(|at| if at < 8 { at.into() } else { Value::List([].into()) });
    assert_eq!(slot([unknown.collect::<Vec<Value>>()]), Err(Unslottable::MixedLists));
    // Only one level of maps by name has columns.
    let map = |at: i64| {
        Value::from_iter([(format!("n{at}"), Value::from_iter([(format!("n{at}"), at)]))])
    };
    assert_eq!(slot((0..9).map(map)), Err(Unslottable::Maps));
    assert_eq!(slot([[Value::from(1), Value::Unset]]), Err(Unslottable::MixedLists));
    assert_eq!(slot([Vec::<i32>::new()]), Err(Unslottable::EmptyLists));
    assert_eq!(slot([Value::Bytes([1].into())]), Err(Unslottable::Bytes));
    for name in [String::new(), "x".repeat(129), "a\u{202e}b".into(), "a\nb".into()] {
        let proposal = infer(&[Record::from_iter([(name, 1)])]).expect("a proposal");
        assert_eq!(proposal.attributes()[0].kind, Err(Unslottable::Name));
        assert!(!proposal.to_string().contains('\u{202e}'), "names are shown escaped");
    }
}

#[test]
fn values_are_counted_with_examples() -> Outcome {
    let long = "long ".repeat(1000);
    let mixed = |number: i32| match number {
        7 => Value::from(&*long),
        9 => [1, 2].into(),
        _ => number.into(),
    };
    let objects: Vec<Record> = (0..100).map(|number| record! { a: mixed(number) }).collect();
    let proposal = infer(&objects)?;
    let union = &proposal.unions()[0];
    let counts: Vec<_> = union.values.iter().map(|found| (found.kind, found.count)).collect();
    assert_eq!(counts, [("integer", 98), ("text", 1), ("list", 1)]);
    let example = &union.values[1].examples[0];
    assert_eq!(example.object, 7);
    assert!(example.value.len() < 100, "examples are truncated");
    let list = proposal.attributes().iter().find(|attribute| &*attribute.name == "a|list");
    assert_eq!(list.ok_or("no list")?.elements[0].count, 2);
    Ok(())
}

#[test]
fn constants_misspellings_and_repetitions_are_noted() -> Outcome {
    let mut objects: Vec<Record> =
        (0..1000).map(|number| record! { health: number, size: 64, name: "orc" }).collect();
    objects.push(record! { helth: 1, health: 1, size: 64, name: "orc" });
    let mut twice = record! { health: 1, size: 64, name: "orc" };
    twice.push("size", 64);
    objects.push(twice);
    let proposal = infer(&objects)?;
    let notes = |name: &str| {
        let named = proposal.attributes().iter().find(|attribute| &*attribute.name == name);
        named.map(|attribute| attribute.notes.clone()).unwrap_or_default()
    };
    assert_eq!(notes("size"), [ProposalNote::Constant(64.into()), ProposalNote::Repeated(1)]);
    assert_eq!(notes("name"), [ProposalNote::Constant("orc".into())]);
    assert_eq!(notes("health"), []);
    assert_eq!(notes("helth"), [ProposalNote::Misspelt { suggestion: "health".into() }]);
    let report = proposal.to_string();
    for line in [
        "'size' is 64 in every object: use a default, or drop the slot",
        "'size' is repeated once: the slot takes the first value",
        "'helth' is set in 1 of 1002 objects: did you mean 'health'?",
    ] {
        assert!(report.contains(line), "{report}");
    }
    round_trip(&proposal, &objects)
}

#[test]
fn memory_is_bounded_for_unbounded_names() -> Outcome {
    let mut options = InferenceOptions::default();
    options.attributes = 10;
    let mut inference = Inference::new(options);
    for number in 0..100 {
        inference.observe(&Record::from_iter([(format!("name {number}"), number)]));
    }
    let proposal = inference.finish("thing")?;
    assert_eq!((proposal.attributes().len(), proposal.ignored_values()), (10, 90));
    assert!(proposal.to_string().contains("90 values of attributes beyond the limit were ignored"));
    let (slots, rest) = proposal.split(record! { "name 3": 3, "name 33": 33 });
    assert_eq!((slots, rest), (record! { "name 3": 3 }, record! { "name 33": 33 }));
    Ok(())
}

#[test]
fn a_schema_needs_a_name() {
    assert!(matches!(Inference::default().finish(""), Err(SchemaError::BadName { .. })));
    let empty = Inference::default().finish("nothing").expect("a proposal");
    assert_eq!(empty.to_string(), "'nothing': 0 objects, 0 attributes, 0 slots\n");
}

fn any_value() -> impl Strategy<Value = Value> {
    let number = prop_oneof![
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (-3_i64..300).prop_map(Value::from),
        any::<f32>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        (-1000_i32..1000).prop_map(|number| (f64::from(number) / 100.0).into()),
    ];
    let leaf = prop_oneof![
        Just(Value::Unset),
        any::<bool>().prop_map(Value::from),
        number,
        "[a-c]?|\\PC{0,80}".prop_map(Value::from),
        any::<[f32; 3]>().prop_map(|vector| Vec3::from(vector).into()),
        any::<[i32; 2]>().prop_map(|vector| IVec2::from(vector).into()),
        any::<[u8; 2]>().prop_map(|bytes| Value::Bytes(bytes.as_slice().into())),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec(("[a-c]", inner), 0..3).prop_map(Value::from_iter),
        ]
    })
}

/// Maps with a tag, which decides their other parts, or most of them.
fn tagged() -> impl Strategy<Value = Vec<Value>> {
    let parts = || (any::<bool>(), "[a-c]", any_value(), 0..20_u8);
    let map = || {
        parts().prop_map(|(is_x, name, value, odd)| {
            let tag = if is_x { "x" } else { "y" };
            let own = if is_x { ("p", 1.into()) } else { ("q", value.clone()) };
            let mut map = vec![("tag", Value::from(tag)), own];
            if odd == 0 {
                map.push((if name == "a" { "p" } else { "r" }, value));
            }
            Value::from_iter(map)
        })
    };
    let lists = prop::collection::vec(map(), 0..5).prop_map(Value::from);
    prop_oneof![prop::collection::vec(map(), 10..13), prop::collection::vec(lists, 10..13)]
}

/// Similar values, like those of a typical attribute.
fn like_values() -> impl Strategy<Value = Vec<Value>> {
    let numbers = prop::collection::vec(any::<f32>(), 3);
    prop_oneof![
        prop::collection::vec(any_value(), 1..12),
        tagged(),
        prop::collection::vec(any::<i64>().prop_map(Value::from), 1..12),
        prop::collection::vec(any::<u16>().prop_map(Value::from), 1..12),
        prop::collection::vec(any::<f64>().prop_map(Value::from), 1..12),
        prop::collection::vec(any::<f32>().prop_map(|n| f64::from(n).into()), 1..12),
        prop::collection::vec("[ab]".prop_map(Value::from), 1..12),
        prop::collection::vec(numbers.prop_map(Value::from), 1..12),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_objects_load_and_come_out_the_same(
        columns in prop::collection::vec(("[a-c]{0,2}|\\PC{0,3}", like_values()), 0..6),
    ) {
        let row = |position: usize| -> Record {
            let value = |values: &Vec<Value>| values.get(position).cloned();
            columns.iter().filter_map(|(name, values)| Some((name.clone(), value(values)?))).collect()
        };
        let objects: Vec<Record> = (0..12).map(row).collect();
        let proposal = infer(&objects).expect("the schema is possible");
        prop_assert!(!proposal.to_string().is_empty());
        round_trip(&proposal, &objects).expect("the objects load");
    }
}
