//! The table of the built-in images: names, tags, what is known of the real ones.

mod languages;
mod runtimes;
mod servers;

use super::recipe::Recipe;
use super::{Facts, Known, alpine, buildpack, busybox, debian, golang, nginx, node, postgres, python};
use crate::image::Image;
use std::sync::Arc;

const fn entry(name: &'static str, tags: &'static str, facts: Facts, make: fn() -> Arc<Image>) -> Known {
    Known { name, tags, facts, make }
}

const fn facts(size: u64, size_from: &'static str, entries: usize, entries_from: &'static str) -> Facts {
    Facts { size, size_from, entries, entries_from }
}

const LISTED: &str = "docker image ls, December 2023";
const LATER: &str = "docker image ls, 2024; younger than the lab's clock";
const ROOTFS: &str = "sum over the alpine-minirootfs of the branch's last release";
const GUESS: &str = "estimated from the layers of its kin";
const APT: &str = "debootstrap bookworm and the Dockerfile's apt-get, counted 2026-11-30";
const MINI: &str = "alpine-minirootfs of the branch's last release, counted 2026-11-30";
const BOOTSTRAP: &str = "debootstrap less what the image leaves out, counted 2026-11-30";
const NPM: &str = "node, npm, corepack and yarn of the npm registry, 2026-11-30";
const BUILT: &str = "the release built, pip unpacked, packages by apt-get, 2026-11-30";
const GO: &str = "golang-1.21 of Ubuntu 24.04 unpacked, 2026-11-30";
const ESTIMATE: &str = "estimated; no published figure was found";

/// All of them, those that lessons are about first.
pub(super) fn rows() -> impl Iterator<Item = &'static Known> {
    FIRST.iter().chain(servers::SERVERS).chain(languages::LANGUAGES).chain(runtimes::RUNTIMES)
}

