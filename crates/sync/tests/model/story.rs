//! Stories: what listeners do, what goes wrong, and what must be true in the end.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;
use melody_library::{EntryQuery, Outcome};
use melody_model::{OperationId, SongId};
use melody_sync::Goal;
use proptest::{prelude::*, test_runner::TestCaseError};

use crate::{
    device::{Device, Faults, Stage, Time},
    service::{Backend, Fault, Service},
};

/// Songs up to here have an owner, the only one who saves and removes them; those from here on have none.
pub const SHARED: usize = 4;
const SONGS: usize = SHARED + 3;

#[derive(Clone, Debug)]
pub enum Action {
    Add(usize, usize),
    Remove(usize, usize),
    Play(usize, usize),
    Sync(usize),
    /// What waits is sent, and nothing is read.
    Send(usize),
    Crash(usize),
    SignIn(usize),
    Minutes(u8),
    /// Another client of the same listener.
    Meddle(u8),
    /// Traffic goes to a backend that is empty and has other ids; `true`: in the other dialect. Tokens are void or not.
    Rebuild {
        other: bool,
        void: bool,
    },
    /// Traffic goes back to a backend that was left.
    Back {
        to: usize,
        void: bool,
    },
}

#[derive(Clone, Debug)]
pub struct Story {
    devices: usize,
    /// Entries of one page.
    page: u32,
    actions: Vec<Action>,
    faults: Vec<Fault>,
}

fn faults() -> impl Strategy<Value = Vec<Fault>> {
    let fault = prop_oneof![
        24 => Just(Fault::None),
        3 => Just(Fault::LostBefore),
        3 => Just(Fault::LostAfter),
        2 => Just(Fault::Twice),
        3 => any::<u8>().prop_map(Fault::Late),
        1 => (0..90_u8).prop_map(Fault::Slow),
        1 => prop::option::of(0..80_u8).prop_map(Fault::Limited),
        2 => any::<bool>().prop_map(|after| Fault::Broken { after }),
        1 => Just(Fault::Closed),
        1 => Just(Fault::Void),
        3 => any::<u8>().prop_map(Fault::Moved),
        1 => Just(Fault::Astray),
        2 => any::<bool>().prop_map(Fault::Crash),
    ];
    prop::collection::vec(fault, 0..40)
}

pub fn stories() -> impl Strategy<Value = Story> {
    let action = |switches: bool| {
        let switch = prop_oneof![
            (any::<bool>(), any::<bool>()).prop_map(|(other, void)| Action::Rebuild { other, void }),
            (0..4_usize, any::<bool>()).prop_map(|(to, void)| Action::Back { to, void }),
        ];
        let switch = if switches { switch.boxed() } else { Just(Action::Minutes(1)).boxed() };
        prop_oneof![
            8 => (0..3_usize, 0..SONGS).prop_map(|(device, song)| Action::Add(device, song)),
            4 => (0..3_usize, 0..SONGS).prop_map(|(device, song)| Action::Remove(device, song)),
            5 => (0..3_usize, 0..SONGS).prop_map(|(device, song)| Action::Play(device, song)),
            8 => (0..3_usize).prop_map(Action::Sync),
            4 => (0..3_usize).prop_map(Action::Send),
            1 => (0..3_usize).prop_map(Action::Crash),
            1 => (0..3_usize).prop_map(Action::SignIn),
            3 => (0..5_u8).prop_map(Action::Minutes),
            2 => any::<u8>().prop_map(Action::Meddle),
            4 => switch,
        ]
    };
    let page = prop_oneof![3 => 2..6_u32, 1 => Just(100)];
    (1..=3_usize, any::<bool>(), page).prop_flat_map(move |(devices, switches, page)| {
        (prop::collection::vec(action(switches), 1..24), faults()).prop_map(move |(actions, faults)| Story {
            devices,
            page,
            actions,
            faults,
        })
    })
}

/// Everything that a story is about.
struct World {
    service: Service,
    devices: Vec<Device>,
    time: Time,
    faults: Faults,
    /// What the owner of a song meant last.
    meant: BTreeMap<usize, bool>,
    /// Plays that were recorded, by song.
    plays: BTreeMap<usize, u64>,
    removed: BTreeSet<usize>,
    /// Removed songs that another device still had when the backend was another one: they are saved anew from there.
    disputed: BTreeSet<usize>,
    switched: bool,
}

pub fn tell(stage: &Stage, story: &Story) -> Result<(), TestCaseError> {
    stage.runtime.block_on(async {
        let time = Time::new();
        let mut world = World {
            service: Service::new(),
            devices: (0..story.devices).map(|n| Device::new(stage, n, &time, story.page)).collect(),
            time,
            faults: Faults { left: story.faults.iter().copied().collect() },
            meant: BTreeMap::new(),
            plays: BTreeMap::new(),
            removed: BTreeSet::new(),
            disputed: BTreeSet::new(),
            switched: false,
        };
        for n in 0..story.devices {
            world.devices[n].sign_in(&mut world.service).await;
        }
        for action in &story.actions {
            world.act(action).await;
        }
        world.settle().await?;
        world.check().await
    })
}

