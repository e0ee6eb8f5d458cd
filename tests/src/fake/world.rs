//! What the fake service holds, remembers and has been told to do.

/// Which of the two backends it is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    Blue,
    Green,
}

/// One way in which the contract lets a service differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quirk {
    /// Field names in the case of the other dialect.
    OtherCase,
    /// Some fields in either case.
    MixedCase,
    /// JSON columns come as strings that hold JSON.
    ColumnsAsStrings,
    /// Numbers come in quotes.
    NumbersAsStrings,
    /// Whole numbers come with a fraction.
    NumbersAsFloats,
    /// Genres in one string.
    GenreAsString,
    /// What is empty is null.
    Nulls,
    /// What is empty is absent.
    Absent,
    /// Fields that nobody has a name for.
    UnknownFields,
    /// The first item of each list is no song.
    MalformedItem,
    /// Moments without an offset, with microseconds.
    NaiveTimes,
    /// Moments with an offset other than UTC's.
    OffsetTimes,
    /// Addresses of sound and covers in full; otherwise they are relative to the service.
    FullAddresses,
    /// A rendition is an address, not an object.
    PlainRenditions,
    /// Everything lies below `/green`, and nothing at the root.
    BelowAPrefix,
    /// Nobody tells a version.
    NoVersion,
    /// Health only where the new backend has it.
    HealthBelowSystem,
    /// One song is the data itself, not a field of it.
    BareTrack,
    /// A refresh brings no new refresh token.
    NoRotation,
    /// Access tokens are good for one call after sign-in, then a refresh is needed.
    ShortTokens,
    /// The answer to a refresh takes its time to come.
    SlowRefresh,
    /// Sound is for those who are signed in.
    GuardedSound,
    /// Green's catch-all: its own 4xx leaves as a 500 that quotes it.
    CatchAll,
    /// Lists do not say how many there are.
    NoPagination,
    /// Sound comes whole, whatever part is asked for.
    NoRanges,
    /// Addresses of sound in lists have expired: 403 until the song is asked for again.
    AddressesExpire,
    /// What is removed twice is refused with 404 by the service itself.
    GoneAlready,
    /// What is saved twice is refused with 409, which names no entry.
    SavedAlready,
    /// The same with 400, as any other fault of the form.
    SavedAlreadyIsInvalid,
    /// What is removed is told in JSON that no call of the contract answers.
    OddRemovals,
    /// Ids in the form of the other dialect.
    OtherIds,
    /// Sound comes without its length.
    NoLength,
}

/// A song of the fake.
#[derive(Clone, Debug)]
pub struct Song {
    pub title: String,
    pub artist: String,
    pub language: String,
    /// The ending of the sound's address.
    pub extension: &'static str,
    /// None: it has no sound.
    pub sound: Option<Vec<u8>>,
    /// Where the sound is said to be, if not here.
    pub elsewhere: Option<String>,
    /// The song whose sound is said to be this one's instrumental; and what its saved entry says of that.
    pub instrumental: Option<usize>,
    pub instrumental_of_entry: Option<usize>,
}

impl Song {
    pub fn new(title: &str, extension: &'static str, sound: Option<Vec<u8>>) -> Self {
        let (artist, language) = ("Asha Rao".to_owned(), "hi".to_owned());
        Self {
            title: title.to_owned(),
            artist,
            language,
            extension,
            sound,
            elsewhere: None,
            instrumental: None,
            instrumental_of_entry: None,
        }
    }
}

/// One call that came.
#[derive(Clone, Debug)]
pub struct Seen {
    pub method: String,
    pub path: String,
    pub query: String,
    pub authorization: Option<String>,
}

/// What everything is answered with while it lasts.
#[derive(Clone, Debug)]
pub struct Outage {
    pub status: u16,
    pub content_type: &'static str,
    pub body: String,
    pub retry_after: Option<&'static str>,
    /// Only paths that end so; everything when empty.
    pub on: &'static str,
}

/// Everything behind the fake's addresses.
#[derive(Debug)]
pub struct World {
    pub dialect: Dialect,
    pub quirks: Vec<Quirk>,
    pub songs: Vec<Song>,
    /// Indices of saved songs, in the order of saving.
    pub library: Vec<usize>,
    pub seen: Vec<Seen>,
    pub outage: Option<Outage>,
    /// What `verify-otp` refuses with, instead of looking at the code.
    pub refuse_otp: Option<(u16, &'static str, &'static str)>,
    pub access: String,
    pub refresh: String,
    pub calls_left: u32,
    pub refreshes: u32,
    /// Signs addresses of sound; a new one for each song that is asked for.
    pub signature: u32,
    pub origin: String,
}

impl World {
    pub fn new(dialect: Dialect, quirks: &[Quirk], songs: Vec<Song>, origin: String) -> Self {
        Self {
            dialect,
            quirks: quirks.to_vec(),
            songs,
            library: Vec::new(),
            seen: Vec::new(),
            outage: None,
            refuse_otp: None,
            access: String::new(),
            refresh: String::new(),
            calls_left: 0,
            refreshes: 0,
            signature: 0,
            origin,
        }
    }

    pub fn is(&self, quirk: Quirk) -> bool {
        self.quirks.contains(&quirk)
    }

    /// The dialect in whose form ids are.
    pub(super) fn ids(&self) -> Dialect {
        match (self.dialect, self.is(Quirk::OtherIds)) {
            (Dialect::Green, false) | (Dialect::Blue, true) => Dialect::Green,
            (Dialect::Blue, false) | (Dialect::Green, true) => Dialect::Blue,
        }
    }

    /// A song's id on the wire: 24 hex digits with a prefix, or a UUID.
    pub fn song_id(&self, song: usize) -> String {
        match self.ids() {
            Dialect::Blue => format!("track_{:024x}", 0x00ab_cdef_u64 + song as u64),
            Dialect::Green => format!("3f2b8c1e-0000-4000-8000-{song:012x}"),
        }
    }

    /// A saved song's id on the wire.
    pub fn entry_id(&self, song: usize) -> String {
        match self.ids() {
            Dialect::Blue => format!("library_{:024x}", 0x00fe_dcba_u64 + song as u64),
            Dialect::Green => format!("7a1d9e4c-0000-4000-8000-{song:012x}"),
        }
    }

    /// How many calls came whose path ends so.
    pub fn count(&self, method: &str, ending: &str) -> usize {
        self.seen.iter().filter(|seen| seen.method == method && seen.path.ends_with(ending)).count()
    }
}
