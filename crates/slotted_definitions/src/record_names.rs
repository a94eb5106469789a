//! The names of records: which are right, and unique in their schemas.

use std::sync::Arc;

use crate::diagnostic::{Code, Diagnostic, quoted};
use crate::document::RecordDeclaration;
use crate::names::{bad_name, composed};
use crate::records::{RecordReader, Undeclared};
use crate::source::Place;
use slotted::schema::RegisteredSchema;

impl RecordReader<'_> {
    /// Adds the name of a record that is read, and reports what is wrong with it.
    pub(super) fn add_name(
        &mut self,
        schema: &RegisteredSchema,
        name: &Arc<str>,
        declared: &RecordDeclaration<'_, '_>,
        number: u32,
    ) {
        if slotted::schema::check_name(name).is_err() {
            self.diagnostics.push_with(|_| bad_name("a record", name, declared.of.place));
        }
        self.refuse_same_reference(schema, name, declared.of.place);
        if !name.is_ascii() {
            self.refuse_same_letters(schema, name, declared.of.place);
        }
        let list = &self.records.list;
        let same_name = self.records.same_name(name).iter();
        let mut earlier = same_name.map(|other| &list[*other as usize]);
        let earlier = earlier.find(|other| other.schema == schema.id()).map(|other| other.place);
        if let Some(earlier) = earlier.or_else(|| self.place_of_kept(schema.name(), name)) {
            self.defined_twice((schema.name(), name), (declared.of.place, earlier));
            // It is meant as a patch, so the slots that it leaves out are no problem.
            self.records.incomplete.insert(number);
        }
        self.records.by_name.add(&self.records.list, name, number);
    }

    /// Returns the place of a record that is kept aside.
    fn place_of_kept(&self, schema: &str, name: &str) -> Option<Place> {
        if self.kept_names.is_empty() {
            return None;
        }
        self.kept_names.get(&(schema.into(), name.into())).copied()
    }

    fn defined_twice(&mut self, (schema, name): (&str, &str), (place, first): (Place, Place)) {
        let (of, name) = (quoted(schema), quoted(name));
        let message = format!("record {name} of {of} is defined twice");
        self.diagnostics.push(
            Diagnostic::error(Code::Conflict, message)
                .at(place, "defined here again")
                .at(first, "first defined here")
                .help(format!(
                    "to change its values, write them under patches.records.{of}.{name}"
                )),
        );
    }

    /// Refuses a record whose name is that of another one as `schema/name`.
    fn refuse_same_reference(&mut self, schema: &RegisteredSchema, name: &str, place: Place) {
        let of = |schema: &RegisteredSchema, name: &str| {
            let mut same_name = self.records.same_name(name).iter();
            let record = |number: &u32| &self.records.list[*number as usize];
            same_name.find(|number| record(number).schema == schema.id()).copied()
        };
        let parts = name.match_indices('/').map(|(at, _)| (&name[..at], &name[at + 1..]));
        let mut parts = parts.filter_map(|(of, name)| Some((self.registry.schema(of)?, name)));
        let mut other = parts.find_map(|(schema, name)| of(schema, name));
        let mut reference = name.to_owned();
        if other.is_none() && self.has_slashes {
            reference = format!("{}/{name}", schema.name());
            other = self.records.same_name(&reference).first().copied();
        }
        self.has_slashes |= name.contains('/');
        if let Some(other) = other {
            let first = self.records.list[other as usize].place;
            let message = format!("a reference {} could mean two records", quoted(&reference));
            self.diagnostics.push_with(|_| {
                Diagnostic::error(Code::Ambiguous, message)
                    .at(place, "this one")
                    .at(first, "or this one")
                    .help("rename one: references write schema/name where several records share a name")
            });
        }
    }

    /// Refuses two names with the same letters in other characters.
    fn refuse_same_letters(&mut self, schema: &RegisteredSchema, name: &Arc<str>, place: Place) {
        let key = (schema.id(), composed(name));
        let first = self.composed_names.entry(key).or_insert_with(|| (Arc::clone(name), place));
        if first.0 != *name {
            let (of, first) = (quoted(schema.name()), first.1);
            let message =
                format!("two records of {of} have names that look the same: {}", quoted(name));
            self.diagnostics.push_with(|_| {
                Diagnostic::error(Code::LookAlike, message)
                    .at(place, "this one")
                    .at(first, "and this one")
                    .help("one writes an accent as a character of its own; copy one of the names")
            });
        }
    }

    /// Adds the name of a record that is kept aside. Together with another one of the name it could not come back.
    pub(super) fn add_kept_name(&mut self, record: &RecordDeclaration<'_, '_>) {
        if !record.named || self.undeclared == Undeclared::Refuse {
            return;
        }
        let (schema, name) = (record.schema, record.of.name);
        let id = self.registry.schema(schema).map(RegisteredSchema::id);
        let same_name = self.records.same_name(name).iter();
        let mut same_name = same_name.map(|other| &self.records.list[*other as usize]);
        let known = same_name.find(|other| Some(other.schema) == id).map(|other| other.place);
        match known.or_else(|| self.place_of_kept(schema, name)) {
            Some(first) => self.defined_twice((schema, name), (record.of.place, first)),
            None => {
                self.kept_names.insert((schema.into(), name.into()), record.of.place);
            }
        }
    }
}
