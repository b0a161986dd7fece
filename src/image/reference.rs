//! Names of images: `[domain/]path[:tag][@digest]`, after distribution/reference `regexp.go` and
//! `normalize.go`.

/// What Docker says of a name with capitals.
pub const LOWER_CASE: &str = "invalid reference format: repository name must be lowercase";
/// What Docker says of any other name it can't read.
pub const INVALID: &str = "invalid reference format";

/// The name as Docker shows it: without `docker.io/` and `library/`, with a tag (`latest` if none was
/// written and there is no digest).
///
/// # Errors
/// [`LOWER_CASE`] or [`INVALID`].
pub fn normalise(name: &str) -> Result<String, &'static str> {
    let (rest, digest) = match name.split_once('@') {
        Some((rest, digest)) => (rest, Some(digest)),
        None => (name, None),
    };
    if digest.is_some_and(|digest| crate::fs::Digest::parse(digest).is_none() || !digest.contains(':')) {
        return Err(INVALID);
    }
    let (path, tag) = split_tag(rest);
    if tag.is_some_and(|tag| !is_tag(tag)) {
        return Err(INVALID);
    }
    let (domain, path) = split_domain(path);
    if path.is_empty() || !path.split('/').all(is_component) {
        let lower = path.to_lowercase();
        let only_capitals = !path.is_empty() && lower != path && lower.split('/').all(is_component);
        return Err(if only_capitals { LOWER_CASE } else { INVALID });
    }
    let mut shown = match domain {
        Some(domain) => format!("{domain}/{path}"),
        None => path.strip_prefix("library/").filter(|p| !p.contains('/')).unwrap_or(path).to_owned(),
    };
    match (tag, digest) {
        (Some(tag), _) => shown.push_str(&format!(":{tag}")),
        (None, None) => shown.push_str(":latest"),
        (None, Some(_)) => {}
    }
    if let Some(digest) = digest {
        shown.push_str(&format!("@{digest}"));
    }
    Ok(shown)
}

/// The name with everything that Docker leaves away: `app:1` is `docker.io/library/app:1`.
pub fn whole(name: &str) -> String {
    match split_domain(name) {
        (Some(_), _) => name.to_owned(),
        (None, path) if path.contains('/') => format!("docker.io/{path}"),
        (None, path) => format!("docker.io/library/{path}"),
    }
}

/// Splits `name:tag`; a colon before the last slash belongs to a port.
fn split_tag(name: &str) -> (&str, Option<&str>) {
    match name.rsplit_once(':') {
        Some((path, tag)) if !tag.contains('/') => (path, Some(tag)),
        _ => (name, None),
    }
}

/// Splits off a registry: the first part, if it has a dot or colon or is `localhost`. Docker's own
/// registry counts as none.
fn split_domain(name: &str) -> (Option<&str>, &str) {
    match name.split_once('/') {
        Some(("docker.io" | "index.docker.io", path)) => (None, path),
        Some((domain, path)) if domain.contains(['.', ':']) || domain == "localhost" => (Some(domain), path),
        _ => (None, name),
    }
}

fn is_tag(tag: &str) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    (1..=128).contains(&tag.len())
        && tag.starts_with(word)
        && tag.chars().all(|c| word(c) || c == '.' || c == '-')
}

/// Lower-case letters and digits, between them one dot, one or two underscores, or any dashes.
fn is_component(part: &str) -> bool {
    let plain = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let bytes = part.as_bytes();
    let (Some(first), Some(last)) = (bytes.first(), bytes.last()) else { return false };
    let separators = part.split(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit());
    let fine = |s: &str| matches!(s, "" | "." | "_" | "__") || s.bytes().all(|b| b == b'-');
    plain(first) && plain(last) && separators.into_iter().all(fine)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_shown_as_docker_shows_them() {
        for (name, shown) in [
            ("nginx", Ok("nginx:latest")),
            ("nginx:1.25-alpine", Ok("nginx:1.25-alpine")),
            ("docker.io/library/nginx", Ok("nginx:latest")),
            ("docker.io/me/app:1", Ok("me/app:1")),
            ("ghcr.io/a/b__c", Ok("ghcr.io/a/b__c:latest")),
            ("localhost:5000/x", Ok("localhost:5000/x:latest")),
            ("BusyBox:Lab", Err(LOWER_CASE)),
            ("a b", Err(INVALID)),
            ("", Err(INVALID)),
            ("$X", Err(INVALID)),
            ("$x", Err(INVALID)),
            ("x:", Err(INVALID)),
            ("a..b", Err(INVALID)),
        ] {
            assert_eq!(normalise(name).as_deref().map_err(|e| *e), shown, "{name}");
        }
    }
}
