//! `slotted export`: files for other tools.

mod common;

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use common::saves::{save, schemas, table_file, world};
use common::{Outcome, empty_folder, run_in};
use slotted::schema::NumberKind;
use slotted::{Kind, Schema, Store, Value, exactly, record};
use slotted_arrow::SaveOptions;
use slotted_arrow::import::Import;

/// Creates a folder with the save `slot1` of the world.
fn folder_with_save(name: &str) -> Result<(PathBuf, Store), Box<dyn Error>> {
    let folder = empty_folder(name)?;
    let (mut store, _) = world()?;
    save(&mut store, &folder.join("slot1"))?;
    Ok((folder, store))
}

/// Saves a store, exports it in this format, and returns the text of the only file.
fn exported(name: &str, store: &mut Store, format: &str) -> Result<String, Box<dyn Error>> {
    let folder = empty_folder(name)?;
    save(store, &folder.join("slot1"))?;
    let answer = run_in(&folder, ["export", "slot1", format, "--out", "out"])?;
    assert_eq!((answer.status, &*answer.errors), (Some(0), ""));
    let names = names(&folder.join("out"))?;
    let [file] = &names[..] else { return Err(format!("not one file: {names:?}").into()) };
    Ok(fs::read_to_string(folder.join("out").join(file))?)
}

/// Returns the names of all files in a folder.
fn names(folder: &Path) -> Result<Vec<String>, Box<dyn Error>> {
    let names = fs::read_dir(folder)?.map(|entry| Ok(entry?.file_name().to_string_lossy().into()));
    let mut names: Vec<String> = names.collect::<Result<_, std::io::Error>>()?;
    names.sort();
    Ok(names)
}

#[test]
fn csv_has_ids_and_quotes() -> Outcome {
    let (folder, _) = folder_with_save("export_csv")?;
    let answer = run_in(&folder, ["export", "slot1", "--csv", "--out", "deep/out"])?;
    let separator = std::path::MAIN_SEPARATOR;
    let expected =
        format!("deep/out{separator}unit.csv: 2 objects\ndeep/out{separator}orc.csv: 1 object\n");
    assert_eq!((answer.status, &*answer.output, &*answer.errors), (Some(0), &*expected, ""));
    let out = folder.join("deep/out");
    assert_eq!(names(&out)?, ["orc.csv", "unit.csv"], "schemas without objects have no file");
    assert_eq!(
        fs::read_to_string(out.join("unit.csv"))?,
        r#"id,health,name,job,home,drops,follows,color
4294967296,100.0,"Ada ""the"" First",soldier,"[1.5,-2.0]","[""axe"",""a, b""]",,"[1,2,255]"
4294967298,100.0,"",soldier,"[1.5,-2.0]",[],4294967296,"[1,2,255]"
"#
    );
    assert_eq!(
        fs::read_to_string(out.join("orc.csv"))?,
        r#"id,health,name,job,home,drops,follows,color,rage
281479271677952,100.0,Grom,farmer,"[0.0,0.0]",[],,"[0,0,0]",NaN
"#
    );
    Ok(())
}

#[test]
fn json_has_an_object_in_each_line() -> Outcome {
    let (folder, _) = folder_with_save("export_json")?;
    let answer =
        run_in(&folder, ["export", "slot1", "--json", "--out", "out", "--schema", "unit"])?;
    assert_eq!((answer.status, &*answer.errors), (Some(0), ""));
    assert_eq!(names(&folder.join("out"))?, ["unit.jsonl"]);
    let text = fs::read_to_string(folder.join("out/unit.jsonl"))?;
    assert_eq!(
        text,
        r#"{"id":4294967296,"health":100.0,"name":"Ada \"the\" First","job":"soldier","home":[1.5,-2.0],"drops":["axe","a, b"],"follows":null,"color":[1,2,255]}
{"id":4294967298,"health":100.0,"name":"","job":"soldier","home":[1.5,-2.0],"drops":[],"follows":4294967296,"color":[1,2,255]}
"#
    );
    for line in text.lines() {
        serde_json::from_str::<serde_json::Value>(line)?;
    }
    Ok(())
}

#[test]
fn parquet_can_be_imported_again() -> Outcome {
    let (folder, store) = folder_with_save("export_parquet")?;
    let answer = run_in(&folder, ["export", "slot1", "--parquet", "--out", "out"])?;
    assert_eq!((answer.status, &*answer.errors), (Some(0), ""));
    assert_eq!(names(&folder.join("out"))?, ["schema=orc", "schema=unit"]);
    let mut copy = Store::new();
    schemas(&mut copy)?;
    let file = |schema| folder.join(format!("out/schema={schema}/part.parquet"));
    let import = Import::new().parquet("unit", file("unit")).parquet("orc", file("orc"));
    import.run(&mut copy)?;
    for schema in ["unit", "orc"] {
        let ids = copy.ids_of(exactly(schema))?.zip(store.ids_of(exactly(schema))?);
        for (new, old) in ids {
            assert_eq!(copy.get_value(new, "name"), store.get_value(old, "name"));
            assert_eq!(copy.get_value(new, "drops"), store.get_value(old, "drops"));
            assert_eq!(copy.get_value(new, "color"), store.get_value(old, "color"));
        }
        assert_eq!(copy.len_of(exactly(schema))?, store.len_of(exactly(schema))?);
    }
    Ok(())
}

