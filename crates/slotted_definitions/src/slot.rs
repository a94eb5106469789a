//! Reads slots from their declarations in files.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};

use crate::brackets::outermost_list;
use crate::changes::{OF_LISTS, Operation, operation};
use crate::constraint;
use crate::diagnostic::{Code, Diagnostic, Diagnostics, quoted};
use crate::infer::SameData;
use crate::keys::Reading;
use crate::kind_name::{self, Form};
use crate::nested_keys::is_empty_default;
use crate::nested_unions::Tag;
use crate::node::{Data, Entry, Node};
use crate::packs::Packs;
use crate::placed::Placed;
use crate::slot_notes::{PatchedKey, SlotNotes};
use crate::slot_problems::{TAG_HELP, help_for, kind_of_schemas, may_be_declared, unknown_kind};
use crate::slot_variants::Variants;
use crate::source::Place;
use crate::within::Within;
use crate::words::Words;
use slotted::schema::SchemaBuilder;
use slotted::{Kind, Schema};

/// The keys of a slot, in reading order.
static KEYS: LazyLock<Vec<&str>> = LazyLock::new(|| {
    let first = ["kind", "variants", "tag", "optional", "default", "one_or_list"];
    let last = ["doc", "unit", "renamed_from"];
    first.into_iter().chain(constraint::KEYS).chain(last).collect()
});

/// The keys of one slot from all files. The last file that sets a key wins.
#[derive(Clone)]
pub(super) struct SlotDeclaration<'n, 's> {
    pub(super) name: Cow<'n, str>,
    /// The name within the nested value that it was declared in.
    pub(super) part: &'n str,
    pub(super) within: Within,
    /// Its place in nested values, once it is known.
    pub(super) placed: Option<Placed>,
    /// The part of its kind that this slot has.
    kind: Option<&'n str>,
    /// The variants, if it says which one a value is.
    pub(super) tag: Option<Tag>,
    /// The first place of its name.
    pub(super) place: Place,
    keys: BTreeMap<usize, SlotKey<'n, 's>>,
    /// Variants that patches add and remove.
    pub(super) variant_changes: Vec<VariantChange<'n, 's>>,
    /// Variants of a union that patches have removed.
    removed_variants: BTreeSet<String>,
    /// `true` if it has unknown keys. One of them may be a misspelt `kind`.
    has_unknown: bool,
    /// Two packs give it different kinds.
    is_disputed: bool,
}

/// The surroundings of a declared slot.
#[derive(Clone, Copy)]
pub(super) struct Among<'a> {
    pub(super) schema: &'a str,
    pub(super) packs: &'a Packs,
    /// The names of all schemas.
    pub(super) schemas: &'a [Arc<str>],
}

/// The keys of a value with several slots.
pub(super) struct WholeKeys {
    pub(super) is_empty: bool,
    pub(super) is_one_or_list: bool,
}

/// The value of one key.
#[derive(Clone, Copy)]
struct SlotKey<'n, 's> {
    place: Place,
    node: &'n Node<'s>,
    /// The pack, if it is a patch.
    patch: Option<usize>,
}

#[derive(Clone, Copy)]
pub(super) struct VariantChange<'n, 's> {
    pub(super) pack: usize,
    pub(super) place: Place,
    pub(super) operation: Operation,
    pub(super) node: &'n Node<'s>,
}

/// A file's declaration of a slot, or of a part of it.
pub(super) struct SlotSource<'a> {
    pub(super) schema: &'a str,
    pub(super) pack: usize,
    pub(super) is_patch: bool,
    pub(super) packs: &'a Packs,
}

