//! Values of several variants: maps with a tag, a text that decides which other parts a map has, and values with the name of a
//! variant around them.

use std::sync::Arc;

use foldhash::fast::RandomState;
use hashbrown::{HashMap, HashSet};

use crate::infer::nested::PartOf;
use crate::infer::observed::{SchemaOf, Shape};
use crate::infer::{Inference, InferenceOptions, Named};
use slotted::Value;
use slotted::schema::{is_name, is_part_name};

/// Further texts of a map are not observed as tags.
const MOST_CANDIDATES: usize = 8;
/// A union with more variants and parts, those of nested values included, is a record.
const MOST_PARTS: usize = 256;
/// Unions in unions: each level multiplies the work by the number of candidates.
const DEEPEST: usize = 2;
/// Texts that decide nothing after as many maps are dropped, because each doubles the work.
const ENOUGH_MAPS: u64 = 1024;

/// More names of variants are not known.
const MOST_KNOWN: usize = 4096;

/// Names that are those of variants wherever they stand around a value.
#[derive(Clone, Debug, Default)]
pub(super) struct KnownVariants(HashSet<Arc<str>, RandomState>);

impl KnownVariants {
    pub(super) fn add(&mut self, names: impl IntoIterator<Item = impl AsRef<str>>) {
        for name in names {
            if self.0.len() < MOST_KNOWN {
                self.0.insert(name.as_ref().into());
            }
        }
    }
}

/// A part of a map that may be its tag. It was text in each map so far.
///
/// With an empty tag, the values may be variants by name. Each was a text, or a map with one entry.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    tag: Arc<str>,
    names: Vec<Arc<str>>,
    /// The names without values.
    bare: Vec<Arc<str>>,
    texts: u64,
    /// The map is attribute 0. The names of all others continue its name.
    pub(super) variants: Inference,
}

