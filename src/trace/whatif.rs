//! What would happen, as data: a what-if, a proposed order, the graph of a Dockerfile.

use super::said::{KeyRow, Place};
use serde::Serialize;

/// What a build would do after some edits; nothing was executed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct WhatIf {
    /// The context's name.
    pub name: String,
    /// The edits, in the order in which they were made.
    pub edits: Vec<Edited>,
    /// One row for each instruction of the Dockerfile after the edits.
    pub rows: Vec<WhatIfRow>,
    /// How each builder would come out, in the order of the cells.
    pub builders: Vec<WhatIfEnd>,
}

/// One edit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Edited {
    /// In words: "src/app.js: other contents".
    pub what: String,
    /// Why nobody would notice, in words; may be empty.
    pub note: String,
}

/// One instruction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WhatIfRow {
    /// Counts instructions from 1 over the file.
    pub number: usize,
    /// The stage's name or number.
    pub stage: String,
    /// The logical line.
    pub instruction: String,
    /// What each builder would decide.
    pub cells: Vec<WhatIfCell>,
    /// Of finished builds: why one builder executes what the other doesn't.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub disagree: String,
    /// Of one finished build: the ingredients in which its key differs from the earlier one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub differs: Vec<KeyRow>,
    /// Of one finished build: how many ingredients are the same.
    #[serde(skip_serializing_if = "is_none")]
    pub same: usize,
}

fn is_none(count: &usize) -> bool {
    *count == 0
}

/// One builder's decision.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct WhatIfCell {
    /// "buildkit" or "legacy".
    pub builder: String,
    /// "HIT", "MISS", "MAYBE", "META", "BASE", or "NONE" for a step that is not come to. A legacy step that
    /// is executed without a look-up is a MISS.
    pub verdict: String,
    /// Why, in words.
    pub reason: String,
    /// MAYBE: the number of the step whose files decide.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub depends_on: Option<usize>,
}

/// How one builder would come out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct WhatIfEnd {
    /// "buildkit" or "legacy".
    pub builder: String,
    /// What the cache is compared with: "recorded" builds, or "assumed": one of just before the edits.
    pub earlier: String,
    /// Steps that hit for certain.
    pub hits: usize,
    /// Steps that miss for certain.
    pub misses: usize,
    /// Steps that depend on what another one makes.
    pub maybe: usize,
    /// Why the build would fail.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<Ended>,
    /// Why the build before the edits fails already.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed_before: Option<Ended>,
}

/// What builders decided, a row for each instruction.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Decisions {
    /// The context's name.
    pub name: String,
    /// One row for each instruction.
    pub rows: Vec<WhatIfRow>,
    /// How each build came out, in the order of the cells.
    pub builders: Vec<WhatIfEnd>,
}

/// A failure that can be foreseen.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Ended {
    /// In the lab's words, or else Docker's.
    pub message: String,
    /// Where in the Dockerfile.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// What to do next.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// A proposed order of a Dockerfile's lines.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Order {
    /// The context's name.
    pub name: String,
    /// The Dockerfile's path.
    pub file: String,
    /// The builders whose misses are counted.
    pub builders: Vec<String>,
    /// The text as it is.
    pub before: String,
    /// The proposed text; the same where nothing is proposed.
    pub after: String,
    /// The moves, in words.
    pub moves: Vec<String>,
    /// What the lab can't prove and took for granted, in words.
    pub assumed: Vec<String>,
    /// Groups of edits with the same misses.
    pub rows: Vec<OrderRow>,
    /// Steps that run again over all edits, as it is.
    pub misses_before: u64,
    /// The same in the proposed order.
    pub misses_after: u64,
}

/// Edits that make the same steps run again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OrderRow {
    /// One of them in words.
    pub edit: String,
    /// How many they are.
    pub count: u64,
    /// Steps that each of them makes run again as it is, both builders together.
    pub before: usize,
    /// The same in the proposed order.
    pub after: usize,
}

/// The stages of a Dockerfile and what they take from each other.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Graph {
    /// The Dockerfile's name.
    pub file: String,
    /// How it is to be drawn: "text", "mermaid" or "dot".
    pub format: String,
    /// Index of the target among the stages.
    pub target: usize,
    /// In the order of the file.
    pub stages: Vec<GraphStage>,
    /// Images from outside, each once, in the order in which they are named.
    pub images: Vec<String>,
    /// Who takes from whom.
    pub edges: Vec<GraphEdge>,
}

/// A stage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct GraphStage {
    /// Counted from 0.
    pub index: usize,
    /// After AS, if it has one.
    pub name: Option<String>,
    /// The line of its FROM.
    pub line: u32,
    /// Instructions in it, FROM included.
    pub instructions: usize,
    /// BuildKit needs it for the target.
    pub needed: bool,
    /// The legacy builder builds every stage up to the target.
    pub legacy: bool,
}

/// One stage takes something from another stage or an image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct GraphEdge {
    /// Index of the stage that takes.
    pub stage: usize,
    /// Where from.
    #[serde(flatten)]
    pub from: GraphSource,
    /// "FROM", "COPY", "ADD" or "RUN --mount".
    pub by: String,
    /// The instruction's line.
    pub line: u32,
    /// The paths that are taken; empty for FROM.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub paths: Vec<String>,
}

/// The other end of an edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum GraphSource {
    /// Index of a stage.
    FromStage(usize),
    /// Index of an image.
    FromImage(usize),
    /// `scratch`: nothing.
    Scratch,
}
