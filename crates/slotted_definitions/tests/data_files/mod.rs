//! Values of every shape, and data files as games write them.

use proptest::prelude::*;
use slotted::Value;
use slotted_definitions::Format;

pub(crate) const FORMATS: [Format; 4] = [Format::Json, Format::Toml, Format::Ron, Format::Yaml];

/// The names of other records.
pub(crate) const IDS: [&str; 4] = ["bash", "cut", "stab", "böse"];

const TEXTS: [&str; 10] =
    ["", "calm", "true", "null", "1", "ünï", "two words", "a: b", "quote\" \\ '", "line\nbreak"];
const NAMES: [&str; 12] = [
    "min",
    "max",
    "item",
    "größe",
    "two words",
    "0",
    "1",
    "add",
    "type",
    "dot.ted",
    "ends?",
    "list[]",
];

/// The shape of an attribute's values.
#[derive(Clone, Debug)]
pub(crate) enum Shape {
    Bool,
    Integer,
    Float,
    Text,
    /// One of a few texts.
    Word,
    /// The name of another record.
    Id,
    /// Parts, of which the values may lack those with `true`.
    Record(Vec<(&'static str, Self, bool)>),
    List(Box<Self>),
    /// A list whose only element may lack its brackets.
    OneOrList(Box<Self>),
    Tuple(Vec<Self>),
    /// A map of any names.
    Map(Box<Self>),
    /// A map by names of other records.
    ById(Box<Self>),
    /// A map whose tag decides its other parts.
    Tagged(Vec<Self>),
    /// A value with a name around it, as RON writes it.
    Named(Vec<Option<Self>>),
    /// A value of one of these shapes.
    OneOf(Vec<Self>),
    /// A value that no kind but `any` holds.
    Any,
    /// A map with an empty name.
    EmptyName(Box<Self>),
}

pub(crate) fn shape() -> impl Strategy<Value = Shape> {
    let single = prop_oneof![
        Just(Shape::Bool),
        Just(Shape::Integer),
        Just(Shape::Float),
        Just(Shape::Text),
        Just(Shape::Word),
        Just(Shape::Id),
        Just(Shape::Any),
    ];
    single.prop_recursive(4, 12, 3, |inner| {
        let name = prop::sample::select(NAMES.to_vec());
        let parts = prop::collection::btree_map(name, (inner.clone(), any::<bool>()), 1..4);
        let boxed = || inner.clone().prop_map(Box::new);
        prop_oneof![
            parts.prop_map(|parts| {
                let parts = parts.into_iter();
                Shape::Record(parts.map(|(name, (shape, lacks))| (name, shape, lacks)).collect())
            }),
            boxed().prop_map(Shape::List),
            boxed().prop_map(Shape::OneOrList),
            boxed().prop_map(Shape::Map),
            boxed().prop_map(Shape::ById),
            boxed().prop_map(Shape::EmptyName),
            prop::collection::vec(inner.clone(), 2..4).prop_map(Shape::Tuple),
            prop::collection::vec(inner.clone(), 2..4).prop_map(Shape::Tagged),
            prop::collection::vec(inner.clone(), 2..4).prop_map(Shape::OneOf),
            prop::collection::vec(prop::option::weighted(0.7, inner.clone()), 1..4)
                .prop_map(Shape::Named),
        ]
    })
}

/// Returns the next number of a sequence (SplitMix64).
fn next(seed: &mut u64) -> u64 {
    *seed = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut mixed = *seed;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

/// Returns `true` for about half of the numbers.
pub(crate) fn is_heads(seed: &mut u64) -> bool {
    next(seed).is_multiple_of(2)
}

fn below(seed: &mut u64, end: usize) -> usize {
    (next(seed) % end as u64) as usize
}

fn pick<'p, T>(seed: &mut u64, of: &'p [T]) -> &'p T {
    &of[below(seed, of.len())]
}

impl Shape {
    /// Returns a value of the shape.
    pub(crate) fn value(&self, seed: &mut u64) -> Value {
        match self {
            Self::Bool => is_heads(seed).into(),
            Self::Integer => [0, 3, -4, 200, 70_000, i64::MAX][below(seed, 6)].into(),
            Self::Float => [0.5, -1.25, 3.0, 0.1, 1e300][below(seed, 5)].into(),
            Self::Text => (*pick(seed, &TEXTS)).into(),
            Self::Word => ["calm", "angry"][below(seed, 2)].into(),
            Self::Id => (*pick(seed, &IDS)).into(),
            Self::Record(parts) => {
                let mut map = Vec::new();
                for (name, shape, may_lack) in parts {
                    let value = shape.value(seed);
                    if !may_lack || is_heads(seed) {
                        map.push((*name, value));
                    }
                }
                map.into_iter().collect()
            }
            Self::List(element) => elements(element, below(seed, 4), seed),
            Self::OneOrList(element) => match element.value(seed) {
                value if is_heads(seed) => value,
                _ => elements(element, below(seed, 4), seed),
            },
            Self::Tuple(parts) => Value::List(parts.iter().map(|part| part.value(seed)).collect()),
            Self::Map(element) => by_names(&|seed| format!("k{}", next(seed) % 30), element, seed),
            Self::ById(element) => by_names(&|seed| (*pick(seed, &IDS)).into(), element, seed),
            Self::Tagged(variants) => {
                let at = below(seed, variants.len());
                let parts = [("kind", format!("v{at}").into()), ("of", variants[at].value(seed))];
                let own = [("p0", 1), ("p1", 2), ("p2", 3)][at];
                parts.into_iter().chain([(own.0, own.1.into())]).collect()
            }
            Self::Named(variants) => {
                let at = below(seed, variants.len());
                let name = ["Pos", "Cell", "Rest"][at];
                match variants[at].as_ref().map(|shape| shape.value(seed)) {
                    // RON writes `Rest()` for the variant `Rest`.
                    Some(Value::Map(parts)) if parts.is_empty() => name.into(),
                    Some(value) => Value::from_iter([(name, value)]),
                    None => name.into(),
                }
            }
            Self::OneOf(shapes) => pick(seed, shapes).value(seed),
            Self::Any => match below(seed, 4) {
                0 => Value::List([1.into(), Value::List([].into()), "x".into()].into()),
                1 => Value::Map([].into()),
                2 => Value::from_iter([("", Value::from(true)), ("b.c", 0.5.into())]),
                _ => "calm".into(),
            },
            Self::EmptyName(element) => {
                let mut map = vec![("", element.value(seed))];
                if is_heads(seed) {
                    map.push(("min", element.value(seed)));
                }
                map.into_iter().collect()
            }
        }
    }
}

fn elements(element: &Shape, count: usize, seed: &mut u64) -> Value {
    Value::List((0..count).map(|_| element.value(seed)).collect())
}

fn by_names(name: &dyn Fn(&mut u64) -> String, element: &Shape, seed: &mut u64) -> Value {
    let mut map: Vec<(String, Value)> = Vec::new();
    for _ in 0..below(seed, 4) {
        let name = name(seed);
        if map.iter().all(|(own, _)| *own != name) {
            map.push((name, element.value(seed)));
        }
    }
    map.into_iter().collect()
}

/// Writes objects as a data file. Returns `None` if the format cannot say them.
pub(crate) fn written(objects: &[Value], format: Format) -> Option<String> {
    if format == Format::Toml {
        let lines = |object: &Value| {
            let Value::Map(map) = object else { return None };
            let line = |(name, value): &(std::sync::Arc<str>, Value)| {
                Some(format!("{} = {}\n", quoted(name), text(value, format)?))
            };
            let lines: Option<String> = map.iter().map(line).collect();
            Some(format!("[[all]]\n{}", lines?))
        };
        return objects.iter().map(lines).collect();
    }
    let objects: Option<Vec<String>> = objects.iter().map(|object| text(object, format)).collect();
    Some(format!("[\n{}\n]\n", objects?.join(",\n")))
}

fn text(value: &Value, format: Format) -> Option<String> {
    let is_ron = format == Format::Ron;
    // Only names of variants begin with a capital letter.
    let is_variant = |name: &str| name.starts_with(|first: char| first.is_ascii_uppercase());
    Some(match value {
        Value::Text(name) if is_ron && is_variant(name) => name.to_string(),
        Value::Text(own) => quoted(own),
        Value::F64(number) => format!("{number:?}"),
        Value::List(list) => {
            let list: Option<Vec<String>> = list.iter().map(|one| text(one, format)).collect();
            format!("[{}]", list?.join(", "))
        }
        Value::Map(map) if is_ron && map.len() == 1 && is_variant(&map[0].0) => {
            format!("{}({})", map[0].0, text(&map[0].1, format)?)
        }
        Value::Map(map) => {
            let mark = if format == Format::Toml { " =" } else { ":" };
            let entry = |(name, value): &(std::sync::Arc<str>, Value)| {
                Some(format!("{}{mark} {}", quoted(name), text(value, format)?))
            };
            let map: Option<Vec<String>> = map.iter().map(entry).collect();
            format!("{{{}}}", map?.join(", "))
        }
        Value::Unset => match format {
            Format::Toml => return None,
            Format::Ron => "None".to_owned(),
            _ => "null".to_owned(),
        },
        single => single.to_string(),
    })
}

/// Quotes a text: these escapes mean the same in all formats.
fn quoted(text: &str) -> String {
    let text = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    format!("\"{text}\"")
}

/// Returns the objects of a file.
pub(crate) fn objects_of(data: &Value) -> Vec<Value> {
    match data {
        Value::Map(map) => match &map[0].1 {
            Value::List(list) => list.to_vec(),
            other => vec![other.clone()],
        },
        Value::List(list) => list.to_vec(),
        _ => Vec::new(),
    }
}
