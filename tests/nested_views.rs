//! Views over the parts of nested values, and the refusal of views over whole ones.

use std::error::Error;

use slotted::{
    Any, Kind, List, Records, Schema, Slotted, Store, Text, Value, View, ViewError, record,
};

type Outcome = Result<(), Box<dyn Error>>;

#[derive(Slotted, Clone, Copy)]
struct Damage {
    min: u16,
    max: u16,
}

#[derive(Slotted, Clone, Copy)]
struct Loot {
    item: Text,
    chance: f32,
}

fn store() -> Result<Store, Box<dyn Error>> {
    let skill = Schema::builder("skill").slot("level", Kind::U8).build()?;
    let unit = Schema::builder("unit")
        .nested("damage", &Damage::schema()?)
        .nested_list("drops", &Loot::schema()?)
        .nested_map("skills", Kind::Text, &skill)
        .slot("size.0", Kind::F32)
        .slot("size.1", Kind::F32)
        .slot("grid[]", Kind::list(Kind::U8))
        .slot("grid[]#", Kind::list(Kind::U32))
        .slot("effect@type", Kind::enumeration(["heal", "rest"]))
        .slot("effect@heal.amount", Kind::F32)
        .optional()
        .slot("notes", Kind::Any)
        .optional();
    let mut store = Store::new();
    store.register_schema(unit.build()?)?;
    Ok(store)
}

macro_rules! wholes {
    ($($view:ident $name:literal $type:ty => $message:literal;)*) => {
        #[test]
        fn a_whole_nested_value_has_no_column() -> Outcome {
            let mut store = store()?;
            $(
                #[derive(View)]
                struct $view<'a> {
                    #[slot(name = $name)]
                    #[allow(dead_code)]
                    whole: $type,
                }
                let error = store.view::<$view<'_>>().map(|_| ()).unwrap_err();
                assert!(matches!(error, ViewError::Nested { .. }));
                assert_eq!(error.to_string(), concat!("view '", stringify!($view), "' wants '", $name, $message));
                assert!(store.view_ref::<$view<'_>>().is_err());
                assert_eq!(store.view_report::<$view<'_>>().error(), Some(&error));
            )*
            Ok(())
        }
    };
}
wholes! {
    Damages "damage" &'a u16 => "', which is a map of min, max in 'unit' and has no column; name its parts: \
        'damage.min', 'damage.max'";
    Drops "drops" &'a List<f32> => "', which is a list of maps of item, chance in 'unit' and has no column; name \
        its parts: 'drops[].item', 'drops[].chance'";
    Skills "skills" &'a List<u8> => "', which is a map of names and values in 'unit' and has no column; name its \
        parts: 'skills{}.key', 'skills{}.value.level'";
    Sizes "size" &'a [f32; 2] => "', which is a list of 2 values in 'unit' and has no column; name its parts: \
        'size.0', 'size.1'";
    Grids "grid" &'a List<u8> => "', which is a list of lists in 'unit' and has no column; name its parts: \
        'grid[]', 'grid[]#'";
    Effects "effect" Option<&'a Any> => "', which is a map with a type of heal, rest in 'unit' and has no column; \
        name its parts: 'effect@type', 'effect@heal.amount'";
}

#[derive(View)]
#[view(with = "effect")]
struct Filtered<'a> {
    notes: Option<&'a Any>,
}

#[derive(View)]
struct Noted<'a> {
    notes: Option<&'a Any>,
}

#[test]
fn filters_name_parts_too() -> Outcome {
    let mut store = store()?;
    let expected = "view 'Filtered' wants 'effect', which is a map with a type of heal, rest in 'unit' and has no \
                    column; name its parts: 'effect@type', 'effect@heal.amount'";
    let error = store.view::<Filtered<'_>>().map(|_| ()).unwrap_err();
    assert_eq!(error.to_string(), expected);
    let error = store.view::<Noted<'_>>()?.where_set("drops").map(|_| ()).unwrap_err();
    assert!(matches!(error, ViewError::Nested { .. }), "{error}");
    assert!(store.view::<Noted<'_>>()?.where_set("effect@heal.amount").is_ok());
    Ok(())
}

#[derive(View)]
struct Parts<'a> {
    #[slot(name = "damage.max")]
    max: &'a mut u16,
    #[slot(name = "drops[].chance")]
    chance: &'a List<f32>,
    #[slot(name = "skills{}.value.level")]
    levels: &'a List<u8>,
    #[slot(name = "size.1")]
    height: &'a f32,
    #[slot(name = "grid[]#")]
    rows: &'a List<u32>,
    #[slot(name = "effect@heal.amount")]
    amount: Option<&'a f32>,
    notes: Option<&'a Any>,
}

#[test]
fn each_part_is_a_field_of_a_view() -> Outcome {
    let mut store = store()?;
    let map = |parts: &[(&str, Value)]| parts.iter().cloned().collect::<Value>();
    let unit = record! {
        damage: map(&[("min", 1.into()), ("max", 4.into())]),
        drops: [map(&[("item", "bone".into()), ("chance", 0.5.into())])],
        skills: map(&[("hunt", map(&[("level", 3.into())]))]),
        size: [1.0, 2.0],
        grid: [Value::from([1, 2]), Value::List([].into())],
        effect: map(&[("type", "heal".into()), ("amount", 5.into())]),
        notes: "any"
    };
    let id = store.spawn_record("unit", unit)?;
    let notes = store.find_any(&"any".into());
    let mut found = Vec::new();
    store.view::<Parts<'_>>()?.for_each(|parts| {
        *parts.max += 1;
        let lists = (*parts.chance, *parts.levels, *parts.rows);
        found.push((lists, *parts.height, parts.amount.copied(), parts.notes.copied()));
    });
    let [((chance, levels, rows), height, amount, noted)] = *found else { panic!("one unit") };
    assert_eq!(store.resolve_list(chance), Some(&[0.5][..]));
    assert_eq!(store.resolve_list(levels), Some(&[3][..]));
    assert_eq!(store.resolve_list(rows), Some(&[2, 0][..]));
    assert_eq!((height, amount, noted), (2.0, Some(5.0), notes));
    assert_eq!(store.get_value(id, "damage.max")?, 5.into());
    Ok(())
}

#[test]
fn a_slot_of_one_schema_may_be_a_nested_value_of_another() -> Outcome {
    let mut store = store()?;
    store.register_schema(Schema::builder("sign").slot("effect", Kind::F32).build()?)?;
    #[derive(View)]
    struct Signs<'a> {
        effect: &'a f32,
    }
    store.spawn_record("sign", record! { effect: 3 })?;
    assert_eq!(store.view::<Signs<'_>>()?.iter().map(|sign| *sign.effect).sum::<f32>(), 3.0);
    Ok(())
}

#[test]
fn the_handle_of_records_is_no_field_of_a_view() -> Outcome {
    #[derive(Slotted, Clone, Copy)]
    struct Beast {
        #[slot(nested)]
        drops: Records<Loot>,
    }
    let mut store = Store::new();
    store.register::<Beast>()?;
    #[derive(View)]
    struct Drops<'a> {
        #[allow(dead_code)]
        drops: &'a List<f32>,
    }
    let error = store.view::<Drops<'_>>().map(|_| ()).unwrap_err();
    assert!(matches!(error, ViewError::Nested { .. }), "{error}");
    Ok(())
}
