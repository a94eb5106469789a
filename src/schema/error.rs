//! The errors of building and registering a schema.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use crate::debug_as_display::debug_as_display;
use crate::kind::Kind;
use crate::schema::builder::Defaults;
use crate::schema::{Constraint, Problem, Schema, Slot};
use crate::value::Value;

/// The error of a schema that cannot be built or registered.
///
/// ```
/// use slotted::{Kind, Schema};
/// let error = Schema::builder("unit").slot("age", Kind::U8).slot("age", Kind::U16).build();
/// assert_eq!(error.unwrap_err().to_string(), "schema 'unit' declares slot 'age' twice");
/// ```
#[derive(Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SchemaError {
    /// A schema's or slot's name is empty, too long, or has control or bidirectional characters.
    #[error(
        "invalid name {name:?}: use 1 to {longest} characters, none of them a control character"
    )]
    BadName {
        /// The name.
        name: Arc<str>,
        /// The limit of characters.
        longest: usize,
    },
    /// A default, a range or another constraint comes before the first slot.
    #[error("schema '{schema}' has a {constraint} before its first slot; call `slot` first")]
    ConstraintWithoutSlot {
        /// The schema's name.
        schema: Arc<str>,
        /// The constraint's name.
        constraint: &'static str,
    },
    /// A default, a range or another constraint follows a nested record.
    #[error(
        "the nested record '{record}' of schema '{schema}' cannot have a {constraint}; set it on the slots of the nested schema"
    )]
    ConstraintOnNested {
        /// The schema's name.
        schema: Arc<str>,
        /// The nested record.
        record: Arc<str>,
        /// The constraint's name.
        constraint: &'static str,
    },
    /// The schema of a map's entries has other slots than a key and a value.
    #[error(
        "schema '{entry}' cannot be an entry of the map '{map}' of schema '{schema}'; its first slot must be 'key' \
         (a text, an object or an enum, not optional), and the others 'value' or parts of it"
    )]
    BadEntry {
        /// The schema's name.
        schema: Arc<str>,
        /// The map.
        map: Arc<str>,
        /// The schema of the entries.
        entry: Arc<str>,
    },
    /// The schema of a nested record has no slots, or extends another one.
    #[error(
        "schema '{nested}' cannot be the nested record '{record}' of schema '{schema}'; \
         it must have slots and must not extend another schema"
    )]
    BadNested {
        /// The schema's name.
        schema: Arc<str>,
        /// The nested record.
        record: Arc<str>,
        /// The schema of its parts.
        nested: Arc<str>,
    },
    /// A union cannot have this variant, or this tag.
    #[error(
        "'{variant}' cannot be a variant or the tag of the union '{union}' of schema '{schema}': {reason}"
    )]
    BadVariant {
        /// The schema's name.
        schema: Arc<str>,
        /// The union.
        union: Arc<str>,
        /// The variant, or the tag.
        variant: Arc<str>,
        /// The reason.
        reason: &'static str,
    },
    /// The keys of a map are no names.
    #[error(
        "the keys of the map '{map}' of schema '{schema}' are text, object or an enum, not {key}"
    )]
    BadKey {
        /// The schema's name.
        schema: Arc<str>,
        /// The map.
        map: Arc<str>,
        /// The kind of the keys.
        key: Kind,
    },
    /// A slot that is no part of an element or of a variant, or an optional part, has the default of a part.
    #[error(
        "slot '{slot}' of schema '{schema}' cannot have the default of a part: only a part of an element or of a variant that is not optional has one"
    )]
    NoPartDefault {
        /// The schema's name.
        schema: Arc<str>,
        /// The slot's name.
        slot: Arc<str>,
    },
    /// A slot is needed in a record that it is no part of, or is not optional.
    #[error(
        "slot '{slot}' of schema '{schema}' cannot be needed in '{record}': only an optional part of a record is"
    )]
    NotNeeded {
        /// The schema's name.
        schema: Arc<str>,
        /// The slot's name.
        slot: Arc<str>,
        /// The name of the record.
        record: Arc<str>,
    },
    /// Two slots have the same name; one of them may belong to the base.
    #[error("schema '{schema}' declares slot '{slot}' twice")]
    DuplicateSlot {
        /// The schema's name.
        schema: Arc<str>,
        /// The slot's name.
        slot: Arc<str>,
    },
    /// The schema has more slots than the limit.
    #[error(
        "schema '{schema}' has {slots} slots; the limit is {limit}, raise 'Limits::slots_per_schema'"
    )]
    TooManySlots {
        /// The schema's name.
        schema: Arc<str>,
        /// The number of slots, inherited ones included.
        slots: usize,
        /// The limit, see [`Limits`](crate::Limits).
        limit: usize,
    },
    /// The enum, array or user type of a slot cannot be stored.
    #[error("slot '{slot}' of schema '{schema}' cannot be stored: {reason}")]
    KindError {
        /// The schema's name.
        schema: Arc<str>,
        /// The slot's name.
        slot: Arc<str>,
        /// The error of its kind.
        reason: KindError,
    },
    /// The slot's kind cannot hold the constraint's numbers, or no value satisfies the constraint.
    #[error(
        "slot '{slot}' of schema '{schema}' is {kind}: \
         the {constraint} {}",
        constraint.misfit(kind)
    )]
    UnsuitableConstraint {
        /// The constraint.
        constraint: Box<Constraint>,
        /// The schema's name.
        schema: Arc<str>,
        /// The slot's name.
        slot: Arc<str>,
        /// The slot's kind.
        kind: Kind,
    },
    /// The constraint does not apply to the slot's kind.
    #[error("slot '{slot}' of schema '{schema}' is {kind}: '{constraint}' does not apply")]
    BadConstraint {
        /// The schema's name.
        schema: Arc<str>,
        /// The slot's name.
        slot: Arc<str>,
        /// The slot's kind.
        kind: Kind,
        /// The constraint's name.
        constraint: &'static str,
    },
    /// The default is not a value that the slot accepts.
    #[error("bad default: {0}")]
    BadDefault(Box<Problem>),
    /// The base is not registered.
    #[error("schema '{schema}' extends '{base}', which is not registered; register '{base}' first")]
    UnknownBase {
        /// The schema's name.
        schema: Arc<str>,
        /// The base's name.
        base: Arc<str>,
    },
    /// A migration declares one name twice, with different schemas.
    #[error(
        "schema '{schema}' is declared twice, and differently: {}; keep one declaration",
        list_first(8, differences.iter(), "; ")
    )]
    DeclaredTwice {
        /// The name of both schemas.
        schema: Arc<str>,
        /// The differences of the second declaration from the first, at least one.
        differences: Vec<SchemaDifference>,
    },
    /// A schema gives another default to a slot that none of its bases has.
    #[error("schema '{schema}' inherits no slot '{slot}' whose default it could change")]
    NotInherited {
        /// The schema's name.
        schema: Arc<str>,
        /// The slot's name.
        slot: Arc<str>,
    },
    /// The schema would extend itself.
    #[error("schema '{schema}' extends itself through '{base}'")]
    Circular {
        /// The schema's name.
        schema: Arc<str>,
        /// The base's name.
        base: Arc<str>,
    },
    /// A different schema of this name is registered.
    #[error("another schema '{schema}' is registered: {}", list_first(8, differences.iter(), "; "))]
    Conflict {
        /// The name of both schemas.
        schema: Arc<str>,
        /// The differences, at least one.
        differences: Vec<SchemaDifference>,
    },
    /// The store has as many schemas as its limit allows.
    #[error("schema '{schema}' exceeds the limit of {limit} schemas; raise 'Limits::schemas'")]
    TooManySchemas {
        /// The schema's name.
        schema: Arc<str>,
        /// The limit, see [`Limits`](crate::Limits).
        limit: usize,
    },
}

