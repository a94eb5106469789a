//! Fault 38: deltas between stores whose schemas of one name have other slots.

use std::error::Error;

use slotted::bytemuck;
use slotted::schema::SchemaBuilder;
use slotted::snapshot::{DeltaPart, SlotDifference};
use slotted::{Delta, DeltaError, Kind, Schema, SlotValue, Store, Value, record};

use crate::{Outcome, refusal};

/// Returns a store with a schema and one object of it.
fn store_of_ships(schema: SchemaBuilder) -> Result<Store, Box<dyn Error>> {
    let mut store = Store::new();
    store.register_schema(schema.build()?)?;
    store.spawn_record("ship", record! {})?;
    Ok(store)
}

/// Returns the differences that the errors name: those of a full delta, for both calls.
fn differences(here: SchemaBuilder, there: SchemaBuilder) -> Result<Vec<String>, Box<dyn Error>> {
    let (mut here, mut there) = (store_of_ships(here)?, store_of_ships(there)?);
    let before = there.snapshot();
    there.spawn_record("ship", record! {})?;
    let after = there.snapshot();
    let (full, step) = (Delta::full(&after), Delta::between(&before, &after)?);
    let state = whole_hash(&here);
    let errors = [here.replace_with(&full), here.apply(&step), here.apply(&full)];
    assert_eq!(whole_hash(&here), state);
    let [Err(DeltaError::OtherSchema { schema, differences }), second, third] = errors else {
        return Err("the schemas differ".into());
    };
    assert_eq!(schema, "ship");
    let of = |differences| DeltaError::OtherSchema { schema: schema.clone(), differences };
    let (same, without) = (of(differences.clone()), of(Vec::new()));
    assert_eq!([second, third], [Err(without.clone()), Err(same.clone())]);
    assert!(without.to_string().contains("made the delta; register"), "{without}");
    let shown: Vec<String> = differences.iter().map(ToString::to_string).collect();
    let message = same.to_string();
    assert!(
        message.contains(&format!("made the delta: {}; register", shown.join("; "))),
        "{message}"
    );
    Ok(shown)
}

fn whole_hash(store: &Store) -> [u64; 2] {
    let mut store = store.clone();
    [store.state_hash(), store.future_ids_hash()]
}

#[test]
fn fault_38_the_error_names_the_slots_that_differ() -> Outcome {
    let ship = || Schema::builder("ship");
    let crew = || ship().slot("crew", Kind::U8).default(1);
    let jobs = |jobs: &[&'static str]| {
        let kind = Kind::enumeration(jobs.iter().copied());
        ship().slot("job", kind).optional().slot("jobs", Kind::U8).optional()
    };
    let lists = |jobs: &[&'static str]| {
        ship().slot("job", Kind::list(Kind::enumeration(jobs.iter().copied()))).optional()
    };
    for (here, there, expected) in [
        (ship(), crew(), &["slot 'crew' is missing here"][..]),
        (crew(), ship(), &["slot 'crew' is missing there"]),
        (
            ship().slot("people", Kind::U8).default(1),
            crew(),
            &["slot 'crew' is missing here", "slot 'people' is missing there"],
        ),
        (
            ship().slot("crew", Kind::list(Kind::U8)).default(Value::List([].into())),
            crew(),
            &["slot 'crew' is 'list(u8)' here and 'u8' there"],
        ),
        (crew().optional(), crew(), &["slot 'crew' is optional only here"]),
        (crew(), crew().optional(), &["slot 'crew' is optional only there"]),
        (
            ship().slot("crew", Kind::enumeration(["a"])).optional(),
            crew(),
            &["slot 'crew' is 'enum' here and 'u8' there", "slot 'crew' is optional only here"],
        ),
        (
            jobs(&["cook"]),
            jobs(&["cook", "captain"]),
            &["slot 'job' has variants only there: 'captain'"],
        ),
        (lists(&["cook", "boy"]), lists(&["cook"]), &["slot 'job' has variants only here: 'boy'"]),
        (
            jobs(&["cook", "boy"]),
            jobs(&["cook", "captain"]),
            &["slot 'job' has variants only here: 'boy', and only there: 'captain'"],
        ),
        (
            jobs(&["cook", "boy"]),
            jobs(&["boy", "cook"]),
            &["slot 'job' has its variants in another order"],
        ),
        (
            crew().slot("sails", Kind::U8).default(3),
            ship().slot("sails", Kind::U8).default(3).slot("crew", Kind::U8).default(1),
            &["the slots have another order"],
        ),
    ] {
        assert_eq!(differences(here, there)?, expected);
    }
    Ok(())
}

