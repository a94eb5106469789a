//! `slotted inspect`: readable reports, differences, migrations, damaged saves.

mod common;

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use common::saves::{save, table_file, unit, world};
use common::{Answer, Outcome, empty_folder, run_in};
use slotted::{Kind, Record, Schema, Store, record};
use slotted_arrow::{Compression, LoadOptions, SaveOptions};

/// Creates a folder with the save `slot1` of the world.
fn folder_with_save(name: &str) -> Result<(PathBuf, Store), Box<dyn Error>> {
    let folder = empty_folder(name)?;
    let (mut store, _) = world()?;
    save(&mut store, &folder.join("slot1"))?;
    Ok((folder, store))
}

/// Replaces checksums, and the sizes of files, which depend on Arrow's headers.
fn without_sizes(text: &str, save: &Path) -> Result<String, Box<dyn Error>> {
    let (mut text, mut total) = (text.to_owned(), 0);
    for entry in fs::read_dir(save)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let Some((_, checksum)) = name.split_once('-') else { continue };
        text = text.replace(checksum.split('.').next().unwrap_or_default(), "CHECKSUM");
        let bytes = entry.metadata()?.len();
        total += bytes;
        if bytes > 1000 {
            text = text.replace(&bytes.to_string(), "SIZE");
        }
    }
    Ok(text.replace(&format!("{total} bytes"), "SIZE bytes"))
}

#[test]
fn saves_are_readable() -> Outcome {
    let (folder, _) = folder_with_save("inspect_readable")?;
    let answer = run_in(&folder, ["inspect", "slot1"])?;
    let expected = r#"save 'slot1': format 1, 3 schemas, 3 objects, SIZE bytes, intact

schema  objects  rows  bytes  compression  checksum
unit          2     3   SIZE  none         right
orc           1     1   SIZE  none         right
rock          0     0      0  none

attachment  bytes  checksum  file
turn            2  right     turn-CHECKSUM.slotted.bin

schema 'unit': 3 rows in 'unit-CHECKSUM.slotted.arrow'
  checksum CHECKSUM is right
  slot     bytes  per row  declaration
  health      13      4.3  f32, default 100.0, range 0.0 to 800.0
  name        52     17.3  text
  job         29      9.7  enum(farmer, soldier)
  home        25      8.3  vec2
  drops       72     24.0  list(text)
  follows     25      8.3  object, optional
  color       10      3.3  pod game::Color
  (rows)       6      2.0  generations

  id     health  name                 job        home         drops            follows       color
  0:0:1  100.0   "Ada \"the\" First"  "soldier"  [1.5, -2.0]  ["axe", "a, b"]  unset         3 bytes
  0:2:1  100.0   ""                   "soldier"  [1.5, -2.0]  []               object 0:0:1  3 bytes

schema 'orc' extends 'unit': 1 row in 'orc-CHECKSUM.slotted.arrow'
  checksum CHECKSUM is right
  slot     bytes  per row  declaration
  health       4      4.0  f32, default 100.0, range 0.0 to 800.0
  name        24     24.0  text
  job         26     26.0  enum(farmer, soldier)
  home         8      8.0  vec2
  drops       24     24.0  list(text)
  follows      9      9.0  object, optional
  color        3      3.0  pod game::Color
  rage         8      8.0  f64, optional

  id     health  name    job       home        drops  follows  color    rage
  1:0:1  100.0   "Grom"  "farmer"  [0.0, 0.0]  []     unset    3 bytes  NaN

schema 'rock': no rows
  slot    bytes  per row  declaration
  height      0      0.0  u8
"#;
    assert_eq!(without_sizes(&answer.output, &folder.join("slot1"))?, expected);
    assert_eq!((answer.status, &*answer.errors), (Some(0), ""));
    Ok(())
}

#[test]
fn streams_show_the_same_as_folders() -> Outcome {
    let (folder, mut store) = folder_with_save("inspect_stream")?;
    let stream = fs::File::create(folder.join("slot2"))?;
    SaveOptions::new().attach("turn", *b"12").write(&store.snapshot(), stream)?;
    let of_folder = run_in(&folder, ["inspect", "slot1"])?;
    let of_stream = run_in(&folder, ["inspect", "slot2"])?;
    assert_eq!(of_stream.output.replace("slot2", "slot1"), of_folder.output);
    assert_eq!((of_stream.status, &*of_stream.errors), (Some(0), ""));
    Ok(())
}

