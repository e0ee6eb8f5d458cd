//! Reading the service's library: which page comes next, and whether the pages together prove what is there.
//!
//! The oldest come first, so that what is added meanwhile comes at the end. Pages overlap by one entry: the last of one
//! must be the first of the next, which an addition or a removal in between would break. With equal totals and as many
//! different entries as the total says, the pages are one moment's library. A service that returns short pages, tells
//! no total or ignores the offset is read one page after the other, as it gives them.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use melody_model::{RemoteEntry, RemotePage, ServerId};
use serde::{Deserialize, Serialize};

use crate::words::Call;

/// Pages that are asked for at once.
const AT_ONCE: usize = 8;

/// How far a first reading came.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Filled {
    /// The first offset that has not come.
    pub next: u64,
    /// Later ones that have.
    pub beyond: Vec<u64>,
    /// How many entries there were.
    pub total: Option<u64>,
    /// Whether the pages are read one after the other.
    pub one_by_one: bool,
}

/// One walk through the pages.
#[derive(Clone, Debug)]
pub(crate) struct Reading {
    pub newest_first: bool,
    /// Entries of one page.
    page: u32,
    one_by_one: bool,
    /// Where it began: not at the front when an earlier one was cut off.
    from: u64,
    next: u64,
    came: BTreeSet<u64>,
    asked: BTreeSet<u64>,
    /// The first and the last entry of each page.
    ends: BTreeMap<u64, (ServerId, ServerId)>,
    ids: HashSet<ServerId>,
    total: Option<u64>,
    /// What came does not prove anything.
    moved: bool,
    /// A page held less than it should have.
    short: bool,
    /// The service tells too little for a proof: reading again would be no better.
    unprovable: bool,
    over: bool,
}

impl Reading {
    /// The whole library, the oldest first.
    pub fn whole(page: u32, one_by_one: bool) -> Self {
        Self {
            newest_first: false,
            page,
            one_by_one,
            from: 0,
            next: 0,
            came: BTreeSet::new(),
            asked: BTreeSet::new(),
            ends: BTreeMap::new(),
            ids: HashSet::new(),
            total: None,
            moved: false,
            short: false,
            unprovable: false,
            over: false,
        }
    }

    /// From the newest on, for as long as somebody wants more.
    pub fn newest(page: u32) -> Self {
        Self { newest_first: true, ..Self::whole(page, true) }
    }

    /// From where an earlier one was cut off.
    pub fn resumed(page: u32, filled: &Filled) -> Self {
        let mut reading = Self {
            from: filled.next,
            next: filled.next,
            came: filled.beyond.iter().copied().collect(),
            total: filled.total,
            ..Self::whole(page, filled.one_by_one)
        };
        // It may have been cut off after its last page.
        reading.over = match (filled.total, filled.one_by_one) {
            (Some(total), true) => filled.next >= total,
            (Some(_), false) => !reading.is_page(filled.next),
            (None, _) => false,
        };
        reading
    }

    /// From one page to the next, which begins with the last entry of the one before.
    fn stride(&self) -> u64 {
        u64::from(self.page) - 1
    }

    /// The call for the page at an offset.
    pub fn call(&self, offset: u64) -> Call {
        Call::Page { offset, limit: self.page, newest_first: self.newest_first }
    }

    /// The offset of a page to ask for now; [`Reading::asked`] tells that it was.
    pub fn wants(&self) -> Option<u64> {
        if self.over {
            return None;
        }
        if self.one_by_one || self.total.is_none() {
            return self.asked.is_empty().then_some(self.next);
        }
        if self.asked.len() >= AT_ONCE {
            return None;
        }
        let mut offset = self.next;
        while self.came.contains(&offset) || self.asked.contains(&offset) {
            offset += self.stride();
        }
        self.is_page(offset).then_some(offset)
    }

    pub fn asked(&mut self, offset: u64) {
        self.asked.insert(offset);
    }

    /// Whether a page begins there: more than the overlap must be left.
    fn is_page(&self, offset: u64) -> bool {
        offset == 0 || self.total.is_some_and(|total| offset + 1 < total)
    }

