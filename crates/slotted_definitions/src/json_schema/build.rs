//! Builds the parts of JSON Schemas.

use serde_json::{Map, Value as Json, json};

pub(super) fn reference(name: &str) -> Json {
    json!({ "$ref": format!("#/$defs/{name}") })
}

pub(super) fn object(title: String, properties: Map<String, Json>) -> Json {
    json!({
        "title": title,
        "type": "object",
        "properties": properties,
        "additionalProperties": false,
    })
}

pub(super) fn closed(properties: Map<String, Json>, description: &str) -> Json {
    json!({
        "description": description,
        "type": "object",
        "properties": properties,
        "additionalProperties": false,
    })
}

pub(super) fn closed_json(properties: Json) -> Json {
    json!({ "type": "object", "properties": properties, "additionalProperties": false })
}

pub(super) fn map_of(values: &Json, description: &str) -> Json {
    json!({ "description": description, "type": "object", "additionalProperties": values })
}

/// Accepts null too.
pub(super) fn or_null(json: Json) -> Json {
    let mut json = not_null(json);
    if let Some(kind) = json.get("type").cloned() {
        let mut kinds = match kind {
            Json::Array(kinds) => kinds,
            single => vec![single],
        };
        kinds.push("null".into());
        json["type"] = kinds.into();
    } else if let Some(Json::Array(values)) = json.get_mut("enum") {
        values.push(Json::Null);
    } else if let Some(Json::Array(forms)) = json.get_mut("anyOf") {
        forms.push(json!({ "type": "null" }));
    }
    json
}

pub(super) fn not_null(mut json: Json) -> Json {
    if let Some(Json::Array(kinds)) = json.get_mut("type") {
        kinds.retain(|kind| kind != "null");
        if let [single] = &mut **kinds {
            json["type"] = single.take();
        }
    } else if let Some(Json::Array(values)) = json.get_mut("enum") {
        values.retain(|value| !value.is_null());
    } else if let Some(Json::Array(forms)) = json.get_mut("anyOf") {
        forms.retain(|form| *form != json!({ "type": "null" }));
    }
    json
}
