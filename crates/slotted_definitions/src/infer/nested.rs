//! Nested values in observed objects: records, lists, tuples and maps, whose parts are attributes of their own.

use std::sync::Arc;

use foldhash::fast::RandomState;
use hashbrown::HashSet;

use crate::infer::observed::{LONGEST_TUPLE, Lists, SchemaOf, Shape};
use crate::infer::{Inference, Named, decide};
use slotted::schema::{SchemaBuilder, is_name};
use slotted::{Kind, Value};

/// The form that a part belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PartOf {
    Record,
    Tuple,
    List,
    Map,
}

/// The use of an attribute in the proposal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// A slot, or nothing if no kind fits.
    Slot,
    Record,
    Tuple,
    List,
    Map,
    /// Its values are those of the attribute that has it as a part.
    Hidden,
}

impl PartOf {
    const fn role(self) -> Role {
        match self {
            Self::Record => Role::Record,
            Self::Tuple => Role::Tuple,
            Self::List => Role::List,
            Self::Map => Role::Map,
        }
    }
}

/// Returns whether a name can be that of a part. In the names of slots, other names mean something else.
fn is_part(name: &str) -> bool {
    !name.is_empty() && !name.contains(['.', '[', '{']) && !name.ends_with(['?', '#'])
}

impl Inference {
    /// Observes a value of an attribute.
    pub(super) fn observe_at(
        &mut self,
        position: usize,
        value: &Value,
        object: (u64, SchemaOf<'_>),
    ) {
        let attribute = &mut self.attributes[position];
        attribute.is_outside |= attribute.whole.is_none();
        attribute.count(value, self.objects);
        attribute.observed.observe(value, object.0, &self.options, object.1);
        if attribute.whole.is_none() && !is_part(&attribute.name) {
            attribute.is_cut = true;
            return;
        }
        match value {
            Value::Map(parts) => self.observe_map(position, parts, object),
            Value::List(list) => self.observe_list(position, list, object),
            _ => {}
        }
    }

    fn observe_map(
        &mut self,
        position: usize,
        parts: &[(Arc<str>, Value)],
        object: (u64, SchemaOf<'_>),
    ) {
        let attribute = &mut self.attributes[position];
        let are_names = parts.iter().all(|(name, _)| is_part(name));
        let mut names = HashSet::with_capacity_and_hasher(parts.len(), RandomState::default());
        attribute.has_repetitions |= !parts.iter().all(|(name, _)| names.insert(name));
        let is_record = !attribute.observed.has_many_names() && are_names;
        attribute.is_cut |= !is_record;
        let name = Arc::clone(&attribute.name);
        // Each way to see a map doubles the work for the maps in it: one level of maps by name is enough.
        let of_values = (!name.contains("{}")).then(|| format!("{name}{{}}.value"));
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
    }

    fn observe_list(&mut self, position: usize, list: &[Value], object: (u64, SchemaOf<'_>)) {
        let attribute = &mut self.attributes[position];
        let name = Arc::clone(&attribute.name);
        match Elements::of(list) {
            Elements::None => {}
            Elements::Flat => attribute.has_flat_lists = true,
            Elements::Nested => {
                let name = format!("{name}[]");
                for value in list {
                    self.observe_part(position, PartOf::List, &name, value, object);
                }
            }
            Elements::Mixed if list.len() <= LONGEST_TUPLE => {
                attribute.has_mixed_lists = true;
                for (at, value) in list.iter().enumerate() {
                    let name = format!("{name}.{at}");
                    self.observe_part(position, PartOf::Tuple, &name, value, object);
                }
            }
            Elements::Mixed => attribute.is_cut = true,
        }
    }

    fn observe_part(
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
        let mut have_right_parts = vec![[true; 4]; count];
        let mut have_parts = vec![[false; 4]; count];
        // Parts come after their whole.
        for (position, attribute) in self.attributes.iter().enumerate().rev() {
            let forms = [PartOf::Record, PartOf::Tuple, PartOf::List, PartOf::Map];
            let fits = |form: &PartOf| {
                let at = *form as usize;
                have_parts[position][at] && have_right_parts[position][at] && attribute.is(*form)
            };
            let has_kind = attribute.kind(&self.options).is_ok();
            if let Some(form) = forms.into_iter().find(fits).filter(|_| !has_kind) {
                roles[position] = form.role();
            }
            if let Some((whole, part)) = attribute.whole {
                // A list of any values says no more than any value.
                let has_slot = match part {
                    _ if roles[position] != Role::Slot => true,
                    PartOf::Record | PartOf::Tuple => attribute.has_slot(&self.options),
                    PartOf::List | PartOf::Map => has_kind,
                };
                have_parts[whole][part as usize] = true;
                have_right_parts[whole][part as usize] &= has_slot && attribute.repeated == 0;
            }
        }
        for position in 0..count {
            let Some((whole, part)) = self.attributes[position].whole else { continue };
            if roles[whole] != part.role() {
                let is_outside = self.attributes[position].is_outside;
                roles[position] = if is_outside { Role::Slot } else { Role::Hidden };
            }
        }
        roles
    }

    /// Returns the names of the attributes with this role.
    pub(super) fn names_of<S: FromIterator<Arc<str>>>(&self, role: Role) -> S {
        let roles = self.roles().into_iter().zip(&self.attributes);
        let own = roles.filter(|(own, _)| *own == role);
        own.map(|(_, attribute)| Arc::clone(&attribute.name)).collect()
    }

    /// Returns the outermost list that an attribute is a part of.
    pub(super) fn list_of(&self, position: usize) -> Option<&Named> {
        let (mut at, mut list) = (position, None);
        while let Some((whole, part)) = self.attributes[at].whole {
            if matches!(part, PartOf::List | PartOf::Map) {
                list = Some(whole);
            }
            at = whole;
        }
        list.map(|list| &self.attributes[list])
    }
}

impl Named {
    /// Returns whether its values may have this form.
    fn is(&self, form: PartOf) -> bool {
        let observed = &self.observed;
        let lists = || observed.lists.as_ref().filter(|_| observed.are_all(Shape::List));
        match form {
            PartOf::Record => {
                // An element without parts is an empty map; elsewhere nothing would tell it from none.
                let is_element = matches!(self.whole, Some((_, PartOf::List | PartOf::Map)));
                observed.are_records(is_element) && !self.is_cut && !self.has_repetitions
            }
            PartOf::Map => observed.are_all(Shape::Map) && !self.has_repetitions,
            PartOf::Tuple => {
                let is_fixed = lists().is_some_and(|lists| lists.are_tuples());
                is_fixed && !self.has_flat_lists && !self.is_cut
            }
            // An element is never null.
            PartOf::List => {
                let has_null = |lists: &Lists| lists.elements.of(Shape::Null) > 0;
                let is_even = !self.has_flat_lists && !self.has_mixed_lists && !self.is_cut;
                is_even && lists().is_some_and(|lists| !has_null(lists))
            }
        }
    }
}

/// The elements of a list.
enum Elements {
    None,
    /// Single values of one sort.
    Flat,
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
            Some(_) => Self::Flat,
        }
    }
}

impl Inference {
    /// Returns the number of elements that could have a part of a list.
    fn elements(&self, position: usize) -> u64 {
        let mut at = position;
        while let Some((whole, part)) = self.attributes[at].whole {
            if matches!(part, PartOf::List | PartOf::Map) {
                break;
            }
            at = whole;
        }
        let element = &self.attributes[at];
        element.values + element.observed.of(Shape::Null)
    }