fn compressions() -> impl Iterator<Item = (Compression, &'static str)> {
    let lz4 = (Compression::Lz4, "lz4");
    #[cfg(feature = "zstd")]
    return [lz4, (Compression::Zstd, "zstd")].into_iter();
    #[cfg(not(feature = "zstd"))]
    [lz4].into_iter()
}

#[test]
fn compressed_saves_say_so() -> Outcome {
    let (folder, mut store) = folder_with_save("inspect_compressed")?;
    for (compression, name) in compressions() {
        let options = SaveOptions::new().compression(Some(compression));
        options.save(&store.snapshot(), folder.join(name))?;
        let report = json(run_in(&folder, ["inspect", name, "--format", "json"])?)?;
        assert_eq!(report["schemas"][0]["compression"], name);
        assert_eq!(report["schemas"][0]["first"][0]["name"], "Ada \"the\" First");
        assert_eq!(report["intact"], true);
    }
    Ok(())
}

fn json(answer: Answer) -> Result<serde_json::Value, Box<dyn Error>> {
    assert_eq!(answer.errors, "");
    Ok(serde_json::from_str(&answer.output)?)
}

#[test]
fn reports_are_machine_readable() -> Outcome {
    let (folder, _) = folder_with_save("inspect_json")?;
    let report = json(run_in(&folder, ["inspect", "slot1", "--format", "json", "--rows", "1"])?)?;
    assert_eq!((&report["format"], &report["objects"]), (&1.into(), &3.into()));
    let unit = &report["schemas"][0];
    let file = unit["file"]["name"].as_str().unwrap_or_default();
    let size = fs::metadata(folder.join("slot1").join(file))?.len();
    assert_eq!((&unit["rows"], &unit["objects"]), (&3.into(), &2.into()));
    assert_eq!(unit["bytes"], size);
    assert_eq!(
        (&unit["slots"][0]["name"], &unit["slots"][0]["bytes"]),
        (&"health".into(), &13.into())
    );
    let first = serde_json::json!([{
        "id": 1_u64 << 32, "health": 100.0, "name": "Ada \"the\" First", "job": "soldier",
        "home": [1.5, -2.0], "drops": ["axe", "a, b"], "follows": null, "color": [1, 2, 255],
    }]);
    assert_eq!(unit["first"], first);
    assert_eq!(report["attachments"][0]["name"], "turn");
    Ok(())
}

#[test]
fn one_schema_and_few_rows_can_be_asked_for() -> Outcome {
    let (folder, mut store) = folder_with_save("inspect_options")?;
    for number in 0..20 {
        unit(&mut store, &format!("unit {number}"))?;
    }
    save(&mut store, &folder.join("slot1"))?;
    let answer = run_in(&folder, ["inspect", "slot1", "--schema", "unit", "--rows", "5"])?;
    assert!(answer.output.contains("\"unit 2\"") && !answer.output.contains("\"unit 3\""));
    assert!(answer.output.contains("  17 more objects\n"), "{}", answer.output);
    assert!(!answer.output.contains("orc"), "{}", answer.output);
    assert!(answer.output.starts_with("save 'slot1': format 1, 3 schemas, 23 objects"));
    let answer = run_in(&folder, ["inspect", "slot1", "--schema", "unti"])?;
    assert_eq!(answer.errors, "error: the save has no schema 'unti'\nhelp: did you mean 'unit'?\n");
    assert_eq!(answer.status, Some(2));
    Ok(())
}

