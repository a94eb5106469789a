//! The figures as JSON, for other programs.

use serde_json::{Map, Value, json};

use crate::measure::Figures;
use crate::options::Options;
use crate::python::Python;
use crate::report::{Measure, Missed, missed};

/// Returns all figures and the settings of the run.
pub(crate) fn json(options: &Options, figures: &[Figures], python: Option<&Python>) -> Value {
    let storages: Map<String, Value> = figures
        .iter()
        .map(|figures| (figures.contender.title().to_owned(), storage(figures)))
        .collect();
    let missed: Option<Vec<Value>> = missed(figures).map(|missed| {
        let entry = |missed: &Missed| {
            json!({ "measure": missed.measure.key(), "stated": missed.stated, "found": missed.found })
        };
        missed.iter().map(entry).collect()
    });
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        "machine": { "architecture": std::env::consts::ARCH, "system": std::env::consts::OS },
        "optimized": !cfg!(debug_assertions),
        "objects": options.objects,
        "seed": options.seed,
        "repetitions": options.repetitions,
        "storages": storages,
        "missed_ratios": missed,
        "python": python.map(Python::json),
    })
}

fn storage(figures: &Figures) -> Value {
    let per_object: Map<String, Value> =
        Measure::all().map(|measure| (measure.key(), measure.of(figures).into())).collect();
    json!({
        "objects": figures.objects,
        "checksum": format!("{:016x}", figures.checksum),
        "undeclared": { "tried": figures.undeclared, "accepted": figures.accepted },
        "per_object": per_object,
    })
}
