//! Reading definition files, compared with the formats' own libraries on the same text; and iteration
//! after a hot reload, compared with a freshly filled store.
//!
//! `cargo bench -p slotted_benches --bench definitions -- --rounds 9 --markdown table.md`

mod options;

use std::error::Error;
use std::fmt::Write as _;
use std::hint::black_box;

use bench_support::forms::{Form, sample, table};
use clap::Parser;
use options::TableOptions;
use slotted::{Record, Store, View};
use slotted_definitions::Loader;
use slotted_definitions::infer::{Inference, InferenceOptions};

#[derive(Parser)]
#[command(about = "Measures how fast definition files load")]
struct Options {
    /// Number of records, of twelve slots each
    #[arg(long, default_value_t = 100_000)]
    records: usize,
    #[command(flatten)]
    tables: TableOptions,
}

const SLOTS: [(&str, &str); 12] = [
    ("name", "\"text\""),
    ("health", "\"f32\""),
    ("speed", "\"u8\""),
    ("level", "\"u8\""),
    ("alive", "\"bool\""),
    ("job", "{\"variants\": [\"farmer\", \"smith\", \"soldier\"]}"),
    ("x", "\"f64\""),
    ("y", "\"f64\""),
    ("team", "\"u8\""),
    ("mass", "\"f32\""),
    ("drops", "\"list(u16)\""),
    ("title", "\"text\""),
];

/// Returns the values of a record in slot order, as all formats write them.
fn values(n: usize) -> [String; 12] {
    let job = ["farmer", "soldier", "smith"][n % 3];
    let title = ["the great", "the small", "of the hills", "the old"][n / 7 % 4];
    [
        format!("\"orc number {n}\""),
        format!("{:.2}", n as f64 * 0.37 % 100.0),
        (n % 30).to_string(),
        (n % 60).to_string(),
        n.is_multiple_of(2).to_string(),
        format!("\"{job}\""),
        format!("{:.3}", n as f64 * 0.123),
        format!("{:.3}", n as f64 * 0.77),
        (n % 8).to_string(),
        format!("{:.1}", n as f64 % 99.0),
        format!("[{}, {}]", n % 50, n % 77),
        format!("\"{title}\""),
    ]
}

/// Returns the records as a list; `name` writes a slot's name and the separator before its value.
fn list(records: usize, brackets: [char; 2], name: impl Fn(&str) -> String) -> String {
    let mut text = String::from("[\n");
    for n in 0..records {
        text.push(brackets[0]);
        for (position, ((slot, _), value)) in SLOTS.iter().zip(values(n)).enumerate() {
            let comma = if position > 0 { ", " } else { "" };
            let _ = write!(text, "{comma}{}{value}", name(slot));
        }
        text.push(brackets[1]);
        text.push_str(if n + 1 < records { ",\n" } else { "\n]" });
    }
    text
}

