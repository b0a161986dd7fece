//! awk.
