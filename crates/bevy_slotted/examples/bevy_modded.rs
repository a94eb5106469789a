//! Objects whose schemas and values come from packs of definition files, spawned by a system; other systems
//! work on whatever has the slots that they name, the mods' objects among them.
//!
//! `cargo run -p bevy_slotted --example bevy_modded -- PACK...`

use std::path::{Path, PathBuf};
use std::time::Duration;

use bevy_app::{AppExit, ScheduleRunnerPlugin, TaskPoolPlugin, prelude::*};
use bevy_ecs::prelude::*;
use bevy_slotted::prelude::*;
use slotted_definitions::{Loader, Objects};

/// The folders of the packs.
#[derive(Resource)]
struct Packs(Vec<PathBuf>);

/// What came out of the files: records by their names.
#[derive(Resource)]
struct Records(Objects);

/// An ordinary Bevy entity that stands for an object: what a renderer would draw.
#[derive(Component)]
struct Sprite {
    label: String,
}

/// Whatever has health: units of the game, and orcs of a mod of which the game knows nothing.
#[derive(View)]
struct Living<'a> {
    health: &'a mut f32,
}

/// Only what the mod's schema has.
#[derive(View)]
#[view(lenient)]
struct Raging<'a> {
    health: &'a f32,
    rage: &'a mut f32,
}

#[derive(View)]
#[view(lenient)]
struct Named<'a> {
    id: ObjectId,
    name: &'a Text,
    health: &'a f32,
    rage: Option<&'a f32>,
}

fn load(packs: Res<Packs>, mut store: StoreMut, mut commands: Commands) -> Result {
    let loader = packs.0.iter().fold(Loader::new(), |loader, pack| loader.pack(pack));
    // What is wrong is said all at once, with file, line and column.
    let definitions = loader.load(&store)?;
    let records = definitions.spawn(&mut store)?;
    println!("{} objects of {} schemas", records.len(), definitions.schemas().len());
    commands.insert_resource(Records(records));
    Ok(())
}

/// Gives each object that has a name and health an entity; when one goes, the other one does too.
fn give_sprites(units: SlotsRef<Named>, mut commands: Commands) {
    for unit in units.iter() {
        let label = units.resolve(*unit.name).unwrap_or_default().to_owned();
        commands.spawn((Sprite { label }, ObjectLink::new(unit.id)));
    }
}

fn poison(mut living: Slots<Living>) {
    living.for_each(|unit| *unit.health = (*unit.health - 30.0).max(0.0));
}

fn rage(mut raging: Slots<Raging>) {
    raging.for_each(|orc| *orc.rage = (1.0 - *orc.health / 500.0).clamp(0.0, 1.0));
}

fn bury(units: SlotsRef<Named>, mut commands: Commands) {
    let dead = units.iter().filter(|unit| *unit.health == 0.0).map(|unit| unit.id);
    commands.try_despawn_objects(dead.collect::<Vec<_>>());
}

fn report(
    sprites: Query<(&Sprite, &ObjectLink)>,
    units: SlotsRef<Named>,
    records: Res<Records>,
    mut frame: Local<u32>,
    mut exit: MessageWriter<AppExit>,
) {
    *frame += 1;
    println!("frame {}:", *frame);
    let mut lines: Vec<String> = Vec::new();
    for (sprite, link) in &sprites {
        let Some(unit) = units.get(link.object()) else { continue };
        let schema = units.schema_of(unit.id).map_or("", |schema| schema.name());
        let rage = unit.rage.map_or(String::new(), |rage| format!(", rage {rage:.2}"));
        lines.push(format!("  {schema} {}: health {}{rage}", sprite.label, unit.health));
    }
    lines.sort();
    lines.iter().for_each(|line| println!("{line}"));
    if *frame == 4 {
        let wolf = records.0.id("unit", "wolf").and_then(|wolf| units.get(wolf));
        println!("the wolf is {}", if wolf.is_some() { "alive" } else { "dead" });
        exit.write(AppExit::Success);
    }
}

fn main() -> AppExit {
    let mut packs: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    if packs.is_empty() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/modding/packs");
        packs = ["core", "more_orcs"].map(|pack| folder.join(pack)).into();
    }
    let mut app = App::new();
    app.add_plugins((
        TaskPoolPlugin::default(),
        ScheduleRunnerPlugin::run_loop(Duration::from_millis(1)),
        SlottedPlugin::default(),
    ));
    app.insert_resource(Packs(packs));
    app.add_systems(Startup, (load, give_sprites).chain());
    app.add_systems(Update, ((poison, rage).chain(), bury, report).chain());
    app.run()
}
