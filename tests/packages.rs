//! Sessions with package managers: what they print, how they end, what lands; and packages that a teacher
//! adds.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod screen;

use layerlab::fs::Contents;
use layerlab::image::{Container, catalog};
use layerlab::shell::{NoPrograms, Packages, Process, Sandbox, run};
use layerlab::trace::{Fuel, Limits, Trace};
use layerlab::union::Mount;
use proptest::prelude::*;
use std::fmt::Write as _;
use std::sync::Arc;

/// A container of a built-in base, with more files and packages.
struct Lab {
    mount: Mount,
    container: Container,
    packages: Packages,
}

impl Lab {
    fn of(base: &str) -> Lab {
        let image = catalog::image(base).unwrap();
        let container = Container::create("c", base, Arc::clone(&image), 0).unwrap();
        Lab { mount: container.mount.clone(), container, packages: Packages::default() }
    }

    fn with(mut self, path: &str, text: &str) -> Lab {
        let (above, _) = path.rsplit_once('/').unwrap();
        self.line(&format!("mkdir -p {above}/"));
        let mut t = Trace::silent();
        self.mount.create(path.as_bytes(), 0o644, Contents::text(text), &mut t).unwrap();
        self
    }

    fn taught(mut self, json: &str) -> Lab {
        self.packages = self.packages.taught_by_file("school.json", json.as_bytes()).unwrap();
        self
    }

    /// A line of the shell: what it printed and how it ended.
    fn line(&mut self, line: &str) -> String {
        let config = &self.container.config;
        let mut env: indexmap::IndexMap<String, String> = indexmap::IndexMap::new();
        for entry in &config.env {
            let (name, value) = entry.split_once('=').unwrap();
            env.insert(name.to_owned(), value.to_owned());
        }
        let process = Process {
            argv: ["/bin/sh", "-c", line].map(str::to_owned).to_vec(),
            env,
            cwd: "/app".to_owned(),
            sandbox: Sandbox::BuildKit,
            packages: self.packages.clone(),
            ..Process::default()
        };
        let mut t = Trace::silent();
        let outcome = run(&mut self.mount, &process, &mut NoPrograms, &mut t);
        assert!(t.fuel.exhausted().is_none(), "{line}");
        let mut text = format!("$ {line}\n");
        for (_, printed) in &outcome.lines {
            let _ = writeln!(text, "{}", printed.trim_end());
        }
        for what in &outcome.not_modelled {
            let _ = writeln!(text, "(not modelled: {what})");
        }
        if outcome.exit != 0 {
            let _ = writeln!(text, "exit {}", outcome.exit);
        }
        text
    }

    /// Several lines, one after the other in the same container.
    fn session(&mut self, lines: &[&str]) -> String {
        lines.iter().map(|line| self.line(line)).collect::<Vec<_>>().join("\n")
    }
}

#[test]
fn apt_says_what_debians_says() {
    insta::assert_snapshot!(Lab::of("debian:bookworm-slim").session(&[
        "apt-get install -y curl",
        "apt-get update",
        "apt-get install -y --no-install-recommends curl",
        "apt-get install -y curl",
        "apt-get install -y jq=1.5 nosuch",
        "apt-get install jq",
        "apt-get install less",
        "apt-get install -qq jq=1.6-2.1+deb12u2 tree",
        "apt-get install -y netcat python",
        "apt-get install -y 'nosuch*'",
        "apt-get install -y ./x.deb",
        "apt-get frob",
    ]));
}

#[test]
fn apt_removes_what_nothing_needs() {
    insta::assert_snapshot!(Lab::of("debian:bookworm-slim").session(&[
        "apt-get update -qq && apt-get install -y -qq --no-install-recommends file nginx-light > /dev/null",
        "which file nginx && grep -c Auto-Installed /var/lib/apt/extended_states",
        "apt-get remove -y jq",
        "apt-get purge -y file",
        "apt-get remove -y nginx-common",
        "dpkg -l nginx-common nginx; ls /etc/nginx",
        "apt-get purge -y nginx-common; ls /etc/nginx",
        "apt-get autoremove -y; apt-get autoremove -y",
        "which file nginx; dpkg -s nginx-light",
    ]));
}

