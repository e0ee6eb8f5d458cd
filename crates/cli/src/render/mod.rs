//! What people see: colours, columns, lines that move.

pub mod account;
pub mod colour;
pub mod comparisons;
pub mod conversions;
pub mod downloads;
pub mod entry;
pub mod history;
pub mod line;
pub mod output;
pub mod parity;
pub mod playlist;
pub mod progress;
pub mod rehearsal;
pub mod song;
pub mod switches;
pub mod table;
pub mod text;
