//! Variables: what stands in braces becomes what the run knows.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Case;

/// What a run knows by name, on one backend.
pub(crate) type Variables = BTreeMap<String, Value>;

/// A filled text, or the variable that is missing.
pub(crate) type Filled<T> = Result<T, String>;

/// One case for each value, its id with the value's letters or place; the value itself waits in `with`.
pub(super) fn expand(case: Case) -> Vec<Case> {
    let mut cases = vec![Case { each: BTreeMap::new(), ..case.clone() }];
    for (name, values) in &case.each {
        cases = cases
            .iter()
            .flat_map(|case| {
                values.iter().enumerate().map(move |(at, value)| {
                    let shown = label(value).unwrap_or_else(|| format!("#{}", at + 1));
                    let mut one = Case { id: format!("{}/{name}={shown}", case.id), ..case.clone() };
                    one.with.insert(name.clone(), repeated(value));
                    // A method decides how a step is played, so it is known from the start.
                    if let (Value::String(method), "method") = (value, name.as_str()) {
                        for step in &mut one.steps {
                            step.call = step.call.replacen("{method}", method, 1);
                        }
                    }
                    one
                })
            })
            .collect();
    }
    cases
}

/// A short word for a value in an id; a long or strange one is named by its place.
fn label(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => {
            let plain = text.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '+' | '.' | '_'));
            (plain && !text.is_empty() && text.chars().count() <= 24 && text.is_ascii()).then(|| text.clone())
        }
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        _ => None,
    }
}

/// `a*500` in braces of its own, `{a*500}`, is five hundred of them.
fn repeated(value: &Value) -> Value {
    let many = |text: &str| {
        let (letter, count) = text.strip_prefix('{')?.strip_suffix('}')?.rsplit_once('*')?;
        Some(letter.repeat(count.parse().ok().filter(|n| *n <= 100_000)?))
    };
    match value.as_str().and_then(many) {
        Some(text) => text.into(),
        None => value.clone(),
    }
}

/// A text with its variables.
pub(crate) fn fill_text(text: &str, known: &Variables) -> Filled<String> {
    replace(text, known)
}

/// A value with the variables of all its texts; a text that is nothing but one variable becomes its value.
pub(crate) fn fill_value(value: &Value, known: &Variables) -> Filled<Value> {
    walk(value, known)
}

fn walk(value: &Value, known: &Variables) -> Filled<Value> {
    Ok(match value {
        Value::String(text) => match whole(text).and_then(|name| known.get(name)) {
            Some(value) => value.clone(),
            None => replace(text, known)?.into(),
        },
        Value::Array(items) => items.iter().map(|item| walk(item, known)).collect::<Filled<Vec<_>>>()?.into(),
        Value::Object(fields) => Value::Object(
            fields
                .iter()
                .map(|(name, value)| Ok((name.clone(), walk(value, known)?)))
                .collect::<Filled<_>>()?,
        ),
        other => other.clone(),
    })
}

fn whole(text: &str) -> Option<&str> {
    text.strip_prefix('{')?.strip_suffix('}').filter(|name| is_name(name))
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

/// Braces around anything but a name are letters like others.
fn replace(text: &str, known: &Variables) -> Filled<String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(open) = rest.find('{') {
        let (before, from) = rest.split_at(open);
        out.push_str(before);
        let name = from[1..].split_once('}').map(|(name, _)| name).filter(|name| is_name(name));
        let Some(name) = name else {
            out.push('{');
            rest = &from[1..];
            continue;
        };
        match known.get(name) {
            Some(Value::String(value)) => out.push_str(value),
            Some(value) => out.push_str(&value.to_string()),
            None => return Err(name.to_owned()),
        }
        rest = &from[name.len() + 2..];
    }
    out.push_str(rest);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{super::Step, *};

    #[test]
    fn variables_are_filled_and_missing_ones_named() {
        let known = Variables::from([("id".into(), json!("x/y")), ("n".into(), json!(7))]);
        assert_eq!(fill_text("/a/{id}?{n}", &known), Ok("/a/x/y?7".into()));
        assert_eq!(fill_text("{other}", &known), Err("other".into()));
        assert_eq!(fill_text("{ no } {} {A} {", &known), Ok("{ no } {} {A} {".into()));
        assert_eq!(fill_value(&json!({ "a": ["{n}", "n={n}"] }), &known), Ok(json!({ "a": [7, "n=7"] })));
    }

    #[test]
    fn a_case_is_tried_with_each_value() {
        let case = Case {
            id: "search".into(),
            each: BTreeMap::from([("q".into(), vec![json!("a"), json!("{a*3}"), json!(0)])]),
            steps: vec![Step {
                call: "GET /x".into(),
                query: BTreeMap::from([("q".into(), json!("{q}"))]),
                ..Step::default()
            }],
            ..Case::default()
        };
        let cases = expand(case);
        let ids: Vec<_> = cases.iter().map(|case| case.id.as_str()).collect();
        assert_eq!(ids, ["search/q=a", "search/q=#2", "search/q=0"]);
        assert_eq!((&cases[1].with["q"], &cases[2].with["q"]), (&json!("aaa"), &json!(0)));
        assert_eq!(cases[0].steps[0].query["q"], "{q}");
    }
}