#[test]
fn dpkg_knows_what_is_installed() {
    insta::assert_snapshot!(Lab::of("debian:bookworm-slim").session(&[
        "apt-get update -qq && apt-get install -y -qq less tree > /dev/null",
        "dpkg -l tree less nosuch",
        "dpkg -L tree; dpkg -L nosuch",
        "dpkg -S bin/tree; dpkg -S /usr/bin/tree; dpkg -S nosuchfile",
        "dpkg -s tree",
        "dpkg-query -W -f='${Package} ${Version} ${db:Status-Abbrev}|${Installed-Size}\\n' tree less",
        "apt list --installed tree; apt-cache policy tree; apt-cache madison tree; apt-cache show nosuch",
        "apt-mark auto tree; apt-mark hold less; apt-mark showhold; apt-mark showauto; apt-mark manual nosuch",
        "dpkg -r tree; dpkg -r tree; which tree",
        "dpkg --compare-versions 1.0~rc1 lt 1.0 && echo older",
    ]));
}

#[test]
fn apt_keeps_archives_only_where_the_image_lets_it() {
    let mut lab = Lab::of("debian:bookworm-slim");
    let text = lab.session(&[
        "apt-get update -qq && apt-get install -y -qq tree > /dev/null; ls /var/cache/apt/archives",
        "rm /etc/apt/apt.conf.d/docker-clean; apt-get install -y -qq less > /dev/null; ls /var/cache/apt/archives",
        "apt-get clean; ls /var/cache/apt/archives; ls /var/lib/apt/lists | wc -l; rm -rf /var/lib/apt/lists/*; apt-get install -y jq",
    ]);
    insta::assert_snapshot!(text);
}

#[test]
fn each_release_has_its_own_versions() {
    let release = "ID=debian\nVERSION_ID=\"11\"\nVERSION_CODENAME=bullseye\n";
    let mut eleven = Lab::of("debian:bookworm-slim").with("/etc/bullseye", release);
    let mut ubuntu = Lab::of("ubuntu:22.04");
    let ask = "apt-get update -qq; apt-cache policy libssl3 libssl1.1 python3 | grep -v 500";
    insta::assert_snapshot!(
        [
            Lab::of("debian:bookworm-slim").line(ask),
            eleven.line("cp /etc/bullseye /usr/lib/os-release"),
            eleven.line(ask),
            eleven.line("apt-get install -y jq=1"),
            ubuntu.line(ask),
        ]
        .concat()
    );
}

#[test]
fn apk_says_what_alpines_says() {
    insta::assert_snapshot!(Lab::of("alpine:3.19").session(&[
        "apk add curl",
        "apk add --no-cache curl; ls /var/cache/apk",
        "apk add --no-cache -q curl=7.0 nosuch",
        "apk update; ls /var/cache/apk; apk add --virtual .build make 'g++~13'",
        "cat /etc/apk/world; apk info -e make nosuch; apk info -L make; apk info -W /usr/bin/make",
        "apk del .build; which make; cat /etc/apk/world",
        "apk del libcurl; apk del curl; apk info -vv | grep -c curl",
        "apk search -e curl; rm -rf /var/cache/apk/*; apk add jq",
        "apk frob",
    ]));
}

const PACKAGE: &str = r#"{"name":"web","version":"1.0.0","scripts":{"build":"false","hi":"echo hi"},
  "dependencies":{"ms":"^2.1.0"},"devDependencies":{"once":"1.4.0"}}"#;

#[test]
fn npm_says_what_npms_says() {
    insta::assert_snapshot!(Lab::of("node:20-alpine").with("/app/package.json", PACKAGE).session(&[
        "npm ci",
        "npm install && ls -a node_modules && ls /root/.npm /root/.npm/_cacache",
        "npm ls",
        "npm ci --omit=dev && ls node_modules",
        "npm prune --omit=dev; npm install once@1.4.0; npm uninstall once; cat package.json",
        "npm run; npm run nope; npm run build; npm run hi",
        "npm install nosuch-zz; npm install ms@99.0.0; npm install -g nosuch-zz",
        "npm install -g serve; which serve; ls /usr/local/lib/node_modules",
        "npm cache clean; npm cache clean --force; ls /root/.npm",
        "rm package.json; npm install; echo '{' > package.json; npm install",
    ]));
}

