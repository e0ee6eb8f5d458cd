//! What is on the screen, found as a listener finds it: by what it is and what it is called. And used with a pointer and
//! keys, as the desktop would hand them on.

use serde_json::{Value, json};

use super::{driver::Driver, until_well};

/// From one part of the screen to the next: of those that the selector names, the one that is called so.
const FIND: &str = "(steps) => {
  const called = (part) => (part.getAttribute('aria-label') ?? part.labels?.[0]?.textContent ?? part.textContent).trim();
  const find = (from, { every, by, name }) =>
    [...from.querySelectorAll(every)].find((part) => {
      const spoken = by ? part.querySelector(by) : part;
      return part.checkVisibility() && (name === null || (spoken !== null && called(spoken) === name));
    });
  return steps.reduce((at, step) => at && find(at, step), document) ?? null;
}";
/// The key of an element in what the driver takes and gives.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// A part of the screen. It is looked for whenever it is used, since the screen moves on.
#[derive(Clone)]
pub struct Part<'a> {
    driver: &'a Driver,
    steps: Vec<Value>,
}

impl Driver {
    /// The first of what a selector names.
    pub fn part(&self, selector: &str) -> Part<'_> {
        Part { driver: self, steps: Vec::new() }.step(selector, None, None)
    }

    pub fn button(&self, name: &str) -> Part<'_> {
        self.part("body").button(name)
    }

    pub fn link(&self, name: &str) -> Part<'_> {
        self.part("body").step("a", None, Some(name))
    }

    /// What can be typed in, chosen or dragged, by its label.
    pub fn field(&self, label: &str) -> Part<'_> {
        self.part("body").step("input", None, Some(label))
    }

    /// A song's row in the list that is shown.
    pub fn row(&self, title: &str) -> Part<'_> {
        self.part("main").step("[role=row]", Some(".title"), Some(title))
    }

    /// All the texts that a selector names.
    pub fn texts(&self, selector: &str) -> Vec<String> {
        let all = "(every) => [...document.querySelectorAll(every)].map((part) => part.textContent.trim())";
        let found = self.script(all, selector);
        found.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
    }

    /// Presses keys one after the other, wherever the focus is.
    pub fn press(&self, keys: &str) {
        let way = |way: &str, key: char| json!({ "type": way, "value": key });
        let actions: Vec<Value> =
            keys.chars().flat_map(|key| [way("keyDown", key), way("keyUp", key)]).collect();
        self.act(&json!({ "type": "key", "id": "keys", "actions": actions })).unwrap();
    }

    fn act(&self, input: &Value) -> Result<Value, String> {
        self.post("/actions", &json!({ "actions": [input] }))
    }
}

impl Part<'_> {
    fn step(mut self, every: &str, by: Option<&str>, name: Option<&str>) -> Self {
        self.steps.push(json!({ "every": every, "by": by, "name": name }));
        self
    }

    /// A button in it.
    pub fn button(self, name: &str) -> Self {
        self.step("button", None, Some(name))
    }

    fn find(&self) -> Option<Value> {
        let found = self.driver.script(FIND, self.steps.clone());
        (!found.is_null()).then_some(found)
    }

    /// Does something with it as soon as that can be done: it may be on its way, or just be drawn anew.
    fn when_there<T>(&self, what: &str, act: impl Fn(&Value) -> Result<T, String>) -> T {
        until_well(|| {
            let found = self.find().ok_or("it is not there".to_owned());
            found.and_then(|found| act(&found)).map_err(|no| format!("{what} {:?}: {no}", self.steps))
        })
    }

    pub fn click(&self) {
        self.when_there("a click on", |found| self.driver.post(&path(found, "click"), &json!({})));
    }

    pub fn double_click(&self) {
        let button = |way: &str| json!({ "type": way, "button": 0 });
        self.when_there("a double click on", |found| {
            let to = json!({ "type": "pointerMove", "duration": 0, "origin": found, "x": 0, "y": 0 });
            let (down, up) = (button("pointerDown"), button("pointerUp"));
            let actions = json!([to, down, up, down, up]);
            self.driver.act(&json!({ "type": "pointer", "id": "mouse", "actions": actions }))
        });
    }

    /// Types into it.
    pub fn type_in(&self, text: &str) {
        self.when_there("typing into", |found| {
            self.driver.post(&path(found, "value"), &json!({ "text": text }))
        });
    }

    /// Waits until it is there.
    pub fn wait(&self) {
        self.when_there("a look at", |_| Ok(()));
    }

    pub fn is_there(&self) -> bool {
        self.find().is_some()
    }

    /// What it says, once it is there.
    pub fn text(&self) -> String {
        self.read("(part) => part.textContent.trim()")
    }

    pub fn attribute(&self, name: &str) -> String {
        self.read(&format!("(part) => part.getAttribute('{name}') ?? ''"))
    }

    fn read(&self, function: &str) -> String {
        let script = format!("return ({function})(arguments[0])");
        self.when_there("a reading of", |found| {
            let read = self.driver.post("/execute/sync", &json!({ "script": script, "args": [found] }))?;
            Ok(read.as_str().unwrap().to_owned())
        })
    }
}

fn path(element: &Value, verb: &str) -> String {
    format!("/element/{}/{verb}", element[ELEMENT].as_str().unwrap())
}
