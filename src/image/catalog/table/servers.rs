//! Databases, caches and web servers of the table.

use super::{ESTIMATE, GUESS, Known, entry, facts};
use crate::image::catalog::{httpd, mariadb, memcached, redis, rpm};

const LAYERS: &str =
    "base and Dockerfile: packages by apt-get or apk, programs as make install lays them out";
const APACHE: &str = "apache2 of Debian 12 under /usr/local/apache2, 2026-11-30";

const ROCKY: &str = "docker-library/repo-info: 175.57 MB for rockylinux:9.3.20231119";
const RPM: &str =
    "the packages that docker-library/repo-info lists, with the files of Debian 12's, 2026-11-30";

pub(super) static SERVERS: &[Known] = &[
    entry(
        "redis:7",
        "7.2 7.2.3 7-bookworm 7.2-bookworm 7.2.3-bookworm latest bookworm",
        facts(138_000_000, ESTIMATE, 4_300, LAYERS),
        || redis::image(&redis::V7_2, false),
    ),
    entry(
        "redis:7-alpine",
        "7.2-alpine 7.2.3-alpine alpine 7-alpine3.19 7.2-alpine3.19 7.2.3-alpine3.19 alpine3.19",
        facts(41_000_000, ESTIMATE, 2_000, LAYERS),
        || redis::image(&redis::V7_2, true),
    ),
    entry(
        "redis:6",
        "6.2 6.2.14 6-bookworm 6.2-bookworm 6.2.14-bookworm",
        facts(109_000_000, GUESS, 4_300, LAYERS),
        || redis::image(&redis::V6_2, false),
    ),
    entry(
        "redis:6-alpine",
        "6.2-alpine 6.2.14-alpine 6-alpine3.19 6.2-alpine3.19 6.2.14-alpine3.19",
        facts(31_400_000, GUESS, 2_000, LAYERS),
        || redis::image(&redis::V6_2, true),
    ),
    entry(
        "httpd:2.4",
        "2.4.58 2 latest 2.4-bookworm 2.4.58-bookworm 2-bookworm bookworm",
        facts(168_000_000, ESTIMATE, 5_400, APACHE),
        || httpd::image(false),
    ),
    entry(
        "httpd:2.4-alpine",
        "2.4.58-alpine 2-alpine alpine 2.4-alpine3.19 2.4.58-alpine3.19 2-alpine3.19 alpine3.19",
        facts(59_300_000, ESTIMATE, 2_700, APACHE),
        || httpd::image(true),
    ),
    entry(
        "memcached:1.6",
        "1.6.22 1 latest 1.6-bookworm 1.6.22-bookworm 1-bookworm bookworm",
        facts(84_900_000, ESTIMATE, 4_350, LAYERS),
        || memcached::image(false),
    ),
    entry(
        "memcached:1.6-alpine",
        "1.6.22-alpine 1-alpine alpine 1.6-alpine3.19 1.6.22-alpine3.19 1-alpine3.19 alpine3.19",
        facts(8_440_000, LAYERS, 570, LAYERS),
        || memcached::image(true),
    ),
    entry("rockylinux:9", "9.3 9.3.20231119", facts(175_570_000, ROCKY, 5_500, RPM), || rpm::ROCKY_9.image()),
    entry("oraclelinux:8-slim", "8.9-slim", facts(113_000_000, ESTIMATE, 3_100, RPM), || {
        rpm::ORACLE_8.image()
    }),
    entry(
        "mysql:8.0",
        "8.0.35 8.0-oracle 8.0.35-oracle 8 8-oracle latest",
        facts(603_000_000, ESTIMATE, 3_300, RPM),
        rpm::mysql,
    ),
    entry(
        "mariadb:11.2",
        "11.2.2 11 latest 11.2-jammy 11.2.2-jammy 11-jammy jammy",
        facts(405_000_000, ESTIMATE, 7_700, LAYERS),
        || mariadb::image(&mariadb::V11_2),
    ),
    entry(
        "mariadb:10.11",
        "10.11.6 10 lts 10.11-jammy 10.11.6-jammy 10-jammy lts-jammy",
        facts(403_000_000, ESTIMATE, 7_700, LAYERS),
        || mariadb::image(&mariadb::V10_11),
    ),
];
