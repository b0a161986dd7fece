//! `adduser` and `addgroup` of busybox.

use super::accounts::{NewUser, add_group, add_user, join_group, make_home, report};
use super::arguments::{Arguments, Spec};
use crate::shell::call::Call;
use crate::shell::users;

pub(super) fn adduser(call: &mut Call<'_, '_>) -> i32 {
    if !call.busybox {
        return super::adduser_debian::adduser(call);
    }
    let spec = Spec {
        flags: "SDHk",
        values: "hgsGu",
        long: &[
            ("system", "S"),
            ("disabled-password", "D"),
            ("no-create-home", "H"),
            ("home=", "h"),
            ("gecos=", "g"),
            ("shell=", "s"),
            ("ingroup=", "G"),
            ("uid=", "u"),
            ("empty-password", "D"),
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
        return call.fail(&format!("user '{name}' in use"));
    }
    let system = args.has("S");
    let uid: Option<u32> = match args.value("u").map(str::parse) {
        Some(Ok(uid)) => Some(uid),
        Some(Err(_)) => return call.fail(&format!("invalid number '{}'", args.value("u").unwrap_or(""))),
        None => None,
    };
    let gid = match args.value("G") {
        Some(group) => match users::gid_of(call.m, group) {
            Some(gid) => gid,
            None => return call.fail(&format!("unknown group {group}")),
        },
        None if system => users::group_by_name(call.m, "nogroup").map_or(65_533, |g| g.gid),
        None => match add_group(call, &name, uid, system) {
            Ok(gid) => gid,
            Err(errno) => return report(call, "group", errno),
        },
    };
    let user = NewUser {
        gecos: args.value("g").unwrap_or("Linux User,,,").to_owned(),
        home: args.value("h").map_or_else(|| format!("/home/{name}"), str::to_owned),
        shell: args.value("s").unwrap_or(if system { "/sbin/nologin" } else { "/bin/sh" }).to_owned(),
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
        make_home(call, &user.home, uid, gid, 0o2755, false);
    }
    if !args.has("D") && !system {
        call.out("Changing password for ");
        call.out(&format!("{name}\nNew password: "));
        return call.fail("password for was not changed");
    }
    0
}

fn into_group(call: &mut Call<'_, '_>, user: &str, group: &str) -> i32 {
    if users::by_name(call.m, user).is_none() {
        return call.fail(&format!("unknown user {user}"));
    }
    if users::group_by_name(call.m, group).is_none() {
        return call.fail(&format!("unknown group {group}"));
    }
    match join_group(call, user, group) {
        Ok(()) => 0,
        Err(errno) => report(call, "group", errno),
    }
}

pub(super) fn addgroup(call: &mut Call<'_, '_>) -> i32 {
    if !call.busybox {
        return super::adduser_debian::adduser(call);
    }
    let spec = Spec { flags: "S", values: "g", long: &[("system", "S"), ("gid=", "g")] };
    let args = match Arguments::parse(call, &spec) {
        Ok(args) => args,
        Err(status) => return status,
    };
    match &args.operands[..] {
        [user, group] => into_group(call, user, group),
        [name] => {
            if users::group_by_name(call.m, name).is_some() {
                return call.fail(&format!("group '{name}' in use"));
            }
            let gid = args.value("g").and_then(|g| g.parse().ok());
            match add_group(call, name, gid, args.has("S")) {
                Ok(_) => 0,
                Err(errno) => report(call, "group", errno),
            }
        }
        _ => call.fail("Usage: addgroup [-g GID] [-S] [USER] GROUP"),
    }
}
