//! Two bodies in the common form, walked together: what differs, where, and what blue's would be with that difference.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use melody_api::Dialect;
use serde_json::{Map, Number, Value, json};

use super::{
    Kind, Row,
    align::{align, identity},
    leaf::{self, Verdict},
    shape::{pattern, under},
};
use crate::ids::{IdMap, Match};

/// One difference at one place.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Difference {
    /// A JSON pointer into blue's answer in the common form.
    pub path: String,
    pub kind: Kind,
    pub blue: Value,
    pub green: Value,
    /// What is to be said beside the two values; may be nothing.
    pub note: String,
}

impl Difference {
    /// What the same difference in other rows has in common with this one.
    pub fn group(&self) -> (String, Kind) {
        (pattern(&self.path), self.kind)
    }
}

/// By place: blue's number and green's, as they were first met.
pub(crate) type Sums = BTreeMap<String, (f64, f64)>;

/// Sums of the account that plays add to for good.
const SUMS: &[&str] = &["total_playtime", "playtime"];

/// What is known while two bodies are compared, and what was found.
pub(crate) struct Context<'a> {
    pub ids: &'a mut IdMap,
    pub dialects: (Dialect, Dialect),
    /// Whether the two speak different dialects, so that the table of shapes applies.
    pub crossed: bool,
    /// What was made later was made by this run, or by the sign-in before it.
    pub began: Timestamp,
    /// Scheme, host, port and prefix of either.
    pub origins: (&'a str, &'a str),
    pub form_only: &'a [String],
    pub near: &'a [String],
    pub any_order: bool,
    /// Sums that no case can take back, as each backend had them when the run began.
    pub sums: Option<&'a mut Sums>,
    /// Differences of this group are taken from green.
    pub take: Option<(String, Kind)>,
    pub found: Vec<Difference>,
    pub hidden: Vec<(&'static str, String)>,
    pub expected: Vec<(Row, String, Value, Value)>,
    /// Whether what is compared is known to be one thing, so that its ids may be learnt.
    sure: bool,
}

impl<'a> Context<'a> {
    pub fn new(
        ids: &'a mut IdMap,
        dialects: (Dialect, Dialect),
        began: Timestamp,
        origins: (&'a str, &'a str),
    ) -> Self {
        Self {
            ids,
            dialects,
            crossed: dialects.0 != dialects.1,
            began,
            origins,
            form_only: &[],
            near: &[],
            any_order: false,
            sums: None,
            take: None,
            found: Vec::new(),
            hidden: Vec::new(),
            expected: Vec::new(),
            sure: true,
        }
    }

    pub fn is_form_only(&self, path: &str) -> bool {
        self.form_only.iter().any(|rule| *rule == pattern(path))
    }

    pub fn is_near(&self, path: &str) -> bool {
        self.near.iter().any(|rule| *rule == pattern(path))
    }

    /// Whether a sum that cannot be taken back grew by the same on both since it was first met.
    pub fn grew_alike(&mut self, path: &str, blue: &Number, green: &Number) -> bool {
        if blue == green || !path.rsplit('/').next().is_some_and(|name| SUMS.contains(&name)) {
            return false;
        }
        let (Some(a), Some(b), Some(sums)) = (blue.as_f64(), green.as_f64(), self.sums.as_deref_mut()) else {
            return false;
        };
        let place = path.rsplit('/').next().unwrap_or_default().to_owned();
        let (before_a, before_b) = *sums.entry(place).or_insert((a, b));
        (a - before_a - (b - before_b)).abs() < 0.5
    }

    /// A pair of ids of two things that are one.
    pub fn pair(&mut self, blue: &str, green: &str) -> Match {
        if self.sure && self.take.is_none() {
            self.ids.learn(blue, green)
        } else {
            self.ids.check(blue, green)
        }
    }

    pub fn check(&self, blue: &str, green: &str) -> Match {
        self.ids.check(blue, green)
    }

    /// A text without the address of the backend that it came from.
    pub fn without_origin(&self, text: &str, blue: bool) -> String {
        let origin = if blue { self.origins.0 } else { self.origins.1 };
        if origin.is_empty() { text.to_owned() } else { text.replace(origin, "") }
    }