#[test]
fn yarn_and_pnpm_follow_their_lock_files() {
    insta::assert_snapshot!(Lab::of("node:20-alpine").with("/app/package.json", PACKAGE).session(&[
        "yarn install && cat yarn.lock && ls -a node_modules",
        "rm -rf node_modules; yarn install --frozen-lockfile --production && ls node_modules; yarn cache dir; ls /usr/local/share/.cache/yarn/v6",
        "yarn cache clean; yarn run nope; yarn build; yarn hi; yarn add nosuch-zz; yarn add ms@99",
        "npm pkg set x=y; sed -i 's/\"ms\"/\"wrappy\":\"1.0.2\",\"ms\"/' package.json; yarn install --frozen-lockfile",
        "corepack enable; rm -rf node_modules; pnpm install --frozen-lockfile",
        "pnpm install; cat pnpm-lock.yaml; ls -la node_modules | tail -n +4 | sed 's/.* //'; ls node_modules/.pnpm",
        "find /root/.local/share/pnpm -type f | wc -l; find node_modules -type f -links 2 | wc -l",
        "rm -rf node_modules; pnpm install --frozen-lockfile --prod; ls node_modules; pnpm hi",
        "sed -i 's/\"ms\"/\"dayjs\":\"1.11.10\",\"ms\"/' package.json; pnpm install --frozen-lockfile; pnpm add nosuch-zz",
    ]));
}

#[test]
fn pip_says_what_pips_says() {
    let lab = Lab::of("python:3.12-slim").with("/app/requirements.txt", "flask==3.0.0\nclick<8.1\n");
    insta::assert_snapshot!(lab.with("/app/bad.txt", "six\nflask=2\n").session(&[
        "pip install -r requirements.txt",
        "pip list; pip freeze; pip show flask nosuch",
        "export PIP_DISABLE_PIP_VERSION_CHECK=1; pip install flask; pip install flask==99.0; pip install nosuch-zz; pip install; pip install -r nope.txt; pip install -r bad.txt",
        "find /root/.cache/pip -type f | wc -l; pip cache purge; find /root/.cache/pip -type f | wc -l; pip install -q --no-cache-dir six; find /root/.cache/pip -type f | wc -l",
        "pip uninstall flask; pip uninstall -y flask nosuch-zz; which flask; pip check; pip frob",
        "python3 -m venv /venv; . /venv/bin/activate; pip install -q six; ls /venv/lib/python3.12/site-packages; python3 --version; python3 nope.py",
    ]));
    insta::assert_snapshot!(
        "pip_of_a_distribution",
        Lab::of("alpine:3.19").session(&[
            "apk add -q --no-cache py3-pip; pip install flask",
            "pip install -q --break-system-packages flask; pip freeze | head -2",
        ])
    );
}

/// Programs that no built-in base has.
fn workshop() -> Lab {
    let program = |name: &str| format!("\"/usr/local/bin/{name}\": {{\"program\": \"{name}\"}}");
    let names = ["cargo", "gem", "bundle", "composer", "mvn", "gradle", "conda", "dnf", "rpm"];
    let files: Vec<String> = names.iter().map(|name| program(name)).collect();
    let json = format!(
        r#"{{"apk": [{{"name": "workshop", "version": "1", "files": {{{}, "/opt/conda/.keep": ""}}}}]}}"#,
        files.join(", ")
    );
    let mut lab = Lab::of("alpine:3.19").taught(&json);
    lab.line("apk add --no-cache -q workshop");
    lab
}

#[test]
fn a_base_without_a_program_has_no_such_program() {
    insta::assert_snapshot!(Lab::of("alpine:3.19").session(&[
        "cargo build",
        "mvn package",
        "dnf install -y git",
        "conda clean -afy"
    ]));
}