impl<'n, 's> SlotDeclaration<'n, 's> {
    /// Reads a declaration. Returns `None` if the entry is neither a kind nor a map.
    pub(super) fn read(
        reading: &mut Reading<'_>,
        entry: &'n Entry<'s>,
        (source, within): (&SlotSource<'_>, &Within),
    ) -> Option<Self> {
        let mut slot = Self::new(reading.place(entry.span), (within, &entry.name));
        slot.add(reading, entry, source).then_some(slot)
    }

    /// Reads the kind of a variant that is no record.
    pub(super) fn of_variant(
        reading: &mut Reading<'_>,
        entry: &'n Entry<'s>,
        (source, within): (&SlotSource<'_>, &Within),
    ) -> Option<Self> {
        let slot = Self::read(reading, entry, (source, within))?;
        Some(Self { name: within.name("").into(), part: "", ..slot })
    }

    /// Returns the slot that says the variant of a union at this place.
    pub(super) fn of_tag(place: Place, tag: Tag, within: &Within) -> Self {
        let name = tag.name(&within.name("")).into();
        Self { name, tag: Some(tag), ..Self::new(place, (within, "")) }
    }

    /// Returns a part of a value whose kind says what it is.
    pub(super) fn of_kind(place: Place, kind: &'n str, at: (&Within, &'n str)) -> Self {
        Self { kind: Some(kind), ..Self::new(place, at) }
    }

    /// Adds the schema that its values refer to.
    pub(super) fn with_references(mut self, around: Place, node: &'n Node<'s>) -> Self {
        let place = Place { span: node.span, ..around };
        let key = KEYS.iter().position(|known| *known == "references");
        self.keys.extend(key.map(|key| (key, SlotKey { place, node, patch: None })));
        self
    }

    /// Returns a declaration that has no keys yet.
    fn new(place: Place, (within, part): (&Within, &'n str)) -> Self {
        let name = match *within == Within::default() {
            true => Cow::Borrowed(part),
            false => within.name(part).into(),
        };
        Self {
            name,
            part,
            within: within.clone(),
            placed: None,
            kind: None,
            tag: None,
            place,
            keys: BTreeMap::new(),
            variant_changes: Vec::new(),
            removed_variants: BTreeSet::new(),
            has_unknown: false,
            is_disputed: false,
        }
    }

    /// Adds the keys of another file.
    pub(super) fn add(
        &mut self,
        reading: &mut Reading<'_>,
        entry: &'n Entry<'s>,
        source: &SlotSource<'_>,
    ) -> bool {
        if matches!(entry.value.data, Data::Text(_)) {
            self.set(reading, 0, &entry.value, source);
            return true;
        }
        let expected = "a kind, or a map with a kind";
        let Some(map) = reading.map(&entry.value, "a slot", expected) else { return false };
        for key in reading.once(map, "the slot") {
            match KEYS.iter().position(|known| *known == key.name) {
                Some(_) if key.name == "variants" && matches!(key.value.data, Data::Map(_)) => {
                    self.change_variants(reading, &key.value, source);
                }
                Some(known) => self.set(reading, known, &key.value, source),
                None => {
                    self.has_unknown = true;
                    let help = help_for(&key.name);
                    reading.unknown(key, "a slot", &KEYS, help);
                }
            }
        }
        true
    }

    fn set(
        &mut self,
        reading: &mut Reading<'_>,
        key: usize,
        node: &'n Node<'s>,
        source: &SlotSource<'_>,
    ) {
        let (place, patch) = (reading.place(node.span), source.is_patch.then_some(source.pack));
        let mut own = SlotKey { place, node, patch };
        let mut earlier = self.keys.insert(key, own);
        // The pack that is loaded later wins, in whatever order the patches come.
        if let Some(other) = &mut earlier
            && other.patch > own.patch
        {
            std::mem::swap(other, &mut own);
            self.keys.insert(key, own);
        }
        if KEYS[key] == "variants" {
            self.variant_changes.retain(|change| !source.packs.knows(source.pack, change.pack));
        }
        if let Some(SlotKey { place: other, node: earlier, patch: Some(pack) }) = earlier
            && !earlier.to_value().is_same_data(&own.node.to_value())
        {
            let (own, earlier) = ((own.patch.unwrap_or(pack), own.place), (pack, other));
            let (slot, schema) = (quoted(&self.name), quoted(source.schema));
            if KEYS[key] == "kind" && pack != own.0 && !source.packs.knows(own.0, pack) {
                let [other, name] = [pack, own.0].map(|pack| quoted(source.packs.name(pack)));
                let message = format!(
                    "packs {other} and {name} give slot {slot} of {schema} different kinds"
                );
                self.is_disputed = true;
                return reading.diagnostics.push(
                    Diagnostic::error(Code::Conflict, message)
                        .at(own.1, format!("the kind in {name}"))
                        .at(earlier.1, format!("the kind in {other}"))
                        .help("rename the slot in one of the packs, or load only one of them"),
                );
            }
            if self.is_disputed {
                return;
            }
            let what = || format!("{} of slot {slot} of {schema}", quoted(KEYS[key]));
            let merge = (KEYS[key] == "variants")
                .then(|| "variants = { add = [..], remove = [..] }".to_owned());
            source.packs.overwritten(what, merge, own, earlier, reading.diagnostics);
        }
    }

    fn change_variants(
        &mut self,
        reading: &mut Reading<'_>,
        node: &'n Node<'s>,
        source: &SlotSource<'_>,
    ) {
        let map = reading.map(node, "'variants'", "a list of names").unwrap_or_default();
        for key in reading.once(map, "'variants'") {
            let Some(operation) = operation(reading, key, (&OF_LISTS, &Words::default())) else {
                continue;
            };
            let (place, node) = (reading.place(key.value.span), &key.value);
            let pack = source.pack;
            self.variant_changes.push(VariantChange { pack, place, operation, node });
        }
    }

    /// Notes that a patch removes variants of a union.
    pub(super) fn removes_variants(
        &mut self,
        place: Place,
        node: &'n Node<'s>,
        source: &SlotSource<'_>,
    ) {
        let (pack, operation) = (source.pack, Operation::Remove);
        self.variant_changes.push(VariantChange { pack, place, operation, node });
    }

    /// Removes a variant of a union. Returns `false` if no patch has removed it and the union has none of this name.
    pub(super) fn remove_variant(&mut self, name: &str) -> bool {
        let is_removed = self.removed_variants.contains(name);
        self.removed_variants.insert(name.to_owned());
        self.tag.as_mut().is_some_and(|tag| tag.remove(name)) || is_removed
    }

    /// Returns whether it is a key of a map, an element of a tuple or the like, which a kind beside a record declares.
    pub(super) const fn is_around(&self) -> bool {
        self.kind.is_some()
    }

    /// Returns whether it changes a slot that nobody declares: a patch does, or an heir of another schema.
    pub(super) fn changes_nothing(&self, is_heir: bool) -> bool {
        let is_patched = !self.keys.is_empty() || !self.variant_changes.is_empty();
        let is_patched = is_patched && self.keys.values().all(|key| key.patch.is_some());
        !self.has_kind() && !self.has_unknown && (is_heir || is_patched)
    }

    /// Returns the text of its kind.
    pub(super) fn kind_text(&self) -> Option<&'n str> {
        if self.kind.is_some() {
            return self.kind;
        }
        match &self.key("kind")?.1.data {
            Data::Text(kind) => Some(kind),
            _ => None,
        }
    }

    /// Returns the attribute that says which schema a nested record has.
    pub(super) fn tag_attribute(&self) -> Option<&'n str> {
        match &self.key("tag")?.1.data {
            Data::Text(tag) => Some(tag),
            _ => None,
        }
    }

