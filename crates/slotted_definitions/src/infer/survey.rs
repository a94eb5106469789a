//! Infers schemas for groups of objects that refer to one another.

use std::collections::BTreeMap;
use std::sync::Arc;

use foldhash::fast::RandomState;
use hashbrown::{HashMap, HashSet};
use slotted::{Kind, SchemaError, Value};

use crate::infer::naming::{Directory, Names, Naming, name_of};
use crate::infer::nested::Role;
use crate::infer::observed::Shape;
use crate::infer::proposal::Proposal;
use crate::infer::variants::KnownVariants;
use crate::infer::{Inference, InferenceOptions, ProposalNote, Unslottable};
use crate::words::TakenWords;

/// Infers schemas for several groups of objects, such as the files of a game, with references between them.
///
/// The objects are seen twice, so memory grows with their names, not with their values: [`observe`](Self::observe)
/// takes each object, [`measure`](Self::measure) ends the first pass, and [`Measure::observe`] takes the objects again,
/// in any order.
///
/// In addition to the rules of an [`Inference`]:
/// * Texts, lists of texts and keys of maps that are all names of records of one group become references to it. If only most of
///   them are, there is a [note](ProposalNote::Names).
/// * Maps with few names are maps by name and no records, if all these names are those of records of one group, not every map has
///   all of them, and their values have one sort.
/// * A value that most objects share becomes the default, if all objects of the group have the attribute: a missing value
///   would become the default.
///
/// # Example
/// ```
/// use slotted::Value;
/// use slotted_definitions::infer::{InferenceOptions, Naming, Survey};
///
/// let object = |values: &[(&str, &str)]| -> Vec<_> {
///     values.iter().map(|(name, value)| ((*name).into(), Value::from(*value))).collect()
/// };
/// let items = [object(&[("id", "sword")]), object(&[("id", "bow")])];
/// let units = [object(&[("weapon", "bow")]), object(&[("weapon", "sword")])];
/// let mut survey = Survey::new(InferenceOptions::default());
/// items.iter().for_each(|item| survey.observe("item", None, item));
/// units.iter().for_each(|unit| survey.observe("unit", None, unit));
/// let mut measure = survey.measure()?;
/// items.iter().for_each(|item| measure.observe("item", None, item));
/// units.iter().for_each(|unit| measure.observe("unit", None, unit));
/// let [item, unit] = &measure.finish()?[..] else { panic!() };
/// assert_eq!(item.naming, Naming::Attribute("id"));
/// let weapon = unit.proposal.schema().slots()[0].to_string();
/// assert_eq!(weapon, "weapon: object, optional, references 'item'");
/// # Ok::<(), slotted::SchemaError>(())
/// ```
#[derive(Debug, Default)]
pub struct Survey {
    options: InferenceOptions,
    groups: Vec<(Arc<str>, Inference, Names, TakenWords)>,
    positions: HashMap<Arc<str>, usize, RandomState>,
    /// Names of variants, for all groups.
    variants: KnownVariants,
}

impl Survey {
    /// Creates a survey without objects.
    ///
    /// # Example
    /// ```
    /// use slotted_definitions::infer::{InferenceOptions, Survey};
    ///
    /// assert_eq!(Survey::new(InferenceOptions::default()).objects(), 0);
    /// ```
    #[must_use]
    pub fn new(options: InferenceOptions) -> Self {
        Self { options, ..Self::default() }
    }

    /// Returns the number of observed objects.
    ///
    /// # Example
    /// ```
    /// let mut survey = slotted_definitions::infer::Survey::default();
    /// survey.observe("item", Some("sword"), &[]);
    /// assert_eq!(survey.objects(), 1);
    /// ```
    #[must_use]
    pub fn objects(&self) -> u64 {
        self.groups.iter().map(|(_, inference, ..)| inference.objects()).sum()
    }

