//! `--secret` and `--ssh`: RUN sees them; no layer, history or cache key does. The answers were asked of
//! Docker 20.10.24.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod screen;

use screen::screen;

/// A build that looks at its secrets from all sides, and a folder that is no part of its context.
const APP: &str = r#"context("app", #{ "Dockerfile": "FROM alpine:3.19\nRUN --mount=type=secret,id=tok ls -l /run/secrets; cat /run/secrets/tok; echo x > /run/secrets/tok; true\nRUN --mount=type=secret,id=tok,target=/opt/deep/t,mode=0640,uid=5,gid=6 ls -l /opt/deep\nRUN ls -AR /opt /run\n" }); let keys = context("keys", #{ "token": "hush\n" });"#;

#[test]
fn a_secret_is_seen_by_its_step_alone() {
    let text = screen(&[
        APP,
        "let built = docker(\"build -t app --secret id=tok,src=keys/token app\");",
        "built.rows.map(|row| row.output)",
        "docker history --no-trunc --format '{{.CreatedBy}} {{.Size}}' app",
        "for layer in image(\"app\").layers.extract(1) { print(layer.entries().keys()) }",
        // Another value: the same key.
        "keys.write(\"token\", \"another\\n\");",
        "docker build -t app --secret id=tok,src=keys/token app",
        "explain 2",
    ]);
    let after = text.split("docker history").nth(1).unwrap();
    assert!(!after.contains("hush"), "{after}");
    insta::assert_snapshot!(text);
}

#[test]
fn variables_and_agents() {
    insta::assert_snapshot!(screen(&[
        r#"context("app", #{ "Dockerfile": "FROM alpine:3.19\nRUN --mount=type=secret,id=TOK,env=TOK echo \"got $TOK\"\nRUN --mount=type=secret,id=TOK cat /run/secrets/TOK\nRUN --mount=type=ssh echo $SSH_AUTH_SOCK\nRUN --mount=type=ssh,required=true true\n" }); context("keys", #{ "token": "from a file" });"#,
        "let made = docker(\"build --secret id=TOK,src=keys/token --ssh default app\");",
        "made.rows.map(|row| row.output)",
        "TOK=hush docker build --no-cache --secret id=TOK --ssh default app",
        // Nobody gives them: the first ones are not needed, the last one is.
        "docker build --no-cache app",
    ]));
}

#[test]
fn what_is_missing_and_what_is_written_wrong() {
    insta::assert_snapshot!(screen(&[
        r#"context("app", #{ "Dockerfile": "FROM alpine:3.19\nRUN --mount=type=secret,id=no,required=true true\n" });"#,
        "docker build app",
        "docker_version(\"20.10\")",
        "docker build app",
        "docker build --secret tok app",
        "docker build --secret src=tok app",
        "docker build --secret id=tok,src=nofile app",
        "docker build --secret id=tok,type=x app",
        "docker build --secret id=tok,foo=bar app",
        "docker build --secret '\"' app",
        "docker build --secret '' app",
    ]));
}
