//! Schemas proposed for a real game's data files.

use std::error::Error;
use std::path::PathBuf;

use slotted::{Record, Store};
use slotted_definitions::infer::SameData;
use slotted_definitions::infer::{Inference, InferenceOptions, Proposal, Unslottable};

type Outcome = Result<(), Box<dyn Error>>;

fn infer(schema: &str, objects: &[Record]) -> Result<Proposal, Box<dyn Error>> {
    let mut inference = Inference::new(InferenceOptions::default());
    objects.iter().for_each(|object| inference.observe(object));
    Ok(inference.finish(schema)?)
}

fn slots(proposal: &Proposal) -> Vec<String> {
    proposal.schema().slots().iter().map(ToString::to_string).collect()
}

fn unslottable(proposal: &Proposal) -> Vec<(&str, Unslottable, u64)> {
    let attributes = proposal.unslottable();
    attributes.map(|(attribute, reason)| (&*attribute.name, reason, attribute.objects)).collect()
}

/// Spawns the objects, reads them back, adds attributes without a slot, and compares.
fn round_trip(proposal: &Proposal, objects: &[Record]) -> Outcome {
    let name = proposal.schema().name().to_owned();
    let mut store = Store::new();
    store.register_schema(proposal.schema().clone())?;
    let parts: Vec<(Record, Record)> =
        objects.iter().map(|object| proposal.split(object.clone())).collect();
    let slotted = parts.iter().map(|(slots, _)| slots.clone());
    let ids: Vec<_> = store.spawn_records(&name, slotted)?.collect();
    assert_eq!(ids.len(), objects.len());
    let unslottable: Vec<&str> =
        proposal.unslottable().map(|(attribute, _)| &*attribute.name).collect();
    for ((id, object), (_, rest)) in ids.into_iter().zip(objects).zip(parts) {
        assert!(rest.iter().all(|(name, _)| unslottable.contains(&name)), "{rest:?} is unreported");
        let mut back = store.get_record(id)?;
        back.extend(rest);
        let back = store.schema(&name).ok_or("no schema")?.gather(&back);
        assert!(back.is_same_data(object), "{object:?}\nis read as\n{back:?}");
    }
    Ok(())
}

/// Returns the data from the folder `SLOTTED_DATA` or beside the repository, or `None` if it is missing.
fn definitions(file: &str) -> Result<Option<Vec<Record>>, Box<dyn Error>> {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let data = std::env::var_os("SLOTTED_DATA").map_or_else(beside, PathBuf::from);
    let path = data.join("minecraft-1.20").join(file);
    if !path.exists() {
        println!("skipped: {file} is not there");
        return Ok(None);
    }
    let objects: Vec<Record> = serde_json::from_str(&std::fs::read_to_string(path)?)?;
    assert!(objects.len() >= 40, "the file is complete");
    Ok(Some(objects))
}

#[test]
fn blocks_get_readable_schemas() -> Outcome {
    let Some(objects) = definitions("blocks.json")? else { return Ok(()) };
    let proposal = infer("block", &objects)?;
    println!("{proposal}");
    let expected = [
        "id: u16",
        "name: text",
        "displayName: text",
        "hardness: f32",
        "resistance: f32",
        "stackSize: u8",
        "diggable: bool",
        "material: enum(coweb, default, gourd;mineable/axe, \
             leaves;mineable/hoe, mineable/axe, mineable/hoe, mineable/pickaxe, \
             mineable/shovel, plant, plant;mineable/axe, \
             vine_or_glow_lichen;plant;mineable/axe, wool)",
        "transparent: bool",
        "emitLight: u8",
        "filterLight: u8",
        "defaultState: u16",
        "minStateId: u16",
        "maxStateId: u16",
        "drops: list(u16)",
        "boundingBox: enum(block, empty)",
        "harvestTools{}.key: list(text), optional",
        "harvestTools{}.value: list(bool), optional",
        "states[].name: list(text)",
        "states[].type: list(enum(bool, enum, int))",
        "states[].num_values: list(u8)",
        "states[].values: list(text), default []",
        "states[].values?: list(bool), default []",
        "states[].values#: list(u32), default []",
    ];
    assert_eq!(slots(&proposal), expected);
    assert_eq!(unslottable(&proposal), []);
    round_trip(&proposal, &objects)
}

#[test]
fn entities_get_readable_schemas() -> Outcome {
    let Some(objects) = definitions("entities.json")? else { return Ok(()) };
    let proposal = infer("entity", &objects)?;
    println!("{proposal}");
    let expected = [
        "id: u8",
        "internalId: u8",
        "name: text",
        "displayName: text",
        "width: f32",
        "height: f32",
        "type: enum(ambient, animal, hostile, living, mob, other, passive, \
             player, projectile, water_creature)",
        "category: enum(Hostile mobs, Immobile, Passive mobs, Projectiles, \
             UNKNOWN, Vehicles)",
        "metadataKeys: list(text)",
    ];
    assert_eq!(slots(&proposal), expected);
    assert_eq!(unslottable(&proposal), []);
    round_trip(&proposal, &objects)
}

#[test]
fn foods_get_readable_schemas() -> Outcome {
    let Some(objects) = definitions("foods.json")? else { return Ok(()) };
    let proposal = infer("food", &objects)?;
    println!("{proposal}");
    let expected = [
        "id: u16",
        "name: text",
        "stackSize: u8",
        "displayName: text",
        "foodPoints: f32",
        "saturation: f32",
        "effectiveQuality: f32",
        "saturationRatio: f32",
    ];
    assert_eq!(slots(&proposal), expected);
    assert_eq!(unslottable(&proposal), []);
    round_trip(&proposal, &objects)
}

#[test]
fn items_get_readable_schemas() -> Outcome {
    let Some(objects) = definitions("items.json")? else { return Ok(()) };
    let proposal = infer("item", &objects)?;
    println!("{proposal}");
    let expected = [
        "id: u16",
        "name: text",
        "displayName: text",
        "stackSize: u8",
        "enchantCategories: list(text), optional",
        "maxDurability: u16, optional",
        "repairWith: list(text), optional",
    ];
    assert_eq!(slots(&proposal), expected);
    assert_eq!(unslottable(&proposal), []);
    round_trip(&proposal, &objects)
}
