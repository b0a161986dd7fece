//! `mvn` and `gradle`: the local repository fills from what the project names. What they compile, and the
//! plugins that they bring for it, are not modelled.

use super::table::{Registry, Table};
use super::{npm, writer};
use crate::fs::{Contents, Digest, Errno};
use crate::shell::call::Call;

/// A dependency: group, artifact, version.
type Coordinates = (String, String, String);

fn safe(word: &str) -> bool {
    !word.is_empty()
        && word.len() < 200
        && !word.starts_with('.')
        && !word.contains("..")
        && word.chars().all(|c| c.is_ascii_alphanumeric() || "-_.+".contains(c))
}

/// The text between `<name>` and `</name>`.
fn element<'s>(source: &'s str, name: &str) -> Option<&'s str> {
    let start = source.find(&format!("<{name}>"))? + name.len() + 2;
    let end = source.get(start..)?.find(&format!("</{name}>"))? + start;
    source.get(start..end).map(str::trim)
}

/// The dependencies (and the parent) of a `pom.xml`; `${name}` is looked up among its properties.
fn pom(source: &str) -> Vec<Coordinates> {
    let filled = |text: &str| match text.strip_prefix("${").and_then(|rest| rest.strip_suffix('}')) {
        Some(name) => element(source, name).unwrap_or("").to_owned(),
        None => text.to_owned(),
    };
    let parent = element(source, "parent").unwrap_or("");
    let inherited = element(parent, "version").map(filled).unwrap_or_default();
    let mut found = Vec::new();
    let blocks =
        source.split("<dependency>").skip(1).map(|rest| rest.split("</dependency>").next().unwrap_or(""));
    for block in std::iter::once(parent).chain(blocks) {
        let text = |name: &str| element(block, name).map(filled).unwrap_or_default();
        let (group, artifact, version) = (text("groupId"), text("artifactId"), text("version"));
        // Without a version the parent decides: Spring's starters have the parent's own.
        let version = if version.is_empty() { inherited.clone() } else { version };
        if safe(&group) && safe(&artifact) && safe(&version) {
            found.push((group, artifact, version));
        }
    }
    found.dedup();
    found
}

/// `implementation 'group:artifact:version'` of a `build.gradle` or `build.gradle.kts`.
fn gradle_file(source: &str) -> Vec<Coordinates> {
    let quoted = source.split(['"', '\'']).skip(1).step_by(2);
    let triple = |text: &str| {
        let mut parts = text.split(':');
        let found = (parts.next()?.to_owned(), parts.next()?.to_owned(), parts.next()?.to_owned());
        (safe(&found.0) && safe(&found.1) && safe(&found.2)).then_some(found)
    };
    quoted.filter_map(triple).collect()
}

