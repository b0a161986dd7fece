//! Pushing and pulling, as transcripts: which layers travel, in Docker's words, and what is refused.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod screen;

use screen::screen;

/// A project with two layers of its own.
const APP: &str = "let app = context(\"app\", #{ \"Dockerfile\": \"FROM alpine:3.19\\nRUN echo a > /a\\nCOPY f /f\\n\", \"f\": \"one\\n\" });";

#[test]
fn only_what_is_missing_travels() {
    insta::assert_snapshot!(screen(&[
        APP,
        "docker build -q -t localhost:5000/team/app:1 app",
        "docker push localhost:5000/team/app:1",
        "docker push localhost:5000/team/app:1",
        "docker tag localhost:5000/team/app:1 localhost:5000/other/app",
        "docker push localhost:5000/other/app",
        "app.write(\"f\", \"two\\n\")",
        "docker build -q -t localhost:5000/team/app:2 app",
        "docker push -a localhost:5000/team/app",
        "docker images --digests",
        "docker -H ci pull localhost:5000/team/app:1",
        "docker -H ci pull localhost:5000/team/app:2",
        "docker -H ci pull localhost:5000/team/app:2",
        "docker -H ci pull -q localhost:5000/other/app",
        "docker -H ci images",
        "host",
        "host ci",
        "docker inspect --format '{{json .RepoDigests}}' localhost:5000/team/app:1",
        "docker rmi localhost:5000/team/app:1",
        "docker rmi localhost:5000/other/app",
        "docker pull -a localhost:5000/team/app",
        "host local",
        "undo 4",
        "host",
    ]));
}

#[test]
fn a_layer_that_two_hosts_built_is_sent_once() {
    insta::assert_snapshot!(screen(&[
        APP,
        "docker build -q -t localhost:5000/app:1 app",
        "docker push -q localhost:5000/app:1",
        "docker -H ci build -q -t localhost:5000/app:2 app",
        "docker -H ci push localhost:5000/app:2",
        "docker_version(\"20.10\")",
        "docker -H old build -q -t localhost:5000/app:3 app",
        "docker -H old push localhost:5000/app:3",
        "docker -H new run --rm localhost:5000/app:3 cat /f",
        "docker -H new images",
        "registry(\"localhost:5000\").repositories",
        "registry(\"localhost:5000\").tags(\"app\")",
    ]));
}

#[test]
fn a_build_stands_on_what_was_pushed() {
    insta::assert_snapshot!(screen(&[
        APP,
        "docker build -q -t localhost:5000/base app",
        "docker push -q localhost:5000/base",
        "context(\"top\", #{ \"Dockerfile\": \"FROM localhost:5000/base\\nRUN cat /f > /g\\n\" });",
        "docker -H ci build -t top top",
        "docker -H ci images --digests",
        "docker -H ci build --strict -t top --base x=y top",
        "DOCKER_BUILDKIT=0 docker -H ci2 build -t top top",
        "host(\"ci\").image(\"top\").size",
        "host(\"ci\").docker(\"ps\").ok",
    ]));
}

#[test]
fn a_pull_that_breaks_off_goes_on_where_it_stopped() {
    insta::assert_snapshot!(screen(&[
        "context(\"big\", #{ \"Dockerfile\": \"FROM scratch\\nCOPY a /\\nCOPY b /\\nCOPY c /\\n\", \"a\": filled(3_000_000), \"b\": filled(2_000_000), \"c\": \"small\\n\" });",
        "docker build -q -t localhost:5000/big big",
        "docker push localhost:5000/big",
        "host ci",
        "registry(\"localhost:5000\").cut_after(4_000_000)",
        "docker pull localhost:5000/big",
        "docker images",
        "docker pull localhost:5000/big",
        "docker rmi localhost:5000/big",
        "docker_version(\"20.10\")",
        "registry(\"localhost:5000\").cut_after(4_000_000)",
        "docker pull localhost:5000/big",
        "docker pull localhost:5000/big",
    ]));
}

