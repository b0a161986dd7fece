//! Ruby, Rust and PHP in the table.

use super::{ESTIMATE, GUESS, Known, entry, facts};
use crate::image::catalog::{php, ruby, rust};

const RUBY: &str = "ruby3.1 of Debian 12 under /usr/local, 2026-11-30";
const RUBY_ALPINE: &str = "docker-library/repo-info: 73.92 MB for ruby:3.2.0-alpine3.17, January 2023";
const RUBY_SLIM: &str = "docker-library/repo-info: 149.71 MB for ruby:3.3.11-slim-bookworm, 2026, and the headers that images had before";
const PHP: &str =
    "php8.2-dev and php-pear of Debian 12 under /usr/local, packages by apt-get or apk, 2026-11-30";
const PHP_APACHE: &str = "docker-library/repo-info: 501.97 MB for php:8.2.32-apache-bookworm, July 2026";
const PHP_FPM: &str = "docker-library/repo-info: 75.32 MB for php:8.1.14-fpm-alpine3.17, January 2023";
const RUSTUP: &str = "a toolchain of rustup's minimal profile, 2026-11-30";
const RUST_SLIM: &str =
    "docker-library/repo-info: 791.87 MB for rust:1.66.1-slim-bullseye, January 2023, less its base's 12 MB";

