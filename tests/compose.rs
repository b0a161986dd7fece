//! Compose: files in, what `docker compose` prints and does out. The rules and words are those of compose-go
//! (2026-07) and docker/compose v5; each is read in their sources.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod screen;

use layerlab::compose::{self, Asked};
use layerlab::trace::Trace;
use screen::{screen, screen_with};

/// A context with this compose file, and the lines behind it.
fn with(file: &str, lines: &[&str]) -> String {
    with_files(&[("compose.yaml", file)], lines)
}

fn with_files(files: &[(&str, &str)], lines: &[&str]) -> String {
    let entries: Vec<String> = files.iter().map(|(name, text)| format!("{name:?}: {}", rhai(text))).collect();
    let made = format!("context(\"shop\", #{{ {} }});", entries.join(", "));
    let all: Vec<&str> = [made.as_str(), "$ cd shop"].into_iter().chain(lines.iter().copied()).collect();
    let text = screen(&all);
    // The files stand in the test.
    text.split_once("lab> $ cd shop\n").map_or(text.clone(), |(_, rest)| rest.to_owned())
}

/// A text as Rhai writes it.
fn rhai(text: &str) -> String {
    format!("{text:?}").replace("\\'", "'")
}

const LESSON: &str = "\
services:
  db:
    image: postgres:15
    environment:
      POSTGRES_PASSWORD: secret
    volumes:
      - db-data:/var/lib/postgresql/data

volumes:
  db-data:
";

#[test]
fn the_file_of_the_lesson() {
    insta::assert_snapshot!(with(
        LESSON,
        &[
            "docker compose config",
            "docker compose up -d",
            "docker compose ps",
            "docker compose exec db sh -c 'echo 15 > $PGDATA/PG_VERSION'",
            "docker compose exec db sh -c 'cat $PGDATA/PG_VERSION; echo $POSTGRES_PASSWORD'",
            "docker volume ls",
            "docker volume inspect -f '{{json .Labels}}' shop_db-data",
            "docker compose up -d",
            "docker compose down",
            "docker volume ls -q",
            "docker compose up -d",
            "docker compose exec db sh -c 'cat $PGDATA/PG_VERSION'",
            "docker compose down -v",
            "docker volume ls -q",
            "docker ps -aq",
            "undo",
            "docker compose ps -q --services",
            "docker(\"compose down\").err.split(\"\\n\").len()",
        ],
    ));
}

#[test]
fn services_are_built_and_start_in_order() {
    let file = "\
name: stack
services:
  web:
    build:
      context: ./web
      target: run
      args:
        WHO: ${WHO:-world}
    command: cat /hello
    depends_on: [cache, db]
  cache:
    build:
      context: .
      dockerfile_inline: |
        FROM alpine:3.19
        RUN echo cache > /name
    depends_on:
      db: { condition: service_started }
  db:
    image: alpine:3.19
    container_name: the-db
    volumes: [data:/data, /anonymous, './conf:/conf:ro']
    tmpfs: /run
    read_only: true
    user: \"1000\"
    working_dir: /data
    labels: { tier: back }
volumes:
  data: { name: kept }
";
    insta::assert_snapshot!(with_files(
        &[
            ("compose.yaml", file),
            (
                "web/Dockerfile",
                "FROM alpine:3.19 AS base\nARG WHO\nRUN echo hello $WHO > /hello\nFROM base AS run\n"
            ),
        ],
        &[
            "docker compose config",
            "docker compose config --services",
            "docker compose config --images",
            "WHO=you docker compose up --build",
            "docker compose ps -a",
            "docker compose exec db sh -c 'id -u; pwd; touch /x; touch /conf/x; touch /run/x; ls -d /anonymous'",
            "docker inspect -f '{{json .Config.Labels}}' the-db",
            "docker compose up -d cache",
            "docker compose run --rm -e WHO=me web sh -c 'echo $WHO; touch /only-here; exit 3'",
            "docker compose run cache cat /name",
            "docker compose ps --services",
            "docker ps -a | wc -l",
            "docker compose down",
            "docker volume ls -q",
        ],
    ));
}