#[test]
fn digests_name_what_they_name() {
    insta::assert_snapshot!(screen(&[
        APP,
        "docker build -q -t localhost:5000/app:1 app",
        "docker push -q localhost:5000/app:1",
        "let digest = docker(\"manifest inspect localhost:5000/app:1\").ok;",
        "docker manifest inspect localhost:5000/app:1",
        "docker buildx imagetools inspect localhost:5000/app:1",
        "let by = docker(\"inspect --format '{{index .RepoDigests 0}}' localhost:5000/app:1\").out.split(\"\\n\")[0];",
        "docker(\"-H ci pull \" + by)",
        "docker -H ci images --digests",
        "docker -H ci pull localhost:5000/app@sha256:0000000000000000000000000000000000000000000000000000000000000000",
        "docker -H ci pull localhost:5000/app@sha256:00",
        "docker(\"-H ci tag \" + by + \" kept\")",
        "docker(\"-H ci tag kept \" + by)",
        "docker(\"-H ci rmi \" + by)",
        "docker -H ci images --digests",
    ]));
}

#[test]
fn an_index_names_an_image_for_each_platform() {
    insta::assert_snapshot!(screen(&[
        APP,
        "docker build -q -t localhost:5000/app:amd64 app",
        "docker build -q --platform linux/arm64 -t localhost:5000/app:arm64 app",
        "docker push -q -a localhost:5000/app",
        "docker buildx imagetools create -t localhost:5000/app:1 localhost:5000/app:amd64 localhost:5000/app:arm64",
        "docker buildx imagetools inspect localhost:5000/app:1",
        "docker manifest inspect localhost:5000/app:1",
        "docker -H ci pull localhost:5000/app:1",
        "docker -H arm pull --platform linux/arm64 localhost:5000/app:1",
        "docker -H arm inspect --format '{{.Os}}/{{.Architecture}}' localhost:5000/app:1",
        "docker -H arm pull --platform linux/s390x localhost:5000/app:1",
        "docker -H arm pull --platform bogus localhost:5000/app:1",
        "docker -H arm pull --platform linux/arm64 localhost:5000/app:amd64",
    ]));
}

#[test]
fn what_is_refused_changes_nothing() {
    insta::assert_snapshot!(screen(&[
        "docker pull nosuch",
        "docker pull ngimx:alpine",
        "docker pull nginx:alpine3",
        "docker pull localhost:5000/nosuch",
        "docker pull Alpine",
        "docker pull 'a b'",
        "docker pull -a alpine:3.19",
        "docker pull",
        "docker pull alpine:3.19",
        "docker pull alpine:3.19",
        "docker tag alpine:3.19 App:1",
        "docker tag alpine:3.19 app:Tag",
        "docker tag alpine:3.19 app:-bad",
        "docker tag nosuch y",
        "docker tag alpine:3.19 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "docker push nosuch:1",
        "docker push app:Tag",
        "docker login",
        "docker login -u me -p geheim --frobnicate",
        "docker login -u me -p geheim",
        "docker push app:Tag",
        "docker tag app:Tag me/app",
        "docker push me/app",
        "docker push -a me/app:1",
        "docker login -u me -p geheim no:such:port",
        "docker logout",
        "docker logout",
        "docker push me/app",
        "docker manifest inspect nosuch",
        "docker manifest create x",
        "docker buildx imagetools inspect localhost:5000/x",
        "docker buildx imagetools create localhost:5000/x",
        "docker -H",
        "docker -H 'a b' images",
        "host a b",
        "host !",
        "registry(\"a b\")",
        "registry(\"localhost:5000\").cut_after(-1)",
        "log",
    ]));
}

/// Two stages: a binary is built, the image takes it.
const TOOL: &str = "let tool = context(\"tool\", #{ \"Dockerfile\": \"FROM alpine:3.19 AS build\\nCOPY main /src/main\\nRUN tr a-z A-Z < /src/main > /tool\\nRUN echo checked > /report\\nFROM alpine:3.19\\nRUN mkdir /app\\nCOPY --from=build /tool /app/tool\\n\", \"main\": \"main\\n\" });";