#[test]
fn differences_between_saves_are_listed() -> Outcome {
    let (folder, mut store) = folder_with_save("inspect_against")?;
    let ids: Vec<_> = store.ids().collect();
    let [ada, empty, orc] = ids[..] else { return Err("three objects".into()) };
    store.set_value(ada, "health", 5.0_f32)?;
    store.set_value(ada, "name", "Ada")?;
    store.set_value(empty, "follows", orc)?;
    store.despawn(orc)?;
    unit(&mut store, "new")?;
    unit(&mut store, "newer")?;
    let rock = Schema::builder("rock").slot("height", Kind::U16).slot("ore", Kind::Text).optional();
    let mut plan = vec![rock.build()?, Schema::builder("tree").build()?];
    let keep = store.schemas().filter(|schema| schema.name() != "rock");
    plan.extend(keep.map(|schema| schema.to_schema()).collect::<Vec<_>>());
    store.migrate(&store.plan_migration(plan)?)?;
    let options = SaveOptions::new().attach("turn", *b"13").attach("camera", *b"7");
    options.save(&store.snapshot(), folder.join("slot2"))?;

    let answer = run_in(&folder, ["inspect", "slot2", "--against", "slot1", "--rows", "2"])?;
    let (_, differences) = answer.output.split_once("\n\n").ok_or("no differences")?;
    assert_eq!(
        differences,
        "\
differences of 'slot2' from 'slot1':
  schema 'tree' is new
  slot 'height' of 'rock' changes from u8 to u16
  slot 'ore' of 'rock' is new: text, optional
  attachment 'camera' is new
  attachment 'turn' differs
  schema 'unit': 2 -> 4 objects
    2 spawned: 0:1:3, 0:3:1
    'follows' changes in 1 object
    'health' changes in 1 object
    'name' changes in 1 object
  schema 'orc': 1 -> 0 objects
    1 despawned: 1:0:1

changed values:
  object 0:0:1 'unit': health 100.0 -> 5.0
  object 0:0:1 'unit': name \"Ada \\\"the\\\" First\" -> \"Ada\"
  1 more change
"
    );
    assert_eq!((answer.status, &*answer.errors), (Some(0), ""));

    let arguments = ["inspect", "slot1", "--against", "slot2", "--format", "json"];
    let report = json(run_in(&folder, arguments)?)?;
    let differences = &report["differences"];
    assert_eq!(differences["missing_schemas"], serde_json::json!(["tree"]));
    assert_eq!(differences["missing_attachments"], serde_json::json!(["camera"]));
    assert_eq!(differences["attachments"], serde_json::json!(["turn"]));
    let answer = run_in(&folder, ["inspect", "slot1", "--against", "slot2"])?;
    assert!(answer.output.contains("  attachment 'camera' is gone\n"), "{}", answer.output);
    assert_eq!(differences["schemas"][0]["despawned"], 2);
    assert_eq!(differences["first_changes"][0]["before"], 5.0);
    assert_eq!(differences["first_changes"][0]["after"], 100.0);
    Ok(())
}

#[test]
fn equal_saves_have_no_differences() -> Outcome {
    let (folder, mut store) = folder_with_save("inspect_same")?;
    // A text that nothing uses gives all later texts other numbers.
    let mut other = Store::new();
    other.intern_text("unused")?;
    let full = slotted::snapshot::Delta::full(&store.snapshot());
    common::saves::schemas(&mut other)?;
    other.replace_with(&full)?;
    let options = SaveOptions::new().attach("turn", *b"12").compression(Some(Compression::Lz4));
    options.save(&other.snapshot(), folder.join("slot2"))?;
    let answer = run_in(&folder, ["inspect", "slot2", "--against", "slot1"])?;
    assert!(answer.output.ends_with("\n\nno differences from 'slot1'\n"), "{}", answer.output);
    assert_eq!(answer.status, Some(0));
    Ok(())
}

#[test]
fn differences_are_found_in_each_block() -> Outcome {
    let folder = empty_folder("inspect_blocks")?;
    let mut store = Store::new();
    common::saves::schemas(&mut store)?;
    let rocks = vec![record! { height: 1 }; 20_000];
    let ids: Vec<_> = store.spawn_records("rock", rocks)?.collect();
    save(&mut store, &folder.join("before"))?;
    for id in ids.iter().step_by(1000) {
        store.set_value(*id, "height", 2)?;
    }
    store.despawn_batch(&ids[9000..9010])?;
    save(&mut store, &folder.join("after"))?;
    let answer = run_in(&folder, ["inspect", "after", "--against", "before"])?;
    let expected = "  schema 'rock': 20000 -> 19990 objects
    10 despawned: 2:9000:1, 2:9001:1, 2:9002:1, ..
    'height' changes in 19 objects

changed values:
  object 2:0:1 'rock': height 1 -> 2
  object 2:1000:1 'rock': height 1 -> 2
  object 2:2000:1 'rock': height 1 -> 2
  16 more changes
";
    assert!(answer.output.ends_with(expected), "{}", answer.output);
    Ok(())
}

