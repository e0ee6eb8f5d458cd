//! Samples to FLAC.

use flacenc::bitsink::ByteSink;
use flacenc::component::BitRepr;
use flacenc::config::Encoder;
use flacenc::error::Verify;
use flacenc::source::MemSource;

use super::Error;

/// Encodes 16-bit stereo at 44.1 kHz; `samples` holds left and right in turn.
pub fn encode(samples: &[i32]) -> Result<Vec<u8>, Error> {
    let config = Encoder::default().into_verified().map_err(|(_, error)| Error::Encode(error.to_string()))?;
    let source = MemSource::from_samples(samples, 2, 16, 44_100);
    let mut stream = flacenc::encode_with_fixed_block_size(&config, source, config.block_size)
        .map_err(|error| Error::Encode(error.to_string()))?;
    // flacenc counts the shorter last block as the smallest; by the format's rules it does not count, and decoders take
    // two sizes for a stream of varying blocks.
    stream
        .stream_info_mut()
        .set_block_sizes(config.block_size, config.block_size)
        .map_err(|error| Error::Encode(error.to_string()))?;
    let mut sink = ByteSink::new();
    stream.write(&mut sink).map_err(|error| Error::Encode(error.to_string()))?;
    Ok(sink.into_inner())
}
