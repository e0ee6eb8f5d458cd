//! A desktop that nobody sees, and on it one of the two windows that are measured: ours, or an empty one.

use std::{
    path::PathBuf,
    process::{Child, Command},
    time::{Duration, Instant},
};

use super::{
    desktop::{Bus, Desktop, PROGRAM, until},
    listener::Service,
    processes::Tree,
    screen::{Area, Screen},
};

/// Built beside it.
const EMPTY: &str = "examples/empty-window";
/// The main part of both windows, right of what is our rail.
const MAIN: Area = Area { left: 264, top: 24, width: 880, height: 560 };
/// A line of text has so many colours at its edges.
const TEXT: usize = 16;
/// So many colours are pictures: covers, and no longer the words between them.
const COVERS: usize = 1200;

/// Whose window it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    Ours,
    Empty,
}

impl Whose {
    pub fn program(self) -> String {
        let ours = PathBuf::from(PROGRAM);
        let program = match self {
            Self::Ours => ours,
            Self::Empty => ours.with_file_name(EMPTY),
        };
        program.display().to_string()
    }

    fn title(self) -> &'static str {
        match self {
            Self::Ours => "^Melody Studio$",
            Self::Empty => "^An empty window$",
        }
    }
}

/// The desktop with its screen.
pub struct Stage {
    pub desktop: Desktop,
    pub screen: Screen,
}

impl Stage {
    pub fn new(desktop: Desktop) -> Self {
        let screen = Screen::open(&desktop.screen_memory());
        Self { desktop, screen }
    }

    pub fn start() -> Self {
        Self::new(Desktop::start(Bus::There))
    }

    /// The listener settles in, and opens our window once: what is fetched and kept at first is there from then on.
    pub fn settle(&self, service: &Service) {
        service.settle(&self.desktop.profile());
        let first = self.open(Whose::Ours);
        first.until_usable();
        self.wait_for_rest();
        first.close();
    }

    /// Starts a window's program, ours as a listener left it.
    pub fn open(&self, whose: Whose) -> Opened<'_> {
        let mut command: Command = self.desktop.command(&whose.program());
        if whose == Whose::Ours {
            command.arg("--profile").arg(self.desktop.profile());
        }
        let begun = Instant::now();
        Opened { stage: self, whose, child: command.spawn().unwrap(), begun }
    }

    fn shows(&self, whose: Whose) -> bool {
        let colours = match whose {
            Whose::Ours => COVERS,
            Whose::Empty => TEXT,
        };
        self.screen.colours(MAIN) > colours
    }

    /// Until nothing has moved in the window for a while.
    pub fn wait_for_rest(&self) {
        let mut before = Vec::new();
        until("the window is at rest", || {
            std::thread::sleep(Duration::from_millis(500));
            let now = self.screen.pixels(MAIN);
            let rests = now == before;
            before = now;
            rests.then_some(())
        });
    }
}

/// A window that was opened.
pub struct Opened<'a> {
    stage: &'a Stage,
    whose: Whose,
    child: Child,
    begun: Instant,
}

impl Opened<'_> {
    /// How long it took from the start of the program until its page is seen: of ours Home with its covers, of the
    /// empty one its line of text.
    pub fn until_usable(&self) -> Duration {
        const PATIENCE: Duration = Duration::from_mins(1);
        while !self.stage.shows(self.whose) {
            assert!(self.begun.elapsed() < PATIENCE, "{:?} shows nothing", self.whose);
            std::thread::sleep(Duration::from_millis(1));
        }
        self.begun.elapsed()
    }

    pub fn processes(&self) -> Tree {
        Tree::of(self.child.id())
    }

    /// Its name for tools of the desktop.
    pub fn id(&self) -> String {
        self.stage.desktop.window(self.whose.title())
    }

    /// Ends it with everything that it started.
    pub fn close(mut self) {
        let all = self.processes();
        let ended = Command::new("kill").arg(self.child.id().to_string()).status().unwrap();
        assert!(ended.success(), "it had ended before");
        self.child.wait().unwrap();
        until("the web view's processes have ended", || all.is_gone().then_some(()));
        until("the screen is empty", || (self.stage.screen.colours(MAIN) == 1).then_some(()));
    }
}

impl Drop for Opened<'_> {
    fn drop(&mut self) {
        // It has ended, unless a figure could not be had.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
