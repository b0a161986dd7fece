//! Servers of the built-in bases: they say their version, and nothing else of them is modelled.

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
