//! The reference backend, for the demo and for every test.

pub mod catalogue;
