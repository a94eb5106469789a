//! Slots whose files may leave out the brackets around the only element of a list.

use slotted::{Store, Value};
use slotted_definitions::Format;

use crate::support::{Outcome, load};

const SCHEMAS: &str = r#"
[schemas.unit.slots]
flags = { kind = "list(text)", one_or_list = true }
attacks = { kind = "list", one_or_list = true, slots = { name = "text", power = "u8" } }
"#;

#[test]
fn a_list_of_one_element_is_written_as_it_came() -> Outcome {
    let records = r#"{"records": {"unit": {
        "plain": {"flags": "WILD", "attacks": {"name": "bite", "power": 7}},
        "listed": {"flags": ["WILD"], "attacks": [{"name": "bite", "power": 7}]},
        "child": {"inherits": "listed"},
        "wild": {"flags": [], "attacks": {"name": "kick", "power": 3}}
    }}, "patches": {"records": {"unit": {"plain": {"attacks": [{"name": "claw", "power": 2}]}}}}}"#;
    for format in [Format::Toml, Format::Ron, Format::Json, Format::Yaml] {
        let mut store = Store::new();
        let objects = load(&[("s.toml", SCHEMAS), ("r.json", records)])?.spawn(&mut store)?;
        let written = objects.to_files(&store, format)?;
        let (path, text) = &written[0];
        let files = [("s.toml", SCHEMAS), (path, text)];
        let mut store = Store::new();
        let objects = load(&files)?.spawn(&mut store)?;
        assert_eq!(objects.to_files(&store, format)?, written);
        let listed = objects.id("unit", "listed").ok_or("is there")?;
        store.set_value(listed, "flags", Value::from(["TAME"]))?;
        let json = objects.to_files(&store, Format::Json)?.remove(0).1;
        let json: serde_json::Value = serde_json::from_str(&json)?;
        let unit = |name: &str, slot: &str| json["records"]["unit"][name][slot].clone();
        let one = serde_json::json!({"name": "bite", "power": 7});
        assert_eq!(unit("plain", "flags"), "WILD", "{json}");
        assert_eq!(unit("listed", "flags"), serde_json::json!(["TAME"]), "{json}");
        assert_eq!(unit("child", "flags"), serde_json::json!(["WILD"]), "{json}");
        assert_eq!(unit("listed", "attacks"), serde_json::json!([one]), "{json}");
        assert_eq!(unit("wild", "attacks"), serde_json::json!({"name": "kick", "power": 3}));
        assert_eq!(unit("plain", "attacks"), serde_json::json!([{"name": "claw", "power": 2}]));
    }
    Ok(())
}