/// Writes a pack with one file.
fn pack(folder: &Path, text: &str) -> Outcome {
    fs::create_dir_all(folder)?;
    Ok(fs::write(folder.join("schemas.toml"), text)?)
}

const UNIT: &str = r#"
[schemas.unit.slots]
health = { kind = "f64", default = 100.0 }
name = "text"
job = { variants = ["farmer", "soldier"] }
home = "vec2"
drops = "list(text)"
leader = { kind = "object", optional = true, renamed_from = "follows" }
"#;

#[test]
fn migrations_to_definitions_are_shown() -> Outcome {
    let (folder, _) = folder_with_save("inspect_definitions")?;
    pack(&folder.join("core"), UNIT)?;
    pack(
        &folder.join("rocks"),
        "[schemas.rock.slots]\nheight = \"u8\"\nore = { kind = \"text\", optional = true }\n",
    )?;
    let answer = run_in(&folder, ["inspect", "slot1", "--definitions", "core", "rocks"])?;
    assert_eq!((answer.status, &*answer.errors), (Some(0), ""), "{}", answer.output);
    let (_, plan) = answer.output.split_once("\n\n").ok_or("no plan")?;
    assert_eq!(
        plan,
        "\
migration to the definitions:
  schema 'unit' changes (2 objects):
    slot 'color' is removed with 2 values
    slot 'health' changes from f32 to f64, 2 values are converted
    slot 'health' was f32, default 100.0, range 0.0 to 800.0; it becomes f64, default 100.0
    slot 'follows' is renamed to 'leader'
  schema 'rock' changes (no living objects):
    slot 'ore' is added, unset: text, optional

kept aside, because the definitions do not declare them:
  1 object of schema 'orc'
  2 values of slot 'color' of 'unit'
"
    );
    let arguments = ["inspect", "slot1", "--format", "json", "--definitions", "core", "rocks"];
    let report = json(run_in(&folder, arguments)?)?;
    assert_eq!(report["migration"]["objects_aside"][0]["schema"], "orc");
    assert_eq!(report["migration"]["values_aside"][0]["values"], 2);
    Ok(())
}

#[test]
fn refused_migrations_are_problems() -> Outcome {
    let (folder, _) = folder_with_save("inspect_refused")?;
    let text = UNIT.replace("name = \"text\"", "name = \"text\"\nage = \"u8\"");
    pack(&folder.join("core"), &text)?;
    let answer = run_in(&folder, ["inspect", "slot1", "--definitions", "core"])?;
    assert!(answer.output.starts_with("save 'slot1': format 1, 3 schemas"), "{}", answer.output);
    assert_eq!(
        answer.errors,
        "\
error: 'slot1' does not fit the schemas:
  slot 'age' of 'unit' needs a default for objects without a value (2 objects, such as 0:0:1)
help: the game can convert values with 'Migrations', or give up values with 'LoadOptions::allow_loss'
"
    );
    assert_eq!(answer.status, Some(1));
    pack(&folder.join("core"), "[schemas.unit.slots]\nhealth = \"f23\"\n")?;
    let answer = run_in(&folder, ["inspect", "slot1", "--definitions", "core"])?;
    assert!(answer.errors.starts_with("error["), "{}", answer.errors);
    assert_eq!(answer.status, Some(1));
    Ok(())
}

