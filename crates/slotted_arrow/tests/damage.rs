//! Damaged saves: an error that names the file, or fewer objects, never other ones.

mod common;

use std::fs;
use std::io::{Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};

use common::{Folder, messages};
use slotted::{Kind, Schema, Store, record};
use slotted_arrow::inspect::SaveInfo;
use slotted_arrow::{Compression, LoadError, LoadOptions, SaveOptions};

type Outcome = Result<(), Box<dyn std::error::Error>>;

/// Returns a small world with dead rows, texts and unset slots.
fn world() -> Result<Store, Box<dyn std::error::Error>> {
    let mut store = Store::new();
    let unit =
        Schema::builder("unit").slot("health", Kind::F32).slot("name", Kind::Text).optional();
    store.register_schema(unit.build()?)?;
    let tile = Schema::builder("tile").slot("drops", Kind::list(Kind::U16));
    store.register_schema(tile.build()?)?;
    let units = (0..20).map(|number| match number % 3 {
        0 => record! { health: number as f32 },
        _ => record! { health: number as f32, name: "Ada" },
    });
    let units: Vec<_> = store.spawn_records("unit", units.collect::<Vec<_>>())?.collect();
    store.despawn_batch(&units[4..9])?;
    store.spawn_records("tile", vec![record! { drops: [22, 7] }; 3])?;
    Ok(store)
}

/// Returns a world whose save is so short that each of its bits can be flipped.
fn small_world() -> Result<Store, Box<dyn std::error::Error>> {
    let mut store = Store::new();
    let unit = Schema::builder("unit").slot("name", Kind::Text).optional();
    store.register_schema(unit.slot("drops", Kind::list(Kind::U16)).build()?)?;
    let units = [record! { name: "Ada", drops: [22, 7] }, record! { drops: [1] }];
    let units: Vec<_> = store.spawn_records("unit", units)?.collect();
    store.despawn(units[1])?;
    Ok(store)
}

fn check_refused(bytes: &[u8]) -> Result<(), String> {
    match LoadOptions::new().read(bytes) {
        Ok(_) => Err("it was loaded".to_owned()),
        Err(_) => Ok(()),
    }
}

/// The parts of a stream of the small world.
struct StreamParts {
    /// The texts, the names of variants and the rows of its table.
    rows: Range<usize>,
    attachment: Range<usize>,
}

impl StreamParts {
    fn new(bytes: &[u8]) -> Result<Self, Box<dyn std::error::Error>> {
        let start = bytes.windows(6).position(|window| window == b"ARROW1").ok_or("no table")?;
        let info = SaveInfo::of_stream(bytes)?;
        let end = start + info.tables[0].file.bytes as usize;
        let (dictionaries, blocks) = messages(&bytes[start..end]);
        let first = dictionaries.first().ok_or("no texts")?.header.start;
        let last = blocks.last().ok_or("no block")?.body.end;
        Ok(Self { rows: start + first..start + last, attachment: end..end + 2 })
    }
}

/// The intact parts of a damaged stream.
struct Intact {
    manifest: bool,
    rows: bool,
    attachment: bool,
}

/// Objects that are salvaged of a damaged stream must equal the original, and all that is intact must be salvaged.
fn check_salvage(bytes: &[u8], store: &mut Store, intact: &Intact) -> Result<(), String> {
    let (mut salvaged, report) = match LoadOptions::new().salvage().read(bytes) {
        Ok(salvaged) => salvaged,
        Err(_) if !intact.manifest => return Ok(()),
        Err(error) => return Err(error.to_string()),
    };
    if report.damaged().is_empty() {
        return Err("nothing was reported".to_owned());
    }
    if intact.rows && salvaged.state_hash() != store.state_hash() {
        return Err(format!("intact rows are lost: {:?}", report.damaged()));
    }
    if intact.attachment && report.attachment("turn") != Some(b"12") {
        return Err("the attachment is lost".to_owned());
    }
    for id in salvaged.ids() {
        if salvaged.get_record(id).ok() != store.get_record(id).ok() {
            return Err(format!("{id} is another object"));
        }
    }
    // Nobody gets the id of a lost object.
    for _ in 0..3 {
        let new = salvaged.spawn_record("unit", record! { drops: [1] });
        let new = new.map_err(|error| error.to_string())?;
        if store.contains(new) {
            return Err(format!("{new} was given away again"));
        }
    }
    Ok(())
}

