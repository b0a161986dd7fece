//! What the kernel's OverlayFS does against a person's expectation: one topic for each subject of the
//! recorded corpus, with a line to try and a scenario to run.
//!
//! Lines indented by four spaces can be typed as they stand, into a fresh lab; a test does so.

mod copying;
mod deleting;
mod inodes;
mod looking;
mod mounting;
mod renaming;
mod stacking;

use super::topics::Topic;

/// The topics by subject, in the order in which a beginner meets them.
pub const GROUPS: &[(&str, &[Topic])] = &[
    ("look-up", looking::TOPICS),
    ("deleting", deleting::TOPICS),
    ("copying", copying::TOPICS),
    ("files", inodes::TOPICS),
    ("renaming", renaming::TOPICS),
    ("mounting", mounting::TOPICS),
    ("stacking", stacking::TOPICS),
];
