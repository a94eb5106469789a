//! A system spawns objects whose schemas and values come from packs of definition files. Other systems process all
//! objects that have the slots they name, including those of mods.
//!
//! `cargo run -p bevy_slotted --example bevy_modded -- PACK...`

use std::path::{Path, PathBuf};
use std::time::Duration;

use bevy_app::{AppExit, ScheduleRunnerPlugin, TaskPoolPlugin, prelude::*};
use bevy_ecs::prelude::*;
use bevy_slotted::prelude::*;
use bevy_slotted::slotted::Text;
use slotted_definitions::{Loader, Objects};

/// The folders of the packs.
#[derive(Resource)]
struct Packs(Vec<PathBuf>);

/// The records from the files, by name.
#[derive(Resource)]
struct Records(Objects);

/// A component of an entity that represents an object, as a renderer would draw it.
#[derive(Component)]
struct Sprite {
    label: String,
}

/// All objects with health: the game's units, and the orcs of a mod that the game does not know.
#[derive(View)]
struct Living<'a> {
    health: &'a mut f32,
}

/// A slot that only the mod's schema has.
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
    // The report lists all problems at once, with file, line and column.
    let definitions = loader.load(&store)?;
    let records = definitions.spawn(&mut store)?;
    println!("{} objects of {} schemas", records.len(), definitions.schemas().len());
    commands.insert_resource(Records(records));
    Ok(())
}

/// Spawns an entity for each object with a name and health. Both are despawned together.
fn give_sprites(units: SlotsRef<Named>, mut commands: Commands) {
    for unit in &units {
        let label = units.resolve(*unit.name).unwrap_or_default().to_owned();
        commands.spawn((Sprite { label }, ObjectLink::new(unit.id)));
    }
}

fn poison(mut living: Slots<Living>) {
    living.for_each(|unit| *unit.health = (*unit.health - 30.0).max(0.0));
}

fn rage(mut raging: Slots<Raging>) {
    for orc in &mut raging {
        *orc.rage = (1.0 - *orc.health / 500.0).clamp(0.0, 1.0);
    }
}

fn bury(units: SlotsRef<Named>, mut commands: Commands) {
    for unit in units.iter().filter(|unit| *unit.health == 0.0) {
        commands.despawn_object(unit.id);
    }
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
