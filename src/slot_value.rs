//! Rust types as the values of slots.

use bytemuck::TransparentWrapper;

use crate::any::Any;
use crate::id::ObjectId;
use crate::kind::{Kind, NumberKind};
use crate::list::{List, ListCell};
pub use crate::number::Ends;
use crate::number::Numbers;
use crate::schema::{Checker, ProblemKind, Slot};
pub use crate::storage::Cell;
use crate::storage::{CellColumn, CellValue, ElementShape, Interner};
use crate::text::Text;
use crate::value::Value;
pub use crate::value::Vector;

/// A Rust type whose values a slot can hold.
///
/// Implemented for `bool`, the integers of 8 to 64 bits, the floats, the glam vectors, [`Text`],
/// [`ObjectId`], arrays of numbers, and [lists](List) of all of these; `#[derive(SlotValue)]`
/// implements it for
///
/// * **enums** without fields, which also derive [`bytemuck::NoUninit`] and
///   [`bytemuck::CheckedBitPattern`] and are `#[repr(u8)]`: a kind with named variants;
/// * **structs** that derive [`bytemuck::Pod`]: a kind of their own.
///
/// ```
/// use slotted::bytemuck::{CheckedBitPattern, NoUninit, Pod, Zeroable};
/// use slotted::{Kind, SlotValue};
///
/// #[derive(SlotValue, NoUninit, CheckedBitPattern, Clone, Copy, Debug, PartialEq)]
/// #[bytemuck(crate = "slotted::bytemuck")] // not needed if your crate depends on bytemuck
/// #[repr(u8)]
/// enum Job { Farmer, #[slot(name = "royal guard")] Guard }
/// assert_eq!(Job::kind(), Kind::enumeration(["farmer", "royal guard"]));
///
/// #[derive(SlotValue, Pod, Zeroable, Clone, Copy)]
/// #[bytemuck(crate = "slotted::bytemuck")]
/// #[repr(C)]
/// struct Color { r: u8, g: u8, b: u8 }
/// assert!(matches!(Color::kind(), Kind::Pod(pod) if pod.size() == 3));
/// ```
#[diagnostic::on_unimplemented(
    message = "no slot holds `{Self}`",
    label = "not a slot value",
    note = "slots hold bool, numbers, glam vectors, `Text`, `ObjectId`, `Any`, arrays of numbers, `List`s, \
            and types with `#[derive(SlotValue)]`: `#[repr(u8)]` enums and `bytemuck::Pod` structs",
    note = "a slot with `Option` is read and changed by `get` and `set`; in views by `Option<&T>`, `Option<&mut T>` \
            and `slotted::view::OptionMut<T>`"
)]
#[doc(alias = "component")]
pub trait SlotValue: Copy + Send + Sync + 'static {
    /// The type of the cells that a column of such values contains.
    type Cell: Cell;

    #[doc(hidden)]
    const WIDTH: usize;

    /// The number of an enum's variants, which tells lists of different enums apart.
    #[doc(hidden)]
    const VARIANTS: u16 = 0;

    /// Returns the kind of these values.
    fn kind() -> Kind;

    #[doc(hidden)]
    fn filler() -> Self;

    #[doc(hidden)]
    fn as_cells(values: &[Self]) -> &[Self::Cell];

    #[doc(hidden)]
    fn from_cells(cells: &[Self::Cell]) -> &[Self];

    #[doc(hidden)]
    fn from_cells_mut(cells: &mut [Self::Cell]) -> &mut [Self];

    #[doc(hidden)]
    #[inline]
    fn append(block: &mut Vec<Self::Cell>, values: impl Iterator<Item = Self>) {
        for value in values {
            block.extend_from_slice(Self::as_cells(std::slice::from_ref(&value)));
        }
    }

    /// Returns `true` if all numbers of the value lie between the ends.
    #[doc(hidden)]
    #[inline(always)]
    fn is_within(&self, _: Ends) -> bool {
        true
    }

    /// Checks a value against the constraints of a slot of this kind.
    #[doc(hidden)]
    fn check(self, _: &Slot, _: ValueCheck<'_>) -> Result<(), ProblemKind> {
        Ok(())
    }
}

/// The context for checking a typed value. Texts and lists are handles, which the store must know.
#[doc(hidden)]
#[derive(Clone, Copy)]
#[allow(missing_debug_implementations)]
pub struct ValueCheck<'a> {
    pub(crate) checker: Checker<'a>,
    pub(crate) interner: &'a Interner,
}

impl<T: SlotValue> CellValue<T::Cell> for T {
    #[inline(always)]
    fn cells(&self) -> &[T::Cell] {
        T::as_cells(std::slice::from_ref(self))
    }

    #[inline(always)]
    fn append(block: &mut Vec<T::Cell>, values: impl Iterator<Item = Self>) {
        <T as SlotValue>::append(block, values);
    }

    #[inline(always)]
    fn overwrite(cells: &mut [T::Cell], values: impl Iterator<Item = Self>) {
        T::from_cells_mut(cells).iter_mut().zip(values).for_each(|(old, value)| *old = value);
    }

