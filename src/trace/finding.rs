//! What a check of a Dockerfile finds.

use serde::Serialize;

/// A place that breaks a rule.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Finding {
    /// The name that `# check=skip=…` takes.
    pub rule: String,
    /// Whose rule: "buildkit" or "layerlab".
    pub by: String,
    /// Docker's page about the rule; empty for the lab's own.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub url: String,
    /// What is wrong here; of BuildKit's rules Docker's words.
    pub message: String,
    /// The Dockerfile.
    pub file: String,
    /// First line of the instruction, from 1.
    pub line: u32,
    /// Its last line.
    pub last_line: u32,
    /// Line of the word to mark, from 1.
    pub at_line: u32,
    /// Its column, from 1.
    pub column: u32,
    /// Its width in characters.
    pub width: u32,
    /// The lines around it.
    pub source: Vec<SourceLine>,
    /// Number of the instruction, counted from 1 over the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<usize>,
    /// The layer that has the bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub layer: Option<FoundLayer>,
    /// How many bytes it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// The files, the first hundred.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub paths: Vec<String>,
    /// How many files there are.
    #[serde(skip_serializing_if = "is_zero")]
    pub files: usize,
    /// Of an order that defeats the cache: what it costs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost: Option<OrderCost>,
    /// What to do about it; empty where Docker's own print is asked for, which has none.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub fix: String,
}

/// A line of the Dockerfile, shown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct SourceLine {
    /// From 1.
    pub number: u32,
    /// Does it belong to the instruction?
    pub marked: bool,
    /// Its text.
    pub text: String,
}

/// A layer of the image that the check played.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FoundLayer {
    /// From 1, bottom first.
    pub number: usize,
    /// Layers of the image.
    pub of: usize,
    /// Its diff id.
    pub diff_id: String,
    /// The step that made it; none for the base's.
    pub step: Option<usize>,
    /// What made it.
    pub made_by: String,
}

/// What an order costs over a list of edits.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct OrderCost {
    /// Edits, each of one file.
    pub edits: usize,
    /// Steps that these edits run again without need.
    pub steps: usize,
    /// Simulated seconds of those steps.
    pub seconds: f64,
}

fn is_zero(number: &usize) -> bool {
    *number == 0
}
