//! Media keys and the desktop's own player panel: MPRIS on Linux, what the system brings elsewhere.

#[cfg(target_os = "linux")]
mod mpris;
#[cfg(not(target_os = "linux"))]
mod system;

#[cfg(target_os = "linux")]
pub use mpris::Media;
#[cfg(not(target_os = "linux"))]
pub use system::Media;