#[test]
fn fault_38_the_names_of_many_slots_are_cut() -> Outcome {
    let slot = |schema: SchemaBuilder, number: usize| {
        let name = format!("{number:03}{}", "x".repeat(125));
        schema.slot(name, Kind::U8).optional()
    };
    let many = (0..900).fold(Schema::builder("ship"), slot);
    let variants = (0..200).map(|number| format!("variant {number}")).collect::<Vec<_>>();
    let kind = |count: usize| Kind::enumeration(variants[..count].to_vec());
    for (here, there, end) in [
        (Schema::builder("ship"), many, "892 more"),
        (
            Schema::builder("ship").slot("job", kind(200)).optional(),
            Schema::builder("ship").slot("job", kind(2)).optional(),
            "'variant 5', 194 more",
        ),
    ] {
        let mut there = store_of_ships(there)?;
        let full = Delta::full(&there.snapshot());
        let error = refusal(store_of_ships(here)?.replace_with(&full));
        assert!(error.len() < 1_000, "{error}");
        assert!(error.contains(end), "{error}");
    }
    Ok(())
}

#[test]
fn fault_38_a_conflict_of_large_schemas_is_cut() -> Outcome {
    let slot = |schema: SchemaBuilder, number: usize| {
        schema.slot(format!("slot {number}"), Kind::U8).optional()
    };
    let variants = |first: usize| (first..first + 250).map(|number| format!("variant {number}"));
    let with_enum = |first| Schema::builder("ship").slot("job", Kind::enumeration(variants(first)));
    let mut store = Store::new();
    store.register_schema(with_enum(0).build()?)?;
    let many = (0..900).fold(with_enum(1), slot).build()?;
    let twice = refusal(store.plan_migration([with_enum(0).build()?, many.clone()]));
    let conflict = refusal(store.register_schema(many));
    for error in [twice, conflict] {
        assert!(error.len() < 1_500, "{error}");
        assert!(error.contains("its slot 'job' is enum"), "{error}");
        assert!(error.contains("it has no slot 'slot 6'; 893 more"), "{error}");
    }
    Ok(())
}

/// The names of variants may have any characters. Lines and zeros separated them, and so one enum read like another.
#[test]
fn fault_38_any_names_of_variants_are_told_apart() -> Outcome {
    const ENUMS: &[&[&str]] = &[
        &["a", "b"],
        &["b", "a"],
        &["a\0b"],
        &["a\nb"],
        &["a\nb\0u8"],
        &["a, b"],
        &[""],
        &["", "a"],
        &["a?", "b"],
    ];
    let store = |names: &[&'static str], is_list: bool| {
        let kind = Kind::enumeration(names.iter().copied());
        let kind = if is_list { Kind::list(kind) } else { kind };
        store_of_ships(Schema::builder("ship").slot("job", kind).optional())
    };
    for (here, there) in ENUMS.iter().flat_map(|here| ENUMS.iter().map(move |there| (here, there)))
    {
        for is_list in [false, true] {
            let (mut here_store, mut there_store) = (store(here, is_list)?, store(there, is_list)?);
            let before = there_store.snapshot();
            there_store.spawn_record("ship", record! {})?;
            let after = there_store.snapshot();
            if here == there {
                here_store.apply(&Delta::between(&before, &after)?)?;
                here_store.replace_with(&Delta::full(&after))?;
                continue;
            }
            let full = here_store.replace_with(&Delta::full(&after));
            let Err(DeltaError::OtherSchema { differences, .. }) = full else {
                return Err(format!("{here:?} {there:?}: {full:?}").into());
            };
            assert!(matches!(differences[..], [SlotDifference::Variants { .. }]));
            let step = here_store.apply(&Delta::between(&before, &after)?);
            assert!(matches!(step, Err(DeltaError::OtherSchema { .. })), "{step:?}");
        }
    }
    Ok(())
}

