//! `docker compose config`: the project as compose understood it, in its own canonical form. Keys stand in
//! the order of compose-go `types/types.go`, maps are sorted. What is not modelled is left out.

use super::project::{Mount, Project, Service};
use crate::image::mounts::MountKind;

/// The whole project as YAML that is read back as the same project: a `$` is doubled.
pub fn config(project: &Project) -> String {
    let none = if project.services.is_empty() { " {}" } else { "" };
    let mut out = format!("name: {}\nservices:{none}\n", scalar(&project.name));
    for (name, service) in &project.services {
        out.push_str(&format!("  {}:\n", scalar(name)));
        for line in lines(project, service) {
            // A block's empty line has no indent.
            match line.trim().is_empty() {
                true => out.push('\n'),
                false => out.push_str(&format!("    {line}\n")),
            }
        }
    }
    if !project.volumes.is_empty() {
        out.push_str("volumes:\n");
        for (name, volume) in &project.volumes {
            out.push_str(&format!("  {}:\n    name: {}\n", scalar(name), scalar(&volume.name)));
            if volume.external {
                out.push_str("    external: true\n");
            }
            for line in map("labels", volume.labels.iter().map(|(name, value)| (name, Some(value)))) {
                out.push_str(&format!("    {line}\n"));
            }
        }
    }
    out.replace('$', "$$")
}

/// A service alone.
pub fn text(project: &Project, service: &Service) -> String {
    lines(project, service).join("\n")
}

fn lines(project: &Project, service: &Service) -> Vec<String> {
    let mut lines = list("profiles", &service.profiles);
    if let Some(build) = &service.build {
        let context = build.context.as_ref().unwrap_or(&project.directory);
        let mut inner = vec![format!("context: {}", scalar(context))];
        match &build.inline {
            Some(text) => inner.extend(block("dockerfile_inline:", text)),
            None => {
                let file = build.dockerfile.as_deref().unwrap_or("Dockerfile");
                inner.push(format!("dockerfile: {}", scalar(file)));
            }
        }
        inner.extend(map("args", build.args.iter().map(|(name, value)| (name, value.as_ref()))));
        inner.extend(map("labels", build.labels.iter().map(|(name, value)| (name, Some(value)))));
        inner.extend(build.no_cache.then(|| "no_cache: true".to_owned()));
        inner.extend(build.target.as_ref().map(|target| format!("target: {}", scalar(target))));
        lines.extend(nested("build", inner));
    }
    lines.extend(command("command", service.command.as_deref()));
    let one = |key: &str, value: &Option<String>| -> Vec<String> {
        value.iter().flat_map(|value| entry(key, value)).collect()
    };
    lines.extend(one("container_name", &service.container_name));
    if !service.depends_on.is_empty() {
        let mut others: Vec<_> = service.depends_on.iter().collect();
        others.sort_by_key(|(name, _)| (*name).clone());
        let inner = others.into_iter().flat_map(|(name, dependency)| {
            let inner = vec![
                format!("condition: {}", dependency.condition),
                format!("required: {}", dependency.required),
            ];
            nested(&scalar(name), inner)
        });
        lines.extend(nested("depends_on", inner.collect()));
    }
    lines.extend(command("entrypoint", service.entrypoint.as_deref()));
    lines.extend(map("environment", service.environment.iter().map(|(name, value)| (name, value.as_ref()))));
    lines.extend(one("image", &service.image));
    lines.extend(map("labels", service.labels.iter().map(|(name, value)| (name, Some(value)))));
    lines.extend(service.read_only.filter(|flag| *flag).map(|_| "read_only: true".to_owned()));
    lines.extend(list("tmpfs", &service.tmpfs));
    lines.extend(one("user", &service.user));
    if !service.mounts.is_empty() {
        lines.push("volumes:".to_owned());
        for mount in &service.mounts {
            lines.extend(mounted(mount));
        }
    }
    lines.extend(one("working_dir", &service.working_dir));
    lines
}

