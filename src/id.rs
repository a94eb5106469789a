//! The handle of one object.

use std::fmt;
use std::num::NonZeroU64;

/// The position of a schema in its store's registry.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct SchemaId(pub(crate) u16);

impl SchemaId {
    /// The position as an index.
    ///
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
/// A row that is used again has another generation, so an id outlives its object without ever
/// naming another one. `Option<ObjectId>` is 64 bits wide too.
///
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
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectId(NonZeroU64);

impl ObjectId {
    /// What the memory of an unset reference holds; never handed out from there.
    pub(crate) const FILLER: Self = Self::new(SchemaId(0), 0, 1);

    /// Generations of living objects are odd, which also keeps the bits from being zero.
    #[inline]
    pub(crate) const fn new(schema: SchemaId, row: u32, generation: u16) -> Self {
        debug_assert!(generation & 1 == 1, "only living rows have ids");
        let bits = (schema.0 as u64) << 48 | (generation as u64 | 1) << 32 | row as u64;
        match NonZeroU64::new(bits) {
            Some(bits) => Self(bits),
            None => unreachable!(),
        }
    }

    /// The object's schema.
    #[must_use]
    #[inline]
    pub const fn schema(self) -> SchemaId {
        SchemaId((self.0.get() >> 48) as u16)
    }

    /// The object's position in its table.
    #[must_use]
    #[inline]
    pub const fn row(self) -> u32 {
        (self.0.get() & u32::MAX as u64) as u32
    }

    /// How often the row has changed hands; odd.
    #[must_use]
    #[inline]
    pub const fn generation(self) -> u16 {
        ((self.0.get() >> 32) & u16::MAX as u64) as u16
    }

    /// The id as bits, for saving or for a foreign interface.
    #[must_use]
    #[inline]
    pub const fn to_bits(self) -> u64 {
        self.0.get()
    }

    /// The id of these bits, or `None` if no store hands out such an id.
    ///
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
