//! Nested values in the builder of schemas.

use std::collections::HashSet;
use std::sync::Arc;

use crate::kind::Kind;
use crate::schema::nested::{UnionBy, is_part_name, tags};
use crate::schema::{Schema, SchemaBuilder, SchemaError, Slot};

impl SchemaBuilder {
    /// Adds a nested record: the slots of another schema, under their names with this one and a dot before.
    ///
    /// In records it is a map. Each part is a slot with a column of its own, which keys and views reach by its name. So a part
    /// costs what any slot costs, and needs a value unless it has a default or is optional. [`optional`](Self::optional) makes
    /// the record optional: then an object has no part of it, or all parts that are [needed](Self::needed_in).
    ///
    /// # Example
    /// ```
    /// use slotted::{Kind, Schema, Store, Value, record};
    /// let damage = Schema::builder("damage").slot("min", Kind::U16).slot("max", Kind::U16).build()?;
    /// let weapon = Schema::builder("weapon").slot("weight", Kind::F32).nested("damage", &damage).build()?;
    ///
    /// let mut store = Store::new();
    /// store.register_schema(weapon)?;
    /// let range: Value = [("min", 1), ("max", 4)].into_iter().collect();
    /// let axe = store.spawn_record("weapon", record! { weight: 2.5, damage: range.clone() })?;
    /// assert_eq!(store.get_value(axe, "damage")?, range);
    ///
    /// let max = store.key::<u16>("weapon", "damage.max")?;
    /// store.set(axe, max, 6)?;
    /// assert_eq!(store.get_value(axe, "damage.max")?, 6.into());
    ///
    /// let error = store.set_value(axe, "damage", Value::from_iter([("min", 1)])).unwrap_err();
    /// assert_eq!(error.to_string(), "'weapon' object needs a value for slot 'damage.max' (u16)");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn nested(mut self, name: impl Into<Arc<str>>, parts: &Schema) -> Self {
        let name = name.into();
        if parts.extends.is_some() || parts.slots.is_empty() {
            let (schema, nested) = (Arc::clone(&self.schema.name), Arc::clone(&parts.name));
            self.error.get_or_insert(SchemaError::BadNested { schema, record: name, nested });
            return self;
        }
        self.nested = Some((Arc::clone(&name), self.schema.slots.len()));
        let within = |part: &str| format!("{name}.{part}").into();
        let slots = parts.slots.iter().map(|part| part.within(within));
        self.schema.slots.extend(slots);
        self
    }

    /// Adds a list of records, whose elements have the slots of another schema.
    ///
    /// In records it is a list of maps. Each part is a slot of its own, which holds the values of all elements as a
    /// [`List`](crate::List): `drops[].chance` for the part `chance` of `drops`. [`Shape`](crate::schema::Shape) says how parts
    /// that an element may leave out, and lists in the elements, are stored. The defaults of the slots are those of elements that
    /// leave them out.
    ///
    /// # Example
    /// ```
    /// use slotted::{Kind, Schema, Store, Value, record};
    /// let drop = Schema::builder("drop").slot("item", Kind::Text).slot("chance", Kind::F32).range(0..=1);
    /// let unit = Schema::builder("unit").slot("health", Kind::F32).nested_list("drops", &drop.build()?);
    ///
    /// let mut store = Store::new();
    /// store.register_schema(unit.build()?)?;
    /// let bone = Value::from_iter([("item", Value::from("bone")), ("chance", 0.5_f32.into())]);
    /// let orc = store.spawn_record("unit", record! { health: 80.0, drops: [bone.clone()] })?;
    /// assert_eq!(store.get_value(orc, "drops")?, [bone].into());
    ///
    /// let chances = store.get(orc, store.key::<slotted::List<f32>>("unit", "drops[].chance")?).unwrap();
    /// assert_eq!(store.resolve_list(chances), Some(&[0.5][..]));
    ///
    /// let wrong = Value::from_iter([("item", Value::from("hide")), ("chance", 5.into())]);
    /// let error = store.set_value(orc, "drops", [wrong]).unwrap_err();
    /// assert_eq!(error.to_string(), "element 0 of slot 'drops[].chance' of 'unit' expects 0.0 to 1.0, found 5");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn nested_list(self, name: &str, element: &Schema) -> Self {
        self.elements(&format!("{name}[]"), Vec::new(), element)
    }

    /// Adds a map of any names to records, whose values have the slots of another schema.
    ///
    /// The keys are texts, variants of an enum, or references. As in a [list of records](Self::nested_list), each part is a slot
    /// with a list: `skills{}.key`, and `skills{}.value.level` for the part `level`.
    ///
    /// # Example
    /// ```
    /// use slotted::{Kind, Schema, Store, Value, record};
    /// let skill = Schema::builder("skill").slot("level", Kind::U8).build()?;
    /// let unit = Schema::builder("unit").nested_map("skills", Kind::Text, &skill).build()?;
    ///
    /// let mut store = Store::new();
    /// store.register_schema(unit)?;
    /// let archery = Value::from_iter([("archery", Value::from_iter([("level", 3)]))]);
    /// let elf = store.spawn_record("unit", record! { skills: archery.clone() })?;
    /// assert_eq!(store.get_value(elf, "skills")?, archery);
    /// assert_eq!(store.get_value(elf, "skills{}.key")?, ["archery"].into());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn nested_map(mut self, name: &str, key: Kind, value: &Schema) -> Self {
        if !matches!(key, Kind::Text | Kind::Enum(_) | Kind::Object) {
            let (schema, map) = (Arc::clone(&self.schema.name), name.into());
            self.error.get_or_insert(SchemaError::BadKey { schema, map, key: key.clone() });
        }
        let key = Slot::new("key".into(), key);
        self.elements(&format!("{name}{{}}"), vec![key], value)
    }

    /// Adds a list of records, or a map whose entries are the records if the name ends with `{}`.
    pub(crate) fn nested_records(mut self, name: &str, element: &Schema) -> Self {
        let Some(map) = name.strip_suffix("{}") else { return self.nested_list(name, element) };
        let is_key = |slot: &Slot| {
            &*slot.name == "key"
                && !slot.optional
                && matches!(slot.kind, Kind::Text | Kind::Enum(_) | Kind::Object)
        };
        let is_value = |slot: &Slot| {
            let rest = slot.name.strip_prefix("value");
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        match &*element.slots {
            [key, values @ ..]
                if is_key(key) && !values.is_empty() && values.iter().all(is_value) =>
            {
                self.elements(name, Vec::new(), element)
            }
            _ => {
                let (schema, map) = (Arc::clone(&self.schema.name), map.into());
                let entry = Arc::clone(&element.name);
                self.error.get_or_insert(SchemaError::BadEntry { schema, map, entry });
                self
            }
        }
    }

    /// Adds a union: a value of one of several variants, each with the slots of a schema of its own.
    ///
    /// In records it is a map that names its variant, or the text of a variant without a schema. [`UnionBy`] says which. The slots
    /// are the variant's name, which is an enum, and the parts of all variants, optional and under their names:
    /// `effect@heal.amount` for the part `amount` of the variant `heal` of `effect`. [`Shape`](crate::schema::Shape) says how parts
    /// that a variant may lack are stored. The defaults of the slots are those of values that leave them out. `optional` makes
    /// the union optional.
    ///
    /// A union by the sorts of values has the variants `bool`, `number`, `text`, `list` and `map`, of which only a map has a schema:
    /// declare the slots of the others by their names.
    ///
    /// # Example
    /// ```
    /// use slotted::schema::UnionBy;
    /// use slotted::{Kind, Schema, Store, Value, record};
    /// let heal = Schema::builder("heal").slot("amount", Kind::F32).slot("area", Kind::U8).default(1).build()?;
    /// let variants = [("heal", Some(&heal)), ("rest", None)];
    /// let spell = Schema::builder("spell").nested_union("effect", UnionBy::Tag("type".into()), variants);
    ///
    /// let mut store = Store::new();
    /// store.register_schema(spell.build()?)?;
    /// let balm = Value::from_iter([("type", Value::from("heal")), ("amount", 5.0_f32.into())]);
    /// let balm = store.spawn_record("spell", record! { effect: balm })?;
    /// assert_eq!(store.get_value(balm, "effect@heal.area")?, 1.into());
    /// let sleep = Value::from_iter([("type", "rest")]);
    /// let sleep = store.spawn_record("spell", record! { effect: sleep })?;
    /// assert_eq!(store.get_value(sleep, "effect@type")?, "rest".into());
    /// assert!(store.get_value(sleep, "effect@heal.area")?.is_unset());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn nested_union<'v>(
        self,
        name: &str,
        by: UnionBy,
        variants: impl IntoIterator<Item = (&'v str, Option<&'v Schema>)>,
    ) -> Self {
        let variants = variants.into_iter().map(|(variant, schema)| {
            (variant, schema.map_or(VariantParts::None, VariantParts::Record))
        });
        self.union(name, by, &variants.collect::<Vec<_>>())
    }

    /// Adds the slots of a union.
    pub(crate) fn union(
        mut self,
        name: &str,
        by: UnionBy,
        variants: &[(&str, VariantParts<'_>)],
    ) -> Self {
        if let Err(error) = self.check_union(name, &by, variants) {
            self.error.get_or_insert(error);
            return self;
        }
        let (sign, tag) = match &by {
            UnionBy::Tag(tag) => ('@', &**tag),
            UnionBy::Name => ('@', ""),
            UnionBy::Sort => ('|', ""),
        };
        let names = Kind::enumeration(variants.iter().map(|(variant, _)| *variant));
        self.nested = Some((name.into(), self.schema.slots.len()));
        self.schema.slots.push(Slot::new(format!("{name}{sign}{tag}").into(), names));
        let mut added: HashSet<Arc<str>> = HashSet::new();
        for (variant, parts) in variants {
            let path = format!("{name}{sign}{variant}");
            let (parts, is_value) = match parts {
                VariantParts::None => continue,
                VariantParts::Value(schema) => (&schema.slots, true),
                VariantParts::Record(schema) => (&schema.slots, false),
            };
            let tags = tags(parts);
            let parts = parts.iter().enumerate();
            for slot in parts.flat_map(|(at, part)| part.as_parts_of_variant(tags.contains(&at))) {
                // The parts of an inner list share a slot that says whether it is there.
                let slot = slot.within(|part| match is_value {
                    true => path.as_str().into(),
                    false => format!("{path}.{part}").into(),
                });
                if added.insert(Arc::clone(&slot.name)) || !slot.name.ends_with('?') {
                    self.schema.slots.push(slot);
                }
            }
        }
        self
    }

    /// Refuses variants whose slots would not have the shape of a union.
    fn check_union(
        &self,
        name: &str,
        by: &UnionBy,
        variants: &[(&str, VariantParts<'_>)],
    ) -> Result<(), SchemaError> {
        let tag = match by {
            UnionBy::Tag(tag) => Some(&**tag),
            UnionBy::Name | UnionBy::Sort => None,
        };
        let bad = |variant: &str, reason: &'static str| SchemaError::BadVariant {
            schema: Arc::clone(&self.schema.name),
            union: name.into(),
            variant: variant.into(),
            reason,
        };
        if let Some(tag) = tag.filter(|tag| !is_part_name(tag)) {
            return Err(bad(tag, BAD_NAME));
        }
        for (variant, parts) in variants {
            let reason = match parts {
                _ if !is_part_name(variant) => BAD_NAME,
                VariantParts::Value(_) if tag.is_some() => {
                    "a variant with a tag is a record: give its value a name"
                }
                VariantParts::Record(schema) if schema.extends.is_some() => {
                    "its schema extends another one"
                }
                VariantParts::Record(schema) if schema.slots.is_empty() => {
                    "its schema has no slots: leave the schema out"
                }
                VariantParts::Record(schema)
                    if schema.slots.iter().any(|slot| Some(&*slot.name) == tag) =>
                {
                    "it has a slot with the name of the tag"
                }
                _ if *by == UnionBy::Sort && !parts.are_of_sort(variant) => {
                    "a variant by sort is named after the sort of its value: bool, number, text, list or map"
                }
                _ => continue,
            };
            return Err(bad(variant, reason));
        }
        Ok(())
    }

    /// Adds the parts of elements. `name` ends with brackets.
    fn elements(mut self, name: &str, key: Vec<Slot>, parts: &Schema) -> Self {
        if parts.extends.is_some() || parts.slots.is_empty() {
            let (schema, nested) = (Arc::clone(&self.schema.name), Arc::clone(&parts.name));
            let record = name.into();
            self.error.get_or_insert(SchemaError::BadNested { schema, record, nested });
            return self;
        }
        self.nested = Some((name[..name.len() - 2].into(), self.schema.slots.len()));
        let value = if key.is_empty() { "" } else { ".value" };
        let tags = tags(&parts.slots);
        let keys = key.iter().map(|key| (name.to_owned(), key, false));
        let parts = parts.slots.iter().enumerate();
        let parts = parts.map(|(at, part)| (format!("{name}{value}"), part, tags.contains(&at)));
        let mut added: HashSet<Arc<str>> = HashSet::new();
        for (prefix, part, is_tag) in keys.chain(parts) {
            for slot in part.as_elements(is_tag) {
                let slot = slot.within(|part| format!("{prefix}.{part}").into());
                // The parts of an inner list share its length.
                if added.insert(Arc::clone(&slot.name)) || !slot.name.ends_with(['?', '#']) {
                    self.schema.slots.push(slot);
                }
            }
        }
        self
    }
}

const BAD_NAME: &str =
    "names of variants and tags have none of . [ { @ | and do not end with ? or #";

/// The values of one variant of a union.
pub(crate) enum VariantParts<'s> {
    None,
    /// One value: the only slot of the schema, whose name does not matter.
    Value(&'s Schema),
    Record(&'s Schema),
}

impl VariantParts<'_> {
    fn are_of_sort(&self, sort: &str) -> bool {
        match self {
            Self::None => false,
            Self::Record(_) => sort == "map",
            Self::Value(schema) => {
                let kind = schema.slots.first().map(Slot::kind);
                kind.is_some_and(|kind| UnionBy::sort_of(kind) == Some(sort))
            }
        }
    }
}
