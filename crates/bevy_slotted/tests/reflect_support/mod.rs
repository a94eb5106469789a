//! Calls that the tests of reflected types share.
#![allow(dead_code, reason = "no test needs all of them")]

use std::error::Error;

use bevy_reflect::{Reflect, Typed};
use bevy_slotted::reflect::{ReflectError, schema_of, spawn_reflected};
use slotted::{ObjectId, Schema, Store};

pub(crate) fn message<T>(result: Result<T, ReflectError>) -> String {
    result.err().map_or_else(|| "no error".to_owned(), |error| error.to_string())
}

pub(crate) fn slots(schema: &Schema) -> Vec<String> {
    schema.slots().iter().map(ToString::to_string).collect()
}

/// Spawns the object, and returns the store with it.
pub(crate) fn spawned<T: Reflect + Typed>(object: &T) -> Result<(Store, ObjectId), Box<dyn Error>> {
    let mut store = Store::new();
    store.register_schema(schema_of::<T>()?)?;
    let id = spawn_reflected(&mut store, object.as_partial_reflect())?;
    Ok((store, id))
}