    /// Observes an object of a group. `key` is its name in the map that holds it, or that of its file.
    ///
    /// # Example
    /// ```
    /// let mut survey = slotted_definitions::infer::Survey::default();
    /// survey.observe("item", Some("sword"), &[("weight".into(), 3.into())]);
    /// assert_eq!(survey.objects(), 1);
    /// ```
    pub fn observe(&mut self, group: &str, key: Option<&str>, object: &[(Arc<str>, Value)]) {
        let position = match self.positions.get(group) {
            Some(position) => *position,
            None => {
                let name: Arc<str> = group.into();
                self.positions.insert(Arc::clone(&name), self.groups.len());
                let inference = Inference::new(self.options);
                self.groups.push((name, inference, Names::default(), TakenWords::default()));
                self.groups.len() - 1
            }
        };
        let (_, inference, names, words) = &mut self.groups[position];
        inference.observe_values(object.iter().map(|(name, value)| (&**name, value)));
        names.observe(key, object);
        words.observe(object);
    }

    /// Adds names of variants for all groups, as [`Inference::add_variants`] does. They can be added until the end of the first
    /// pass.
    ///
    /// # Example
    /// ```
    /// use slotted::Value;
    ///
    /// let mut survey = slotted_definitions::infer::Survey::default();
    /// survey.observe("room", None, &[("size".into(), Value::from_iter([("Cells", 3)]))]);
    /// survey.add_variants(["Cells"]);
    /// let rooms = survey.measure()?.finish()?;
    /// assert_eq!(rooms[0].proposal.schema().slots()[0].name(), "size@");
    /// # Ok::<(), slotted::SchemaError>(())
    /// ```
    pub fn add_variants(&mut self, names: impl IntoIterator<Item = impl AsRef<str>>) {
        self.variants.add(names);
    }

    /// Ends the first pass.
    ///
    /// # Errors
    /// Returns an error if the name of a group is no name of a schema.
    ///
    /// # Example
    /// ```
    /// let mut survey = slotted_definitions::infer::Survey::default();
    /// survey.observe("item", Some("sword"), &[]);
    /// assert!(survey.measure()?.finish()?[0].proposal.schema().slots().is_empty());
    /// # Ok::<(), slotted::SchemaError>(())
    /// ```
    pub fn measure(self) -> Result<Measure, SchemaError> {
        let mut directory = Directory::default();
        let mut inferences = Vec::with_capacity(self.groups.len());
        for (number, (name, inference, names, words)) in self.groups.into_iter().enumerate() {
            let (naming, names) = names.choose();
            directory.add(number as u32, names);
            inferences.push((name, inference.with_tags(&self.variants), naming, words));
        }
        let mut groups = Vec::with_capacity(inferences.len());
        for (name, mut inference, naming, words) in inferences {
            inference.choose_maps_by_name(&directory);
            let proposal = Proposal::new(&inference, Arc::clone(&name))?;
            let columns = proposal.attributes().iter().zip(inference.majorities());
            let columns = columns.map(|(attribute, majority)| Column {
                majority: majority
                    .filter(|_| attribute.has_slot() && !attribute.is_one_or_list)
                    .cloned(),
                is_text: is_text(&attribute.kind) && !is_name(&naming, &attribute.name),
                ..Column::default()
            });
            let columns = columns.collect();
            let positions = inference.attribute_positions();
            let roles = [Role::Map, Role::Tuple, Role::Union];
            let [maps, tuples, unions]: [HashSet<_, _>; 3] =
                roles.map(|role| inference.names_of(role));
            let (tags, fit) = (inference.tags(), Fit::default());
            let of_keys =
                |name: &Arc<str>| (Arc::clone(name), Column { is_text: true, ..Column::default() });
            let keys = maps.iter().map(of_keys).collect();
            groups.push(Measured {
                name,
                proposal,
                naming,
                positions,
                columns,
                keys,
                tuples,
                unions,
                tags,
                words: words.names(),
                fit,
            });
        }
        Ok(Measure { groups, positions: self.positions, directory })
    }
}