#[test]
fn objects_and_values_that_were_kept_aside_are_marked() -> Outcome {
    let (folder, _) = folder_with_save("inspect_aside")?;
    let mut plain = Store::new();
    let unit = Schema::builder("unit").slot("name", Kind::Text);
    plain.register_schema(unit.build()?)?;
    let options = LoadOptions::new().opaque_types();
    let report = options.load_into(&mut plain, folder.join("slot1"))?;
    SaveOptions::new().aside(report.aside()).save(&plain.snapshot(), folder.join("slot1"))?;
    let answer = run_in(&folder, ["inspect", "slot1"])?;
    assert_eq!((answer.status, &*answer.errors), (Some(0), ""), "{}", answer.output);
    let orc = "  kept aside: the program that saved did not have the schema\n";
    assert!(answer.output.contains(orc), "{}", answer.output);
    assert!(
        answer.output.contains("f32, optional, default 100.0, range 0.0 to 800.0; kept aside\n"),
        "{}",
        answer.output
    );
    let report = json(run_in(&folder, ["inspect", "slot1", "--format", "json"])?)?;
    let aside = |schema: usize| report["schemas"][schema]["aside"].as_bool();
    assert_eq!((aside(0), aside(1)), (Some(false), Some(true)));
    let slots = report["schemas"][0]["slots"].as_array().ok_or("no slots")?;
    let aside = slots.iter().filter(|slot| slot["aside"] == true).map(|slot| slot["name"].as_str());
    assert!(aside.eq(["health", "job", "home", "drops", "follows", "color"].map(Some)));
    Ok(())
}

#[test]
fn damaged_files_are_named_and_the_rest_is_shown() -> Outcome {
    let (folder, mut store) = folder_with_save("inspect_damaged")?;
    let rocks: Vec<Record> = vec![record! { height: 1 }; 10_000];
    store.spawn_records("rock", rocks)?;
    save(&mut store, &folder.join("slot1"))?;
    let rock = table_file(&folder.join("slot1"), "rock")?;
    let mut bytes = fs::read(&rock)?;
    let middle = bytes.windows(64).position(|part| part == [1; 64]).ok_or("no values")?;
    bytes[middle] = 7;
    fs::write(&rock, &bytes)?;
    fs::remove_file(table_file(&folder.join("slot1"), "orc")?)?;
    let answer = run_in(&folder, ["inspect", "slot1"])?;
    assert_eq!(answer.status, Some(1));
    let errors = without_sizes(&answer.errors, &folder.join("slot1"))?;
    let errors = errors.split_inclusive("orc-").map(|part| {
        // The file of the orc is gone, so its checksum is not known.
        match part.split_once(".slotted.arrow") {
            Some((checksum, rest)) if checksum.len() == 32 => {
                format!("CHECKSUM.slotted.arrow{rest}")
            }
            _ => part.to_owned(),
        }
    });
    assert_eq!(
        errors.collect::<String>(),
        "\
error: 'slot1/orc-CHECKSUM.slotted.arrow' is missing
error: 'slot1/rock-CHECKSUM.slotted.arrow' is damaged: block 0 does not have its checksum
error: lost 1 row of schema 'orc', with the objects in it
error: lost 8192 rows of schema 'rock', with the objects in them
"
    );
    assert!(answer.output.contains(", damaged\n"), "{}", answer.output);
    assert!(answer.output.contains("0:0:1  100.0   \"Ada"), "{}", answer.output);
    assert!(answer.output.contains("  2:8192:1  1\n"), "{}", answer.output);
    let answer = run_in(&folder, ["inspect", "slot1", "--format", "json"])?;
    let report = json(answer)?;
    assert_eq!(report["intact"], false);
    assert_eq!(report["problems"].as_array().map(Vec::len), Some(4));
    assert_eq!(report["schemas"][1]["file"]["damages"][0], "is missing");
    Ok(())
}

