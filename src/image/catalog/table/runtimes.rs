//! Java, its build tools, and distroless in the table.

use super::{ESTIMATE, GUESS, Known, entry, facts};
use crate::image::catalog::{distroless, java};

const JDK: &str = "temurin-25-jdk and openjdk-17 of Debian, packages as in Debian 12, 2026-11-30";
const TEMURIN_JDK: &str =
    "docker-library/repo-info: 455.21 MB for eclipse-temurin:17.0.6_10-jdk-jammy, January 2023";
const TEMURIN_JRE: &str =
    "docker-library/repo-info: 251.82 MB for eclipse-temurin:11.0.18_10-jre-jammy, January 2023";
const TEMURIN_ALPINE: &str =
    "docker-library/repo-info: 169.87 MB for eclipse-temurin:17.0.6_10-jre-alpine, January 2023";
const DISTROLESS: &str = "packages of Debian 12 that the BUILD files of December 2023 name, 2026-11-30";
const DISTROLESS_STATIC: &str = "README of GoogleContainerTools/distroless: around 2 MiB";

pub(super) static RUNTIMES: &[Known] = &[
    entry(
        "eclipse-temurin:11-jdk",
        "11-jdk-jammy 11.0.21_9-jdk 11.0.21_9-jdk-jammy 11 11-jammy",
        facts(457_000_000, GUESS, 5600, JDK),
        || java::temurin(&java::V11, true, false),
    ),
    entry(
        "eclipse-temurin:11-jre",
        "11-jre-jammy 11.0.21_9-jre 11.0.21_9-jre-jammy",
        facts(252_000_000, TEMURIN_JRE, 5450, JDK),
        || java::temurin(&java::V11, false, false),
    ),
    entry(
        "eclipse-temurin:11-jdk-alpine",
        "11.0.21_9-jdk-alpine 11-alpine",
        facts(324_000_000, GUESS, 2900, JDK),
        || java::temurin(&java::V11, true, true),
    ),
    entry(
        "eclipse-temurin:11-jre-alpine",
        "11.0.21_9-jre-alpine",
        facts(156_000_000, GUESS, 2700, JDK),
        || java::temurin(&java::V11, false, true),
    ),
    entry(
        "eclipse-temurin:17-jdk",
        "17-jdk-jammy 17.0.9_9-jdk 17.0.9_9-jdk-jammy 17 17-jammy",
        facts(455_000_000, TEMURIN_JDK, 5600, JDK),
        || java::temurin(&java::V17, true, false),
    ),
    entry(
        "eclipse-temurin:17-jre",
        "17-jre-jammy 17.0.9_9-jre 17.0.9_9-jre-jammy",
        facts(264_000_000, GUESS, 5450, JDK),
        || java::temurin(&java::V17, false, false),
    ),
    entry(
        "eclipse-temurin:17-jdk-alpine",
        "17.0.9_9-jdk-alpine 17-alpine",
        facts(321_000_000, GUESS, 2900, JDK),
        || java::temurin(&java::V17, true, true),
    ),
    entry(
        "eclipse-temurin:17-jre-alpine",
        "17.0.9_9-jre-alpine",
        facts(169_000_000, TEMURIN_ALPINE, 2700, JDK),
        || java::temurin(&java::V17, false, true),
    ),
    entry(
        "eclipse-temurin:21-jdk",
        "21-jdk-jammy 21.0.1_12-jdk 21.0.1_12-jdk-jammy 21 21-jammy latest jammy",
        facts(475_000_000, GUESS, 5600, JDK),
        || java::temurin(&java::V21, true, false),
    ),
    entry(
        "eclipse-temurin:21-jre",
        "21-jre-jammy 21.0.1_12-jre 21.0.1_12-jre-jammy",
        facts(279_000_000, GUESS, 5450, JDK),
        || java::temurin(&java::V21, false, false),
    ),
    entry(
        "eclipse-temurin:21-jdk-alpine",
        "21.0.1_12-jdk-alpine 21-alpine",
        facts(338_000_000, GUESS, 2900, JDK),
        || java::temurin(&java::V21, true, true),
    ),
    entry(
        "eclipse-temurin:21-jre-alpine",
        "21.0.1_12-jre-alpine",
        facts(182_000_000, GUESS, 2700, JDK),
        || java::temurin(&java::V21, false, true),
    ),
    entry(
        "openjdk:11-jdk-slim",
        "11-slim 11.0.16-jdk-slim 11-jdk-slim-bullseye 11-slim-bullseye",
        facts(431_000_000, GUESS, 5_800, JDK),
        || java::openjdk(&java::V11, true),
    ),
    entry(
        "openjdk:11-jre-slim",
        "11.0.16-jre-slim 11-jre-slim-bullseye",
        facts(227_000_000, GUESS, 5_800, JDK),
        || java::openjdk(&java::V11, false),
    ),
    entry(
        "openjdk:17-jdk-slim",
        "17-slim 17.0.2-jdk-slim 17.0.2-slim 17-jdk-slim-bullseye 17-slim-bullseye",
        facts(408_000_000, ESTIMATE, 5_800, JDK),
        || java::openjdk(&java::V17, true),
    ),
    entry(
        "maven:3.9-eclipse-temurin-11",
        "3.9.6-eclipse-temurin-11 3-eclipse-temurin-11",
        facts(543_000_000, GUESS, 8_300, JDK),
        || java::maven(&java::V11),
    ),
    entry(
        "maven:3.9-eclipse-temurin-17",
        "3.9.6-eclipse-temurin-17 3-eclipse-temurin-17",
        facts(543_000_000, GUESS, 8_300, JDK),
        || java::maven(&java::V17),
    ),
    entry(
        "maven:3.9-eclipse-temurin-21",
        "3.9.6-eclipse-temurin-21 3-eclipse-temurin-21 latest 3 3.9 3.9.6",
        facts(543_000_000, GUESS, 8_300, JDK),
        || java::maven(&java::V21),
    ),
    entry(
        "gradle:8-jdk11",
        "8.5-jdk11 jdk11 8.5.0-jdk11 8.5-jdk11-jammy jdk11-jammy",
        facts(723_000_000, GUESS, 10_400, JDK),
        || java::gradle(&java::V11),
    ),
    entry(
        "gradle:8-jdk17",
        "8.5-jdk17 jdk17 8.5.0-jdk17 8.5-jdk17-jammy jdk17-jammy latest 8 8.5 jdk",
        facts(719_000_000, GUESS, 10_400, JDK),
        || java::gradle(&java::V17),
    ),
    entry(
        "gradle:8-jdk21",
        "8.5-jdk21 jdk21 8.5.0-jdk21 8.5-jdk21-jammy jdk21-jammy",
        facts(737_000_000, GUESS, 10_400, JDK),
        || java::gradle(&java::V21),
    ),
    entry(
        "eclipse-temurin:8-jdk",
        "8-jdk-jammy 8u392-b08-jdk 8u392-b08-jdk-jammy 8 8-jammy",
        facts(297_000_000, GUESS, 5700, JDK),
        || java::temurin(&java::V8, true, false),
    ),
    entry(
        "eclipse-temurin:8-jre",
        "8-jre-jammy 8u392-b08-jre 8u392-b08-jre-jammy",
        facts(231_000_000, GUESS, 5600, JDK),
        || java::temurin(&java::V8, false, false),
    ),
    entry(
        "eclipse-temurin:8-jdk-alpine",
        "8u392-b08-jdk-alpine 8-alpine",
        facts(191_000_000, GUESS, 2550, JDK),
        || java::temurin(&java::V8, true, true),
    ),
    entry(
        "eclipse-temurin:8-jre-alpine",
        "8u392-b08-jre-alpine",
        facts(137_000_000, GUESS, 2450, JDK),
        || java::temurin(&java::V8, false, true),
    ),
    entry(
        "openjdk:8-jdk-slim",
        "8-slim 8u342-jdk-slim 8u342-slim 8-jdk-slim-bullseye 8-slim-bullseye",
        facts(296_000_000, GUESS, 5550, JDK),
        || java::openjdk(&java::V8, true),
    ),
    entry(
        "openjdk:8-jre-slim",
        "8u342-jre-slim 8-jre-slim-bullseye",
        facts(194_000_000, GUESS, 5450, JDK),
        || java::openjdk(&java::V8, false),
    ),
    entry(
        "gcr.io/distroless/static-debian12:latest",
        "gcr.io/distroless/static:latest",
        facts(2_000_000, DISTROLESS_STATIC, 1041, DISTROLESS),
        || distroless::image(distroless::Kind::Static, false, false),
    ),
    entry(
        "gcr.io/distroless/static-debian12:nonroot",
        "gcr.io/distroless/static:nonroot",
        facts(2_000_000, DISTROLESS_STATIC, 1041, DISTROLESS),
        || distroless::image(distroless::Kind::Static, true, false),
    ),
    entry(
        "gcr.io/distroless/static-debian12:debug",
        "gcr.io/distroless/static:debug",
        facts(3_120_000, DISTROLESS, 1446, DISTROLESS),
        || distroless::image(distroless::Kind::Static, false, true),
    ),
    entry(
        "gcr.io/distroless/base-debian12:latest",
        "gcr.io/distroless/base:latest",
        facts(20_700_000, DISTROLESS, 1349, DISTROLESS),
        || distroless::image(distroless::Kind::Base, false, false),
    ),
    entry(
        "gcr.io/distroless/base-debian12:nonroot",
        "gcr.io/distroless/base:nonroot",
        facts(20_700_000, DISTROLESS, 1349, DISTROLESS),
        || distroless::image(distroless::Kind::Base, true, false),
    ),
    entry(
        "gcr.io/distroless/base-debian12:debug",
        "gcr.io/distroless/base:debug",
        facts(20_700_000, DISTROLESS, 1754, DISTROLESS),
        || distroless::image(distroless::Kind::Base, false, true),
    ),
    entry(
        "gcr.io/distroless/base-nossl-debian12:latest",
        "gcr.io/distroless/base-nossl:latest",
        facts(14_800_000, DISTROLESS, 1320, DISTROLESS),
        || distroless::image(distroless::Kind::BaseNossl, false, false),
    ),
    entry(
        "gcr.io/distroless/base-nossl-debian12:nonroot",
        "gcr.io/distroless/base-nossl:nonroot",
        facts(14_800_000, DISTROLESS, 1320, DISTROLESS),
        || distroless::image(distroless::Kind::BaseNossl, true, false),
    ),
    entry(
        "gcr.io/distroless/cc-debian12:latest",
        "gcr.io/distroless/cc:latest",
        facts(23_500_000, DISTROLESS, 1378, DISTROLESS),
        || distroless::image(distroless::Kind::Cc, false, false),
    ),
    entry(
        "gcr.io/distroless/cc-debian12:nonroot",
        "gcr.io/distroless/cc:nonroot",
        facts(23_500_000, DISTROLESS, 1378, DISTROLESS),
        || distroless::image(distroless::Kind::Cc, true, false),
    ),
    entry(
        "gcr.io/distroless/cc-debian12:debug",
        "gcr.io/distroless/cc:debug",
        facts(23_500_000, DISTROLESS, 1783, DISTROLESS),
        || distroless::image(distroless::Kind::Cc, false, true),
    ),
    entry(
        "gcr.io/distroless/java17-debian12:latest",
        "gcr.io/distroless/java17:latest gcr.io/distroless/java:latest",
        facts(213_000_000, DISTROLESS, 2300, DISTROLESS),
        || distroless::image(distroless::Kind::Java, false, false),
    ),
    entry(
        "gcr.io/distroless/java17-debian12:nonroot",
        "gcr.io/distroless/java17:nonroot gcr.io/distroless/java:nonroot",
        facts(213_000_000, DISTROLESS, 2300, DISTROLESS),
        || distroless::image(distroless::Kind::Java, true, false),
    ),
    entry(
        "gcr.io/distroless/java17-debian12:debug",
        "gcr.io/distroless/java17:debug gcr.io/distroless/java:debug",
        facts(213_000_000, DISTROLESS, 2740, DISTROLESS),
        || distroless::image(distroless::Kind::Java, false, true),
    ),
    entry(
        "gcr.io/distroless/nodejs20-debian12:latest",
        "gcr.io/distroless/nodejs20:latest gcr.io/distroless/nodejs:latest",
        facts(121_000_000, DISTROLESS, 1392, DISTROLESS),
        || distroless::image(distroless::Kind::Node, false, false),
    ),
    entry(
        "gcr.io/distroless/nodejs20-debian12:nonroot",
        "gcr.io/distroless/nodejs20:nonroot gcr.io/distroless/nodejs:nonroot",
        facts(121_000_000, DISTROLESS, 1392, DISTROLESS),
        || distroless::image(distroless::Kind::Node, true, false),
    ),
    entry(
        "gcr.io/distroless/nodejs20-debian12:debug",
        "gcr.io/distroless/nodejs20:debug gcr.io/distroless/nodejs:debug",
        facts(121_000_000, DISTROLESS, 1797, DISTROLESS),
        || distroless::image(distroless::Kind::Node, false, true),
    ),
    entry(
        "gcr.io/distroless/python3-debian12:latest",
        "gcr.io/distroless/python3:latest",
        facts(52_800_000, DISTROLESS, 2700, DISTROLESS),
        || distroless::image(distroless::Kind::Python, false, false),
    ),
    entry(
        "gcr.io/distroless/python3-debian12:nonroot",
        "gcr.io/distroless/python3:nonroot",
        facts(52_800_000, DISTROLESS, 2700, DISTROLESS),
        || distroless::image(distroless::Kind::Python, true, false),
    ),
    entry(
        "gcr.io/distroless/python3-debian12:debug",
        "gcr.io/distroless/python3:debug",
        facts(52_800_000, DISTROLESS, 3140, DISTROLESS),
        || distroless::image(distroless::Kind::Python, false, true),
    ),
];
