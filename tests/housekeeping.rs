//! Removing things, as transcripts: what Docker says, what it refuses, and why a layer stays.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod screen;

use screen::screen;

/// A project with two layers of its own.
const APP: &str = "context(\"app\", #{ \"Dockerfile\": \"FROM alpine:3.19\\nRUN echo a > /a\\nLABEL x=1\\nCOPY f /f\\nRUN echo b > /b\\n\", \"f\": \"one\\n\" });";
/// Another on the same first step.
const SECOND: &str = "context(\"second\", #{ \"Dockerfile\": \"FROM alpine:3.19\\nRUN echo a > /a\\nRUN echo other > /o\\n\" });";

#[test]
fn a_layer_goes_with_the_last_that_used_it() {
    insta::assert_snapshot!(screen(&[
        APP,
        SECOND,
        "docker build -q -t app:1 app",
        "docker build -q -t second second",
        "docker run -d --name web app:1",
        "docker tag app:1 app:2",
        "docker rmi app:2",
        "docker rmi app:1",
        "docker rm -f web",
        "docker rmi app:1",
        "docker builder prune -f",
        "why layer second",
        "docker rmi second alpine:3.19",
        "docker builder prune -af",
        "docker system df",
    ]));
}

#[test]
fn the_legacy_builders_images_are_its_cache() {
    insta::assert_snapshot!(screen(&[
        APP,
        SECOND,
        "DOCKER_BUILDKIT=0 docker build -q -t app:1 app",
        "DOCKER_BUILDKIT=0 docker build -q -t second second",
        "docker images -a",
        "docker rmi alpine:3.19",
        "docker rmi second",
        "docker rmi --no-prune app:1",
        "docker images -f dangling=true",
        "docker images -f dangling=false",
        "docker image prune -f",
        "docker images -a",
        "DOCKER_BUILDKIT=0 docker build -t app:1 app",
    ]));
}

#[test]
fn what_is_in_use_is_refused_and_nothing_changes() {
    insta::assert_snapshot!(screen(&[
        APP,
        "DOCKER_BUILDKIT=0 docker build -q -t app:1 app",
        "let steps = docker(\"images -aq\").out.split();",
        "docker run -d --name running app:1",
        "docker run -d --name stopped app:1",
        "docker stop stopped",
        "let id = image(\"app:1\").id",
        "docker(\"rmi \" + id)",
        "docker(\"rmi \" + steps[1])",
        "docker rmi app:1",
        "docker tag app:1 other/app:x",
        "docker(\"rmi \" + id)",
        "docker rmi app:1",
        "docker rmi -f other/app:x",
        "docker rmi nosuch",
        "docker rmi -f nosuch",
        "docker rmi nosuch App:1 app:3",
        "docker rmi ap:1",
        "docker images -f dangling=maybe",
        "docker images -f color=red",
        "docker images -f dangling",
        "docker image prune x",
        "docker image prune -f --filter until=abc",
        "docker image prune -f --filter color=red",
        "docker system prune -f --volumes --filter until=24h",
        "docker builder prune -f --keep-storage lots",
        "why layer nosuch",
        "docker tag alpine:3.19 plain",
        "docker run -d --name other plain",
        "docker rmi alpine:3.19",
        "docker rmi plain",
        "docker rm -f other",
        "docker rm -f running",
        "docker(\"rmi \" + id)",
        "docker(\"rmi -f \" + id)",
        "docker rm stopped",
    ]));
}

#[test]
fn a_pruned_cache_makes_the_next_build_miss_and_says_so() {
    insta::assert_snapshot!(screen(&[
        APP,
        "docker build -t app:1 app",
        "docker system df -v",
        "context(\"app\").write(\"f\", \"two\\n\")",
        "docker build -q -t app:1 app",
        "docker system df",
        "docker builder prune -f",
        "docker rmi app:1",
        "docker image prune -f",
        "docker builder prune -f",
        "docker build -t app:1 app",
        "undo",
        "undo",
        "docker build -t app:1 app",
        "docker buildx prune -af",
        "docker build -t app:1 app",
        "docker builder prune -af --keep-storage 6",
        "docker builder prune -af --filter until=1h",
        "docker builder prune -af --filter type=source.local",
    ]));
}

#[test]
fn a_prune_asks_what_docker_asks() {
    insta::assert_snapshot!(screen(&[
        APP,
        "docker build -q -t app:1 app",
        "docker run --name once alpine:3.19 touch /x",
        "docker run -d --name web alpine:3.19",
        "docker container prune",
        "docker image prune",
        "docker image prune -a",
        "docker builder prune",
        "docker system prune -a --filter label=keep",
        "docker rm -f web",
        "docker run --name db -v /data alpine:3.19 touch /data/f",
        "docker volume create kept",
        "docker rm db",
        "docker system prune -af --volumes",
        "docker volume ls -q",
        "docker images",
        "docker system prune -af",
    ]));
}

#[test]
fn filters_choose_by_label_and_age() {
    insta::assert_snapshot!(screen(&[
        "context(\"a\", #{ \"Dockerfile\": \"FROM scratch\\nLABEL keep=yes team=red\\nCOPY f /f\\n\", \"f\": \"a\" });",
        "context(\"b\", #{ \"Dockerfile\": \"FROM scratch\\nLABEL team=blue\\nCOPY f /f\\n\", \"f\": \"b\" });",
        "docker build -q -t a a",
        "docker build -q -t b b",
        "docker images -q -f label=team=red",
        "docker images -f since=a",
        "docker image prune -af --filter until=24h",
        "docker image prune -af --filter label!=keep",
        "docker image prune -af --filter label=team=blue",
        "docker image prune -af --filter label=team",
    ]));
}