    /// A page came; answers how many of its entries no earlier page held.
    pub fn came(&mut self, offset: u64, page: &RemotePage<RemoteEntry>) -> u64 {
        self.asked.remove(&offset);
        let count = (page.items.len() + page.skipped) as u64;
        if self.total.is_some() && page.total != self.total {
            self.moved = true;
            // One that goes on from an earlier one proves nothing anyway, and goes on to the end that there is now.
            if self.from > 0 {
                self.total = page.total;
            }
        }
        let first_page = self.total.is_none();
        if first_page {
            self.total = page.total;
        }
        let known = self.ids.len();
        self.ids.extend(page.items.iter().map(|entry| entry.server_id.clone()));
        let fresh = (self.ids.len() - known) as u64;
        self.unprovable |= page.skipped > 0 || page.total.is_none();
        if let (Some(first), Some(last)) = (page.items.first(), page.items.last()) {
            self.ends.insert(offset, (first.server_id.clone(), last.server_id.clone()));
        }
        let expected = self.total.map(|total| total.saturating_sub(offset).min(self.page.into()));
        if !self.one_by_one && expected.is_none_or(|expected| count < expected) {
            // Not as it should be: from here on as it comes. Pages that are out of turn then prove nothing.
            self.short = true;
            self.one_by_one = true;
            self.moved |= offset != self.from || !self.came.is_empty();
            self.next = offset;
        }
        if self.one_by_one {
            self.moved |= fresh != count;
            self.next = self.next.max(offset + count);
            // A page without anything new is the end too, whatever is promised: some backends ignore the offset. One
            // whose items all were unreadable is not.
            self.over = count == 0
                || (fresh == 0 && !page.items.is_empty())
                || match self.total {
                    Some(total) => self.next >= total,
                    None => count < self.page.into(),
                };
        } else {
            self.came.insert(offset);
            while self.came.contains(&self.next) {
                self.came.remove(&self.next);
                self.next += self.stride();
            }
            self.over = !self.is_page(self.next) && self.asked.is_empty();
        }
        fresh
    }

    /// Whether pages are under way.
    pub fn is_waiting(&self) -> bool {
        !self.asked.is_empty()
    }

    /// A request for a page failed, and may be made again.
    pub fn failed(&mut self, offset: u64) {
        self.asked.remove(&offset);
    }

    /// Whether everything came that there was to come. Pages under way are no longer of interest then.
    pub fn is_over(&self) -> bool {
        self.over
    }

    /// Whether pages disagreed with each other.
    pub fn moved(&self) -> bool {
        self.moved
    }

    /// How many entries there are, as the first page said.
    pub fn total(&self) -> Option<u64> {
        self.total
    }

    /// The walk to try next, if this one proved nothing and another may.
    pub fn again(&self) -> Option<Self> {
        let hopeless = self.unprovable || (self.from > 0 && !self.short);
        (self.proven().is_none() && !hopeless).then(|| Self::whole(self.page, self.short || self.one_by_one))
    }

    /// Every entry's id, if all pages together prove that these are all.
    pub fn proven(&self) -> Option<&HashSet<ServerId>> {
        let whole = self.over && self.from == 0 && !self.newest_first && !self.moved && !self.unprovable;
        let counted = self.total == Some(self.ids.len() as u64);
        (whole && counted && (self.one_by_one || self.overlaps())).then_some(&self.ids)
    }

    fn overlaps(&self) -> bool {
        self.ends.iter().zip(self.ends.iter().skip(1)).all(|((_, (_, last)), (_, (first, _)))| last == first)
    }

    /// Entries that came, and how many there are.
    pub fn progress(&self) -> Option<(u64, u64)> {
        let total = self.total?;
        let before = self.next + self.came.len() as u64 * self.stride();
        Some((if self.over { total } else { before.min(total) }, total))
    }

    pub fn filled(&self) -> Filled {
        Filled {
            next: self.next,
            beyond: self.came.iter().copied().collect(),
            total: self.total,
            one_by_one: self.one_by_one,
        }
    }
}

#[cfg(test)]
mod tests {
    use melody_model::{JsonMap, RemoteSong, SongContent, SongDetails};

    use super::*;

    fn page(ids: &str, total: u64) -> RemotePage<RemoteEntry> {
        let items = ids.chars().map(|id| RemoteEntry {
            server_id: ServerId::from(id.to_string().as_str()),
            song: RemoteSong {
                server_id: ServerId::from(format!("song {id}").as_str()),
                content: SongContent::default(),
                details: SongDetails::default(),
                extra: JsonMap::new(),
            },
            added_at: None,
            play_count: 0,
            last_played_at: None,
            has_instrumental: false,
            extra: JsonMap::new(),
        });
        RemotePage { items: items.collect(), skipped: 0, total: Some(total) }
    }

    fn read(pages: [&str; 3]) -> Reading {
        let mut reading = Reading::whole(3, false);
        for ids in pages {
            let offset = reading.wants().unwrap();
            reading.asked(offset);
            reading.came(offset, &page(ids, 6));
        }
        assert!(reading.is_over());
        reading
    }

    #[test]
    fn as_many_entries_as_there_should_be_prove_nothing_where_pages_do_not_meet() {
        assert_eq!(read(["abc", "cde", "ef"]).proven().unwrap().len(), 6);
        // One went and one came before what was read already: six are met, and they are not the six that there are.
        let moved = read(["abc", "def", "fe"]);
        assert!(moved.proven().is_none() && moved.again().is_some());
    }

    /// Reads to the end, with pages as they are made for each offset; answers which were asked for.
    fn read_on(reading: &mut Reading, mut page_at: impl FnMut(u64) -> RemotePage<RemoteEntry>) -> Vec<u64> {
        let mut asked = Vec::new();
        while let Some(offset) = reading.wants() {
            asked.push(offset);
            reading.asked(offset);
            reading.came(offset, &page_at(offset));
        }
        assert!(reading.is_over());
        asked
    }

