//! Topics that `help` prints.
