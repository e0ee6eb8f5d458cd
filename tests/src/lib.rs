//! Shared benches of the end-to-end tests.