static FIRST: &[Known] = &[
    entry("scratch", "", facts(0, "by definition", 0, "by definition"), || Recipe::new(0).finish()),
    entry(
        "busybox:latest",
        "1 1.36 1.36.1 stable glibc",
        facts(4_260_000, LISTED, 442, "estimated from the applets of 1.36.1"),
        busybox::image,
    ),
    entry("alpine:3.19", "latest 3 3.19.0", facts(7_380_000, LISTED, 526, MINI), || alpine::V3_19.image()),
    entry(
        "debian:bookworm-slim",
        "12-slim 12.4-slim stable-slim",
        facts(74_800_000, LISTED, 4_225, BOOTSTRAP),
        || debian::BOOKWORM_SLIM.image(),
    ),
    entry("ubuntu:22.04", "latest jammy", facts(77_900_000, LISTED, 3_095, BOOTSTRAP), || {
        debian::JAMMY.image()
    }),
    entry(
        "node:20-alpine",
        "20-alpine3.19 20.10-alpine 20.10.0-alpine lts-alpine iron-alpine alpine",
        facts(136_000_000, LISTED, 3_700, NPM),
        || node::image(&node::V20, node::On::Alpine(&alpine::V3_19)),
    ),
    entry(
        "golang:1.21-alpine",
        "1.21-alpine3.19 1.21.5-alpine 1-alpine alpine",
        facts(220_000_000, "estimated: golang-1.21 of Ubuntu 24.04 unpacked is 211.8 MB", 14_900, GO),
        || golang::image(&golang::V1_21, true),
    ),
    entry(
        "python:3.12-slim",
        "3.12.1-slim 3.12-slim-bookworm 3-slim slim slim-bookworm",
        facts(131_000_000, LISTED, 6_600, BUILT),
        || python::image(&python::V3_12, python::On::Slim),
    ),
    entry(
        "nginx:alpine",
        "1.25.3-alpine 1.25-alpine 1-alpine mainline-alpine",
        facts(42_600_000, LISTED, 2_400, "estimated"),
        nginx::alpine,
    ),
    entry(
        "nginx:latest",
        "1.25.3 1.25 1 mainline bookworm",
        facts(187_000_000, LISTED, 5_800, APT),
        nginx::latest,
    ),
    entry(
        "postgres:15",
        "15.5 15-bookworm 15.5-bookworm",
        facts(425_000_000, LISTED, 10_193, APT),
        postgres::image,
    ),
    entry("alpine:3.14", "3.14.10", facts(5_610_000, ROOTFS, 511, MINI), || alpine::V3_14.image()),
    entry("alpine:3.15", "3.15.11", facts(5_590_000, ROOTFS, 510, MINI), || alpine::V3_15.image()),
    entry("alpine:3.16", "3.16.9", facts(5_540_000, ROOTFS, 516, MINI), || alpine::V3_16.image()),
    entry("alpine:3.17", "3.17.10", facts(7_080_000, ROOTFS, 521, MINI), || alpine::V3_17.image()),
    entry("alpine:3.18", "3.18.9", facts(7_350_000, ROOTFS, 526, MINI), || alpine::V3_18.image()),
    entry("alpine:3.20", "3.20.3", facts(7_800_000, LATER, 517, MINI), || alpine::V3_20.image()),
    entry("debian:bookworm", "12 12.4 stable latest", facts(117_000_000, LISTED, 6_660, BOOTSTRAP), || {
        debian::BOOKWORM.image()
    }),
    entry(
        "debian:bullseye-slim",
        "11-slim 11.8-slim oldstable-slim",
        facts(80_500_000, LISTED, 4_830, BOOTSTRAP),
        || debian::BULLSEYE_SLIM.image(),
    ),
    entry("ubuntu:20.04", "focal", facts(72_800_000, LISTED, 2_940, BOOTSTRAP), || debian::FOCAL.image()),
    entry("ubuntu:24.04", "noble", facts(78_100_000, LATER, 3_200, BOOTSTRAP), || debian::NOBLE.image()),
    entry("buildpack-deps:bookworm-curl", "stable-curl curl", facts(165_000_000, APT, 8_217, APT), || {
        buildpack::image(1)
    }),
    entry("buildpack-deps:bookworm-scm", "stable-scm scm", facts(342_000_000, APT, 14_563, APT), || {
        buildpack::image(2)
    }),
    entry("buildpack-deps:bookworm", "stable latest", facts(929_000_000, APT, 27_615, APT), || {
        buildpack::image(3)
    }),
    entry(
        "node:16-alpine",
        "16-alpine3.18 16.20-alpine 16.20.2-alpine gallium-alpine",
        facts(118_000_000, LISTED, 3_700, GUESS),
        || node::image(&node::V16, node::On::Alpine(&alpine::V3_18)),
    ),
    entry(
        "node:18-alpine",
        "18-alpine3.19 18.19-alpine 18.19.0-alpine hydrogen-alpine",
        facts(127_000_000, LISTED, 3_700, NPM),
        || node::image(&node::V18, node::On::Alpine(&alpine::V3_19)),
    ),
    entry("node:22-alpine", "22-alpine3.20 22.12-alpine", facts(157_000_000, LATER, 3_700, GUESS), || {
        node::image(&node::V22, node::On::Alpine(&alpine::V3_20))
    }),
    entry(
        "node:16-slim",
        "16.20-slim 16.20.2-slim gallium-slim",
        facts(188_000_000, GUESS, 7_400, GUESS),
        || node::image(&node::V16, node::On::Slim),
    ),
    entry(
        "node:18-slim",
        "18-bookworm-slim 18.19-slim 18.19.0-slim hydrogen-slim",
        facts(194_000_000, GUESS, 7_400, NPM),
        || node::image(&node::V18, node::On::Slim),
    ),
    entry(
        "node:20-slim",
        "20-bookworm-slim 20.10-slim 20.10.0-slim lts-slim iron-slim",
        facts(200_000_000, GUESS, 7_400, NPM),
        || node::image(&node::V20, node::On::Slim),
    ),
    entry("node:22-slim", "22-bookworm-slim 22.12-slim", facts(219_000_000, GUESS, 7_400, GUESS), || {
        node::image(&node::V22, node::On::Slim)
    }),
    entry("node:16", "16.20 16.20.2 gallium", facts(1_040_000_000, GUESS, 30_800, GUESS), || {
        node::image(&node::V16, node::On::Full)
    }),
    entry("node:18", "18-bookworm 18.19 18.19.0 hydrogen", facts(1_050_000_000, GUESS, 30_800, NPM), || {
        node::image(&node::V18, node::On::Full)
    }),
    entry("node:20", "20-bookworm 20.10 20.10.0 lts iron", facts(1_060_000_000, GUESS, 30_800, NPM), || {
        node::image(&node::V20, node::On::Full)
    }),
    entry("node:22", "22-bookworm 22.12", facts(1_080_000_000, GUESS, 30_800, GUESS), || {
        node::image(&node::V22, node::On::Full)
    }),
    entry(
        "python:3.8-slim",
        "3.8.18-slim 3.8-slim-bookworm",
        facts(130_000_000, GUESS, 6_800, BUILT),
        || python::image(&python::V3_8, python::On::Slim),
    ),
    entry(
        "python:3.9-slim",
        "3.9.18-slim 3.9-slim-bookworm",
        facts(126_000_000, LISTED, 6_800, BUILT),
        || python::image(&python::V3_9, python::On::Slim),
    ),
    entry(
        "python:3.10-slim",
        "3.10.13-slim 3.10-slim-bookworm",
        facts(128_000_000, LISTED, 6_800, BUILT),
        || python::image(&python::V3_10, python::On::Slim),
    ),
    entry(
        "python:3.11-slim",
        "3.11.7-slim 3.11-slim-bookworm",
        facts(131_000_000, LISTED, 6_850, BUILT),
        || python::image(&python::V3_11, python::On::Slim),
    ),
    entry("python:3.8", "3.8.18 3.8-bookworm", facts(998_000_000, GUESS, 29_500, BUILT), || {
        python::image(&python::V3_8, python::On::Full)
    }),
    entry("python:3.9", "3.9.18 3.9-bookworm", facts(995_000_000, GUESS, 29_500, BUILT), || {
        python::image(&python::V3_9, python::On::Full)
    }),
    entry("python:3.10", "3.10.13 3.10-bookworm", facts(996_000_000, GUESS, 29_500, BUILT), || {
        python::image(&python::V3_10, python::On::Full)
    }),
    entry("python:3.11", "3.11.7 3.11-bookworm", facts(1_000_000_000, GUESS, 29_500, BUILT), || {
        python::image(&python::V3_11, python::On::Full)
    }),
    entry("python:3.12", "3.12.1 3.12-bookworm 3 latest", facts(1_000_000_000, GUESS, 29_400, BUILT), || {
        python::image(&python::V3_12, python::On::Full)
    }),
    entry(
        "python:3.9-alpine",
        "3.9.18-alpine 3.9-alpine3.19",
        facts(48_000_000, GUESS, 4_500, BUILT),
        || python::image(&python::V3_9, python::On::Alpine),
    ),
    entry(
        "python:3.10-alpine",
        "3.10.13-alpine 3.10-alpine3.19",
        facts(50_000_000, GUESS, 4_500, BUILT),
        || python::image(&python::V3_10, python::On::Alpine),
    ),
    entry(
        "python:3.11-alpine",
        "3.11.7-alpine 3.11-alpine3.19",
        facts(52_000_000, LISTED, 4_500, BUILT),
        || python::image(&python::V3_11, python::On::Alpine),
    ),
    entry(
        "python:3.12-alpine",
        "3.12.1-alpine 3.12-alpine3.19 3-alpine alpine",
        facts(51_700_000, LISTED, 4_200, BUILT),
        || python::image(&python::V3_12, python::On::Alpine),
    ),
    entry(
        "golang:1.20-alpine",
        "1.20-alpine3.19 1.20.12-alpine",
        facts(220_000_000, GUESS, 14_900, GUESS),
        || golang::image(&golang::V1_20, true),
    ),
    entry("golang:1.22-alpine", "1.22.10-alpine", facts(220_000_000, GUESS, 14_900, GUESS), || {
        golang::image(&golang::V1_22, true)
    }),
    entry("golang:1.20", "1.20.12 1.20-bookworm", facts(812_000_000, GUESS, 31_500, GUESS), || {
        golang::image(&golang::V1_20, false)
    }),
    entry(
        "golang:1.21",
        "1.21.5 1.21-bookworm 1 latest bookworm",
        facts(814_000_000, LISTED, 31_500, GO),
        || golang::image(&golang::V1_21, false),
    ),
    entry("golang:1.22", "1.22.10 1.22-bookworm", facts(812_000_000, GUESS, 31_500, GUESS), || {
        golang::image(&golang::V1_22, false)
    }),
];
