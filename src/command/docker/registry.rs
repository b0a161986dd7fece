//! Commands about the registry: `tag`, `push`, `pull`, `login`, `logout`, `manifest`, `buildx imagetools`.

use super::push_pull::{denied, hint, named, or_latest, pull, push, whole};
use super::{Answer, Call, Subcommand};
use crate::command::options::{switch, valued};
use crate::error::{Error, ErrorKind};
use crate::fs::Digest;
use crate::image::catalog;
use crate::image::reference::{self, HUB, Reference};
use crate::image::registry::{Manifest, Part, Platform, What};
use crate::trace::Event;
use std::sync::Arc;

pub(super) const SUBCOMMANDS: &[Subcommand] = &[
    Subcommand {
        name: "tag",
        usage: "IMAGE NAME",
        about: "Give an image one more name",
        flags: &[],
        stop_at_operand: false,
        run: tag,
    },
    Subcommand {
        name: "push",
        usage: "[-a] NAME",
        about: "Send an image to its registry: only layers that are not there",
        flags: &[
            switch("all-tags", Some('a'), "all tags of the repository"),
            switch("quiet", Some('q'), "print nothing but the name"),
        ],
        stop_at_operand: false,
        run: push,
    },
    Subcommand {
        name: "pull",
        usage: "[-a] NAME",
        about: "Fetch an image: only layers that are not here; Docker Hub has the built-in ones",
        flags: &[
            switch("all-tags", Some('a'), "all tags of the repository"),
            switch("quiet", Some('q'), "print nothing but the name"),
            valued("platform", None, "OS/ARCH", "which image of an index"),
        ],
        stop_at_operand: false,
        run: pull,
    },
    Subcommand {
        name: "login",
        usage: "-u NAME [REGISTRY]",
        about: "Say who you are; any password will do, and none is kept",
        flags: &[
            valued("username", Some('u'), "NAME", "who"),
            valued("password", Some('p'), "PASSWORD", "never kept"),
            switch("password-stdin", None, "accepted: there is no standard input here"),
        ],
        stop_at_operand: false,
        run: login,
    },
    Subcommand {
        name: "logout",
        usage: "[REGISTRY]",
        about: "Forget who you are",
        flags: &[],
        stop_at_operand: false,
        run: logout,
    },
    Subcommand {
        name: "manifest inspect",
        usage: "NAME",
        about: "What a name leads to in its registry: config and layers, or images by platform",
        flags: &[switch("insecure", None, "accepted"), switch("verbose", Some('v'), "accepted")],
        stop_at_operand: false,
        run: manifest_inspect,
    },
    Subcommand {
        name: "buildx imagetools inspect",
        usage: "[--raw] NAME",
        about: "The same in buildx's words",
        flags: &[switch("raw", None, "the manifest's JSON")],
        stop_at_operand: false,
        run: imagetools_inspect,
    },
    Subcommand {
        name: "buildx imagetools create",
        usage: "-t NAME SOURCE…",
        about: "Make one index over images of several platforms that are in the registry",
        flags: &[valued("tag", Some('t'), "NAME", "what the index is called")],
        stop_at_operand: false,
        run: imagetools_create,
    },
];

/// The client or the daemon refuses.
pub(super) fn failed(err: impl Into<String>) -> Answer {
    Answer { err: format!("{}\n", err.into()), exit: 1, ..Answer::default() }
}

pub(super) fn daemon(words: &str) -> Answer {
    failed(format!("Error response from daemon: {words}"))
}

