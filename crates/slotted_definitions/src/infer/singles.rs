//! Lists of which some objects give the only element without brackets.

use std::sync::Arc;

use crate::infer::nested::{PartOf, Role};
use crate::infer::observed::{Observed, SchemaOf, Shape};
use crate::infer::variants::{Candidate, KnownVariants};
use crate::infer::{Inference, Named};
use slotted::Value;
use slotted::schema::{is_name, is_part_name};

impl Inference {
    /// Observes a value of an attribute that may be a list without brackets, once some values are lists and others are not.
    ///
    /// The lists are observed apart, with each single value as a list of one element, because the values of several sorts may be
    /// a union after all.
    pub(super) fn observe_single(
        &mut self,
        position: usize,
        value: &Value,
        object: (u64, SchemaOf<'_>),
    ) {
        let attribute = &mut self.attributes[position];
        let is_of_first_sort =
            || attribute.sort.is_none() || attribute.sort == Shape::of(value).sort();
        // Most attributes have values of one sort.
        if attribute.whole.is_some()
            || self.depth > 0
            || (attribute.lists.is_none() && !attribute.has_sorts && is_of_first_sort())
            || !is_part_name(&attribute.name)
        {
            return;
        }
        let lists = match attribute.lists.take() {
            Some(lists) => {
                self.in_candidates -= lists.size();
                Some(lists)
            }
            None => self.lists_so_far(position, value).map(Box::new),
        };
        let Some(mut lists) = lists else { return };
        lists.objects = self.objects;
        match value {
            Value::List(_) | Value::Unset => lists.observe_at(0, value, object),
            single => lists.observe_at(0, &Value::List([single.clone()].into()), object),
        }
        let size = lists.size();
        if size + self.in_candidates <= self.options.attributes {
            self.in_candidates += size;
            self.attributes[position].lists = Some(lists);
        }
    }

    /// Returns the observations of the lists so far, if this value is the first list or the first one that is none.
    fn lists_so_far(&self, position: usize, value: &Value) -> Option<Self> {
        let attribute = &self.attributes[position];
        let observed = &attribute.observed;
        let of_lists = observed.of(Shape::List);
        let is_list = matches!(value, Value::List(_));
        let is_first = match is_list {
            true => of_lists == 0,
            false => of_lists == observed.set(),
        };
        if value.is_unset() || observed.set() == 0 || !is_first || self.size() > MOST_ATTRIBUTES {
            return None;
        }
        let mut lists = Self {
            options: self.options,
            is_in_map: self.is_in_map,
            objects: self.objects,
            ..Self::default()
        };
        lists.position(&attribute.name, 0, None)?;
        if is_list {
            lists.attributes[0] = attribute.listed();
        }
        lists.copy_parts(self, position, is_list);
        Some(lists)
    }

    /// Copies an attribute with its parts, as attribute 0 or as the elements of a list that is attribute 0.
    fn copy_parts(&mut self, from: &Self, position: usize, are_elements: bool) {
        let old = &from.attributes[position].name;
        let brackets = if are_elements { "[]" } else { "" };
        let mut places = vec![0; from.attributes.len()];
        let is_copied = |at: &usize| *at == position || from.is_within(*at, position);
        for at in from.wholes_first().into_iter().filter(is_copied) {
            let mut copy = from.attributes[at].clone();
            let rest = copy.name.strip_prefix(&**old).unwrap_or_default();
            copy.name = format!("{old}{brackets}{rest}").into();
            copy.whole = match at == position {
                true => are_elements.then_some((0, PartOf::List)),
                false => copy.whole.map(|(whole, form)| (places[whole], form)),
            };
            if are_elements {
                copy.be_in_list();
                if at == position {
                    // An object without a value has no list, not a list without a value.
                    copy.observed = copy.observed.without_nulls();
                }
            }
            self.in_candidates += copy.in_candidates();
            if at == position && !are_elements {
                self.attributes[0] = copy;
                continue;
            }
            places[at] = self.attributes.len();
            self.positions.insert(Arc::clone(&copy.name), places[at]);
            self.attributes.push(copy);
        }
    }

    /// Makes an attribute with lists and single values a list that may lack its brackets, if its lists have elements of those
    /// sorts and a kind that says more than `any`.
    pub(super) fn choose_lists(&mut self, position: usize, known: &KnownVariants) {
        let Some(lists) = self.attributes[position].lists.take() else { return };
        let attribute = &self.attributes[position];
        if attribute.kind(&self.options).is_ok() || !attribute.observed.lists_hold_the_others() {
            return;
        }
        let lists = lists.with_tags(known);
        let is_free =
            |part: &Named| is_name(&part.name) && !self.positions.contains_key(&part.name);
        let has_room = self.attributes.len() + lists.attributes.len() <= self.options.attributes;
        let is_list = lists.attributes[0].kind(&self.options).is_ok();
        let fits = (is_list || lists.roles()[0] == Role::List) && has_room;
        if !fits
            || !lists.attributes[1..].iter().all(is_free)
            || self.has_attribute_like_a_part_of(position)
        {
            return;
        }
        let mut parts = lists.attributes.into_iter();
        let Some(list) = parts.next() else { return };
        self.attributes[position] = Named { may_be_single: true, ..list };
        self.add_parts(position, parts);
    }

    /// Returns the number of its attributes, with those in candidates.
    pub(super) const fn size(&self) -> usize {
        self.attributes.len() + self.in_candidates
    }
}

/// An inference with more attributes is not copied.
const MOST_ATTRIBUTES: usize = 2048;

impl Named {
    /// Returns the lists of one element that its values would be.
    fn listed(&self) -> Self {
        Self {
            observed: self.observed.as_lists_of_one(),
            values: self.observed.set(),
            has_elements: true,
            sort: Some("list"),
            objects: self.objects,
            latest: self.latest,
            is_outside: true,
            ..Self::new(Arc::clone(&self.name), None, false)
        }
    }

    fn be_in_list(&mut self) {
        self.is_in_list = true;
        self.is_outside = false;
        self.lists = None;
        let candidates = self.candidates.iter_mut().chain(self.by_name.as_deref_mut());
        candidates.for_each(|candidate| candidate.be_in_list());
    }

    fn in_candidates(&self) -> usize {
        self.candidates.iter().chain(self.by_name.as_deref()).map(Candidate::size).sum()
    }
}

impl Candidate {
    fn be_in_list(&mut self) {
        self.variants.attributes.iter_mut().for_each(Named::be_in_list);
    }
}

impl Observed {
    /// Returns whether the elements of lists have the sorts of all values that are no lists.
    fn lists_hold_the_others(&self) -> bool {
        let Some(lists) = &self.lists else { return false };
        let elements: Vec<_> = lists.elements.shapes().map(Shape::sort).collect();
        let is_list = |shape: &Shape| matches!(shape, Shape::List | Shape::Vector(_));
        let mut others = self.shapes().filter(|shape| !is_list(shape)).map(Shape::sort).peekable();
        others.peek().is_some() && others.all(|sort| sort.is_some() && elements.contains(&sort))
    }
}