impl World {
    /// Our id of a song, as a search brings it.
    async fn song(&mut self, device: usize, song: usize) -> SongId {
        let library = &self.devices[device].library;
        let backend = &self.service.backends[self.service.active];
        if let Some(known) = library.resolve(backend.song_id(song).as_str()).await.unwrap() {
            return known;
        }
        // What was found in an earlier generation is found here.
        for backend in &self.service.backends {
            if let Some(known) = library.resolve(backend.song_id(song).as_str()).await.unwrap() {
                return known;
            }
        }
        let generation = library.generation(backend.dialect).await.unwrap();
        library.store_songs(generation, vec![backend.song(song)]).await.unwrap()[0].id
    }

    async fn act(&mut self, action: &Action) {
        let count = self.devices.len();
        match *action {
            Action::Add(device, song) => {
                let device = owner(device, song, count);
                let id = self.song(device, song).await;
                self.devices[device].library.add(id).await.unwrap();
                self.meant.insert(song, true);
                self.disputed.remove(&song);
            }
            Action::Remove(device, song) => {
                let device = owner(device, song, count);
                let id = self.song(device, song).await;
                if self.devices[device].library.remove(id).await.unwrap().is_some() {
                    self.meant.insert(song, false);
                    self.removed.insert(song);
                    self.dispute(|device, active| device.passed != Some(active)).await;
                }
            }
            Action::Play(device, song) => {
                let device = device % count;
                let id = self.song(device, song).await;
                if self.devices[device].library.record_play(id, 60, true).await.unwrap().is_some() {
                    *self.plays.entry(song).or_default() += 1;
                }
            }
            Action::Sync(device) => self.run(device % count, Goal::Sync).await,
            Action::Send(device) => self.run(device % count, Goal::Send).await,
            Action::Crash(device) => self.devices[device % count].crash(),
            Action::SignIn(device) => self.devices[device % count].sign_in(&mut self.service).await,
            Action::Minutes(minutes) => self.time.pass(SignedDuration::from_mins(minutes.into())),
            Action::Meddle(how) => {
                let now = self.time.now();
                self.service.meddle(how, now);
            }
            Action::Rebuild { other, void } => {
                let number = self.service.backends.len();
                if number == 4 {
                    return;
                }
                let now = self.service.backend().dialect;
                let dialect = if (now == "blue") == other { "green" } else { "blue" };
                self.service.backends.push(Backend::new(dialect, number));
                self.switch(number, void).await;
            }
            Action::Back { to, void } => self.switch(to % self.service.backends.len(), void).await,
        }
    }

    /// Notes of every removed song that some device still has it, of those devices that are asked about.
    async fn dispute(&mut self, asked: impl Fn(&Device, usize) -> bool) {
        let active = self.service.active;
        for device in self.devices.iter().filter(|device| asked(device, active)) {
            let here = here(device).await;
            let removed = self.meant.iter().filter(|(_, saved)| !**saved).map(|(song, _)| *song);
            self.disputed.extend(removed.filter(|song| here.contains(&format!("Song {song}"))));
        }
    }

    async fn switch(&mut self, to: usize, void: bool) {
        if to != self.service.active {
            self.switched = true;
            self.dispute(|_, _| true).await;
        }
        self.service.active = to;
        self.service.sign_in += u32::from(void);
        // Hours of maintenance: nothing is on its way any more.
        self.time.pass(SignedDuration::from_mins(5));
    }

    async fn run(&mut self, device: usize, goal: Goal) {
        self.devices[device].run(goal, &mut self.service, &mut self.faults).await;
    }

    /// Everything is well again: everybody signs in, retries what was refused, and syncs until nothing moves.
    async fn settle(&mut self) -> Result<(), TestCaseError> {
        self.faults.left.clear();
        for round in 0..15 {
            // A day passes sooner or later: then everything is read through.
            self.time.pass(if round % 3 == 2 {
                SignedDuration::from_hours(25)
            } else {
                SignedDuration::from_mins(2)
            });
            for n in 0..self.devices.len() {
                let device = &mut self.devices[n];
                if device.signed_in != self.service.sign_in {
                    device.sign_in(&mut self.service).await;
                }
                for parked in device.library.outbox_status().await.unwrap().parked {
                    prop_assert!(!parked.reason.is_empty());
                    device.library.release(parked.op, Outcome::NotReached).await.unwrap();
                }
                self.run(n, Goal::Sync).await;
            }
            if round >= 2 && self.is_settled().await {
                break;
            }
        }
        Ok(())
    }

    /// Whether all agree and nothing waits.
    async fn is_settled(&self) -> bool {
        let there = self.there();
        for device in &self.devices {
            let status = device.library.outbox_status().await.unwrap();
            if status.pending > 0 || !status.parked.is_empty() || here(device).await != there {
                return false;
            }
        }
        true
    }

    /// What the service has.
    fn there(&self) -> BTreeSet<String> {
        let backend = &self.service.backends[self.service.active];
        backend.entries.iter().map(|entry| format!("Song {}", entry.song)).collect()
    }