struct Files {
    json: String,
    toml: String,
    ron: String,
    yaml: String,
    /// The same values in JSON, half of them in nested records.
    nested: String,
    /// As many values in JSON, ten of each record in a list of five records.
    lists: String,
    /// The names of forms, and the same number of values in JSON, ten of twelve in values that a record composes.
    composed: [(&'static str, String); COMPOSED.len()],
    /// Only the list, without a schema: the input of inference.
    loose: String,
}

impl Files {
    fn new(records: usize) -> Self {
        let loose = list(records, ['{', '}'], |name| format!("\"{name}\": "));
        let slots = SLOTS.map(|(name, kind)| format!("\"{name}\": {kind}")).join(", ");
        let json = format!(
            "{{\"schemas\": {{\"orc\": {{\"slots\": {{{slots}}}}}}}, \"records\": {{\"orc\": {loose}}}}}"
        );
        let slots =
            SLOTS.map(|(name, kind)| format!("{name} = {}", kind.replace(':', " ="))).join("\n");
        let slots = slots.replace("{\"variants\"", "{ variants");
        let toml = list(records, ['{', '}'], |name| format!("{name} = "));
        let toml = format!("[schemas.orc.slots]\n{slots}\n[records]\norc = {toml}\n");
        let slots = SLOTS.map(|(name, kind)| format!("\"{name}\": {kind}")).join(", ");
        let ron = list(records, ['(', ')'], |name| format!("{name}: "));
        let ron =
            format!("(schemas: {{\"orc\": (slots: {{{slots}}})}}, records: {{\"orc\": {ron}}})");
        let slots = SLOTS.map(|(name, kind)| format!("      {name}: {kind}\n")).concat();
        let mut yaml = format!("schemas:\n  orc:\n    slots:\n{slots}records:\n  orc:\n");
        for n in 0..records {
            for (position, ((slot, _), value)) in SLOTS.iter().zip(values(n)).enumerate() {
                let dash = if position > 0 { ' ' } else { '-' };
                let _ = writeln!(yaml, "  {dash} {slot}: {value}");
            }
        }
        let (nested, lists) = (nested(records), lists(records));
        let composed = COMPOSED.map(|form| (form.what, composed(&form, records)));
        Self { json, toml, ron, yaml, nested, lists, composed, loose }
    }
}

/// The slots of the nested records in [`nested`]; the others stay.
const NESTED: [(&str, &[&str]); 2] =
    [("place", &["x", "y"]), ("stats", &["speed", "level", "team", "mass"])];

/// Returns the records with half of their values in nested records, as JSON with its schema.
fn nested(records: usize) -> String {
    let is_part = |slot: &str| NESTED.iter().any(|(_, parts)| parts.contains(&slot));
    let map = |pairs: &[(&str, &str)]| {
        let entry = |(name, value): &(&str, &str)| format!("\"{name}\": {value}");
        let plain = pairs.iter().filter(|(name, _)| !is_part(name)).map(entry);
        let inner = NESTED.map(|(record, parts)| {
            let parts = pairs.iter().filter(|(name, _)| parts.contains(name)).map(entry);
            (record, parts.collect::<Vec<_>>().join(", "))
        });
        (plain.collect::<Vec<_>>().join(", "), inner)
    };
    let (slots, parts) = map(&SLOTS);
    let parts = parts.map(|(record, slots)| format!("\"{record}\": {{\"slots\": {{{slots}}}}}"));
    let mut text = format!(
        "{{\"schemas\": {{\"orc\": {{\"slots\": {{{slots}, {}}}}}}}, \"records\": {{\"orc\": [\n",
        parts.join(", ")
    );
    for n in 0..records {
        let values = values(n);
        let pairs: Vec<_> =
            SLOTS.iter().zip(&values).map(|((name, _), value)| (*name, &**value)).collect();
        let (plain, parts) = map(&pairs);
        let parts = parts.map(|(record, values)| format!("\"{record}\": {{{values}}}")).join(", ");
        let comma = if n + 1 < records { "," } else { "" };
        let _ = writeln!(text, "{{{plain}, {parts}}}{comma}");
    }
    text.push_str("]}}");
    text
}

/// Returns records of two texts and a list of five places, as JSON with its schema.
fn lists(records: usize) -> String {
    let mut text = String::from(
        "{\"schemas\": {\"orc\": {\"slots\": {\"name\": \"text\", \"title\": \"text\", \
         \"places\": {\"kind\": \"list\", \"slots\": {\"x\": \"f64\", \"level\": \"u8\"}}}}}, \
         \"records\": {\"orc\": [\n",
    );
    for n in 0..records {
        let [name, _, _, level, .., title] = values(n);
        let place =
            |at: usize| format!("{{\"x\": {:.3}, \"level\": {level}}}", (n + at) as f64 * 0.123);
        let places: Vec<_> = (0..5).map(place).collect();
        let comma = if n + 1 < records { "," } else { "" };
        let places = places.join(", ");
        let _ = writeln!(
            text,
            "{{\"name\": {name}, \"title\": {title}, \"places\": [{places}]}}{comma}"
        );
    }
    text.push_str("]}}");
    text
}

/// Five values of two numbers each, which a record composes.
struct Composed {
    what: &'static str,
    /// The declaration of the slot `places` in JSON.
    slot: &'static str,
    /// Writes the five values.
    values: fn([(String, &str); 5]) -> String,
}

const COMPOSED: [Composed; 4] = [
    Composed {
        what: "JSON: definitions, ten of the values in a map by name, and five names",
        slot: "\"map(place)\"",
        values: |places| {
            let mut number = 0;
            let entries = places.map(|(x, level)| {
                number += 1;
                format!("\"p{number}\": {{\"x\": {x}, \"level\": {level}}}")
            });
            format!("{{{}}}", entries.join(", "))
        },
    },
    Composed {
        what: "JSON: definitions, ten of the values in a list of tuples",
        slot: "\"list((f64, u8))\"",
        values: |places| listed(places.map(|(x, level)| format!("[{x}, {level}]"))),
    },
    Composed {
        what: "JSON: definitions, ten of the values in a list of unions, and five tags",
        slot: "{\"kind\": \"list(point | area)\", \"tag\": \"type\"}",
        values: |places| {
            let mut kinds = ["point", "area"].into_iter().cycle();
            listed(places.map(|(x, level)| {
                let kind = kinds.next().unwrap_or_default();
                format!("{{\"type\": \"{kind}\", \"x\": {x}, \"level\": {level}}}")
            }))
        },
    },
    Composed {
        what: "JSON: definitions, ten of the values in one of kind `any`",
        slot: "\"any\"",
        values: |places| {
            listed(places.map(|(x, level)| format!("{{\"x\": {x}, \"level\": {level}}}")))
        },
    },
];

fn listed(values: [String; 5]) -> String {
    format!("[{}]", values.join(", "))
}

/// Returns records of two texts and five composed values, as JSON with its schema.
fn composed(form: &Composed, records: usize) -> String {
    let place = "{\"slots\": {\"x\": \"f64\", \"level\": \"u8\"}}";
    let mut text = format!(
        "{{\"schemas\": {{\"place\": {place}, \"point\": {place}, \"area\": {place}, \"orc\": {{\"slots\": \
         {{\"name\": \"text\", \"title\": \"text\", \"places\": {}}}}}}}, \"records\": {{\"orc\": [\n",
        form.slot
    );
    for n in 0..records {
        let [name, _, _, level, .., title] = values(n);
        let place = |at: usize| (format!("{:.3}", (n + at) as f64 * 0.123), &*level);
        let places = (form.values)(std::array::from_fn(place));
        let comma = if n + 1 < records { "," } else { "" };
        let _ =
            writeln!(text, "{{\"name\": {name}, \"title\": {title}, \"places\": {places}}}{comma}");
    }
    text.push_str("]}}");
    text
}

fn load(path: &str, text: &str) -> Result<(), Box<dyn Error>> {
    let store = Store::new();
    black_box(Loader::new().text(path, text).load(&store)?);
    Ok(())
}

fn infer(loose: &str) -> Result<(), Box<dyn Error>> {
    let objects: Vec<Record> = serde_json::from_str(loose)?;
    let mut inference = Inference::new(InferenceOptions::default());
    objects.iter().for_each(|object| inference.observe(object));
    black_box(inference.finish("orc")?);
    Ok(())
}

#[derive(View)]
struct Moving<'a> {
    x: &'a mut f64,
    y: &'a f64,
}

fn iterate(store: &mut Store) -> Result<(), Box<dyn Error>> {
    for _ in 0..20 {
        store.view::<Moving>()?.for_each(|orc| *orc.x += *orc.y * 0.01);
    }
    Ok(())
}

#[derive(View)]
struct MovingPlace<'a> {
    #[slot(name = "place.x")]
    x: &'a mut f64,
    #[slot(name = "place.y")]
    y: &'a f64,
}