    #[inline(always)]
    fn scatter(cells: &mut [T::Cell], rows: &[u16], values: impl Iterator<Item = Self>) {
        let block = T::from_cells_mut(cells);
        rows.iter().zip(values).for_each(|(row, value)| block[usize::from(*row)] = value);
    }
}

/// An element type of a [`List`]: every [`SlotValue`] except lists.
#[diagnostic::on_unimplemented(
    message = "no list holds `{Self}`",
    label = "not an element of lists",
    note = "the elements of a list are slot values: bool, numbers, glam vectors, `Text`, `ObjectId`, `Any`, \
            arrays of numbers, and types with `#[derive(SlotValue)]`; but not lists"
)]
pub trait ListElement: SlotValue {}

/// Returns the shape of the elements. Lists with equal cells are the same list only if their shapes are equal.
pub(crate) const fn element_shape<T: ListElement>() -> ElementShape {
    const { assert!(T::WIDTH <= 4096, "a value has at most 4096 bytes") };
    ElementShape { cell: T::Cell::TYPE, width: T::WIDTH as u16, variants: T::VARIANTS }
}

#[diagnostic::do_not_recommend]
impl<T: ListElement> SlotValue for List<T> {
    type Cell = ListCell;
    const WIDTH: usize = 1;

    fn kind() -> Kind {
        Kind::list(T::kind())
    }

    fn filler() -> Self {
        Self::EMPTY
    }

    #[inline(always)]
    fn as_cells(values: &[Self]) -> &[ListCell] {
        Self::peel_slice(values)
    }

    #[inline(always)]
    fn from_cells(cells: &[ListCell]) -> &[Self] {
        Self::wrap_slice(cells)
    }

    #[inline(always)]
    fn from_cells_mut(cells: &mut [ListCell]) -> &mut [Self] {
        Self::wrap_slice_mut(cells)
    }

    fn check(self, slot: &Slot, check: ValueCheck<'_>) -> Result<(), ProblemKind> {
        check.interner.mark_list(self.cell());
        let cells = check.interner.lists.resolve(element_shape::<T>(), self.cell());
        let elements = T::from_cells(cells.ok_or(ProblemKind::ForeignList)?);
        elements.iter().enumerate().try_for_each(|(position, element)| {
            let checked = element.check(slot, check);
            checked.map_err(|kind| ProblemKind::Element { position, kind: Box::new(kind) })
        })
    }
}

/// A field's type: a slot's value, or an `Option` of one for an optional slot.
#[diagnostic::on_unimplemented(
    message = "no slot holds `{Self}`",
    label = "neither a slot value nor an `Option` of one",
    note = "slots hold bool, numbers, glam vectors, `Text`, `ObjectId`, `Any`, arrays of numbers, `List`s, \
            and types with `#[derive(SlotValue)]`; or an `Option` of one of these"
)]
pub trait SlotField: Copy + Send + Sync + 'static {
    /// The type of the value.
    type Value: SlotValue;

    /// `true` if the slot may be unset.
    const OPTIONAL: bool;

    #[doc(hidden)]
    fn from_value(value: Self::Value, is_set: bool) -> Self;

    #[doc(hidden)]
    fn into_value(self) -> Option<Self::Value>;
}

#[diagnostic::do_not_recommend]
impl<T: SlotValue> SlotField for T {
    type Value = T;
    const OPTIONAL: bool = false;

    #[inline(always)]
    fn from_value(value: T, _: bool) -> Self {
        value
    }

    #[inline(always)]
    fn into_value(self) -> Option<T> {
        Some(self)
    }
}

#[diagnostic::do_not_recommend]
impl<T: SlotValue> SlotField for Option<T> {
    type Value = T;
    const OPTIONAL: bool = true;

    #[inline(always)]
    fn from_value(value: T, is_set: bool) -> Self {
        is_set.then_some(value)
    }

    #[inline(always)]
    fn into_value(self) -> Self {
        self
    }
}

/// The members of a [`SlotValue`] that is its own cell type.
macro_rules! own_cell {
    () => {
        type Cell = Self;
        const WIDTH: usize = 1;

        fn filler() -> Self {
            <Self as crate::storage::CellColumn>::FILLER
        }

        #[inline(always)]
        fn as_cells(values: &[Self]) -> &[Self] {
            values
        }

        #[inline(always)]
        fn from_cells(cells: &[Self]) -> &[Self] {
            cells
        }

        #[inline(always)]
        fn from_cells_mut(cells: &mut [Self]) -> &mut [Self] {
            cells
        }

        #[inline(always)]
        fn append(block: &mut Vec<Self>, values: impl Iterator<Item = Self>) {
            block.extend(values);
        }
    };
}

macro_rules! numeric {
    ($($type:ty: $kind:expr;)*) => {$(
        #[diagnostic::do_not_recommend]
        impl SlotValue for $type {
            own_cell!();

            fn kind() -> Kind {
                $kind
            }

            #[inline(always)]
            fn is_within(&self, ends: Ends) -> bool {
                self.are_within(ends)
            }

            fn check(self, slot: &Slot, _: ValueCheck<'_>) -> Result<(), ProblemKind> {
                Checker::numbers(slot, &self, || self.into())
            }
        }

        #[diagnostic::do_not_recommend]
        impl ListElement for $type {}
    )*};
}

