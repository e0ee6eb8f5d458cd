//! Single values, in every form in which a backend may write them.

use melody_model::JsonMap;
use serde_json::Value;

use crate::request::camel;

/// The fields of an object. What is read is taken out; what remains is what nobody has a name for.
#[derive(Debug, Default)]
pub(crate) struct Fields(JsonMap);

impl Fields {
    /// Of an object, or of a text that holds one (a JSON column that a driver did not decode).
    pub fn of(value: &Value) -> Option<Self> {
        object(value).map(Self)
    }

    /// Takes the first field that goes by one of these names, in snake or camel case, and that `read`
    /// understands. Null is absent; what is not understood stays.
    pub fn read<T>(&mut self, names: &[&str], read: impl Fn(&Value) -> Option<T>) -> Option<T> {
        for name in names {
            for name in [(*name).to_owned(), camel(name)] {
                match self.0.get(&name) {
                    None => {}
                    Some(Value::Null) => {
                        self.0.remove(&name);
                    }
                    Some(value) => {
                        if let Some(value) = read(value) {
                            self.0.remove(&name);
                            return Some(value);
                        }
                    }
                }
            }
        }
        None
    }

    /// Drops fields that nobody is to keep.
    pub fn forget(&mut self, names: &[&str]) {
        for name in names {
            self.0.remove(*name);
            self.0.remove(&camel(name));
        }
    }

    /// Puts something back under the name that it came with.
    pub fn keep(&mut self, name: &str, value: Value) {
        self.0.insert(name.to_owned(), value);
    }

    /// What nobody has a name for, without nulls.
    pub fn rest(mut self) -> JsonMap {
        self.0.retain(|_, value| !value.is_null());
        self.0
    }
}

/// An object, or a text that holds one.
pub(crate) fn object(value: &Value) -> Option<JsonMap> {
    match value {
        Value::Object(map) => Some(map.clone()),
        Value::String(text) => match serde_json::from_str(text).ok()? {
            Value::Object(map) => Some(map),
            // Encoded once more by a second layer.
            inner @ Value::String(_) if inner != *value => object(&inner),
            _ => None,
        },
        _ => None,
    }
}

/// A text that says something, or a number as text.
pub(crate) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => {
            let text = text.trim();
            (!text.is_empty()).then(|| text.to_owned())
        }
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// A number, or a text that holds one.
pub(crate) fn number(value: &Value) -> Option<f64> {
    let number = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    number.filter(|n: &f64| n.is_finite())
}

/// A whole number that is not negative; a fraction is rounded.
pub(crate) fn whole(value: &Value) -> Option<u64> {
    let exact = match value {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    exact.or_else(|| number(value).map(f64::round).filter(|n| (0.0..1e15).contains(n)).map(|n| n as u64))
}

/// The same in 32 bits.
pub(crate) fn small(value: &Value) -> Option<u32> {
    whole(value).and_then(|n| u32::try_from(n).ok())
}

/// A year: a number, or the beginning of a date.
pub(crate) fn year(value: &Value) -> Option<i32> {
    let plausible = |n: f64| (1.0..=9999.0).contains(&n);
    match number(value) {
        Some(n) => plausible(n).then_some(n as i32),
        None => value.as_str()?.trim().split_once('-')?.0.parse().ok().filter(|y| plausible(f64::from(*y))),
    }
}

/// Yes or no, in any of their spellings.
pub(crate) fn truth(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(yes) => Some(*yes),
        Value::Number(_) => number(value).map(|n| n != 0.0),
        Value::String(text) => match text.trim().to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" => Some(true),
            "false" | "0" | "no" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

/// A list of words: as a list, as a text that holds a list, as words between commas, or a single word.
pub(crate) fn words(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::Array(items) => Some(items.iter().filter_map(text).collect()),
        Value::String(line) => match serde_json::from_str(line) {
            Ok(list @ Value::Array(_)) => words(&list),
            _ => Some(
                line.split([',', ';']).map(str::trim).filter(|w| !w.is_empty()).map(str::to_owned).collect(),
            ),
        },
        _ => None,
    }
}

/// A list, or a text that holds one.
pub(crate) fn list(value: &Value) -> Option<Vec<Value>> {
    match value {
        Value::Array(items) => Some(items.clone()),
        Value::String(text) => match serde_json::from_str(text).ok()? {
            Value::Array(items) => Some(items),
            _ => None,
        },
        _ => None,
    }
}
