//! Servers and languages of the built-in bases: they say their version, and nothing else of them is modelled.

use crate::shell::call::Call;

/// `nginx -v`, by what the image says of itself.
pub(super) fn nginx(call: &mut Call<'_, '_>) -> i32 {
    match (call.args(), call.env.get("NGINX_VERSION").cloned()) {
        ([option], Some(version)) if option == "-v" => {
            call.err(&format!("nginx version: nginx/{version}\n"));
            0
        }
        _ => call.m.not_modelled("nginx"),
    }
}

/// `postgres --version`, likewise.
pub(super) fn postgres(call: &mut Call<'_, '_>) -> i32 {
    match (call.args(), call.env.get("PG_VERSION").cloned()) {
        ([option], Some(package)) if option == "--version" || option == "-V" => {
            let version = package.split('-').next().unwrap_or("").to_owned();
            call.out(&format!("postgres (PostgreSQL) {version} (Debian {package})\n"));
            0
        }
        _ => call.m.not_modelled("postgres"),
    }
}

/// The version in a variable of the image, when one of these options is the only argument.
fn asked(call: &Call<'_, '_>, options: &[&str], variable: &str) -> Option<String> {
    let [option] = call.args() else { return None };
    options.contains(&option.as_str()).then(|| call.env.get(variable).cloned()).flatten()
}

fn says(call: &mut Call<'_, '_>, name: &str, text: Option<String>) -> i32 {
    match text {
        Some(text) => {
            call.out(&text);
            0
        }
        None => call.m.not_modelled(name),
    }
}

/// `redis-server --version`. The number of the build is left out: it tells who built it.
pub(super) fn redis_server(call: &mut Call<'_, '_>) -> i32 {
    let text = asked(call, &["--version", "-v"], "REDIS_VERSION").map(|version| {
        let malloc = if version.starts_with('6') { "5.1.0" } else { "5.3.0" };
        format!("Redis server v={version} sha=00000000:0 malloc=jemalloc-{malloc} bits=64 build=0\n")
    });
    says(call, "redis-server", text)
}

/// `redis-cli --version`.
pub(super) fn redis_cli(call: &mut Call<'_, '_>) -> i32 {
    let text = asked(call, &["--version", "-v"], "REDIS_VERSION");
    says(call, "redis-cli", text.map(|version| format!("redis-cli {version}\n")))
}

/// `memcached -V`.
pub(super) fn memcached(call: &mut Call<'_, '_>) -> i32 {
    let text = asked(call, &["--version", "-V"], "MEMCACHED_VERSION");
    says(call, "memcached", text.map(|version| format!("memcached {version}\n")))
}

/// `httpd -v`: the day when it was built is the image's.
pub(super) fn httpd(call: &mut Call<'_, '_>) -> i32 {
    let text = asked(call, &["-v"], "HTTPD_VERSION").map(|version| {
        format!("Server version: Apache/{version} (Unix)\nServer built:   Dec 19 2023 00:00:00\n")
    });
    says(call, "httpd", text)
}

/// `ruby -v`, with the date and the revision of the releases whose are known.
pub(super) fn ruby(call: &mut Call<'_, '_>) -> i32 {
    let system = if call.m.musl { "x86_64-linux-musl" } else { "x86_64-linux" };
    let text = asked(call, &["--version", "-v"], "RUBY_VERSION").map(|version| {
        let revision = match version.as_str() {
            "3.1.4" => " (2023-03-30 revision 957bb7cb81)",
            "3.2.2" => " (2023-03-30 revision e51014f9c0)",
            "3.3.0" => " (2023-12-25 revision 5124f9ac75)",
            _ => "",
        };
        format!("ruby {version}{revision} [{system}]\n")
    });
    says(call, "ruby", text)
}

/// `php -v`: the day when it was built is the image's.
pub(super) fn php(call: &mut Call<'_, '_>) -> i32 {
    let text = asked(call, &["--version", "-v"], "PHP_VERSION").map(|version| {
        let engine = version.split_once('.').map_or("", |(_, rest)| rest);
        format!(
            "PHP {version} (cli) (built: Dec 22 2023 00:00:00) (NTS)\nCopyright (c) The PHP Group\n\
             Zend Engine v4.{engine}, Copyright (c) Zend Technologies\n"
        )
    });
    says(call, "php", text)
}

/// `java -version` on standard error, `java --version` on standard output.
pub(super) fn java(call: &mut Call<'_, '_>) -> i32 {
    let Some(version) = asked(call, &["-version", "--version"], "JAVA_VERSION") else {
        return call.m.not_modelled("java");
    };
    // Java 8 counts otherwise, and its lines are not modelled.
    if version.starts_with("jdk8") || version.starts_with("8u") {
        return call.m.not_modelled("java");
    }
    let number = version.trim_start_matches("jdk-").split('+').next().unwrap_or_default().to_owned();
    let (date, build, vendor) = match version.as_str() {
        "11.0.16" => ("2022-07-19", "11.0.16+8".to_owned(), " 18.9".to_owned()),
        "17.0.2" => ("2022-01-18", "17.0.2+8-86".to_owned(), String::new()),
        other => {
            let build = other.trim_start_matches("jdk-").to_owned();
            let long = if number.starts_with("21") { "-LTS" } else { "" };
            ("2023-10-17", format!("{build}{long}"), format!(" Temurin-{build}"))
        }
    };
    let long = if number.starts_with("21") { " LTS" } else { "" };
    let dashes = call.args().first().is_some_and(|option| option == "--version");
    let first = if dashes {
        format!("openjdk {number} {date}{long}")
    } else {
        format!("openjdk version \"{number}\" {date}{long}")
    };
    let text = format!(
        "{first}\nOpenJDK Runtime Environment{vendor} (build {build})\nOpenJDK 64-Bit Server VM{vendor} (build {build}, mixed mode, sharing)\n"
    );
    if dashes {
        call.out(&text)
    } else {
        call.err(&text)
    }
    0
}

/// `javac --version`.
pub(super) fn javac(call: &mut Call<'_, '_>) -> i32 {
    let text = asked(call, &["-version", "--version"], "JAVA_VERSION").map(|version| {
        format!("javac {}\n", version.trim_start_matches("jdk-").split('+').next().unwrap_or_default())
    });
    says(call, "javac", text)
}
