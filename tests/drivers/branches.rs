//! Several writable branches: which of them takes what.
