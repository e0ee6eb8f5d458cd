//! What a deviation makes of an answer's body. A plain function of both.

use serde_json::{Map, Value};

use crate::deviations::{Deviation, DeviationKind};

/// Makes the body deviate; one that does not have the field stays as it is.
pub(crate) fn spoil(body: &mut Value, deviation: &Deviation) {
    use DeviationKind as Kind;
    let place = Place::of(deviation);
    match deviation.kind {
        Kind::Rename => {
            let Some(to) = &deviation.to else { return };
            each_field(body, &place, &mut |object, name| {
                if let Some(value) = object.remove(name) {
                    object.insert(to.clone(), value);
                }
            });
        }
        Kind::Drop => each_field(body, &place, &mut |object, name| {
            object.remove(name);
        }),
        Kind::Type => each_field(body, &place, &mut |object, name| change(object, name, of_another_type)),
        Kind::Precision => each_field(body, &place, &mut |object, name| change(object, name, less_exact)),
        Kind::Encoding if deviation.field.is_none() => each_text(body, place.row),
        Kind::Encoding => each_field(body, &place, &mut |object, name| {
            if let Some(value) = object.get_mut(name) {
                each_text(value, None);
            }
        }),
        Kind::Order => each_list(body, &place, &mut |rows| rows.reverse()),
        Kind::Doubled => each_list(body, &place.without_row(), &mut |rows| {
            let at = deviation.nth.unwrap_or(1) - 1;
            if let Some(row) = rows.get(at).cloned() {
                rows.insert(at, row);
            }
        }),
        Kind::Lost => each_list(body, &place.without_row(), &mut |rows| {
            let at = deviation.nth.unwrap_or(1) - 1;
            if at < rows.len() {
                rows.remove(at);
            }
        }),
        // Of the answer, not of its body.
        Kind::Status | Kind::Slow => {}
    }
}

/// Which fields are meant.
struct Place<'a> {
    /// Names from the body's top; empty for any field.
    path: Vec<&'a str>,
    /// Only this row of each list, from 0.
    row: Option<usize>,
}

impl<'a> Place<'a> {
    fn of(deviation: &'a Deviation) -> Self {
        let path = deviation.field.as_deref().map(|field| field.split('.').map(str::trim).collect());
        Self { path: path.unwrap_or_default(), row: deviation.nth.map(|nth| nth.saturating_sub(1)) }
    }

    fn without_row(self) -> Self {
        Self { row: None, ..self }
    }

    /// The rows of a list that are meant.
    fn rows<'v>(&self, list: &'v mut [Value]) -> impl Iterator<Item = &'v mut Value> {
        let row = self.row;
        list.iter_mut()
            .enumerate()
            .filter(move |(at, _)| row.is_none_or(|row| row == *at))
            .map(|(_, one)| one)
    }
}

type OnField<'f> = &'f mut dyn FnMut(&mut Map<String, Value>, &str);

/// Every field that is meant: by its path, or by its name wherever it is.
fn each_field(body: &mut Value, place: &Place<'_>, act: OnField<'_>) {
    match place.path.as_slice() {
        [] => {}
        [name] => anywhere(body, place, name, act),
        path => along(body, place, path, act),
    }
}

fn anywhere(value: &mut Value, place: &Place<'_>, name: &str, act: OnField<'_>) {
    match value {
        Value::Array(list) => place.rows(list).for_each(|one| anywhere(one, place, name, act)),
        Value::Object(object) => {
            object.values_mut().for_each(|one| anywhere(one, place, name, act));
            if object.contains_key(name) {
                act(object, name);
            }
        }
        _ => {}
    }
}

fn along(value: &mut Value, place: &Place<'_>, path: &[&str], act: OnField<'_>) {
    match (value, path) {
        (Value::Array(list), _) => place.rows(list).for_each(|one| along(one, place, path, act)),
        (Value::Object(object), [name]) if object.contains_key(*name) => act(object, name),
        (Value::Object(object), [name, rest @ ..]) if !rest.is_empty() => {
            if let Some(inner) = object.get_mut(*name) {
                along(inner, place, rest, act);
            }
        }
        _ => {}
    }
}

/// Every list that is meant: the field's, or each list of objects that lies in no other.
fn each_list(body: &mut Value, place: &Place<'_>, act: &mut dyn FnMut(&mut Vec<Value>)) {
    if place.path.is_empty() {
        return lists_of_objects(body, act);
    }
    each_field(body, place, &mut |object, name| {
        if let Some(Value::Array(rows)) = object.get_mut(name) {
            act(rows);
        }
    });
}

fn lists_of_objects(value: &mut Value, act: &mut dyn FnMut(&mut Vec<Value>)) {
    match value {
        Value::Array(rows) if rows.first().is_some_and(Value::is_object) => act(rows),
        Value::Object(object) => object.values_mut().for_each(|one| lists_of_objects(one, act)),
        _ => {}
    }
}

fn change(object: &mut Map<String, Value>, name: &str, to: fn(&Value) -> Value) {
    if let Some(value) = object.get_mut(name) {
        *value = to(value);
    }
}

fn of_another_type(value: &Value) -> Value {
    match value {
        Value::Null => Value::Null,
        Value::String(_) => Value::Array(vec![value.clone()]),
        other => Value::String(other.to_string()),
    }
}

