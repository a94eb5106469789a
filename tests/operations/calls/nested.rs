//! Calls with nested values: records, lists, maps and unions, each given and read as a whole.

use std::collections::BTreeMap;

use slotted::{
    Kind, LimitError, Limits, ObjectId, Record, Schema, Snapshot, SpawnError, Store, Value,
};

use super::model::{GENERATIONS, ROWS};
use super::values::Input;

/// The nested values of a spell.
const PARTS: [&str; 5] = ["damage", "loot", "skills", "effect", "cost"];

type Objects = BTreeMap<ObjectId, Vec<Value>>;

/// A store of spells, and what each of its objects has: a value for each of [`PARTS`].
pub(super) struct Nested {
    store: Store,
    objects: Objects,
    past: Option<(Snapshot, Objects)>,
}

fn map(parts: Vec<(&str, Value)>) -> Value {
    parts.into_iter().collect()
}

fn schema() -> Schema {
    let range = Schema::builder("range").slot("min", Kind::U8).slot("max", Kind::U8);
    let drop = Schema::builder("drop").slot("item", Kind::Text);
    let drop = drop.slot("chance", Kind::F32).optional().slot("tags", Kind::list(Kind::Text));
    let skill = Schema::builder("skill").slot("level", Kind::U8);
    let [range, drop, skill] =
        [range, drop, skill].map(|parts| parts.build().expect("the parts are right"));
    let spell = Schema::builder("spell")
        .nested("damage", &range)
        .nested_list("loot", &drop)
        .nested_map("skills", Kind::Text, &skill)
        .slot("effect@type", Kind::enumeration(["heal", "rest"]))
        .slot("effect@heal.amount", Kind::F32)
        .optional()
        .slot("cost|", Kind::enumeration(["number", "text"]))
        .optional()
        .slot("cost|number", Kind::F64)
        .optional()
        .slot("cost|text", Kind::Text)
        .optional();
    spell.build().expect("the schema is right")
}

/// Returns a value that a part accepts.
fn right(part: &str, input: &mut Input<'_>) -> Value {
    let level = |input: &mut Input<'_>| map(vec![("level", input.byte().into())]);
    match part {
        "damage" => map(vec![("min", input.byte().into()), ("max", input.byte().into())]),
        "loot" => {
            let drop = |input: &mut Input<'_>| {
                let mut parts = vec![("item", input.text().into())];
                if input.flag() {
                    parts.push(("chance", f32::from(input.byte()).into()));
                }
                let tags: Vec<Value> = (0..input.below(3)).map(|_| input.text().into()).collect();
                parts.push(("tags", tags.into()));
                map(parts)
            };
            (0..input.below(4)).map(|_| drop(input)).collect::<Vec<_>>().into()
        }
        "skills" => {
            let names = ["archery", "magic", "smithing"];
            map(names[..input.below(4)].iter().map(|name| (*name, level(input))).collect())
        }
        "effect" if input.flag() => map(vec![("type", "rest".into())]),
        "effect" => map(vec![("type", "heal".into()), ("amount", f32::from(input.byte()).into())]),
        _ => match input.below(3) {
            0 => Value::Unset,
            1 => f64::from(input.byte()).into(),
            _ => input.text().into(),
        },
    }
}

/// Returns a value that a part refuses.
fn wrong(part: &str, input: &mut Input<'_>) -> Value {
    match (part, input.below(2)) {
        ("damage", 0) => map(vec![("min", 1.into())]),
        ("damage", _) => map(vec![("min", 1.into()), ("max", 256.into())]),
        ("loot", number) => {
            let Value::List(elements) = right("loot", input) else { return Value::Unset };
            let mut elements = elements.to_vec();
            let none = map(vec![("chance", 0.5_f32.into())]);
            elements.push(if number == 0 { none } else { 5.into() });
            elements.into()
        }
        ("skills", 0) => map(vec![("magic", map(vec![("level", 256.into())]))]),
        ("skills", _) => map(vec![("magic", 5.into())]),
        ("effect", 0) => map(vec![("type", "heal".into())]),
        ("effect", _) => map(vec![("type", "rest".into()), ("amount", 1.0_f32.into())]),
        (_, 0) => true.into(),
        _ => map(vec![("gold", 1.into())]),
    }
}

impl Nested {
    pub(super) fn new() -> Self {
        let mut limits = Limits::default();
        (limits.rows_per_schema, limits.generations_per_row) = (ROWS, GENERATIONS);
        let mut store = Store::with_limits(limits);
        store.register_schema(schema()).expect("it is new");
        Self { store, objects: Objects::new(), past: None }
    }

    /// Makes a call and compares all objects. Returns the kind of the call.
    pub(super) fn call(&mut self, input: &mut Input<'_>) -> &'static str {
        let ids: Vec<ObjectId> = self.objects.keys().copied().collect();
        let kind = match (input.below(8), input.pick(&ids).copied()) {
            (0..=2, Some(id)) => self.set(id, input),
            (3, Some(id)) => {
                self.store.despawn(id).expect("it lives");
                self.objects.remove(&id);
                "nested despawned"
            }
            (4, _) => self.travel(),
            _ => self.spawn(input),
        };
        self.check();
        kind
    }

    fn spawn(&mut self, input: &mut Input<'_>) -> &'static str {
        let mut values: Vec<Value> = PARTS.iter().map(|part| right(part, input)).collect();
        let is_wrong = input.below(4) == 0;
        let at = input.below(PARTS.len());
        if is_wrong {
            values[at] = wrong(PARTS[at], input);
        }
        let record: Record = PARTS.into_iter().zip(values.iter().cloned()).collect();
        match self.store.spawn_record("spell", record) {
            Ok(id) => {
                assert!(!is_wrong, "{} is wrong: {:?}", PARTS[at], values[at]);
                self.objects.insert(id, values);
                "nested spawned"
            }
            Err(SpawnError::Rejected(_)) if is_wrong => "nested refused",
            Err(SpawnError::Limit(LimitError::Rows { .. })) => "nested refused",
            Err(error) => panic!("the record is right: {error}"),
        }
    }

    fn set(&mut self, id: ObjectId, input: &mut Input<'_>) -> &'static str {
        let at = input.below(PARTS.len());
        if input.below(4) == 0 {
            let value = wrong(PARTS[at], input);
            assert!(self.store.set_value(id, PARTS[at], value.clone()).is_err(), "{value:?}");
            return "nested refused";
        }
        let value = right(PARTS[at], input);
        assert_eq!(self.store.set_value(id, PARTS[at], value.clone()), Ok(()));
        self.objects.get_mut(&id).expect("it lives")[at] = value;
        "nested set"
    }

    fn travel(&mut self) -> &'static str {
        match self.past.take() {
            Some((snapshot, objects)) => {
                self.store.restore(&snapshot).expect("it is of this store");
                self.objects = objects;
                assert_eq!(self.store.state_hash(), snapshot.state_hash());
                "nested restored"
            }
            None => {
                self.past = Some((self.store.snapshot(), self.objects.clone()));
                "nested snapshots"
            }
        }
    }

    fn check(&self) {
        // The store lists ids by row, the model by generation first.
        let mut ids: Vec<ObjectId> = self.store.ids().collect();
        ids.sort_unstable();
        assert!(ids.iter().eq(self.objects.keys()));
        for (id, values) in &self.objects {
            for (part, value) in PARTS.iter().zip(values) {
                assert_eq!(self.store.get_value(*id, part).as_ref(), Ok(value), "{part}");
            }
        }
    }
}