fn iterate_nested(store: &mut Store) -> Result<(), Box<dyn Error>> {
    for _ in 0..20 {
        store.view::<MovingPlace>()?.for_each(|orc| *orc.x += *orc.y * 0.01);
    }
    Ok(())
}

/// Returns a store with these definitions.
fn spawned(json: &str) -> Result<Store, Box<dyn Error>> {
    let mut store = Store::new();
    Loader::new().text("orcs.json", json).load(&store)?.spawn(&mut store)?;
    Ok(store)
}

/// Returns a store whose living objects got one more slot and a wider one, and a store that was filled
/// with the same definitions.
fn reloaded_and_fresh(json: &str) -> Result<(Store, Store), Box<dyn Error>> {
    let mut reloaded = Store::new();
    let definitions = Loader::new().text("orcs.json", json).load(&reloaded)?;
    let mut objects = definitions.spawn(&mut reloaded)?;
    let next = json.replace(
        "\"team\": \"u8\"",
        "\"team\": \"u16\", \"rage\": {\"kind\": \"f32\", \"default\": 0}",
    );
    let next = Loader::new().text("orcs.json", next).load_again(&definitions)?;
    let plan = objects.plan_reload(&reloaded, &next)?;
    objects.apply_reload(&mut reloaded, &plan)?;
    let mut fresh = Store::new();
    next.spawn(&mut fresh)?;
    Ok((reloaded, fresh))
}

