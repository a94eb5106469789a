//! The hashes of a delta are as `docs/format.md` says.

use slotted::{Kind, ObjectId, Schema, Store, record};

type Outcome = Result<(), Box<dyn std::error::Error>>;

const fn step(hash: u64, bits: u64) -> u64 {
    let mixed = (hash ^ bits).wrapping_mul(0xff51_afd7_ed55_8ccd);
    mixed ^ (mixed >> 32)
}

fn steps(start: u64, bits: &[u64]) -> u64 {
    bits.iter().fold(start, |hash, bits| step(hash, *bits))
}

fn text(text: &str) -> u64 {
    let (words, rest) = text.as_bytes().as_chunks::<8>();
    let words = words.iter().map(|word| u64::from_le_bytes(*word));
    let rest = rest.iter().map(|byte| u64::from(*byte));
    words.chain(rest).fold(text.len() as u64, step)
}

const fn finish(hash: u64) -> u64 {
    step(hash, 0x9e37_79b9_7f4a_7c15)
}

/// Returns the hash of a value of a slot of `unit`, from its steps.
fn value(slot: &str, kind: u64, is_optional: bool, row: u64, bits: &[u64]) -> u64 {
    let kind = step(kind, u64::from(is_optional));
    finish(steps(step(steps(text("unit"), &[text(slot), kind]), row), bits))
}

#[test]
fn the_hashes_of_a_world_are_those_of_its_rows_and_values() -> Outcome {
    let mut store = Store::new();
    let job = Kind::enumeration(["farmer", "soldier"]);
    let unit = Schema::builder("unit")
        .slot("name of the unit", Kind::Text)
        .slot("health", Kind::F32)
        .optional()
        .slot("age", Kind::I16)
        .slot("job", job)
        .slot("jobs", Kind::list(Kind::enumeration(["a", "b"])))
        .slot("home", Kind::Vec3)
        .slot("goal", Kind::I64Vec2)
        .slot("bytes", Kind::Array(slotted::schema::NumberKind::U8, 3))
        .slot("leader", Kind::Object)
        .optional()
        .slot("color", Kind::opaque_pod("game::Color", 4, 2));
    store.register_schema(unit.build()?)?;
    let color = slotted::Value::Bytes([1, 2, 3, 4].into());
    let unit = |store: &mut Store| {
        let record = record! {
            "name of the unit": "Ada, the first one", age: -3, job: "soldier", jobs: ["b", "a"],
            home: [1.0_f32, 2.0, 3.0], goal: slotted::Value::List([7.into(), (-7).into()].into()),
            bytes: [1, 2, 3], color: color.clone()
        };
        store.spawn_record("unit", record)
    };
    let ids: Vec<ObjectId> = (0..2).map(|_| unit(&mut store)).collect::<Result<_, _>>()?;
    store.despawn(ids[0])?;
    let id = ids[1];
    store.set_value(id, "health", -0.5_f32)?;
    store.set_value(id, "leader", id)?;

    let row = |row: u64, generation: u64| finish(steps(text("unit"), &[row, generation]));
    let list = |element: u64| step(text("list"), element);
    let bits = |number: f32| u64::from(number.to_bits());
    let array = steps(text("array"), &[text("u8"), 3]);
    let reference = steps(text("unit"), &[1, 1]);
    let jobs = steps(2, &[text("b"), text("a")]);
    let home = [bits(1.0) | bits(2.0) << 32, bits(3.0)];
    let hashes = [
        row(1, 1),
        value("name of the unit", text("text"), false, 1, &[text("Ada, the first one")]),
        value("health", text("f32"), true, 1, &[bits(-0.5)]),
        value("age", text("i16"), false, 1, &[(-3_i64).cast_unsigned()]),
        value("job", text("enum"), false, 1, &[text("soldier")]),
        value("jobs", list(text("enum")), false, 1, &[jobs]),
        value("home", text("vec3"), false, 1, &home),
        value("goal", text("i64vec2"), false, 1, &[7, (-7_i64).cast_unsigned()]),
        value("bytes", array, false, 1, &[1, 2, 3]),
        value("leader", text("object"), true, 1, &[reference]),
        value("color", step(text("pod"), text("game::Color")), false, 1, &[0x0201, 0x0403]),
    ];
    let sum = hashes.into_iter().fold(0, u64::wrapping_add);
    assert_eq!(store.state_hash(), finish(sum));
    assert_eq!(store.future_ids_hash(), finish(row(0, 2).wrapping_add(row(1, 1))));
    Ok(())
}
