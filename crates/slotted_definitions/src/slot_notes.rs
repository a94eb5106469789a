//! Documentation and places of slots.

use std::sync::Arc;

use crate::source::Place;

/// A key of a slot that a patch has set.
#[derive(Clone, Debug)]
pub(super) struct PatchedKey {
    pub(super) key: &'static str,
    pub(super) place: Place,
    pub(super) pack: usize,
}

/// Documentation and places of a slot, without effect on values.
#[derive(Clone, Debug, Default)]
pub(super) struct SlotNotes {
    pub(super) doc: Option<Arc<str>>,
    pub(super) unit: Option<Arc<str>>,
    pub(super) place: Option<Place>,
    pub(super) default_place: Option<Place>,
    /// The place of the name of the referenced schema.
    pub(super) references_place: Option<Place>,
    pub(super) patched: Vec<PatchedKey>,
    /// The names of the lists, it or those around it, that files may write without brackets.
    pub(super) one_or_lists: Vec<Arc<str>>,
}
