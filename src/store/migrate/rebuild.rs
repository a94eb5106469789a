//! The columns that a migration builds from the present ones.

use std::collections::HashMap;

use crate::epoch::Epoch;
use crate::error::LimitError;
use crate::id::ObjectId;
use crate::schema::{Redeclared, RegisteredSchema, Registry, Slot, Source};
use crate::storage::{Blocks, Column, KindTag, Rows, Table};
use crate::store::dynamic::{self, Pools};
use crate::store::migrate::Overwrites;
use crate::store::migrate::examine::{cells_stay, living_rows};
use crate::store::migrate::needed::NeededIn;
use crate::store::migrate::wholes::{Part, Target, Wholes};
use crate::value::Value;

/// Builds columns and leaves the present ones unchanged. Only texts and lists are added to the store.
pub(super) struct Rebuilder<'a> {
    pub(super) before: &'a Registry,
    pub(super) after: &'a Redeclared,
    pub(super) tables: &'a [Table],
    pub(super) pools: Pools<'a>,
    pub(super) overwrites: &'a Overwrites,
}

/// The columns of one table.
pub(super) struct NewColumns(Vec<NewColumn>);

enum NewColumn {
    /// The column at this position, under another tag.
    Kept { from: usize, tag: KindTag, set: NewSet },
    /// A new column, with the position of the one whose values it has.
    Written(Column, Option<usize>),
}

/// The set values of a column that is kept.
enum NewSet {
    AsBefore,
    /// The slot became optional.
    All(Blocks<bool>),
    /// The slot is no longer optional.
    Always,
}

impl Rebuilder<'_> {
    /// Builds the new columns of each table whose columns change.
    pub(super) fn rebuild(mut self) -> Result<Vec<Option<NewColumns>>, LimitError> {
        let (before, after) = (self.before, self.after);
        let schemas = before.iter().zip(after.registry.iter());
        let schemas = schemas.zip(&after.sources).zip(self.tables);
        let columns = schemas.map(|(((before, after), sources), table)| {
            let to = |to| NeededIn::new(before, (after, to), sources);
            let has_new_needs = (0..after.slots().len()).any(|slot| to(slot).is_some());
            match before.is_stored_as(after) && !has_new_needs {
                true => Ok(None),
                false => self.table(before, after, sources, table).map(Some),
            }
        });
        columns.collect()
    }

    fn table(
        &mut self,
        before: &RegisteredSchema,
        after: &RegisteredSchema,
        sources: &[Source],
        table: &Table,
    ) -> Result<NewColumns, LimitError> {
        let wholes = Wholes::new(before, after, sources);
        let mut of_parts = HashMap::new();
        for target in wholes.targets() {
            of_parts.extend(self.parts((&wholes, &target), after, table)?);
        }
        let columns = sources.iter().enumerate().map(|(to, source)| match source {
            source if of_parts.contains_key(&to) => {
                let column = of_parts.remove(&to).expect("the key was found");
                Ok(NewColumn::Written(column, source.position()))
            }
            Source::Slot(from) => {
                let (old, new) = (&before.slots()[*from], &after.slots()[to]);
                let column = &table.columns[*from];
                let needed = NeededIn::new(before, (after, to), sources)
                    .filter(|_| new.needed_default().is_some());
                match kept(column, old, new, &table.rows).filter(|_| needed.is_none()) {
                    Some(set) => {
                        Ok(NewColumn::Kept { from: *from, tag: dynamic::tag(after, to), set })
                    }
                    None => {
                        let needed = needed.as_ref();
                        let converted = self.convert((table, *from), old, (after, to), needed);
                        converted.map(|column| NewColumn::Written(column, Some(*from)))
                    }
                }
            }
            Source::New | Source::Ambiguous(_) => {
                let filled = match NeededIn::new(before, (after, to), sources) {
                    Some(needed) => self.fill_needed((after, to), &needed, table),
                    None => self.fill((after, to), &table.rows),
                };
                filled.map(|column| NewColumn::Written(column, None))
            }
        });
        columns.collect::<Result<_, _>>().map(NewColumns)
    }

    /// Converts a column's values, row by row.
    fn convert(
        &mut self,
        (table, from): (&Table, usize),
        old: &Slot,
        (schema, to): (&RegisteredSchema, usize),
        needed: Option<&NeededIn>,
    ) -> Result<Column, LimitError> {
        let (column, rows) = (&table.columns[from], &table.rows);
        let new = &schema.slots()[to];
        let mut converted = column_for((schema, to), rows);
        for row in living_rows(rows) {
            let id = ObjectId::new(schema.id(), row, rows.generations()[row as usize]);
            if self.overwrites.contains(id, new) {
                converted.fill(row);
                continue;
            }
            let value = dynamic::read(column, old, row, self.pools.interner);
            let default = match needed {
                _ if !value.is_unset() => None,
                Some(needed) if needed.is_given(&table.columns, row) => new.needed_default(),
                _ => new.default().filter(|_| !new.is_optional()),
            };
            self.write(&mut converted, new, row, default.unwrap_or(&value))?;
        }
        Ok(converted)
    }

    /// Writes the parts of a nested value, row by row, and returns the columns with the positions of their slots.
    fn parts(
        &mut self,
        (wholes, target): (&Wholes<'_>, &Target<'_>),
        schema: &RegisteredSchema,
        table: &Table,
    ) -> Result<Vec<(usize, Column)>, LimitError> {
        let filled = target.slots.iter().filter(|slot| slot.is_filled);
        let mut columns: Vec<(usize, Column)> =
            filled.map(|slot| (slot.to, column_for((schema, slot.to), &table.rows))).collect();
        if columns.is_empty() {
            return Ok(columns);
        }
        for row in living_rows(&table.rows) {
            let id = ObjectId::new(schema.id(), row, table.rows.generations()[row as usize]);
            let parts = wholes.parts(target, (&table.columns, row), self.pools.interner);
            let filled = target.slots.iter().zip(parts).filter(|(slot, _)| slot.is_filled);
            for ((to, column), (_, part)) in columns.iter_mut().zip(filled) {
                let slot = &schema.slots()[*to];
                match (part, slot.default()) {
                    _ if self.overwrites.contains(id, slot) => column.fill(row),
                    (Part::Value(value), _) => self.write(column, slot, row, &value)?,
                    (_, Some(default)) => self.write(column, slot, row, default)?,
                    (_, None) => column.fill(row),
                }
            }
        }
        Ok(columns)
    }

    /// Fills a column with the default where an optional record has other parts.
    fn fill_needed(
        &mut self,
        (schema, to): (&RegisteredSchema, usize),
        needed: &NeededIn,
        table: &Table,
    ) -> Result<Column, LimitError> {
        let slot = &schema.slots()[to];
        let mut filled = column_for((schema, to), &table.rows);
        for row in living_rows(&table.rows) {
            let given = needed.is_given(&table.columns, row);
            match slot.default().or(slot.needed_default().filter(|_| given)) {
                Some(default) => self.write(&mut filled, slot, row, default)?,
                None => filled.fill(row),
            }
        }
        Ok(filled)
    }

    /// Fills a column with the default.
    fn fill(
        &mut self,
        (schema, to): (&RegisteredSchema, usize),
        rows: &Rows,
    ) -> Result<Column, LimitError> {
        let slot = &schema.slots()[to];
        let mut filled = column_for((schema, to), rows);
        if rows.count() > 0 {
            let mut pattern = dynamic::column(schema, to);
            match slot.default() {
                Some(default) => self.write(&mut pattern, slot, 0, default)?,
                // The slot is optional, or the caller sets the values afterwards.
                None => pattern.fill(0),
            }
            for (block, rows) in blocks_with_objects(rows) {
                filled.fill_block(block, rows, &pattern);
            }
        }
        Ok(filled)
    }

    fn write(
        &mut self,
        column: &mut Column,
        slot: &Slot,
        row: u32,
        value: &Value,
    ) -> Result<(), LimitError> {
        let written = dynamic::write(column, slot, row, value, &mut self.pools);
        written.map_err(|unwritten| {
            unwritten.limit(self.pools.limits).expect("the examination has checked the values")
        })
    }
}

