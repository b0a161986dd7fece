//! `adduser` and `addgroup`: busybox's, and Debian's scripts of the same names.

use super::accounts::{NewUser, add_group, add_user, join_group, make_home, report};
use super::arguments::{Arguments, Spec};
use crate::shell::call::Call;
use crate::shell::users;

pub(super) fn adduser(call: &mut Call<'_, '_>) -> i32 {
    let spec = Spec {
        flags: "SDHk",
        values: "hgsGu",
        long: &[
            ("system", "S"),
            ("disabled-password", "D"),
            ("disabled-login", "D"),
            ("no-create-home", "H"),
            ("home=", "h"),
            ("gecos=", "g"),
            ("comment=", "g"),
            ("shell=", "s"),
            ("ingroup=", "G"),
            ("uid=", "u"),
            ("gid=", "gid"),
            ("group", "group"),
            ("quiet", "quiet"),
            ("force-badname", "quiet"),
            ("allow-bad-names", "quiet"),
        ],
    };
    let args = match Arguments::parse(call, &spec) {
        Ok(args) => args,
        Err(status) => return status,
    };
    let Some(name) = args.operands.first().cloned() else {
        return call.fail("Usage: adduser [OPTIONS] USER [GROUP]");
    };
    if let Some(group) = args.operands.get(1) {
        return into_group(call, &name, group);
    }
    if users::by_name(call.m, &name).is_some() {
        return call.either(&format!("user '{name}' in use"), &format!("The user `{name}' already exists."));
    }
    let system = args.has("S");
    let busybox = call.busybox;
    let uid: Option<u32> = match args.value("u").map(str::parse) {
        Some(Ok(uid)) => Some(uid),
        Some(Err(_)) => return call.fail(&format!("invalid number '{}'", args.value("u").unwrap_or(""))),
        None => None,
    };
    let gid = match args.value("G").or(args.value("gid")) {
        Some(group) => match users::gid_of(call.m, group) {
            Some(gid) => gid,
            None => {
                return call.either(
                    &format!("unknown group {group}"),
                    &format!("The group `{group}' does not exist."),
                );
            }
        },
        // A system user of busybox or Debian is in nogroup.
        None if system && !args.has("group") => {
            users::group_by_name(call.m, "nogroup").map_or(65_533, |g| g.gid)
        }
        None => match add_group(call, &name, uid, system) {
            Ok(gid) => gid,
            Err(errno) => return report(call, "group", errno),
        },
    };
    let default_home = if system && !busybox { "/nonexistent".to_owned() } else { format!("/home/{name}") };
    let no_shell = if busybox { "/sbin/nologin" } else { "/usr/sbin/nologin" };
    let login = if busybox { "/bin/sh" } else { "/bin/bash" };
    let user = NewUser {
        gecos: args
            .value("g")
            .map_or_else(|| if busybox { "Linux User,,,".to_owned() } else { String::new() }, str::to_owned),
        home: args.value("h").map_or(default_home, str::to_owned),
        shell: args.value("s").unwrap_or(if system { no_shell } else { login }).to_owned(),
        uid,
        gid,
        system,
        password: "!",
        name: name.clone(),
    };
    let uid = match add_user(call, &user) {
        Ok(uid) => uid,
        Err(errno) => return report(call, "passwd", errno),
    };
    if !args.has("H") && user.home != "/nonexistent" {
        make_home(call, &user.home, uid, gid, if busybox { 0o2755 } else { 0o755 }, !busybox);
    }
    if !busybox && !args.has("quiet") {
        call.out(&format!(
            "Adding user `{name}' ...\nAdding new user `{name}' ({uid}) with group `{name} ({gid})' ...\n"
        ));
    }
    if busybox && !args.has("D") && !system {
        call.out("Changing password for ");
        call.out(&format!("{name}\nNew password: "));
        return call.fail("password for was not changed");
    }
    0
}

fn into_group(call: &mut Call<'_, '_>, user: &str, group: &str) -> i32 {
    if users::by_name(call.m, user).is_none() {
        return call.either(&format!("unknown user {user}"), &format!("The user `{user}' does not exist."));
    }
    if users::group_by_name(call.m, group).is_none() {
        return call
            .either(&format!("unknown group {group}"), &format!("The group `{group}' does not exist."));
    }
    match join_group(call, user, group) {
        Ok(()) => 0,
        Err(errno) => report(call, "group", errno),
    }
}

pub(super) fn addgroup(call: &mut Call<'_, '_>) -> i32 {
    let spec = Spec { flags: "S", values: "g", long: &[("system", "S"), ("gid=", "g"), ("quiet", "quiet")] };
    let args = match Arguments::parse(call, &spec) {
        Ok(args) => args,
        Err(status) => return status,
    };
    match &args.operands[..] {
        [user, group] => into_group(call, user, group),
        [name] => {
            if users::group_by_name(call.m, name).is_some() {
                return call.either(
                    &format!("group '{name}' in use"),
                    &format!("The group `{name}' already exists."),
                );
            }
            let gid = args.value("g").and_then(|g| g.parse().ok());
            match add_group(call, name, gid, args.has("S")) {
                Ok(gid) => {
                    if !call.busybox {
                        call.out(&format!("Adding group `{name}' (GID {gid}) ...\nDone.\n"));
                    }
                    0
                }
                Err(errno) => report(call, "group", errno),
            }
        }
        _ => call.fail("Usage: addgroup [-g GID] [-S] [USER] GROUP"),
    }
}
