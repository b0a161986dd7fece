//! `echo`.

use crate::shell::call::Call;
use crate::shell::{escape, text};

/// Which options and escapes an `echo` knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flavour {
    /// dash: only `-n`, escapes always.
    Always,
    /// busybox, bash, coreutils: `-n`, `-e`, `-E`.
    Options,
}

/// What it prints.
pub(crate) fn render(args: &[String], flavour: Flavour) -> Vec<u8> {
    let (mut newline, mut escapes) = (true, flavour == Flavour::Always);
    let mut words = args;
    while let Some((word, rest)) = words.split_first() {
        let letters = match word.strip_prefix('-') {
            Some(letters) if flavour == Flavour::Always && letters == "n" => letters,
            Some(letters)
                if flavour == Flavour::Options
                    && !letters.is_empty()
                    && letters.chars().all(|c| "neE".contains(c)) =>
            {
                letters
            }
            _ => break,
        };
        for letter in letters.chars() {
            match letter {
                'n' => newline = false,
                'e' => escapes = true,
                _ => escapes = false,
            }
        }
        words = rest;
        if flavour == Flavour::Always {
            break;
        }
    }
    let joined = words.join(" ");
    let mut bytes = if escapes {
        let (bytes, cut) = match flavour {
            Flavour::Always => escape::posix_echo(&joined),
            Flavour::Options => escape::echo(&joined),
        };
        newline &= !cut;
        bytes
    } else {
        text::encode(&joined).into_owned()
    };
    if newline {
        bytes.push(b'\n');
    }
    bytes
}

pub(super) fn run(call: &mut Call<'_, '_>) -> i32 {
    let bytes = render(call.args(), Flavour::Options);
    call.out_bytes(&bytes);
    0
}
