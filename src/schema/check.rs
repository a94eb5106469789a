//! Checks of values against slots, and of records against schemas.

use std::sync::Arc;

use crate::id::{ObjectId, SchemaId};
use crate::kind::{Kind, with_number, with_numeric};
use crate::number::Numbers;
use crate::record::Record;
use crate::schema::nested::SIGNS;
use crate::schema::{Problem, ProblemKind, RegisteredSchema, Registry, Slot};
use crate::value::{ConversionError, FromValue, Value};

/// The objects that references may lead to.
pub(crate) trait World {
    /// Returns `true` if the object is alive, or will be when the value is written.
    fn is_alive(&self, id: ObjectId) -> bool;

    /// Checks that a slot may refer to an object that is not alive.
    fn admit_dead(&self, id: ObjectId) -> Result<(), ProblemKind>;
}

/// A world without objects, for checks of defaults.
pub(super) struct NoWorld;

impl World for NoWorld {
    fn is_alive(&self, _: ObjectId) -> bool {
        false
    }

    fn admit_dead(&self, id: ObjectId) -> Result<(), ProblemKind> {
        Err(ProblemKind::UnknownReference { found: id })
    }
}

/// Checks records and values; writes nothing.
#[derive(Clone, Copy)]
#[allow(missing_debug_implementations)]
pub(crate) struct Checker<'a> {
    pub(crate) registry: &'a Registry,
    pub(crate) world: &'a dyn World,
}

