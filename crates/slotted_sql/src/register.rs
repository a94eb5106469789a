//! All schemas of a snapshot as tables.

use std::sync::Arc;

use datafusion::catalog::{MemorySchemaProvider, SchemaProvider};
use datafusion::common::{Result, TableReference, plan_datafusion_err};
use datafusion::prelude::SessionContext;
use slotted::Snapshot;

use crate::SnapshotTable;

/// Makes a table of each schema of a snapshot, and another one in `exactly`, as the [crate](crate) says.
///
/// Tables of these names from an earlier snapshot are replaced, so a context can be used again for the next frame. Queries
/// that were planned before go on with their own snapshot.
///
/// Computes in **O(schemas)** time.
///
/// # Errors
/// Returns an error if the context refuses a table.
///
/// # Example
/// The [crate](crate) has one.
pub fn register_snapshot(context: &SessionContext, snapshot: &Snapshot) -> Result<()> {
    let exactly = MemorySchemaProvider::new();
    for table in snapshot.raw().tables() {
        let name = table.schema().name();
        let gone = || plan_datafusion_err!("the snapshot has no schema {name}");
        // Names keep their capital letters.
        let reference = TableReference::bare(name);
        context.deregister_table(reference.clone())?;
        let family = SnapshotTable::new(snapshot, name).ok_or_else(gone)?;
        context.register_table(reference, Arc::new(family))?;
        let own = SnapshotTable::exactly(snapshot, name).ok_or_else(gone)?;
        exactly.register_table(name.to_owned(), Arc::new(own))?;
    }
    let state = context.state();
    let catalog = &state.config().options().catalog.default_catalog;
    let catalog = context
        .catalog(catalog)
        .ok_or_else(|| plan_datafusion_err!("the context has no catalog {catalog}"))?;
    catalog.register_schema("exactly", Arc::new(exactly))?;
    Ok(())
}
