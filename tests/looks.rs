//! What is shared, what each step made, and the layers as bars.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod screen;

use screen::screen;

const APP: &str = r#"context("app", #{
    "Dockerfile": "FROM alpine:3.19 AS build\nWORKDIR /src\nENV MODE=fast\nCOPY . .\nRUN head -c 300000 /dev/zero > big && cp big /out\n\nFROM build AS test\nRUN true\n\nFROM build\nARG WHO=me\nRUN rm /src/big\nCOPY run.sh /\nCMD [\"/run.sh\"]\n",
    "run.sh": "echo hi\n"
})"#;

#[test]
fn a_history_names_the_step_and_its_verdict() {
    insta::assert_snapshot!(screen(&[
        APP,
        "docker build -q -t app app",
        r#"context("app").write("run.sh", "echo ho\n")"#,
        "docker build -q -t app app",
        "docker history app",
        "docker history --steps app",
        "docker history --graph app",
        "docker history --steps app | grep HIT",
        "docker history --steps alpine:3.19",
        "DOCKER_BUILDKIT=0 docker build -q -t legacy app",
        "docker history --steps legacy",
    ]));
}

#[test]
fn images_tell_what_they_share() {
    insta::assert_snapshot!(screen(&[
        APP,
        "docker build -q -t app app",
        "docker build -q -t base --target build app",
        "docker run -d --name c app sh",
        r#"container("c").write("/x", "12345678")"#,
        "docker history --steps base",
        "docker history --steps app | head -n 4",
        "docker image ls --shared",
        "docker image ls --shared --format '{{.Repository}} {{.UniqueSize}}'",
        "docker image ls --format '{{.SharedSize}}' | head -n 1",
        "docker system df",
        "docker system df -v",
        "docker system fd",
        "docker history --steps app --format json | head -n 1",
    ]));
}
