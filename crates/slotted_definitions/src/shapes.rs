//! Declarations that give one slot two shapes: those of two packs, and those of one schema.

use crate::diagnostic::{Code, Diagnostic, quoted};
use crate::keys::Reading;
use crate::kind_name;
use crate::merged::MergedSchema;
use crate::node::{Data, Entry};
use crate::slot::SlotSource;
use crate::source::Place;
use slotted::schema::SIGNS;

/// The shape of a slot, as far as a declaration says it.
#[derive(Clone, Debug, PartialEq)]
struct Shape {
    /// The parts are declared under `slots` or `variants`.
    has_parts: bool,
    has_variants: bool,
    kind: Option<String>,
    tag: Option<String>,
}

/// The first declaration of a slot.
#[derive(Clone, Debug)]
pub(super) struct Declared {
    shape: Shape,
    place: Place,
    /// The pack, if it is a patch.
    patch: Option<usize>,
}

/// Returns the shape that the entry gives to a slot. Returns `None` if it only changes one.
fn shape(entry: &Entry<'_>) -> Option<Shape> {
    let text = |data: &Data<'_>| match data {
        Data::Text(text) => Some(text.trim().to_owned()),
        _ => None,
    };
    let Data::Map(map) = &entry.value.data else {
        let kind = Some(text(&entry.value.data)?);
        return Some(Shape { has_parts: false, has_variants: false, kind, tag: None });
    };
    let data = |name: &str| map.iter().find(|key| *key.name == *name).map(|key| &key.value.data);
    let of_key = |name: &str| data(name).and_then(text);
    let has_variants = matches!(data("variants"), Some(Data::Map(_)));
    let has_parts = data("slots").is_some() || has_variants;
    let (kind, tag) = (of_key("kind"), of_key("tag"));
    let declares = kind.is_some() || tag.is_some() || data("slots").is_some();
    declares.then_some(Shape { has_parts, has_variants, kind, tag })
}

impl MergedSchema<'_, '_> {
    /// Returns whether the entry gives a slot another shape than a pack that its own one does not know, and reports it.
    pub(super) fn is_disputed(
        &mut self,
        (entry, name): (&Entry<'_>, &str),
        source: &SlotSource<'_>,
        reading: &mut Reading<'_>,
    ) -> bool {
        let Some(shape) = shape(entry) else { return false };
        let place = reading.place(entry.span);
        let Some(first) = self.declared.get(name) else {
            let patch = source.is_patch.then_some(source.pack);
            self.declared.insert(name.to_owned(), Declared { shape, place, patch });
            return false;
        };
        let Some(other) = first.patch.filter(|other| *other != source.pack) else { return false };
        // Two single kinds are compared with the other keys. Parts alone are added to those of the other pack.
        let adds_parts = first.shape.has_variants == shape.has_variants
            && shape.has_parts
            && first.shape.has_parts
            && shape.kind.is_none()
            && shape.tag.is_none();
        let are_single = !first.shape.has_parts && !shape.has_parts;
        if are_single || adds_parts || source.packs.knows(source.pack, other) {
            return false;
        }
        let (slot, schema) = (quoted(name), quoted(source.schema));
        let [other, own] = [other, source.pack].map(|pack| quoted(source.packs.name(pack)));
        let message = match first.shape == shape {
            true => format!("packs {other} and {own} both declare slot {slot} of {schema}"),
            false => {
                format!("packs {other} and {own} give slot {slot} of {schema} different kinds")
            }
        };
        let diagnostic = Diagnostic::error(Code::Conflict, message)
            .at(place, format!("declared here by {own}"))
            .at(first.place, format!("declared here by {other}"))
            .help("rename the slot in one of the packs, or load only one of them");
        reading.diagnostics.push(diagnostic);
        true
    }

    /// Returns whether the entry names a part of a slot that is declared beside it, and reports it.
    pub(super) fn is_part_of_another(
        &self,
        entry: &Entry<'_>,
        map: &[Entry<'_>],
        reading: &mut Reading<'_>,
    ) -> bool {
        let Some(end) = entry.name.find(SIGNS) else { return false };
        // A slot of a single value has no parts: the name has the sign by chance.
        let whole = map.iter().find(|own| *own.name == entry.name[..end]);
        let whole = whole.filter(|whole| !is_single(whole));
        if let Some(whole) = whole {
            let (part, slot, of) = (quoted(&entry.name), quoted(&whole.name), quoted(self.name));
            let message =
                format!("slot {part} of {of} is a part of slot {slot}, which is declared too");
            let diagnostic = Diagnostic::error(Code::Duplicate, message)
                .at(reading.place(entry.span), "a part, declared alone")
                .at(reading.place(whole.span), "the whole slot")
                .help(format!("declare the part under 'slots' of {slot}"));
            reading.diagnostics.push(diagnostic);
        }
        whole.is_some()
    }

    /// Reports a slot that the schema declares twice: by its name and as a part.
    pub(super) fn declared_twice(
        &self,
        (name, first): (&str, Place),
        again: Place,
        reading: &mut Reading<'_>,
    ) {
        let message = format!("schema {} declares slot {} twice", quoted(self.name), quoted(name));
        let diagnostic = Diagnostic::error(Code::Duplicate, message)
            .at(again, "declared here again")
            .at(first, "first declared here")
            .help("remove one of them");
        reading.diagnostics.push(diagnostic);
    }
}

/// Returns whether an entry declares a slot of a kind without parts.
fn is_single(entry: &Entry<'_>) -> bool {
    let kind = match &entry.value.data {
        Data::Map(map) => map.iter().find(|key| key.name == "kind").map(|key| &key.value.data),
        data => Some(data),
    };
    let Some(Data::Text(kind)) = kind else { return false };
    let kind = kind.trim();
    kind == "enum" || (!kind.starts_with("list(") && kind_name::parse(kind, None).is_ok())
}