    /// Returns whether it is a part of what a declaration or a kind says.
    pub(super) fn is_placed(&self) -> bool {
        self.placed.is_some() && *self.name != *self.part
    }

    /// Returns whether another schema declares it, for a nested record.
    pub(super) fn is_of_other(&self) -> bool {
        self.placed.as_ref().is_some_and(|placed| placed.is_of_other)
    }

    /// Returns the place of its kind.
    pub(super) fn kind_place(&self) -> Place {
        self.key("kind").map_or(self.place, |(place, _)| place)
    }

    /// Returns the slot at its place in nested values.
    pub(super) fn placed(&self, name: String, kind: Option<&'n str>, placed: Placed) -> Self {
        Self { name: name.into(), placed: Some(placed), kind: kind.or(self.kind), ..self.clone() }
    }

    /// Returns the former name and the optionality. Mistakes in them are reported with those of the other keys.
    pub(super) fn record_keys(&self) -> (Option<&'n str>, bool) {
        let former = match self.key("renamed_from").map(|(_, node)| &node.data) {
            Some(Data::Text(former)) => Some(&**former),
            _ => None,
        };
        let is_optional = |(_, node): (Place, &Node<'_>)| matches!(node.data, Data::Bool(true));
        (former, self.key("optional").is_some_and(is_optional))
    }

    /// Returns the keys of a value with several slots, whose single kinds are these. Returns `None` after it has reported the
    /// keys that none of them takes.
    pub(super) fn whole_keys(
        &self,
        kinds: &[&str],
        form: &Form<'_>,
        diagnostics: &mut Diagnostics,
    ) -> Option<WholeKeys> {
        let mut known = vec!["kind", "optional", "renamed_from", "doc", "unit"];
        if kinds.iter().any(|kind| matches!(*kind, "enum" | "list(enum)")) {
            known.push("variants");
        }
        if let Form::List(_) | Form::Map(..) = form {
            known.push("default");
        }
        if let Form::List(_) = form {
            known.push("one_or_list");
        }
        if self.has_union() {
            known.push("tag");
            self.read_key(diagnostics, "tag", |reading, node| reading.text(node, "'tag'"));
        }
        let kinds = kinds.iter().filter_map(|kind| kind_name::parse(kind, None).ok());
        let kinds: Vec<Kind> = kinds.collect();
        let is_known = |key: &str| {
            known.contains(&key) || kinds.iter().any(|kind| constraint::suits(key, kind))
        };
        let unknown = self.keys.iter().filter(|(key, _)| !is_known(KEYS[**key]));
        let mut are_known = true;
        for (key, value) in unknown {
            are_known = false;
            let (key, slot) = (quoted(KEYS[*key]), quoted(&self.name));
            let (what, label) = match form {
                Form::Schema(_) => ("the nested record", "not for a nested record"),
                _ => ("slot", "not for values of several parts or kinds"),
            };
            let message = format!("{what} {slot} cannot have {key}");
            let help = match key.as_str() {
                "'variants'" => "name the enum in the kind, as in \"enum | f32\"",
                "'default'" if matches!(form, Form::Union(_)) => "make it optional instead",
                "'one_or_list'" => "only a list can be written without brackets",
                "'tag'" => TAG_HELP,
                _ => "set it on the slots of the nested schema",
            };
            let diagnostic = Diagnostic::error(Code::BadSlot, message);
            diagnostics.push(diagnostic.at(value.place, label).help(help));
        }
        if !are_known {
            return None;
        }
        let is_empty = self.read_key(diagnostics, "default", |reading, node| {
            Some(is_empty_default(node, reading))
        });
        let is_one_or_list = self.read_key(diagnostics, "one_or_list", |reading, node| {
            reading.bool(node, "'one_or_list'")
        });
        Some(WholeKeys {
            is_empty: is_empty.unwrap_or_default(),
            is_one_or_list: is_one_or_list.unwrap_or_default(),
        })
    }

    /// Returns the first key that is not this one.
    pub(super) fn other_key(&self, name: &str) -> Option<(&'static str, Place)> {
        let other = self.keys.iter().find(|(key, _)| KEYS[**key] != name)?;
        Some((KEYS[*other.0], other.1.place))
    }

    fn has_union(&self) -> bool {
        self.kind_text().is_some_and(|kind| kind.contains('|'))
    }

    pub(super) fn key(&self, name: &str) -> Option<(Place, &'n Node<'s>)> {
        let key = KEYS.iter().position(|known| *known == name)?;
        self.keys.get(&key).map(|key| (key.place, key.node))
    }

    /// Reads the value of a key in its file.
    fn read_key<T>(
        &self,
        diagnostics: &mut Diagnostics,
        name: &str,
        read: impl FnOnce(&mut Reading<'_>, &'n Node<'s>) -> Option<T>,
    ) -> Option<T> {
        let (place, node) = self.key(name)?;
        read(&mut Reading { file: place.file, diagnostics }, node)
    }

    /// Adds the slot to the schema if it has no errors.
    pub(super) fn add_to(
        &self,
        schema: SchemaBuilder,
        among: Among<'_>,
        diagnostics: &mut Diagnostics,
    ) -> SchemaBuilder {
        let errors = diagnostics.errors;
        let kind = self.kind(among, diagnostics);
        let constraints = constraint::KEYS.map(|key| {
            self.read_key(diagnostics, key, |reading, node| constraint::read(reading, key, node))
        });
        let optional = self
            .read_key(diagnostics, "optional", |reading, node| reading.bool(node, "'optional'"));
        let renamed_from = self.read_key(diagnostics, "renamed_from", |reading, node| {
            reading.text(node, "'renamed_from'")
        });
        let placed = self.placed.as_ref();
        let is_whole = placed.is_none_or(|placed| placed.is_whole);
        if let Some((place, _)) = self.key("tag").filter(|_| is_whole && !self.has_union()) {
            let message = format!("slot {} cannot have a tag", quoted(&self.name));
            let diagnostic =
                Diagnostic::error(Code::BadSlot, message).at(place, "only a union has a tag");
            diagnostics.push(diagnostic.help(TAG_HELP));
        }
        let is_element = placed.is_some_and(|placed| placed.is_element && placed.is_whole);
        if is_element && optional == Some(true) && self.key("default").is_some() {
            self.refuse_default(diagnostics);
            return schema;
        }
        let add = |schema: SchemaBuilder, kind: Kind| {
            let is_whole = placed.is_none_or(|placed| placed.is_whole);
            let own = constraint::KEYS.iter().zip(&constraints);
            let is_companion = placed.is_some_and(|placed| placed.kind.is_some());
            let own =
                own.filter(|(key, _)| !is_companion && (is_whole || constraint::suits(key, &kind)));
            let own: Vec<_> = own.filter_map(|(_, constraint)| constraint.clone()).collect();
            let mut schema = schema.slot(&*self.name, kind);
            if placed.map_or(optional == Some(true), |placed| placed.is_optional) {
                schema = schema.optional();
            }
            for constraint in own {
                schema = schema.constraint(constraint);
            }
            match (placed, renamed_from) {
                (Some(Placed { former: Some(former), .. }), _) => {
                    schema = schema.renamed_from(former.clone());
                }
                (None, Some(former)) => schema = schema.renamed_from(former),
                _ => {}
            }
            self.with_default(schema, is_element)
        };
        let Some(kind) = kind else { return schema };
        if is_whole && self.refuse_one_or_list(&kind, diagnostics) {
            return schema;
        }
        // Built alone to find the errors of every slot.
        let mut alone = add(Schema::builder(among.schema), kind.clone());
        if placed.is_some_and(|placed| placed.has_lengths) {
            alone = alone.slot(format!("{}#", self.name), Kind::list(Kind::U32));
        }
        if let Err(error) = alone.build() {
            self.report(error, among.packs, diagnostics);
        }
        if diagnostics.errors == errors { add(schema, kind) } else { schema }
    }

    /// Takes the default that an extending schema gives to the slot.
    pub(super) fn take_default_of(&mut self, other: &Self) {
        let is_default = |key: usize| KEYS[key] == "default";
        self.keys.extend(other.keys.iter().filter(|(key, _)| is_default(**key)));
    }

    /// Returns whether it says of what kind it is.
    pub(super) fn has_kind(&self) -> bool {
        self.kind.is_some()
            || self.tag.is_some()
            || ["kind", "variants"].into_iter().any(|key| self.key(key).is_some())
            || self.placed.as_ref().is_some_and(|placed| placed.kind.is_some())
    }

    pub(super) fn notes(&self, diagnostics: &mut Diagnostics) -> SlotNotes {
        let mut text = |name| {
            self.read_key(diagnostics, name, |reading, node| reading.text(node, &quoted(name)))
                .map(Arc::from)
        };
        let (doc, unit) = (text("doc"), text("unit"));
        let place_of = |key| self.key(key).map(|(place, _)| place);
        let (default_place, references_place) = (place_of("default"), place_of("references"));
        let (place, patched) = (Some(self.place), self.patched());
        let own = self.read_key(diagnostics, "one_or_list", |reading, node| {
            reading.bool(node, "'one_or_list'")
        });
        let is_whole = self.placed.as_ref().is_none_or(|placed| placed.is_whole);
        let around = self.placed.iter().flat_map(|placed| &placed.one_or_lists);
        let mut one_or_lists: Vec<Arc<str>> = around.map(|list| Arc::from(&**list)).collect();
        let own = (is_whole && own == Some(true)).then(|| match self.is_placed() {
            true => Arc::from(&*self.name),
            false => Arc::from(outermost_list(&self.name)),
        });
        one_or_lists.extend(own);
        SlotNotes { doc, unit, place, default_place, references_place, patched, one_or_lists }
    }

    pub(super) fn patched(&self) -> Vec<PatchedKey> {
        let removals = self.variant_changes.iter().rev();
        let removals = removals.filter(|change| change.operation == Operation::Remove);
        let removals = removals.map(|change| PatchedKey {
            key: "variants",
            place: change.place,
            pack: change.pack,
        });
        let set = self.keys.iter().filter_map(|(key, value)| {
            Some(PatchedKey { key: KEYS[*key], place: value.place, pack: value.patch? })
        });
        set.chain(removals).collect()
    }

    /// Returns the kind of the slot, which holds the values of all elements if it is in a list.
    fn kind(&self, among: Among<'_>, diagnostics: &mut Diagnostics) -> Option<Kind> {
        let Some(placed) = &self.placed else { return self.declared(among, diagnostics) };
        if placed.kind.is_some() {
            return placed.kind.clone();
        }
        let kind = self.declared(among, diagnostics)?;
        Some(match kind {
            Kind::List(_) => kind,
            kind if placed.is_in_list => Kind::list(kind),
            kind => kind,
        })
    }

    fn declared(&self, among: Among<'_>, diagnostics: &mut Diagnostics) -> Option<Kind> {
        let variants = match self.variants(among, diagnostics) {
            Variants::None => None,
            Variants::Some(variants) => Some(variants),
            Variants::Wrong => return None,
        };
        let key = self.key("kind").map(|(place, node)| (place, Some(node)));
        let Some((place, node)) = key.or(self.kind.map(|_| (self.place, None))) else {
            if variants.is_some() {
                return variants;
            }
            if self.has_unknown {
                return None;
            }
            let (slot, schema) = (quoted(&self.name), quoted(among.schema));
            let message = format!("slot {slot} of {schema} has no kind");
            diagnostics.push(
                Diagnostic::error(Code::BadSlot, message)
                    .at(self.place, "missing kind")
                    .help(format!("known kinds: {}", kind_name::all())),
            );
            return None;
        };
        let mut reading = Reading { file: place.file, diagnostics };
        let name = match (self.kind, node) {
            (Some(kind), _) => kind,
            (None, node) => reading.text(node?, "'kind'")?,
        };
        match kind_name::parse(name, variants.as_ref()) {
            Ok(kind) => {
                let is_whole = self.placed.as_ref().is_none_or(|placed| placed.is_whole);
                if let (Some((place, _)), false) =
                    (self.key("variants"), is_enum(&kind) || !is_whole)
                {
                    let message = format!("kind {kind} cannot have variants");
                    diagnostics.push(
                        Diagnostic::error(Code::BadSlot, message)
                            .at(place, "only enums have variants")
                            .help("remove the kind, or write kind = \"enum\""),
                    );
                    return None;
                }
                Some(kind)
            }
            // The schema may be declared in a file that cannot be read.
            Err(_) if may_be_declared(name, diagnostics) => None,
            Err(error) => {
                let label = match name.trim() {
                    "list" | "map" => "elements of which kind?",
                    "enum" | "list(enum)" => "missing variants",
                    _ => "no such kind",
                };
                let suggestion =
                    error.suggestion.or_else(|| kind_of_schemas(name, among.schemas, diagnostics));
                diagnostics.push(unknown_kind(name, suggestion).at(place, label));
                None
            }
        }
    }
}

fn is_enum(kind: &Kind) -> bool {
    matches!(kind.element(), Kind::Enum(_))
}