/// `docker tag` (docker/cli `cli/command/image/tag.go`, docker/go client `image_tag.go`).
fn tag(call: &mut Call<'_, '_>) -> Result<Answer, Error> {
    let [image, name] = call.given.operands.as_slice() else {
        return Err(call.usage("two names are needed"));
    };
    let (image, name) = (image.text.clone(), name.text.clone());
    if let Err(words) = Reference::parse(&image)
        && call.lab.images.get(&image).is_none()
    {
        let words = format!("Error parsing reference: {image:?} is not a valid repository/tag: {words}");
        return Ok(failed(words));
    }
    let target = match Reference::parse(&name) {
        Ok(target) => target,
        Err(words) => {
            let words = format!("Error parsing reference: {name:?} is not a valid repository/tag: {words}");
            let lower = name.to_lowercase();
            let next = Reference::parse(&lower).ok().map(|_| format!("docker tag {image} {lower}"));
            return Ok(Answer { next, ..failed(words) });
        }
    };
    if Digest::parse(&name).is_some() {
        return Ok(failed(format!(
            "Error parsing reference: {name:?} is not a valid repository/tag: invalid repository name ({name}), cannot specify 64-byte hexadecimal strings"
        )));
    }
    if target.digest.is_some() {
        return Ok(failed("refusing to create a tag with a digest reference"));
    }
    let found = call.lab.images.get(&image).or_else(|| {
        // A built-in image is fetched when it is asked for.
        catalog::image(&image).and_then(|_| call.lab.image(&image).ok())
    });
    let Some(found) = found else {
        let shown = reference::normalise(&image).unwrap_or(image);
        return Ok(daemon(&format!("No such image: {shown}")));
    };
    call.lab.images.tag(&name, found.id);
    Ok(Answer::default())
}

/// The registry that a login is about, and how Docker calls its own.
fn server(call: &Call<'_, '_>) -> Result<(String, String), Error> {
    match call.given.operands.as_slice() {
        [] => Ok((HUB.to_owned(), "https://index.docker.io/v1/".to_owned())),
        [one] => {
            let name = one.text.trim_start_matches("https://").trim_start_matches("http://");
            let name = name.split('/').next().unwrap_or_default().to_owned();
            if Reference::parse(&format!("{name}/x")).is_err() {
                return Err(Error::new(ErrorKind::Usage, format!("`{}` is no registry", one.text))
                    .at(call.origin.of(one))
                    .hint("docker login -u NAME -p … localhost:5000"));
            }
            match name.as_str() {
                HUB | "index.docker.io" => Ok((HUB.to_owned(), "https://index.docker.io/v1/".to_owned())),
                _ => Ok((name.clone(), name)),
            }
        }
        [_, extra, ..] => Err(call.usage("there is one word too many").at(call.origin.of(extra))),
    }
}

fn login(call: &mut Call<'_, '_>) -> Result<Answer, Error> {
    let (registry, _) = server(call)?;
    let user = call.given.text("username").unwrap_or_default().to_owned();
    let has_password = call.given.last("password").is_some() || call.given.is_set("password-stdin");
    if user.is_empty() || !has_password {
        return Ok(Answer {
            next: Some("docker login -u NAME -p PASSWORD   any password will do, none is kept".to_owned()),
            ..failed("Error: Cannot perform an interactive login from a non TTY device")
        });
    }
    if !user.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '@')) {
        return Ok(daemon(&format!("login attempt to {registry} failed with status: 401 Unauthorized")));
    }
    call.lab.logins.insert(registry, user);
    let err = match call.given.last("password") {
        Some(_) => "WARNING! Using --password via the CLI is insecure. Use --password-stdin.\n".to_owned(),
        None => String::new(),
    };
    let text = "the password was not read: the lab keeps it nowhere, not in the log either".to_owned();
    Ok(Answer { err, ..Answer::printed("Login Succeeded\n") }.telling(vec![Event::Text { text }]))
}

fn logout(call: &mut Call<'_, '_>) -> Result<Answer, Error> {
    let (registry, shown) = server(call)?;
    Ok(Answer::printed(match call.lab.logins.shift_remove(&registry) {
        Some(_) => format!("Removing login credentials for {shown}\n"),
        None => format!("Not logged in to {shown}\n"),
    }))
}

fn manifest_inspect(call: &mut Call<'_, '_>) -> Result<Answer, Error> {
    let (_, name) = match named(call)? {
        Ok(named) => named,
        Err(refused) => return Ok(refused),
    };
    let Ok(manifest) = call.lab.registry.find(&name) else {
        let after = vec![hint(call, &name)];
        return Ok(failed(format!("no such manifest: {}", whole(&latest(&name)))).telling(after));
    };
    let mut out = String::new();
    for line in manifest.json.lines() {
        let text = line.trim_start_matches(' ');
        out.push_str(&"\t".repeat((line.len() - text.len()) / 3));
        out.push_str(text);
        out.push('\n');
    }
    Ok(Answer { rows: vec![manifest.value()], ..Answer::printed(out) })
}

