//! Queries of snapshots: right answers, and no more read than needed.

use std::error::Error;
use std::sync::Arc;

use datafusion::arrow::array::AsArray;
use datafusion::arrow::datatypes::{Int64Type, UInt64Type};
use datafusion::arrow::util::pretty::pretty_format_batches;
use datafusion::physical_plan::{ExecutionPlan, collect};
use datafusion::prelude::{SessionConfig, SessionContext};
use slotted::memory::BLOCK_ROWS;
use slotted::{Kind, ObjectId, Schema, Store, record};
use slotted_sql::{SnapshotScan, SnapshotTable, register_snapshot};

type Outcome = Result<(), Box<dyn Error>>;

/// Five blocks of units with numbers in ascending order, and two of orcs, which extend them.
fn world() -> Result<(Store, Vec<ObjectId>), Box<dyn Error>> {
    let mut store = Store::new();
    let unit = Schema::builder("unit")
        .slot("number", Kind::U32)
        .slot("name", Kind::Text)
        .slot("target", Kind::Object)
        .optional()
        .slot("health", Kind::F32)
        .default(100.0);
    store.register_schema(unit.build()?)?;
    let orc = Schema::builder("orc").extends("unit").slot("rage", Kind::F32).default(0.5);
    store.register_schema(orc.build()?)?;
    let unit = |number: usize| {
        let name = ["Ada", "Bob"][number % 2];
        record! { number: number as u32, name: name }
    };
    let mut ids: Vec<_> = store.spawn_records("unit", (0..5 * BLOCK_ROWS).map(unit))?.collect();
    ids.extend(store.spawn_records("orc", (0..2 * BLOCK_ROWS).map(unit))?);
    Ok((store, ids))
}

fn context(store: &mut Store, threads: usize) -> Result<SessionContext, Box<dyn Error>> {
    let context =
        SessionContext::new_with_config(SessionConfig::new().with_target_partitions(threads));
    register_snapshot(&context, &store.snapshot())?;
    Ok(context)
}

async fn shown(context: &SessionContext, query: &str) -> Result<String, Box<dyn Error>> {
    Ok(pretty_format_batches(&context.sql(query).await?.collect().await?)?.to_string())
}

async fn number(context: &SessionContext, query: &str) -> Result<i64, Box<dyn Error>> {
    let rows = context.sql(query).await?.collect().await?;
    Ok(rows[0].column(0).as_primitive::<Int64Type>().value(0))
}

/// Returns a sum of the metrics of all scans of a plan.
fn metric(plan: &Arc<dyn ExecutionPlan>, name: &str) -> usize {
    let own = plan.downcast_ref::<SnapshotScan>().and_then(|scan| scan.metrics());
    let own = own.and_then(|metrics| metrics.sum_by_name(name)).map_or(0, |sum| sum.as_usize());
    own + plan.children().into_iter().map(|child| metric(child, name)).sum::<usize>()
}

/// Runs a query, and returns its rows, blocks, skipped blocks, and columns of blocks that were made.
async fn counted(
    context: &SessionContext,
    query: &str,
) -> Result<(usize, usize, usize, usize), Box<dyn Error>> {
    let plan = context.sql(query).await?.create_physical_plan().await?;
    let rows = collect(Arc::clone(&plan), context.task_ctx()).await?;
    let rows = rows.iter().map(|batch| batch.num_rows()).sum();
    let of = |name| metric(&plan, name);
    Ok((rows, of("blocks"), of("blocks_skipped"), of("columns_read")))
}

#[tokio::test]
async fn projections_and_filters_reach_the_blocks() -> Outcome {
    let (mut store, _) = world()?;
    let context = context(&mut store, 2)?;
    let all = BLOCK_ROWS * 5;
    let one = counted(&context, "SELECT number FROM exactly.unit").await?;
    assert_eq!(one, (all, 5, 0, 5), "one column of each block");
    // The column of the filter of five blocks, and the two others of the one with a match.
    let query = "SELECT name, health, number FROM exactly.unit WHERE number = 20000";
    assert_eq!(counted(&context, query).await?, (1, 5, 4, 5 + 2));
    // The second condition is read only where the first one holds.
    let query = "SELECT id FROM exactly.unit WHERE number < 100 AND name = 'Ada' AND health > 1";
    assert_eq!(counted(&context, query).await?, (50, 5, 4, 5 + 2 + 1));
    // The name of the schema is known without a column.
    let query = "SELECT number FROM unit WHERE schema = 'orc' AND number = 3";
    assert_eq!(counted(&context, query).await?, (1, 7, 6, 2));
    let query = "SELECT number FROM unit WHERE number > 1000000";
    assert_eq!(counted(&context, query).await?, (0, 7, 7, 7));
    Ok(())
}

#[tokio::test]
async fn the_plan_shows_filters_columns_and_threads() -> Outcome {
    let (mut store, _) = world()?;
    let context = context(&mut store, 2)?;
    let query = "EXPLAIN SELECT name FROM unit WHERE number = 7";
    let plan = shown(&context, query).await?;
    let scan =
        "SnapshotScan: table=unit, columns=[name], filters=[number@2 = 7], blocks=7, partitions=2";
    assert!(plan.contains(scan), "{plan}");
    assert!(!plan.contains("FilterExec"), "the scan is exact: {plan}");
    let analyzed =
        shown(&context, "EXPLAIN ANALYZE SELECT name FROM unit WHERE number = 7").await?;
    for count in ["blocks=7", "blocks_skipped=5", "columns_read=9", "output_rows=2"] {
        assert!(analyzed.contains(count), "{count} in {analyzed}");
    }
    Ok(())
}

