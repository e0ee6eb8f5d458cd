//! The order of what is played: a plain state machine, no I/O.

use crate::Place;

/// One place in the queue. Its number is its own for as long as the program runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Item<T> {
    pub(crate) number: u64,
    pub(crate) song: T,
}

/// Songs in order, and the one that is on; past the last one the queue is over.
#[derive(Clone, Debug)]
pub(crate) struct Queue<T> {
    items: Vec<Item<T>>,
    at: usize,
    last_number: u64,
}

impl<T> Default for Queue<T> {
    fn default() -> Self {
        Self { items: Vec::new(), at: 0, last_number: 0 }
    }
}

impl<T> Queue<T> {
    /// Other songs take the place of these; `start` is the index of the one that is on.
    pub(crate) fn replace(&mut self, songs: impl IntoIterator<Item = T>, start: usize) {
        self.items = self.numbered(songs);
        self.at = start.min(self.items.len());
    }

    /// Numbers go on rising: one that a face still holds from an earlier queue never means another song.
    fn numbered(&mut self, songs: impl IntoIterator<Item = T>) -> Vec<Item<T>> {
        songs
            .into_iter()
            .map(|song| {
                self.last_number += 1;
                Item { number: self.last_number, song }
            })
            .collect()
    }

    pub(crate) fn items(&self) -> &[Item<T>] {
        &self.items
    }

    pub(crate) fn current(&self) -> Option<&Item<T>> {
        self.items.get(self.at)
    }

    /// Where the song is that is on; as many as there are songs when the queue is over.
    pub(crate) fn index(&self) -> usize {
        self.at
    }

