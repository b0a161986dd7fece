//! `course new NAME`: a small exercise that holds, with notes on what each part is for.

use super::{File, Files};

const README: &str = "\
# A greeting in one layer

This text is the student's task. Say what is there, what should be, and how to
see it. Plain words, short sentences.

The image should have a file `/greeting.txt` that says `hello, layers`, and get
it with one layer on top of alpine's.

Try: `layerlab build . --json`, `layerlab course check`
";

const DOCKERFILE: &str = "\
FROM alpine:3.19
COPY greeting.txt /greeting.txt
";

const GOALS: &str = r#"// The goals run in a fresh lab on a copy of the student's folder. Nothing in that folder can
// change them. They look at results (layers, files, sizes, cache verdicts), never at wording:
// a student may get there in another way than you did.
//
// student                the folder as a build context: student.exists("Dockerfile") …
// rebuild()              docker build of the folder: .image .steps .hits .misses
//                        rebuild("--no-cache --target x") passes options on. A build that
//                        fails ends the judging, and the student is shown its message.
// start()                a container of what was built last, as container(…) gives it
// edit(path, text)       edits a file, as a person would between two builds
// play("answer.rhai")    runs a script of the student's in a lab of its own; gives back its
//                        variables, and the lab goes on where the script left it;
//                        play("answer.rhai", #{ m: "Mount" }) insists on a variable m
// goal(text, actual, wanted, [hint, hint, hint])
//                        wanted is a value, or at_most(n), at_least(n), one_of([…]),
//                        having(x): a list with x in it
// view(image)            its files, as a container sees them
// text_of(files, path)   a file's text, also if it may not be there
// ls_of(files, path)     the names in a directory, likewise
// why(text)              said when all goals hold: why it is so
//
// Everything a scenario can call works here too: `layerlab`, then `help`.

let built = rebuild();
let view = view(built.image);

goal("/greeting.txt says hello, layers", text_of(view, "/greeting.txt"), "hello, layers\n", [
    "Which file does the Dockerfile copy, and what does it say?",
    "COPY takes greeting.txt as it lies in your folder.",
    "Write `hello, layers` into greeting.txt.",
]);

// Another mistake deserves another goal: its hints can then fit it.
let own = built.image.layers.len() - image("alpine:3.19").layers.len();
goal("one layer lies on top of alpine's", own, 1, [
    "Which instructions of your Dockerfile make a layer?",
    "RUN, COPY and ADD make one each. ENV, LABEL and CMD make none.",
    "Leave one COPY, or one RUN, that writes /greeting.txt.",
]);

why("A COPY or RUN becomes one layer. What it holds is what changed: here a single file.");
"#;

/// The files of a new exercise: `README.md`, `goals.rhai`, the start files and the answers.
pub fn skeleton() -> Files {
    let files = [
        ("README.md", README),
        ("Dockerfile", DOCKERFILE),
        ("greeting.txt", "hello\n"),
        ("goals.rhai", GOALS),
        // Answers hold only the files in which they differ from the start.
        ("solution/greeting.txt", "hello, layers\n"),
        ("alternative/Dockerfile", "FROM alpine:3.19\nRUN echo 'hello, layers' > /greeting.txt\n"),
        // Two mistakes that students make. They must fail, each with a hint of its own.
        ("wrong-1/greeting.txt", "hello layers\n"),
        (
            "wrong-2/Dockerfile",
            "FROM alpine:3.19\nCOPY greeting.txt /greeting.txt\nRUN echo 'hello, layers' > /greeting.txt\n",
        ),
    ];
    let file = |text: &str| File { bytes: text.as_bytes().to_vec(), executable: false };
    files.into_iter().map(|(path, text)| (path.to_owned(), file(text))).collect()
}
