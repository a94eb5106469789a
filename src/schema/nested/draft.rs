//! Makes shapes from the names of slots.

use std::collections::HashSet;
use std::sync::Arc;

use crate::kind::{Kind, NumberKind};
use crate::schema::Slot;
use crate::schema::nested::SIGNS;
use crate::schema::nested::shape::{Elements, KEY, Part, Shape};
use crate::schema::nested::union::{SORTS, Union, UnionBy};

/// A shape that is not complete yet: all slots whose names begin with the same path.
#[derive(Default)]
struct Draft {
    slot: Option<usize>,
    is_set: Option<usize>,
    lengths: Option<usize>,
    fields: Vec<(Arc<str>, Draft)>,
    list: Option<Box<Draft>>,
    map: Option<Box<Draft>>,
    /// The tag of a union and its variants, which have an `@` before their names.
    variants: Vec<(Arc<str>, Draft)>,
    /// The sorts of a value, which have a `|` before their names. The empty name is that of the slot with the sort.
    sorts: Vec<(Arc<str>, Draft)>,
}

/// The place of a shape.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    Record,
    /// In the elements of a list.
    Element,
    /// In a union that is not in a list.
    Variant,
}

/// Returns the nested values of these slots by name.
pub(in crate::schema) fn shapes(slots: &[Slot]) -> Box<[(Arc<str>, Shape)]> {
    let is_part = |slot: &Slot| slot.name().contains('.') || slot.name().contains(SIGNS);
    if !slots.iter().any(is_part) {
        return Box::default();
    }
    let mut draft = Draft::default();
    for (index, slot) in slots.iter().enumerate() {
        draft.insert(slot.name(), index);
    }
    let shapes = draft.fields(slots, Place::Record).into_iter();
    shapes.filter(|(_, shape)| !matches!(shape, Shape::Slot(_))).collect()
}

/// Returns the positions of the slots that say the variants of unions. Unions in lists or in others are not among them.
pub(in crate::schema) fn tags(slots: &[Slot]) -> HashSet<usize> {
    fn add(shape: &Shape, tags: &mut HashSet<usize>) {
        match shape {
            Shape::Union(union) => _ = tags.insert(union.variant),
            Shape::Record(fields) | Shape::Tuple(fields) => {
                fields.iter().for_each(|(_, shape)| add(shape, tags));
            }
            Shape::Slot(_) | Shape::List(_) | Shape::Map(_) => {}
        }
    }
    let mut tags = HashSet::new();
    shapes(slots).iter().for_each(|(_, shape)| add(shape, &mut tags));
    tags
}

