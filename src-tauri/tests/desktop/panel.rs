//! The desktop's panel, as far as a tray icon needs one: it takes the icon, shows its menu and clicks in it. It stands
//! in for a panel, which cannot be had on a display that nobody sees; the bus and the words on it are the real ones.

use std::collections::HashMap;

use zbus::{
    blocking::{Connection, Proxy, connection::Builder},
    interface,
    message::Header,
    zvariant::{OwnedObjectPath, OwnedValue, Value},
};

use super::{Desktop, until};

const WATCHER: &str = "/StatusNotifierWatcher";

/// A line of a menu: its number, what is known of it, the lines below it.
type Line = (i32, HashMap<String, OwnedValue>, Vec<OwnedValue>);

#[derive(Default)]
struct Watcher {
    /// Whose icon, and where it has it.
    icon: Option<(String, String)>,
}

#[interface(name = "org.kde.StatusNotifierWatcher")]
impl Watcher {
    fn register_status_notifier_item(&mut self, #[zbus(header)] header: Header<'_>, place: String) {
        self.icon = header.sender().map(|sender| (sender.to_string(), place));
    }

    #[zbus(property)]
    #[allow(clippy::unused_self)] // The bus asks an object.
    fn is_status_notifier_host_registered(&self) -> bool {
        true
    }
}

pub struct Panel {
    bus: Connection,
}

impl Panel {
    pub fn on(desktop: &Desktop) -> Self {
        let bus = Builder::address(desktop.bus())
            .unwrap()
            .serve_at(WATCHER, Watcher::default())
            .unwrap()
            .name("org.kde.StatusNotifierWatcher")
            .unwrap()
            .build()
            .unwrap();
        Self { bus }
    }

    /// The lines of the icon's menu that have words, and whether they can be clicked.
    pub fn menu(&self) -> Vec<(String, bool)> {
        self.lines().into_iter().map(|(_, label, enabled)| (label, enabled)).collect()
    }

    pub fn click(&self, label: &str) {
        let lines = self.lines();
        let (number, ..) = lines.iter().find(|line| line.1 == label).unwrap();
        self.menu_of_icon().call::<_, _, ()>("Event", &(number, "clicked", Value::from(""), 0_u32)).unwrap();
    }

    fn lines(&self) -> Vec<(i32, String, bool)> {
        let (_, (_, _, lines)): (u32, Line) =
            self.menu_of_icon().call("GetLayout", &(0, -1, Vec::<&str>::new())).unwrap();
        lines
            .into_iter()
            .filter_map(|line| {
                let (number, known, _) = Line::try_from(line).ok()?;
                let label = String::try_from(known.get("label")?.try_clone().ok()?).ok()?;
                let enabled = known.get("enabled").is_none_or(|value| bool::try_from(value).unwrap_or(true));
                Some((number, label, enabled))
            })
            .collect()
    }

    /// The menu of the icon.
    fn menu_of_icon(&self) -> Proxy<'static> {
        let (owner, place) = until("a tray icon is there", || {
            let watcher = self.bus.object_server().interface::<_, Watcher>(WATCHER).unwrap();
            watcher.get().icon.clone()
        });
        let icon = Proxy::new(&self.bus, owner.clone(), place, "org.kde.StatusNotifierItem").unwrap();
        let menu: OwnedObjectPath = icon.get_property("Menu").unwrap();
        Proxy::new(&self.bus, owner, menu, "com.canonical.dbusmenu").unwrap()
    }
}