    pub(crate) fn len(&self) -> usize {
        self.items.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    pub(crate) fn is_over(&self) -> bool {
        self.at == self.items.len()
    }

    /// On to the next song; past the last one the queue is over.
    pub(crate) fn advance(&mut self) {
        self.at = (self.at + 1).min(self.items.len());
    }

    /// Back to the song before; the first one stays.
    pub(crate) fn step_back(&mut self) {
        self.at = self.at.saturating_sub(1);
    }

    /// Back to the first song.
    pub(crate) fn rewind(&mut self) {
        self.at = 0;
    }

    /// Puts songs after the one that is on, or at the end. In a queue that is over the first of them is now on.
    pub(crate) fn insert(&mut self, songs: impl IntoIterator<Item = T>, place: Place) {
        let to = match place {
            Place::Next => (self.at + 1).min(self.items.len()),
            Place::Last => self.items.len(),
        };
        let items = self.numbered(songs);
        self.items.splice(to..to, items);
    }

    /// Takes an item to the index `to`, or to the end if that is nearer. The song that is on stays on. False when
    /// nothing changes, as for an item that is gone.
    pub(crate) fn move_to(&mut self, number: u64, to: usize) -> bool {
        let Some(from) = self.find(number) else { return false };
        let to = to.min(self.items.len() - 1);
        if from == to {
            return false;
        }
        let item = self.items.remove(from);
        self.items.insert(to, item);
        if from == self.at {
            self.at = to;
        } else {
            self.at -= usize::from(from < self.at);
            self.at += usize::from(to <= self.at);
        }
        true
    }

    /// Takes an item out; of the one that is on, the next takes the place. False when it is not there.
    pub(crate) fn remove(&mut self, number: u64) -> bool {
        let Some(from) = self.find(number) else { return false };
        self.items.remove(from);
        self.at -= usize::from(from < self.at);
        true
    }

    /// Goes to an item. False when it is not there.
    pub(crate) fn jump(&mut self, number: u64) -> bool {
        let Some(to) = self.find(number) else { return false };
        self.at = to;
        true
    }

    pub(crate) fn clear(&mut self) {
        self.items.clear();
        self.at = 0;
    }

    fn find(&self, number: u64) -> Option<usize> {
        self.items.iter().position(|item| item.number == number)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn queue(len: usize) -> Queue<usize> {
        let mut q = Queue::default();
        q.replace(0..len, 0);
        q
    }

    fn on(q: &Queue<usize>) -> Option<usize> {
        q.current().map(|item| item.song)
    }

    #[test]
    fn every_song_comes_once_and_then_none() {
        let mut q = queue(3);
        let mut heard = Vec::new();
        while let Some(song) = on(&q) {
            heard.push(song);
            q.advance();
        }
        assert_eq!(heard, [0, 1, 2]);
        q.advance();
        assert_eq!((on(&q), q.index(), q.is_over()), (None, 3, true));
    }

    #[test]
    fn back_from_the_end_is_the_last_song() {
        let mut q = queue(2);
        q.advance();
        q.advance();
        q.step_back();
        assert_eq!(on(&q), Some(1));
        q.step_back();
        q.step_back();
        assert_eq!(on(&q), Some(0));
    }

    #[test]
    fn an_empty_queue_has_nothing() {
        let mut q = queue(0);
        q.advance();
        q.step_back();
        assert_eq!((on(&q), q.is_over(), q.index()), (None, true, 0));
    }

    #[test]
    fn what_is_played_next_comes_next_and_what_is_put_last_comes_last() {
        let mut q = queue(3);
        q.advance();
        q.insert([10, 11], Place::Next);
        q.insert([20], Place::Last);
        let songs: Vec<_> = q.items().iter().map(|item| item.song).collect();
        assert_eq!((songs, on(&q)), (vec![0, 1, 10, 11, 2, 20], Some(1)));
    }

    #[test]
    fn a_queue_that_is_over_goes_on_with_what_is_put_into_it() {
        for place in [Place::Next, Place::Last] {
            let mut q = queue(1);
            q.advance();
            q.insert([7, 8], place);
            assert_eq!(on(&q), Some(7));
        }
    }

    #[test]
    fn numbers_never_come_again() {
        let mut q = queue(2);
        let old: Vec<_> = q.items().iter().map(|item| item.number).collect();
        q.replace(0..2, 1);
        assert!(q.items().iter().all(|item| !old.contains(&item.number)));
        assert!(!q.jump(old[0]) && !q.remove(old[0]) && !q.move_to(old[0], 1));
        assert_eq!(on(&q), Some(1));
    }

    #[derive(Clone, Debug)]
    enum Step {
        Advance,
        Back,
        Rewind,
        Insert(usize, bool),
        Move(usize, usize),
        Remove(usize),
        Jump(usize),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            Just(Step::Advance),
            Just(Step::Back),
            Just(Step::Rewind),
            (0..4usize, any::<bool>()).prop_map(|(count, next)| Step::Insert(count, next)),
            (any::<usize>(), 0..12usize).prop_map(|(which, to)| Step::Move(which, to)),
            any::<usize>().prop_map(Step::Remove),
            any::<usize>().prop_map(Step::Jump),
        ]
    }

    fn pick(q: &Queue<usize>, which: usize) -> Option<u64> {
        (!q.is_empty()).then(|| q.items()[which % q.len()].number)
    }

    proptest! {
        /// Against a list of numbers and the number that is on, kept by other means.
        #[test]
        fn no_song_is_lost_or_doubled_and_the_one_that_is_on_stays(
            len in 0..8usize,
            steps in proptest::collection::vec(step(), 0..40),
        ) {
            let mut q = queue(len);
            let mut fresh = len;
            for step in steps {
                let before: Vec<u64> = q.items().iter().map(|item| item.number).collect();
                let was_on = q.current().map(|item| item.number);
                let mut expected = before.clone();
                let mut expected_on = was_on;
                match step {
                    Step::Advance => {
                        expected_on = before.get(q.index() + 1).copied();
                        q.advance();
                    }
                    Step::Back => {
                        expected_on = before.get(q.index().saturating_sub(1)).copied();
                        q.step_back();
                    }
                    Step::Rewind => {
                        expected_on = before.first().copied();
                        q.rewind();
                    }
                    Step::Insert(count, next) => {
                        q.insert(fresh..fresh + count, if next { Place::Next } else { Place::Last });
                        fresh += count;
                        let news: Vec<u64> =
                            q.items().iter().map(|item| item.number).filter(|n| !before.contains(n)).collect();
                        prop_assert_eq!(news.len(), count);
                        let at = was_on.and_then(|on| before.iter().position(|n| *n == on));
                        let to = at.filter(|_| next).map_or(before.len(), |at| at + 1);
                        expected.splice(to..to, news.iter().copied());
                        expected_on = was_on.or(news.first().copied());
                    }
                    Step::Move(which, to) => if let Some(number) = pick(&q, which) {
                        q.move_to(number, to);
                        expected.retain(|n| *n != number);
                        expected.insert(to.min(expected.len()), number);
                    },
                    Step::Remove(which) => if let Some(number) = pick(&q, which) {
                        prop_assert!(q.remove(number));
                        let at = before.iter().position(|n| *n == number).unwrap();
                        expected.remove(at);
                        if was_on == Some(number) {
                            expected_on = expected.get(at).copied();
                        }
                    },
                    Step::Jump(which) => if let Some(number) = pick(&q, which) {
                        prop_assert!(q.jump(number));
                        expected_on = Some(number);
                    },
                }
                let now: Vec<u64> = q.items().iter().map(|item| item.number).collect();
                prop_assert_eq!(now, expected);
                prop_assert_eq!(q.current().map(|item| item.number), expected_on);
                prop_assert!(q.index() <= q.len());
            }
        }
    }
}
