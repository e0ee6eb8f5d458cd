//! Looking without playing: whether a file can be heard to its end, and where sound would go.

use std::time::Duration;

use crate::{Result, Source, decode::More, engine::time, format};

/// Decodes a source to its end and returns how long it sounds. Fails as playing it would.
pub fn check(source: Source) -> Result<Duration> {
    let (mut decode, _) = format::open(source)?;
    let mut samples = Vec::new();
    let mut frames = 0;
    loop {
        let more = decode.next(&mut samples)?;
        // Stereo, interleaved: two samples a frame.
        frames += samples.len() as u64 / 2;
        samples.clear();
        if more == More::No {
            return Ok(time(frames, decode.rate));
        }
    }
}

/// The name of the device that would be played on. `Error::NoDevice` when there is none.
#[cfg(feature = "device")]
pub fn default_device() -> Result<String> {
    use cpal::traits::{DeviceTrait, HostTrait};

    crate::sink::device::quieten_alsa();
    let missing =
        |message: String| crate::Error::NoDevice { message: message.trim_end_matches('.').to_owned() };
    let device = cpal::default_host()
        .default_output_device()
        .ok_or_else(|| missing("the system has no default output".into()))?;
    // A device may be listed and not be there: only its format proves it.
    device.default_output_config().map_err(|e| missing(e.to_string()))?;
    Ok(device.description().map_err(|e| missing(e.to_string()))?.name().to_owned())
}
