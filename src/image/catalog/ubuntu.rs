//! `ubuntu:22.04`.

use super::debian::UBUNTU;
use super::recipe::{PATH, Recipe, words};
use crate::image::Image;
use std::sync::{Arc, LazyLock};

pub(super) static IMAGE: LazyLock<Arc<Image>> = LazyLock::new(|| {
    let mut recipe = Recipe::new(UBUNTU.created);
    recipe.meta("/bin/sh -c #(nop)  ARG RELEASE").meta("/bin/sh -c #(nop)  ARG LAUNCHPAD_BUILD_ARCH");
    recipe.meta("/bin/sh -c #(nop)  LABEL org.opencontainers.image.ref.name=ubuntu");
    recipe.meta("/bin/sh -c #(nop)  LABEL org.opencontainers.image.version=22.04");
    recipe.layer(
        "/bin/sh -c #(nop) ADD file:2b3b5254f38a790d40e31cb26155609f7fc99ef7bc99eae1e0d67fa9ae605f77 in / ",
        "FROM ubuntu",
        "ubuntu",
        || UBUNTU.draw(),
    );
    recipe.meta("/bin/sh -c #(nop)  CMD [\"/bin/bash\"]");
    recipe.config(|config| {
        config.env = words(&[PATH]);
        config.cmd = Some(words(&["/bin/bash"]));
        let mut label = |key: &str, value: &str| config.labels.insert(key.to_owned(), value.to_owned());
        label("org.opencontainers.image.ref.name", "ubuntu");
        label("org.opencontainers.image.version", "22.04");
    });
    recipe.finish()
});
