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
