//! The addresses that a teacher gave an answer to: curl, wget, `git clone` and ADD find it there.
//!
//! The lab has no network. A table says what an address answers; every other address is what it is on a
//! host without a network: a name that nobody resolves.

mod archive;
pub(crate) mod repository;
mod teach;

pub(crate) use crate::shell::taught::Kind;

use crate::fs::Contents;
use repository::Repository;
use std::collections::BTreeMap;
use std::sync::Arc;

/// How often a redirect is followed before curl gives up (its `--max-redirs`).
pub(crate) const MOST_REDIRECTS: usize = 50;

/// The addresses of a lab and what they answer. A clone costs nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Urls {
    all: Arc<BTreeMap<String, Arc<Row>>>,
    generation: u64,
}

/// What an address answers with.
#[derive(Debug, PartialEq)]
enum Row {
    Page(Page),
    Repository(Repository),
}

/// An answer of a web server.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Page {
    /// The HTTP status, 100 to 599.
    pub status: u16,
    pub body: Contents,
    /// `Content-Type`.
    pub kind: String,
    /// `Last-Modified`, in Unix seconds.
    pub modified: Option<i64>,
    /// `Location`: an address.
    pub to: Option<String>,
}

impl Urls {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// None?
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// How often something was taught: another number is another table.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// Each address and what it answers with, in a few words; sorted.
    pub fn list(&self) -> impl Iterator<Item = (&str, String)> {
        self.all.iter().map(|(url, row)| (url.as_str(), row.shown()))
    }

    /// Those of [`Urls::list`] that another table lacks, or has another answer for.
    pub fn unlike(&self, other: &Urls) -> impl Iterator<Item = (&str, String)> {
        let new = self.all.iter().filter(|(url, row)| other.all.get(*url) != Some(*row));
        new.map(|(url, row)| (url.as_str(), row.shown()))
    }

    /// The page at an address.
    pub(crate) fn page(&self, url: &str) -> Option<&Page> {
        match &**self.all.get(&key(url))? {
            Row::Page(page) => Some(page),
            Row::Repository(_) => None,
        }
    }

    /// The repository at an address, with or without `.git` at its end.
    pub(crate) fn repository(&self, url: &str) -> Option<&Repository> {
        let bare = key(url.trim_end_matches('/'));
        let bare = bare.trim_end_matches('/');
        let other = bare.strip_suffix(".git").map_or_else(|| format!("{bare}.git"), str::to_owned);
        [bare.to_owned(), format!("{bare}/"), other].iter().find_map(|url| match &**self.all.get(url)? {
            Row::Repository(repository) => Some(repository),
            Row::Page(_) => None,
        })
    }
}

impl Row {
    fn shown(&self) -> String {
        match self {
            Row::Repository(repository) => repository.shown(),
            Row::Page(Page { status, to: Some(to), .. }) => format!("{status} to {to}"),
            Row::Page(Page { status, body, kind, .. }) => format!("{status} {kind}, {} bytes", body.len()),
        }
    }
}

impl Page {
    /// The status with its reason phrase (RFC 9110, section 15): "404 Not Found".
    pub fn status_line(&self) -> String {
        format!("{} {}", self.status, reason(self.status)).trim_end().to_owned()
    }

    /// The header as a server writes it, without the line end at its end.
    pub fn headers(&self, date: &dyn Fn(i64) -> String, now: i64) -> Vec<String> {
        let mut lines = vec![format!("Date: {}", date(now))];
        lines.extend(self.to.iter().map(|to| format!("Location: {to}")));
        lines.push(format!("Content-Type: {}", self.kind));
        lines.push(format!("Content-Length: {}", self.body.len()));
        lines.extend(self.modified.map(|modified| format!("Last-Modified: {}", date(modified))));
        lines
    }
}

/// The reason phrases of RFC 9110 that a table of addresses is likely to have.
fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        201 => "Created",
        204 => "No Content",
        206 => "Partial Content",
        301 => "Moved Permanently",
        302 => "Found",
        303 => "See Other",
        304 => "Not Modified",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        410 => "Gone",
        418 => "I'm a Teapot",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "",
    }
}

/// The address as the table knows it: scheme and host in small letters, no user, no fragment, no port that goes
/// without saying, and a path.
fn key(url: &str) -> String {
    let url = url.split('#').next().unwrap_or("");
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let scheme = scheme.to_ascii_lowercase();
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (host, path) = rest.split_at(end);
    let host = host.rsplit('@').next().unwrap_or("").to_ascii_lowercase();
    let usual = if scheme == "https" { ":443" } else { ":80" };
    let host = host.strip_suffix(usual).unwrap_or(&host);
    let slash = if path.starts_with('/') { "" } else { "/" };
    format!("{scheme}://{host}{slash}{path}")
}

/// The host of an address, without user and port.
pub(crate) fn host(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let host = rest.split(['/', '?', '#']).next().unwrap_or("");
    let host = host.rsplit('@').next().unwrap_or("");
    host.split(':').next().unwrap_or("").to_owned()
}

/// The path of an address, from its first slash, without query and fragment.
pub(crate) fn path_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let rest = rest.split(['?', '#']).next().unwrap_or("");
    rest.find('/').and_then(|at| rest.get(at..)).unwrap_or("")
}

/// The last name of an address's path; empty when the path ends in a slash, or there is none.
pub(crate) fn file_name(url: &str) -> &str {
    path_of(url).rsplit('/').next().unwrap_or("")
}

#[cfg(test)]
mod tests {
    #[test]
    fn addresses_are_compared_as_browsers_do() {
        for same in ["HTTPS://Example.COM", "https://me:pw@example.com:443/", "https://example.com/#top"] {
            assert_eq!(super::key(same), "https://example.com/");
        }
        assert_eq!(super::key("http://h?q=1"), "http://h/?q=1");
        assert_eq!(super::host("https://me:pw@h.org:8080/a/b?c"), "h.org");
        assert_eq!(super::file_name("https://h.org/a/b.tgz?c=/d#e"), "b.tgz");
        assert_eq!(super::file_name("https://h.org"), "");
    }
}