/// With `latest` where neither tag nor digest was written.
fn latest(name: &Reference) -> Reference {
    let mut name = name.clone();
    or_latest(&mut name, false);
    name
}

/// `docker buildx imagetools inspect` (docker/buildx `util/imagetools/printers.go`).
fn imagetools_inspect(call: &mut Call<'_, '_>) -> Result<Answer, Error> {
    let (_, name) = match named(call)? {
        Ok(named) => named,
        Err(refused) => return Ok(refused),
    };
    let name = latest(&name);
    let Ok(manifest) = call.lab.registry.find(&name) else {
        let after = vec![hint(call, &name)];
        return Ok(failed(format!("ERROR: {}: not found", whole(&name))).telling(after));
    };
    let value = manifest.value();
    if call.given.is_set("raw") {
        return Ok(Answer { rows: vec![value], ..Answer::printed(format!("{}\n", manifest.json)) });
    }
    let kind = |value: &serde_json::Value| value["mediaType"].as_str().unwrap_or_default().to_owned();
    let mut out =
        format!("Name:      {}\nMediaType: {}\nDigest:    {}\n", whole(&name), kind(&value), manifest.digest);
    if let What::Index(parts) = &manifest.what {
        out.push_str("\nManifests:\n");
        for (at, part) in parts.iter().enumerate() {
            let gap = if at > 0 { "\n" } else { "" };
            let one = Reference { digest: Some(part.digest), ..name.clone() };
            out.push_str(&format!(
                "{gap}  Name:      {}\n  MediaType: {}\n  Platform:  {}\n",
                whole(&one),
                kind(&value["manifests"][at]),
                part.platform
            ));
        }
    }
    Ok(Answer { rows: vec![value], ..Answer::printed(out) })
}

fn imagetools_create(call: &mut Call<'_, '_>) -> Result<Answer, Error> {
    let words = call.operands("what the index is made of")?.to_vec();
    let Some(tag) = call.given.last("tag").cloned() else {
        return Err(call.usage("the name of the index is missing: -t NAME"));
    };
    let target = match Reference::parse(&tag.text) {
        Ok(target) => latest(&target),
        Err(words) => return Ok(failed(format!("ERROR: {words}"))),
    };
    if let Some(refused) = denied(call, &target) {
        return Ok(refused);
    }
    let mut parts: Vec<(Part, Arc<Manifest>)> = Vec::new();
    for word in &words {
        let source = match Reference::parse(&word.text) {
            Ok(source) => latest(&source),
            Err(words) => return Ok(failed(format!("ERROR: {words}"))),
        };
        let Ok(found) = call.lab.registry.find(&source) else {
            let after = vec![hint(call, &source)];
            return Ok(failed(format!("ERROR: {}: not found", whole(&source))).telling(after));
        };
        let of: Vec<Platform> = match &found.what {
            What::Image { image, .. } => vec![Platform::of(image)],
            What::Index(parts) => parts.iter().map(|part| part.platform.clone()).collect(),
            What::Cache { .. } => {
                return Ok(failed(format!("ERROR: {} is a build cache, no image", whole(&source))));
            }
        };
        for platform in of {
            let Ok(manifest) = call.lab.registry.for_platform(&source, &found, &platform) else { continue };
            let part = Part { digest: manifest.digest, size: manifest.size(), platform };
            parts.retain(|(known, _)| known.platform != part.platform);
            parts.push((part, manifest));
        }
    }
    let index = Arc::new(Manifest::index(parts.iter().map(|(part, _)| part.clone()).collect()));
    let repository = target.repository();
    let registry = call.lab.registry_mut();
    for (_, manifest) in parts {
        registry.keep(&repository, None, manifest);
    }
    registry.keep(&repository, target.tag.as_deref(), index.clone());
    Ok(Answer::printed(format!("pushing {} to {}\n", index.digest, whole(&target))))
}
