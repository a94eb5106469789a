//! The attributes of `#[derive(Slotted)]` at run time.

use slotted::{List, Schema, Slotted, Store, Text, Value, record};

#[derive(Slotted, Clone, Copy)]
struct Item {
    #[slot(default = [])]
    drops: List<u16>,
    #[slot(default = [1, 2])]
    prices: List<u8>,
    #[slot(default = [-1, 2.5])]
    offset: [f32; 2],
    #[slot(default = [[1, 2], [3, 4]])]
    areas: List<[u16; 2]>,
    #[slot(default = ["metal", "sharp"])]
    tags: List<Text>,
    #[slot(default = [7; 4])]
    bytes: [u8; 4],
}

#[test]
fn lists_and_arrays_have_defaults() -> Result<(), Box<dyn std::error::Error>> {
    let mut store = Store::new();
    store.register::<Item>()?;
    let item = store.spawn_record("item", record! {})?;
    for (slot, expected) in [
        ("drops", Value::List([].into())),
        ("prices", [1_u8, 2].into()),
        ("offset", [-1.0_f32, 2.5].into()),
        ("areas", [[1_u16, 2], [3, 4]].into()),
        ("tags", ["metal", "sharp"].into()),
        ("bytes", [7_u8; 4].into()),
    ] {
        assert_eq!(store.get_value(item, slot)?, expected, "{slot}");
    }
    let object = store.get_object::<Item>(item)?;
    assert_eq!(store.resolve_list(object.prices), Some(&[1, 2][..]));
    assert_eq!(object.offset, [-1.0, 2.5]);
    Ok(())
}

#[test]
fn a_default_is_checked_when_the_schema_is_built() {
    #[derive(Slotted, Clone, Copy)]
    struct Narrow {
        #[slot(default = [1, 300])]
        prices: List<u8>,
    }
    let error = <Narrow as Slotted>::schema().map(|schema: Schema| schema.name().to_owned());
    assert_eq!(
        error.map_err(|error| error.to_string()),
        Err(
            "bad default: element 1 of slot 'prices' of 'narrow' expects u8, which cannot hold 300"
                .to_owned()
        )
    );
}

#[test]
fn a_renamed_field_keeps_its_values_in_a_migration() -> Result<(), Box<dyn std::error::Error>> {
    #[derive(slotted::Slotted, Clone, Copy)]
    #[slotted(name = "unit")]
    struct Renamed {
        #[slot(renamed_from = "hp")]
        health: f32,
    }
    let mut store = slotted::Store::new();
    store.register_schema(
        slotted::Schema::builder("unit").slot("hp", slotted::Kind::F32).build()?,
    )?;
    let unit = store.spawn_record("unit", slotted::record! { hp: 80.0 })?;
    let plan = store.plan_migration([<Renamed as slotted::Slotted>::schema()?])?;
    store.migrate(&plan)?;
    store.register::<Renamed>()?;
    assert_eq!(store.get_object::<Renamed>(unit)?.health, 80.0);
    Ok(())
}

#[test]
fn the_schema_name_of_a_struct_is_the_one_that_it_registers() -> Result<(), slotted::SchemaError> {
    #[derive(Slotted, Clone, Copy)]
    struct HeavyTank {
        armor: f32,
    }
    #[derive(Slotted, Clone, Copy)]
    #[slotted(name = "lorry")]
    struct Truck {
        #[slot(base)]
        tank: HeavyTank,
    }
    assert_eq!((HeavyTank::SCHEMA_NAME, Truck::SCHEMA_NAME), ("heavy_tank", "lorry"));
    assert_eq!(HeavyTank::schema()?.name(), HeavyTank::SCHEMA_NAME);
    assert_eq!(Truck::schema()?.name(), Truck::SCHEMA_NAME);
    Ok(())
}
