//! Nested values in observed objects: records, lists, tuples and maps, whose parts are attributes of their own.

use std::sync::Arc;

use foldhash::fast::RandomState;
use hashbrown::HashSet;

use crate::infer::naming::Directory;
use crate::infer::needs::WholeRecords;
use crate::infer::observed::{LONGEST_TUPLE, Lists, SchemaOf, Shape};
use crate::infer::{Inference, Named, decide};
use slotted::schema::{SIGNS, SchemaBuilder, is_name, is_part_name};
use slotted::{Kind, Value};

/// The form that a part belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PartOf {
    Record,
    Tuple,
    List,
    Map,
    Sort,
    Variant,
}

/// All forms. The first one that fits is chosen.
const FORMS: [PartOf; 6] =
    [PartOf::Variant, PartOf::Record, PartOf::Tuple, PartOf::List, PartOf::Map, PartOf::Sort];

/// The use of an attribute in the proposal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// A slot, or nothing if no kind fits.
    Slot,
    Record,
    Tuple,
    List,
    Map,
    Union,
    /// A union by tag.
    Tagged,
    /// Its values are those of the attribute that has it as a part.
    Hidden,
}

impl PartOf {
    /// Returns whether such a part is a value of its own, of which there may be several, or none.
    const fn is_element(self) -> bool {
        matches!(self, Self::List | Self::Map | Self::Sort | Self::Variant)
    }

    pub(super) const fn role(self) -> Role {
        match self {
            Self::Record => Role::Record,
            Self::Tuple => Role::Tuple,
            Self::List => Role::List,
            Self::Map => Role::Map,
            Self::Sort => Role::Union,
            Self::Variant => Role::Tagged,
        }
    }
}