fn is_name(naming: &Naming, attribute: &str) -> bool {
    matches!(naming, Naming::Attribute(own) if *own == attribute)
}

fn is_text(kind: &Result<Kind, Unslottable>) -> bool {
    kind.as_ref().is_ok_and(|kind| matches!(kind.element(), Kind::Text | Kind::Enum(_)))
}

/// The second pass of a [`Survey`].
#[derive(Debug)]
pub struct Measure {
    groups: Vec<Measured>,
    positions: HashMap<Arc<str>, usize, RandomState>,
    directory: Directory,
}

#[derive(Debug)]
struct Measured {
    name: Arc<str>,
    proposal: Proposal,
    naming: Naming,
    positions: HashMap<Arc<str>, usize, RandomState>,
    columns: Vec<Column>,
    /// The keys of the attributes that are maps of any names.
    keys: HashMap<Arc<str>, Column, RandomState>,
    /// The attributes whose lists are tuples.
    tuples: HashSet<Arc<str>, RandomState>,
    /// The attributes whose values have several sorts.
    unions: HashSet<Arc<str>, RandomState>,
    /// The attributes whose maps have a tag, each with its name.
    tags: HashMap<Arc<str>, Arc<str>, RandomState>,
    words: Vec<&'static str>,
    fit: Fit,
}

/// Counts of the second pass for an attribute.
#[derive(Debug, Default)]
struct Column {
    /// The value that most objects may have.
    majority: Option<Value>,
    /// The number of objects that have it.
    shared: u64,
    is_text: bool,
    /// The number of texts.
    texts: u64,
    /// The number of texts that are names of records, by group.
    names: Vec<(u32, u64)>,
    /// The number of texts that are the name of their own record.
    own: u64,
    /// The first text that is no name.
    unknown: Option<Arc<str>>,
}

/// The number of objects of a group that fit whole, and the reasons of the others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fit {
    /// The number of objects.
    pub objects: u64,
    /// The number of objects of which each value has a slot.
    pub whole: u64,
    /// The number of objects of which each value has a slot of another kind than `any`.
    pub whole_without_any: u64,
    /// The number of objects with a value that fits no kind but `any` for this reason. An object can have several reasons.
    pub reasons: BTreeMap<Unslottable, u64>,
}

impl Fit {
    /// Adds the counts of another group.
    ///
    /// # Example
    /// ```
    /// use slotted_definitions::infer::Fit;
    ///
    /// let mut all = Fit::default();
    /// all.add(&Fit::default());
    /// assert_eq!(all.objects, 0);
    /// ```
    pub fn add(&mut self, other: &Self) {
        self.objects += other.objects;
        self.whole += other.whole;
        self.whole_without_any += other.whole_without_any;
        for (reason, objects) in &other.reasons {
            *self.reasons.entry(*reason).or_default() += objects;
        }
    }
}

/// A group of a [`Survey`]: the schema that is proposed for it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SurveyedGroup {
    /// The schema, with the facts about each attribute.
    pub proposal: Proposal,
    /// The way in which the records get their names.
    pub naming: Naming,
    /// The words of definition files that the objects have as names of their own, such as `abstract`. A manifest switches
    /// them off for the files: `words = { abstract = false }`.
    pub words: Vec<&'static str>,
    /// The objects that fit whole.
    pub fit: Fit,
}

/// Values are the default from this share on: three of four.
const SHARED: (u64, u64) = (3, 4);
/// A default needs this number of objects.
const FEWEST_FOR_DEFAULT: u64 = 8;
/// Texts are noted as names from this share on: one of two.
const MOSTLY: (u64, u64) = (1, 2);

