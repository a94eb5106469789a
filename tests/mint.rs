//! Tests values, records and slots of mint types, for engines with another version of glam.

use std::error::Error;

use slotted::glam::{DVec3, Mat4, Quat, Vec3};
use slotted::{Kind, Schema, Slotted, Store, Value, record};

/// The vector type of an engine, which converts only to mint.
struct EngineVector {
    x: f32,
    y: f32,
    z: f32,
}

impl From<EngineVector> for mint::Vector3<f32> {
    fn from(vector: EngineVector) -> Self {
        Self { x: vector.x, y: vector.y, z: vector.z }
    }
}

impl From<mint::Vector3<f32>> for EngineVector {
    fn from(vector: mint::Vector3<f32>) -> Self {
        Self { x: vector.x, y: vector.y, z: vector.z }
    }
}

#[derive(Slotted, Clone, Copy)]
struct Unit {
    position: Vec3,
}

#[test]
fn an_engine_with_its_own_vectors_uses_records_and_keys() -> Result<(), Box<dyn Error>> {
    let mut store = Store::new();
    store.register::<Unit>()?;
    let position: mint::Vector3<f32> = EngineVector { x: 1.0, y: 2.0, z: 3.0 }.into();
    let unit = store.spawn_record("unit", record! { position: position })?;
    assert_eq!(store.get_value(unit, "position")?, Vec3::new(1.0, 2.0, 3.0).into());

    let key = store.key::<Vec3>("unit", "position")?;
    let up: mint::Vector3<f32> = EngineVector { x: 0.0, y: 1.0, z: 0.0 }.into();
    store.set(unit, key, up.into())?;
    let found: mint::Vector3<f32> = store.get(unit, key).ok_or("it is alive")?.into();
    assert_eq!(EngineVector::from(found).y, 1.0);
    Ok(())
}

#[test]
fn each_mint_type_becomes_the_glam_type_of_its_shape() {
    let quat = mint::Quaternion::from([1.0_f32, 2.0, 3.0, 4.0]);
    assert_eq!(Value::from(quat), Quat::from_xyzw(1.0, 2.0, 3.0, 4.0).into());
    let matrix = Mat4::from_translation(Vec3::ONE);
    assert_eq!(Value::from(mint::ColumnMatrix4::from(matrix)), matrix.into());
    let wide = mint::Vector3::from([0.1, 0.2, 0.3]);
    assert_eq!(Value::from(wide), DVec3::new(0.1, 0.2, 0.3).into());
    let whole = mint::Vector2::from([7_i64, -7]);
    assert_eq!(Value::from(whole).kind_name(), "i64vec2");
}

#[test]
fn constraints_hold_for_mint_values() -> Result<(), Box<dyn Error>> {
    let mut store = Store::new();
    let tile = Schema::builder("tile").slot("corner", Kind::IVec2).step(16);
    store.register_schema(tile.build()?)?;
    let corner = |x, y| record! { corner: mint::Vector2::<i32>::from([x, y]) };
    assert!(store.spawn_record("tile", corner(16, -32)).is_ok());
    assert!(store.spawn_record("tile", corner(16, 8)).is_err());
    Ok(())
}