/// Returns a store with special values of each kind that is written in a way of its own.
fn special() -> Result<Store, Box<dyn Error>> {
    let mut store = Store::new();
    let schema = Schema::builder("special")
        .slot("id", Kind::U64)
        .slot("a,b", Kind::F32)
        .slot("double", Kind::F64)
        .slot("truth", Kind::Bool)
        .slot("text", Kind::Text)
        .slot("array", Kind::Array(NumberKind::I16, 2))
        .slot("points", Kind::list(Kind::Vec2))
        .slot("friends", Kind::list(Kind::Object));
    store.register_schema(schema.build()?)?;
    let nothing = || Value::List([].into());
    let first = store.spawn_record(
        "special",
        record! {
            id: u64::MAX, "a,b": 0.1_f32, double: f64::NEG_INFINITY, truth: true,
            text: " line\nbreak ", array: [-1, 2], points: nothing(), friends: nothing()
        },
    )?;
    store.spawn_record(
        "special",
        record! {
            id: 0, "a,b": f32::INFINITY, double: 1e300, truth: false, text: "日本", array: [0, 0],
            points: [[0.5, 1.5], [2.0, 3.0]], friends: Value::List([first.into()].into())
        },
    )?;
    Ok(store)
}

#[test]
fn special_values_in_csv() -> Outcome {
    assert_eq!(
        exported("export_special_csv", &mut special()?, "--csv")?,
        "slotted.id,id,\"a,b\",double,truth,text,array,points,friends\n\
         4294967296,18446744073709551615,0.1,-inf,true,\" line\nbreak \",\"[-1,2]\",[],[]\n\
         4294967297,0,inf,1e+300,false,日本,\"[0,0]\",\"[[0.5,1.5],[2.0,3.0]]\",[4294967296]\n"
    );
    Ok(())
}

#[test]
fn special_values_in_json() -> Outcome {
    assert_eq!(
        exported("export_special_json", &mut special()?, "--json")?,
        "{\"slotted.id\":4294967296,\"id\":18446744073709551615,\"a,b\":0.1,\"double\":null,\"truth\":true,\
         \"text\":\" line\\nbreak \",\"array\":[-1,2],\"points\":[],\"friends\":[]}\n\
         {\"slotted.id\":4294967297,\"id\":0,\"a,b\":null,\"double\":1e+300,\"truth\":false,\
         \"text\":\"日本\",\"array\":[0,0],\"points\":[[0.5,1.5],[2.0,3.0]],\"friends\":[4294967296]}\n"
    );
    Ok(())
}

#[test]
fn names_of_schemas_cannot_leave_the_folder() -> Outcome {
    let mut store = Store::new();
    for name in ["../up", "Unit", "unit"] {
        store.register_schema(Schema::builder(name).build()?)?;
        store.spawn_record(name, record! {})?;
    }
    let folder = empty_folder("export_names")?;
    save(&mut store, &folder.join("slot1"))?;
    assert_eq!(run_in(&folder, ["export", "slot1", "--csv", "--out", "out"])?.status, Some(0));
    assert_eq!(names(&folder.join("out"))?, ["%2E%2E%2Fup.csv", "%55nit.csv", "unit.csv"]);
    assert_eq!(names(&folder)?, ["out", "slot1"]);
    Ok(())
}

#[test]
fn files_are_overwritten_on_request_only() -> Outcome {
    let (folder, _) = folder_with_save("export_force")?;
    for (format, file) in
        [("--csv", "orc.csv"), ("--json", "orc.jsonl"), ("--parquet", "schema=orc/part.parquet")]
    {
        let path = folder.join("out").join(file);
        fs::create_dir_all(path.parent().ok_or("no folder")?)?;
        fs::write(&path, "mine")?;
        let arguments = ["export", "slot1", format, "--out", "out"];
        let answer = run_in(&folder, arguments)?;
        let shown = Path::new("out").join(file);
        let message = format!(
            "error: '{}' exists\nhelp: --force overwrites it, --out names another folder\n",
            shown.display()
        );
        assert_eq!((answer.status, &*answer.errors, &*answer.output), (Some(2), &*message, ""));
        assert_eq!(fs::read_to_string(&path)?, "mine");
        assert!(!folder.join("out").join(file.replace("orc", "unit")).exists(), "{file}");
        let answer = run_in(&folder, arguments.into_iter().chain(["--force"]))?;
        assert_eq!((answer.status, &*answer.errors), (Some(0), ""));
        assert_ne!(fs::read(&path)?, b"mine");
    }
    Ok(())
}