/// Returns an empty column with room for the rows of blocks that have living objects.
fn column_for((schema, to): (&RegisteredSchema, usize), rows: &Rows) -> Column {
    let mut column = dynamic::column(schema, to);
    column.reserve(0..rows.used());
    blocks_without_objects(rows).for_each(|block| column.release(block));
    column
}

fn blocks_without_objects(rows: &Rows) -> impl Iterator<Item = usize> {
    (0..rows.blocks()).filter(|block| rows.living_in(*block) == 0)
}

/// Returns the blocks that have living objects, and the number of rows used in each.
fn blocks_with_objects(rows: &Rows) -> impl Iterator<Item = (usize, usize)> {
    let blocks = (0..rows.blocks()).filter(|block| rows.living_in(*block) > 0);
    blocks.map(|block| (block, rows.used_in(block)))
}

/// Returns the set values if the new slot can keep the column's cells; `None` if it cannot.
fn kept(column: &Column, old: &Slot, new: &Slot, rows: &Rows) -> Option<NewSet> {
    if !cells_stay(old.kind(), new.kind()) {
        return None;
    }
    match (&column.set, new.is_optional()) {
        (None, false) | (Some(_), true) => Some(NewSet::AsBefore),
        (None, true) => {
            let mut set = Blocks::new(1);
            set.reserve(0..rows.used());
            blocks_without_objects(rows).for_each(|block| set.release(block));
            for (block, rows) in blocks_with_objects(rows) {
                set.fill_block(block, rows, &[true]);
            }
            Some(NewSet::All(set))
        }
        (Some(set), false) => {
            let is_set = |row| set.row(row) == Some(&[true]);
            living_rows(rows).all(is_set).then_some(NewSet::Always)
        }
    }
}

impl NewColumns {
    /// Puts the columns into the table.
    pub(super) fn put_into(self, table: &mut Table, epoch: Epoch) {
        let old = std::mem::take(&mut table.columns);
        let is_inherited = |column: &Column| Some(column.marks.as_ref()?.is_inherited);
        let tracked: Vec<_> = old.iter().map(is_inherited).collect();
        let mut old: Vec<_> = old.into_iter().map(Some).collect();
        let columns = self.0.into_iter().map(|column| match column {
            NewColumn::Written(mut column, from) => {
                if let Some(is_inherited) = from.and_then(|from| tracked[from]) {
                    column.track(&table.rows, epoch, is_inherited);
                }
                column
            }
            NewColumn::Kept { from, tag, set } => {
                let mut column = old[from].take().expect("each column is kept at most once");
                column.tag = tag;
                match set {
                    NewSet::AsBefore => {}
                    NewSet::All(set) => column.set = Some(set),
                    NewSet::Always => column.set = None,
                }
                // A view that matches the schema only now has not seen these values.
                column.touch(epoch);
                column
            }
        });
        table.replace_columns(columns.collect());
    }
}