pub(in super::super) fn mvn(call: &mut Call<'_, '_>) -> i32 {
    call.in_order();
    let words = call.args();
    if words.iter().any(|word| word == "-v" || word == "--version") {
        call.out(
            "Apache Maven 3.9.6 (bc0240f3c744dd6b6ec2920b3cd08dcc295161ae)\nMaven home: /usr/share/maven\n",
        );
        return 0;
    }
    let file = words.iter().skip_while(|word| *word != "-f" && *word != "--file").nth(1).cloned();
    let file = file.unwrap_or_else(|| "pom.xml".to_owned());
    let goals: Vec<&String> = goals(words);
    call.out("[INFO] Scanning for projects...\n");
    if goals.is_empty() {
        call.out("[ERROR] No goals have been specified for this build. You must specify a valid lifecycle phase or a goal in the format <plugin-prefix>:<goal> or <plugin-group-id>:<plugin-artifact-id>[:<plugin-version>]:<goal>.\n");
        return 1;
    }
    if !call.m.exists(file.as_bytes()) {
        let cwd = call.cwd();
        let shown = goals.first().map_or("", |goal| goal.as_str());
        call.out(&format!("[INFO] ------------------------------------------------------------------------\n[INFO] BUILD FAILURE\n[INFO] ------------------------------------------------------------------------\n[ERROR] The goal you specified requires a project to execute but there is no POM in this directory ({cwd}). Please verify you invoked Maven from the correct directory. -> [Help 1]\n"));
        let _ = shown;
        return 1;
    }
    let source = writer::text(call, &file);
    let repository = repository(call);
    if let Err(errno) = fill(call, &pom(&source), &repository) {
        return call.fail_errno(&repository, errno);
    }
    let compiles = goals.iter().any(|goal| {
        matches!(goal.as_str(), "compile" | "test" | "package" | "verify" | "install" | "deploy")
            || goal.contains(":build")
    });
    if goals.iter().any(|goal| *goal == "clean") && call.m.exists(b"target") {
        call.start(vec!["rm".to_owned(), "-rf".to_owned(), "target".to_owned()]);
    }
    if compiles {
        let status = call.m.not_modelled(&format!(
            "mvn {}: what it compiles; target holds names without bytes",
            goals.iter().map(|goal| goal.as_str()).collect::<Vec<_>>().join(" ")
        ));
        if status != 0 {
            return status;
        }
        if let Err(errno) = target(call, &source) {
            return call.fail_errno("target", errno);
        }
    }
    call.out("[INFO] BUILD SUCCESS\n");
    0
}

fn goals(words: &[String]) -> Vec<&String> {
    let mut found = Vec::new();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "-f" | "--file" | "-s" | "--settings" | "-P" | "-pl" | "-D" | "-T" | "-rf" => {
                drop(words.next().cloned())
            }
            word_text if word_text.starts_with('-') => {}
            _ => found.push(word),
        }
    }
    found
}

fn repository(call: &Call<'_, '_>) -> String {
    let option = call.args().iter().find_map(|word| word.strip_prefix("-Dmaven.repo.local="));
    option.map_or_else(|| format!("{}/.m2/repository", npm::home(call)), str::to_owned)
}

/// Downloads artifacts: `group/artifact/version/artifact-version.jar` and `.pom`.
fn fill(call: &mut Call<'_, '_>, list: &[Coordinates], repository: &str) -> Result<(), Errno> {
    let table = Table::of(Registry::Maven, &call.m.packages);
    for (group, artifact, version) in list {
        if call.m.stopped() {
            return Err(Errno::EINTR);
        }
        let name = format!("{group}:{artifact}");
        let known = table.get(&name);
        let size = known.as_ref().map_or(20_000 + writer::weight(&name) % 600_000, |known| known.size);
        let place = format!("{}/{artifact}/{version}", group.replace('.', "/"));
        let dir = format!("{repository}/{place}");
        let label = format!("maven {name} {version}");
        for (end, size) in [("pom", 3_000), ("jar", size)] {
            let at = format!("{dir}/{artifact}-{version}.{end}");
            if !call.m.exists(at.as_bytes()) {
                let from = format!(
                    "central: https://repo.maven.apache.org/maven2/{place}/{artifact}-{version}.{end}"
                );
                call.out(&format!("[INFO] Downloading from {from}\n[INFO] Downloaded from {from}\n"));
                writer::described(call, &at, &label, size)?;
                writer::described(call, &format!("{at}.sha1"), &label, 40)?;
            }
        }
        writer::described(call, &format!("{dir}/_remote.repositories"), &label, 220)?;
    }
    call.takes(2.0 + list.len() as f64 * 0.3);
    Ok(())
}

/// The name of what `package` leaves: it is there, and empty.
fn target(call: &mut Call<'_, '_>, source: &str) -> Result<(), Errno> {
    let own = source.split("<parent>").next().unwrap_or("").to_owned()
        + source.split("</parent>").nth(1).unwrap_or("");
    let own = own.split("<dependencies>").next().unwrap_or("");
    let artifact = element(own, "artifactId").unwrap_or("app");
    let version = element(own, "version").unwrap_or("1.0-SNAPSHOT");
    let stem = element(source, "finalName").map_or_else(|| format!("{artifact}-{version}"), str::to_owned);
    let end = if element(own, "packaging") == Some("war") { "war" } else { "jar" };
    writer::directories(call, b"target/classes")?;
    if safe(&stem) {
        writer::file(call, &format!("target/{stem}.{end}"), Contents::EMPTY, 0o644)
    } else {
        Ok(())
    }
}