    async fn check(&mut self) -> Result<(), TestCaseError> {
        let there = self.there();
        for (n, device) in self.devices.iter().enumerate() {
            let status = device.library.outbox_status().await.unwrap();
            prop_assert_eq!((status.pending, status.parked.len()), (0, 0), "device {}: {:?}", n, status);
            prop_assert_eq!(&here(device).await, &there, "device {} and the service", n);
        }
        for (song, saved) in self.meant.iter().filter(|(song, _)| **song < SHARED) {
            // A device that never heard of a removal before a switch saves the song anew: absence proves nothing.
            let certain = *saved || !self.disputed.contains(song);
            let is_there = there.contains(&format!("Song {song}"));
            prop_assert!(!certain || is_there == *saved, "song {}: meant {}, is {}", song, saved, is_there);
        }
        self.check_plays()?;
        self.check_counts().await
    }

    /// What a device shows of how often a song was played.
    async fn check_counts(&self) -> Result<(), TestCaseError> {
        let backend = &self.service.backends[self.service.active];
        for (n, device) in self.devices.iter().enumerate() {
            let connection = rusqlite::Connection::open(&device.path).unwrap();
            let query = EntryQuery { limit: 100, ..EntryQuery::default() };
            for entry in device.library.entries(query).await.unwrap().entries {
                let title = &entry.song.song.content.title;
                let song: usize = title.trim_start_matches("Song ").parse().unwrap();
                // With an entry that was removed went its count.
                if song >= SHARED || self.removed.contains(&song) {
                    continue;
                }
                let of_ours = |condition: &str| -> u64 {
                    let sql = format!(
                        "SELECT count(*) FROM operation o JOIN song s ON s.n = o.song
                         WHERE o.kind = 'play' AND o.root IS NULL AND s.title = ?1 AND {condition}"
                    );
                    connection.query_row(&sql, [title], |row| row.get(0)).unwrap()
                };
                let (ours, unsettled) = (of_ours("TRUE"), of_ours("o.unsettled"));
                let there =
                    backend.entries.iter().find(|entry| entry.song == song).map_or(0, |entry| entry.plays);
                let shown = entry.play_count;
                prop_assert!(
                    shown >= ours,
                    "device {} shows {} of its {} plays of {}",
                    n,
                    shown,
                    ours,
                    title
                );
                prop_assert!(shown >= there, "device {} shows {} of {} plays of {}", n, shown, there, title);
                let most = there + unsettled;
                prop_assert!(
                    self.switched || shown <= most,
                    "device {} shows {} plays of {}, not {}",
                    n,
                    shown,
                    title,
                    most
                );
            }
        }
        Ok(())
    }

    /// Each play was counted once by a backend, or is shown as uncertain.
    fn check_plays(&self) -> Result<(), TestCaseError> {
        for device in &self.devices {
            let connection = rusqlite::Connection::open(&device.path).unwrap();
            let mut query = connection
                .prepare(
                    "SELECT o.id, o.root, o.unsettled, s.title FROM operation o JOIN song s ON s.n = o.song
                     WHERE o.kind = 'play'",
                )
                .unwrap();
            let rows: Vec<(OperationId, Option<OperationId>, bool, String)> = query
                .query_map([], |row| {
                    let root: Option<_> = row.get(1)?;
                    Ok((OperationId(row.get(0)?), root.map(OperationId), row.get(2)?, row.get(3)?))
                })
                .unwrap()
                .map(Result::unwrap)
                .collect();
            let mut counted: BTreeMap<OperationId, u32> = BTreeMap::new();
            let mut unsettled = BTreeSet::new();
            for backend in &self.service.backends {
                let mut here: BTreeMap<OperationId, u32> = BTreeMap::new();
                for (op, root, ..) in &rows {
                    *here.entry(root.unwrap_or(*op)).or_default() +=
                        backend.played.get(op).copied().unwrap_or(0);
                }
                for (root, times) in here {
                    prop_assert!(times <= 1, "a play was counted {} times by {}", times, backend.dialect);
                    *counted.entry(root).or_default() += times;
                }
            }
            for (op, root, open, _) in &rows {
                if *open {
                    unsettled.insert(root.unwrap_or(*op));
                }
            }
            for (op, _, _, title) in rows.iter().filter(|(_, root, ..)| root.is_none()) {
                let song: usize = title.trim_start_matches("Song ").parse().unwrap();
                // With the song went what was still to be told of it.
                if song >= SHARED || self.removed.contains(&song) {
                    continue;
                }
                let settled = counted.get(op).is_some_and(|times| *times >= 1) || unsettled.contains(op);
                prop_assert!(settled, "a play of {} was lost", title);
            }
        }
        Ok(())
    }
}

/// What a device has saved.
async fn here(device: &Device) -> BTreeSet<String> {
    let query = EntryQuery { limit: 100, ..EntryQuery::default() };
    let entries = device.library.entries(query).await.unwrap().entries;
    entries.into_iter().map(|entry| entry.song.song.content.title).collect()
}

/// Who acts on a song: its owner, or whoever wants to.
fn owner(device: usize, song: usize, devices: usize) -> usize {
    if song < SHARED { song % devices } else { device % devices }
}