fn mounted(mount: &Mount) -> Vec<String> {
    let request = &mount.request;
    let mut inner = vec![format!("type: {}", request.kind.word())];
    if !request.source.is_empty() {
        inner.push(format!("source: {}", scalar(&request.source)));
    }
    inner.push(format!("target: {}", scalar(&request.target)));
    inner.extend(request.read_only.then(|| "read_only: true".to_owned()));
    let options = match request.kind {
        MountKind::Bind if request.make_source => Vec::new(),
        MountKind::Bind => vec!["create_host_path: false".to_owned()],
        MountKind::Volume => {
            let mut options = map("labels", request.labels.iter().map(|(name, value)| (name, Some(value))));
            options.extend(request.no_copy.then(|| "nocopy: true".to_owned()));
            options
        }
        MountKind::Tmpfs => {
            let mut options: Vec<String> =
                request.tmpfs_size.iter().map(|size| format!("size: \"{size}\"")).collect();
            options.extend(request.tmpfs_mode.iter().map(|mode| format!("mode: {mode}")));
            options
        }
    };
    if mount.options && options.is_empty() {
        inner.push(format!("{}: {{}}", request.kind.word()));
    }
    inner.extend(nested(request.kind.word(), options));
    let item = |(number, line): (usize, String)| format!("  {} {line}", if number == 0 { "-" } else { " " });
    inner.into_iter().enumerate().map(item).collect()
}

// ---- YAML -----------------------------------------------------------------------------------------

fn nested(key: &str, inner: Vec<String>) -> Vec<String> {
    if inner.is_empty() {
        return Vec::new();
    }
    std::iter::once(format!("{key}:")).chain(inner.into_iter().map(|line| format!("  {line}"))).collect()
}

fn map<'a>(key: &str, entries: impl Iterator<Item = (&'a String, Option<&'a String>)>) -> Vec<String> {
    let mut entries: Vec<_> = entries.collect();
    entries.sort();
    let lines = |(name, value): (&String, Option<&String>)| match value {
        Some(value) => entry(&scalar(name), value),
        None => vec![format!("{}: null", scalar(name))],
    };
    nested(key, entries.into_iter().flat_map(lines).collect())
}

fn entry(key: &str, value: &str) -> Vec<String> {
    match value.contains('\n') {
        true => block(&format!("{key}:"), value),
        false => vec![format!("{key}: {}", scalar(value))],
    }
}

fn list(key: &str, items: &[String]) -> Vec<String> {
    let lines = |item: &String| match item.contains('\n') {
        true => block("-", item),
        false => vec![format!("- {}", scalar(item))],
    };
    nested(key, items.iter().flat_map(lines).collect())
}

/// An empty command is told, for it takes the image's away.
fn command(key: &str, words: Option<&[String]>) -> Vec<String> {
    match words {
        None => Vec::new(),
        Some([]) => vec![format!("{key}: []")],
        Some(words) => list(key, words),
    }
}

/// A text of several lines, as YAML's literal block behind its key or dash.
fn block(head: &str, text: &str) -> Vec<String> {
    let end = match text.strip_suffix('\n') {
        None => "-",
        Some(rest) if rest.is_empty() || rest.ends_with('\n') => "+",
        Some(_) => "",
    };
    // A first line that begins with a space would be taken for a deeper indent.
    let indent = if text.starts_with([' ', '\n']) { "2" } else { "" };
    let line = |line: &str| if line.is_empty() { String::new() } else { format!("  {line}") };
    let lines = text.strip_suffix('\n').unwrap_or(text).split('\n').map(line);
    std::iter::once(format!("{head} |{indent}{end}")).chain(lines).collect()
}

/// A text that YAML reads back as a text: in quotes where it would be something else.
fn scalar(text: &str) -> String {
    let first = text.chars().next();
    let odd_start = first.is_none_or(|c| {
        " -?:,[]{}#&*!|>'\"%@`~".contains(c) && !(c == '-' && text.len() > 1 && !text.starts_with("- "))
    });
    let odd_inside = text.contains(": ") || text.contains(" #") || text.ends_with([':', ' ']);
    let unprintable = text.chars().any(char::is_control);
    let lower = text.to_lowercase();
    let word = ["true", "false", "null", "yes", "no", "on", "off", "y", "n", "~"].contains(&lower.as_str());
    let number = text.parse::<f64>().is_ok() || lower.starts_with("0x") || lower.starts_with("0o");
    match odd_start || odd_inside || unprintable || word || number {
        true => serde_json::to_string(text).unwrap_or_default(),
        false => text.to_owned(),
    }
}