impl Inference {
    /// Observes a value of an attribute.
    pub(super) fn observe_at(
        &mut self,
        position: usize,
        value: &Value,
        object: (u64, SchemaOf<'_>),
    ) {
        self.observe_single(position, value, object);
        self.prepare_elements(position, value);
        let sort = Shape::of(value).sort();
        let attribute = &self.attributes[position];
        let is_outside = attribute.whole.is_none();
        let is_whole = !is_outside || is_part_name(&attribute.name);
        if let Some(before) = attribute.sort
            && sort != Some(before)
            && is_whole
            && !value.is_unset()
            && !attribute.has_sorts
            && !attribute.is_sort()
        {
            self.split(position, before);
        }
        let attribute = &mut self.attributes[position];
        attribute.is_outside |= is_outside;
        attribute.count(value, self.objects);
        attribute.observed.observe(value, object.0, &self.options, object.1);
        if !is_whole {
            attribute.is_cut = true;
            return;
        }
        attribute.sort = attribute.sort.or(sort);
        self.observe_name(position, value, object);
        let attribute = &mut self.attributes[position];
        match (value, sort) {
            (Value::Unset, _) => {}
            (_, Some(sort)) if attribute.has_sorts => {
                let name = format!("{}|{sort}", attribute.name);
                self.observe_part(position, PartOf::Sort, &name, value, object);
            }
            (_, None) if attribute.has_sorts => attribute.is_cut = true,
            (Value::Map(parts), _) => self.observe_map(position, parts, object),
            (Value::List(list), _) => self.observe_list(position, list, object),
            _ => {}
        }
    }

    /// Makes the values so far, which are all of one sort, a part of the attribute.
    fn split(&mut self, position: usize, sort: &str) {
        let whole = &mut self.attributes[position];
        whole.has_sorts = true;
        let (old, observed) = (Arc::clone(&whole.name), whole.observed.without_nulls());
        let name: Arc<str> = format!("{old}|{sort}").into();
        let child = Named {
            name: Arc::clone(&name),
            observed,
            whole: Some((position, PartOf::Sort)),
            is_outside: false,
            has_sorts: false,
            candidates: std::mem::take(&mut whole.candidates),
            by_name: None,
            lists: None,
            ..whole.clone()
        };
        whole.is_cut = !is_name(&name) || self.positions.contains_key(&name);
        if whole.is_cut || self.attributes.len() >= self.options.attributes {
            self.attributes[position].is_cut = true;
            return;
        }
        let at = self.attributes.len();
        self.positions.insert(Arc::clone(&name), at);
        self.attributes.push(child);
        // The parts so far are those of the sort.
        for part in 0..at {
            if !self.is_within(part, position) {
                continue;
            }
            if let Some((whole, _)) = &mut self.attributes[part].whole
                && *whole == position
            {
                *whole = at;
            }
            let own = Arc::clone(&self.attributes[part].name);
            let name =
                own.strip_prefix(&*old).map(|rest| Arc::<str>::from(format!("{name}{rest}")));
            let is_free = |name: &Arc<str>| is_name(name) && !self.positions.contains_key(name);
            let Some(name) = name.filter(is_free) else {
                self.attributes[position].is_cut = true;
                continue;
            };
            self.positions.remove(&own);
            self.positions.insert(Arc::clone(&name), part);
            self.attributes[part].name = name;
        }
    }

    /// Returns whether an attribute is a part of another one, or of its parts.
    pub(super) fn is_within(&self, position: usize, outer: usize) -> bool {
        let mut at = position;
        while let Some((whole, _)) = self.attributes[at].whole {
            if whole == outer {
                return true;
            }
            at = whole;
        }
        false
    }

    /// Makes the elements of lists parts of the attribute, once a list has elements that are no single values of one sort.
    fn prepare_elements(&mut self, position: usize, value: &Value) {
        let attribute = &self.attributes[position];
        let Value::List(list) = value else { return };
        if !attribute.has_flat_lists
            || attribute.has_elements
            || match Elements::of(list) {
                Elements::None => true,
                Elements::Flat(sort) => sort == attribute.flat_sort,
                Elements::Nested | Elements::Mixed => false,
            }
        {
            return;
        }
        let Some(observed) = attribute.observed.of_elements() else { return };
        let name = format!("{}[]", attribute.name);
        let known = match is_name(&name) {
            true => self.position(&name, position + 1, Some((position, PartOf::List))),
            false => None,
        };
        match known.filter(|at| self.attributes[*at].whole == Some((position, PartOf::List))) {
            Some(at) => {
                let element = &mut self.attributes[at];
                element.values = observed.set();
                element.sort = observed.shapes().next().and_then(Shape::sort);
                element.observed = observed;
                self.attributes[position].has_elements = true;
            }
            None => self.attributes[position].is_cut = true,
        }
    }

    fn observe_map(
        &mut self,
        position: usize,
        parts: &[(Arc<str>, Value)],
        object: (u64, SchemaOf<'_>),
    ) {
        let attribute = &mut self.attributes[position];
        let are_names = parts.iter().all(|(name, _)| is_part_name(name));
        let mut names = HashSet::with_capacity_and_hasher(parts.len(), RandomState::default());
        attribute.has_repetitions |= !parts.iter().all(|(name, _)| names.insert(name));
        let is_record = !attribute.observed.has_many_names() && are_names;
        attribute.is_cut |= !is_record;
        let name = Arc::clone(&attribute.name);
        // Each way to see a map doubles the work for the maps in it: one level of maps by name is enough.
        let is_in_map = self.is_in_map || name.contains("{}");
        // A variant is always a record.
        let may_be_map = !is_in_map && !attribute.is_variant();
        let of_values = may_be_map.then(|| format!("{name}{{}}.value"));
        for (part, value) in parts {
            if let Some(name) = &of_values {
                self.observe_part(position, PartOf::Map, name, value, object);
            }
            if is_record {
                self.observe_part(
                    position,
                    PartOf::Record,
                    &format!("{name}.{part}"),
                    value,
                    object,
                );
            }
        }
        self.observe_tags(position, parts, object);
    }

    fn observe_list(&mut self, position: usize, list: &[Value], object: (u64, SchemaOf<'_>)) {
        let attribute = &mut self.attributes[position];
        let name = Arc::clone(&attribute.name);
        let elements = Elements::of(list);
        match elements {
            Elements::None => {}
            Elements::Flat(sort) => {
                attribute.has_flat_lists = true;
                attribute.flat_sort = sort;
            }
            Elements::Nested | Elements::Mixed => attribute.has_elements = true,
        }
        if attribute.has_elements {
            let name = format!("{name}[]");
            for value in list {
                self.observe_part(position, PartOf::List, &name, value, object);
            }
        }
        if matches!(elements, Elements::Mixed) && list.len() <= LONGEST_TUPLE {
            for (at, value) in list.iter().enumerate() {
                let name = format!("{name}.{at}");
                self.observe_part(position, PartOf::Tuple, &name, value, object);
            }
        }
    }

    pub(super) fn observe_part(
        &mut self,
        whole: usize,
        part: PartOf,
        name: &str,
        value: &Value,
        object: (u64, SchemaOf<'_>),
    ) {
        let position = match is_name(name) {
            true => self.position(name, whole + 1, Some((whole, part))),
            false => None,
        };
        // A part of a record and one of a tuple may have the same name.
        let is_part = |at: &usize| self.attributes[*at].whole == Some((whole, part));
        match position.filter(is_part) {
            Some(position) => self.observe_at(position, value, object),
            None => self.attributes[whole].is_cut = true,
        }
    }

    /// Returns the role of each attribute: nested values are replaced by their parts, if each part has a slot.
    pub(super) fn roles(&self) -> Vec<Role> {
        let count = self.attributes.len();
        let mut roles = vec![Role::Slot; count];
        // For each attribute and form, whether all parts have slots.
        let mut have_right_parts = vec![[true; FORMS.len()]; count];
        let mut have_parts = vec![[false; FORMS.len()]; count];
        let order = self.wholes_first();
        let odd: Vec<&str> = self.odd_names().collect();
        for &position in order.iter().rev() {
            let attribute = &self.attributes[position];
            let fits = |form: &PartOf| {
                let at = *form as usize;
                have_parts[position][at] && have_right_parts[position][at] && attribute.is(*form)
            };
            let has_kind = attribute.kind(&self.options).is_ok()
                || (attribute.whole.is_none() && odd.iter().any(|odd| attribute.may_own(odd)));
            if let Some(form) = FORMS.into_iter().find(fits).filter(|_| !has_kind) {
                roles[position] = form.role();
            }
            let has_parts = have_parts[position][PartOf::Record as usize];
            let are_maps = attribute.observed.are_all(Shape::Map);
            if attribute.is_variant() && !has_parts && !attribute.is_cut && are_maps {
                // All its maps have nothing but the tag.
                roles[position] = Role::Record;
            }
            if let Some((whole, part)) = attribute.whole {
                // A list of any values says no more than any value.
                let has_slot = match part {
                    PartOf::Variant if !self.attributes[whole].is_by_name() => {
                        roles[position] == Role::Record
                    }
                    _ if roles[position] != Role::Slot => true,
                    PartOf::Record | PartOf::Tuple => attribute.has_slot(&self.options),
                    PartOf::List | PartOf::Map | PartOf::Sort | PartOf::Variant => has_kind,
                };
                have_parts[whole][part as usize] = true;
                have_right_parts[whole][part as usize] &= has_slot && attribute.repeated == 0;
            }
        }
        for position in order {
            let Some((whole, part)) = self.attributes[position].whole else { continue };
            if roles[whole] != part.role() {
                let is_outside = self.attributes[position].is_outside;
                roles[position] = if is_outside { Role::Slot } else { Role::Hidden };
            }
        }
        roles
    }

    /// Returns the names of attributes that slots would take for the parts of others.
    fn odd_names(&self) -> impl Iterator<Item = &str> {
        let outside = self.attributes.iter().filter(|attribute| attribute.whole.is_none());
        outside.map(|attribute| &*attribute.name).filter(|name| !is_part_name(name))
    }

    /// Makes maps of records whose parts all have names of records of one group.
    pub(super) fn choose_maps_by_name(&mut self, directory: &Directory) {
        let are_of_one_sort = |position: usize| {
            let of = Some((position, PartOf::Map));
            self.attributes.iter().any(|part| part.whole == of && !part.has_sorts)
        };
        let roles = self.roles();
        let is_by_key = |at: &usize| {
            let names = self.attributes[*at].observed.names_of_some_maps();
            roles[*at] == Role::Record
                && names.is_some_and(|names| directory.has_group_of_all(names))
                && are_of_one_sort(*at)
        };
        let by_key: Vec<usize> = (0..roles.len()).filter(is_by_key).collect();
        by_key.iter().for_each(|at| self.attributes[*at].is_by_key = true);
        // The values may have no kind in common.
        let roles = if by_key.is_empty() { roles } else { self.roles() };
        for at in by_key {
            self.attributes[at].is_by_key = roles[at] == Role::Map;
        }
    }

    /// Returns the positions of the attributes, each before its parts.
    pub(super) fn wholes_first(&self) -> Vec<usize> {
        let depth = |position: &usize| {
            let mut at = *position;
            let mut depth = 0;
            while let Some((whole, _)) = self.attributes[at].whole {
                (at, depth) = (whole, depth + 1);
            }
            depth
        };
        let mut order: Vec<usize> = (0..self.attributes.len()).collect();
        order.sort_by_cached_key(depth);
        order
    }

    /// Returns the names of the attributes with this role.
    pub(super) fn names_of<S: FromIterator<Arc<str>>>(&self, role: Role) -> S {
        let roles = self.roles().into_iter().zip(&self.attributes);
        let own = roles.filter(|(own, _)| *own == role);
        own.map(|(_, attribute)| Arc::clone(&attribute.name)).collect()
    }

    /// Returns the outermost list that an attribute is a part of.
    fn list_of(&self, position: usize) -> Option<usize> {
        let (mut at, mut list) = (position, None);
        while let Some((whole, part)) = self.attributes[at].whole {
            if matches!(part, PartOf::List | PartOf::Map) {
                list = Some(whole);
            }
            at = whole;
        }
        list
    }
}

impl Named {
    /// Returns whether a slot of this name would be a part of the attribute.
    pub(super) fn may_own(&self, name: &str) -> bool {
        let rest = name.strip_prefix(&*self.name).unwrap_or_default();
        rest.starts_with(SIGNS) || rest.starts_with(['.', '?', '#'])
    }

    /// Returns whether its values may have this form.
    fn is(&self, form: PartOf) -> bool {
        let observed = &self.observed;
        let lists = || observed.lists.as_ref().filter(|_| observed.are_all(Shape::List));
        match form {
            PartOf::Record => {
                // An element without parts is an empty map; elsewhere nothing would tell it from none.
                let is_element = self.whole.is_some_and(|(_, part)| part.is_element());
                let is_record = observed.are_records(is_element) && !self.is_by_key;
                is_record && !self.is_cut && !self.has_repetitions
            }
            PartOf::Map => observed.are_all(Shape::Map) && !self.has_repetitions,
            PartOf::Tuple => {
                let is_fixed = lists().is_some_and(|lists| lists.are_tuples());
                is_fixed && !self.has_flat_lists && !self.is_cut
            }
            // An element is never null.
            PartOf::List => {
                let has_null = |lists: &Lists| lists.elements.of(Shape::Null) > 0;
                self.has_elements && !self.is_cut && lists().is_some_and(|lists| !has_null(lists))
            }
            PartOf::Sort => self.has_sorts && !self.is_cut,
            PartOf::Variant => {
                self.is_by_name() || (self.tag.is_some() && observed.are_all(Shape::Map))
            }
        }
    }
}

/// The elements of a list.
enum Elements {
    None,
    /// Single values of one sort.
    Flat(Option<&'static str>),
    /// Lists, or maps.
    Nested,
    /// Values of different sorts.
    Mixed,
}

impl Elements {
    fn of(list: &[Value]) -> Self {
        let sort = |value: &Value| match Shape::of(value) {
            Shape::Integer | Shape::Float => Shape::Float,
            shape => shape,
        };
        let mut sorts = list.iter().map(sort).filter(|sort| *sort != Shape::Null);
        match sorts.next() {
            None => Self::None,
            Some(first) if sorts.any(|sort| sort != first) => Self::Mixed,
            Some(Shape::List | Shape::Map) => Self::Nested,
            Some(single) => Self::Flat(single.sort()),
        }
    }
}

impl Inference {
    /// Returns the number of elements, or of values of a variant, that could have a part.
    pub(super) fn elements(&self, position: usize) -> u64 {
        let mut at = position;
        while let Some((whole, part)) = self.attributes[at].whole {
            if part.is_element() {
                break;
            }
            at = whole;
        }
        let element = &self.attributes[at];
        element.values + element.observed.of(Shape::Null)
    }

    /// Returns whether an attribute belongs to the values of one sort, within the same element of a list.
    fn is_in_variant(&self, position: usize) -> bool {
        let mut at = position;
        while let Some((whole, part)) = self.attributes[at].whole {
            match part {
                PartOf::Sort | PartOf::Variant => return true,
                PartOf::List | PartOf::Map => return false,
                PartOf::Record | PartOf::Tuple => at = whole,
            }
        }
        false
    }

    /// Returns whether an attribute is a part of a list that elements of another one may lack.
    fn is_in_optional_list(&self, position: usize) -> bool {
        let mut at = position;
        while let Some((whole, part)) = self.attributes[at].whole {
            let list = &self.attributes[whole];
            let is_inner = matches!(part, PartOf::List | PartOf::Map) && list.is_in_list;
            if is_inner && (list.values < self.elements(whole) || self.is_in_variant(whole)) {
                return true;
            }
            at = whole;
        }
        false
    }

    /// Adds the slots of an attribute: its own one, and those that say which elements of a list have it.
    pub(super) fn add_slots(
        &self,
        mut builder: SchemaBuilder,
        (position, role, whole): (usize, Role, &WholeRecords),
        kind: Option<&Kind>,
    ) -> SchemaBuilder {
        let attribute = &self.attributes[position];
        let name = &attribute.name;
        let (is_in_list, is_in_variant) = (attribute.is_in_list, self.is_in_variant(position));
        let list = match self.list_of(position) {
            Some(list) => Some(list),
            None => (role == Role::Map).then_some(position),
        };
        let outermost = list.unwrap_or(position);
        let is_reference =
            list.is_none() && kind.is_some() && attribute.observed.holds_references();
        let is_optional = is_reference
            || self.attributes[outermost].objects < self.objects
            || self.is_in_variant(outermost);
        let in_elements = |kind: Kind| if is_in_list { Kind::list(kind) } else { kind };
        let add = |builder: SchemaBuilder, name: String, kind: Kind, may_lack: bool| {
            let is_list = list.is_some() && may_lack;
            // The slots that say which elements have a part are no parts themselves.
            let need = self.needed_in(whole, position, !name.ends_with(['?', '#']));
            let need = need.filter(|record| is_optional || record.contains(SIGNS));
            let mut builder = builder.slot(name, kind);
            if is_optional {
                builder = builder.optional();
            } else if is_list {
                builder = builder.default(Value::List([].into()));
            }
            need.into_iter().fold(builder, SchemaBuilder::needed_in)
        };
        let may_be_absent = attribute.values < self.elements(position);
        let may_lack = (is_in_list || is_in_variant) && may_be_absent;
        let is_within = self.is_in_optional_list(position);
        let is_empty = is_in_list && (may_lack || is_in_variant || is_within);
        let mut is_list = matches!(role, Role::List | Role::Map);
        if let Some(kind) = kind {
            is_list = matches!(decide::kind(&attribute.observed, &self.options), Ok(Kind::List(_)));
            builder = add(builder, name.to_string(), kind.clone(), is_empty);
            let is_reference = *kind.element() == Kind::Object;
            if let Some(schema) = attribute.observed.references().filter(|_| is_reference) {
                builder = builder.references(Arc::clone(schema));
            }
        }
        if role == Role::Union {
            let sorts = self.sorts(position);
            let kind = in_elements(Kind::enumeration(sorts));
            builder = add(builder, format!("{name}|"), kind, is_empty);
        }
        if let (Role::Tagged, Some(tag)) = (role, &attribute.tag) {
            let kind = in_elements(Kind::enumeration(self.variants(position)));
            builder = add(builder, format!("{name}@{tag}"), kind, is_empty);
        }
        // The parts of a record say it.
        if may_lack && !matches!(role, Role::Record | Role::Tuple) {
            builder = add(builder, format!("{name}?"), in_elements(Kind::Bool), true);
        }
        if is_in_list && is_list {
            builder = add(builder, format!("{name}#"), Kind::list(Kind::U32), is_empty);
        }
        if role == Role::Map {
            builder = add(builder, format!("{name}{{}}.key"), Kind::list(Kind::Text), is_empty);
        }
        builder
    }

    /// Returns the sorts of an attribute's values.
    fn sorts(&self, position: usize) -> Vec<&'static str> {
        let parts = self.attributes.iter();
        let parts = parts.filter(|part| part.whole == Some((position, PartOf::Sort)));
        parts.filter_map(|part| part.sort).collect()
    }
}