    fn part(all: &str, offset: u64) -> String {
        all.chars().skip(usize::try_from(offset).unwrap()).take(3).collect()
    }

    #[test]
    fn what_cannot_be_read_and_what_is_not_told_cannot_be_proven_by_reading_again() {
        let mut reading = Reading::whole(3, false);
        let asked = read_on(&mut reading, |offset| {
            let mut page = page(&part("abcdef", offset), 6);
            if offset == 2 {
                page.items.pop();
                page.skipped = 1;
            }
            page
        });
        assert_eq!(asked, [0, 2, 4], "an entry that cannot be read makes no page short");
        assert!(reading.proven().is_none() && reading.again().is_none());

        let mut reading = Reading::whole(3, false);
        let asked =
            read_on(&mut reading, |offset| RemotePage { total: None, ..page(&part("abcde", offset), 5) });
        assert_eq!(asked, [0, 3]);
        assert!(reading.proven().is_none() && reading.again().is_none());
    }

    #[test]
    fn one_that_was_cut_off_goes_on_to_the_end_that_there_is_now() {
        let filled = Filled { next: 2, beyond: Vec::new(), total: Some(5), one_by_one: false };
        let mut reading = Reading::resumed(3, &filled);
        assert_eq!(read_on(&mut reading, |offset| page(&part("abcdefg", offset), 7)), [2, 4]);
        // One from the front proves nothing then, and ends where it was to end.
        let mut reading = Reading::whole(3, false);
        let asked =
            read_on(&mut reading, |offset| page(&part("abcdefghi", offset), if offset == 0 { 5 } else { 9 }));
        assert_eq!(asked, [0, 2]);
        assert!(reading.proven().is_none() && reading.again().is_some());
    }

    #[test]
    fn pages_prove_something_only_with_all_that_makes_a_proof() {
        let read = |pages: [(&str, u64); 3]| {
            let mut reading = Reading::whole(3, false);
            let mut pages = pages.into_iter();
            read_on(&mut reading, |_| pages.next().map(|(ids, total)| page(ids, total)).unwrap());
            reading
        };
        assert!(read([("abc", 6), ("cde", 6), ("ef", 6)]).proven().is_some());
        assert!(read([("abc", 6), ("cde", 7), ("ef", 6)]).proven().is_none(), "a total changed");
        assert!(read([("abc", 6), ("cda", 6), ("ae", 6)]).proven().is_none(), "five are not six");
        let mut newest = Reading::newest(3);
        read_on(&mut newest, |offset| page(&part("abc", offset), 3));
        assert!(newest.proven().is_none(), "that was read for the newest alone");
    }

    #[test]
    fn where_pages_are_short_what_came_out_of_turn_proves_nothing_and_the_next_walk_goes_page_by_page() {
        let mut reading = Reading::whole(3, false);
        reading.asked(0);
        reading.came(0, &page("abc", 6));
        for offset in [2, 4] {
            assert_eq!(reading.wants(), Some(offset));
            reading.asked(offset);
        }
        reading.came(4, &page("e", 6));
        reading.came(2, &page("d", 6));
        assert_eq!(read_on(&mut reading, |offset| page(&part("abcdef", offset), 6)), [5]);
        assert_eq!(reading.ids.len(), 6, "as many as there should be, and not from one walk");
        assert!(reading.proven().is_none());
        let mut again = reading.again().unwrap();
        read_on(&mut again, |offset| page(&part("abcdef", offset)[..1], 6 + offset % 2));
        let mut again = again.again().unwrap();
        let asked = read_on(&mut again, |offset| page(&part("abcdef", offset)[..1], 6));
        assert_eq!(asked, [0, 1, 2, 3, 4, 5]);
        assert_eq!(again.proven().unwrap().len(), 6);
        assert!(!again.short, "it was read page by page from the start");

        // One that is short from its first page on is read to its end at once.
        let mut reading = Reading::whole(3, false);
        read_on(&mut reading, |offset| page(&part("abcdef", offset)[..1], 6));
        assert_eq!(reading.proven().unwrap().len(), 6);
    }

    #[test]
    fn a_page_of_which_nothing_can_be_read_is_not_the_end() {
        let mut reading = Reading::whole(3, true);
        let asked = read_on(&mut reading, |offset| match offset {
            3 => RemotePage { skipped: 3, ..page("", 9) },
            _ => page(&part("abcdefghi", offset), 9),
        });
        assert_eq!(asked, [0, 3, 6]);
    }

    #[test]
    fn progress_counts_what_came_out_of_turn() {
        let mut reading = Reading::whole(4, false);
        for (offset, ids) in [(0, "abcd"), (6, "ghij")] {
            reading.asked(offset);
            reading.came(offset, &page(ids, 14));
        }
        assert_eq!(reading.progress(), Some((6, 14)));
    }
}