#[tokio::test]
async fn dead_objects_are_never_seen() -> Outcome {
    let (mut store, ids) = world()?;
    store.despawn_batch(&ids[10..BLOCK_ROWS])?;
    store.despawn_batch(&ids[BLOCK_ROWS..2 * BLOCK_ROWS])?;
    let context = context(&mut store, 2)?;
    let left = (store.len(), 10 + 3 * BLOCK_ROWS);
    assert_eq!(number(&context, "SELECT count(*) FROM unit").await?, left.0 as i64);
    assert_eq!(number(&context, "SELECT count(*) FROM exactly.unit").await?, left.1 as i64);
    // Dead rows have no values, and must not count as such.
    let unset = "SELECT count(*) FROM exactly.unit WHERE target IS NULL";
    assert_eq!(number(&context, unset).await?, left.1 as i64);
    assert_eq!(number(&context, "SELECT count(*) FROM unit WHERE id IS NULL").await?, 0);
    assert_eq!(number(&context, "SELECT count(*) FROM unit WHERE number IS NULL").await?, 0);
    let found = counted(&context, "SELECT number FROM exactly.unit").await?;
    assert_eq!(found, (left.1, 5, 1, 4), "a block without a living object is skipped");
    Ok(())
}

#[tokio::test]
async fn references_join_ids_across_schemas() -> Outcome {
    let (mut store, ids) = world()?;
    let orcs = 5 * BLOCK_ROWS;
    store.set_value(ids[0], "target", ids[orcs])?;
    store.set_value(ids[1], "target", ids[orcs])?;
    store.set_value(ids[orcs + 1], "target", ids[0])?;
    let context = context(&mut store, 2)?;
    let query = "SELECT a.schema AS attacker, b.schema AS target, count(*) AS pairs FROM unit a \
        JOIN unit b ON a.target = b.id GROUP BY a.schema, b.schema ORDER BY attacker";
    let expected = "\
+----------+--------+-------+
| attacker | target | pairs |
+----------+--------+-------+
| orc      | unit   | 1     |
| unit     | orc    | 2     |
+----------+--------+-------+";
    assert_eq!(shown(&context, query).await?, expected);
    let rows = context.sql("SELECT id FROM unit ORDER BY id LIMIT 1").await?.collect().await?;
    assert_eq!(rows[0].column(0).as_primitive::<UInt64Type>().value(0), ids[0].to_bits());
    Ok(())
}

#[tokio::test]
async fn any_number_of_threads_gives_the_same_answer() -> Outcome {
    let (mut store, _) = world()?;
    let query = "SELECT schema, name, sum(number) AS sum, count(*) AS units FROM unit \
        WHERE number % 3 = 1 GROUP BY schema, name ORDER BY schema, name";
    let mut answers = Vec::new();
    for threads in [1, 2, 3, 8] {
        let context = context(&mut store, threads)?;
        answers.push(shown(&context, query).await?);
    }
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{answers:?}");
    // One partition for each four blocks at most.
    let table = SnapshotTable::new(&store.snapshot(), "unit").ok_or("no unit")?;
    let context = SessionContext::new_with_config(SessionConfig::new().with_target_partitions(8));
    context.register_table("t", Arc::new(table))?;
    let plan = shown(&context, "EXPLAIN SELECT number FROM t").await?;
    assert!(plan.contains("blocks=7, partitions=2"), "{plan}");
    Ok(())
}

#[tokio::test]
async fn a_limit_ends_the_scan() -> Outcome {
    let (mut store, _) = world()?;
    let context = context(&mut store, 1)?;
    let found = counted(&context, "SELECT number FROM exactly.unit LIMIT 10").await?;
    assert_eq!((found.0, found.3), (10, 1), "one column of one block");
    Ok(())
}

#[tokio::test]
async fn conditions_of_more_than_a_row_are_left_to_the_engine() -> Outcome {
    let (mut store, _) = world()?;
    let context = context(&mut store, 2)?;
    let query = "SELECT count(*) FROM unit WHERE number = (SELECT max(number) FROM exactly.unit)";
    assert_eq!(number(&context, query).await?, 1);
    let plan = shown(&context, "EXPLAIN SELECT number FROM unit WHERE random() < 0.5").await?;
    assert!(plan.contains("FilterExec") && !plan.contains("filters="), "{plan}");
    Ok(())
}

#[tokio::test]
async fn a_later_snapshot_replaces_an_earlier_one() -> Outcome {
    let (mut store, ids) = world()?;
    let context = context(&mut store, 2)?;
    let before = context.sql("SELECT count(number) FROM unit WHERE number < 10").await?;
    store.despawn_batch(&ids[..5])?;
    store.register_schema(Schema::builder("Tile").slot("id", Kind::U8).build()?)?;
    store.spawn_record("Tile", record! { id: 7 })?;
    register_snapshot(&context, &store.snapshot())?;
    let after = "SELECT count(number) FROM unit WHERE number < 10";
    assert_eq!(number(&context, after).await?, 15);
    let before = before.collect().await?;
    assert_eq!(before[0].column(0).as_primitive::<Int64Type>().value(0), 20);
    let tile = r#"SELECT CAST(sum(id) AS BIGINT) FROM "Tile" WHERE "slotted.id" > 0"#;
    assert_eq!(number(&context, tile).await?, 7);
    Ok(())
}