#[test]
fn rows_of_other_managers_land_where_they_keep_things() {
    let mut lab = workshop()
        .with("/app/Cargo.toml", "[package]\nname = \"app\"\nversion = \"0.1.0\"\n[dependencies]\nanyhow = \"1.0.75\"\n")
        .with("/app/Gemfile", "source 'https://rubygems.org'\ngem 'rake'\ngroup :test do\n  gem 'rubocop'\nend\n")
        .with("/app/composer.json", r#"{"require":{"psr/log":"^3.0"},"require-dev":{"phpunit/phpunit":"^10.5"}}"#)
        .with("/app/pom.xml", "<project><artifactId>app</artifactId><version>1.0</version><dependencies><dependency><groupId>com.google.guava</groupId><artifactId>guava</artifactId><version>32.1.3-jre</version></dependency></dependencies></project>")
        .with("/app/environment.yml", "name: ml\ndependencies:\n  - python=3.11\n  - pip\n");
    insta::assert_snapshot!(lab.session(&[
        "cargo build --locked; mkdir src; cargo build --release --locked; echo 'fn main() {}' > src/main.rs; cargo build --release --locked",
        "cargo build --release; cat Cargo.lock; ls target/release; find /root/.cargo -type d -maxdepth 5 | sort",
        "gem install rake -v 13.0.6 --no-document; gem install nosuch; gem list",
        "bundle config set without test; bundle install; cat Gemfile.lock; rm Gemfile.lock; BUNDLE_DEPLOYMENT=1 bundle install",
        "composer install --no-dev; ls vendor; find /root/.composer -type f | wc -l; composer clear-cache; ls /root/.composer",
        "mvn dependency:go-offline; find /root/.m2 -type f; mvn package; ls target; cd /tmp && mvn package",
        "conda install -y numpy; ls /opt/conda/pkgs /opt/conda/conda-meta; conda install -y nosuch",
        "conda env create -f environment.yml > /dev/null; ls /opt/conda/envs/ml/conda-meta; conda clean -afy; ls /opt/conda/pkgs",
        "dnf install -y wget; rpm -q wget nosuch; rpm -ql wget; dnf clean all; ls /var/cache/dnf; dnf install -y nosuch; dnf remove -y wget",
    ]));
}

// ---- packages of a teacher ------------------------------------------------------------------------

const SCHOOL: &str = r#"{
  "apt": [
    { "name": "acme", "version": "1.2-3", "download": 9000, "depends": ["libacme1", "tree"],
      "recommends": ["acme-doc"], "programs": ["acme"],
      "files": { "/etc/acme.conf": "on\n", "/opt/acme/tool": { "program": "true", "mode": "0755" },
                 "/usr/lib/libx.so": { "link": "libx.so.1" }, "/srv/big": 1000000 } , "size": 2000000 },
    { "name": "libacme1", "version": "1.2-3", "size": 4096 },
    { "name": "acme-doc", "version": "1.2-3", "size": 4096, "all": true },
    { "name": "broken", "version": "1", "depends": ["nowhere"] },
    { "name": "egg", "version": "1", "depends": ["hen"] }, { "name": "hen", "version": "1", "depends": ["egg"] }
  ],
  "npm": [ { "name": "@school/kit", "version": "2.0.0", "depends": ["ms"], "programs": ["kit"], "files": { "index.js": "1\n" } } ],
  "pip": [ { "name": "schoolkit", "version": "3.0", "depends": ["six"], "files": { "schoolkit/__init__.py": "x = 1\n" } } ],
  "apk": [ { "name": "acme", "version": "1.2-r0", "programs": ["/usr/sbin/acmed"], "size": 5000 } ]
}"#;

#[test]
fn a_teachers_packages_install_like_any_other() {
    insta::assert_snapshot!(Lab::of("debian:bookworm-slim").taught(SCHOOL).session(&[
        "apt-get update -qq && apt-get install -y acme",
        "cat /etc/acme.conf; stat -c '%a %s %n' /opt/acme/tool /srv/big; readlink /usr/lib/libx.so; dpkg -L acme | tail -3",
        "apt-get purge -y --auto-remove acme | tail -6; ls /opt /etc/acme.conf",
        "apt-get install -y broken",
        "apt-get install -y -qq egg | grep Setting",
        "apt-get install -y acme=1.3",
    ]));
    insta::assert_snapshot!(
        "a_teachers_packages_of_npm",
        Lab::of("node:20-alpine").taught(SCHOOL).session(&[
            "npm install -g @school/kit; which kit; ls /usr/local/lib/node_modules/@school/kit",
            "apk add --no-cache acme | tail -3; which acmed",
        ])
    );
    insta::assert_snapshot!("a_teachers_packages_of_pip", Lab::of("python:3.12-slim").taught(SCHOOL).session(&[
        "PIP_DISABLE_PIP_VERSION_CHECK=1 pip install schoolkit; cat /usr/local/lib/python3.12/site-packages/schoolkit/__init__.py; pip freeze",
    ]));
}