macro_rules! vectors {
    ($($name:ident $word:literal [$number:ident; $length:literal] $component:ident $filler:ident $form:ident $held:ident $mint:ident;)*) => {
        numeric! { $(glam::$name: Kind::$name;)* }
    };
}
crate::for_each_vector!(vectors);

macro_rules! numbers {
    ($($type:ty: $kind:ident;)*) => {
        numeric! { $($type: Kind::$kind;)* }

        $(#[diagnostic::do_not_recommend]
        impl<const N: usize> SlotValue for [$type; N] {
            type Cell = $type;
            const WIDTH: usize = {
                assert!(N > 0 && N * size_of::<$type>() <= 4096, "an array has 1 to 4096 bytes");
                N
            };

            fn kind() -> Kind {
                Kind::Array(NumberKind::$kind, N as u32)
            }

            fn filler() -> Self {
                [Default::default(); N]
            }

            #[inline(always)]
            fn as_cells(values: &[Self]) -> &[$type] {
                values.as_flattened()
            }

            #[inline(always)]
            fn from_cells(cells: &[$type]) -> &[Self] {
                cells.as_chunks().0
            }

            #[inline(always)]
            fn from_cells_mut(cells: &mut [$type]) -> &mut [Self] {
                cells.as_chunks_mut().0
            }

            #[inline(always)]
            fn is_within(&self, ends: Ends) -> bool {
                self.are_within(ends)
            }

            fn check(self, slot: &Slot, _: ValueCheck<'_>) -> Result<(), ProblemKind> {
                Checker::numbers(slot, &self, || self.into())
            }
        }

        #[diagnostic::do_not_recommend]
        impl<const N: usize> ListElement for [$type; N] {})*
    };
}
numbers! {
    i8: I8; i16: I16; i32: I32; i64: I64; u8: U8; u16: U16; u32: U32; u64: U64; f32: F32; f64: F64;
}

#[diagnostic::do_not_recommend]
impl ListElement for bool {}

#[diagnostic::do_not_recommend]
impl SlotValue for bool {
    own_cell!();

    fn kind() -> Kind {
        Kind::Bool
    }
}

#[diagnostic::do_not_recommend]
impl ListElement for Text {}

#[diagnostic::do_not_recommend]
impl SlotValue for Text {
    own_cell!();

    fn kind() -> Kind {
        Kind::Text
    }

    fn check(self, _: &Slot, check: ValueCheck<'_>) -> Result<(), ProblemKind> {
        check.interner.mark_text(self);
        check.interner.texts.resolve(self).map(|_| ()).ok_or(ProblemKind::ForeignText)
    }
}

#[diagnostic::do_not_recommend]
impl ListElement for Any {}

#[diagnostic::do_not_recommend]
impl SlotValue for Any {
    type Cell = Text;
    const WIDTH: usize = 1;
    const VARIANTS: u16 = ElementShape::ANY;

    fn kind() -> Kind {
        Kind::Any
    }

    fn filler() -> Self {
        Self::UNSET
    }

    #[inline(always)]
    fn as_cells(values: &[Self]) -> &[Text] {
        Self::peel_slice(values)
    }

    #[inline(always)]
    fn from_cells(cells: &[Text]) -> &[Self] {
        Self::wrap_slice(cells)
    }

    #[inline(always)]
    fn from_cells_mut(cells: &mut [Text]) -> &mut [Self] {
        Self::wrap_slice_mut(cells)
    }

    fn check(self, slot: &Slot, check: ValueCheck<'_>) -> Result<(), ProblemKind> {
        // An element of a list may be unset.
        if self == Self::UNSET && *slot.kind() == Kind::Any {
            return Err(ProblemKind::WrongKind { expected: Kind::Any, found: Value::Unset });
        }
        check.interner.mark_text(self.text());
        check.interner.texts.resolve(self.text()).map(|_| ()).ok_or(ProblemKind::ForeignAny)
    }
}

#[diagnostic::do_not_recommend]
impl ListElement for ObjectId {}

#[diagnostic::do_not_recommend]
impl SlotValue for ObjectId {
    own_cell!();

    fn kind() -> Kind {
        Kind::Object
    }

    fn check(self, slot: &Slot, check: ValueCheck<'_>) -> Result<(), ProblemKind> {
        check.checker.reference(slot, self)
    }
}

/// The items that `#[derive(SlotValue)]` uses.
pub(crate) mod derive_support {
    pub use crate::storage::{Align, CellOfAlign};

    /// The unsigned integer with a plain-memory type's alignment.
    pub type PodCell<const ALIGN: usize> = <Align<ALIGN> as CellOfAlign>::Cell;

    /// Returns the number of cells of a plain-memory value. Evaluated at compile time.
    #[must_use]
    pub const fn pod_width<T>() -> usize {
        assert!(size_of::<T>() > 0, "a slot's value has at least one byte");
        assert!(size_of::<T>() <= 4096, "a slot's value has at most 4096 bytes");
        size_of::<T>() / align_of::<T>()
    }
}