#[test]
fn damaged_saves_are_exported_on_request_only() -> Outcome {
    let (folder, mut store) = folder_with_save("export_damaged")?;
    store.spawn_records("rock", vec![record! { height: 1 }; 10_000])?;
    save(&mut store, &folder.join("slot1"))?;
    let rock = table_file(&folder.join("slot1"), "rock")?;
    let mut bytes = fs::read(&rock)?;
    let middle = bytes.windows(64).position(|part| part == [1; 64]).ok_or("no values")?;
    bytes[middle] = 7;
    fs::write(&rock, &bytes)?;
    let arguments = ["export", "slot1", "--csv", "--out", "out"];
    let answer = run_in(&folder, arguments)?;
    assert!(answer.errors.contains("block 0 does not have its checksum\n"), "{}", answer.errors);
    let lost = "error: lost 8192 rows of schema 'rock', with the objects in them\n";
    let help = "help: --salvage exports the objects that are intact\n";
    assert!(answer.errors.ends_with(&format!("{lost}{help}")), "{}", answer.errors);
    assert_eq!((answer.status, &*answer.output), (Some(1), ""));
    assert!(!folder.join("out").exists());
    let answer = run_in(&folder, arguments.into_iter().chain(["--salvage"]))?;
    assert!(answer.errors.ends_with(lost), "{}", answer.errors);
    assert!(answer.output.ends_with("rock.csv: 1808 objects\n"), "{}", answer.output);
    assert_eq!(answer.status, Some(1));
    let lines = fs::read_to_string(folder.join("out/rock.csv"))?.lines().count();
    assert_eq!(lines, 1809);
    Ok(())
}

#[test]
fn streams_are_exported_too() -> Outcome {
    let (folder, mut store) = folder_with_save("export_stream")?;
    SaveOptions::new().write(&store.snapshot(), fs::File::create(folder.join("slot2"))?)?;
    for (save, out) in [("slot1", "a"), ("slot2", "b")] {
        assert_eq!(run_in(&folder, ["export", save, "--csv", "--out", out])?.status, Some(0));
    }
    assert_eq!(fs::read(folder.join("a/unit.csv"))?, fs::read(folder.join("b/unit.csv"))?);
    Ok(())
}

#[test]
fn failures_have_their_own_status() -> Outcome {
    let (folder, _) = folder_with_save("export_failures")?;
    fs::write(folder.join("file"), "")?;
    let cases: [(&[&str], &str); 4] = [
        (&["export", "slot1"], "required"),
        (&["export", "slot1", "--csv", "--json"], "cannot be used with"),
        (&["export", "slot1", "--csv", "--schema", "ork"], "help: did you mean 'orc'?"),
        (&["export", "slot1", "--csv", "--out", "file"], "error: cannot write 'file"),
    ];
    for (arguments, message) in cases {
        let answer = run_in(&folder, arguments)?;
        assert_eq!((answer.status, &*answer.output), (Some(2), ""), "{arguments:?} {answer:?}");
        assert!(answer.errors.contains(message), "{arguments:?} {answer:?}");
    }
    Ok(())
}

#[test]
fn a_save_without_objects_gives_no_files() -> Outcome {
    let folder = empty_folder("export_empty")?;
    let mut store = Store::new();
    schemas(&mut store)?;
    save(&mut store, &folder.join("slot1"))?;
    let answer = run_in(&folder, ["export", "slot1", "--csv", "--out", "out"])?;
    assert_eq!((answer.status, &*answer.output), (Some(0), "no objects, no files\n"));
    assert!(!folder.join("out").exists());
    Ok(())
}

#[test]
fn files_of_schemas_without_objects_are_removed_on_request() -> Outcome {
    let (folder, mut store) = folder_with_save("export_stale")?;
    let orcs: Vec<_> = store.ids_of("orc")?.collect();
    for (format, file) in
        [("--csv", "orc.csv"), ("--json", "orc.jsonl"), ("--parquet", "schema=orc/part.parquet")]
    {
        let path = folder.join("out").join(file);
        let answer = run_in(&folder, ["export", "slot1", format, "--out", "out"])?;
        assert!(answer.status == Some(0) && path.exists(), "{answer:?}");
    }
    store.despawn_batch(&orcs)?;
    save(&mut store, &folder.join("slot1"))?;
    for (format, file) in
        [("--csv", "orc.csv"), ("--json", "orc.jsonl"), ("--parquet", "schema=orc/part.parquet")]
    {
        let path = folder.join("out").join(file);
        let arguments = ["export", "slot1", format, "--out", "out"];
        assert_eq!(run_in(&folder, arguments)?.status, Some(2));
        assert!(path.exists());
        let answer = run_in(&folder, arguments.into_iter().chain(["--force"]))?;
        let removed = format!("{}: no objects, removed\n", Path::new("out").join(file).display());
        assert!(answer.output.ends_with(&removed), "{}", answer.output);
        assert!(answer.status == Some(0) && !path.exists(), "{answer:?}");
    }
    Ok(())
}
