//! The output to a sound device, through rodio's mixer on cpal, and the list of devices.

use std::fmt;
use std::num::NonZero;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use cpal::traits::{DeviceTrait, HostTrait};
use rodio::{DeviceSinkBuilder, MixerDeviceSink};

use super::{Report, Sink, Trouble};
use crate::{Error, Result, Tap};

/// Device periods a second; two of them are buffered. A period is how late the device's thread may be without a gap: longer
/// than a thread waited for the processor beside fifteen busy ones on two cores (130 ms), and short enough for a pause to
/// seem immediate. The system's own default may be two whole seconds.
const PERIODS: u32 = 7;
/// Frames that the callback copies from the tap at once.
const BLOCK_FRAMES: usize = 128;

/// A sound device of this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// The system's, for [`crate::Player::choose_device`].
    pub id: String,
    /// For people.
    pub name: String,
}

/// The devices that sound can go to, as the system orders them. `Error::NoDevice` when the system does not tell. This blocks.
pub fn devices() -> Result<Vec<Device>> {
    quieten_alsa();
    let found = cpal::default_host().output_devices().map_err(|error| no_device(&error))?;
    Ok(found
        .filter_map(|device| {
            // One that is gone before it could be asked is not there.
            let (id, description) = (device.id().ok()?, device.description().ok()?);
            Some(Device { id: id.to_string(), name: description.name().to_owned() })
        })
        .collect())
}

/// Plays on the chosen device if it is there at an opening, else on the one that is the default then.
#[derive(Default)]
pub struct DeviceSink {
    chosen: Option<String>,
    running: Option<Running>,
}

struct Running {
    stream: MixerDeviceSink,
    sound: Arc<LastSound>,
    latency: Duration,
}

impl DeviceSink {
    /// A closed one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl fmt::Debug for DeviceSink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeviceSink")
            .field("chosen", &self.chosen)
            .field("open", &self.running.is_some())
            .finish_non_exhaustive()
    }
}

impl Sink for DeviceSink {
    fn open(&mut self, tap: Tap, report: Report) -> Result<u32> {
        quieten_alsa();
        let reported = Arc::new(AtomicBool::new(false));
        let on_error = move |error: cpal::Error| {
            if is_fatal(&error) && !reported.swap(true, Ordering::AcqRel) {
                report(Trouble::Lost(error.to_string()));
            }
        };
        let host = cpal::default_host();
        let chosen = self.chosen.as_ref().and_then(|id| id.parse().ok());
        let device = chosen
            .and_then(|id| host.device_by_id(&id))
            .or_else(|| host.default_output_device())
            .ok_or_else(|| Error::NoDevice { message: "the system has no default output".into() })?;
        let rate = device.default_output_config().map_err(|error| no_device(&error))?.sample_rate();
        let builder = DeviceSinkBuilder::from_device(device)
            .map_err(|error| no_device(&error))?
            .with_error_callback(on_error)
            .with_buffer_size(cpal::BufferSize::Fixed(rate / PERIODS));
        let mut stream = builder.open_sink_or_fallback().map_err(|error| no_device(&error))?;
        stream.log_on_drop(false);

        let rate = stream.config().sample_rate();
        let sound = Arc::new(LastSound { since: Instant::now(), at: AtomicU64::new(0) });
        stream.mixer().add(Feed::new(tap, rate, Arc::clone(&sound)));
        self.running = Some(Running { stream, sound, latency: Duration::from_secs(3) / PERIODS });
        Ok(rate.get())
    }

    fn settle(&mut self) -> Result<()> {
        Ok(())
    }

    /// Waits until what was drawn last has been heard.
    fn close(&mut self) -> Result<()> {
        if let Some(Running { stream, sound, latency }) = self.running.take() {
            if let Some(since) = sound.ago() {
                thread::sleep(latency.saturating_sub(since));
            }
            drop(stream);
        }
        Ok(())
    }

    fn choose(&mut self, device: Option<String>) {
        self.chosen = device;
    }

    fn idle_after(&self) -> Option<Duration> {
        Some(Duration::from_secs(10))
    }
}

/// Keeps ALSA from writing to the terminal what it then returns as an error anyway. It holds for the calling thread.
pub(crate) fn quieten_alsa() {
    #[cfg(target_os = "linux")]
    if let Err(error) = alsa::Output::local_error_handler() {
        tracing::debug!(%error, "ALSA stays loud");
    }
}

fn is_fatal(error: &cpal::Error) -> bool {
    use cpal::ErrorKind::{DeviceNotAvailable, HostUnavailable, StreamInvalidated};
    matches!(error.kind(), DeviceNotAvailable | StreamInvalidated | HostUnavailable)
}

fn no_device(error: &dyn std::error::Error) -> Error {
    let mut message = error.to_string();
    if let Some(cause) = error.source() {
        message = format!("{message}: {cause}");
    }
    Error::NoDevice { message: message.trim_end_matches('.').to_owned() }
}

/// When sound was last handed to the device.
struct LastSound {
    since: Instant,
    /// Nanoseconds after `since`, plus one; 0 for never.
    at: AtomicU64,
}

impl LastSound {
    fn now(&self) {
        self.at.store(self.since.elapsed().as_nanos() as u64 + 1, Ordering::Relaxed);
    }

    fn ago(&self) -> Option<Duration> {
        let at = self.at.load(Ordering::Relaxed);
        (at > 0).then(|| self.since.elapsed().saturating_sub(Duration::from_nanos(at - 1)))
    }
}

/// The tap as rodio's mixer wants it: endless, sample by sample. It runs in the device's callback.
struct Feed {
    tap: Tap,
    rate: NonZero<u32>,
    sound: Arc<LastSound>,
    block: [f32; BLOCK_FRAMES * 2],
    next: usize,
}

impl Feed {
    fn new(tap: Tap, rate: NonZero<u32>, sound: Arc<LastSound>) -> Self {
        Self { tap, rate, sound, block: [0.0; BLOCK_FRAMES * 2], next: BLOCK_FRAMES * 2 }
    }
}

impl Iterator for Feed {
    type Item = f32;

    fn next(&mut self) -> Option<f32> {
        if self.next == self.block.len() {
            let frames = self.tap.draw(&mut self.block);
            self.block[frames * 2..].fill(0.0);
            if frames > 0 {
                self.sound.now();
            }
            self.next = 0;
        }
        let sample = self.block[self.next];
        self.next += 1;
        Some(sample)
    }
}

impl rodio::Source for Feed {
    fn current_span_len(&self) -> Option<usize> {
        None
    }

    fn channels(&self) -> NonZero<u16> {
        NonZero::<u16>::MIN.saturating_add(1)
    }

    fn sample_rate(&self) -> NonZero<u32> {
        self.rate
    }

    fn total_duration(&self) -> Option<Duration> {
        None
    }
}
