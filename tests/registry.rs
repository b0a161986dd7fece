//! Pushing and pulling, as transcripts: which layers travel, in Docker's words, and what is refused.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod screen;

use layerlab::fs::{Contents, Digest, Inode, MemoryHost, Tree};
use layerlab::image::archive::write_layer;
use layerlab::image::reference::Reference;
use layerlab::image::registry::{
    Blob, BlobKind, Blobs, Downloads, Manifest, Origins, Platform, Registry, Target, plan_push, pull, push,
};
use layerlab::image::{Image, ImageLayer, Origin, Store, Usage};
use layerlab::render::Renderer;
use layerlab::script::Session;
use layerlab::trace::{Fuel, LayerFate};
use proptest::prelude::*;
use screen::{Paper, screen};
use std::collections::HashSet;
use std::sync::Arc;

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

#[test]
fn a_password_is_nowhere() {
    let paper = Paper::default();
    let renderer = Renderer::json(Box::new(paper.clone()));
    let mut session = Session::new(Box::new(MemoryHost::default()), Box::new(renderer));
    let lines = [
        "docker login -u me -p geheim",
        "docker login -u me --password=geheim localhost:5000",
        "docker(\"login -u me -p geheim\")",
        "host(\"ci\").docker(\"login -u me -p 'ge heim'\")",
        "docker login -u me -p geheim --nonsense",
        "let r = docker(\"login -u me --password geheim\"); r.out",
        "log",
        "undo 2",
        "redo 2",
        "save mine.rhai",
    ];
    for line in lines {
        if let Err(error) = session.line("<repl>", line) {
            session.emit_error(&error);
        }
    }
    let script = "step(\"login\"); let r = docker(\"login -u me -p geheim\"); check(\"in\", r.ok);\ndocker login -u me -p geheim\n";
    session.script("story.rhai", script).unwrap();
    let kept = format!("{}{}", paper.text(), session.lines().join("\n"));
    assert!(kept.contains("Login Succeeded") && kept.contains("***"));
    assert!(!kept.contains("heim"), "{kept}");
}

fn layer(files: &[(&str, &[u8])]) -> ImageLayer {
    let mut tree = Tree::new();
    for (name, bytes) in files {
        tree.put(format!("/{name}").as_bytes(), Inode::file(Contents::bytes(bytes.to_vec())));
    }
    ImageLayer::new(tree.seal(), Origin::BuildKit, "made")
}

fn image(layers: Vec<ImageLayer>) -> Arc<Image> {
    Arc::new(Image { layers, ..Image::default() }.sealed())
}

#[test]
fn digests_and_sizes_are_those_of_the_bytes() {
    let small = layer(&[("f", b"some text\n"), ("g", &[7; 5_000])]);
    let blob = Blobs::default().of(&small, &mut Fuel::default()).unwrap();
    assert_eq!(blob.kind, BlobKind::Gzip);
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    write_layer(&small.layer, None, &mut packed).unwrap();
    let packed = packed.finish().unwrap();
    assert_eq!((blob.digest, blob.size), (Digest::of(&packed), packed.len() as u64));

    let mut tree = Tree::new();
    tree.put(b"/big", Inode::file(Contents::fill(b'x', 1 << 40)));
    let big = ImageLayer::new(tree.seal(), Origin::BuildKit, "big");
    let blob = Blobs::default().of(&big, &mut Fuel::default()).unwrap();
    assert_eq!((blob.kind, blob.digest), (BlobKind::Described, big.diff_id));
    assert!(blob.size > 1 << 40 && blob.size < (1 << 40) + 4_096);

    let manifest = Manifest::image(&image(vec![small.clone(), big]), vec![Blob::plain(&small), blob]);
    assert_eq!(manifest.digest, Digest::of(&*manifest.json));
    let value = manifest.value();
    assert_eq!(value["layers"][1]["size"], blob.size);
}