#[test]
fn a_file_of_packages_is_read_strictly() {
    let refused = [
        "",
        "[1]",
        "{\"apt\": [{\"name\": \"a\", \"version\": \"1\",}]}",
        "{\"atp\": []}",
        "{\"apt\": {}}",
        "{\"apt\": [3]}",
        "{\"apt\": [{\"version\": \"1\"}]}",
        "{\"apt\": [{\"name\": \"a\", \"version\": \"1\"}, {\"name\": \"b\", \"verison\": \"1\"}]}",
        "{\"apt\": [{\"name\": \"a b\", \"version\": \"1\"}]}",
        "{\"apt\": [{\"name\": \"../a\", \"version\": \"1\"}]}",
        "{\"apt\": [{\"name\": \"a\", \"version\": 1}]}",
        "{\"apt\": [{\"name\": \"a\", \"version\": \"1\", \"size\": -1}]}",
        "{\"apt\": [{\"name\": \"a\", \"version\": \"1\", \"size\": 9000000000000000}]}",
        "{\"apt\": [{\"name\": \"a\", \"version\": \"1\", \"size\": 1, \"files\": {\"/a\": \"text\"}}]}",
        "{\"apt\": [{\"name\": \"a\", \"version\": \"1\", \"depends\": \"b\"}]}",
        "{\"apt\": [{\"name\": \"a\", \"version\": \"1\", \"depends\": [\"b c\"]}]}",
        "{\"apt\": [{\"name\": \"a\", \"version\": \"1\", \"files\": {\"etc/a\": \"\"}}]}",
        "{\"apt\": [{\"name\": \"a\", \"version\": \"1\", \"files\": {\"/../a\": \"\"}}]}",
        "{\"apt\": [{\"name\": \"a\", \"version\": \"1\", \"files\": {\"/a\": {\"tetx\": \"\"}}}]}",
        "{\"apt\": [{\"name\": \"a\", \"version\": \"1\", \"files\": {\"/a\": {\"text\": \"\", \"mode\": \"9\"}}}]}",
        "{\"apt\": [{\"name\": \"a\", \"version\": \"1\", \"files\": {\"/a\": {\"text\": \"\", \"size\": 3}}}]}",
    ];
    let mut text = String::new();
    for source in refused {
        let error = Packages::default().taught_by_file("school.json", source.as_bytes()).unwrap_err();
        let _ = writeln!(text, "{source}\n  {}\n  {}\n", error.message, error.hint.unwrap_or_default());
    }
    insta::assert_snapshot!(text);
}

#[test]
fn teaching_is_a_line_like_any_other() {
    insta::assert_snapshot!(screen::screen(&[
        "packages(\"apk\", #{ name: \"acme\", version: \"1.0-r0\", programs: [\"acme\"], files: #{ \"/etc/acme\": file(\"on\\n\", #{ mode: 0o600 }) } })",
        "docker run -d --name c alpine:3.19",
        "trace off",
        "docker exec c apk add --no-cache acme",
        "docker exec c stat -c %a /etc/acme",
        "packages(\"npm\", [#{ name: \"a\", version: \"1.0.0\" }, #{ name: \"b\", version: \"1.0.0\" }])",
        "packages().len()",
        "undo",
        "undo",
        "packages().len()",
        "packages(\"apk\", #{ name: \"acme\", verison: \"1\" })",
        "packages(\"akp\", #{ name: \"acme\", version: \"1\" })",
        "packages(\"nope.json\")",
        "package(\"apk\", #{})",
        "packages().len()",
    ]));
}

