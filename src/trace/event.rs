//! The one event type. Text and JSON are two renderings of it.

use super::bars::Bars;
use super::cost::BillRow;
use super::course::CourseNews;
use super::finding::Finding;
use super::handle::{HandleNews, MapNews};
use super::key::{CacheKey, Verdict};
use super::layer::{Cell, LayerRef, Probe, StackRow};
use super::mounted::{Mounted, OnMount};
use super::object::{CopiedDirectory, Data, Object, Source, XattrChange, octal};
use super::said::{KeyRow, Place, Stream};
use super::storage::{HeldLayer, Reclaimed, SavedImage, Transfer};
use super::whatif::{Decisions, Graph, Order, WhatIf};
use serde::Serialize;

/// Everything that can happen. Self-contained: a renderer needs nothing else.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    // ---- the union ------------------------------------------------------------------------
    /// A name was looked up, layer by layer, as a kernel with cold caches does it.
    Lookup {
        /// The path, absolute in the merged view.
        path: String,
        /// Top first; layers that could not matter are left out at the end. The winner is the first
        /// that found it, or the index, if that knows it.
        probes: Vec<Probe>,
        /// Does the merged view have it?
        found: bool,
        /// The search itself fails, and so does every call on the name: a mark that this mount may not
        /// follow (EPERM), a metacopy without data (EIO).
        #[serde(skip_serializing_if = "Option::is_none")]
        errno: Option<String>,
        /// Made on the way to something else: to find a process's user or its program.
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        aside: bool,
    },
    /// Missing parent directories were made in the upper.
    CopyUpDirectories {
        /// Top first, absolute.
        paths: Vec<String>,
        /// For each of them where it came from and what it is.
        made: Vec<CopiedDirectory>,
        /// The branch they were made in, with a driver that has branches.
        #[serde(skip_serializing_if = "Option::is_none")]
        into: Option<LayerRef>,
        /// Inodes made: one a directory.
        inodes: usize,
    },
    /// An object was copied from a lower layer into the upper.
    CopyUp {
        /// The path.
        path: String,
        /// "file", "symlink", "directory" …
        kind: String,
        /// Bytes the kernel copies; 0 when the contents are about to be cut. (Where the filesystem of
        /// the layers can share blocks between files the kernel asks it to, and skips holes.)
        bytes: u64,
        /// Where from: the layer of its attributes or, of a metacopy that gets its data, of the data.
        from: LayerRef,
        /// The branch it was copied into, with a driver that has branches.
        #[serde(skip_serializing_if = "Option::is_none")]
        into: Option<LayerRef>,
        /// Attributes only (`metacopy=on`, or because the file is being truncated).
        metadata_only: bool,
        /// The path in that layer, where a redirect made it another one.
        #[serde(skip_serializing_if = "Option::is_none")]
        source: Option<String>,
        /// Where its contents come from, if that layer has a metacopy.
        #[serde(skip_serializing_if = "Option::is_none")]
        contents: Option<Source>,
        /// It was in the upper as a metacopy already, and now gets its data.
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        completes: bool,
        /// It is a metacopy from now on: its contents stay below.
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        metacopy: bool,
        /// Number of its entry in the index, if it got one (`index=on`, a lower hard link).
        #[serde(skip_serializing_if = "Option::is_none")]
        index: Option<u32>,
        /// Inodes made: 1, or 0 when it is completed.
        inodes: usize,
        /// What is in the upper now.
        #[serde(flatten)]
        object: Object,
    },
    /// A name of a hard-linked object that the index knows was put into the upper too.
    LinkedUp {
        /// The path.
        path: String,
        /// Number of the index entry, as the copy-up gave it.
        index: u32,
        /// Inodes made: none, it is one more link.
        inodes: usize,
    },
    /// Data was written.
    Write {
        /// The path.
        path: String,
        /// Bytes written.
        bytes: u64,
        /// Size afterwards.
        size: u64,
        /// Was it an append?
        append: bool,
        /// A lower layer that still holds the old contents.
        untouched: Option<LayerRef>,
        /// Bytes that had to be copied up before.
        #[serde(skip_serializing_if = "is_zero")]
        copied: u64,
        /// Where the first of them went. Behind the last of them the file is as it was, up to `size`.
        at: u64,
        /// The branch it was written to, where that is not the upper.
        #[serde(skip_serializing_if = "Option::is_none")]
        into: Option<LayerRef>,
        /// What was written, if that is short.
        #[serde(flatten)]
        data: Option<Data>,
    },
    /// Something new was made in the upper.
    Created {
        /// The path.
        path: String,
        /// "file", "directory", "symlink", "fifo", "chardev", "link".
        kind: String,
        /// It took the place of a whiteout.
        over_whiteout: bool,
        /// It is a directory and was marked opaque.
        opaque: bool,
        /// A link: another name of the same object.
        #[serde(skip_serializing_if = "Option::is_none")]
        of: Option<String>,
        /// Inodes made: 1, or none for a link.
        inodes: usize,
        /// The branch it was made in, where that is not the upper.
        #[serde(skip_serializing_if = "Option::is_none")]
        into: Option<LayerRef>,
        /// What was made; of a link nothing.
        #[serde(flatten)]
        object: Option<Object>,
    },
    /// Something was removed from the merged view.
    Removed {
        /// The path.
        path: String,
        /// "file", "directory" …
        kind: String,
        /// A whiteout was left in the upper, because this layer still has the name.
        whiteout_over: Option<LayerRef>,
        /// Bytes that lower layers keep although nobody sees them any more.
        still_stored: u64,
        /// A whiteout was left in the upper.
        whiteout: bool,
        /// The name of that whiteout, with a driver whose whiteouts have names of their own.
        #[serde(skip_serializing_if = "Option::is_none")]
        mark: Option<String>,
        /// The branch it was taken from, or where the whiteout is, if that is not the upper.
        #[serde(skip_serializing_if = "Option::is_none")]
        into: Option<LayerRef>,
        /// Inodes made. The first whiteout of a mount is one; those of later deletions are links to it
        /// (fs/overlayfs/dir.c, `ovl_whiteout`).
        inodes: usize,
    },
    /// A directory of the upper that nothing can be seen in was emptied of its whiteouts: an empty
    /// opaque one took its place, and is about to be removed or replaced
    /// (fs/overlayfs/dir.c, `ovl_clear_empty`).
    Cleared {
        /// The path.
        path: String,
        /// Whiteouts that went.
        whiteouts: usize,
        /// Inodes made: one, the new directory.
        inodes: usize,
    },
    /// A directory was marked opaque.
    Opaque {
        /// The path.
        path: String,
    },
    /// A directory or metacopy got a redirect mark.
    Redirect {
        /// The path.
        path: String,
        /// The mark's value.
        to: String,
    },
    /// A name moved.
    Renamed {
        /// Old path.
        from: String,
        /// New path.
        to: String,
        /// The two were exchanged.
        exchange: bool,
        /// A whiteout was left at the old path.
        whiteout: bool,
        /// A whiteout of the upper was in the way at the new path.
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        over_whiteout: bool,
        /// Inodes made: 1 for the whiteout, none if the one at the new path just changed places.
        inodes: usize,
    },
    /// Attributes changed in the upper.
    Attributes {
        /// The path.
        path: String,
        /// What changed, in words: "mode 0644 → 0755".
        change: String,
        /// Mode afterwards: 12 bits; octal text in JSON.
        #[serde(serialize_with = "octal")]
        mode: u16,
        /// Owner afterwards.
        uid: u32,
        /// Group afterwards.
        gid: u32,
        /// The extended attribute that changed, if one did.
        #[serde(skip_serializing_if = "Option::is_none")]
        xattr: Option<XattrChange>,
        /// The change went to the copy that the index holds (its number there): the upper still lacks
        /// this name.
        #[serde(skip_serializing_if = "Option::is_none")]
        index: Option<u32>,
        /// Bytes that had to be copied up before.
        #[serde(skip_serializing_if = "is_zero")]
        copied: u64,
    },
    /// A simulated kernel call failed. A result, not a lab error.
    Failed {
        /// The call: "rename".
        op: String,
        /// Its path; of a link the new name.
        path: String,
        /// The new name of a rename, the old one of a link.
        #[serde(skip_serializing_if = "Option::is_none")]
        other: Option<String>,
        /// "EXDEV".
        errno: String,
        /// Why the kernel answers so here, in words; may be empty.
        why: String,
    },
    /// Something happened to a file that is kept open.
    Handle {
        /// Its number.
        fd: u32,
        /// Its path; the last one it had.
        path: String,
        /// What.
        #[serde(flatten)]
        news: HandleNews,
    },
    /// Something happened to a map of a file (mmap).
    Map {
        /// Its number.
        map: u32,
        /// The file's path; the last one it had.
        path: String,
        /// What.
        #[serde(flatten)]
        news: MapNews,
    },
    /// The upper was sealed and became a layer.
    Committed {
        /// What was committed.
        what: String,
        /// Number of entries in the layer.
        entries: usize,
        /// Bytes stored in the layer.
        bytes: u64,
    },
    /// A file was written on the real host: an archive of images, or of a container's files.
    Saved {
        /// Its name.
        file: String,
        /// Its size.
        bytes: u64,
        /// The images in it.
        images: Vec<SavedImage>,
    },
    /// The stack, drawn: layers down, paths across.
    Stack {
        /// What is mounted here: "web".
        name: String,
        /// The columns.
        paths: Vec<String>,
        /// Upper first.
        rows: Vec<StackRow>,
        /// The merged view's cells.
        view: Vec<Cell>,
        /// It is to be drawn as a picture: text people see is SVG then.
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        svg: bool,
    },
    /// The answer of `which`: who wins, who is hidden, and why.
    Which {
        /// The path.
        path: String,
        /// Every layer that has something to say, top first.
        probes: Vec<Probe>,
        /// The winner.
        winner: Option<LayerRef>,
        /// Numbers of the layers whose part shows: the winner, directories that merge with it, the
        /// layer of a metacopy's data.
        shown: Vec<usize>,
        /// One sentence, or two.
        why: String,
    },

    /// The same things done with every storage driver, and what each paid.
    Bill {
        /// What they were done to.
        name: String,
        /// The columns.
        drivers: Vec<String>,
        /// One for each thing.
        rows: Vec<BillRow>,
    },

    // ---- builds ---------------------------------------------------------------------------
    /// A build begins.
    BuildStart {
        /// The tag or, without one, the context's name.
        name: String,
        /// "buildkit" or "legacy".
        builder: String,
        /// Files that reach the builder.
        context_files: usize,
        /// Their bytes.
        context_bytes: u64,
        /// Files the ignore file kept out.
        ignored_files: usize,
    },
    /// One instruction was judged, and executed if need be.
    Step {
        /// Counts instructions from 1 over the file.
        number: usize,
        /// "[2/4]" or "[builder 2/4]" where BuildKit shows one.
        label: String,
        /// The stage's name or number.
        stage: String,
        /// The logical line.
        instruction: String,
        /// What the builder decided.
        #[serde(flatten)]
        verdict: Verdict,
        /// The reason in words, as `Verdict::reason` makes it.
        reason_text: String,
        /// Bytes of the layer the step made or found; none for steps without a layer.
        bytes: Option<u64>,
        /// Simulated seconds the step's programs take; none where nothing is modelled.
        seconds: Option<f64>,
        /// Is all that it executed modelled? In JSON only where it is not: `"modelled": false`.
        #[serde(skip_serializing_if = "is_true")]
        modelled: bool,
    },
    /// A line printed by a RUN step or another simulated process.
    Output {
        /// Which stream.
        stream: Stream,
        /// The text, without the final newline.
        text: String,
    },
    /// A build ended well.
    Built {
        /// Name with tag, or empty.
        tag: String,
        /// Short image id.
        image: String,
        /// Bytes.
        size: u64,
        /// Layers, base included.
        layers: usize,
        /// Number of hits.
        hits: usize,
        /// Number of misses.
        misses: usize,
        /// Simulated seconds of steps that an earlier build had executed already.
        seconds: f64,
        /// Steps of which something is not modelled. In JSON only if there are any.
        #[serde(skip_serializing_if = "is_zero")]
        not_modelled: u64,
    },
    /// A build ended badly. A result, not a lab error.
    BuildFailed {
        /// The builder's own message.
        message: String,
        /// Exit status of `docker build`.
        exit: i32,
        /// The same in plain words.
        plain: Option<String>,
        /// Where in the Dockerfile or ignore file.
        place: Option<Place>,
        /// What to do next.
        hint: Option<String>,
    },
    /// What BuildKit's checks said in passing, one short line each. None of them fails the build.
    Warnings {
        /// "Rule: what is wrong (line N)".
        warnings: Vec<String>,
    },
    /// A Dockerfile was checked; the findings follow.
    Checked {
        /// Whose rules: "buildkit" or "layerlab".
        by: String,
        /// How many findings.
        found: usize,
    },
    /// A place in a Dockerfile breaks a rule.
    Finding(Box<Finding>),
    /// Two cache keys side by side.
    Explain {
        /// The step's number.
        step: usize,
        /// The logical line.
        instruction: String,
        /// The verdict's word and reason.
        verdict: String,
        /// The ingredients.
        rows: Vec<KeyRow>,
        /// This build's whole key, so that it can be recomputed from the print.
        key: Option<CacheKey>,
        /// Its digest.
        digest: String,
    },

    /// Every decision of one build, or of both builders side by side.
    Decisions(Decisions),
    /// What a build would do after some edits.
    WhatIf(WhatIf),
    /// A proposed order of a Dockerfile's lines.
    Order(Order),
    /// The stages of a Dockerfile and what they take from each other.
    Graph(Graph),

    // ---- commands -------------------------------------------------------------------------
    /// What a command printed: Docker's own tables and ids are modelled data.
    Printed {
        /// Standard output, as printed.
        out: String,
        /// Standard error, as printed.
        err: String,
        /// Exit status.
        exit: i32,
    },
    /// The layers of an image as bars.
    Bars(Bars),
    /// Something was removed: which layers that freed, and who uses those that stay.
    Reclaimed(Reclaimed),
    /// Layers were pushed or pulled, or need not be.
    Transferred(Transfer),
    /// Who uses a layer, or each layer of an image (`why layer`).
    Held {
        /// Topmost first.
        layers: Vec<HeldLayer>,
    },
    /// A container was started.
    Started {
        /// Its name.
        name: String,
        /// Its image.
        image: String,
        /// Number of lower layers.
        lowers: usize,
        /// The storage driver that mounted it.
        driver: String,
    },
    /// Something is mounted in a container: from here on the union is not asked below.
    Mounted(Mounted),
    /// A table of the lab's own (not one of Docker's).
    Table {
        /// Above the table; may be empty.
        title: String,
        /// Column heads.
        head: Vec<String>,
        /// Rows.
        rows: Vec<Vec<String>>,
    },
    /// A value that a line of script gave.
    Value {
        /// As a person reads it.
        text: String,
    },
    /// Text of the lab: help topics, answers.
    Text {
        /// The text; may have several lines.
        text: String,
    },
    /// Something that isn't modelled, said so.
    NotModelled {
        /// What.
        what: String,
        /// What happens instead.
        instead: String,
    },
    /// Advice.
    Hint {
        /// One sentence.
        text: String,
    },
    /// The next word to type.
    Next {
        /// What to type.
        text: String,
    },

    // ---- stories --------------------------------------------------------------------------
    /// A scenario tells what comes next.
    Story {
        /// The sentence.
        text: String,
    },
    /// A line of a scenario that is about to run, as written.
    Line {
        /// The line.
        text: String,
    },
    /// A check passed or failed.
    Check {
        /// Its name.
        name: String,
        /// Did it hold?
        ok: bool,
        /// The expected value.
        expected: String,
        /// The actual value.
        actual: String,
    },
    /// The course tells something: `news` is `list`, `task`, `judged`, `hint`, `solution`, `class` or `tested`.
    Course(Box<CourseNews>),
    /// A prediction was made and judged.
    Predicted {
        /// The instruction.
        instruction: String,
        /// What was predicted: "HIT" or "MISS".
        predicted: String,
        /// What came.
        actual: String,
        /// Right?
        ok: bool,
    },
    /// A lab error.
    Error {
        /// What.
        message: String,
        /// "file:line:column"; none when there is no text to point at.
        place: Option<Place>,
        /// What to do next.
        hint: Option<String>,
    },
    /// How much of what follows is shown changed (`trace on|off|json`, `--progress=plain`).
    Tracing {
        /// "on": everything; "off": no union events; "json": one event a line; "auto": as at the start.
        mode: String,
    },
    /// The last event of every run.
    Result {
        /// Exit status of the whole.
        exit: i32,
        /// Checks that held.
        passed: usize,
        /// Checks that did not.
        failed: usize,
    },
    /// What the filesystem at a mount point tells: nothing of it is in the upper.
    #[serde(untagged)]
    OnMount(OnMount),
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

#[allow(clippy::trivially_copy_pass_by_ref)] // serde hands references on
fn is_true(it: &bool) -> bool {
    *it
}

impl Event {
    /// What a program said that the lab doesn't model: `WHAT`, or `WHAT; WHAT HAPPENS INSTEAD`. `usual` is
    /// what happens when it doesn't say.
    pub(crate) fn not_modelled(said: &str, usual: &str) -> Event {
        let (what, instead) = said.split_once("; ").unwrap_or((said, usual));
        Event::NotModelled { what: what.to_owned(), instead: instead.to_owned() }
    }
}