impl Candidate {
    /// Observes a map. Returns `false` if the part is no tag.
    fn observe(
        &mut self,
        parts: &[(Arc<str>, Value)],
        object: (u64, SchemaOf<'_>),
        objects: u64,
    ) -> bool {
        let (own, rest): (Vec<_>, Vec<_>) =
            parts.iter().cloned().partition(|(name, _)| *name == self.tag);
        let [(_, Value::Text(name))] = &*own else { return false };
        if !self.has_variant(name) {
            return false;
        }
        self.variants.objects = objects;
        let (name, value) = (format!("@{name}"), Value::Map(rest.into()));
        self.variants.observe_part(0, PartOf::Variant, &name, &value, object);
        !self.variants.attributes[0].is_cut && self.variants.attributes.len() - 1 <= MOST_PARTS
    }

    /// Adds a variant that is new. Returns `false` if no variant can have the name, or if there are too many.
    fn has_variant(&mut self, name: &Arc<str>) -> bool {
        if self.names.contains(name) {
            return true;
        }
        let most = self.variants.options.variants.min(256);
        // A slot could not tell the parts of a variant with the name of the tag from the tag.
        let is_variant = is_name(name) && is_part_name(name) && *name != self.tag;
        let has_room = self.names.len() < most;
        if is_variant && has_room {
            self.names.push(Arc::clone(name));
        }
        is_variant && has_room
    }

    /// Observes a value. Returns `false` if it is no variant by name.
    fn observe_named(&mut self, value: &Value, object: (u64, SchemaOf<'_>), objects: u64) -> bool {
        let (name, part) = match value {
            Value::Text(name) => (name, None),
            Value::Map(map) if map.len() == 1 && !map[0].1.is_unset() => {
                (&map[0].0, Some(&map[0].1))
            }
            _ => return false,
        };
        let is_known = self.names.contains(name);
        if !self.has_variant(name) {
            return false;
        }
        if part.is_none() && !is_known {
            self.bare.push(Arc::clone(name));
        }
        match part {
            None => self.texts += 1,
            Some(part) => {
                self.variants.objects = objects;
                let name = format!("@{name}");
                self.variants.observe_part(0, PartOf::Variant, &name, part, object);
            }
        }
        let size = self.variants.attributes.len() - 1;
        // A variant always has values, or never.
        part.is_none() == self.bare.contains(name)
            && !self.variants.attributes[0].is_cut
            && size <= MOST_PARTS
    }

    /// Returns whether names tell the values apart, and not their sorts or the parts of one record.
    fn is_by_name(&self, options: &InferenceOptions, known: &KnownVariants) -> bool {
        let attributes = &self.variants.attributes;
        let shaped: Vec<usize> =
            (0..attributes.len()).filter(|at| attributes[*at].is_variant()).collect();
        if !shaped.is_empty() && self.names.iter().all(|name| known.0.contains(name)) {
            return true;
        }
        // A variant without parts is its name alone, and no name around an empty map.
        let is_empty = |variant: &usize| {
            attributes[*variant].sort == Some("map")
                && !attributes.iter().any(|part| part.whole.is_some_and(|(of, _)| of == *variant))
        };
        if shaped.iter().any(is_empty) {
            return false;
        }
        let values = self.texts + shaped.iter().map(|at| attributes[*at].values).sum::<u64>();
        let parts_of = |variant: usize| {
            let own =
                attributes.iter().filter(|part| part.whole == Some((variant, PartOf::Record)));
            let start = attributes[variant].name.len();
            let mut names: Vec<&str> = own.map(|part| &part.name[start..]).collect();
            names.sort_unstable();
            (attributes[variant].sort, names)
        };
        let differ = shaped.windows(2).any(|pair| parts_of(pair[0]) != parts_of(pair[1]));
        let are_nested =
            shaped.iter().all(|at| matches!(attributes[*at].sort, Some("map" | "list")));
        let tell = match (shaped.len(), self.bare.is_empty()) {
            (0, _) | (1, true) => false,
            (1, false) => are_nested,
            (_, is_empty) => differ || !is_empty,
        };
        tell && values / options.recurrence.max(1) >= self.names.len() as u64
    }

    /// Returns the number of its attributes.
    pub(super) const fn size(&self) -> usize {
        self.variants.size()
    }

    /// Returns `true` if several variants were observed, and a record says as much.
    fn decides_nothing(&self, options: &InferenceOptions) -> bool {
        self.names.len() > 1 && self.decided(options).is_none()
    }

    /// Returns how many parts the tag decides. Returns `None` if a record says as much.
    fn decided(&self, options: &InferenceOptions) -> Option<usize> {
        let attributes = &self.variants.attributes;
        let variants: Vec<usize> =
            (0..attributes.len()).filter(|at| attributes[*at].is_variant()).collect();
        let maps: u64 = variants.iter().map(|variant| attributes[*variant].values).sum();
        if variants.len() < 2 || maps / options.recurrence.max(1) < variants.len() as u64 {
            return None;
        }
        let mut parts: HashMap<&str, Vec<&Named>, RandomState> = HashMap::default();
        for part in attributes.iter().filter(|part| part.values > 0) {
            if let Some((variant, PartOf::Record)) = part.whole
                && attributes[variant].is_variant()
            {
                let name = &part.name[attributes[variant].name.len()..];
                parts.entry(name).or_default().push(part);
            }
        }
        let (mut decided, mut common) = (0, 0);
        for own in parts.values() {
            if self.decides(own, &variants, maps) {
                decided += 1;
            } else if own.len() == variants.len() {
                common += 1;
            }
        }
        (decided > 0 && common * 2 <= parts.len()).then_some(decided)
    }

    /// Returns whether the tag decides a part, given as the part of each variant that has it.
    ///
    /// Most maps must have a clear variant: one that always has it, of one sort, or never. Not all
    /// of these may be alike.
    fn decides(&self, own: &[&Named], variants: &[usize], maps: u64) -> bool {
        let (mut clear, mut uses) = (0, Vec::new());
        for variant in variants {
            let values = self.variants.attributes[*variant].values;
            let part = own.iter().find(|part| part.whole == Some((*variant, PartOf::Record)));
            let is_clear = part.is_none_or(|part| part.values == values && !part.has_sorts);
            if is_clear {
                let sort = part.map(|part| part.sort);
                clear += values;
                if !uses.contains(&sort) {
                    uses.push(sort);
                }
            }
        }
        uses.len() > 1 && clear * 2 > maps
    }
}

impl Named {
    /// Returns `true` if its values were chosen to be variants by name.
    pub(super) fn is_by_name(&self) -> bool {
        self.tag.as_deref().is_some_and(str::is_empty)
    }

    /// Returns `true` if it is a variant of a union by tag or by name.
    pub(super) const fn is_variant(&self) -> bool {
        matches!(self.whole, Some((_, PartOf::Variant)))
    }
}

impl Inference {
    /// Observes the parts of a map for each text that may be its tag.
    pub(super) fn observe_tags(
        &mut self,
        position: usize,
        parts: &[(Arc<str>, Value)],
        object: (u64, SchemaOf<'_>),
    ) {
        let attribute = &mut self.attributes[position];
        if self.depth >= DEEPEST || attribute.is_variant() {
            return;
        }
        // A tag is in every map, so it is in the first one.
        let maps = attribute.observed.of(Shape::Map);
        let mut candidates = match maps {
            1 => self.candidates(position, parts),
            _ => std::mem::take(&mut attribute.candidates),
        };
        let (objects, limit) = (self.objects, self.options.attributes);
        let is_time_to_drop = maps.is_multiple_of(ENOUGH_MAPS);
        candidates.retain_mut(|candidate| {
            self.in_candidates -= candidate.size();
            let is_tag = candidate.observe(parts, object, objects)
                && !(is_time_to_drop && candidate.decides_nothing(&self.options));
            let size = candidate.size();
            let is_kept = is_tag && self.in_candidates + size <= limit;
            self.in_candidates += if is_kept { size } else { 0 };
            is_kept
        });
        self.attributes[position].candidates = candidates;
    }

    /// Observes a value that may be a variant by name.
    pub(super) fn observe_name(
        &mut self,
        position: usize,
        value: &Value,
        object: (u64, SchemaOf<'_>),
    ) {
        let attribute = &mut self.attributes[position];
        let is_part = attribute.is_variant() || attribute.is_sort();
        if value.is_unset() || self.depth >= DEEPEST || is_part {
            return;
        }
        let candidate = match attribute.observed.set() {
            1 => self.candidate(position, "").map(Box::new),
            _ => attribute.by_name.take(),
        };
        let Some(mut candidate) = candidate else { return };
        self.in_candidates -= candidate.size();
        let is_variant = candidate.observe_named(value, object, self.objects);
        let size = candidate.size();
        if is_variant && self.in_candidates + size <= self.options.attributes {
            self.in_candidates += size;
            self.attributes[position].by_name = Some(candidate);
        }
    }

    /// Returns the parts of an attribute's first map that may be its tag.
    fn candidates(&mut self, position: usize, parts: &[(Arc<str>, Value)]) -> Vec<Candidate> {
        let texts = parts.iter().filter(|(name, value)| {
            matches!(value, Value::Text(_)) && is_name(name) && is_part_name(name)
        });
        let tags: Vec<&Arc<str>> = texts.map(|(tag, _)| tag).take(MOST_CANDIDATES).collect();
        tags.into_iter().filter_map(|tag| self.candidate(position, tag)).collect()
    }

    fn candidate(&mut self, position: usize, tag: &str) -> Option<Candidate> {
        let attribute = &self.attributes[position];
        let is_in_map = self.is_in_map || attribute.name.contains("{}");
        let mut options = self.options;
        options.attributes = options.attributes.min(MOST_PARTS + 2);
        let mut variants = Self { options, depth: self.depth + 1, is_in_map, ..Self::default() };
        let whole = variants.position("", 0, None)?;
        variants.attributes[whole].is_in_list = attribute.is_in_list;
        let (names, bare) = (Vec::new(), Vec::new());
        let candidate = Candidate { tag: tag.into(), names, bare, texts: 0, variants };
        self.in_candidates += candidate.size();
        Some(candidate)
    }

    /// Chooses the tags: the variants of unions become attributes.
    pub(super) fn with_tags(mut self, known: &KnownVariants) -> Self {
        let mut position = 0;
        // The parts of a variant may have tags too.
        while position < self.attributes.len() {
            self.choose_lists(position, known);
            let candidates = std::mem::take(&mut self.attributes[position].candidates);
            let decided = candidates
                .into_iter()
                .filter_map(|candidate| Some((candidate.decided(&self.options)?, candidate)));
            // Each division of the variants decides as much. Of equal ones, the first in the map.
            let best = decided.min_by_key(|(decided, candidate)| {
                (std::cmp::Reverse(*decided), candidate.names.len())
            });
            let by_name = self.attributes[position].by_name.take();
            let by_name = by_name.filter(|candidate| candidate.is_by_name(&self.options, known));
            let best = best.map(|(_, candidate)| candidate).or_else(|| by_name.map(|own| *own));
            if let Some(candidate) = best {
                self.adopt(position, candidate);
            }
            position += 1;
        }
        self
    }

    /// Adds the variants of an attribute and their parts, or leaves it a record if there is no room.
    fn adopt(&mut self, position: usize, candidate: Candidate) {
        let whole = &self.attributes[position].name;
        let variants = &candidate.variants.attributes[1..];
        let has_room = self.attributes.len() + variants.len() <= self.options.attributes;
        let are_names = variants.iter().all(|part| is_name(&format!("{whole}{}", part.name)));
        if !has_room || !are_names || self.has_attribute_like_a_part_of(position) {
            return;
        }
        let whole = Arc::clone(whole);
        let parts = candidate.variants.attributes.into_iter().skip(1);
        let named = |part: Named| Named { name: format!("{whole}{}", part.name).into(), ..part };
        self.add_parts(position, parts.map(named));
        let attribute = &mut self.attributes[position];
        (attribute.tag, attribute.bare) = (Some(candidate.tag), candidate.bare);
    }

    /// Adds the parts of an attribute that were observed apart, where it is attribute 0.
    pub(super) fn add_parts(&mut self, position: usize, parts: impl Iterator<Item = Named>) {
        let first = self.attributes.len();
        for part in parts {
            let of = |(of, form)| (if of == 0 { position } else { first + of - 1 }, form);
            self.positions.insert(Arc::clone(&part.name), self.attributes.len());
            self.attributes.push(Named { whole: part.whole.map(of), ..part });
        }
    }

    /// Returns whether an attribute that is no part of this one has a name as a part would have it.
    pub(super) fn has_attribute_like_a_part_of(&self, position: usize) -> bool {
        let whole = &self.attributes[position];
        let others = self.attributes.iter().enumerate();
        others
            .into_iter()
            .any(|(at, other)| whole.may_own(&other.name) && !self.is_within(at, position))
    }

    /// Returns the names of the variants of a union by tag or by name, in alphabetical order.
    pub(super) fn variants(&self, position: usize) -> Vec<&str> {
        let bare = self.attributes[position].bare.iter().map(|name| &**name);
        let start = self.attributes[position].name.len() + 1;
        let of = Some((position, PartOf::Variant));
        let variants = self.attributes.iter().filter(|part| part.whole == of);
        let mut names: Vec<&str> = variants.map(|part| &part.name[start..]).chain(bare).collect();
        names.sort_unstable();
        names
    }

    /// Returns the tag of each union by tag, and an empty one for each by name.
    pub(super) fn tags(&self) -> HashMap<Arc<str>, Arc<str>, RandomState> {
        let roles = self.roles().into_iter().zip(&self.attributes);
        let tagged = roles.filter(|(role, _)| *role == PartOf::Variant.role());
        tagged
            .filter_map(|(_, named)| Some((Arc::clone(&named.name), named.tag.clone()?)))
            .collect()
    }
}