    /// Adds the slots of an attribute: its own one, and those that say which elements of a list have it.
    pub(super) fn add_slots(
        &self,
        mut builder: SchemaBuilder,
        (position, role): (usize, Role),
        kind: Option<&Kind>,
    ) -> SchemaBuilder {
        let attribute = &self.attributes[position];
        let name = &attribute.name;
        let list = match self.list_of(position) {
            Some(list) => Some(list),
            None => (role == Role::Map).then_some(attribute),
        };
        let is_optional = list.is_some_and(|list| list.objects < self.objects);
        let add = |builder: SchemaBuilder, name: String, kind: Kind, may_lack: bool| {
            let builder = builder.slot(name, kind);
            match (is_optional, may_lack) {
                (true, _) => builder.optional(),
                (false, true) => builder.default(Value::List([].into())),
                (false, false) => builder,
            }
        };
        let may_lack = attribute.is_in_list && attribute.values < self.elements(position);
        let mut is_list = matches!(role, Role::List | Role::Map);
        if let Some(kind) = kind {
            if !attribute.is_in_list {
                builder = builder.slot(Arc::clone(name), kind.clone());
                if attribute.observed.holds_references() || attribute.objects < self.objects {
                    builder = builder.optional();
                }
                return builder;
            }
            is_list = matches!(decide::kind(&attribute.observed, &self.options), Ok(Kind::List(_)));
            builder = add(builder, name.to_string(), kind.clone(), may_lack);
        }
        if attribute.is_in_list && may_lack {
            builder = add(builder, format!("{name}?"), Kind::list(Kind::Bool), true);
        }
        if attribute.is_in_list && is_list {
            builder = add(builder, format!("{name}#"), Kind::list(Kind::U32), may_lack);
        }
        if role == Role::Map {
            builder = add(builder, format!("{name}{{}}.key"), Kind::list(Kind::Text), may_lack);
        }
        builder
    }
}