fn forms<'a>(
    files: &'a Files,
    (reloaded, fresh): &'a mut (Store, Store),
    nested: &'a mut Store,
) -> Vec<Form<'a>> {
    let mut forms = vec![
        Form::new("JSON: `serde_json::Value`", 0, || {
            black_box(serde_json::from_str::<serde_json::Value>(&files.json)?);
            Ok(())
        }),
        Form::new("JSON: definitions, read and checked", 0, || load("orcs.json", &files.json)),
        Form::new("JSON: the same, and spawned", 0, || {
            let mut store = Store::new();
            let definitions = Loader::new().text("orcs.json", &*files.json).load(&store)?;
            black_box(definitions.spawn(&mut store)?);
            Ok(())
        }),
        Form::new("JSON: a schema inferred", 0, || infer(&files.loose)),
        Form::new("TOML: `toml::Table`", 4, || {
            black_box(files.toml.parse::<toml::Table>()?);
            Ok(())
        }),
        Form::new("TOML: definitions, read and checked", 4, || load("orcs.toml", &files.toml)),
        Form::new("RON: `ron::Value`", 6, || {
            black_box(ron::from_str::<ron::Value>(&files.ron)?);
            Ok(())
        }),
        Form::new("RON: definitions, read and checked", 6, || load("orcs.ron", &files.ron)),
        Form::new("YAML: definitions, read and checked", 0, || load("orcs.yaml", &files.yaml)),
        Form::new("20 iterations, a store just filled", 9, || iterate(fresh)),
        Form::new("20 iterations, a store after a hot reload", 9, || iterate(reloaded)),
        Form::new("20 iterations, over parts of nested records", 9, || iterate_nested(nested)),
        Form::new("JSON: definitions, half of the values in nested records", 1, || {
            load("orcs.json", &files.nested)
        }),
        Form::new("JSON: definitions, ten of the values in a list of records", 1, || {
            load("orcs.json", &files.lists)
        }),
    ];
    let composed = files.composed.iter();
    forms.extend(composed.map(|(what, text)| Form::new(what, 1, move || load("orcs.json", text))));
    forms
}

fn main() -> Result<(), Box<dyn Error>> {
    let Options { records, tables } = Options::parse();
    let records = if tables.mode.is_test() { 200 } else { records };
    let files = Files::new(records);
    let mut stores = reloaded_and_fresh(&files.json)?;
    let mut nested = spawned(&files.nested)?;
    let mut forms = forms(&files, &mut stores, &mut nested);
    sample(&mut forms, tables.rounds())?;
    let table = table(&format!("{records} records of twelve slots"), &forms, "ms", 1e3);
    let command = "cargo bench -p slotted_benches --bench definitions";
    tables.publish(&["slotted", "serde_json", "toml", "ron", "granit-parser"], command, &table)
}
