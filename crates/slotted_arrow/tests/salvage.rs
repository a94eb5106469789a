//! A salvage loses the damaged blocks of a save, and no others.

mod common;

use std::fs;

use common::{Folder, messages};
use slotted::{Kind, Schema, Store, record};
use slotted_arrow::inspect::SaveInfo;
use slotted_arrow::{Compression, LoadOptions, LoadReport, SaveOptions};

type Outcome = Result<(), Box<dyn std::error::Error>>;

const BLOCK: usize = 8192;
/// Four whole blocks, and one of a few rows.
const ROWS: usize = 4 * BLOCK + 100;

/// Returns a world of tiles in five blocks, with or without free rows, and a unit.
fn world(has_free_rows: bool) -> Result<Store, Box<dyn std::error::Error>> {
    let mut store = Store::new();
    let tile = Schema::builder("tile").slot("height", Kind::F32).slot("name", Kind::Text);
    store.register_schema(tile.build()?)?;
    store.register_schema(Schema::builder("unit").slot("tile", Kind::Object).build()?)?;
    let names = ["grass", "water"];
    let tiles = (0..ROWS).map(|row| record! { height: row as f32, name: names[row % 2] });
    let tiles: Vec<_> = store.spawn_records("tile", tiles.collect::<Vec<_>>())?.collect();
    if has_free_rows {
        store.despawn_batch(&tiles[BLOCK + 5..BLOCK + 9])?;
    }
    store.spawn_record("unit", record! { tile: tiles[0] })?;
    Ok(store)
}

/// A save in both forms.
struct Save {
    folder: Folder,
    stream: Vec<u8>,
    /// The name and the bytes of the tiles' file, and its place in the stream.
    name: String,
    table: Vec<u8>,
    place: usize,
}

impl Save {
    fn new(
        name: &str,
        store: &mut Store,
        compression: Option<Compression>,
    ) -> Result<Self, Box<dyn std::error::Error>> {
        let (folder, mut stream) = (Folder::new(name), Vec::new());
        let options = SaveOptions::new().compression(compression).attach("turn", *b"12");
        options.save(&store.snapshot(), &folder.0)?;
        options.write(&store.snapshot(), &mut stream)?;
        let name = SaveInfo::of_folder(&folder.0)?.tables[0].file.name.clone();
        let table = fs::read(folder.0.join(&name))?;
        let place = stream.windows(6).position(|bytes| bytes == b"ARROW1").ok_or("no table")?;
        Ok(Self { folder, stream, name, table, place })
    }

    /// Salvages both forms after a bit of the tiles' file was flipped. Neither loads otherwise.
    fn flipped(
        &self,
        position: usize,
    ) -> Result<[(Store, LoadReport); 2], Box<dyn std::error::Error>> {
        let bit = 1 << (position % 8);
        let (mut table, mut stream) = (self.table.clone(), self.stream.clone());
        table[position] ^= bit;
        stream[self.place + position] ^= bit;
        fs::write(self.folder.0.join(&self.name), table)?;
        let options = LoadOptions::new();
        assert!(options.load(&self.folder.0).is_err() && options.read(&stream[..]).is_err());
        let options = options.salvage();
        Ok([options.load(&self.folder.0)?, options.read(&stream[..])?])
    }

    /// Checks that a bit costs the rows of its block at most, and returns how many.
    fn lost_rows(
        &self,
        store: &mut Store,
        position: usize,
        most: usize,
    ) -> Result<usize, Box<dyn std::error::Error>> {
        let mut lost_rows = 0;
        for (mut salvaged, report) in self.flipped(position)? {
            let [damaged] = report.damaged() else { return Err("one damaged file".into()) };
            lost_rows = damaged.lost_rows;
            assert!(lost_rows == 0 || lost_rows == most, "byte {position}: {damaged:?}");
            let lost = store.ids().filter(|id| !salvaged.contains(*id)).count();
            assert!(lost <= lost_rows && lost_rows - lost < 5, "byte {position}: {lost} objects");
            for id in salvaged.ids().step_by(61) {
                assert_eq!(salvaged.get_record(id)?, store.get_record(id)?, "byte {position}");
            }
            assert_eq!(report.attachment("turn"), Some(&b"12"[..]));
            assert_eq!(lost_rows == 0, salvaged.state_hash() == store.state_hash());
        }
        Ok(lost_rows)
    }
}