    /// Walks both and gives blue's with what is to be taken from green.
    pub fn walk(&mut self, blue: &Value, green: &Value, path: &str) -> Value {
        match (blue, green) {
            (Value::Object(a), Value::Object(b)) => self.objects(a, b, path),
            (Value::Array(a), Value::Array(b)) => self.lists(a, b, path),
            (a, b) => match leaf::compare(a, b, path, self) {
                Verdict::Same => a.clone(),
                Verdict::Hidden(rule) => {
                    self.hide(rule, path);
                    a.clone()
                }
                Verdict::Expected(row) => {
                    if self.take.is_none() {
                        self.expected.push((row, path.to_owned(), a.clone(), b.clone()));
                    }
                    a.clone()
                }
                Verdict::Differs(kind, note) => {
                    if self.differs(path, kind, a, b, note) {
                        b.clone()
                    } else {
                        a.clone()
                    }
                }
            },
        }
    }

    fn hide(&mut self, rule: &'static str, path: &str) {
        if self.take.is_none() {
            self.hidden.push((rule, path.to_owned()));
        }
    }

    /// Notes a difference; whether it is to be taken from green.
    fn differs(&mut self, path: &str, kind: Kind, blue: &Value, green: &Value, note: String) -> bool {
        if let Some((wanted, of_kind)) = &self.take {
            return *of_kind == kind && *wanted == pattern(path);
        }
        let (blue, green) = (blue.clone(), green.clone());
        self.found.push(Difference { path: path.to_owned(), kind, blue, green, note });
        false
    }

    fn objects(&mut self, blue: &Map<String, Value>, green: &Map<String, Value>, path: &str) -> Value {
        let mut out = Map::new();
        let mut lost = Vec::new();
        for (name, value) in blue {
            let at = under(path, name);
            match green.get(name) {
                Some(other) if value.is_null() == other.is_null() => {
                    out.insert(name.clone(), self.walk(value, other, &at));
                }
                None if value.is_null() => {
                    self.hide("absent and null", &at);
                    out.insert(name.clone(), Value::Null);
                }
                // A name that was taken back is empty where there was none; the client reads neither.
                None | Some(Value::Null) if name == "name" && *value == json!("") => {
                    self.hide("absent and empty", &at);
                    out.insert(name.clone(), value.clone());
                }
                None | Some(Value::Null) => lost.push((name, value)),
                Some(other) if name == "name" && *other == json!("") => {
                    self.hide("absent and empty", &at);
                    out.insert(name.clone(), Value::Null);
                }
                // Null here and something there.
                Some(other) => {
                    let take = self.differs(&at, Kind::Add, value, other, String::new());
                    out.insert(name.clone(), if take { other.clone() } else { Value::Null });
                }
            }
        }
        let mut new: Vec<(&String, &Value)> =
            green.iter().filter(|(name, _)| !blue.contains_key(*name)).collect();
        let one_each = lost.len() == 1 && new.len() == 1;
        for (name, value) in lost {
            let at = under(path, name);
            // Under another name it is not lost but renamed. What is the same in many fields says nothing, but where one
            // went and one came.
            let telling = one_each
                || !matches!(value, Value::Null | Value::Bool(_))
                    && *value != json!(0)
                    && *value != json!("");
            let renamed = new.iter().position(|(other, found)| {
                telling
                    && !value.is_null()
                    && !green.contains_key(name)
                    && self.means_the_same(value, found, other)
            });
            let taken = if let Some(place) = renamed {
                let (other, found) = new.remove(place);
                let note = format!("The field is called {other} there.");
                let take = self.differs(&at, Kind::Rename, value, found, note);
                take.then(|| (other.clone(), found.clone()))
            } else if self.differs(&at, Kind::Drop, value, &Value::Null, String::new()) {
                continue;
            } else {
                None
            };
            match taken {
                Some((other, found)) => out.insert(other, found),
                None => out.insert(name.clone(), value.clone()),
            };
        }
        for (name, value) in new {
            let at = under(path, name);
            if value.is_null() || name == "name" && *value == json!("") {
                self.hide("absent and null", &at);
            } else if self.differs(&at, Kind::Add, &Value::Null, value, String::new()) {
                out.insert(name.clone(), value.clone());
            }
        }
        Value::Object(out)
    }

    /// Whether two values are one under another name; nothing is noted or learnt.
    fn means_the_same(&mut self, blue: &Value, green: &Value, name: &str) -> bool {
        let mut ids = IdMap::default();
        let mut apart = Context::new(&mut ids, self.dialects, self.began, self.origins);
        apart.any_order = self.any_order;
        apart.walk(blue, green, &format!("/{name}"));
        let both_ids = |value: &Value| value.as_str().is_some_and(|text| crate::ids::form(text).is_some());
        apart.found.is_empty() && (both_ids(blue) == both_ids(green))
    }

