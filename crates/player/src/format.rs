//! Recognising: what the bytes are, by their content, and the right demuxer and decoder for them.

use std::sync::OnceLock;
use std::time::Duration;

use symphonia::core::audio::Channels;
use symphonia::core::codecs::audio::well_known as id;
use symphonia::core::codecs::audio::{AudioCodecId, AudioCodecParameters, AudioDecoderOptions};
use symphonia::core::codecs::registry::CodecRegistry;
use symphonia::core::errors::Error as Broken;
use symphonia::core::formats::probe::{Hint as ProbeHint, Probe};
use symphonia::core::formats::well_known::{FORMAT_ID_ADTS, FORMAT_ID_ISOMP4, FORMAT_ID_OGG};
use symphonia::core::formats::{FormatOptions, MediaInfo, Track, TrackType};
use symphonia::core::io::{MediaSourceStream, MediaSourceStreamOptions};
use symphonia::core::meta::MetadataOptions;
use symphonia::core::units::TimeBase;
use symphonia::default::{formats, meta};
use symphonia_adapter_libopus::OpusDecoder;

use crate::decode::{Decode, Pieces};
use crate::engine::time;
use crate::mp4::{self, Index, Music};
use crate::sniff::{self, Kind};
use crate::source::{Hint, Trouble};
use crate::{Error, Format, Result, Source};

/// What every AAC encoder puts before the music at least, when the file does not say: one frame.
const AAC_PRIMING: u64 = 1_024;
/// Rates beyond these are not audio but damage.
const RATES: std::ops::RangeInclusive<u32> = 1_000..=768_000;

/// What is known of a song once it is open.
pub(crate) struct Facts {
    pub format: Format,
    pub duration: Option<Duration>,
    pub seekable: bool,
}

/// Opens a source for decoding. `Unsupported` names what it is, `BadAudio` says what is wrong with it.
pub(crate) fn open(source: Source) -> Result<(Decode, Facts)> {
    let Source { mut media, hint, .. } = source;
    let trouble = media.trouble();
    let (byte_len, seekable) = (media.len(), media.seekable());
    let head = media.peek(sniff::LOOK).map_err(|error| Error::source(&error))?;
    let (kind, tag) = (sniff::sniff(head)?, sniff::tag_len(head));
    let index =
        if kind == Kind::Mp4 { mp4::read_index(&mut media).unwrap_or_default() } else { Index::default() };
    if let Some(trouble) = trouble.take() {
        return Err(trouble);
    }

    let tail = media.tail();
    let stream = MediaSourceStream::new(Box::new(media), MediaSourceStreamOptions::default());
    let reader = containers()
        .probe(&ProbeHint::new(), stream, FormatOptions::default(), MetadataOptions::default())
        .map_err(|error| unrecognised(error, &trouble, kind, &hint))?;
    let container = reader.format_info().format;
    let track = reader
        .default_track(TrackType::Audio)
        .or_else(|| reader.first_track(TrackType::Audio))
        .ok_or_else(|| no_track(&index))?
        .clone();
    let params =
        track.codec_params.as_ref().and_then(|params| params.audio()).ok_or_else(|| no_track(&index))?;
    let decoder = codecs()
        .make_audio_decoder(params, &AudioDecoderOptions::default())
        .map_err(|error| undecodable(error, params, &index))?;
    let rate = decoder.codec_params().sample_rate.or(params.sample_rate).filter(|rate| RATES.contains(rate));
    let rate = rate.ok_or_else(|| Error::bad("it does not say its sample rate"))?;
    let clock = track.time_base.or_else(|| TimeBase::try_from_recip(rate)).unwrap_or_default();

    let music = match (params.codec, container) {
        (id::CODEC_ID_AAC, FORMAT_ID_ISOMP4) => {
            index.music.unwrap_or(Music { start: AAC_PRIMING, len: None })
        }
        (id::CODEC_ID_AAC, FORMAT_ID_ADTS) => Music { start: AAC_PRIMING, len: None },
        _ => Music { start: 0, len: None },
    };
    // Of Opus' priming the demuxer knows, but its clock begins before it.
    let priming =
        if params.codec == id::CODEC_ID_OPUS { u64::from(track.delay.unwrap_or(0)) } else { music.start };
    let all = track_frames(&track, reader.media_info(), rate, clock)
        .map(|all| all.saturating_sub(music.start))
        .or(music.len);
    let length = music.len.or(all).filter(|all| *all > 0);
    let duration = length.map(|all| time(all, rate));
    let format =
        describe(decoder.codec_params(), params, decoder.codec_info().short_name, rate, byte_len, duration);
    let decode = Decode {
        track: track.id,
        clock,
        rate,
        seekable,
        trouble,
        priming,
        end: music.len,
        pieces: match container {
            FORMAT_ID_OGG => Pieces::Pages(tail),
            FORMAT_ID_ADTS => Pieces::Frames(tail),
            FORMAT_ID_ISOMP4 => Pieces::Measured,
            _ => Pieces::Loose,
        },
        announced: length.filter(|_| is_exact(&track, params.codec, container)),
        mix: None,
        wanted: if music.start > 0 { 0 } else { i64::MIN },
        next: 0,
        bad: 0,
        lost: 0,
        adts: byte_len.map(|all| all.saturating_sub(tag)).filter(|_| container == FORMAT_ID_ADTS),
        adts_used: 0,
        follows: false,
        any: false,
        over: false,
        samples: Vec::new(),
        reader,
        decoder,
    };
    Ok((decode, Facts { format, duration, seekable }))
}