impl Measure {
    /// Observes an object again, given as in the first pass. Objects of other groups are ignored.
    ///
    /// # Example
    /// ```
    /// let mut survey = slotted_definitions::infer::Survey::default();
    /// survey.observe("item", Some("sword"), &[]);
    /// let mut measure = survey.measure()?;
    /// measure.observe("item", Some("sword"), &[]);
    /// assert_eq!(measure.finish()?[0].fit.whole, 1);
    /// # Ok::<(), slotted::SchemaError>(())
    /// ```
    pub fn observe(&mut self, group: &str, key: Option<&str>, object: &[(Arc<str>, Value)]) {
        let Some(position) = self.positions.get(group) else { return };
        let group = &mut self.groups[*position];
        let own = name_of(&group.naming, key, object);
        let mut seen = Seen { is_whole: true, ..Seen::default() };
        for (name, value) in object {
            group.observe(name, value, (own, &self.directory), &mut seen);
        }
        let Seen { mut reasons, is_whole } = seen;
        reasons.sort_unstable();
        reasons.dedup();
        group.fit.objects += 1;
        group.fit.whole += u64::from(is_whole);
        group.fit.whole_without_any += u64::from(reasons.is_empty());
        for reason in reasons {
            *group.fit.reasons.entry(reason).or_default() += 1;
        }
    }

    /// Ends the second pass. The groups have the order in which they were first observed.
    ///
    /// # Errors
    /// Returns an error if a schema cannot be built.
    ///
    /// # Example
    /// ```
    /// let survey = slotted_definitions::infer::Survey::default();
    /// assert!(survey.measure()?.finish()?.is_empty());
    /// # Ok::<(), slotted::SchemaError>(())
    /// ```
    pub fn finish(self) -> Result<Vec<SurveyedGroup>, SchemaError> {
        let names: Vec<_> = self.groups.iter().map(|group| Arc::clone(&group.name)).collect();
        let finish = |group: Measured| {
            let Measured { mut proposal, naming, columns, keys, words, fit, .. } = group;
            let objects = proposal.objects();
            let notes = columns.into_iter().map(|column| column.notes(objects, &names));
            let mut keys: Vec<(Arc<str>, ProposalNote)> = keys
                .into_iter()
                .filter_map(|(map, column)| Some((map, column.notes(objects, &names).pop()?)))
                .collect();
            keys.sort_by(|(a, _), (b, _)| a.cmp(b));
            proposal.refine(notes.collect(), keys)?;
            Ok(SurveyedGroup { proposal, naming, words, fit })
        };
        self.groups.into_iter().map(finish).collect()
    }
}

/// The findings about one object.
#[derive(Default)]
struct Seen {
    reasons: Vec<Unslottable>,
    is_whole: bool,
}

impl Measured {
    /// Observes the value of an attribute, or the parts of a nested record.
    fn observe(
        &mut self,
        name: &str,
        value: &Value,
        own: (Option<&str>, &Directory),
        seen: &mut Seen,
    ) {
        if value.is_unset() {
            return;
        }
        match (self.positions.get(name), value) {
            (Some(position), _) => {
                let attribute = &self.proposal.attributes()[*position];
                seen.reasons.extend(attribute.kind.as_ref().err());
                seen.is_whole &= attribute.has_slot();
                self.columns[*position].observe(value, own.0, own.1);
            }
            (None, single) if self.is_single_of_list(name, single) => {
                self.observe(&format!("{name}[]"), single, own, seen);
            }
            (None, value) if self.tags.get(name).is_some_and(|tag| tag.is_empty()) => match value {
                Value::Text(_) => {}
                Value::Map(map) if map.len() == 1 => {
                    let (variant, value) = &map[0];
                    self.observe(&format!("{name}@{variant}"), value, own, seen);
                }
                _ => seen.is_whole = false,
            },
            (None, value) if self.unions.contains(name) => {
                let sort = Shape::of(value).sort().unwrap_or_default();
                self.observe(&format!("{name}|{sort}"), value, own, seen);
            }
            (None, Value::Map(parts)) if self.tags.contains_key(name) => {
                let tag = Arc::clone(&self.tags[name]);
                let variant = parts.iter().find_map(|(part, value)| match value {
                    Value::Text(variant) if *part == tag => Some(variant),
                    _ => None,
                });
                let Some(variant) = variant else {
                    seen.is_whole = false;
                    return;
                };
                for (part, value) in parts.iter().filter(|(part, _)| *part != tag) {
                    self.observe(&format!("{name}@{variant}.{part}"), value, own, seen);
                }
            }
            (None, Value::Map(parts)) if self.keys.contains_key(name) => {
                self.observe_entries(name, parts, own, seen);
            }
            (None, Value::Map(parts)) => {
                for (part, value) in parts.iter() {
                    self.observe(&format!("{name}.{part}"), value, own, seen);
                }
            }
            (None, Value::List(list)) if self.tuples.contains(name) => {
                for (at, value) in list.iter().enumerate() {
                    self.observe(&format!("{name}.{at}"), value, own, seen);
                }
            }
            (None, Value::List(list)) => {
                let name = format!("{name}[]");
                list.iter().for_each(|value| self.observe(&name, value, own, seen));
            }
            (None, _) => {
                seen.reasons.push(Unslottable::Limit);
                seen.is_whole = false;
            }
        }
    }
}

