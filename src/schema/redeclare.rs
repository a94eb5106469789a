//! A registry in which some schemas have new declarations.

use std::collections::HashMap;
use std::sync::Arc;

use crate::id::SchemaId;
use crate::schema::error::SchemaDifference;
use crate::schema::{RegisteredSchema, Registry, RegistryLimits, Schema, SchemaError, Slot};

/// A registry in which some schemas have new declarations: ids stay, new schemas come last.
#[derive(Debug)]
pub(crate) struct Redeclared {
    pub(crate) registry: Registry,
    /// The source of each slot, for each schema that was registered before.
    pub(crate) sources: Vec<Vec<Source>>,
}

/// The slot from which a slot of a new declaration comes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// The old slot at this position, perhaps under another name.
    Slot(usize),
    /// No old slot.
    New,
    /// The old slot of this name, which another new slot names as its source too.
    Ambiguous(Arc<str>),
}

impl Source {
    /// Returns the position of the old slot.
    pub(crate) const fn position(&self) -> Option<usize> {
        if let Self::Slot(position) = self { Some(*position) } else { None }
    }
}

impl Redeclared {
    pub(crate) fn new(
        before: &Registry,
        declarations: &[Schema],
        limits: RegistryLimits,
    ) -> Result<Self, SchemaError> {
        let mut given: HashMap<&str, &Schema> = HashMap::new();
        let mut added = Vec::new();
        for schema in declarations {
            match given.insert(schema.name(), schema) {
                None if before.find(schema.name()).is_none() => added.push(schema.clone()),
                Some(other) if other != schema => {
                    let own = (other.slots(), other.defaults());
                    let differences = SchemaDifference::between(other.extends(), own, schema);
                    let schema = schema.name().into();
                    return Err(SchemaError::DeclaredTwice { schema, differences });
                }
                _ => {}
            }
        }
        let declaration = |schema: &RegisteredSchema| match given.get(schema.name()) {
            Some(given) => Schema::clone(given),
            None => schema.to_schema(),
        };
        let mut schemas: Vec<Schema> = before.iter().map(declaration).collect();
        schemas.extend(added);
        let mut registry = before.clone();
        resolve_all(schemas, limits)?.into_iter().for_each(|schema| registry.insert(schema));
        registry.rebuild_families();
        let pairs = || before.iter().zip(registry.iter());
        let sources = pairs().map(|(before, after)| sources(before, after)).collect();
        if pairs().any(|(before, after)| !before.accepts_as(after)) {
            registry.migrations += 1;
        }
        Ok(Self { registry, sources })
    }
}

/// Resolves the schemas in any order: the slots of a base come before those of its extensions.
fn resolve_all(
    schemas: Vec<Schema>,
    limits: RegistryLimits,
) -> Result<Vec<RegisteredSchema>, SchemaError> {
    let positions = schemas.iter().enumerate().map(|(position, schema)| (schema.name(), position));
    let positions: HashMap<&str, usize> = positions.collect();
    let bases = schemas.iter().map(|schema| match schema.extends() {
        None => Ok(None),
        Some(base) => positions.get(base).copied().map(Some).ok_or_else(|| {
            SchemaError::UnknownBase { schema: schema.name().into(), base: base.into() }
        }),
    });
    let bases = bases.collect::<Result<Vec<_>, _>>()?;
    let mut resolved: Vec<Option<RegisteredSchema>> = vec![None; schemas.len()];
    for start in 0..schemas.len() {
        // Walks from the schema to the first resolved base, then resolves the path backwards.
        let mut path = Vec::new();
        let mut next = Some(start);
        while let Some(schema) = next.filter(|schema| resolved[*schema].is_none()) {
            if path.contains(&schema) {
                let (schema, base) = (&schemas[schema], &schemas[path[path.len() - 1]]);
                let (schema, base) = (schema.name().into(), base.name().into());
                return Err(SchemaError::Circular { schema, base });
            }
            path.push(schema);
            next = bases[schema];
        }
        for schema in path.into_iter().rev() {
            let base = bases[schema].and_then(|base| resolved[base].as_ref());
            // `resolve` refuses schemas beyond the last id.
            let id = SchemaId(u16::try_from(schema).unwrap_or(u16::MAX));
            let declaration = schemas[schema].clone();
            resolved[schema] = Some(RegisteredSchema::resolve(id, declaration, base, limits)?);
        }
    }
    Ok(resolved.into_iter().flatten().collect())
}

/// Returns the source of each slot of `after`.
fn sources(before: &RegisteredSchema, after: &RegisteredSchema) -> Vec<Source> {
    let claim = |slot: &Slot| match before.slot_index(slot.name()) {
        Some(same) => Some(same),
        None => before.slot_index(slot.renamed_from()?),
    };
    let claims: Vec<_> = after.slots().iter().map(claim).collect();
    let source = |(slot, claimed): (&Slot, &Option<usize>)| {
        let Some(claimed) = claimed else { return Source::New };
        let name = before.slots()[*claimed].shared_name();
        let claimants = || claims.iter().filter(|other| **other == Some(*claimed)).count();
        if slot.name() == &**name || claimants() == 1 {
            Source::Slot(*claimed)
        } else {
            Source::Ambiguous(Arc::clone(name))
        }
    };
    after.slots().iter().zip(&claims).map(source).collect()
}

impl RegisteredSchema {
    /// Returns `true` if objects of both keep the same layout and constraints. Defaults may differ:
    /// they concern new objects only.
    fn accepts_as(&self, other: &Self) -> bool {
        let mut slots = self.slots.iter().zip(&*other.slots);
        self.base == other.base
            && self.is_stored_as(other)
            && slots.all(|(slot, other)| slot.has_constraints_of(other))
    }
}
