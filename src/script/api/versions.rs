//! `docker_version("20.10")`: which Docker the builds that follow are built by.

use super::objects::{lab, with};
use crate::dockerfile::Version;
use crate::error::{Error, ErrorKind};
use crate::script::core::Shared;
use crate::script::handle::Answer;
use rhai::Engine;

/// Registers `docker_version`.
pub fn register(engine: &mut Engine, core: &Shared) {
    let shared = core.clone();
    engine.register_fn("docker_version", move || -> Answer<String> {
        with(&shared, |core| Ok(core.lab.version.word().to_owned()))
    });
    let shared = core.clone();
    engine.register_fn("docker_version", move |word: &str| -> Answer<()> {
        lab(&shared, |core| {
            core.lab.version = Version::from_word(word).ok_or_else(|| {
                Error::new(ErrorKind::Usage, format!("there is no Docker version `{word}` here"))
                    .did_you_mean(word, ["current", "20.10"])
                    .hint("versions are \"current\" and \"20.10\"; help versions tells them apart")
            })?;
            Ok(())
        })
    });
}