proptest! {
    /// What one host pushes another gets, layer by layer; nothing travels twice.
    #[test]
    fn everything_arrives_and_nothing_twice(stacks in proptest::collection::vec(proptest::collection::vec(0u8..6, 1..6), 1..8), cut in 0u64..2_000) {
        let (mut registry, mut origins, mut fuel) = (Registry::default(), Origins::default(), Fuel::default());
        let images: Vec<Arc<Image>> = stacks
            .iter()
            .map(|stack| image(stack.iter().map(|n| layer(&[(&n.to_string(), &[*n; 300])])).collect()))
            .collect();
        let mut sent = HashSet::new();
        for (n, image) in images.iter().enumerate() {
            let tag = n.to_string();
            let to = Target { repository: "localhost:5000/app", tag: &tag, asks: true };
            let (_, layers) = push(&mut registry, to, image, &mut origins, &mut fuel).unwrap();
            for (blob, fate) in &layers {
                prop_assert_eq!(*fate == LayerFate::Sent, sent.insert(blob.digest));
            }
            let blobs: Vec<Blob> = layers.iter().map(|(blob, _)| *blob).collect();
            prop_assert!(plan_push(&registry, to, &blobs, &origins).iter().all(|fate| *fate == LayerFate::There));
        }
        let (mut store, mut downloads) = (Store::default(), Downloads::default());
        for (n, image) in images.iter().enumerate() {
            let name = Reference::parse(&format!("localhost:5000/app:{n}")).unwrap();
            registry.cut_after("localhost:5000", cut);
            let mut wire = 0;
            // A pull that breaks off is tried again: together they fetch what one would have.
            loop {
                let mut here = Usage::of(&store, std::iter::empty(), &[]);
                let before = (registry.generation(), store.images().count());
                let pulled = pull(&mut registry, &name, &Platform::default(), &store, &mut here, (&mut downloads, true)).unwrap();
                wire += pulled.layers.iter().map(|(blob, fate)| fate.bytes(blob.size).0).sum::<u64>();
                if pulled.cut {
                    prop_assert_eq!(store.images().count(), before.1);
                    continue;
                }
                let missing: u64 = {
                    let mut here = Usage::of(&store, std::iter::empty(), &[]);
                    let chains = here.chains_of(image);
                    let absent = chains.iter().zip(&image.layers).filter(|(chain, _)| !here.is_used(chain));
                    let blobs = absent.map(|(_, layer)| registry.blobs.known(layer).unwrap());
                    let mut seen = HashSet::new();
                    blobs.filter(|blob| seen.insert(blob.digest)).map(|blob| blob.size).sum()
                };
                if store.by_id(&image.id).is_none() {
                    prop_assert_eq!(wire, missing);
                }
                store.share(pulled.image.clone());
                break;
            }
        }
        prop_assert!(images.iter().all(|image| store.by_id(&image.id).is_some()));
        let kept: u64 = images.iter().flat_map(|image| &image.layers).map(|layer| registry.blobs.known(layer).unwrap()).map(|blob| (blob.digest, blob.size)).collect::<HashSet<_>>().iter().map(|(_, size)| size).sum();
        prop_assert_eq!(registry.bytes("localhost:5000"), kept);
    }
}

proptest! {
    /// A name is read or refused, and what is shown of it is read as the same.
    #[test]
    fn names_of_any_bytes(name in "\\PC{0,40}|[a-zA-Z0-9:/@._-]{0,60}") {
        if let Ok(reference) = Reference::parse(&name) {
            prop_assert_eq!(Reference::parse(&reference.shown()), Reference::parse(&reference.shown()));
            let again = Reference::parse(&reference.shown()).unwrap();
            prop_assert_eq!(again.repository(), reference.repository());
            prop_assert_eq!(again.shown(), reference.shown());
        }
        let _ = Platform::parse(&name);
    }

    /// No words behind a command bring the lab down.
    #[test]
    fn words_of_any_bytes(words in proptest::collection::vec("[a-z0-9:/@._=,-]{0,12}|\\PC{0,8}|--[a-z-]{1,12}|-[a-zA-Z]", 0..4), which in 0usize..16) {
        let commands = [
            "rmi", "image prune", "container prune", "builder prune", "buildx prune", "system prune", "tag", "push", "pull",
            "login", "logout", "manifest inspect", "buildx imagetools inspect", "buildx imagetools create", "-H", "images -f",
        ];
        let paper = Paper::default();
        let mut session = Session::new(Box::new(MemoryHost::default()), Box::new(Renderer::json(Box::new(paper.clone()))));
        session.line("<repl>", "docker pull -q alpine:3.19").unwrap();
        let line = format!("docker {} {}", commands[which], words.join(" "));
        if let Err(error) = session.line("<repl>", &line) {
            prop_assert!(!error.to_string().is_empty());
        }
    }
}
