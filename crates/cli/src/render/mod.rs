//! What people see: colours, columns, lines that move.
pub mod colour;
pub mod text;