pub(super) static LANGUAGES: &[Known] = &[
    entry("ruby:3.1", "3.1.4 3.1-bookworm 3.1.4-bookworm", facts(995_000_000, GUESS, 30_200, RUBY), || {
        ruby::image(&ruby::V3_1, ruby::On::Full)
    }),
    entry("ruby:3.2", "3.2.2 3.2-bookworm 3.2.2-bookworm", facts(995_000_000, GUESS, 30_200, RUBY), || {
        ruby::image(&ruby::V3_2, ruby::On::Full)
    }),
    entry(
        "ruby:3.3",
        "3.3.0 3 latest 3.3-bookworm 3.3.0-bookworm 3-bookworm bookworm",
        facts(995_000_000, GUESS, 30_200, RUBY),
        || ruby::image(&ruby::V3_3, ruby::On::Full),
    ),
    entry(
        "ruby:3.1-slim",
        "3.1.4-slim 3.1-slim-bookworm 3.1.4-slim-bookworm",
        facts(166_000_000, RUBY_SLIM, 7_600, RUBY),
        || ruby::image(&ruby::V3_1, ruby::On::Slim),
    ),
    entry(
        "ruby:3.2-slim",
        "3.2.2-slim 3.2-slim-bookworm 3.2.2-slim-bookworm",
        facts(166_000_000, RUBY_SLIM, 7_600, RUBY),
        || ruby::image(&ruby::V3_2, ruby::On::Slim),
    ),
    entry(
        "ruby:3.3-slim",
        "3.3.0-slim 3-slim slim 3.3-slim-bookworm 3.3.0-slim-bookworm 3-slim-bookworm slim-bookworm",
        facts(166_000_000, RUBY_SLIM, 7_600, RUBY),
        || ruby::image(&ruby::V3_3, ruby::On::Slim),
    ),
    entry(
        "ruby:3.1-alpine",
        "3.1.4-alpine 3.1-alpine3.19",
        facts(74_000_000, RUBY_ALPINE, 4_000, RUBY),
        || ruby::image(&ruby::V3_1, ruby::On::Alpine),
    ),
    entry(
        "ruby:3.2-alpine",
        "3.2.2-alpine 3.2-alpine3.19",
        facts(74_000_000, RUBY_ALPINE, 4_000, RUBY),
        || ruby::image(&ruby::V3_2, ruby::On::Alpine),
    ),
    entry(
        "ruby:3.3-alpine",
        "3.3.0-alpine 3-alpine alpine 3.3-alpine3.19 alpine3.19",
        facts(74_000_000, RUBY_ALPINE, 4_000, RUBY),
        || ruby::image(&ruby::V3_3, ruby::On::Alpine),
    ),
    entry(
        "rust:1.75",
        "1.75.0 1 latest 1.75-bookworm 1.75.0-bookworm 1-bookworm bookworm",
        facts(1_470_000_000, ESTIMATE, 28_000, RUSTUP),
        || rust::image(&rust::V1_75, rust::On::Full),
    ),
    entry(
        "rust:1.74",
        "1.74.1 1.74-bookworm 1.74.1-bookworm",
        facts(1_470_000_000, GUESS, 28_000, RUSTUP),
        || rust::image(&rust::V1_74, rust::On::Full),
    ),
    entry(
        "rust:1.73",
        "1.73.0 1.73-bookworm 1.73.0-bookworm",
        facts(1_470_000_000, GUESS, 28_000, RUSTUP),
        || rust::image(&rust::V1_73, rust::On::Full),
    ),
    entry(
        "rust:1.75-slim",
        "1.75.0-slim 1-slim slim 1.75-slim-bookworm 1.75.0-slim-bookworm 1-slim-bookworm slim-bookworm",
        facts(780_000_000, RUST_SLIM, 7_300, RUSTUP),
        || rust::image(&rust::V1_75, rust::On::Slim),
    ),
    entry(
        "rust:1.74-slim",
        "1.74.1-slim 1.74-slim-bookworm",
        facts(780_000_000, RUST_SLIM, 7_300, RUSTUP),
        || rust::image(&rust::V1_74, rust::On::Slim),
    ),
    entry(
        "rust:1.73-slim",
        "1.73.0-slim 1.73-slim-bookworm",
        facts(780_000_000, RUST_SLIM, 7_300, RUSTUP),
        || rust::image(&rust::V1_73, rust::On::Slim),
    ),
    entry(
        "rust:1.75-alpine",
        "1.75.0-alpine 1-alpine alpine 1.75-alpine3.19 1.75.0-alpine3.19 1-alpine3.19 alpine3.19",
        facts(790_000_000, GUESS, 1_500, RUSTUP),
        || rust::image(&rust::V1_75, rust::On::Alpine),
    ),
    entry(
        "rust:1.74-alpine",
        "1.74.1-alpine 1.74-alpine3.19",
        facts(790_000_000, GUESS, 1_500, RUSTUP),
        || rust::image(&rust::V1_74, rust::On::Alpine),
    ),
    entry(
        "php:8.1-apache",
        "8.1-apache-bookworm 8.1.27-apache 8.1.27-apache-bookworm",
        facts(502_000_000, PHP_APACHE, 11_800, PHP),
        || php::image(&php::V8_1, php::Kind::Apache, false),
    ),
    entry(
        "php:8.1-cli",
        "8.1-cli-bookworm 8.1 8.1-bookworm 8.1.27-cli 8.1.27-cli-bookworm 8.1.27 8.1.27-bookworm",
        facts(500_000_000, GUESS, 11_000, PHP),
        || php::image(&php::V8_1, php::Kind::Cli, false),
    ),
    entry(
        "php:8.1-fpm",
        "8.1-fpm-bookworm 8.1.27-fpm 8.1.27-fpm-bookworm",
        facts(480_000_000, GUESS, 11_000, PHP),
        || php::image(&php::V8_1, php::Kind::Fpm, false),
    ),
    entry(
        "php:8.1-cli-alpine",
        "8.1-cli-alpine3.19 8.1-alpine 8.1-alpine3.19 8.1.27-cli-alpine 8.1.27-cli-alpine3.19 8.1.27-alpine 8.1.27-alpine3.19",
        facts(107_000_000, GUESS, 1_800, PHP),
        || php::image(&php::V8_1, php::Kind::Cli, true),
    ),
    entry(
        "php:8.1-fpm-alpine",
        "8.1-fpm-alpine3.19 8.1.27-fpm-alpine 8.1.27-fpm-alpine3.19",
        facts(75_320_000, PHP_FPM, 1_800, PHP),
        || php::image(&php::V8_1, php::Kind::Fpm, true),
    ),
    entry(
        "php:8.2-apache",
        "8.2-apache-bookworm 8.2.14-apache 8.2.14-apache-bookworm",
        facts(502_000_000, PHP_APACHE, 11_800, PHP),
        || php::image(&php::V8_2, php::Kind::Apache, false),
    ),
    entry(
        "php:8.2-cli",
        "8.2-cli-bookworm 8.2 8.2-bookworm 8.2.14-cli 8.2.14-cli-bookworm 8.2.14 8.2.14-bookworm",
        facts(500_000_000, GUESS, 11_000, PHP),
        || php::image(&php::V8_2, php::Kind::Cli, false),
    ),
    entry(
        "php:8.2-fpm",
        "8.2-fpm-bookworm 8.2.14-fpm 8.2.14-fpm-bookworm",
        facts(480_000_000, GUESS, 11_000, PHP),
        || php::image(&php::V8_2, php::Kind::Fpm, false),
    ),
    entry(
        "php:8.2-cli-alpine",
        "8.2-cli-alpine3.19 8.2-alpine 8.2-alpine3.19 8.2.14-cli-alpine 8.2.14-cli-alpine3.19 8.2.14-alpine 8.2.14-alpine3.19",
        facts(107_000_000, GUESS, 1_800, PHP),
        || php::image(&php::V8_2, php::Kind::Cli, true),
    ),
    entry(
        "php:8.2-fpm-alpine",
        "8.2-fpm-alpine3.19 8.2.14-fpm-alpine 8.2.14-fpm-alpine3.19",
        facts(75_320_000, PHP_FPM, 1_800, PHP),
        || php::image(&php::V8_2, php::Kind::Fpm, true),
    ),
    entry(
        "php:8.3-apache",
        "8.3-apache-bookworm 8.3.1-apache 8.3.1-apache-bookworm 8-apache 8-apache-bookworm apache apache-bookworm",
        facts(502_000_000, PHP_APACHE, 11_800, PHP),
        || php::image(&php::V8_3, php::Kind::Apache, false),
    ),
    entry(
        "php:8.3-cli",
        "8.3-cli-bookworm 8.3 8.3-bookworm 8.3.1-cli 8.3.1-cli-bookworm 8.3.1 8.3.1-bookworm 8-cli 8-cli-bookworm 8 8-bookworm latest cli bookworm",
        facts(500_000_000, GUESS, 11_000, PHP),
        || php::image(&php::V8_3, php::Kind::Cli, false),
    ),
    entry(
        "php:8.3-fpm",
        "8.3-fpm-bookworm 8.3.1-fpm 8.3.1-fpm-bookworm 8-fpm 8-fpm-bookworm fpm fpm-bookworm",
        facts(480_000_000, GUESS, 11_000, PHP),
        || php::image(&php::V8_3, php::Kind::Fpm, false),
    ),
    entry(
        "php:8.3-cli-alpine",
        "8.3-cli-alpine3.19 8.3-alpine 8.3-alpine3.19 8.3.1-cli-alpine 8.3.1-cli-alpine3.19 8.3.1-alpine 8.3.1-alpine3.19 8-cli-alpine 8-cli-alpine3.19 8-alpine 8-alpine3.19 alpine cli-alpine",
        facts(107_000_000, GUESS, 1_800, PHP),
        || php::image(&php::V8_3, php::Kind::Cli, true),
    ),
    entry(
        "php:8.3-fpm-alpine",
        "8.3-fpm-alpine3.19 8.3.1-fpm-alpine 8.3.1-fpm-alpine3.19 8-fpm-alpine 8-fpm-alpine3.19 fpm-alpine",
        facts(75_320_000, PHP_FPM, 1_800, PHP),
        || php::image(&php::V8_3, php::Kind::Fpm, true),
    ),
    entry("composer:2", "2.6 2.6.6 latest lts", facts(115_000_000, GUESS, 2_000, PHP), php::composer),
];
