//! Makes stores of keyframes.

use std::io::{Read, Seek};

use slotted::{Limits, Store};

use crate::damage::Damage;
use crate::definition::{Definition, PodTypes};
use crate::load::{LoadError, LoadOptions, definition_error};
use crate::manifest::{check_slots, register};
use crate::recording::format::{Entry, RecordKind};
use crate::recording::notes::Notes;
use crate::recording::source::{Source, Wanted};
use crate::recording::{PlaybackError, PlaybackOptions};
use crate::sources::StreamSource;

/// Makes stores of keyframes, with the Rust types of the program.
pub(super) struct Worlds {
    pods: PodTypes,
    /// A store without objects that has the types.
    types: Option<Store>,
    load: LoadOptions,
    limits: Limits,
}

impl Worlds {
    pub(super) fn new(options: &PlaybackOptions<'_>) -> Result<Self, PlaybackError> {
        let limits = options.limits;
        let load = LoadOptions::new().limits(limits).expansion(options.expansion);
        let load = if options.ignores_checksums { load.ignore_checksums() } else { load };
        let Some(program) = options.types_of else {
            return Ok(Self { pods: PodTypes::default(), types: None, load, limits });
        };
        let (pods, mut types) = (PodTypes::of(program), Store::with_limits(limits));
        let schemas = program.schemas().map(|schema| Definition::new(&schema.to_schema()));
        let schemas: Vec<Definition> = schemas.collect();
        register(&schemas, &mut types, &pods).map_err(|(schema, error)| {
            world_error(0, definition_error("the schemas", schema, error))
        })?;
        types.register_types_of(program);
        Ok(Self { pods, types: Some(types), load, limits })
    }

    /// Loads the keyframe of a frame.
    pub(super) fn load<R: Read + Seek>(
        &self,
        source: &mut Source<R>,
        entries: &[Entry],
        index: usize,
    ) -> Result<(Store, Notes), PlaybackError> {
        let Entry { number, keyframe, .. } = entries[index];
        let kind = RecordKind::Keyframe;
        let record = source.read(Wanted { kind, at: keyframe, index: index as u64, number })?;
        let mut content = &record.content[..];
        let empty = Store::with_limits(self.limits);
        let loaded = self.load.read_all(StreamSource::new(&mut content), empty, &self.pods, None);
        let (mut store, _) = loaded.map_err(|error| world_error(number, error))?;
        if !content.is_empty() {
            let part = "bytes follow the world of a keyframe";
            return Err(PlaybackError::Damaged { at: keyframe, part });
        }
        if let Some(types) = &self.types {
            store.register_types_of(types);
        }
        Ok((store, record.notes))
    }

    /// Registers the schemas that a frame added, unless a frame after it was played before.
    pub(super) fn register(
        &self,
        store: &mut Store,
        definitions: &[u8],
        frame: u64,
    ) -> Result<(), PlaybackError> {
        if definitions.is_empty() {
            return Ok(());
        }
        let invalid = |part: String| {
            let damage = Damage::Definition { part };
            let file = "the schemas".to_owned();
            world_error(frame, LoadError::Damaged { file, damage, can_salvage: false })
        };
        let definitions: Vec<Definition> =
            serde_json::from_slice(definitions).map_err(|error| invalid(error.to_string()))?;
        let mut slots: usize = store.schemas().map(|schema| schema.slots().len()).sum();
        for definition in definitions {
            if let Some(known) = store.schema(&definition.name) {
                if Definition::new(&known.to_schema()) == definition {
                    continue;
                }
                return Err(invalid(format!("schema '{}' was declared before", definition.name)));
            }
            check_slots(slots).map_err(|damage| {
                let file = "the schemas".to_owned();
                world_error(frame, LoadError::Damaged { file, damage, can_salvage: false })
            })?;
            let schema = definition.to_schema(&self.pods);
            let registered = schema.and_then(|schema| Ok(store.register_schema(schema)?));
            let registered = registered.map_err(|error| {
                world_error(frame, definition_error("the schemas", definition.name, error))
            })?;
            slots += store.schema_by_id(registered).map_or(0, |schema| schema.slots().len());
        }
        if let Some(types) = &self.types {
            store.register_types_of(types);
        }
        Ok(())
    }
}

fn world_error(frame: u64, error: LoadError) -> PlaybackError {
    PlaybackError::World { frame, error: Box::new(error) }
}