/// The containers, without the readers of tags at a file's end: those would make a stream fetch its end before its beginning.
fn containers() -> &'static Probe {
    static CONTAINERS: OnceLock<Probe> = OnceLock::new();
    CONTAINERS.get_or_init(|| {
        let mut probe = Probe::default();
        probe.register_format::<formats::AdtsReader<'_>>();
        probe.register_format::<formats::FlacReader<'_>>();
        probe.register_format::<formats::IsoMp4Reader<'_>>();
        probe.register_format::<formats::MpaReader<'_>>();
        probe.register_format::<formats::WavReader<'_>>();
        probe.register_format::<formats::OggReader<'_>>();
        probe.register_format::<formats::MkvReader<'_>>();
        probe.register_metadata::<meta::Id3v2Reader<'_>>();
        probe
    })
}

fn codecs() -> &'static CodecRegistry {
    static CODECS: OnceLock<CodecRegistry> = OnceLock::new();
    CODECS.get_or_init(|| {
        let mut codecs = CodecRegistry::new();
        symphonia::default::register_enabled_codecs(&mut codecs);
        codecs.register_audio_decoder::<OpusDecoder>();
        codecs
    })
}

/// How long the track is, by itself or, in Matroska, by the file as a whole.
fn track_frames(track: &Track, file: &MediaInfo, rate: u32, clock: TimeBase) -> Option<u64> {
    track.num_frames.or_else(|| {
        let (ticks, clock) = match track.duration {
            Some(ticks) => (ticks, clock),
            None => (file.duration?, file.time_base?),
        };
        let (numer, denom) = (u128::from(clock.numer.get()), u128::from(clock.denom.get()));
        u64::try_from(u128::from(ticks.get()) * numer * u128::from(rate) / denom).ok()
    })
}

/// Whether the announced length is counted, not guessed from the bit rate: only then a file can be called cut off.
fn is_exact(track: &Track, codec: AudioCodecId, container: symphonia::core::formats::FormatId) -> bool {
    match codec {
        id::CODEC_ID_MP3 | id::CODEC_ID_MP2 | id::CODEC_ID_MP1 => track.delay.is_some(),
        _ => container != FORMAT_ID_ADTS,
    }
}

fn describe(
    decoded: &AudioCodecParameters,
    params: &AudioCodecParameters,
    codec: &str,
    rate: u32,
    byte_len: Option<u64>,
    duration: Option<Duration>,
) -> Format {
    let channels = decoded.channels.as_ref().or(params.channels.as_ref()).map_or(0, Channels::count);
    let bitrate = byte_len
        .zip(duration.filter(|d| !d.is_zero()))
        .map(|(bytes, d)| bytes as f64 * 8.0 / d.as_secs_f64());
    Format {
        name: codec_name(params.codec).unwrap_or("WAV").into(),
        codec: codec.into(),
        sample_rate: rate,
        channels: u16::try_from(channels).unwrap_or(u16::MAX),
        bits: decoded.bits_per_sample.or(params.bits_per_sample),
        bitrate: bitrate.map(|bits| bits as u32),
    }
}