#[test]
fn paths_that_are_no_saves_say_why() -> Outcome {
    let (folder, mut store) = folder_with_save("inspect_foreign")?;
    let slot1 = folder.join("slot1");
    let table = table_file(&slot1, "unit")?;
    fs::copy(&table, folder.join("unit.arrow"))?;
    fs::write(folder.join("notes.txt"), "not a save, but long enough to be one")?;
    fs::create_dir(folder.join("empty"))?;
    let recording =
        concat!(env!("CARGO_MANIFEST_DIR"), "/../slotted_arrow/tests/data/v1/plain.recording");
    fs::copy(recording, folder.join("recording"))?;
    save(&mut store, &folder.join("changed"))?;
    let manifest = folder.join("changed/manifest.json");
    fs::write(&manifest, fs::read_to_string(&manifest)?.replace("soldier", "general"))?;
    fs::remove_file(folder.join("changed/manifest.copy.json"))?;
    save(&mut store, &folder.join("newer"))?;
    let manifest = folder.join("newer/manifest.json");
    fs::write(
        &manifest,
        fs::read_to_string(&manifest)?.replace("\"version\":1", "\"version\":99"),
    )?;
    fs::copy(&manifest, folder.join("newer/manifest.copy.json"))?;
    let cases = [
        ("empty", 2, "error: 'empty' is not a save: it has no 'manifest.json'\n"),
        ("notes.txt", 1, "error: 'notes.txt' is not a file of a save\n"),
        (
            "recording",
            1,
            "error: 'recording' is not a file of a save\n\
             help: it is a recording; play it back, and save the frame to look into\n",
        ),
        (
            "unit.arrow",
            1,
            "error: 'unit.arrow' is not a file of a save\n\
             help: a save of several files is named by its folder\n",
        ),
        (
            "slot1/manifest.json",
            1,
            "error: 'slot1/manifest.json' is not a file of a save\n\
             help: a save of several files is named by its folder\n",
        ),
        (
            "changed",
            1,
            "error: 'changed/manifest.json' does not match its own checksum\n\
             help: the file was changed by hand, or by a broken disk; \
             take it from a copy of the save\n",
        ),
        (
            "newer",
            1,
            "error: 'newer': the save has format 99, this program reads up to 1; update the program\n",
        ),
    ];
    let answer = run_in(&folder, ["inspect", "nowhere"])?;
    assert!(answer.errors.starts_with("error: cannot read 'nowhere': "), "{}", answer.errors);
    assert_eq!(answer.status, Some(2));
    for (path, status, message) in cases {
        for command in [&["inspect", path][..], &["export", path, "--csv"][..]] {
            let answer = run_in(&folder, command)?;
            assert_eq!(answer.errors, message, "{command:?}");
            assert_eq!((answer.status, &*answer.output), (Some(status), ""), "{command:?}");
        }
    }
    Ok(())
}

#[test]
fn a_damaged_manifest_is_replaced_by_its_copy() -> Outcome {
    let (folder, _) = folder_with_save("inspect_copy")?;
    fs::write(folder.join("slot1/manifest.json"), "not a manifest")?;
    let answer = run_in(&folder, ["inspect", "slot1"])?;
    assert_eq!(answer.errors, "error: 'slot1/manifest.json' is not a file of a save\n");
    assert!(answer.output.contains(", damaged\n") && answer.output.contains("Ada"), "{answer:?}");
    let answer = run_in(&folder, ["export", "slot1", "--csv", "--out", "out"])?;
    assert_eq!(answer.status, Some(1));
    assert_eq!(
        answer.errors,
        "error: 'slot1/manifest.json' is not a file of a save\n\
         help: --salvage exports the objects that are intact\n"
    );
    let answer = run_in(&folder, ["export", "slot1", "--csv", "--out", "out", "--salvage"])?;
    assert_eq!(answer.errors, "error: 'slot1/manifest.json' is not a file of a save\n");
    assert!(fs::read_to_string(folder.join("out/unit.csv"))?.contains("Ada"));
    fs::remove_file(folder.join("slot1/manifest.json"))?;
    let answer = run_in(&folder, ["inspect", "slot1"])?;
    assert_eq!(answer.errors, "error: 'slot1/manifest.json' is missing\n");
    assert!(answer.output.contains("Ada"), "{answer:?}");
    Ok(())
}

