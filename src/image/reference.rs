//! Names of images: `[domain/]path[:tag][@digest]`, after distribution/reference `regexp.go` and
//! `normalize.go`.

/// What Docker says of a name with capitals.
pub const LOWER_CASE: &str = "invalid reference format: repository name must be lowercase";
/// What Docker says of any other name it can't read.
pub const INVALID: &str = "invalid reference format";

/// What Docker says of a name that is too long.
pub const TOO_LONG: &str = "repository name must not be more than 255 characters";
/// Docker's own registry.
pub const HUB: &str = "docker.io";

/// A name, taken apart.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Reference {
    /// The registry: `docker.io` unless another was written.
    pub domain: String,
    /// `library/nginx`, `team/app`.
    pub path: String,
    /// The tag that was written.
    pub tag: Option<String>,
    /// The digest that was written.
    pub digest: Option<crate::fs::Digest>,
}

impl Reference {
    /// Takes a name apart.
    ///
    /// # Errors
    /// [`LOWER_CASE`], [`TOO_LONG`] or [`INVALID`].
    pub fn parse(name: &str) -> Result<Reference, &'static str> {
        let (rest, digest) = match name.split_once('@') {
            Some((rest, digest)) => (rest, Some(digest)),
            None => (name, None),
        };
        let digest = match digest {
            Some(text) if !text.contains(':') => return Err(INVALID),
            Some(text) => Some(crate::fs::Digest::parse(text).ok_or(INVALID)?),
            None => None,
        };
        let (path, tag) = split_tag(rest);
        if tag.is_some_and(|tag| !is_tag(tag)) {
            return Err(INVALID);
        }
        let (domain, path) = split_domain(path);
        if domain.is_some_and(|domain| !is_domain(domain)) {
            return Err(INVALID);
        }
        if path.is_empty() || !path.split('/').all(is_component) {
            let lower = path.to_lowercase();
            let only_capitals = !path.is_empty() && lower != path && lower.split('/').all(is_component);
            return Err(if only_capitals { LOWER_CASE } else { INVALID });
        }
        let whole =
            if domain.is_none() && !path.contains('/') { format!("library/{path}") } else { path.to_owned() };
        if whole.len() + domain.map_or(0, |domain| domain.len() + 1) > MOST_NAME {
            return Err(TOO_LONG);
        }
        let domain = domain.unwrap_or(HUB).to_owned();
        Ok(Reference { domain, path: whole, tag: tag.map(str::to_owned), digest })
    }

    /// Registry and path: what a push refers to.
    pub fn repository(&self) -> String {
        format!("{}/{}", self.domain, self.path)
    }

    /// The repository as Docker shows it: without `docker.io/` and `library/`.
    pub fn familiar(&self) -> String {
        match (self.domain.as_str(), self.path.strip_prefix("library/").filter(|p| !p.contains('/'))) {
            (HUB, Some(short)) => short.to_owned(),
            (HUB, None) => self.path.clone(),
            _ => self.repository(),
        }
    }

    /// The name as Docker shows it, with `latest` where neither tag nor digest was written.
    pub fn shown(&self) -> String {
        let mut shown = self.familiar();
        match (&self.tag, &self.digest) {
            (Some(tag), _) => shown.push_str(&format!(":{tag}")),
            (None, None) => shown.push_str(":latest"),
            (None, Some(_)) => {}
        }
        if let Some(digest) = &self.digest {
            shown.push_str(&format!("@{digest}"));
        }
        shown
    }
}

/// Characters of a name, at most.
const MOST_NAME: usize = 255;

/// The name as Docker shows it: without `docker.io/` and `library/`, with a tag (`latest` if none was
/// written and there is no digest).
///
/// # Errors
/// [`LOWER_CASE`], [`TOO_LONG`] or [`INVALID`].
pub fn normalise(name: &str) -> Result<String, &'static str> {
    Reference::parse(name).map(|reference| reference.shown())
}

/// The name with everything that Docker leaves away: `app:1` is `docker.io/library/app:1`.
pub fn whole(name: &str) -> String {
    match split_domain(name) {
        (Some(_), _) => name.to_owned(),
        (None, path) if path.contains('/') => format!("docker.io/{path}"),
        (None, path) => format!("docker.io/library/{path}"),
    }
}

/// Names of hosts, an IPv6 address in brackets, perhaps a port (distribution/reference `regexp.go`).
fn is_domain(domain: &str) -> bool {
    let (host, port) = match domain.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (domain, None),
    };
    let name = |part: &str| {
        let bytes = part.as_bytes();
        let ends = [bytes.first(), bytes.last()];
        ends.iter().all(|end| end.is_some_and(u8::is_ascii_alphanumeric))
            && bytes.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'-')
    };
    let address = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_hexdigit() || b == b':');
    let inside = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    port.is_none_or(|port| !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()))
        && inside.map_or_else(|| host.split('.').all(name), address)
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
            ("localhost:x/a", Err(INVALID)),
            ("-.io/a", Err(INVALID)),
            ("[::1]:5000/a:Tag", Ok("[::1]:5000/a:Tag")),
            ("ghcr.io/A", Err(LOWER_CASE)),
            (&"a".repeat(256), Err(TOO_LONG)),
            ("a@sha256:00", Err(INVALID)),
        ] {
            assert_eq!(normalise(name).as_deref().map_err(|e| *e), shown, "{name}");
        }
    }
}
