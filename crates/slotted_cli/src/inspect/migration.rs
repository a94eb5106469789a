//! The migration of a load under other schemas.

use std::path::PathBuf;

use serde::Serialize;
use slotted::Store;
use slotted::schema::Quoted;
use slotted_definitions::LoadLimits;

use crate::arguments::{Limits, Overwriting, Packs, Policy};
use crate::check::count;
use crate::failure::Failure;
use crate::output::Output;
use crate::packs;
use crate::save::{Refusal, Save};

/// The steps of a load, and what it keeps aside.
#[derive(Serialize)]
pub(crate) struct Plan {
    /// A line for each step; empty if nothing changes.
    steps: Vec<String>,
    objects_aside: Vec<ObjectsAside>,
    values_aside: Vec<ValuesAside>,
}

#[derive(Serialize)]
struct ObjectsAside {
    schema: String,
    objects: usize,
}

#[derive(Serialize)]
struct ValuesAside {
    schema: String,
    slot: String,
    values: usize,
}

impl Plan {
    /// Loads the save under the schemas of packs.
    pub(crate) fn new(
        save: &Save<'_>,
        folders: &[PathBuf],
        output: &mut Output,
    ) -> Result<Self, Refusal> {
        let defaults = LoadLimits::default();
        let (max_file_bytes, max_problems) = (defaults.file_bytes, defaults.problems);
        let packs = Packs {
            folders: folders.to_vec(),
            packs: Vec::new(),
            undeclared: Policy::Refuse,
            conflicts: Overwriting::Warn,
            limits: Limits { max_file_bytes, max_problems },
        };
        let definitions = packs::load(&packs)?.map_err(|report| {
            output.report(&report);
            Refusal::Problem("error: the definitions have problems".to_owned())
        })?;
        let mut store = Store::new();
        let registered = definitions.register(&mut store);
        registered.map_err(|error| Failure::new(error.to_string()))?;
        let report = save.load_into(&mut store)?;
        let steps = report.steps().iter().map(ToString::to_string);
        let steps = steps.flat_map(|step| step.lines().map(str::to_owned).collect::<Vec<_>>());
        let aside = report.aside();
        let objects = aside.objects();
        let objects =
            objects.map(|(schema, objects)| ObjectsAside { schema: schema.to_owned(), objects });
        let values = aside.values().map(|(schema, slot, values)| ValuesAside {
            schema: schema.to_owned(),
            slot: slot.to_owned(),
            values,
        });
        Ok(Self {
            steps: steps.collect(),
            objects_aside: objects.collect(),
            values_aside: values.collect(),
        })
    }

    pub(crate) fn print(&self, text: &mut String) {
        text.push_str("\nmigration to the definitions:\n");
        if self.steps.is_empty() {
            text.push_str("  nothing changes\n");
        }
        self.steps.iter().for_each(|step| text.push_str(&format!("  {step}\n")));
        if !self.objects_aside.is_empty() || !self.values_aside.is_empty() {
            text.push_str("\nkept aside, because the definitions do not declare them:\n");
        }
        for ObjectsAside { schema, objects } in &self.objects_aside {
            let schema = Quoted(schema);
            text.push_str(&format!("  {} of schema {schema}\n", count(*objects, "object")));
        }
        for ValuesAside { schema, slot, values } in &self.values_aside {
            let (schema, slot) = (Quoted(schema), Quoted(slot));
            text.push_str(&format!("  {} of slot {slot} of {schema}\n", count(*values, "value")));
        }
    }
}
