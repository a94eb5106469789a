//! The text of a proposal, for review.

use std::fmt;
use std::sync::Arc;

use foldhash::fast::RandomState;
use hashbrown::HashMap;

use crate::infer::observed::{ValueCount, ValueExample, shown};
use crate::infer::proposal::{Proposal, ProposalNote, ProposedAttribute};
use crate::paths::paths;
use slotted::schema::{Quoted, Slot};
use slotted::{Kind, Value};

impl fmt::Display for Proposal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (objects, attributes) = (self.objects, self.attributes.len());
        let slots = self.schema.slots();
        write!(f, "{}: {}", Quoted(self.schema.name()), Count(objects, "object"))?;
        write!(f, ", {}", Count(attributes as u64, "attribute"))?;
        writeln!(f, ", {}", Count(slots.len() as u64, "slot"))?;
        if !slots.is_empty() {
            f.write_str("slots:\n")?;
        }
        let mut slotted =
            self.attributes.iter().filter(|attribute| attribute.has_slot()).peekable();
        for slot in slots {
            let attribute = slotted.next_if(|attribute| *attribute.name == *slot.name());
            let facts = attribute.map_or_else(String::new, |attribute| attribute.facts(objects));
            writeln!(f, "  {slot}{facts}")?;
        }
        self.write_remarks(f)
    }
}

impl Proposal {
    /// Writes what there is to say about attributes, by their places in a file.
    fn write_remarks(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let objects = self.objects;
        let all = paths(&self.schema);
        let names = self.schema.slots().iter().map(Slot::name);
        let places: HashMap<&str, &str, RandomState> =
            names.zip(all.iter().map(String::as_str)).collect();
        let place = |name: &str, end: &str| {
            let slot = format!("{name}{end}");
            (*places.get(&*slot).unwrap_or(&name)).to_owned()
        };
        if !self.unions.is_empty() {
            f.write_str("of several sorts:\n")?;
        }
        for union in &self.unions {
            writeln!(f, "  {}", Quoted(&place(&union.name, "|")))?;
            union.values.iter().try_for_each(|values| writeln!(f, "    {values}"))?;
        }
        for (title, has_slot) in [("of kind any:\n", true), ("without a slot:\n", false)] {
            let of_title = || self.unslottable().filter(|(one, _)| one.has_slot() == has_slot);
            if of_title().next().is_some() {
                f.write_str(title)?;
            }
            for (attribute, reason) in of_title() {
                writeln!(f, "  {}: {reason}", Quoted(&place(&attribute.name, "")))?;
                attribute.values.iter().try_for_each(|values| writeln!(f, "    {values}"))?;
                attribute
                    .elements
                    .iter()
                    .try_for_each(|seen| writeln!(f, "    elements: {seen}"))?;
            }
        }
        let noted = || self.attributes.iter().filter(|attribute| !attribute.notes.is_empty());
        if noted().next().is_some() || !self.keys.is_empty() || self.ignored_values > 0 {
            f.write_str("notes:\n")?;
        }
        for attribute in noted() {
            let place = place(&attribute.name, "");
            for note in &attribute.notes {
                attribute.write_note(f, (&place, note), objects)?;
            }
        }
        for (map, note) in &self.keys {
            let place = place(map, "{}.key");
            write!(f, "  {}: ", Quoted(&place))?;
            writeln!(f, "{}", Names { note, what: "keys" })?;
        }
        if self.ignored_values > 0 {
            let ignored_values = Count(self.ignored_values, "value");
            writeln!(f, "  {ignored_values} of attributes beyond the limit were ignored")?;
        }
        Ok(())
    }
}

impl ProposedAttribute {
    /// Returns the facts that follow the slot's declaration.
    fn facts(&self, objects: u64) -> String {
        let mut facts = Vec::new();
        if self.objects < objects {
            facts.push(format!("set in {} of {objects}", self.objects));
        }
        if self.nulls > 0 {
            facts.push(format!("null in {}", self.nulls));
        }
        if let Some((least, most)) = self.numbers {
            facts.push(format!("{least} to {most}"));
        }
        if let (Ok(Kind::Enum(_)), Some(texts)) = (&self.kind, &self.texts) {
            let counts: Vec<String> = texts.iter().map(|(_, count)| count.to_string()).collect();
            facts.push(format!("each in {}", counts.join(", ")));
        }
        if facts.is_empty() { String::new() } else { format!(" ({})", facts.join("; ")) }
    }

    fn write_note(
        &self,
        f: &mut fmt::Formatter<'_>,
        (place, note): (&str, &ProposalNote),
        objects: u64,
    ) -> fmt::Result {
        let (name, own) = (Quoted(place), self.objects);
        match note {
            ProposalNote::Constant(value) if own == objects => {
                let value = shown(value);
                writeln!(f, "  {name} is {value} in every object: use a default, or drop the slot")
            }
            ProposalNote::Constant(value) => {
                writeln!(f, "  {name} is {} in each of the {own} objects that set it", shown(value))
            }
            ProposalNote::Misspelt { suggestion } => {
                let suggestion = Quoted(suggestion);
                writeln!(
                    f,
                    "  {name} is set in {own} of {objects} objects: did you mean {suggestion}?"
                )
            }
            ProposalNote::Names { .. } => {
                writeln!(f, "  {name}: {}", Names { note, what: "values" })
            }
            ProposalNote::Shared { value, objects: shared } => {
                let (value, percent) = (shown(value), percent(*shared, objects));
                writeln!(f, "  {name} is {value} in {shared} of {objects} objects ({percent})")
            }
            ProposalNote::Repeated(times) => {
                let times = if *times == 1 { "once".into() } else { format!("{times} times") };
                writeln!(f, "  {name} is repeated {times}: the slot takes the first value")
            }
        }
    }
}

/// How many values or keys are names of records.
struct Names<'n> {
    note: &'n ProposalNote,
    what: &'static str,
}

impl fmt::Display for Names<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ProposalNote::Names { schema, resolved, of, unknown } = self.note else {
            return Ok(());
        };
        let (schema, percent) = (Quoted(schema), percent(*resolved, *of));
        write!(f, "{resolved} of {of} {} ({percent}) are names of {schema}", self.what)?;
        match unknown {
            Some(text) if resolved < of => {
                let text = shown(&Value::Text(Arc::clone(text)));
                write!(f, "; the first that is no name: {text}")
            }
            _ => Ok(()),
        }
    }
}

impl fmt::Display for ValueCount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: ", self.count, self.kind)?;
        for (position, ValueExample { object, value }) in self.examples.iter().enumerate() {
            let comma = if position > 0 { ", " } else { "" };
            write!(f, "{comma}{value} in object {object}")?;
        }
        Ok(())
    }
}

/// Returns a share in percent, `100%` only if it is all.
fn percent(part: u64, whole: u64) -> String {
    if part == whole {
        return "100%".to_owned();
    }
    let tenths = part.saturating_mul(1000) / whole.max(1);
    format!("{}.{}%", tenths / 10, tenths % 10)
}

/// A count with its noun.
struct Count(u64, &'static str);

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}{}", self.0, self.1, if self.0 == 1 { "" } else { "s" })
    }
}
