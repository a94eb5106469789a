//! Two packs of definition files; one changes the other. Shows which value wins, which file it comes
//! from, and the errors that the author of a broken file sees.
//!
//! `cargo run -p modding`

use std::error::Error;
use std::path::Path;

use slotted::Store;
use slotted_definitions::{Definitions, Loader};

/// A mod with several mistakes.
const BROKEN: &str = r#"
[records.orc.shaman]
inherits = "wariror"
health = "300"
rage = 1.5

[records.orc.witch]
name = "Witch"
job = "sorcerer"
folows = "chieftain"

[patches.records.unit.wolf]
speed = 25.0
"#;

fn main() -> Result<(), Box<dyn Error>> {
    let packs = Path::new(env!("CARGO_MANIFEST_DIR")).join("packs");
    // Any order works: more_orcs declares that it requires core.
    let loader = || Loader::new().pack(packs.join("more_orcs")).pack(packs.join("core"));

    let mut store = Store::new();
    let definitions = loader().load(&store)?;
    for pack in definitions.packs() {
        println!("pack {} {}", pack.name, pack.version.as_deref().unwrap_or("without version"));
    }
    let objects = definitions.spawn(&mut store)?;
    println!("{} objects of {} schemas\n", objects.len(), definitions.schemas().len());

    println!("winning values and their files:");
    for (schema, record, slot) in [
        ("unit", "wolf", "health"), // patched by the mod
        ("unit", "wolf", "speed"),  // from the core pack
        ("unit", "cid", "carries"), // inherited
        ("orc", "rider", "health"), // inherited over two levels
        ("orc", "rider", "speed"),  // a default of the base schema
    ] {
        show(&definitions, schema, record, slot)?;
    }

    let rider = objects.id("orc", "rider").ok_or("no record 'rider'")?;
    let mount = store.get_value(rider, "mount")?;
    let wolf = objects.id("unit", "wolf").ok_or("no record 'wolf'")?;
    println!("\nthe rider's mount is {mount}, the wolf is {wolf}: references work across packs\n");

    println!("errors for the author of a broken mod:\n");
    let report = loader().pack_of_texts("night_mod", [("units.toml", BROKEN)]).load(&Store::new());
    match report {
        Ok(_) => Err("the broken mod was accepted".into()),
        Err(report) => {
            println!("{report}");
            Ok(())
        }
    }
}

fn show(
    definitions: &Definitions,
    schema: &str,
    record: &str,
    slot: &str,
) -> Result<(), Box<dyn Error>> {
    let found = definitions.record(schema, record).ok_or("unknown record")?;
    let place = found.origin(slot).and_then(|place| definitions.location(place));
    let place = place.map_or_else(|| "the program".to_owned(), |place| place.to_string());
    println!("  {record}.{slot} = {} from {place}", found.get(slot)?);
    Ok(())
}
