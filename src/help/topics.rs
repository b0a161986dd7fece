//! The topics' texts.

/// A topic.
pub struct Topic {
    /// What `help` lists.
    pub name: &'static str,
    /// Other words that lead here.
    pub also: &'static [&'static str],
    /// The text, at most 80 columns; its first line says what it is about.
    pub text: &'static str,
}

/// Builds a row of a table of topics.
pub const fn topic(name: &'static str, also: &'static [&'static str], text: &'static str) -> Topic {
    Topic { name, also, text }
}

/// Images, builds and the lab itself, in the order in which a beginner meets them; what the kernel does is
/// told in [`super::overlay`].
pub const TOPICS: &[Topic] = &[
    topic(
        "layers",
        &["layer", "union", "overlay", "merged", "lowerdir", "upperdir"],
        "
An image is a stack of layers. A layer is a directory tree that never changes.
OverlayFS mounts them: several lower directories (lowerdir, topmost first), one
upper directory (upperdir) that takes every change, and the merged view that a
program sees. A name is looked up from the top, and the first layer that has it
wins. Directories of the same name are merged, files are not.

    let base = layer(#{ \"/etc/motd\": \"hello\\n\" });
    let m = mount([base]);
    m.which(\"/etc/motd\")        which layer wins, and why
    stack m /etc/motd           the layers, drawn",
    ),
    topic(
        "cache",
        &["hit", "miss", "verdict", "verdicts", "explain"],
        "
The build cache. Every step that makes files has a key: what it does, and what
it stands on. Found in the cache: HIT. Not found: MISS, the step is executed.
  BASE            FROM an image that is here
  HIT             found; nothing runs
  MISS            executed, with the reason
  META            changes the config only (BuildKit): no layer, no look-up
  NOT_LOOKED_UP   nobody asked: an earlier step of the stage missed, or the
                  stage isn't needed
explain 3 puts the keys of step 3 side by side, this build's and the earlier
one. docker build --why DIR ends with every decision and all that differs;
docker build --compare DIR builds with both builders and puts their decisions
side by side. why DIR --change FILE asks before anything is built.",
    ),
    topic(
        "course",
        &["exercise", "exercises", "goals", "goal", "rebuild"],
        "
The course: exercises in the order of the lessons, checked on what your builds
come to. In a shell it is `layerlab course …`, here `course …`.
    course                      the exercises, and how far you are
    course start [N]            puts an exercise's files into layerlab-course/
    course check [N]            do its goals hold? --all: of every one started
    course hint                 one of three hints on the first that doesn't
    course solution             once you have passed, or with --give-up
    course reset                start files again; yours are kept aside
    course goto N               another one
Only in a shell: watch (checks at each save), check-all DIR (a class), new NAME
and test DIR (exercises of your own; a new one's goals.rhai tells how).",
    ),
    topic(
        "volumes",
        &["volume", "bind", "tmpfs", "mounts"],
        "
A volume is a filesystem of its own, mounted over a directory of a container.
Below that directory the union is not asked: no look-up, no copy-up, no
whiteout. What is written there lies in the volume, not in the upper: docker
diff, docker commit and the container's size never see it, and it stays when
the container goes.
    docker run -d --name db -v db-data:/var/lib/postgresql/data postgres:15
    -v NAME:/path[:ro]     a volume; an empty one gets what the image has there,
                           unless :nocopy
    -v ./site:/path[:ro]   a folder of the lab's own host, as it is
    -v /path, VOLUME       a volume without a name: --rm and rm -v remove it
    --tmpfs /path          in memory, gone when the container stops
    --mount type=…,src=…,dst=…[,readonly]    --volumes-from NAME    --read-only
    docker volume create|ls|inspect|rm|prune     docker system df -v
A mount is a border: mv copies across it, hard links can't cross it (EXDEV),
the mount point can't be removed (EBUSY), :ro answers EROFS.
    volume(\"db-data\").ls(\"/\")     container(\"db\").volumes
    layerlab run scenarios/22_volumes.rhai
Drivers other than local, volume-opt and a tmpfs that fills up are not modelled.",
    ),
    topic(
        "compose",
        &["docker-compose", "compose.yaml"],
        "
A compose file describes containers that belong together, and their volumes.
    context(\"shop\", #{ \"compose.yaml\": \"services:\\n  db: …\" });   $ cd shop
    docker compose config            the file as compose understands it
    docker compose up [-d]           volumes, then containers in order; without
                                     -d the commands of the file run, and speak
    docker compose ps|exec|run|build docker compose down [-v]
    -f FILE (several), -p NAME, --env-file FILE, --profile NAME
Files lie on the lab's host, in the working directory or above it, or beside
the script. Read are: image, build (context, dockerfile, dockerfile_inline,
target, args), volumes (short and long), tmpfs, read_only, command, entrypoint,
environment, env_file, depends_on, user, working_dir, container_name, labels,
profiles; volumes with name, external and labels; .env and ${V:-default} with
all its operators; anchors and <<.
Ports, networks, restarts, health and limits are named and do nothing here: a
container of the lab has no process of its own. extends, include and scale are
refused or named.
    layerlab run scenarios/23_compose.rhai",
    ),
    topic(
        "dive",
        &["efficiency", ".dive-ci"],
        "
Where do an image's bytes lie, and which of them are wasted?
    docker save app > app.tar             in a shell with Docker
    docker load -i app.tar                reads it: history, inspect, run, stack
    dive app                              an image that is here
    dive app.tar                          an archive, as it lies
    dive app --changes                    what each layer did, path by path
    dive app --compare other              what differs in another image
    dive app --report page.html           layers, tree map and waste on a page
    dive app --ci [--ci-config FILE]      dive's verdicts; exit 1 when one fails
    dive app --json                       dive's figures, and the lists it lacks
At a terminal dive is a view to walk in: help look. Text: --text, or | cat.
In a shell: layerlab dive app.tar [--json OUT] [--ci] [--ci-config F], and
layerlab report IMAGE|ARCHIVE|DIR -o page.html.
The figures are those of dive 0.13.1, with its oddities: a path that two layers
hold is wasted with all its copies, the one you need too; a directory deleted
as a whole is not. What really could be saved stands beside them: help waste.
Archives are those of docker save, old and new, or OCI layouts in a tar; plain,
gzip, bzip2, xz or zstd; at most 256 MB unpacked (layerlab dive --limit BYTES:
more). Digests are checked.",
    ),
    topic(
        "waste",
        &["wasted", "duplicate", "savable"],
        "
dive IMAGE ends with what could be saved. A byte is counted once, under the
reason that hides it, with the two layers and what to do:
  deleted             a whiteout hides the file
  deleted-directory   one whiteout, an opaque mark or a file in its place hides
                      a whole directory (dive does not count it)
  moved               deleted, and there again under another name
  overwritten         other bytes took its place
  metadata            chmod, chown or an attribute: all of its bytes again
  rewritten           the same bytes with the same attributes again
  duplicate           seen twice: an earlier layer has the same bytes elsewhere
In a script dive(\"app\").rows has the findings: kind, path, files, bytes,
firstLayer, byLayer, their instructions, fix.
What images share: docker system df -v, docker image ls --shared.
Which step made a layer, and what the cache said: docker history --steps app;
docker history --graph app draws the layers as bars. Both are the lab's own:
without them docker history prints what Docker prints.",
    ),
    topic(
        "look",
        &["view", "tui", "keys"],
        "
dive IMAGE at a terminal: layers left, the tree right, the waste below.
  Tab                 the next part         ?   all keys      q   quit
  arrows h j k l      move; PgUp u, PgDn d a page; Home g, End G
  Ctrl+L, Ctrl+A      in the layers: this layer's changes, or all up to it
  Space, Ctrl+Space   in the tree: fold one directory, or all
  / or Ctrl+F         only paths that fit a regular expression; Esc ends it
  s                   only what has at least so many bytes: 10MB
  Ctrl+A R M U        in the tree: hide added, removed, modified, unmodified
                      (m too: Ctrl+M is Enter in most terminals)
  Ctrl+O              by size, or by name
  Enter, c            what a file holds here; what the layer changed in it
  w                   why: the path through all layers, and what it wastes
  Ctrl+E              extract the file
  Enter               in the waste: show the path in the tree
+ is added, ~ modified, - removed: green, yellow, red. dive A --compare B shows
what differs between two images. Without a terminal, with CI=true or a flag
that asks for text, dive prints.",
    ),
    topic(
        "archives",
        &["archive", "docker save", "load", "import", "export", "tar", "oci", "skopeo", "umoci"],
        "
Images go out to real files and come back from them.
    docker save -o app.tar app            docker load, skopeo and umoci take it
    docker save -o oci:DIR[:TAG] app      an OCI layout's folder, as skopeo and
                                          umoci name it
    docker load -i app.tar                also old archives, an OCI layout's tar
                                          or folder; gzip, bzip2, xz, zstd
    docker load -i oci:DIR[:TAG]          one image of a layout
    docker export -o web.tar web          what a container sees, without layers
    docker import web.tar flat [-c 'CMD [\"sh\"]'] [-m TEXT]
One tar is both: a docker-archive (docker load, skopeo docker-archive:app.tar)
and an OCI layout (skopeo oci-archive:app.tar; unpacked, umoci).
Digests are real there: the SHA-256 of the tars. The lab itself names a layer by
its entries, without writing its tar, so an image built here gets another id in
its archive; docker save prints both. A loaded image keeps its tars and its ids.
The same image gives the same bytes. Described files are generated.
A file is replaced when all of it is written, else the old one stays; so is a
layout's folder, and only one that holds no other tag. Scenarios write no files.
Contents of a loaded archive stay in its file: what has changed is not read.
Refused, by name: what doesn't fit its digest, leads out of the archive, ends
too early, or unpacks to more than 256 MB: --limit BYTES allows more.",
    ),
    topic(
        "check",
        &["checks", "lint", "warnings", "--check"],
        "
docker build --check DIR checks a Dockerfile and builds nothing; in a shell it
is layerlab check FILE|DIR. BuildKit's rules come first, in Docker's words and
with Docker's exit status. A build also ends with them, in one line each. Then
the lab plays the build and says what only the layers tell:
  DeletedInLaterLayer     a step deletes files that a lower layer keeps
  SecretInLayer           a key, token or password lies in a layer
  SecretInHistory         a secret's value stands in the history or the config
  CacheHostileOrder       files are copied before a step that needs few of them
  CopyCarriesDockerfile   COPY . . takes the Dockerfile along
  CopyCarriesGit          COPY . . takes .git along
  PackageListsLeftBehind  package lists or caches stay in a layer
Line 1 of the file may say what to leave out, or make a build fail on the rest:
  # check=skip=FromAsCasing,SecretInLayer;error=true
The same right above an instruction, # check=skip=…, is for it alone. The build
arg BUILDKIT_DOCKERFILE_CHECK replaces line 1.",
    ),
    topic(
        "why",
        &["what-if", "whatif", "change", "maybe"],
        "
What if? Nothing is executed; the keys of both builders are computed.
    why app --change src/app.js           the file has other contents
    why app --touch F    --chmod F 755    only its time; only its mode
    why app --add F      --delete F       new; gone
    why app --arg X=2                     a build argument
    why app --edit-line 4 'RUN make all'  a line of the Dockerfile
    why app                               what would a build do now?
Builds of the context that were made here count; without one, a build of just
before is assumed. No RUN is executed in it either. -f FILE, --target STAGE,
--build-arg X=1 and --builder WHICH are those of docker build.
  MAYBE   BuildKit and the legacy builder look at the files that a COPY --from
          takes. If the step that makes them would run again, nobody knows
          them before: the same files hit, other files miss.
In a script why(\"app\", #{ change: [\"a\"], arg: #{ X: \"2\" } }) gives rows with a
verdict for each builder. A real folder: layerlab why DIR --change FILE.",
    ),
    topic(
        "order",
        &["reorder", "dockerfile order", "best practice"],
        "
The order of a Dockerfile decides what a change costs. A step runs again when
anything before it did. Copy what rarely changes first (package.json), install,
then copy the source: an edit of the source then leaves the install alone.

order app proposes another order of the Dockerfile's lines: the one that makes
the fewest steps run again when each file of the context changes once. Or say
which edits count: order app --edit 'change a.js' --edit 'arg X=2'. Each is
played in both builders, as why does. What moves, and only within its stage:
  COPY        behind a RUN that installs packages and nothing else; the files
              that the installer reads are copied before it
  ARG, ENV    behind RUNs that don't name the variable
  LABEL, EXPOSE, CMD and their kin, behind the last step that makes files
What can't be proved is said: assumed: npm reads only package.json. In a script
order(\"app\", #{ edits: [\"a.js\"] }).after is the text.",
    ),
    topic(
        "graph",
        &["mermaid", "dot"],
        "
graph app draws the stages of a Dockerfile: what each takes from which stage or
image (FROM, COPY --from, RUN --mount), and which of them the target needs.
BuildKit builds those; the legacy builder builds every stage up to the target.
--target STAGE asks for another one, --format mermaid and --format dot print a
drawing for other programs. In a script: graph(\"app\").edges.",
    ),
    topic(
        "buildkit",
        &["legacy", "builder", "builders"],
        "
BuildKit and the legacy builder decide differently. Legacy walks a chain: once
a step misses, the rest of the stage is not looked up, and every instruction
counts, a LABEL too. BuildKit keys only steps that make files, by what goes
into them: a changed LABEL re-runs nothing, and a COPY from a stage that was
rebuilt with the same files is a HIT again (convergence). Stages nobody needs
are not built.

    docker build --builder legacy -t app app",
    ),
    topic(
        "context",
        &["build context", ".dockerignore", "dockerignore"],
        "
The build context is the directory that COPY copies from. What .dockerignore
names never reaches the builder: it can't be copied and can't cause a MISS. The
Dockerfile itself is part of the context: with COPY . . a comment changed in it
is a MISS unless it is ignored.

    let ctx = context(\"app\", #{ \"Dockerfile\": \"FROM alpine:3.19\\n\" });
    ctx.write(\"app.py\", \"print(1)\\n\")
    open DIR as app             a real folder",
    ),
    topic(
        "multi-stage",
        &["stages", "stage", "target", "multistage"],
        "
A Dockerfile may have several stages, each with its FROM. The image is the last
stage (or --target); COPY --from=STAGE takes files out of another one.
Compilers and caches stay behind in the stage that needed them.",
    ),
    topic(
        "size",
        &["sizes", "big", "bytes"],
        "
An image's size is the sum of its layers. A file changed in a later layer is
stored twice; a file deleted in a later layer is still stored. To save bytes,
delete in the RUN that made them.   docker history IMAGE shows each layer.",
    ),
    topic(
        "prune",
        &["housekeeping", "reclaim", "free", "rmi", "why layer"],
        "
What takes disk space, what removes it, and what is in the way.
    docker system df -v      images, containers, BuildKit's cache, one by one
    docker rmi IMAGE         a name goes; the image goes with its last name
    docker image prune       images without a name (dangling); -a: all unused
    docker container prune   containers that have ended, with their uppers
    docker builder prune     cached results that no image has; -a: all
    docker system prune      the three in one
    why layer IMAGE          who uses each layer: why it can't be freed yet
A layer lies on the disk as long as an image, a container or the cache stands
on it. Removing an image frees what nobody else uses; the lab says what went,
what stays, and for whom. An image is refused while a container uses it or
other images were built on it. The legacy builder's cache are its images:
remove them, and the next build runs again. Docker asks before a prune; nobody
can be asked here, so the lab says y. undo brings everything back.
--filter until=24h, label=NAME[=VALUE], label!=NAME choose by age and label.",
    ),
    topic(
        "registry",
        &["push", "pull", "hosts", "manifest", "platform", "login", "wire"],
        "
Images travel by layers: a registry keeps each layer once, by digest, and only
missing ones are sent. Docker Hub has the built-in images; every other name,
such as localhost:5000/app, is a registry that takes whatever is pushed.
    docker tag app localhost:5000/app:1
    docker push localhost:5000/app:1     Pushed, Layer already exists, Mounted
    docker -H ci pull localhost:5000/app:1
    host ci                              all commands go there; host lists them
    let ci = host(\"ci\"); ci.docker(\"images\")
-H names another Docker host: images, containers, volumes and cache of its own;
files and registry are shared. Below Docker's lines the lab says what was on the
wire, and what need not be. registry(\"localhost:5000\").cut_after(1_000_000)
breaks the next pull; the one after it goes on where that stopped.
name@sha256:… asks for exactly that manifest. docker build --platform makes an
image for another platform, docker buildx imagetools create -t NAME A B an index
over several, docker manifest inspect NAME shows either.
A name without a registry goes to Docker Hub, which wants docker login -u NAME
-p …: any password will do, and none is kept, not in the log either.
Digests are real: SHA-256 of the manifest's JSON and of a layer's packed tar.
Layers that are only described (≈) have the lab's own digest, and count as the
tar that they would be.",
    ),
    topic(
        "cache-from",
        &["cache-to", "inline"],
        "
A build's cache for other hosts (BuildKit):
    docker build --cache-to type=registry,ref=localhost:5000/app:c,mode=max …
    docker -H ci build --cache-from localhost:5000/app:c …
mode=min sends the layers of the final image, mode=max those of every step of
every stage; both send all keys. So with min an unchanged build is all hits, but
one change in a build stage runs the whole stage again. type=inline (or
--build-arg BUILDKIT_INLINE_CACHE=1) puts the keys into the image itself: push
it, and name the image with --cache-from. type=local,dest=DIR and src=DIR keep
it in a directory. The legacy builder's --cache-from IMAGE takes steps from the
history of an image that is here, and nothing else.",
    ),
    topic(
        "models",
        &["model", "not modelled", "opaque program"],
        "
RUN plays a model: the shell is real, its programs work on the merged view, and
package managers write believable trees with believable sizes. What a program
is not modelled for, it says: it succeeds and does nothing (--strict makes that
a failure). A program exists only if PATH finds its file in the image.
Simulated time is shown as  ≈ 38 s (model).  Digests of layers are the lab's
own: equal for equal layers, but not those of the real registry's images.
Built-in bases are described, not stored: help bases. For another FROM:
    docker build --base NAME=alpine:3.19 -t app app",
    ),
    topic(
        "scripts",
        &["rhai", "scenario", "scenarios", "script"],
        "
A scenario is a file of Rhai statements and command lines, played by layerlab
run FILE. step(\"…\") tells what comes next, check(name, a, b) or check(name, a
< b) judges, predict(\"COPY . .\", \"MISS\") guesses before a build. save
FILE.rhai writes what you did here as a scenario. A script reads only below its
own folder.",
    ),
    topic(
        "programs",
        &["command", "teach"],
        "
command teaches RUN a program in Rhai. sh has the files of the step:

   command(\"greet\", |sh, args| { sh.write(\"/hi\", args[0]); sh.out(\"done\"); 0 });

The name must be found in PATH of the image, as for every program.",
    ),
    topic(
        "urls",
        &["url", "network", "curl", "wget", "addresses"],
        "
The lab has no network: curl, wget and git clone fail as on a host without one,
and ADD of an address puts an empty file there. urls(…) says what an address
answers; then all four find it:

   urls(#{ \"https://get.example/notes.txt\": \"hello\\n\",
       \"https://get.example/big.bin\": 40_000_000,
       \"https://get.example/tool.tar.gz\": #{ archive: #{ \"tool/run\": \"1\\n\" } },
       \"https://get.example/latest\": #{ to: \"/tool.tar.gz\" },
       \"https://git.example/tool.git\": #{ branches: #{ main: #{ \"a\": \"1\" } },
                                           tags: #{ v1: #{ \"a\": \"0\" } } } });

An answer is a text, a size, or one of text, size (and seed), program, archive
(format tar.gz, tar, tar.xz, zip …), files of a git repository, or to; besides
status, type, modified (\"2024-01-31\"). urls(\"school.json\") reads a file,
layerlab build DIR --urls FILE does it for one build, urls() lists them.
A RUN's key is its text: curl is not asked again. ADD's key is the content.",
    ),
    topic(
        "packages",
        &["package"],
        "
Package managers install from tables: Debian's, Ubuntu's and Alpine's archives,
npm, PyPI and others, as of one day. packages(…) adds one, or replaces it:

   packages(\"apt\", #{ name: \"acme\", version: \"1.2-3\", size: 40_960,
       depends: [\"curl\"], programs: [\"acme\"],
       files: #{ \"/etc/acme.conf\": \"on\\n\" } });

A list adds several; packages(\"school.json\") reads them from a file,
{ \"apt\": [ { … } ], \"npm\": [ { … } ] }; packages() lists them. Fields: name,
version, size, download (bytes), depends, recommends, suggests, programs, files,
all. A file is a text, a size or { text, size, mode, link, program }. Managers:
apt apk npm pip go dnf cargo gem composer maven conda. layerlab build DIR
--packages FILE does it for one build.",
    ),
    topic(
        "undo",
        &["redo", "log", "history"],
        "
undo takes back the last line, undo 3 the last three, whatever they did: files,
builds, containers, variables. redo brings them back. log lists the lines that
count; save FILE.rhai keeps them. Lines that only look are not counted.",
    ),
    topic(
        "words",
        &["session", "trace", "predict", "stack", "open", "quit"],
        "
Words of the session, each at the start of a line:
  help [TOPIC]        undo [N]   redo [N]   log     save FILE.rhai    quit
  stack [--svg] [NAME] [/PATH …] draw the layers of a mount or container
  bill [IMAGE|NAME]              what each storage driver pays; what was paid
  explain [STEP]                 the cache key of a step of the last build
  why CONTEXT [--change FILE …]  what a build would do after an edit
  order CONTEXT   graph CONTEXT  a better order of the lines; the stages, drawn
  predict on|off                 guess before each answer: HIT or MISS, which
                                 layer wins, how many bytes are copied up
  trace on|off|json              show every look-up and copy, or only results
  open DIR [as NAME]             a real folder as a build context
Then command lines: docker …, and  $ …  for a shell line. All else is Rhai.",
    ),
];