    fn lists(&mut self, blue: &[Value], green: &[Value], path: &str) -> Value {
        if !blue.iter().chain(green).any(Value::is_object) {
            return self.plain_lists(blue, green, path);
        }
        let aligned = align(blue, green, self.ids);
        let mut rows: Vec<(usize, Value)> = Vec::new();
        let sure = self.sure;
        for (b, g, by_content) in &aligned.pairs {
            self.sure = sure && *by_content;
            let row = self.walk(&blue[*b], &green[*g], &under(path, &b.to_string()));
            rows.push((*g, row));
        }
        self.sure = sure;
        let in_order = aligned.in_order();
        if !in_order {
            if self.any_order {
                self.hide("any order", path);
            } else {
                let short =
                    |rows: &[Value]| -> Value { rows.iter().map(|row| Value::from(title(row))).collect() };
                let note = "The same rows come in another order.".to_owned();
                if self.differs(path, Kind::Order, &short(blue), &short(green), note) {
                    rows.sort_by_key(|(green, _)| *green);
                }
            }
        }
        let mut out: Vec<Value> = rows.into_iter().map(|(_, row)| row).collect();
        // What is lost goes back to its place, or to the end when the order was taken.
        for at in &aligned.lost {
            let place = under(path, &at.to_string());
            if !self.differs(&place, Kind::Lost, &blue[*at], &Value::Null, "The row is not there.".into()) {
                out.insert((*at).min(out.len()), blue[*at].clone());
            }
        }
        let known: BTreeSet<String> = aligned.pairs.iter().map(|(_, g, _)| identity(&green[*g])).collect();
        for at in &aligned.extra {
            let place = under(path, &at.to_string());
            let (kind, note) = if known.contains(&identity(&green[*at])) {
                (Kind::Doubled, "The row is there once more.")
            } else {
                (Kind::Extra, "The other has no such row.")
            };
            if self.differs(&place, kind, &Value::Null, &green[*at], note.into()) {
                out.push(green[*at].clone());
            }
        }
        Value::Array(out)
    }

    /// Words or numbers: a list of them is one value, but for what happens to a single one.
    fn plain_lists(&mut self, blue: &[Value], green: &[Value], path: &str) -> Value {
        let texts = |items: &[Value]| {
            let mut texts: Vec<String> = items.iter().map(Value::to_string).collect();
            texts.sort();
            texts
        };
        let (a, b) = (Value::from(blue.to_vec()), Value::from(green.to_vec()));
        if blue != green && texts(blue) == texts(green) {
            if self.any_order {
                self.hide("any order", path);
                return a;
            }
            let take =
                self.differs(path, Kind::Order, &a, &b, "The same values come in another order.".into());
            return if take { b } else { a };
        }
        if blue.len() != green.len() {
            let kind = if blue.len() > green.len() { Kind::Lost } else { Kind::Extra };
            return if self.differs(path, kind, &a, &b, String::new()) { b } else { a };
        }
        blue.iter()
            .zip(green)
            .enumerate()
            .map(|(at, (a, b))| self.walk(a, b, &under(path, &at.to_string())))
            .collect()
    }

    #[cfg(test)]
    pub fn of_a_test() -> Context<'static> {
        let ids = Box::leak(Box::default());
        let began = Timestamp::now();
        Context::new(ids, (Dialect::Blue, Dialect::Green), began, ("http://blue", "http://green"))
    }
}

