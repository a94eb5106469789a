//! The columns of other schemas, made of those that are there.

use crate::epoch::Epoch;
use crate::error::LimitError;
use crate::id::{ObjectId, SchemaId};
use crate::schema::{Redeclared, RegisteredSchema, Registry, Slot, Source};
use crate::storage::{Blocks, Column, KindTag, Rows, Table};
use crate::store::dynamic::{self, Pools};
use crate::store::migrate::Overwrites;
use crate::store::migrate::examine::{cells_stay, living_rows};
use crate::value::Value;

/// Makes columns without touching those that are there: only texts and lists may come to the store.
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
    Kept {
        from: usize,
        tag: KindTag,
        set: NewSet,
    },
    Written(Column),
}

/// Which values of a column that is kept are set.
enum NewSet {
    AsBefore,
    /// The slot has become optional.
    All(Blocks<bool>),
    /// The slot is no longer optional.
    Always,
}

impl Rebuilder<'_> {
    /// The new columns of each table that gets other ones.
    pub(super) fn rebuild(mut self) -> Result<Vec<Option<NewColumns>>, LimitError> {
        let (before, after) = (self.before, self.after);
        let schemas = before.iter().zip(after.registry.iter());
        let schemas = schemas.zip(&after.sources).zip(self.tables);
        let columns =
            schemas.map(|(((before, after), sources), table)| match before.is_stored_as(after) {
                true => Ok(None),
                false => self.table(before, after, sources, table).map(Some),
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
        let slots = after.slots().iter().zip(sources);
        let columns = slots.map(|(new, source)| match source {
            Source::Slot(from) => {
                let (old, column) = (&before.slots()[*from], &table.columns[*from]);
                match kept(column, old, new, &table.rows) {
                    Some(set) => Ok(NewColumn::Kept { from: *from, tag: dynamic::tag(new), set }),
                    None => {
                        let objects = (before.id(), &table.rows);
                        self.convert(column, old, new, objects).map(NewColumn::Written)
                    }
                }
            }
            Source::New | Source::Contested(_) => {
                self.fill(new, &table.rows).map(NewColumn::Written)
            }
        });
        columns.collect::<Result<_, _>>().map(NewColumns)
    }

    /// A column of other values, row by row.
    fn convert(
        &mut self,
        column: &Column,
        old: &Slot,
        new: &Slot,
        (schema, rows): (SchemaId, &Rows),
    ) -> Result<Column, LimitError> {
        let mut converted = dynamic::column(new);
        for row in living_rows(rows) {
            let id = ObjectId::new(schema, row, rows.generations()[row as usize]);
            if self.overwrites.contains(id, new) {
                converted.fill(row);
                continue;
            }
            let value = dynamic::read(column, old, row, self.pools.interner);
            let missing = value.is_unset() && !new.is_optional();
            let value = if missing { new.default().unwrap_or(&Value::Unset) } else { &value };
            self.write(&mut converted, new, row, value)?;
        }
        Ok(converted)
    }

    /// A column of one value, the default.
    fn fill(&mut self, slot: &Slot, rows: &Rows) -> Result<Column, LimitError> {
        let mut filled = dynamic::column(slot);
        if rows.count() > 0 {
            let mut pattern = dynamic::column(slot);
            match slot.default() {
                Some(default) => self.write(&mut pattern, slot, 0, default)?,
                // It is optional, or all objects are given a value afterwards.
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
            unwritten.limit(self.pools.limits).expect("the values have been examined")
        })
    }
}

/// The blocks in which objects live, and how many rows each of them has.
fn blocks_with_objects(rows: &Rows) -> impl Iterator<Item = (usize, usize)> {
    let blocks = (0..rows.blocks()).filter(|block| rows.living_in(*block) > 0);
    blocks.map(|block| (block, rows.used_in(block)))
}

/// Which values are set where a column's cells serve the new slot as they are; `None` where they do not.
fn kept(column: &Column, old: &Slot, new: &Slot, rows: &Rows) -> Option<NewSet> {
    if !cells_stay(old.kind(), new.kind()) {
        return None;
    }
    match (&column.set, new.is_optional()) {
        (None, false) | (Some(_), true) => Some(NewSet::AsBefore),
        (None, true) => {
            let mut set = Blocks::new(1);
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
    /// Gives the columns to the table.
    pub(super) fn put_into(self, table: &mut Table, epoch: Epoch) {
        let mut old: Vec<_> = std::mem::take(&mut table.columns).into_iter().map(Some).collect();
        let columns = self.0.into_iter().map(|column| match column {
            NewColumn::Written(column) => column,
            NewColumn::Kept { from, tag, set } => {
                let mut column = old[from].take().expect("a column becomes one other column");
                column.tag = tag;
                match set {
                    NewSet::AsBefore => {}
                    NewSet::All(set) => column.set = Some(set),
                    NewSet::Always => column.set = None,
                }
                // Views that match the schema only now have not seen its values yet.
                column.touch(epoch);
                column
            }
        });
        table.columns = columns.collect();
    }
}
