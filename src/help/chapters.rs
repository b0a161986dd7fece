//! Where to read on: the chapter of the book that a topic belongs to.

/// A topic of the lab itself, and the file in `book/src`.
const CHAPTERS: &[(&str, &str)] = &[
    ("layers", "layers.md"),
    ("cache", "cache.md"),
    ("course", "course.md"),
    ("volumes", "volumes.md"),
    ("compose", "compose.md"),
    ("dive", "inside.md"),
    ("waste", "inside.md"),
    ("look", "inside.md"),
    ("archives", "archives.md"),
    ("check", "checks.md"),
    ("why", "what-if.md"),
    ("order", "what-if.md"),
    ("graph", "stages.md"),
    ("buildkit", "builders.md"),
    ("context", "dockerignore.md"),
    ("multi-stage", "stages.md"),
    ("size", "size.md"),
    ("prune", "housekeeping.md"),
    ("registry", "registry.md"),
    ("cache-from", "registry.md"),
    ("models", "models.md"),
    ("scripts", "scenarios.md"),
    ("programs", "scenarios.md"),
    ("urls", "scenarios.md"),
    ("packages", "scenarios.md"),
    ("undo", "introduction.md"),
    ("words", "reference-words.md"),
    ("drivers", "drivers.md"),
    ("aufs", "drivers.md"),
    ("bill", "drivers.md"),
    ("copy-up-parents", "copy-up.md"),
    ("copy-up", "copy-up.md"),
    ("whiteout", "whiteouts.md"),
    ("opaque", "whiteouts.md"),
];

/// The chapter of a topic; what the kernel does against expectation has one for all.
pub fn of(topic: &str) -> &'static str {
    CHAPTERS.iter().find(|(name, _)| *name == topic).map_or("surprises.md", |(_, file)| file)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::help::topics;

    #[test]
    fn every_topic_has_a_chapter_that_is_there() {
        let book = concat!(env!("CARGO_MANIFEST_DIR"), "/book/src/");
        for topic in topics() {
            assert!(std::path::Path::new(&format!("{book}{}", of(topic.name))).is_file(), "{}", topic.name);
        }
        let named = |name: &str| topics().any(|topic| topic.name == name);
        assert!(CHAPTERS.iter().all(|(name, _)| named(name)));
        let of_lab = crate::help::TOPICS.iter().chain(crate::help::drivers::TOPICS);
        for topic in of_lab {
            assert!(CHAPTERS.iter().any(|(name, _)| *name == topic.name), "{} has no chapter", topic.name);
        }
    }
}