#[test]
fn a_byte_behind_a_file_costs_nothing() -> Outcome {
    let mut store = world(true)?;
    let save = Save::new("appended", &mut store, None)?;
    for file in SaveInfo::of_folder(&save.folder.0)?.files() {
        let path = save.folder.0.join(&file.name);
        let bytes = fs::read(&path)?;
        fs::write(&path, [&bytes[..], b"\n"].concat())?;
        let error = LoadOptions::new().load(&save.folder.0).unwrap_err().to_string();
        assert!(error.ends_with("'salvage' loads the rest"), "{error}");
        let (mut salvaged, report) = LoadOptions::new().salvage().load(&save.folder.0)?;
        assert_eq!(salvaged.state_hash(), store.state_hash());
        assert_eq!(report.attachment("turn"), Some(&b"12"[..]));
        let [damaged] = report.damaged() else { return Err("one damaged file".into()) };
        let message = format!("is longer than {} bytes", bytes.len());
        assert_eq!((damaged.lost_rows, damaged.damages[0].to_string()), (0, message));
        fs::write(&path, bytes)?;
    }
    Ok(())
}

#[test]
fn a_bit_of_a_block_costs_the_block() -> Outcome {
    for (has_free_rows, compression) in [(true, None), (false, Some(Compression::Lz4))] {
        let mut store = world(has_free_rows)?;
        let save = Save::new("header", &mut store, compression)?;
        let (_, blocks) = messages(&save.table);
        assert_eq!(blocks.len(), 5);
        for (number, block) in blocks.iter().enumerate().skip(1).step_by(3) {
            let rows = if number == 4 { 100 } else { BLOCK };
            let header = block.header.clone();
            let first = header.start..header.start + 12;
            let positions = first.chain(header.step_by(89)).chain([block.body.start]);
            let mut lost = Vec::new();
            for position in positions {
                lost.push(save.lost_rows(&mut store, position, rows)?);
            }
            assert!(lost.iter().filter(|lost| **lost > 0).count() > 8, "{lost:?}");
        }
    }
    Ok(())
}

#[test]
fn a_bit_outside_blocks_costs_nothing() -> Outcome {
    for has_free_rows in [true, false] {
        let mut store = world(has_free_rows)?;
        let save = Save::new("schema", &mut store, None)?;
        let (dictionaries, blocks) = messages(&save.table);
        let schema = 0..dictionaries[0].header.start;
        let end = blocks[4].body.end..save.table.len();
        let first = (0..20).step_by(3).chain(schema.step_by(173));
        for position in first.chain(end.step_by(419)) {
            assert_eq!(save.lost_rows(&mut store, position, 0)?, 0, "byte {position}");
        }
    }
    Ok(())
}

#[test]
fn a_bit_of_the_texts_costs_the_objects_of_their_schema() -> Outcome {
    let mut store = world(false)?;
    let save = Save::new("texts", &mut store, None)?;
    let (dictionaries, _) = messages(&save.table);
    for position in [dictionaries[0].header.start, dictionaries[0].body.start] {
        for (salvaged, report) in save.flipped(position)? {
            assert_eq!((salvaged.len(), report.damaged()[0].lost_rows), (1, ROWS));
        }
    }
    Ok(())
}

#[test]
fn another_file_in_place_of_a_table_gives_no_objects() -> Outcome {
    let (mut store, mut other) = (world(true)?, world(false)?);
    let save = Save::new("swapped", &mut store, None)?;
    let later = Save::new("swapped-other", &mut other, None)?;
    fs::write(save.folder.0.join(&save.name), &later.table)?;
    let (salvaged, report) = LoadOptions::new().salvage().load(&save.folder.0)?;
    assert_eq!((salvaged.len(), report.damaged()[0].lost_rows), (1, ROWS));
    Ok(())
}