#[test]
fn hostile_saves_cause_problems_not_crashes() -> Outcome {
    let (folder, mut store) = folder_with_save("inspect_hostile")?;
    let mut stream = Vec::new();
    SaveOptions::new().attach("turn", *b"12").write(&store.snapshot(), &mut stream)?;
    let path = folder.join("changed");
    for at in (0..stream.len()).step_by(97) {
        let mut changed = stream.clone();
        changed[at] ^= 0x41;
        fs::write(&path, &changed)?;
        let answer = run_in(&folder, ["inspect", "changed"])?;
        assert_eq!(answer.status, Some(1), "byte {at}: {answer:?}");
        fs::write(&path, &stream[..at])?;
        let answer = run_in(&folder, ["inspect", "changed"])?;
        assert_eq!(answer.status, Some(1), "{at} bytes: {answer:?}");
    }
    Ok(())
}

#[test]
fn problems_of_others_leave_a_save_intact() -> Outcome {
    let (folder, mut store) = folder_with_save("inspect_others")?;
    save(&mut store, &folder.join("damaged"))?;
    fs::remove_file(table_file(&folder.join("damaged"), "unit")?)?;
    fs::write(folder.join("foreign"), "a text that is no save")?;
    let text = UNIT.replace("name = \"text\"", "name = \"text\"\nage = \"u8\"");
    pack(&folder.join("core"), &text)?;
    for (arguments, problem) in [
        (["--against", "damaged"], "is missing"),
        (["--against", "foreign"], "'foreign' is not a file of a save"),
        (["--definitions", "core"], "'slot1' does not fit the schemas"),
    ] {
        let arguments = ["inspect", "slot1"].into_iter().chain(arguments);
        let answer = run_in(&folder, arguments.clone())?;
        let (first, _) = answer.output.split_once('\n').ok_or("no summary")?;
        assert!(first.ends_with(" bytes, intact"), "{first}");
        assert!(answer.errors.contains(problem), "{}", answer.errors);
        assert_eq!(answer.status, Some(1));
        let answer = run_in(&folder, arguments.chain(["--format", "json"]))?;
        let report: serde_json::Value = serde_json::from_str(&answer.output)?;
        assert_eq!((&report["intact"], answer.status), (&true.into(), Some(1)));
        assert!(report["problems"][0].as_str().is_some_and(|text| text.contains(problem)));
    }
    Ok(())
}

#[test]
fn a_file_that_cannot_be_read_leaves_the_others() -> Outcome {
    let (folder, _) = folder_with_save("inspect_unreadable")?;
    let unit = table_file(&folder.join("slot1"), "unit")?;
    fs::remove_file(&unit)?;
    fs::create_dir(&unit)?;
    let answer = run_in(&folder, ["inspect", "slot1"])?;
    assert!(answer.errors.contains("' cannot be read: not a file\n"), "{}", answer.errors);
    assert!(answer.output.contains("\norc           1     1"), "{}", answer.output);
    assert_eq!(answer.status, Some(1));
    Ok(())
}

#[test]
fn bytes_behind_a_stream_are_a_problem() -> Outcome {
    let (folder, mut store) = folder_with_save("inspect_behind")?;
    let mut stream = Vec::new();
    SaveOptions::new().write(&store.snapshot(), &mut stream)?;
    fs::write(folder.join("save"), [&stream[..], b"\n"].concat())?;
    let message = format!("error: 'save' is longer than {} bytes\n", stream.len());
    let answer = run_in(&folder, ["inspect", "save"])?;
    assert_eq!((answer.status, &*answer.errors), (Some(1), &*message));
    assert!(answer.output.contains(", damaged\n"), "{}", answer.output);
    let answer = run_in(&folder, ["export", "save", "--csv", "--out", "out"])?;
    assert!(answer.errors.starts_with(&message), "{}", answer.errors);
    assert_eq!(answer.status, Some(1));
    Ok(())
}

#[cfg(unix)]
#[test]
fn pipes_are_refused() -> Outcome {
    let (folder, _) = folder_with_save("inspect_pipe")?;
    let made = std::process::Command::new("mkfifo").arg(folder.join("pipe")).status()?;
    assert!(made.success());
    for command in [&["inspect", "pipe"][..], &["export", "pipe", "--csv"]] {
        let answer = run_in(&folder, command)?;
        let message = "error: 'pipe' is neither a folder nor a file\n\
                       help: write what comes from a pipe to a file first\n";
        assert_eq!((answer.status, &*answer.errors), (Some(2), message));
    }
    Ok(())
}