fn stream(
    store: &mut Store,
    compression: Option<Compression>,
) -> Result<Vec<u8>, Box<dyn std::error::Error>> {
    let mut bytes = Vec::new();
    let options = SaveOptions::new().compression(compression).attach("turn", *b"12");
    options.write(&store.snapshot(), &mut bytes)?;
    Ok(bytes)
}

#[test]
fn fault_39_a_stream_truncated_at_each_byte() -> Outcome {
    let mut store = small_world()?;
    let bytes = stream(&mut store, None)?;
    LoadOptions::new().read(&bytes[..])?;
    let parts = StreamParts::new(&bytes)?;
    let manifest = bytes.windows(6).position(|window| window == b"ARROW1").ok_or("no table")?;
    for length in 0..bytes.len() {
        let both = check_refused(&bytes[..length]);
        let intact = Intact {
            manifest: length >= manifest,
            rows: length >= parts.rows.end,
            attachment: length >= parts.attachment.end,
        };
        let both = both.and_then(|()| check_salvage(&bytes[..length], &mut store, &intact));
        both.map_err(|error| format!("{length} bytes: {error}"))?;
    }
    Ok(())
}

#[test]
fn fault_40_each_bit_of_a_stream_flipped() -> Outcome {
    let mut bytes = stream(&mut small_world()?, None)?;
    for position in 0..bytes.len() {
        for bit in 0..8 {
            bytes[position] ^= 1 << bit;
            let refused = check_refused(&bytes);
            refused.map_err(|error| format!("bit {bit} of byte {position}: {error}"))?;
            bytes[position] ^= 1 << bit;
        }
    }
    Ok(())
}

#[test]
fn fault_40_a_bit_of_each_byte_flipped_changes_no_salvaged_object() -> Outcome {
    let mut store = small_world()?;
    for compression in [None, Some(Compression::Lz4)] {
        let mut bytes = stream(&mut store, compression)?;
        let parts = StreamParts::new(&bytes)?;
        for position in 0..bytes.len() {
            let bit = 1 << (position % 8);
            bytes[position] ^= bit;
            let intact = Intact {
                manifest: true,
                rows: !parts.rows.contains(&position),
                attachment: !parts.attachment.contains(&position),
            };
            let both =
                check_refused(&bytes).and_then(|()| check_salvage(&bytes, &mut store, &intact));
            both.map_err(|error| format!("byte {position}: {error}"))?;
            bytes[position] ^= bit;
        }
    }
    Ok(())
}

/// Returns the files that a load needs, the manifest included.
fn files(folder: &Path) -> Result<Vec<PathBuf>, Box<dyn std::error::Error>> {
    let files = fs::read_dir(folder)?.map(|entry| Ok(entry?.path()));
    let files = files.collect::<std::io::Result<Vec<_>>>()?;
    let is_needed =
        |path: &PathBuf| !path.ends_with("save.lock") && !path.ends_with("manifest.copy.json");
    Ok(files.into_iter().filter(is_needed).collect())
}

/// Loads a damaged folder, which must be refused with the name of the damaged file.
fn refused(folder: &Path, file: &Path) -> Result<String, String> {
    let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    match LoadOptions::new().load(folder) {
        Ok(_) => Err(format!("{name}: it was loaded")),
        Err(error) if error.to_string().contains(name) => Ok(error.to_string()),
        // A damaged number of the version.
        Err(LoadError::Newer { .. }) => Ok(String::new()),
        Err(error) => Err(format!("'{error}' does not name {name}")),
    }
}

