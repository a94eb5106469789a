//! The handle of one object.

use std::fmt;
use std::num::NonZeroU64;

/// The position of a schema in its store's registry.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct SchemaId(pub(crate) u16);

impl SchemaId {
    /// Returns the position as an index.
    ///
    /// # Example
    /// ```
    /// use slotted::{Kind, Schema, Store};
    /// let mut store = Store::new();
    /// let tile = store.register_schema(Schema::builder("tile").slot("height", Kind::F32).build()?)?;
    /// assert_eq!(tile.index(), 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// The handle of one object: schema, row and generation in 64 bits.
///
/// A row gets a new generation when it is reused, so the id of a dead object never refers to another one.
/// `Option<ObjectId>` has 64 bits too. Ids sort by schema, generation and row, which is not the order in which views
/// visit objects.
///
/// # Dead references
/// A reference is a value: it stays in its slot when its object dies, until it is overwritten. The object that has it can
/// still change:
///
/// * a living object accepts the dead references that it has already, in any slot or list, and no others;
/// * a new object accepts all dead references, so that it can be a copy of another one;
/// * validation and migration accept all dead references.
///
/// The schema of a dead object is not checked. An id that the store never gave out is refused everywhere.
/// [`Store::dead_references`](crate::Store::dead_references) lists the dead references of a store.
///
/// # Example
/// ```
/// use slotted::{Kind, Schema, Store, record};
/// let mut store = Store::new();
/// store.register_schema(Schema::builder("tile").slot("height", Kind::F32).build()?)?;
/// let old = store.spawn_record("tile", record! { height: 1.0 })?;
/// store.despawn(old)?;
/// let new = store.spawn_record("tile", record! { height: 2.0 })?;
/// assert_eq!(old.row(), new.row());
/// assert!(!store.contains(old) && store.contains(new));
/// assert_eq!(size_of::<Option<slotted::ObjectId>>(), 8);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[doc(alias = "entity")]
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, bytemuck::NoUninit)]
#[repr(transparent)]
pub struct ObjectId(NonZeroU64);

impl ObjectId {
    /// The memory of an unset reference. Callers never see it.
    pub(crate) const FILLER: Self = Self::new(SchemaId(0), 0, 1);

    /// Creates an id. Generations of living objects are odd, so the bits are never zero.
    #[inline]
    pub(crate) const fn new(schema: SchemaId, row: u32, generation: u16) -> Self {
        debug_assert!(generation & 1 == 1, "only living rows have ids");
        let bits = (schema.0 as u64) << 48 | (generation as u64 | 1) << 32 | row as u64;
        match NonZeroU64::new(bits) {
            Some(bits) => Self(bits),
            None => unreachable!(),
        }
    }

    /// Returns the object's schema.
    ///
    /// # Example
    /// ```
    /// let id = slotted::ObjectId::from_bits(7 | 1 << 32 | 2 << 48).unwrap();
    /// assert_eq!(id.schema().index(), 2);
    /// ```
    #[must_use]
    #[inline]
    pub const fn schema(self) -> SchemaId {
        SchemaId((self.0.get() >> 48) as u16)
    }

    /// Returns the object's position in its table.
    ///
    /// # Example
    /// ```
    /// let id = slotted::ObjectId::from_bits(7 | 1 << 32 | 2 << 48).unwrap();
    /// assert_eq!(id.row(), 7);
    /// ```
    #[must_use]
    #[inline]
    pub const fn row(self) -> u32 {
        (self.0.get() & u32::MAX as u64) as u32
    }

    /// Returns the generation of the row: 1 for its first object, 3 for the second, and so on.
    ///
    /// # Example
    /// ```
    /// let id = slotted::ObjectId::from_bits(7 | 1 << 32 | 2 << 48).unwrap();
    /// assert_eq!(id.generation(), 1);
    /// ```
    #[must_use]
    #[inline]
    pub const fn generation(self) -> u16 {
        ((self.0.get() >> 32) & u16::MAX as u64) as u16
    }

    /// Returns the id as bits, for files or foreign interfaces.
    ///
    /// # Example
    /// ```
    /// use slotted::ObjectId;
    /// let id = ObjectId::from_bits(7 | 1 << 32).unwrap();
    /// assert_eq!(id.to_bits(), 7 | 1 << 32);
    /// ```
    #[must_use]
    #[inline]
    pub const fn to_bits(self) -> u64 {
        self.0.get()
    }

    /// Creates an id from bits. Returns `None` if no store can have such an id.
    ///
    /// # Example
    /// ```
    /// use slotted::ObjectId;
    /// assert_eq!(ObjectId::from_bits(0), None);
    /// assert_eq!(ObjectId::from_bits(7 | 1 << 32).unwrap().row(), 7);
    /// ```
    #[must_use]
    pub const fn from_bits(bits: u64) -> Option<Self> {
        match NonZeroU64::new(bits) {
            Some(bits) if bits.get() >> 32 & 1 == 1 => Some(Self(bits)),
            _ => None,
        }
    }
}

/// The id's [bits](ObjectId::to_bits).
impl From<ObjectId> for u64 {
    fn from(id: ObjectId) -> Self {
        id.to_bits()
    }
}

impl fmt::Debug for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ObjectId({self})")
    }
}

/// `schema:row:generation`, as in `3:41:1`.
impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.schema().0, self.row(), self.generation())
    }
}