#[test]
fn min_carries_the_image_and_max_carries_every_step() {
    for mode in ["min", "max"] {
        let to = format!("--cache-to type=registry,ref=localhost:5000/tool:cache,mode={mode}");
        let from = "--cache-from type=registry,ref=localhost:5000/tool:cache";
        insta::assert_snapshot!(
            format!("mode_{mode}"),
            screen(&[
                TOOL.to_owned(),
                format!("docker build -q -t tool {to} tool"),
                format!("docker -H ci build -t tool {from} tool"),
                "docker -H ci build -t tool tool".to_owned(),
                "tool.write(\"Dockerfile\", \"FROM alpine:3.19 AS build\\nCOPY main /src/main\\nRUN tr a-z A-Z < /src/main > /tool\\nRUN echo checked twice > /report\\nFROM alpine:3.19\\nRUN mkdir /app\\nCOPY --from=build /tool /app/tool\\nCOPY --from=build /report /app/report\\n\")".to_owned(),
                format!("docker -H other build -t tool {from} tool"),
                "explain 4".to_owned(),
                "docker -H other system df -v".to_owned(),
                "docker manifest inspect localhost:5000/tool:cache".to_owned(),
            ])
        );
    }
}

#[test]
fn an_image_may_carry_its_own_cache() {
    insta::assert_snapshot!(screen(&[
        APP,
        "docker build -q -t localhost:5000/plain app",
        "docker push -q localhost:5000/plain",
        "docker build -q -t localhost:5000/app --build-arg BUILDKIT_INLINE_CACHE=1 app",
        "docker push -q localhost:5000/app",
        "docker -H ci build -t app --cache-from localhost:5000/plain app",
        "docker -H ci2 build -t app --cache-from localhost:5000/app app",
        "app.write(\"f\", \"two\\n\")",
        "docker -H ci3 build -t app --cache-from localhost:5000/app --cache-to type=inline app",
        "docker -H ci3 build -t app --cache-from localhost:5000/nosuch app",
        "docker build -q -t app --cache-to type=local,dest=cache app",
        "docker -H ci4 build -t app --cache-from type=local,src=cache app",
    ]));
}

#[test]
fn the_legacy_builder_takes_the_history_of_an_image() {
    insta::assert_snapshot!(screen(&[
        APP,
        "DOCKER_BUILDKIT=0 docker build -q -t localhost:5000/app:1 app",
        "docker push -q localhost:5000/app:1",
        "host ci",
        "DOCKER_BUILDKIT=0 docker build -t app --cache-from localhost:5000/app:1 app",
        "docker rmi app",
        "docker image prune -af",
        "docker pull -q localhost:5000/app:1",
        "DOCKER_BUILDKIT=0 docker build -t app --cache-from localhost:5000/app:1 app",
        "app.write(\"f\", \"two\\n\")",
        "DOCKER_BUILDKIT=0 docker build -t app:2 --cache-from localhost:5000/app:1 app",
        "DOCKER_BUILDKIT=0 docker build -t app:2 --cache-from localhost:5000/app:1 app",
        "DOCKER_BUILDKIT=0 docker build -t app:2 app",
    ]));
}

#[test]
fn cache_flags_that_say_nothing() {
    insta::assert_snapshot!(screen(&[
        APP,
        "docker build --cache-to nonsense=1 app",
        "docker build --cache-to type=gha app",
        "docker build --cache-to type=registry app",
        "docker build --cache-to type=registry,ref=App app",
        "docker build --cache-to type=registry,ref=app,mode=most app",
        "docker build --cache-to type=registry,ref=app app",
        "docker build --cache-to type=local app",
        "docker build --cache-from type=local app",
        "docker build --cache-from 'a b' app",
        "DOCKER_BUILDKIT=0 docker build --cache-to type=inline app",
        "docker build --platform linux/amd64,linux/arm64 app",
        "docker build --platform vax app",
        "docker_version(\"20.10\")",
        "docker build --cache-to type=registry,ref=localhost:5000/app app",
    ]));
}