pub(in super::super) fn gradle(call: &mut Call<'_, '_>) -> i32 {
    call.in_order();
    let words = call.args().to_vec();
    if words.iter().any(|word| word == "-v" || word == "--version") {
        call.out("\n------------------------------------------------------------\nGradle 8.5\n------------------------------------------------------------\n");
        return 0;
    }
    let file = ["build.gradle", "build.gradle.kts", "settings.gradle", "settings.gradle.kts"];
    let Some(file) = file.into_iter().find(|file| call.m.exists(file.as_bytes())) else {
        let cwd = call.cwd();
        call.err(&format!("\nFAILURE: Build failed with an exception.\n\n* What went wrong:\nDirectory '{cwd}' does not contain a Gradle build.\n"));
        return 1;
    };
    let source = writer::text(call, file);
    let home =
        call.env.get("GRADLE_USER_HOME").cloned().unwrap_or_else(|| format!("{}/.gradle", npm::home(call)));
    let table = Table::of(Registry::Maven, &call.m.packages);
    for (group, artifact, version) in gradle_file(&source) {
        let name = format!("{group}:{artifact}");
        let size = table.get(&name).map_or(20_000 + writer::weight(&name) % 600_000, |known| known.size);
        let hash = Digest::of(format!("{name}:{version}")).hex();
        let dir = format!(
            "{home}/caches/modules-2/files-2.1/{group}/{artifact}/{version}/{}",
            hash.get(..40).unwrap_or(&hash)
        );
        if let Err(errno) = writer::described(call, &format!("{dir}/{artifact}-{version}.jar"), &name, size) {
            return call.fail_errno(&home, errno);
        }
    }
    let tasks: Vec<&str> = words.iter().map(String::as_str).filter(|word| !word.starts_with('-')).collect();
    if tasks.iter().any(|task| !matches!(*task, "dependencies" | "clean" | "help" | "tasks")) {
        let status = call.m.not_modelled(&format!("gradle {}: what it compiles", tasks.join(" ")));
        if status != 0 {
            return status;
        }
        if let Err(errno) = writer::directories(call, b"build/libs") {
            return call.fail_errno("build", errno);
        }
    }
    call.out("\nBUILD SUCCESSFUL in 1s\n");
    0
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn projects_are_read() {
        let source = "<project><parent><groupId>org.springframework.boot</groupId><artifactId>spring-boot-starter-parent</artifactId><version>3.2.1</version></parent>\
            <properties><g>32.1.3-jre</g></properties><dependencies>\
            <dependency><groupId>com.google.guava</groupId><artifactId>guava</artifactId><version>${g}</version></dependency>\
            <dependency><groupId>org.springframework.boot</groupId><artifactId>spring-boot-starter-web</artifactId></dependency></dependencies></project>";
        let found: Vec<String> = pom(source).iter().map(|(g, a, v)| format!("{g}:{a}:{v}")).collect();
        assert_eq!(
            found,
            [
                "org.springframework.boot:spring-boot-starter-parent:3.2.1",
                "com.google.guava:guava:32.1.3-jre",
                "org.springframework.boot:spring-boot-starter-web:3.2.1"
            ]
        );
        assert_eq!(gradle_file("implementation 'a.b:c:1.0'\ntest(\"x\")").len(), 1);
    }

    proptest! {
        #[test]
        fn any_text_is_read(source in "(<dependency>|</dependency>|<version>|</version>|<parent>|[<>/a.$\\{}':\"]){0,60}") {
            let _ = (pom(&source).len(), gradle_file(&source).len());
        }
    }
}