#[test]
fn a_changed_service_is_made_anew_and_keeps_its_anonymous_volumes() {
    let file = "services:\n  db:\n    image: postgres:15\n    environment: [LEVEL]\n";
    insta::assert_snapshot!(with(
        file,
        &[
            "LEVEL=1 docker compose up -d",
            "docker compose exec db sh -c 'echo kept > $PGDATA/f; echo gone > /f'",
            "LEVEL=1 docker compose up -d",
            "LEVEL=2 docker compose up -d",
            "docker compose exec db sh -c 'cat $PGDATA/f; cat /f; echo $LEVEL'",
            "docker run -d --name shop-web-1 alpine:3.19",
            "docker compose -p other up -d",
            "docker compose -p other down -v",
            "docker volume ls -q",
        ],
    ));
}

#[test]
fn several_files_lie_over_each_other() {
    let base = "services:\n  app:\n    image: alpine:3.19\n    command: [echo, one]\n    environment: { A: 1, B: \"2\" }\n    volumes: [\"data:/data\"]\nvolumes: { data: {} }\n";
    let over = "services:\n  app:\n    command: echo \"two words\"\n    environment: [B=3, C]\n    volumes: [\"./src:/data:ro\", \"/cache\"]\n  more:\n    image: alpine:3.20\n    profiles: [debug]\n";
    insta::assert_snapshot!(with_files(
        &[
            ("compose.yaml", base),
            ("compose.override.yaml", over),
            ("other.yml", "services: { app: { image: \"alpine:${TAG}\" } }\n"),
            (".env", "TAG=3.18\nC=from-env\nCOMPOSE_PROJECT_NAME=named\n"),
            ("second.env", "TAG=3.20\n"),
        ],
        &[
            "docker compose config",
            "docker compose -f compose.yaml -f other.yml config",
            "TAG=edge docker compose --env-file second.env -f compose.yaml -f other.yml config --images",
            "docker compose --profile debug config --services",
            "docker-compose -f compose.yaml config -q",
            "docker compose -p Bad.Name config",
        ],
    ));
}

#[test]
fn what_is_not_modelled_is_named() {
    let file = "\
x-logging: &logging
  driver: json-file
services:
  web:
    image: nginx:alpine
    ports:
      - \"8080:80\"
    restart: always
    logging: *logging
    healthcheck:
      test: [CMD, true]
    volumes:
      - type: bind
        source: ./html
        target: /usr/share/nginx/html
        bind: { propagation: rslave }
networks:
  front:
";
    insta::assert_snapshot!(with(
        file,
        &["docker compose up -d", "docker compose logs", "docker compose fly"]
    ));
}

#[test]
fn anchors_and_merge_keys() {
    let file = "\
x-base: &base
  image: alpine:3.19
  environment: &env { A: a, B: b }
services:
  one:
    <<: *base
    environment:
      <<: *env
      B: own
  two: *base
";
    insta::assert_snapshot!(with(file, &["docker compose config"]));
}

/// A file, and what is said of it.
fn said(file: &str) -> String {
    format!("{}\n", with(file, &["docker compose config"]).trim_end())
}

/// `docker compose config` of generated files, as Docker Compose 2.26.1 answered it.
#[test]
fn what_a_real_compose_makes_of_a_file() {
    #[derive(serde::Deserialize)]
    struct Case {
        name: String,
        compose: String,
        env: Option<String>,
        config: Option<String>,
        error: Option<String>,
    }
    let recorded = include_str!("corpus/docker/compose/config.json");
    let cases: Vec<Case> = serde_json::from_str(recorded).unwrap();
    assert!(cases.len() >= 100);
    for case in cases {
        let asked = Asked { cwd: "/lab/shop".to_owned(), ..Asked::default() };
        let mut read = |path: &str, _: &mut Trace| match path {
            "/lab/shop/compose.yaml" => Some(case.compose.clone().into_bytes()),
            "/lab/shop/.env" => case.env.clone().map(String::into_bytes),
            _ => None,
        };
        match (compose::load(&asked, &mut read, &mut Trace::silent()), &case.config) {
            (Ok(project), Some(config)) => assert_eq!(&compose::config(&project), config, "{}", case.name),
            (Err(_), None) => assert!(case.error.is_some()),
            (Ok(_), None) => {
                panic!("{}: accepted, but Compose said {:?}\n{}", case.name, case.error, case.compose)
            }
            (Err(error), Some(_)) => panic!("{}: refused: {}\n{}", case.name, error.message, case.compose),
        }
    }
}

