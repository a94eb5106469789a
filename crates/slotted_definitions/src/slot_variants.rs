//! The variants of a declared slot, and the changes of patches.

use std::collections::HashSet;

use crate::changes::Operation;
use crate::diagnostic::{Code, Diagnostic, Diagnostics, quoted};
use crate::keys::Reading;
use crate::nested_unions::no_variant;
use crate::node::Node;
use crate::packs::Packs;
use crate::slot::{Among, SlotDeclaration, VariantChange};
use slotted::Kind;

/// The variants after the changes of patches.
pub(super) enum Variants {
    None,
    Some(Kind),
    /// Reported.
    Wrong,
}

impl SlotDeclaration<'_, '_> {
    /// Returns whether patches remove variants.
    pub(super) fn removes_any(&self) -> bool {
        self.variant_changes.iter().any(|change| change.operation == Operation::Remove)
    }

    /// Reports that patches remove all variants.
    pub(super) fn without_variants(&self, packs: &Packs) -> Diagnostic {
        let name = self.name.split(['@', '|']).next().unwrap_or_default();
        let message = format!("slot {} has no variants left: patches remove all", quoted(name));
        let place = self.key("variants").map_or(self.place, |(place, _)| place);
        let diagnostic = Diagnostic::error(Code::BadSlot, message).at(place, "declared here");
        let removals = self.variant_changes.iter();
        let removals = removals.filter(|change| change.operation == Operation::Remove);
        let diagnostic = removals.fold(diagnostic, |diagnostic, change| {
            let pack = quoted(packs.name(change.pack));
            diagnostic.at(change.place, format!("pack {pack} removes variants here"))
        });
        diagnostic.help("keep at least one variant: remove fewer, or load only one of the packs")
    }

    /// Returns the variants after the changes of patches.
    pub(super) fn variants(&self, among: Among<'_>, diagnostics: &mut Diagnostics) -> Variants {
        let Some((place, node)) = self.key("variants") else {
            let Some(change) = self.variant_changes.first() else { return Variants::None };
            let (slot, schema) = (quoted(&self.name), quoted(among.schema));
            let name = change.operation.name();
            let message =
                format!("slot {slot} of {schema} has no variants that '{name}' could change");
            let diagnostic = Diagnostic::error(Code::BadSlot, message);
            diagnostics.push(diagnostic.at(change.place, "no variants"));
            return Variants::Wrong;
        };
        let mut reading = Reading { file: place.file, diagnostics };
        let Some(mut variants) = names(&mut reading, node) else { return Variants::Wrong };
        let mut changes: Vec<&VariantChange<'_, '_>> = self.variant_changes.iter().collect();
        changes.sort_by_key(|change| among.packs.rank(change.pack));
        let mut is_right = true;
        let mut removed: HashSet<&str> = HashSet::new();
        for change in changes {
            let mut reading = Reading { file: change.place.file, diagnostics: reading.diagnostics };
            let Some(names) = names(&mut reading, change.node) else {
                is_right = false;
                continue;
            };
            if change.operation == Operation::Remove {
                for name in &names {
                    if !variants.contains(name) && !removed.contains(name) {
                        let found = (*name, change.place);
                        no_variant((&self.name, among.schema), found, &mut reading);
                    }
                }
                removed.extend(names);
                variants.retain(|own| !removed.contains(own));
            } else {
                let mut present: HashSet<&str> = variants.iter().copied().collect();
                names.iter().for_each(|name| _ = removed.remove(name));
                variants.extend(names.into_iter().filter(|name| present.insert(name)));
            }
        }
        if is_right { Variants::Some(Kind::enumeration(variants)) } else { Variants::Wrong }
    }
}

/// Returns the names of a list.
fn names<'n>(reading: &mut Reading<'_>, node: &'n Node<'_>) -> Option<Vec<&'n str>> {
    let list = reading.list(node, "'variants'", "a list of names")?;
    let names: Vec<Option<&str>> =
        list.iter().map(|node| reading.text(node, "a variant")).collect();
    names.into_iter().collect()
}
