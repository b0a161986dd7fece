//! What each driver leaves on its disk for the same few changes.