#[test]
fn fault_39_each_file_of_a_folder_truncated_at_each_byte() -> Outcome {
    let (folder, mut store) = (Folder::new("truncated"), small_world()?);
    SaveOptions::new().attach("turn", *b"12").save(&store.snapshot(), &folder.0)?;
    for file in files(&folder.0)? {
        let bytes = fs::read(&file)?;
        for length in (0..bytes.len()).rev() {
            fs::OpenOptions::new().write(true).open(&file)?.set_len(length as u64)?;
            refused(&folder.0, &file).map_err(|error| format!("{length} bytes of {error}"))?;
        }
        let longer = [&bytes[..], b"x"].concat();
        fs::write(&file, longer)?;
        refused(&folder.0, &file)?;
        fs::write(&file, &bytes)?;
    }
    assert_eq!(LoadOptions::new().load(&folder.0)?.0.len(), store.len());
    Ok(())
}

#[test]
fn fault_40_each_bit_of_each_file_of_a_folder_flipped() -> Outcome {
    let (folder, mut store) = (Folder::new("flipped"), small_world()?);
    SaveOptions::new().attach("turn", *b"12").save(&store.snapshot(), &folder.0)?;
    for path in files(&folder.0)? {
        let bytes = fs::read(&path)?;
        let mut file = fs::OpenOptions::new().write(true).open(&path)?;
        let mut write = |position: usize, byte: u8| {
            file.seek(SeekFrom::Start(position as u64))?;
            file.write_all(&[byte])
        };
        for (position, byte) in bytes.iter().enumerate() {
            for bit in 0..8 {
                write(position, byte ^ 1 << bit)?;
                let refused = refused(&folder.0, &path);
                refused.map_err(|error| format!("bit {bit} of byte {position} of {error}"))?;
            }
            write(position, *byte)?;
        }
    }
    assert_eq!(LoadOptions::new().load(&folder.0)?.0.len(), store.len());
    Ok(())
}

/// Loads what can be salvaged, which must be everything.
fn salvages_all(
    loaded: Result<(Store, slotted_arrow::LoadReport), LoadError>,
    store: &mut Store,
) -> Result<(), String> {
    let (mut salvaged, report) = loaded.map_err(|error| error.to_string())?;
    let names: Vec<&str> = report.damaged().iter().map(|file| &*file.name).collect();
    match names == ["manifest"]
        && salvaged.state_hash() == store.state_hash()
        && report.attachment("turn") == Some(b"12")
    {
        true => Ok(()),
        false => Err(format!("damage of {names:?}")),
    }
}

#[test]
fn fault_40_a_damaged_manifest_of_a_folder_has_a_copy() -> Outcome {
    let (folder, mut store) = (Folder::new("copy"), small_world()?);
    SaveOptions::new().attach("turn", *b"12").save(&store.snapshot(), &folder.0)?;
    let (manifest, copy) = (folder.0.join("manifest.json"), folder.0.join("manifest.copy.json"));
    let bytes = fs::read(&manifest)?;
    let mut salvages = |what: &str| {
        let error = refused(&folder.0, &manifest)?;
        if !(error.ends_with("'salvage' loads the rest") || error.is_empty() || what == "missing") {
            return Err(error);
        }
        salvages_all(LoadOptions::new().salvage().load(&folder.0), &mut store)
    };
    for position in 0..bytes.len() {
        let mut flipped = bytes.clone();
        flipped[position] ^= 1 << (position % 8);
        for (what, bytes) in [("flipped", &flipped[..]), ("truncated", &bytes[..position])] {
            fs::write(&manifest, bytes)?;
            salvages(what).map_err(|error| format!("{what} at {position}: {error}"))?;
        }
    }
    fs::remove_file(&manifest)?;
    salvages("missing")?;
    // A promise that could not be kept is not made.
    fs::write(&copy, b"{}")?;
    fs::write(&manifest, b"{}")?;
    let error = LoadOptions::new().load(&folder.0).unwrap_err();
    assert_eq!(error.to_string(), "'manifest.json' is not a file of a save");
    assert!(LoadOptions::new().salvage().load(&folder.0).is_err());
    // A save of a later version has a copy of the same version, or one of files that are gone.
    let newer = String::from_utf8(bytes.clone())?.replace("\"version\":1", "\"version\":9");
    fs::write(&manifest, &newer)?;
    fs::write(&copy, &bytes)?;
    let mut tables = files(&folder.0)?;
    tables.retain(|path| path.extension().is_some_and(|ending| ending == "arrow"));
    let table = tables.pop().ok_or("no table")?;
    let table_bytes = fs::read(&table)?;
    fs::remove_file(&table)?;
    let error = LoadOptions::new().salvage().load(&folder.0).unwrap_err();
    assert!(matches!(error, LoadError::Newer { found: 9, .. }), "{error}");
    fs::write(&table, table_bytes)?;
    fs::write(&copy, b"{}")?;
    // The copy alone says nothing: a crash may have left that of the save before.
    fs::write(&manifest, &bytes)?;
    let (loaded, report) = LoadOptions::new().salvage().load(&folder.0)?;
    assert_eq!((loaded.len(), report.damaged()), (store.len(), &[][..]));
    Ok(())
}

