//! Checks the form of all error messages, and that `Debug` shows them.

use std::error::Error;
use std::sync::Arc;

use slotted::error::{AccessError, LimitError, SpawnError};
use slotted::migration::MigrationError;
use slotted::schema::KindError;
use slotted::schema::Suggestion;
use slotted::snapshot::{DeltaPart, SlotDifference};
use slotted::view::{SplitError, SplitUse, SplitUser, ViewError};
use slotted::{DeltaError, Kind, ObjectId, Schema, SchemaError, SnapshotError, Store, record};

type Outcome = Result<(), Box<dyn Error>>;

fn store() -> Result<(Store, ObjectId), Box<dyn Error>> {
    let mut store = Store::new();
    store.register_schema(Schema::builder("unit").slot("health", Kind::F32).build()?)?;
    let unit = store.spawn_record("unit", record! { health: 1.0 })?;
    Ok((store, unit))
}

/// Returns an error of each variant that callers can construct, and others returned by calls.
fn errors() -> Result<Vec<Box<dyn Error>>, Box<dyn Error>> {
    let (mut store, id) = store()?;
    let name: Arc<str> = "unit".into();
    let unknown =
        || AccessError::UnknownSchema { schema: "unot".into(), suggestion: Suggestion::default() };
    let mismatch = store.key::<u32>("unit", "health").expect_err("another type");
    let AccessError::WrongType(type_mismatch) = mismatch.clone() else { return Err("type".into()) };
    let rejected = store.spawn_record("unit", record! { helth: 1.0 }).expect_err("misspelt");
    let SpawnError::Rejected(rejection) = rejected.clone() else { return Err("rejected".into()) };
    let problem = rejection.problems()[0].clone();
    let narrow = Schema::builder("unit").slot("health", Kind::F32).range(..=0.5).build()?;
    let plan = store.plan_migration([narrow])?;
    let duplicate = Schema::builder("a").slot("b", Kind::Bool).slot("b", Kind::Bool).build();
    Ok(vec![
        Box::new(SpawnError::UnknownSchema {
            schema: "unot".into(),
            suggestion: Some(name.clone()).into(),
        }),
        Box::new(SpawnError::NotRegistered { type_name: "demo::Unit" }),
        Box::new(rejected),
        Box::new(rejection),
        Box::new(problem),
        Box::new(AccessError::Despawned { id }),
        Box::new(AccessError::Repeated { id }),
        Box::new(unknown()),
        Box::new(AccessError::NotRegistered { type_name: "demo::Unit" }),
        Box::new(AccessError::WrongSchema { id, expected: "tile".into(), found: name.clone() }),
        Box::new(AccessError::ForeignKey { kind: Kind::F32 }),
        Box::new(mismatch),
        Box::new(type_mismatch),
        Box::new(LimitError::Schemas { schema: name.clone(), limit: 3 }),
        Box::new(LimitError::Rows { schema: name.clone(), limit: 3 }),
        Box::new(LimitError::Text { limit: 3 }),
        Box::new(LimitError::List { limit: 3 }),
        Box::new(LimitError::Memory { schema: name.clone(), rows: 3 }),
        Box::new(SnapshotError::OtherStore),
        Box::new(SnapshotError::OtherSchemas),
        Box::new(SnapshotError::NoFrame { frame: 3 }),
        Box::new(DeltaError::OtherBase { expected: 1, found: 2 }),
        Box::new(DeltaError::UnknownSchema { schema: "unit".into() }),
        Box::new(DeltaError::OtherSchema {
            schema: "unit".into(),
            differences: vec![SlotDifference::MissingHere { slot: "age".into() }],
        }),
        Box::new(DeltaError::Damaged { part: DeltaPart::Rows }),
        Box::new(DeltaError::Damaged { part: DeltaPart::Result }),
        Box::new(DeltaError::OtherRows),
        Box::new(DeltaError::NotFull { base: 7 }),
        Box::new(DeltaError::Limit(LimitError::Text { limit: 3 })),
        Box::new(MigrationError::Outdated),
        Box::new(store.migrate(&plan).expect_err("1 is more than 0.5")),
        Box::new(duplicate.expect_err("two slots of one name")),
        Box::new(SchemaError::TooManySchemas { schema: name.clone(), limit: 3 }),
        Box::new(KindError::ListOfLists),
        Box::new(ViewError::Access(unknown())),
        Box::new(SplitError::Borrowed {
            schema: name,
            slot: "health".into(),
            wanted: SplitUse { user: SplitUser::View("Healing"), is_written: true },
            held: SplitUse { user: SplitUser::Column, is_written: false },
        }),
        Box::new(SplitError::Key(slotted::error::ForeignKey { kind: Kind::F32 })),
    ])
}

#[test]
fn debug_shows_the_message() -> Outcome {
    for error in errors()? {
        assert_eq!(format!("{error:?}"), error.to_string());
    }
    Ok(())
}

#[test]
fn messages_begin_in_lower_case_and_end_without_a_full_stop() -> Outcome {
    for error in errors()? {
        let message = error.to_string();
        assert!(!message.starts_with(char::is_uppercase), "{message}");
        assert!(!message.ends_with('.'), "{message}");
    }
    Ok(())
}