#[test]
fn mistakes_are_told_in_composes_words_with_their_place() {
    let service = |lines: &str| format!("services:\n  web:\n    image: alpine:3.19\n{lines}");
    let files = [
        "services:\n  web:\n    imge: alpine\n".to_owned(),
        "servises:\n  web:\n".to_owned(),
        "services:\n  web:\n    image: [a]\n".to_owned(),
        "services:\n  web: alpine\n".to_owned(),
        "services:\n  web:\n    command: ls\n".to_owned(),
        "services:\n".to_owned(),
        "services:\n  we b:\n    image: a\n".to_owned(),
        String::new(),
        "- a\n- b\n".to_owned(),
        "services:\n  web:\n    image: alpine\n   command: x\n".to_owned(),
        "services:\n  web: { image: a, image: b }\n".to_owned(),
        "services: *nowhere\n".to_owned(),
        service("    depends_on: [bd]\n  db:\n    image: alpine:3.19\n"),
        service("    depends_on: [db]\n  db:\n    image: alpine:3.19\n    depends_on: [web]\n"),
        service("    depends_on: { web: { condition: started } }\n"),
        service("    volumes: [data:/data]\nvolumes:\n  date:\n"),
        service("    volumes: [\"data:/a:ro:x\"]\n"),
        service("    tmpfs: /a\n    volumes: [\"/b:/a/\"]\n"),
        service("    volumes:\n      - type: volum\n        target: /a\n"),
        service("    volumes:\n      - source: a\n"),
        service("    volumes:\n      - target: /a\n"),
        service("    environment:\n"),
        service("    environment: { A: [b] }\n"),
        service("    read_only: maybe\n"),
        service("    command: echo 'open\n"),
        service("    user: ${WHO:?tell me who}\n"),
        service("    user: ${WHO\n"),
        service("    env_file: nowhere.env\n"),
        service("    extends: { service: other }\n"),
        service("    build: .\n    build: x\n"),
        "services:\n  web:\n    build: { dockerfile: a, dockerfile_inline: b }\n".to_owned(),
        "include: [other.yaml]\nservices:\n  web:\n    image: a\n".to_owned(),
    ];
    let text: String = files.iter().map(|file| format!("{file}---\n{}\n", said(file))).collect();
    insta::assert_snapshot!(text);
}

#[test]
fn what_the_daemon_refuses() {
    let service = |lines: &str| format!("services:\n  web:\n    image: alpine:3.19\n{lines}");
    let up = |file: &str| with(file, &["docker compose up -d", "docker ps -aq", "docker volume ls -q"]);
    insta::assert_snapshot!(
        [
            up(&service("    volumes: [data:/]\nvolumes:\n  data:\n")),
            up(&service("    volumes: [data:relative]\nvolumes:\n  data:\n")),
            up(&service("    volumes: [data:/x]\nvolumes:\n  data: { external: true }\n")),
            up(&service("    volumes: [data:/x]\nvolumes:\n  data: { name: a/b }\n")),
            up(&service("    volumes: [data:/x]\nvolumes:\n  data: { driver: nfs }\n")),
            up("services:\n  web:\n    image: alpin:3.19\n"),
        ]
        .join("\n")
    );
}

#[test]
fn nothing_to_read() {
    insta::assert_snapshot!(screen(&[
        "docker compose up",
        "docker compose -f shop/compose.yaml up",
        "docker compose",
        "docker compose --fille x up",
        "docker compose up --detahc",
        "docker-compose logs web",
        "docker-compose run",
        "help docker compose",
    ]));
}

