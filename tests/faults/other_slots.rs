//! Fault 38: deltas between stores whose schemas of one name have other slots.

use std::error::Error;

use slotted::schema::SchemaBuilder;
use slotted::{Delta, DeltaError, Kind, Schema, Store, Value, record};

use crate::{Outcome, refusal};

/// Returns a store with a schema and one object of it.
fn store_of_ships(schema: SchemaBuilder) -> Result<Store, Box<dyn Error>> {
    let mut store = Store::new();
    store.register_schema(schema.build()?)?;
    store.spawn_record("ship", record! {})?;
    Ok(store)
}

/// Returns the differences that the error of each call names: they are the same.
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
    let same = DeltaError::OtherSchema { schema, differences: differences.clone() };
    assert_eq!([&second, &third], [&Err(same.clone()); 2]);
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

#[cfg(feature = "serde")]
#[test]
fn fault_37_damaged_declarations_of_slots_are_refused() -> Outcome {
    let ship = || Schema::builder("ship").slot("crew", Kind::U8).optional();
    let full = Delta::full(&store_of_ships(ship())?.snapshot());
    let text = serde_json::to_value(&full)?;
    let slots = text["schemas"][0]["slots"].as_str().ok_or("slots as text")?.to_owned();
    let mut damaged = vec![String::new(), slots.repeat(2), slots.to_uppercase(), "\0\0\n\n".into()];
    damaged.extend((0..slots.len()).map(|cut| slots[..cut].to_owned()));
    damaged.extend((0..slots.len()).map(|at| format!("{}\0\n?{}", &slots[..at], &slots[at..])));
    for slots in damaged {
        let mut text = text.clone();
        text["schemas"][0]["slots"] = slots.clone().into();
        let mut store = store_of_ships(ship())?;
        let before = whole_hash(&store);
        let error = store.replace_with(&serde_json::from_value(text)?);
        let is_named = match &error {
            Err(DeltaError::OtherSchema { differences, .. }) => !differences.is_empty(),
            Err(DeltaError::Damaged { part: slotted::snapshot::DeltaPart::Schemas }) => true,
            _ => false,
        };
        assert!(is_named, "{slots:?}: {error:?}");
        assert_eq!(whole_hash(&store), before);
    }
    Ok(())
}
