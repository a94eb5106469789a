//! Declared records, packed until they are read.

use std::sync::Arc;

use crate::document::{Declaration, RecordDeclaration};
use crate::node::{Data, Entry};
use crate::packed::Packed;
use crate::source::{Place, Span};
use crate::text::Text;
use crate::words::Words;

/// Properties that all records of a schema in a file share.
pub(super) struct Group<'s> {
    pub(super) schema: Text<'s>,
    /// The place of the schema's name. Objects that name their schemas have places of their own.
    pub(super) schema_place: Place,
    /// The position of the pack in the load order.
    pub(super) pack: usize,
    pub(super) file: u32,
    /// The text of the file.
    pub(super) text: &'s str,
    /// Attributes that tell the name or the schema.
    pub(super) taken: [Option<&'s str>; 2],
    /// The words of the file.
    pub(super) words: Arc<Words>,
}

/// One record, or a patch of one.
pub(super) struct PackedRecord<'s> {
    /// The number of the group.
    pub(super) group: u32,
    pub(super) is_named: bool,
    pub(super) name: Text<'s>,
    /// The span of the name, or of a record without one.
    pub(super) span: Span,
    pub(super) map: Packed,
}

// A file has a hundred thousand records: their size decides what a load costs.
const _: () = assert!(size_of::<PackedRecord<'_>>() <= 48);

impl<'s> PackedRecord<'s> {
    /// Unpacks the values into a list, which replaces its content.
    pub(super) fn unpack(&self, groups: &[Group<'s>], into: &mut Vec<Entry<'s>>) {
        self.map.unpack(groups[self.group as usize].text, into);
    }

    /// Returns the declaration with its unpacked values.
    pub(super) fn view<'n>(
        &'n self,
        groups: &'n [Group<'s>],
        map: &'n [Entry<'s>],
    ) -> RecordDeclaration<'n, 's> {
        let group = &groups[self.group as usize];
        let own = group.taken[1].and_then(|from| map.iter().find(|entry| entry.name == from));
        let own = own.filter(|entry| matches!(entry.value.data, Data::Text(_)));
        let file = group.file;
        let schema_place =
            own.map_or(group.schema_place, |own| Place { file, span: own.value.span });
        let place = Place { file, span: self.span };
        let of = Declaration { pack: group.pack, name: &self.name, place, map };
        let (schema, named, taken) = (&*group.schema, self.is_named, group.taken);
        RecordDeclaration { schema, schema_place, named, of, taken, words: &group.words }
    }
}

/// Makes room for records without spare room for others, unless many small files follow one another.
pub(super) fn make_room(records: &mut Vec<PackedRecord<'_>>, more: usize) {
    match more > records.len() {
        true => records.reserve_exact(more),
        false => records.reserve(more),
    }
}