/// A row in a few letters.
fn title(row: &Value) -> String {
    let song = ["track", "song"].iter().find_map(|name| row.get(name)).unwrap_or(row);
    match song.get("title").and_then(Value::as_str) {
        Some(title) => title.to_owned(),
        None => row.get("id").and_then(Value::as_str).unwrap_or("…").to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn found(blue: &Value, green: &Value) -> Vec<(String, Kind)> {
        let mut context = Context::of_a_test();
        context.walk(blue, green, "");
        context.found.into_iter().map(|d| (d.path, d.kind)).collect()
    }

    fn song(n: u32) -> Value {
        json!({ "title": format!("Song {n}"), "artist": "A", "duration": n, "album": format!("Album {n}"), "genre": ["pop", "folk"] })
    }

    #[test]
    fn each_kind_is_named_at_its_place() {
        let blue = json!({ "tracks": [song(1), song(2), song(3)], "total": 3 });
        let changed = |change: &dyn Fn(&mut Value)| {
            let mut green = blue.clone();
            change(&mut green);
            found(&blue, &green)
        };
        let rows = |value: &mut Value, change: &dyn Fn(&mut Vec<Value>)| {
            change(value["tracks"].as_array_mut().unwrap());
        };
        assert_eq!(changed(&|_| {}), []);
        assert_eq!(changed(&|g| g["total"] = json!("3")), [("/total".into(), Kind::Type)]);
        assert_eq!(changed(&|g| g["total"] = json!(4)), [("/total".into(), Kind::Value)]);
        assert_eq!(changed(&|g| rows(g, &|r| r.swap(0, 2))), [("/tracks".into(), Kind::Order)]);
        assert_eq!(changed(&|g| rows(g, &|r| drop(r.remove(1)))), [("/tracks/1".into(), Kind::Lost)]);
        assert_eq!(changed(&|g| rows(g, &|r| r.insert(1, song(1)))), [("/tracks/1".into(), Kind::Doubled)]);
        assert_eq!(changed(&|g| rows(g, &|r| r.push(song(9)))), [("/tracks/3".into(), Kind::Extra)]);
        assert_eq!(
            changed(&|g| drop(g["tracks"][1].as_object_mut().unwrap().remove("album"))),
            [("/tracks/1/album".into(), Kind::Drop)]
        );
        assert_eq!(
            changed(&|g| {
                let song = g["tracks"][0].as_object_mut().unwrap();
                let value = song.remove("title").unwrap();
                song.insert("name".into(), value);
            }),
            [("/tracks/0/title".into(), Kind::Rename)]
        );
        assert_eq!(
            changed(&|g| g["tracks"][0]["genre"] = json!(["folk", "pop"])),
            [("/tracks/0/genre".into(), Kind::Order)]
        );
        assert_eq!(
            changed(&|g| g["tracks"][0]["genre"] = json!(["pop"])),
            [("/tracks/0/genre".into(), Kind::Lost)]
        );
        assert_eq!(changed(&|g| g["new"] = json!(1)), [("/new".into(), Kind::Add)]);
        assert_eq!(changed(&|g| g["new"] = Value::Null), []);
    }

    #[test]
    fn an_id_that_was_another_is_found() {
        let id = |n: u32| format!("{n:024x}");
        let uuid = |n: u32| format!("3f1e9a50-7e9f-4a43-9c2f-{n:012x}");
        let mut context = Context::of_a_test();
        context.walk(&json!({ "id": id(1) }), &json!({ "id": uuid(1) }), "");
        assert_eq!((context.found.len(), context.expected.len()), (0, 1));
        context.walk(&json!({ "id": id(1) }), &json!({ "id": uuid(2) }), "");
        assert_eq!(context.found[0].kind, Kind::Id);
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            (-5i64..50).prop_map(Value::from),
            "[a-zà-öक-ङ]{0,6}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 40, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::Array),
                prop::collection::btree_map("[a-d]{1,2}", inner, 0..5)
                    .prop_map(|fields| Value::Object(fields.into_iter().collect())),
            ]
        })
    }

    proptest! {
        /// A body has no difference from itself.
        #[test]
        fn nothing_differs_from_itself(body in any_json()) {
            prop_assert_eq!(found(&body, &body), vec![]);
        }

        /// What differs is found, unless the one is absent and the other null.
        #[test]
        fn what_differs_is_found(blue in any_json(), green in any_json()) {
            fn without_nulls(value: &Value) -> Value {
                match value {
                    Value::Object(fields) => Value::Object(
                        fields.iter().filter(|(_, v)| !v.is_null()).map(|(n, v)| (n.clone(), without_nulls(v))).collect(),
                    ),
                    Value::Array(items) => items.iter().map(without_nulls).collect(),
                    other => other.clone(),
                }
            }
            let differ = without_nulls(&blue) != without_nulls(&green);
            prop_assert_eq!(!found(&blue, &green).is_empty(), differ, "{} {}", blue, green);
        }

        /// Blue's with nothing taken is blue's; and with all taken, one group after another, nothing differs any more.
        #[test]
        fn what_is_taken_is_no_difference_any_more(blue in any_json(), green in any_json()) {
            let mut context = Context::of_a_test();
            prop_assert_eq!(context.walk(&blue, &green, ""), blue.clone());
            let kinds: BTreeSet<_> = context.found.iter().map(|d| (pattern(&d.path), d.kind)).collect();
            for (path, kind) in kinds {
                let mut context = Context::of_a_test();
                context.take = Some((path.clone(), kind));
                let taken = context.walk(&blue, &green, "");
                // A list of plain values, or one value, as a whole.
                if path.is_empty() && kind == Kind::Type {
                    prop_assert_eq!(taken, green.clone());
                // Two rows that are equal can change places.
                } else if kind != Kind::Order {
                    prop_assert!(taken != blue, "{} {}: {:?} at {}", blue, green, kind, path);
                }
            }
        }
    }
}