/// Returns the kind of a plain-memory type with these fields. All types have the same name.
macro_rules! pod {
    ($align:literal, $($field:ident: $type:ty),*) => {{
        #[derive(SlotValue, Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
        #[bytemuck(crate = "slotted::bytemuck")]
        #[repr(C, align($align))]
        struct Blob { $($field: $type),* }
        <Blob as SlotValue>::kind()
    }};
}

/// Only the name of a plain-memory type counted, so values of another size were read.
#[test]
fn fault_38_plain_memory_types_of_other_sizes_are_told_apart() -> Outcome {
    let kinds = [
        pod!(4, a: u32),
        pod!(4, a: u32, b: u32),
        pod!(8, a: u32, b: u32),
        pod!(4, a: u32, b: u32, c: u32),
    ];
    for (number, there) in kinds.iter().enumerate() {
        for (position, here) in kinds.iter().enumerate() {
            assert_eq!(here.to_string(), there.to_string(), "the test needs one name");
            for in_list in [false, true] {
                let kind = |kind: &Kind| match in_list {
                    true => Kind::list(kind.clone()),
                    false => kind.clone(),
                };
                let store = |of: &Kind| {
                    store_of_ships(Schema::builder("ship").slot("blob", kind(of)).optional())
                };
                let (mut here, mut there) = (store(here)?, store(there)?);
                let before = there.snapshot();
                there.spawn_record("ship", record! {})?;
                let after = there.snapshot();
                let applied = [
                    here.apply(&Delta::between(&before, &after)?),
                    here.replace_with(&Delta::full(&after)),
                ];
                if number == position {
                    assert_eq!(applied, [Ok(()), Ok(())]);
                    continue;
                }
                let [Err(DeltaError::OtherSchema { .. }), Err(error)] = applied else {
                    return Err("the types differ".into());
                };
                let [here, there] = [position, number].map(|at| match &kinds[at] {
                    Kind::Pod(pod) => format!("pod({} bytes, align {})", pod.size(), pod.align()),
                    other => other.to_string(),
                });
                let message = error.to_string();
                assert!(message.contains(&here) && message.contains(&there), "{message}");
            }
        }
    }
    Ok(())
}

#[cfg(feature = "serde")]
#[test]
fn fault_37_damaged_declarations_of_slots_are_refused() -> Outcome {
    use serde_json::{Value as Json, json};
    let ship = || Schema::builder("ship").slot("crew", Kind::U8).optional();
    let full = serde_json::to_value(Delta::full(&store_of_ships(ship())?.snapshot()))?;
    let slot = &full["schemas"][0]["slots"][0];
    assert_eq!(slot["name"], "crew");
    let with = |key: &str, value: Json| {
        let mut slot = slot.clone();
        slot[key] = value;
        slot
    };
    let slots = [
        json!([]),
        json!([slot, slot]),
        json!([slot, with("kind", json!("u16"))]),
        json!([slot, with("name", json!("sails"))]),
        json!([with("name", json!(""))]),
        json!([with("name", json!("crew\0"))]),
        json!([with("kind", json!(""))]),
        json!([with("kind", json!("enum"))]),
        json!([with("is_optional", json!(false))]),
        json!([with("variants", json!([""]))]),
        json!([with("variants", json!(["a", "a"]))]),
    ];
    for slots in slots {
        let is_repeated = slots[0]["name"] == slots[1]["name"] && !slots[0].is_null();
        let mut forged = full.clone();
        forged["schemas"][0]["slots"] = slots.clone();
        for hash in [full["schemas"][0]["hash"].clone(), json!(0)] {
            forged["schemas"][0]["hash"] = hash;
            let error = refused_by(store_of_ships(ship())?, &forged)?;
            let is_named = match &error {
                DeltaError::OtherSchema { differences, .. } => {
                    !differences.is_empty() && !is_repeated
                }
                error => is_repeated && *error == DAMAGED,
            };
            assert!(is_named, "{slots}: {error}");
        }
    }
    for (key, value) in [("hash", json!(0)), ("number", json!(1))] {
        let mut forged = full.clone();
        forged["schemas"][0][key] = value;
        assert_eq!(refused_by(store_of_ships(ship())?, &forged)?, DAMAGED);
        forged["schemas"][0]["slots"] = Json::Null;
        let error = refused_by(store_of_ships(ship())?, &forged)?;
        let DeltaError::OtherSchema { differences, .. } = error else {
            return Err(error.into());
        };
        assert_eq!(differences, []);
    }
    Ok(())
}

