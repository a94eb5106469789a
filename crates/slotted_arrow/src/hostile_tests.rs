//! Files that no writer of ours makes, with right checksums.

use std::sync::Arc;

use arrow_array::{ArrayRef, LargeStringArray, UInt32Array};
use arrow_schema::{Field, Schema as ArrowSchema};
use slotted::{Kind, Schema, Store};

use crate::damage::Damage;
use crate::definition::Definition;
use crate::fields::data_type;
use crate::filling::{Expansion, ReadOptions};
use crate::ipc::{IpcWriter, OutgoingBatch, ReadError};
use crate::table_file::{TableFile, metadata};

type Outcome = Result<(), Box<dyn std::error::Error>>;

/// Writes a table of texts with this dictionary and these keys, and reads it.
fn read(texts: &[&str], keys: &[u32]) -> Result<Option<Damage>, Box<dyn std::error::Error>> {
    let unit = Schema::builder("unit").slot("name", Kind::Text).build()?;
    let mut store = Store::new();
    let id = store.register_schema(unit.clone())?;
    let metadata = metadata(0, vec![Definition::new(&unit)], Some(1))?;
    let fields = vec![Field::new("name", data_type(&Kind::Text), true)];
    let schema = ArrowSchema::new_with_metadata(fields, metadata);
    let mut file = IpcWriter::new(Vec::new(), &schema, None)?;
    let texts: ArrayRef = Arc::new(LargeStringArray::from_iter_values(texts));
    file.dictionary(0, &texts)?;
    let column: ArrayRef = Arc::new(UInt32Array::from(keys.to_vec()));
    file.batch(&OutgoingBatch::new(keys.len(), &[column], None)?)?;
    let (bytes, _) = file.finish()?;
    let length = bytes.len() as u64;
    let expansion = &Expansion::new(0);
    let options = ReadOptions { rows: 0, salvages: false, ignores_checksums: false, expansion };
    let read =
        TableFile::open(&bytes[..], length).and_then(|file| file.read(&mut store, id, options));
    match read {
        Ok(_) => Ok(None),
        Err(ReadError::Damage(damage)) => Ok(Some(damage)),
        Err(ReadError::Io(error)) => Err(error.into()),
    }
}

#[test]
fn fault_41_texts_that_are_there_twice_and_keys_beyond_the_texts() -> Outcome {
    assert_eq!(read(&["a", "b"], &[0, 1, 0])?, None);
    let twice = Damage::Texts { slot: "name".to_owned() };
    assert_eq!(read(&["a", "a"], &[0, 1])?, Some(twice));
    let beyond = Damage::Column { slot: "name".to_owned(), block: 0 };
    assert_eq!(read(&["a"], &[0, 1])?, Some(beyond.clone()));
    assert_eq!(read(&["a"], &[u32::MAX])?, Some(beyond));
    Ok(())
}
