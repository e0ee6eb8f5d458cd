//! Of many measurements, the one that tells.

/// The one in the middle.
pub fn median(values: Vec<f64>) -> f64 {
    percentile(values, 0.5)
}

/// The one below which a share of all is.
pub fn percentile(mut values: Vec<f64>, share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    values[((values.len() - 1) as f64 * share).round() as usize]
}
