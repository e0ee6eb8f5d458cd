//! Any number of plausible songs, for libraries as large as a test wants.

use super::rng::Rng;
use super::theory::{MODES, TONICS};
use super::{DemoSong, ExternalIds, SongMetadata};

/// The words one language makes its titles and names of.
struct Words {
    language: &'static str,
    /// What a thing is like.
    like: Vec<&'static str>,
    /// The thing.
    thing: Vec<&'static str>,
    /// Where or when.
    place: Vec<&'static str>,
    first: Vec<&'static str>,
    last: Vec<&'static str>,
    genres: Vec<&'static str>,
}

const INDIAN: &str = "Filmi|Pop|Indie|Folk|Classical|Ghazal|Devotional|Lullaby";

fn split(words: &'static str) -> Vec<&'static str> {
    words.split('|').collect()
}

/// Nukta letters are written precomposed (escaped, for editors take them apart) in some words and decomposed in others.
fn words() -> [Words; 6] {
    [
        Words {
            language: "hi",
            like: split(
                "नीला|पुराना|अधूरा|मीठा|सफ़ेद|धीमा|हरा|भीगा|सुनहरा|चुप|ताज़ा|नया|गहरा|हल्का|\u{95E}ीका|\
                ता\u{95B}ा|साँवला|अकेला|रंगीन|दूर का",
            ),
            thing: split(
                "दिल|चाँद|बादल|रास्ता|पहाड़|सावन|काग़ज़|दरिया|आँगन|मौसम|दीपक|ख़्वाब|बा\u{95B}ार|\
                पे\u{95C}|झरोखा|तारा|संदूक|पंछी|शहर|धागा|स\u{95E}र|किनारा",
            ),
            place: split(
                "छत पर|गली में|बारिश के बाद|शाम तक|नदी किनारे|तेरे नाम|रात भर|दूर कहीं|मेले में|\
                सुबह से पहले|खिड़की के पास|आज फिर|बिना बोले|साथ साथ|गाँव की ओर|नींद में",
            ),
            first: split("Aarav|Meera|Kabir|Ishita|Vihaan|Sanvi|Rehan|Tara|Dhruv|Naina|ओम|राधा"),
            last: split("Saraf|Kulshreshth|Vartak|Bundela|Mathur|Tilak|Nagri|Rawal|Safeer|पाठक|Lele|Gaur"),
            genres: split(INDIAN),
        },
        Words {
            language: "ta",
            like: split("நீல|பழைய|இனிய|மெல்லிய|புதிய|தங்க|ஈரமான|அமைதி|சின்ன|பெரிய|வெள்ளை|தூர|முதல்|கடைசி"),
            thing: split(
                "மழை|நிலா|கடல்|காற்று|பாதை|பூ|கனவு|வானம்|நதி|தீபம்|மரம்|அலை|பறவை|வீடு|மனசு|விளக்கு|கோலம்|\
                ரயில்",
            ),
            place: split(
                "இரவில்|வாசலில்|மாலை வரை|உன் பெயரில்|தெருவில்|மெல்ல|மீண்டும்|ஊர் ஓரம்|காலையில்|தூரத்தில்|\
                தூக்கத்தில்|என்னோடு",
            ),
            first: split("Kavin|Nila|Ezhil|Yazhini|Iniyan|Kayal|Arul|Thamarai|மாறன்|Vetri|Oviya|Amudhan"),
            last: split("Selvan|Raghavan|Sundaram|Chezhiyan|Devarajan|Maran|Vel|முத்து|Kumaran|Natesan"),
            genres: split(INDIAN),
        },
        Words {
            language: "te",
            like: split("నీలి|పాత|తీయని|చల్లని|కొత్త|బంగారు|చిన్న|మౌన|తెల్లని|దూరపు|మొదటి|చివరి|పచ్చని|మెల్లని"),
            thing: split(
                "వెన్నెల|వాన|దారి|గాలి|నది|పువ్వు|కల|ఆకాశం|దీపం|చెట్టు|అల|పక్షి|ఇల్లు|మనసు|వీధి|తోట|\
                ముగ్గు|బస్సు",
            ),
            place: split(
                "రాత్రిలో|వాకిట్లో|సాయంత్రం|నీ పేరున|మెల్లగా|మళ్ళీ|ఊరి చివర|ఉదయం|దూరంలో|నిద్రలో|నాతో|\
                వానలో",
            ),
            first: split("Anvesh|Sravani|Teja|Harika|Charan|Pranathi|Vamsi|Lasya|రవి|Nikhil|Meghana|Surya"),
            last: split("Kolluru|Vellanki|Gudi|Duddu|Vemuri|Chilaka|Rallapalli|గోపాల్|Nanduri|Bommidi"),
            genres: split(INDIAN),
        },
        Words {
            language: "bn",
            like: split("নীল|পুরোনো|মিষ্টি|ভেজা|নতুন|সোনালি|ছোট|চুপ|সাদা|দূরের|প্রথম|শেষ|সবুজ|হালকা"),
            thing: split(
                "বৃষ্টি|চাঁদ|নদী|পথ|মেঘ|ফুল|স্বপ্ন|আকাশ|প্রদীপ|গাছ|ঢেউ|পাখি|বাড়ি|মন|জানালা|নৌকা|কুয়াশা|\
                ট্রাম",
            ),
            place: split(
                "রাতে|দরজায়|সন্ধ্যা পর্যন্ত|তোমার নামে|ধীরে ধীরে|আবার|ঘাটের ধারে|ভোরে|দূরে কোথাও|\
                ঘুমের ভিতর|আমার সাথে|শহরে",
            ),
            first: split("Torsha|Anirban|Jonaki|Shubhro|Mrittika|Arko|Moushumi|Rwik|মিতা|Sohag|Tiyasha|Neel"),
            last: split("Bagchi|Lahiry|Maitra|Palit|Sinha|Bhowmik|Dutta|সেন|Guha|Nag"),
            genres: split(INDIAN),
        },
        Words {
            language: "pa",
            like: split("ਨੀਲਾ|ਪੁਰਾਣਾ|ਮਿੱਠਾ|ਨਵਾਂ|ਸੁਨਹਿਰੀ|ਨਿੱਕਾ|ਚੁੱਪ|ਚਿੱਟਾ|ਦੂਰ ਦਾ|ਪਹਿਲਾ|ਆਖ਼ਰੀ|ਹਰਾ|ਸੱਚਾ|ਅੱਧਾ"),
            thing: split("ਚੰਨ|ਮੀਂਹ|ਦਿਲ|ਰਾਹ|ਬੱਦਲ|ਫੁੱਲ|ਸੁਪਨਾ|ਅੰਬਰ|ਦੀਵਾ|ਰੁੱਖ|ਖੇਤ|ਪੰਛੀ|ਪਿੰਡ|ਸ਼ਹਿਰ|ਖੂਹ|ਢੋਲ|ਮੇਲਾ|ਪਤੰਗ"),
            place: split(
                "ਰਾਤ ਨੂੰ|ਵਿਹੜੇ ਵਿੱਚ|ਸ਼ਾਮ ਤੱਕ|ਤੇਰੇ ਨਾਂ|ਹੌਲੀ ਹੌਲੀ|ਮੁੜ ਕੇ|ਨਹਿਰ ਕੰਢੇ|ਸਵੇਰੇ|ਦੂਰ ਕਿਤੇ|\
                ਨੀਂਦਰ ਵਿੱਚ|ਮੇਰੇ ਨਾਲ|ਮੀਂਹ ਵਿੱਚ",
            ),
            first: split("Gurnoor|Simrat|Fateh|Jasleen|Amrik|Preet|Harman|Mehtab|ਗੁਰੀ|Navraj|Kirat|Avneet"),
            last: split("Sekhon|Gill|Tiwana|Brar|Randhir|Ranauta|Dhaliwal|ਸੰਧੂ|Virk|Mann"),
            genres: split("Bhangra|Pop|Folk|Indie|Ghazal|Devotional"),
        },
        Words {
            language: "en",
            like: split(
                "Quiet|Borrowed|Golden|Naïve|Paper|Crimson|Half|Hollow|Déjà Vu|Velvet|Slow|Señorita|Rāga|\
                Électric|Wild|Amber|Faded|Ninth|Salted|Façade",
            ),
            thing: split(
                "Monsoon|Lantern|River|Café|Telescope|Harbour|Letters|Rickshaw|Mango|Compass|Balcony|\
                Śānti|Window|Orchard|Fiancée|Tramline|Kite|Umbrella|Dawn|Mañana|Ferry|Cinema",
            ),
            place: split(
                "in the Rain|on Marine Drive|after Midnight|for Two|at the Gate|before Sunrise|\
                of São Tomé|by the Sea|without You|in Pondichéry|Again|on the Roof|under Glass|for Sale|\
                on Repeat|in Blue",
            ),
            first: split("Maya|Élodie|Theo|Anaïs|Ira|Noah|Zoë|Rafael|Lila|Jon|Aditi|Björn"),
            last: split("Fernandes|D’Souza|Pinto|Mathur|Menezes|Kapadia|Vale|Núñez|Lobo|Harrow|Irani|Müller"),
            genres: split("Pop|Indie|Electronic|Acoustic|Rock|Waltz"),
        },
    ]
}

/// `n` plausible songs, the same ones every time: song `i` does not depend on `n`.
pub fn synthetic(n: usize) -> impl Iterator<Item = DemoSong> {
    let languages = words();
    (0..n as u64).map(move |index| song(index, &languages))
}

fn any(words: &[&'static str], rng: &mut Rng) -> &'static str {
    words.get(rng.below(words.len())).copied().unwrap_or_default()
}

fn song(index: u64, languages: &[Words; 6]) -> DemoSong {
    let mut rng = Rng::new(index, 0x5157);
    // Two in five are Hindi, one in five English, the rest even.
    let words = &languages[rng.pick(&[0_usize, 0, 0, 0, 1, 2, 3, 4, 5, 5])];
    let title = match rng.below(5) {
        0 => [any(&words.like, &mut rng), any(&words.thing, &mut rng)].join(" "),
        1 => [any(&words.thing, &mut rng), any(&words.place, &mut rng)].join(" "),
        2 => format!(
            "{} {} ({} {})",
            any(&words.like, &mut rng),
            any(&words.thing, &mut rng),
            any(&words.like, &mut rng),
            any(&words.thing, &mut rng)
        ),
        _ => [any(&words.like, &mut rng), any(&words.thing, &mut rng), any(&words.place, &mut rng)].join(" "),
    };
    let genre = any(&words.genres, &mut rng);
    let energy = (rng.between(0.2, 0.95) * 100.0).round() / 100.0;
    let tonic = TONICS[rng.below(TONICS.len())];
    // English songs keep to the four modes of the West.
    let mode = MODES[rng.below(if words.language == "en" { 4 } else { MODES.len() })].name;
    DemoSong {
        title,
        artist: [any(&words.first, &mut rng), any(&words.last, &mut rng)].join(" "),
        album: [any(&words.thing, &mut rng), any(&words.place, &mut rng)].join(" "),
        language: words.language.to_owned(),
        genre: vec![genre.to_owned()],
        release_year: 1962 + rng.below(63) as u16,
        // A few are known to everybody, most to few.
        popularity: (rng.unit().powi(3) * 101.0) as u8,
        explicit: rng.chance(0.04),
        duration_s: 30 + rng.below(31) as u32,
        seed: rng.next_u64(),
        lyrics: None,
        metadata: SongMetadata {
            bpm: 64 + rng.below(70) as u16,
            key: [tonic, mode].join(" "),
            energy,
            danceability: ((energy * 0.7 + rng.between(0.0, 0.3)) * 100.0).round() / 100.0,
        },
        has_instrumental: rng.chance(0.8),
        external_ids: ExternalIds {
            spotify: rng.chance(0.5).then(|| letters(22, &mut rng)),
            youtube: rng.chance(0.3).then(|| letters(11, &mut rng)),
            lastfm: None,
        },
    }
}

fn letters(count: usize, rng: &mut Rng) -> String {
    const LETTERS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    (0..count).map(|_| char::from(rng.pick(LETTERS))).collect()
}