/// The listener's name of a codec; `None` for the many kinds of plain samples.
fn codec_name(codec: AudioCodecId) -> Option<&'static str> {
    Some(match codec {
        id::CODEC_ID_MP3 => "MP3",
        id::CODEC_ID_MP2 => "MP2",
        id::CODEC_ID_MP1 => "MP1",
        id::CODEC_ID_AAC => "AAC",
        id::CODEC_ID_ALAC => "ALAC",
        id::CODEC_ID_FLAC => "FLAC",
        id::CODEC_ID_VORBIS => "Ogg Vorbis",
        id::CODEC_ID_OPUS => "Opus",
        id::CODEC_ID_SPEEX => "Speex",
        id::CODEC_ID_AC3 => "AC-3",
        id::CODEC_ID_EAC3 => "E-AC-3",
        id::CODEC_ID_AC4 => "AC-4",
        id::CODEC_ID_DCA => "DTS",
        id::CODEC_ID_TRUEHD => "TrueHD",
        id::CODEC_ID_WMA => "WMA",
        _ => return None,
    })
}

fn no_track(index: &Index) -> Error {
    match index.codec {
        Some(codec) => Error::unsupported(fourcc_name(codec)),
        None => Error::bad("there is no sound track in it"),
    }
}

fn fourcc_name(codec: [u8; 4]) -> String {
    match &codec {
        b"ac-3" => "AC-3".into(),
        b"ec-3" => "E-AC-3".into(),
        b"ac-4" => "AC-4".into(),
        b"alac" => "ALAC".into(),
        b"samr" | b"sawb" => "AMR".into(),
        b"dtsc" | b"dtsh" | b"dtsl" => "DTS".into(),
        b"mha1" | b"mhm1" => "MPEG-H".into(),
        b"mp4a" => "this kind of AAC".into(),
        other => String::from_utf8_lossy(other).trim().to_uppercase(),
    }
}

fn undecodable(error: Broken, params: &AudioCodecParameters, index: &Index) -> Error {
    match error {
        Broken::Unsupported(_) if params.codec == id::CODEC_ID_AAC => {
            let wide = params.channels.as_ref().is_some_and(|channels| channels.count() > 2);
            Error::unsupported(if wide { "AAC with more than two channels" } else { "HE-AAC" })
        }
        Broken::Unsupported(what) => {
            let name = codec_name(params.codec).map(String::from).or_else(|| index.codec.map(fourcc_name));
            Error::unsupported(name.unwrap_or_else(|| what.into()))
        }
        error => broken(&error),
    }
}

/// What is wrong, in a listener's words; the library's own go to the log.
pub(crate) fn broken(error: &Broken) -> Error {
    tracing::debug!(%error, "audio that cannot be read");
    Error::bad(match error {
        Broken::IoError(_) => "the file breaks off",
        Broken::DecodeError(_) | Broken::Unsupported(_) => "its bytes are garbled",
        Broken::LimitError(_) => "it asks for more than a song can need",
        _ => "it cannot be read",
    })
}

fn unrecognised(error: Broken, trouble: &Trouble, kind: Kind, hint: &Hint) -> Error {
    if let Some(trouble) = trouble.take() {
        return trouble;
    }
    match (kind, error) {
        (Kind::Known | Kind::Mp4, Broken::IoError(_)) => Error::bad("the file breaks off before any sound"),
        (Kind::Mp4, Broken::Unsupported(what)) if what.contains("moov") => Error::bad("its index is missing"),
        (Kind::Known, Broken::Unsupported(what)) if what.contains("segment") => {
            Error::bad("the file is cut off")
        }
        (Kind::Known | Kind::Mp4, error) => broken(&error),
        (Kind::Unknown, _) => {
            match hint.extension.as_deref().filter(|extension| !sniff::is_ours(extension)) {
                Some(extension) => Error::unsupported(extension.to_uppercase()),
                None => Error::bad("no audio was found in it"),
            }
        }
    }
}
