//! The order of what is played: a plain state machine, no I/O.

/// Songs in order, and the one that is on.
#[derive(Clone, Debug)]
pub(crate) struct Queue<T> {
    songs: Vec<T>,
    at: usize,
}

impl<T: Clone> Queue<T> {
    pub(crate) fn new(songs: Vec<T>) -> Self {
        Self { songs, at: 0 }
    }

    pub(crate) fn current(&self) -> Option<T> {
        self.songs.get(self.at).cloned()
    }

    pub(crate) fn index(&self) -> usize {
        self.at
    }

    pub(crate) fn len(&self) -> usize {
        self.songs.len()
    }

    /// On to the next song; past the last one the queue is over.
    pub(crate) fn advance(&mut self) -> Option<T> {
        self.at = (self.at + 1).min(self.songs.len());
        self.current()
    }

    /// Back to the song before; the first one stays.
    pub(crate) fn step_back(&mut self) -> Option<T> {
        self.at = self.at.saturating_sub(1);
        self.current()
    }

    /// Nothing more is played.
    pub(crate) fn end(&mut self) {
        self.at = self.songs.len();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queue(len: usize) -> Queue<usize> {
        Queue::new((0..len).collect())
    }

    #[test]
    fn every_song_comes_once_and_then_none() {
        let mut q = queue(3);
        let mut heard = vec![q.current()];
        while let Some(song) = q.advance() {
            heard.push(Some(song));
        }
        assert_eq!(heard, q.songs.iter().copied().map(Some).collect::<Vec<_>>());
        assert_eq!(q.advance(), None);
        assert_eq!(q.index(), 3);
    }

    #[test]
    fn back_from_the_end_is_the_last_song() {
        let mut q = queue(2);
        q.end();
        assert_eq!(q.current(), None);
        assert_eq!(q.step_back(), Some(q.songs[1]));
        q.step_back();
        assert_eq!(q.step_back(), Some(q.songs[0]));
    }

    #[test]
    fn an_empty_queue_has_nothing() {
        let mut q = queue(0);
        assert_eq!((q.current(), q.advance(), q.step_back()), (None, None, None));
    }
}
