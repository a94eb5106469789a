//! Lists of records all of whose parts are optional: the list itself may be required.

use std::collections::HashMap;

use crate::slot::SlotDeclaration;
use slotted::schema::SIGNS;

/// Takes the empty default from a part of each list that has neither a default nor a part that all elements have. Every record with
/// such a list gives all of its parts, so one of them tells whether the list is there.
pub(super) fn require_lists(slots: &mut [SlotDeclaration<'_, '_>]) {
    let mut first_parts: HashMap<&str, Option<usize>> = HashMap::new();
    for (position, slot) in slots.iter().enumerate() {
        let Some(placed) = &slot.placed else { continue };
        let Some(end) = slot.name.find(SIGNS) else { continue };
        let is_list = slot.name[end..].starts_with("[]");
        let can_be_missing = placed.is_empty && !placed.is_optional && !placed.is_whole_empty;
        let first = first_parts.entry(&slot.name[..end]).or_insert(Some(position));
        if !is_list || !can_be_missing {
            *first = None;
        }
    }
    let firsts: Vec<usize> = first_parts.into_values().flatten().collect();
    for position in firsts {
        if let Some(placed) = &mut slots[position].placed {
            placed.is_empty = false;
        }
    }
}
