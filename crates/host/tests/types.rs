//! The screen's types are those of the core: written from them, and never by hand.

#![allow(clippy::unwrap_used)] // All of it is test.

use std::{collections::BTreeMap, fs, path::Path};

use melody_core::{Command, ErrorReport, Event};
use melody_host::{HostCommand, HostEvent, LocalPath, Request};
use ts_rs::{Config, TS, TypeVisitor};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../ui/src/lib/generated/types.ts");
const HEAD: &str = "// Written by `cargo xtask types` from the Rust types. Do not edit.\n\n";

/// Declarations by name.
struct Declarations<'a> {
    config: &'a Config,
    found: BTreeMap<String, String>,
}

impl Declarations<'_> {
    fn add<T: TS + 'static + ?Sized>(&mut self) {
        // Only what has a place of its own is declared; `string` is not.
        if T::output_path().is_none() {
            T::visit_generics(self);
            return;
        }
        let name = T::ident(self.config);
        let declaration = format!("{}export {}\n", T::docs().unwrap_or_default(), T::decl(self.config));
        if let Some(found) = self.found.get(&name) {
            assert_eq!(*found, declaration, "two types are called {name}");
            return;
        }
        self.found.insert(name, declaration);
        T::visit_dependencies(self);
        T::visit_generics(self);
    }
}

impl TypeVisitor for Declarations<'_> {
    fn visit<T: TS + 'static + ?Sized>(&mut self) {
        self.add::<T>();
    }
}

fn generated() -> String {
    let config = Config::new().with_large_int("number");
    let mut all = Declarations { config: &config, found: BTreeMap::new() };
    all.add::<Request>();
    all.add::<Event>();
    all.add::<HostCommand>();
    all.add::<HostEvent>();
    all.add::<LocalPath>();
    all.add::<ErrorReport>();
    Command::visit_replies(&mut all);
    let replies: Vec<String> =
        Command::replies(&config).iter().map(|(name, reply)| format!("  {name}: {reply}")).collect();
    let host_replies: Vec<String> =
        HostCommand::replies(&config).iter().map(|(name, reply)| format!("  {name}: {reply}")).collect();
    let declarations: Vec<String> = all.found.into_values().collect();
    format!(
        "{HEAD}{}\n/** What each command brings back. */\nexport interface Replies {{\n{}\n}}\n\n\
         export interface HostReplies {{\n{}\n}}\n",
        declarations.join("\n"),
        replies.join("\n"),
        host_replies.join("\n")
    )
}

#[test]
fn the_screens_types_are_those_of_the_core() {
    let generated = generated();
    if std::env::var_os("MELODY_WRITE_TYPES").is_some() {
        fs::create_dir_all(Path::new(FILE).parent().unwrap()).unwrap();
        fs::write(FILE, &generated).unwrap();
    }
    let committed = fs::read_to_string(FILE).unwrap_or_default();
    assert!(
        committed == generated,
        "ui/src/lib/generated/types.ts is not up to date: run `cargo xtask types`"
    );
}