impl Measured {
    /// Observes the keys and the values of a map of any names.
    fn observe_entries(
        &mut self,
        name: &str,
        parts: &[(Arc<str>, Value)],
        own: (Option<&str>, &Directory),
        seen: &mut Seen,
    ) {
        if let Some(keys) = self.keys.get_mut(name) {
            parts.iter().for_each(|(key, _)| keys.text(key, own.0, own.1));
        }
        let name = format!("{name}{{}}.value");
        parts.iter().for_each(|(_, value)| self.observe(&name, value, own, seen));
    }

    /// Returns whether a value is the only element of a list without its brackets.
    fn is_single_of_list(&self, name: &str, value: &Value) -> bool {
        let is_list = matches!(value, Value::List(_));
        !is_list && self.proposal.one_or_lists().iter().any(|list| **list == *name)
    }
}

impl Column {
    fn observe(&mut self, value: &Value, own: Option<&str>, directory: &Directory) {
        self.shared += u64::from(self.majority.as_ref() == Some(value));
        if !self.is_text {
            return;
        }
        match value {
            Value::Text(text) => self.text(text, own, directory),
            Value::List(list) => {
                let texts = list.iter().filter_map(|value| match value {
                    Value::Text(text) => Some(text),
                    _ => None,
                });
                texts.for_each(|text| self.text(text, own, directory));
            }
            _ => {}
        }
    }

    fn text(&mut self, text: &Arc<str>, own: Option<&str>, directory: &Directory) {
        self.texts += 1;
        self.own += u64::from(own == Some(&**text));
        let groups = directory.groups(text);
        if groups.is_empty() && self.unknown.is_none() {
            self.unknown = Some(Arc::clone(text));
        }
        for group in groups {
            match self.names.iter_mut().find(|(known, _)| known == group) {
                Some((_, count)) => *count += 1,
                None => self.names.push((*group, 1)),
            }
        }
    }

    /// Returns what the column is proposed to be.
    fn notes(self, objects: u64, groups: &[Arc<str>]) -> Vec<ProposalNote> {
        let mut notes = Vec::new();
        // A text that repeats the record's own name refers to nothing.
        let is_other = self.own * 2 < self.texts;
        let best =
            self.names.iter().max_by_key(|(group, count)| (*count, std::cmp::Reverse(*group)));
        if let Some((group, resolved)) =
            best.filter(|(_, count)| is_other && count * MOSTLY.1 >= self.texts * MOSTLY.0)
        {
            let schema = Arc::clone(&groups[*group as usize]);
            let (resolved, of) = (*resolved, self.texts);
            notes.push(ProposalNote::Names { schema, resolved, of, unknown: self.unknown });
            return notes;
        }
        let is_shared = self.shared * SHARED.1 >= objects * SHARED.0;
        if let Some(value) = self.majority.filter(|_| is_shared && objects >= FEWEST_FOR_DEFAULT) {
            notes.push(ProposalNote::Shared { value, objects: self.shared });
        }
        notes
    }
}