/// Aliases that blow up, deep nesting, other bytes: refused at once, and nothing has changed.
#[test]
fn hostile_files_are_refused() {
    let bomb = {
        let mut text = "x-a: &a [1,1,1,1,1,1,1,1,1,1]\n".to_owned();
        for (level, before) in
            ["b", "c", "d", "e", "f", "g", "h"].iter().zip(["a", "b", "c", "d", "e", "f", "g"])
        {
            let list = vec![format!("*{before}"); 10].join(",");
            text.push_str(&format!("x-{level}: &{level} [{list}]\n"));
        }
        text + "services:\n  web:\n    image: alpine\n"
    };
    let deep = "[".repeat(100_000);
    let defaults = format!("services:\n  w:\n    image: \"{}\"\n", "${A:-".repeat(5_000));
    let long = format!("services:\n  w:\n    image: {}\n", "x".repeat(3 << 20));
    for (file, words) in [
        (&bomb, "it is more than the lab reads"),
        (&deep, "compose.yaml is no YAML that compose reads"),
        (&defaults, "interpolat"),
        (&long, "has more than 1048576 bytes"),
    ] {
        let asked = Asked { cwd: "/lab".to_owned(), ..Asked::default() };
        let mut read =
            |path: &str, _: &mut Trace| (path == "/lab/compose.yaml").then(|| file.clone().into_bytes());
        let error = compose::load(&asked, &mut read, &mut Trace::silent()).unwrap_err();
        assert!(error.message.contains(words), "{}", error.message);
    }
}

proptest::proptest! {
    /// Any bytes are a project or an error; a project prints as YAML that reads back as the same project.
    #[test]
    fn any_file_is_a_project_or_an_error(lines in proptest::collection::vec(line(), 0..12), bytes: Vec<u8>) {
        let file = format!("services:\n  web:\n    image: alpine\n{}", lines.concat());
        for file in [file.into_bytes(), bytes] {
            let load = |file: Vec<u8>| {
                let asked = Asked { cwd: "/lab".to_owned(), name: Some("p".to_owned()), ..Asked::default() };
                let mut read = |path: &str, _: &mut Trace| (path == "/lab/compose.yaml").then(|| file.clone());
                compose::load(&asked, &mut read, &mut Trace::silent())
            };
            if let Ok(project) = load(file) {
                let printed = compose::config(&project);
                let again = load(printed.clone().into_bytes());
                proptest::prop_assert_eq!(compose::config(&again.unwrap()), printed);
            }
        }
    }
}

/// A line of a service, right or wrong.
fn line() -> impl proptest::strategy::Strategy<Value = String> {
    use proptest::prelude::*;
    let key = prop::sample::select(vec![
        "command",
        "entrypoint",
        "environment",
        "volumes",
        "tmpfs",
        "user",
        "labels",
        "depends_on",
        "read_only",
        "working_dir",
        "env_file",
        "build",
        "x-any",
        "ports",
        "imge",
    ]);
    let value = prop_oneof![
        Just("[a, \"b c\"]".to_owned()),
        Just("{ A: b, C: 1, D: }".to_owned()),
        Just("[/data, \"./x:/y:ro\"]".to_owned()),
        Just("true".to_owned()),
        Just("*alias".to_owned()),
        Just("{ dockerfile_inline: \"FROM a\\nRUN b\\n\" }".to_owned()),
        "[a-z0-9 '\"\\\\:#$\\{\\}\\[\\]-]{0,12}",
    ];
    (key, value).prop_map(|(key, value)| format!("    {key}: {value}\n"))
}

/// A folder beside the script, as a build context may be: the compose file, what it builds, what it mounts.
#[test]
fn a_real_folder() {
    let mut host = layerlab::fs::MemoryHost::default();
    let files = [
        (
            "shop/compose.yaml",
            "services:\n  web:\n    build: ./web\n    command: cat /srv/page ${NAME}\n    volumes: [./pages:/srv:ro]\n",
        ),
        ("shop/.env", "NAME=/name\n"),
        ("shop/web/Dockerfile", "FROM alpine:3.19\nCOPY name /name\n"),
        ("shop/web/name", "the shop\n"),
        ("shop/pages/page", "a page\n"),
    ];
    for (path, text) in files {
        host.files.insert(path.to_owned(), text.as_bytes().to_vec());
    }
    insta::assert_snapshot!(screen_with(
        host,
        &[
            "docker compose -f shop/compose.yaml up",
            "docker compose -f shop/compose.yaml down",
            "docker compose -f shop/compse.yaml down",
            "context(\"shop\").ls(\"/\")",
        ]
    ));
}