/// The error of a kind that cannot be stored.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KindError {
    /// An enum has no variants or more than 256.
    #[error("an enum has 1 to 256 variants, not {0}")]
    VariantCount(usize),
    /// An enum names one variant twice.
    #[error("variant '{0}' is named twice")]
    DuplicateVariant(Arc<str>),
    /// An array has no elements or too many.
    #[error("an array has 1 to {limit} elements, not {length}")]
    ArrayLength {
        /// Its number of elements.
        length: u32,
        /// The limit of elements.
        limit: u32,
    },
    /// A user type has no bytes or too many.
    #[error("a user type has 1 to {limit} bytes, not {size}")]
    PodSize {
        /// Its size in bytes.
        size: usize,
        /// The limit in bytes.
        limit: usize,
    },
    /// A user type has a larger alignment than any column.
    #[error("a user type is aligned to at most 16 bytes, not {0}")]
    PodAlign(usize),
    /// A user type has a size and an alignment that no Rust type has.
    #[error("a user type of {size} bytes is not aligned to {align} bytes")]
    PodLayout {
        /// Its size in bytes.
        size: usize,
        /// Its alignment in bytes.
        align: usize,
    },
    /// A list of lists.
    #[error("the elements of a list cannot be lists")]
    ListOfLists,
}

debug_as_display!(SchemaError, KindError);