fn less_exact(value: &Value) -> Value {
    match value {
        Value::Number(number) => match number.as_i64() {
            Some(whole) => Value::from(whole - whole.rem_euclid(10)),
            None => number.as_f64().map_or_else(|| value.clone(), |number| Value::from(number.trunc())),
        },
        // `2024-01-15T10:30:45.123Z`: what lies between the minutes and the zone goes.
        Value::String(text) if is_moment(text) => {
            let zone = text[19..].trim_start_matches(|c: char| c == '.' || c.is_ascii_digit());
            Value::from(format!("{}:00{zone}", &text[..16]))
        }
        other => other.clone(),
    }
}

fn is_moment(text: &str) -> bool {
    text.is_ascii() && text.len() >= 19 && text[..19].parse::<jiff::civil::DateTime>().is_ok()
}

/// Every text below, in the rows that are meant.
fn each_text(value: &mut Value, row: Option<usize>) {
    match value {
        Value::String(text) => *text = text.bytes().map(char::from).collect(),
        Value::Array(list) => {
            let all = list.iter_mut().enumerate();
            let meant = all.filter(|(at, one)| row.is_none_or(|row| row == *at) || !one.is_object());
            meant.for_each(|(_, one)| each_text(one, row));
        }
        Value::Object(object) => object.values_mut().for_each(|one| each_text(one, row)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn body() -> Value {
        json!({
            "success": true,
            "data": {"tracks": [
                {"id": "1", "title": "é", "duration": 187, "genre": ["pop"], "at": "2024-01-15T10:30:45.123Z"},
                {"id": "2", "title": "B", "duration": 61, "energy": 0.75, "album": {"title": "मेघ"}},
            ]},
            "pagination": {"total": 2},
        })
    }

    fn spoilt(deviation: Deviation) -> Value {
        let mut spoilt = body();
        spoil(&mut spoilt, &deviation);
        spoilt
    }

    fn of(kind: DeviationKind) -> Deviation {
        Deviation::new("*", kind)
    }

    /// The body with one change by hand.
    fn with(change: impl FnOnce(&mut Value)) -> Value {
        let mut wanted = body();
        change(&mut wanted);
        wanted
    }

    #[test]
    fn a_field_is_meant_by_its_name_or_by_its_path() {
        use DeviationKind::{Drop, Rename};
        assert_eq!(
            spoilt(of(Rename).field("data.tracks.title").to("name")),
            with(|body| {
                for row in body["data"]["tracks"].as_array_mut().unwrap() {
                    let title = row.as_object_mut().unwrap().remove("title").unwrap();
                    row["name"] = title;
                }
            })
        );
        let everywhere = spoilt(of(Drop).field("title"));
        assert!(!everywhere.to_string().contains("title"), "the album's too");
        let second = spoilt(of(Drop).field("duration").nth(2));
        assert_eq!(second["data"]["tracks"][0]["duration"], 187);
        assert_eq!(second["data"]["tracks"][1].get("duration"), None);
        assert_eq!(spoilt(of(Drop).field("nothing")), body());
        assert_eq!(spoilt(of(Drop).field("data.nothing.title")), body());
    }

    #[test]
    fn types_and_figures_change_as_told() {
        use DeviationKind::{Precision, Type};
        let typed = |field| spoilt(of(Type).field(field));
        assert_eq!(typed("duration")["data"]["tracks"][0]["duration"], "187");
        assert_eq!(typed("id")["data"]["tracks"][0]["id"], json!(["1"]));
        assert_eq!(typed("genre")["data"]["tracks"][0]["genre"], "[\"pop\"]");
        assert_eq!(typed("success")["success"], "true");
        let rough = |field| spoilt(of(Precision).field(field));
        assert_eq!(rough("duration")["data"]["tracks"][0]["duration"], 180);
        assert_eq!(rough("energy")["data"]["tracks"][1]["energy"], 0.0);
        assert_eq!(rough("at")["data"]["tracks"][0]["at"], "2024-01-15T10:30:00Z");
        assert_eq!(rough("title"), body(), "a text that is no moment stays");
    }

    #[test]
    fn rows_turn_double_and_go() {
        use DeviationKind::{Doubled, Lost, Order};
        let ids = |body: Value| -> Vec<String> {
            let rows = body["data"]["tracks"].as_array().unwrap().clone();
            rows.iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect()
        };
        assert_eq!(ids(spoilt(of(Order))), ["2", "1"]);
        assert_eq!(ids(spoilt(of(Doubled))), ["1", "1", "2"]);
        assert_eq!(ids(spoilt(of(Doubled).field("tracks").nth(2))), ["1", "2", "2"]);
        assert_eq!(ids(spoilt(of(Lost).nth(2))), ["1"]);
        assert_eq!(ids(spoilt(of(Lost).nth(3))), ["1", "2"]);
        assert_eq!(spoilt(of(Lost))["pagination"]["total"], 2);
    }

    #[test]
    fn texts_are_read_as_what_they_are_not() {
        use DeviationKind::Encoding;
        let all = spoilt(of(Encoding));
        assert_eq!(all["data"]["tracks"][0]["title"], "Ã©");
        assert_eq!(all["data"]["tracks"][1]["title"], "B");
        assert_ne!(all["data"]["tracks"][1]["album"]["title"], "मेघ");
        let second = spoilt(of(Encoding).field("title").nth(2));
        assert_eq!(second["data"]["tracks"][0]["title"], "é");
        assert_ne!(second["data"]["tracks"][1]["album"]["title"], "मेघ");
    }
}
