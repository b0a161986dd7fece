//! Where an archive lies, as people name it.

/// An archive's file or folder, and which of its images is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place<'w> {
    /// The file or folder.
    pub path: &'w str,
    /// Which image: a tag, or a whole name.
    pub tag: Option<&'w str>,
    /// Was the kind of archive written in front?
    pub form: Form,
}

/// A kind of archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Not said: what is there decides.
    Any,
    /// `docker-archive:` or `oci-archive:`, a tar.
    Tar,
    /// `oci:`, a folder.
    OciFolder,
}

impl<'w> Place<'w> {
    /// Reads `oci:DIR[:TAG]`, `oci-archive:FILE[:TAG]` and `docker-archive:FILE[:NAME]` as skopeo does
    /// (containers/image `docs/containers-transports.5.md`): the first colon ends the path. dive's
    /// `docker-archive://FILE` has no tag. Anything else is a path.
    pub fn of(word: &'w str) -> Place<'w> {
        if let Some(path) = word.strip_prefix("docker-archive://") {
            return Place { path, tag: None, form: Form::Tar };
        }
        let forms = [("oci:", Form::OciFolder), ("oci-archive:", Form::Tar), ("docker-archive:", Form::Tar)];
        for (prefix, form) in forms {
            if let Some(rest) = word.strip_prefix(prefix) {
                let (path, tag) = match rest.split_once(':') {
                    Some((path, tag)) => (path, Some(tag).filter(|tag| !tag.is_empty())),
                    None => (rest, None),
                };
                return Place { path, tag, form };
            }
        }
        Place { path: word, tag: None, form: Form::Any }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn archives_have_skopeos_names() {
        let place = |word| {
            let Place { path, tag, form } = Place::of(word);
            (path, tag.unwrap_or("-"), form)
        };
        assert_eq!(place("app.tar"), ("app.tar", "-", Form::Any));
        assert_eq!(place("./a:b/app.tar"), ("./a:b/app.tar", "-", Form::Any));
        assert_eq!(place("oci:out/app:1"), ("out/app", "1", Form::OciFolder));
        assert_eq!(place("oci:out"), ("out", "-", Form::OciFolder));
        assert_eq!(place("oci-archive:app.tar:1"), ("app.tar", "1", Form::Tar));
        assert_eq!(place("docker-archive:app.tar:app:1"), ("app.tar", "app:1", Form::Tar));
        assert_eq!(place("docker-archive:///tmp/a:b.tar"), ("/tmp/a:b.tar", "-", Form::Tar));
    }
}