/// A sign in a name, which says what the shape is made of.
#[derive(Clone, Copy)]
enum Sign<'n> {
    List,
    Map,
    Variant(&'n str),
    Sort(&'n str),
}

/// Returns the name before the signs, and the signs. Signs that have another order are a part of the name.
fn signs(name: &str) -> (&str, Vec<Sign<'_>>) {
    let end = name.find(['@', '|']).filter(|at| *at > 0).unwrap_or(name.len());
    let mut bare = &name[..end];
    while let Some(shorter) = bare.strip_suffix("[]").or_else(|| bare.strip_suffix("{}")) {
        bare = shorter;
    }
    let (mut rest, mut signs) = (&name[bare.len()..], Vec::new());
    while !rest.is_empty() && !bare.is_empty() {
        let union = |rest: &'_ str| rest.find(['@', '|', '[', '{']).unwrap_or(rest.len());
        if let Some(after) = rest.strip_prefix("[]") {
            (rest, _) = (after, signs.push(Sign::List));
        } else if let Some(after) = rest.strip_prefix("{}") {
            (rest, _) = (after, signs.push(Sign::Map));
        } else if let Some(after) = rest.strip_prefix('@') {
            let (variant, after) = after.split_at(union(after));
            (rest, _) = (after, signs.push(Sign::Variant(variant)));
        } else if let Some(after) = rest.strip_prefix('|') {
            let (sort, after) = after.split_at(union(after));
            (rest, _) = (after, signs.push(Sign::Sort(sort)));
        } else {
            return (name, Vec::new());
        }
    }
    if bare.is_empty() { (name, Vec::new()) } else { (bare, signs) }
}

fn named<'d>(drafts: &'d mut Vec<(Arc<str>, Draft)>, name: &str) -> &'d mut Draft {
    let known = drafts.iter().position(|(own, _)| &**own == name);
    let position = known.unwrap_or_else(|| {
        drafts.push((name.into(), Draft::default()));
        drafts.len() - 1
    });
    &mut drafts[position].1
}

impl Draft {
    fn insert(&mut self, path: &str, index: usize) {
        let (first, rest) = match path.split_once('.') {
            Some((first, rest)) if !first.is_empty() && !rest.is_empty() => (first, Some(rest)),
            _ => (path, None),
        };
        let (first, suffix) = match (rest, first.char_indices().next_back()) {
            (None, Some((at, suffix @ ('?' | '#')))) if at > 0 => (&first[..at], Some(suffix)),
            _ => (first, None),
        };
        let (name, signs) = signs(first);
        let mut draft = named(&mut self.fields, name);
        for sign in signs {
            draft = match sign {
                Sign::List => draft.list.get_or_insert_default(),
                Sign::Map => draft.map.get_or_insert_default(),
                Sign::Variant(name) => named(&mut draft.variants, name),
                Sign::Sort(name) => named(&mut draft.sorts, name),
            };
        }
        match (rest, suffix) {
            (Some(rest), _) => draft.insert(rest, index),
            (None, Some('?')) => draft.is_set = Some(index),
            (None, Some(_)) => draft.lengths = Some(index),
            (None, None) => draft.slot = Some(index),
        }
    }

    /// Returns the shapes of the fields. Slots that form none are not among them.
    fn fields(self, slots: &[Slot], place: Place) -> Vec<(Arc<str>, Shape)> {
        let mut fields = Vec::new();
        for (name, mut draft) in self.fields {
            // A slot may have a name before a dot of another.
            let others = match draft.slot {
                Some(_) => std::mem::take(&mut draft.fields),
                None => Vec::new(),
            };
            // Outside of lists and unions, a name ends with these characters by chance.
            if place == Place::Record {
                for (sign, slot) in [('?', draft.is_set.take()), ('#', draft.lengths.take())] {
                    let shape = slot.map(|slot| Shape::Slot(Part::of(slot)));
                    fields.extend(shape.map(|shape| (format!("{name}{sign}").into(), shape)));
                }
            }
            let (mut variants, mut sorts) = (Vec::new(), Vec::new());
            if draft.union(slots).is_none() {
                variants = std::mem::take(&mut draft.variants);
                sorts = std::mem::take(&mut draft.sorts);
            }
            let shape = draft.finish(slots, place);
            fields.extend(shape.map(|shape| (Arc::clone(&name), shape)));
            for (sign, drafts) in [('.', others), ('@', variants), ('|', sorts)] {
                let inner = Self { fields: drafts, ..Self::default() }.fields(slots, place);
                fields.extend(
                    inner
                        .into_iter()
                        .map(|(part, shape)| (format!("{name}{sign}{part}").into(), shape)),
                );
            }
        }
        fields
    }

    /// Returns how a value says its variant, and the slot with the variant, if this is a union.
    fn union(&self, slots: &[Slot]) -> Option<(UnionBy, usize)> {
        let is_other = self.slot.or(self.lengths).is_some()
            || self.list.is_some()
            || self.map.is_some()
            || !self.fields.is_empty();
        let names = |slot: usize| match slots[slot].kind().element() {
            Kind::Enum(names) => Some(names.variants()),
            _ => None,
        };
        let leaf = |drafts: &[(Arc<str>, Self)], name: &str| {
            let (_, draft) = drafts.iter().find(|(own, _)| **own == *name)?;
            draft.slot.filter(|slot| names(*slot).is_some())
        };
        let (by, variant, drafts) = match (&*self.variants, &*self.sorts) {
            _ if is_other => return None,
            ([], []) => return None,
            ([], sorts) => (UnionBy::Sort, leaf(sorts, "")?, sorts),
            (variants, []) => match leaf(variants, "") {
                Some(variant) => (UnionBy::Name, variant, variants),
                None => {
                    let mut leaves = variants.iter().filter(|(_, draft)| draft.slot.is_some());
                    let ((tag, _), None) = (leaves.next()?, leaves.next()) else { return None };
                    (UnionBy::Tag(Arc::clone(tag)), leaf(variants, tag)?, variants)
                }
            },
            _ => return None,
        };
        let known = names(variant)?;
        let is_known = |name: &Arc<str>| known.contains(name);
        let mut own = drafts.iter().filter(|(_, draft)| draft.slot != Some(variant));
        let has_all = by != UnionBy::Sort
            || known
                .iter()
                .all(|name| SORTS.contains(&&**name) && drafts.iter().any(|(own, _)| own == name));
        // A variant with the name of the tag would have parts beside the tag.
        let is_alone =
            |(_, draft): &(Arc<str>, Self)| draft.slot != Some(variant) || draft.is_a_slot();
        let is_right = own.all(|(name, _)| is_known(name)) && drafts.iter().all(is_alone);
        (is_right && has_all).then_some((by, variant))
    }

    /// Returns whether it is one slot alone.
    fn is_a_slot(&self) -> bool {
        let Self { slot, is_set, lengths, fields, list, map, variants, sorts } = self;
        slot.is_some()
            && is_set.or(*lengths).is_none()
            && fields.is_empty()
            && list.is_none()
            && map.is_none()
            && variants.is_empty()
            && sorts.is_empty()
    }

    fn finish_union(
        self,
        (by, variant): (UnionBy, usize),
        slots: &[Slot],
        place: Place,
    ) -> Option<Shape> {
        let Kind::Enum(names) = slots[variant].kind().element() else { return None };
        let mut drafts = if by == UnionBy::Sort { self.sorts } else { self.variants };
        let place = if place == Place::Element { place } else { Place::Variant };
        let mut variants = Vec::new();
        for name in names.variants() {
            let own =
                drafts.iter().position(|(own, draft)| own == name && draft.slot != Some(variant));
            let mut shape = match own {
                Some(own) => Some(drafts.swap_remove(own).1.finish(slots, place)?),
                None => None,
            };
            if let UnionBy::Tag(tag_name) = &by {
                let field = (Arc::clone(tag_name), Shape::Slot(Part::of(variant)));
                shape = Some(match shape {
                    // Nobody could give a part with the name of the tag.
                    Some(Shape::Record(fields))
                        if fields.iter().all(|(own, _)| own != tag_name) =>
                    {
                        Shape::Record(std::iter::once(field).chain(fields).collect())
                    }
                    Some(_) => return None,
                    None => Shape::Record([field].into()),
                });
            }
            if by == UnionBy::Sort && !shape.as_ref()?.is_of_sort(name, slots, place) {
                return None;
            }
            variants.push((Arc::clone(name), shape));
        }
        let need = slots[variant].need.clone();
        Some(Shape::Union(Union {
            by,
            variant,
            is_set: self.is_set,
            variants: variants.into(),
            need,
        }))
    }

    fn finish(self, slots: &[Slot], place: Place) -> Option<Shape> {
        let list_of = |slot: usize| match slots[slot].kind() {
            Kind::List(list) => Some(list.element()),
            _ => None,
        };
        let is_in_list = place == Place::Element;
        let (is_set, lengths) = (self.is_set, self.lengths);
        let fits = |slot: Option<usize>, kind: Kind| {
            slot.is_none_or(|slot| match is_in_list {
                true => list_of(slot) == Some(&kind),
                false => *slots[slot].kind() == kind,
            })
        };
        if !fits(is_set, Kind::Bool) || !fits(lengths, Kind::Number(NumberKind::U32)) {
            return None;
        }
        if let Some(slot) = self.slot {
            let default = slots[slot].part_default().filter(|_| place != Place::Record).cloned();
            // Whole records are checked where their slots are: in the record of the object.
            let need = slots[slot].need.clone().filter(|_| place != Place::Record);
            let part = Part { slot, is_set, lengths, default, need };
            return (!is_in_list || list_of(slot).is_some()).then_some(Shape::Slot(part));
        }
        if let Some(union) = self.union(slots) {
            return self.finish_union(union, slots, place);
        }
        let is_map = self.map.is_some();
        if let Some(element) = self.list.or(self.map) {
            // Without lengths, nobody knows where an inner list ends.
            if is_in_list != lengths.is_some() {
                return None;
            }
            let mut element = Box::new(element.finish(slots, Place::Element)?);
            if let (true, Shape::Record(fields)) = (is_map, &mut *element) {
                // The slots may have any order.
                fields.sort_by_key(|(name, _)| **name != *KEY);
            }
            let elements = Elements { element, is_set, lengths };
            return match is_map {
                false => Some(Shape::List(elements)),
                true => elements.is_of_map(slots).then_some(Shape::Map(elements)),
            };
        }
        let draft = Self { fields: self.fields, ..Self::default() };
        let mut fields = draft.fields(slots, place);
        if fields.is_empty() {
            return None;
        }
        let number =
            |name: &str| name.parse::<usize>().ok().filter(|number| number.to_string() == name);
        fields.sort_by_key(|(name, _)| number(name));
        let is_tuple = fields.iter().enumerate().all(|(at, (name, _))| number(name) == Some(at));
        let fields = fields.into();
        Some(if is_tuple { Shape::Tuple(fields) } else { Shape::Record(fields) })
    }
}

impl Part {
    const fn of(slot: usize) -> Self {
        Self { slot, is_set: None, lengths: None, default: None, need: None }
    }
}

impl Shape {
    /// Returns `true` if all values of the shape are of the sort.
    fn is_of_sort(&self, sort: &str, slots: &[Slot], place: Place) -> bool {
        match self {
            Self::Slot(part) => match slots[part.slot].kind() {
                Kind::List(list) if place == Place::Element && part.lengths.is_none() => {
                    UnionBy::sort_of(list.element()) == Some(sort)
                }
                kind => UnionBy::sort_of(kind) == Some(sort),
            },
            Self::List(_) | Self::Tuple(_) => sort == "list",
            Self::Record(_) | Self::Map(_) => sort == "map",
            Self::Union(union) => sort == "map" && matches!(union.by, UnionBy::Tag(_)),
        }
    }
}