#[test]
fn fault_40_a_damaged_manifest_of_a_stream_has_a_copy() -> Outcome {
    let mut store = small_world()?;
    let bytes = stream(&mut store, None)?;
    let end = bytes.windows(6).position(|window| window == b"ARROW1").ok_or("no table")?;
    for position in (0..end).chain(bytes.len() - end..bytes.len()) {
        let mut bytes = bytes.clone();
        bytes[position] ^= 1 << (position % 8);
        salvages_all(LoadOptions::new().salvage().read(&bytes[..]), &mut store)
            .map_err(|error| format!("byte {position}: {error}"))?;
    }
    // A promise that could not be kept is not made.
    let error = LoadOptions::new().read(&bytes[..40]).unwrap_err();
    assert!(!error.to_string().contains("salvage"), "{error}");
    // Both.
    let mut broken = bytes.clone();
    broken[40] ^= 1;
    let end = bytes.len() - 40;
    broken[end] ^= 1;
    assert!(LoadOptions::new().salvage().read(&broken[..]).is_err());
    Ok(())
}

#[test]
fn fault_40_missing_swapped_and_foreign_files() -> Outcome {
    let (folder, mut store) = (Folder::new("swapped"), world()?);
    let options = SaveOptions::new();
    options.save(&store.snapshot(), &folder.0)?;
    let mut tables = files(&folder.0)?;
    tables.retain(|path| path.extension().is_some_and(|ending| ending == "arrow"));
    tables.sort();
    let [tile, unit] = &tables[..] else { return Err("two tables".into()) };
    let (tile_bytes, unit_bytes) = (fs::read(tile)?, fs::read(unit)?);

    fs::remove_file(unit)?;
    assert!(refused(&folder.0, unit)?.contains("is missing; 'salvage' loads the rest"));
    let (salvaged, report) = LoadOptions::new().salvage().load(&folder.0)?;
    assert_eq!((salvaged.len(), report.damaged()[0].lost_rows), (3, 20));
    fs::write(unit, &tile_bytes)?;
    assert!(refused(&folder.0, unit)?.contains("has objects of schema 'tile' in place of 'unit'"));
    fs::write(unit, b"PK\x03\x04 a zip file, perhaps")?;
    assert!(refused(&folder.0, unit)?.contains("is not a file of a save"));

    // The table of an older save.
    let id = store.ids_of("unit")?.next().ok_or("no unit")?;
    store.set_value(id, "health", 77.0_f32)?;
    fs::write(unit, &unit_bytes)?;
    options.save(&store.snapshot(), &folder.0)?;
    let mut new = files(&folder.0)?;
    new.retain(|path| path.to_string_lossy().contains("unit-"));
    fs::write(&new[0], &unit_bytes)?;
    assert!(refused(&folder.0, &new[0])?.contains("does not have the checksum"));
    Ok(())
}