/// A difference between a schema and a new declaration of its name.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum SchemaDifference {
    /// The schemas extend different bases.
    Base {
        /// The base of the earlier schema.
        registered: Option<Arc<str>>,
        /// The base of the new declaration.
        found: Option<Arc<str>>,
    },
    /// Only the earlier schema has the slot.
    MissingSlot(Arc<str>),
    /// Only the new declaration has the slot.
    ExtraSlot(Arc<str>),
    /// The slot is declared differently.
    Slot {
        /// The slot of the earlier schema.
        registered: Box<Slot>,
        /// The slot of the new declaration.
        found: Box<Slot>,
    },
    /// The schemas give different defaults to a slot of their base.
    InheritedDefault {
        /// The slot's name.
        slot: Arc<str>,
        /// The default in the earlier schema, or `None` if it has that of the base.
        registered: Option<Value>,
        /// The default in the new declaration, or `None` if it has that of the base.
        found: Option<Value>,
    },
    /// The slots are equal, in another order.
    Order,
}

impl SchemaDifference {
    /// Returns the differences between a schema with this base, these own slots and inherited defaults, and a new declaration.
    pub(super) fn between(
        base: Option<&str>,
        (own, defaults): (&[Slot], &Defaults),
        found: &Schema,
    ) -> Vec<Self> {
        let mut differences = Vec::new();
        if base != found.extends() {
            let [registered, found] = [base, found.extends()].map(|base| base.map(Into::into));
            differences.push(Self::Base { registered, found });
        }
        fn by_name(slots: &[Slot]) -> HashMap<&str, &Slot> {
            slots.iter().map(|slot| (slot.name(), slot)).collect()
        }
        let (own_names, found_names) = (by_name(own), by_name(found.slots()));
        for slot in own {
            match found_names.get(slot.name()).copied() {
                None => differences.push(Self::MissingSlot(Arc::clone(slot.shared_name()))),
                Some(other) if other != slot => differences.push(Self::Slot {
                    registered: Box::new(slot.clone()),
                    found: Box::new(other.clone()),
                }),
                Some(_) => {}
            }
        }
        let extra = found.slots().iter().filter(|slot| !own_names.contains_key(slot.name()));
        differences.extend(extra.map(|slot| Self::ExtraSlot(Arc::clone(slot.shared_name()))));
        let of = |defaults: &Defaults, slot: &Arc<str>| {
            let found = defaults.iter().find(|(name, _)| name == slot);
            found.map(|(_, value)| value.clone())
        };
        let mut changed: Vec<&Arc<str>> =
            defaults.iter().chain(found.defaults()).map(|(slot, _)| slot).collect();
        changed.sort_unstable();
        changed.dedup();
        differences.extend(changed.into_iter().filter_map(|slot| {
            let (registered, found) = (of(defaults, slot), of(found.defaults(), slot));
            let slot = Arc::clone(slot);
            (registered != found).then_some(Self::InheritedDefault { slot, registered, found })
        }));
        if differences.is_empty() && own != found.slots() {
            differences.push(Self::Order);
        }
        differences
    }
}

impl fmt::Display for SchemaDifference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let base = |base: &Option<Arc<str>>| match base {
            Some(base) => format!("extends '{base}'"),
            None => "extends nothing".to_owned(),
        };
        match self {
            Self::Base { registered, found } => {
                write!(f, "it {}, the new one {}", base(registered), base(found))
            }
            Self::InheritedDefault { slot, registered, found } => {
                let shown = |value: &Option<Value>| match value {
                    Some(value) => value.to_string(),
                    None => "that of the base".to_owned(),
                };
                let (registered, found) = (shown(registered), shown(found));
                write!(f, "its default of '{slot}' is {registered}, the new one's is {found}")
            }
            Self::MissingSlot(slot) => write!(f, "the new one has no slot '{slot}'"),
            Self::ExtraSlot(slot) => write!(f, "it has no slot '{slot}'"),
            Self::Slot { registered, found } => {
                let slot = registered.name();
                write!(f, "its slot '{slot}' is {}, the new one's is ", registered.declaration())?;
                write!(f, "{}", found.declaration())
            }
            Self::Order => f.write_str("the slots have another order"),
        }
    }
}

/// Lists the first items, each cut after 300 characters, and the number of the others.
pub(crate) fn list_first<T: fmt::Display>(
    most: usize,
    items: impl ExactSizeIterator<Item = T>,
    separator: &str,
) -> String {
    const LONGEST: usize = 300;
    let more = items.len().saturating_sub(most);
    let shown = items.take(most).map(|item| {
        let text = item.to_string();
        match text.char_indices().nth(LONGEST) {
            Some((end, _)) => format!("{}…", &text[..end]),
            None => text,
        }
    });
    let more = (more > 0).then(|| format!("{more} more"));
    shown.chain(more).collect::<Vec<_>>().join(separator)
}