impl Checker<'_> {
    /// Adds every problem of the record to `problems`. Adds at least one if [`RegisteredSchema::place`] or a slot
    /// refused the record.
    pub(crate) fn record(
        self,
        schema: &RegisteredSchema,
        record: &Record,
        problems: &mut Vec<Problem>,
    ) {
        let mut given = vec![false; schema.slots().len()];
        let (flat, before) = (schema.spread_whole(record), problems.len());
        self.values(schema, &flat, &mut given, problems);
        // A wrong part is the reason why the parts do not fit together.
        let whole = |slot: &str| match schema.whole_of(slot) {
            Some((name, _)) => name.len(),
            None => slot.len(),
        };
        let misfit = schema.misfit(record, &flat).filter(|misfit| {
            let name = &misfit.slot[..whole(&misfit.slot)];
            !problems[before..].iter().any(|problem| problem.slot.starts_with(name))
        });
        problems.extend(misfit);
        schema.lacking_in(&flat).into_iter().for_each(|slot| missing(schema, slot, problems));
        let slots = schema.slots().iter().zip(given).enumerate();
        let required = slots.filter(|(_, (slot, is_given))| slot.is_required() && !is_given);
        required.for_each(|(slot, _)| missing(schema, slot, problems));
    }

    /// Adds every problem of the parts of a nested record, given under the names of their slots.
    pub(crate) fn parts(
        self,
        schema: &RegisteredSchema,
        name: &str,
        record: &Record,
        problems: &mut Vec<Problem>,
    ) {
        let mut given = vec![false; schema.slots().len()];
        self.values(schema, record, &mut given, problems);
        // A value that is not a map has a problem of its own.
        if problems.is_empty() {
            // A part of a union fits the other parts that the object has.
            if schema.whole_of(name).is_none() {
                problems.extend(schema.misfit(record, record));
            }
            let is_required = |slot: &usize| !given[*slot] && schema.slots()[*slot].is_required();
            let required = schema.parts(name).map(|(slot, _)| slot).filter(is_required);
            required.for_each(|slot| missing(schema, slot, problems));
            // The object has the parts of a record around this one.
            let is_own = |slot: &usize| {
                let record = schema.slots()[*slot].needed_in();
                let rest = record.and_then(|record| record.strip_prefix(name));
                rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
            };
            let lacking = schema.lacking_in(record).into_iter().filter(is_own);
            lacking.for_each(|slot| missing(schema, slot, problems));
        }
    }

    fn values(
        self,
        schema: &RegisteredSchema,
        record: &Record,
        given: &mut [bool],
        problems: &mut Vec<Problem>,
    ) {
        for (name, value) in record.iter() {
            let Some(slot) = schema.slot_index(name) else {
                problems.push(match schema.is_nested(name) {
                    true => schema.not_nested(name, value),
                    false => schema.undeclared(name),
                });
                continue;
            };
            if std::mem::replace(&mut given[slot], true) {
                problems.push(schema.problem(name, ProblemKind::Duplicate));
            }
            if let Err(kind) = self.value(&schema.slots()[slot], value) {
                problems.push(schema.problem(name, kind));
            }
        }
    }

    /// Checks that the slot accepts the value.
    pub(crate) fn value(self, slot: &Slot, value: &Value) -> Result<(), ProblemKind> {
        if value.is_unset() && slot.is_optional() {
            return Ok(());
        }
        match slot.kind() {
            Kind::Any if value.is_unset() => {
                Err(refuse(slot.kind(), value, ConversionError::WrongKind))
            }
            Kind::List(list) => self.list(slot, list.element(), value),
            kind => self.single(slot, kind, value),
        }
    }

    fn list(self, slot: &Slot, element: &Kind, value: &Value) -> Result<(), ProblemKind> {
        let Value::List(values) = value else {
            return Err(refuse(slot.kind(), value, ConversionError::WrongKind));
        };
        values.iter().enumerate().try_for_each(|(position, value)| {
            let checked = self.single(slot, element, value);
            checked.map_err(|kind| ProblemKind::Element { position, kind: Box::new(kind) })
        })
    }

    /// Checks that the slot accepts a value of this kind: the slot's own kind or that of its list's elements.
    fn single(self, slot: &Slot, kind: &Kind, value: &Value) -> Result<(), ProblemKind> {
        let refused = |error| refuse(kind, value, error);
        with_numeric!(kind, T => {
            let numbers = T::from_value(value).map_err(refused)?;
            Self::numbers(slot, &numbers, || value.clone())
        },
            Kind::Bool => bool::from_value(value).map(|_| ()).map_err(refused),
            Kind::Array(number, length) => with_number!(number, T => {
                Self::array::<T>(slot, kind, value, *length)
            }),
            Kind::Object => self.reference(slot, ObjectId::from_value(value).map_err(refused)?),
            Kind::Text => match value {
                Value::Text(_) => Ok(()),
                _ => Err(refused(ConversionError::WrongKind)),
            },
            Kind::Enum(expected) => match value {
                Value::Text(name) if expected.number(name).is_some() => Ok(()),
                Value::Text(name) => Err(ProblemKind::UnknownVariant {
                    expected: expected.clone(),
                    found: Arc::clone(name),
                    suggestion: expected.suggest(name),
                }),
                _ => Err(refused(ConversionError::WrongKind)),
            },
            Kind::Pod(pod) => match value {
                Value::Bytes(bytes) if bytes.len() == pod.size() => Ok(()),
                _ => Err(refused(ConversionError::WrongKind)),
            },
            Kind::Any => value.check_any().map_err(|reason| ProblemKind::NotAny { reason }),
            // Schemas refuse nested lists.
            Kind::List(_) => Err(refused(ConversionError::WrongKind)),
        )
    }

    fn array<T: FromValue + Numbers>(
        slot: &Slot,
        kind: &Kind,
        value: &Value,
        length: u32,
    ) -> Result<(), ProblemKind> {
        let refused = |error| refuse(kind, value, error);
        match value {
            Value::List(list) if list.len() == length as usize => {
                list.iter().try_for_each(|element| {
                    let number = T::from_value(element).map_err(refused)?;
                    Self::numbers(slot, &number, || value.clone())
                })
            }
            _ => Err(refused(ConversionError::WrongKind)),
        }
    }

    /// Checks numbers of the right kind against the slot's constraints.
    pub(crate) fn numbers(
        slot: &Slot,
        numbers: &impl Numbers,
        found: impl Fn() -> Value,
    ) -> Result<(), ProblemKind> {
        slot.constraints().check_numbers(numbers, found)
    }

    /// Checks that the slot may refer to the object.
    pub(crate) fn reference(self, slot: &Slot, id: ObjectId) -> Result<(), ProblemKind> {
        if !self.world.is_alive(id) {
            return self.world.admit_dead(id);
        }
        let Some(expected) = slot.references() else { return Ok(()) };
        let found = self.registry.get(id.schema()).filter(|_| !self.matches(id.schema(), expected));
        match found {
            Some(found) => Err(ProblemKind::WrongReference {
                expected: expected.into(),
                found: Arc::clone(found.shared_name()),
            }),
            None => Ok(()),
        }
    }

    /// Returns `true` if the schema has this name or extends one that has.
    fn matches(self, schema: SchemaId, expected: &str) -> bool {
        self.registry.with_bases(schema).any(|schema| schema.name() == expected)
    }
}

/// Adds the problem that a slot needs a value and has none. The parts of a list or a union have one problem.
fn missing(schema: &RegisteredSchema, slot: usize, problems: &mut Vec<Problem>) {
    let missing = schema.missing(slot);
    // A value of the wrong form has a problem of its own.
    let is_known = |problem: &Problem| {
        let is_whole =
            |part: &str| part.is_empty() || part.starts_with('.') || part.starts_with(SIGNS);
        match problem.kind {
            ProblemKind::MissingNested { .. } => problem.slot == missing.slot,
            ProblemKind::NotNested { .. } => {
                missing.slot.strip_prefix(&*problem.slot).is_some_and(is_whole)
            }
            _ => false,
        }
    };
    if !problems.iter().any(is_known) {
        problems.push(missing);
    }
}

fn refuse(kind: &Kind, value: &Value, error: ConversionError) -> ProblemKind {
    let (expected, found) = (kind.clone(), value.clone());
    match error {
        ConversionError::WrongKind => ProblemKind::WrongKind { expected, found },
        ConversionError::DoesNotFit => ProblemKind::DoesNotFit { expected, found },
    }
}