#[test]
fn fault_42_a_newer_an_unknown_and_an_ancient_version() -> Outcome {
    let mut store = world()?;
    let bytes = stream(&mut store, None)?;
    let version = b"\"version\":";
    let at = bytes.windows(version.len()).position(|window| window == version);
    let at = at.ok_or("no version")? + version.len();
    for (digit, message) in [
        (b'9', "the save has format 9, this program reads up to 1; update the program"),
        (
            b'0',
            "'the stream' has the unknown format 0; this program reads formats 1 up to 1; \
             'salvage' loads the rest",
        ),
        (
            b'x',
            "'the stream' is damaged: expected the JSON of a manifest; 'salvage' loads the rest",
        ),
    ] {
        let mut bytes = bytes.clone();
        bytes[at] = digit;
        let mut target = world()?;
        let before = target.state_hash();
        let error = LoadOptions::new().read_into(&mut target, &bytes[..]).unwrap_err();
        assert_eq!(error.to_string(), message);
        assert_eq!(target.state_hash(), before, "nothing was changed");
    }
    let folder = Folder::new("newer");
    SaveOptions::new().save(&store.snapshot(), &folder.0)?;
    let path = folder.0.join("manifest.json");
    let newer = fs::read_to_string(&path)?.replace("\"version\":1", "\"version\":9");
    fs::write(&path, &newer)?;
    let error = LoadOptions::new().load(&folder.0).unwrap_err();
    assert!(error.to_string().starts_with("the save has format 9"), "{error}");
    let error = SaveOptions::new().save(&store.snapshot(), &folder.0).unwrap_err();
    assert!(error.to_string().starts_with("the folder has a save of format 9"), "{error}");
    assert_eq!(fs::read_to_string(&path)?, newer, "nothing was changed");
    // The manifests of later versions may have other keys.
    let other = newer.replace("\"checksum\":", "\"seal\":");
    fs::write(&path, &other)?;
    let mut target = world()?;
    let before = target.state_hash();
    let error = LoadOptions::new().load_into(&mut target, &folder.0).unwrap_err();
    assert!(error.to_string().starts_with("the save has format 9, this program reads up to 1"));
    assert_eq!(target.state_hash(), before, "nothing was changed");
    assert!(SaveOptions::new().save(&store.snapshot(), &folder.0).is_err());
    assert_eq!(fs::read_to_string(&path)?, other, "nothing was changed");
    let unknown = newer.replace("\"version\":9", "\"version\":0");
    fs::write(&path, unknown)?;
    let error = LoadOptions::new().load(&folder.0).unwrap_err();
    assert_eq!(
        error.to_string(),
        "'manifest.json' has the unknown format 0; this program reads formats 1 up to 1; \
         'salvage' loads the rest"
    );
    Ok(())
}

#[test]
fn a_manifest_that_ends_early_or_is_damaged_says_so() -> Outcome {
    let (folder, mut store) = (Folder::new("early"), small_world()?);
    SaveOptions::new().attach("turn", *b"12").save(&store.snapshot(), &folder.0)?;
    let path = folder.0.join("manifest.json");
    let bytes = fs::read(&path)?;
    for length in [0, 5, 30, bytes.len() - 1] {
        fs::write(&path, &bytes[..length])?;
        let error = LoadOptions::new().load(&folder.0).unwrap_err().to_string();
        let message = format!("'manifest.json' ends early, after {length} bytes");
        assert_eq!(error, message + "; 'salvage' loads the rest");
    }
    let broken = String::from_utf8(bytes)?.replace(",\"content\"", ";\"content\"");
    fs::write(&path, broken)?;
    let error = LoadOptions::new().load(&folder.0).unwrap_err().to_string();
    let message = "'manifest.json' is damaged: expected the JSON of a manifest";
    assert_eq!(error, format!("{message}; 'salvage' loads the rest"));
    let stream = stream(&mut store, None)?;
    for length in [0, 5, 12, 16, 100] {
        let error = LoadOptions::new().read(&stream[..length]).unwrap_err().to_string();
        assert_eq!(error, format!("'the stream' ends early, after {length} bytes"));
    }
    Ok(())
}

#[test]
fn bytes_behind_a_stream_leave_the_copy_of_its_manifest() -> Outcome {
    let mut store = small_world()?;
    let bytes = stream(&mut store, None)?;
    let mut other = Vec::new();
    SaveOptions::new().write(&Store::new().snapshot(), &mut other)?;
    for behind in [&b"\n"[..], b"SLOTTED1", &other, &bytes] {
        let mut longer = [&bytes[..], behind].concat();
        let mut input = &longer[..];
        LoadOptions::new().read(&mut input)?;
        assert_eq!(input, behind, "a load reads nothing behind the save");
        longer[40] ^= 1;
        salvages_all(LoadOptions::new().salvage().read(&longer[..]), &mut store)?;
    }
    Ok(())
}