#[cfg(feature = "serde")]
const DAMAGED: DeltaError = DeltaError::Damaged { part: DeltaPart::Schemas };

/// Returns the error of a forged delta, which changes nothing.
#[cfg(feature = "serde")]
fn refused_by(mut store: Store, forged: &serde_json::Value) -> Result<DeltaError, Box<dyn Error>> {
    let before = whole_hash(&store);
    let error = store.replace_with(&serde_json::from_value(forged.clone())?);
    assert_eq!(whole_hash(&store), before);
    Ok(error.expect_err("the delta is forged"))
}

/// Each repetition of a slot's name copied all variants of an enum into the error.
#[cfg(feature = "serde")]
#[test]
fn fault_37_names_that_are_repeated_take_no_memory() -> Outcome {
    use serde_json::{Value as Json, json};
    let variants: Vec<String> = (0..256).map(|number| format!("variant number {number}")).collect();
    let ship =
        || Schema::builder("ship").slot("job", Kind::enumeration(variants.clone())).optional();
    let there = store_of_ships(ship())?;
    let full = serde_json::to_value(Delta::full(&there.clone().snapshot()))?;
    let damaged = Err(DAMAGED);

    let mut slots = full.clone();
    let slot = json!({ "name": "job", "kind": "enum", "is_optional": true, "variants": [] });
    slots["schemas"][0]["slots"] = vec![slot; 20_000].into();
    let mut schemas = full.clone();
    schemas["schemas"] = vec![full["schemas"][0].clone(); 2].into();
    let mut other_number = schemas.clone();
    other_number["schemas"][1]["number"] = json!(7);
    for forged in [slots, schemas, other_number] {
        let forged: Delta = serde_json::from_value(forged)?;
        assert_eq!(there.clone().replace_with(&forged), damaged);
        assert_eq!(there.clone().apply(&forged), damaged);
    }

    // One slot of each name: the error is not larger than both lists of slots.
    let mut many = full;
    let slot = |number: usize| json!({ "name": format!("{number}"), "kind": "enum", "is_optional": true, "variants": [] });
    let own = json!({ "name": "job", "kind": "enum", "is_optional": true, "variants": ["x"] });
    let slots: Vec<Json> = (0..20_000).map(slot).chain([own]).collect();
    many["schemas"][0]["slots"] = slots.into();
    let Err(DeltaError::OtherSchema { differences, .. }) =
        there.clone().replace_with(&serde_json::from_value(many)?)
    else {
        return Err("the slots differ".into());
    };
    assert_eq!(differences.len(), 20_001);
    let bytes: usize = differences.iter().map(|difference| format!("{difference:?}").len()).sum();
    assert!(bytes < 20_001 * 60 + 256 * 40, "{bytes} bytes");
    Ok(())
}

/// The message printed names of the delta as they were: megabytes, or codes that clear a terminal.
#[cfg(feature = "serde")]
#[test]
fn fault_37_names_from_a_delta_are_cut_and_escaped_in_messages() -> Outcome {
    use serde_json::json;
    let hostile = format!("\u{1b}[2J\n\u{202e}{}", "x".repeat(100_000));
    let ship = || Schema::builder("ship").slot("job", Kind::enumeration(["cook"])).optional();
    let there = store_of_ships(ship())?;
    let full = serde_json::to_value(Delta::full(&there.clone().snapshot()))?;
    let slots = "/schemas/0/slots";
    for (place, value) in [
        ("/schemas/0/name", json!(hostile)),
        (&format!("{slots}/0/name"), json!(hostile)),
        (&format!("{slots}/0/kind"), json!(hostile)),
        (&format!("{slots}/0/variants"), json!(vec![hostile.clone(); 9])),
        (&format!("{slots}/0/variants/0"), json!(hostile)),
    ] {
        let mut forged = full.clone();
        *forged.pointer_mut(place).ok_or("a place in the delta")? = value;
        let message = refusal(there.clone().replace_with(&serde_json::from_value(forged)?));
        assert!(message.len() < 1_000, "{place}: {} bytes", message.len());
        assert!(!message.contains(['\u{1b}', '\n', '\u{202e}']), "{place}: {message:?}");
        assert!(message.contains("[2J"), "{place}: {message:?}");
    }
    Ok(())
}