proptest! {
    /// Any text: packages or a refusal, never a panic.
    #[test]
    fn any_file_of_packages_is_read_or_refused(source in "[{}\\[\\]\"a-e:, 0-9/.]{0,200}") {
        let _ = Packages::default().taught_by_file("x.json", source.as_bytes());
    }

    /// JSON of the right outline with any values.
    #[test]
    fn any_values_are_read_or_refused(
        manager in "apt|apk|npm|pip|xyz", name in ".{0,12}", size in any::<i64>(), path in ".{0,12}", mode in ".{0,5}",
    ) {
        let value = serde_json::json!({ manager: [{ "name": name, "version": "1", "size": size,
            "files": { path: { "text": "x", "mode": mode } } }] });
        let _ = Packages::default().taught_by_file("x.json", value.to_string().as_bytes());
    }

}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Manifests and lock files of any text, through the programs that read them.
    #[test]
    fn any_manifest_is_survived(source in "[{}\\[\\]\"a-z:, =@/.0-9\n]{0,120}") {
        let mut lab = Lab::of("node:20-alpine").with("/app/x", &source);
        lab.line("for f in package.json package-lock.json yarn.lock pnpm-lock.yaml; do cp x $f; done; npm ci; npm install; yarn install; pnpm install");
    }
}

/// A table that is one long chain, and lists that are huge, run into the fuel, not into the stack.
#[test]
fn huge_tables_are_bounded() {
    let chain: Vec<serde_json::Value> = (0..20_000)
        .map(|at| serde_json::json!({ "name": format!("p{at}"), "version": "1", "size": 1, "depends": [format!("p{}", (at + 1) % 20_000)] }))
        .collect();
    let json = serde_json::json!({ "apt": chain, "npm": chain, "apk": chain, "pip": chain }).to_string();
    let packages = Packages::default().taught_by_file("chain.json", json.as_bytes()).unwrap();
    for (base, line) in [
        ("debian:bookworm-slim", "apt-get update -qq; apt-get install -y p0"),
        ("alpine:3.19", "apk add --no-cache p0"),
        ("node:20-alpine", "npm install -g p0"),
        ("python:3.12-slim", "pip install p0"),
    ] {
        let image = catalog::image(base).unwrap();
        let mut container = Container::create("c", base, image, 0).unwrap();
        let env = container.config.env.iter().filter_map(|entry| entry.split_once('='));
        let process = Process {
            argv: ["/bin/sh", "-c", line].map(str::to_owned).to_vec(),
            env: env.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            packages: packages.clone(),
            ..Process::default()
        };
        let mut t = Trace::silent();
        t.fuel = Fuel::new(Limits { operations: 60_000, ..Limits::LINE });
        let outcome = run(&mut container.mount, &process, &mut NoPrograms, &mut t);
        let why = t.fuel.exhausted().map(layerlab::trace::Exhausted::describe);
        assert_eq!(why.as_deref(), Some("more than 60,000 operations"), "{line}: exit {}", outcome.exit);
    }
    let too_many: Vec<serde_json::Value> =
        (0..100_001).map(|at| serde_json::json!({ "name": format!("p{at}"), "version": "1" })).collect();
    let error = Packages::default().taught("test", "apt", &too_many).unwrap_err();
    assert_eq!(error.message, "test: apt: more than 100000 packages");
}

const GO_MOD: &str = "module example.com/app\n\ngo 1.21\n\nrequire (\n\tgithub.com/lib/pq v1.10.9\n\tgolang.org/x/text v0.14.0\n)\n\nreplace golang.org/x/text => ./text\n";

/// The messages are cmd/go's (`modload/import.go`).
#[test]
fn go_asks_go_sum_about_every_import() {
    let main = "package main\n\nimport (\n\t\"fmt\"\n\n\t_ \"github.com/lib/pq\" // the driver\n\t\"example.com/app/web\"\n)\n\nfunc main() { fmt.Println(web.X) }\n";
    let web = "package web\n\nimport \"golang.org/x/text/language\"\nimport q \"github.com/lib/pq/oid\"\n\nvar X = language.English\n";
    let mut lab = Lab::of("golang:1.21-alpine")
        .with("/app/go.mod", GO_MOD)
        .with("/app/main.go", main)
        .with("/app/web/web.go", web);
    insta::assert_snapshot!(lab.session(&[
        "go mod download && go build -o /bin/app .",
        "go build main.go",
        "go build -mod=mod -o /bin/app . && ls /bin/app",
        "go mod tidy && cut -d' ' -f1,2 go.sum && go build -o /bin/app2 . && ls /bin/app2",
        "echo 'import \"github.com/nobody/knows\"' >> web/web.go && sed -i '/^var/d' web/web.go && go build .",
        "rm go.sum && mkdir -p vendor && touch vendor/modules.txt && go build -o /bin/app3 . && ls /bin/app3",
    ]));
}
