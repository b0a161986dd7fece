//! `useradd`, `usermod`, `groupadd`, `groupmod`: the programs of shadow.

use super::accounts::{NewUser, add_group, add_user, change_fields, edit, join_group, make_home, report};
use super::arguments::{Arguments, Spec};
use crate::shell::call::Call;
use crate::shell::{text, users};

const USERADD: Spec = Spec {
    flags: "mMrNUolDa",
    values: "ugGdscpekKbL",
    long: &[
        ("create-home", "m"),
        ("no-create-home", "M"),
        ("system", "r"),
        ("no-user-group", "N"),
        ("user-group", "U"),
        ("non-unique", "o"),
        ("uid=", "u"),
        ("gid=", "g"),
        ("groups=", "G"),
        ("home-dir=", "d"),
        ("home=", "d"),
        ("shell=", "s"),
        ("comment=", "c"),
        ("password=", "p"),
        ("append", "a"),
        ("no-log-init", "l"),
        ("move-home", "m"),
        ("login=", "l"),
        ("base-dir=", "b"),
    ],
};

pub(super) fn useradd(call: &mut Call<'_, '_>) -> i32 {
    let args = match Arguments::parse(call, &USERADD) {
        Ok(args) => args,
        Err(_) => return 2,
    };
    let Some(name) = args.operands.first().cloned() else {
        call.err("Usage: useradd [options] LOGIN\n");
        return 2;
    };
    if users::by_name(call.m, &name).is_some() {
        call.fail(&format!("user '{name}' already exists"));
        return 9;
    }
    let system = args.has("r");
    let uid: Option<u32> = match args.value("u").map(str::parse) {
        Some(Ok(uid)) => Some(uid),
        Some(Err(_)) => {
            call.fail(&format!("invalid user ID '{}'", args.value("u").unwrap_or("")));
            return 3;
        }
        None => None,
    };
    if let Some(taken) = uid.filter(|uid| !args.has("o") && users::by_uid(call.m, *uid).is_some()) {
        call.fail(&format!("UID {taken} is not unique"));
        return 4;
    }
    let gid = match args.value("g") {
        Some(group) => match users::gid_of(call.m, group) {
            Some(gid) => gid,
            None => {
                call.fail(&format!("group '{group}' does not exist"));
                return 6;
            }
        },
        None if args.has("N") => 100,
        None => match add_group(call, &name, uid, system) {
            Ok(gid) => gid,
            Err(errno) => return report(call, "group", errno),
        },
    };
    let extra: Vec<String> =
        args.value("G").unwrap_or("").split(',').filter(|g| !g.is_empty()).map(str::to_owned).collect();
    for group in &extra {
        if users::gid_of(call.m, group).is_none() {
            call.fail(&format!("group '{group}' does not exist"));
            return 6;
        }
    }
    let user = NewUser {
        gecos: args.value("c").unwrap_or("").to_owned(),
        home: args
            .value("d")
            .map_or_else(|| format!("{}/{name}", args.value("b").unwrap_or("/home")), str::to_owned),
        shell: args.value("s").unwrap_or("/bin/sh").to_owned(),
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
    for group in &extra {
        if join_group(call, &name, group).is_err() {
            return 10;
        }
    }
    if args.has("m") {
        make_home(call, &user.home, uid, gid, 0o755, true);
    }
    0
}

pub(super) fn groupadd(call: &mut Call<'_, '_>) -> i32 {
    let spec = Spec {
        flags: "rfo",
        values: "gpK",
        long: &[("system", "r"), ("force", "f"), ("gid=", "g"), ("non-unique", "o")],
    };
    let args = match Arguments::parse(call, &spec) {
        Ok(args) => args,
        Err(_) => return 2,
    };
    let Some(name) = args.operands.first().cloned() else { return 2 };
    if users::group_by_name(call.m, &name).is_some() {
        if args.has("f") {
            return 0;
        }
        call.fail(&format!("group '{name}' already exists"));
        return 9;
    }
    let gid = args.value("g").and_then(|g| g.parse::<u32>().ok());
    if let Some(taken) = gid.filter(|gid| !args.has("o") && users::group_by_gid(call.m, *gid).is_some()) {
        call.fail(&format!("GID '{taken}' already exists"));
        return 4;
    }
    match add_group(call, &name, gid, args.has("r")) {
        Ok(_) => 0,
        Err(errno) => {
            report(call, "group", errno);
            10
        }
    }
}

pub(super) fn groupmod(call: &mut Call<'_, '_>) -> i32 {
    let spec =
        Spec { flags: "o", values: "gn", long: &[("gid=", "g"), ("new-name=", "n"), ("non-unique", "o")] };
    let args = match Arguments::parse(call, &spec) {
        Ok(args) => args,
        Err(_) => return 2,
    };
    let Some(name) = args.operands.first().cloned() else { return 2 };
    if users::group_by_name(call.m, &name).is_none() {
        call.fail(&format!("group '{name}' does not exist"));
        return 6;
    }
    let changed = edit(call, "group", |lines| {
        for line in lines.iter_mut() {
            change_fields(line, &name, &[(0, args.value("n")), (2, args.value("g"))]);
        }
    });
    match changed {
        Ok(()) => 0,
        Err(errno) => report(call, "group", errno),
    }
}

pub(super) fn usermod(call: &mut Call<'_, '_>) -> i32 {
    let spec = Spec { flags: "aoLUm", values: "ugGdscplR", long: USERADD.long };
    let args = match Arguments::parse(call, &spec) {
        Ok(args) => args,
        Err(_) => return 2,
    };
    let Some(name) = args.operands.first().cloned() else { return 2 };
    let Some(user) = users::by_name(call.m, &name) else {
        call.fail(&format!("user '{name}' does not exist"));
        return 6;
    };
    let gid = match args.value("g") {
        Some(group) => match users::gid_of(call.m, group) {
            Some(gid) => Some(gid.to_string()),
            None => {
                call.fail(&format!("group '{group}' does not exist"));
                return 6;
            }
        },
        None => None,
    };
    let changed = edit(call, "passwd", |lines| {
        for line in lines.iter_mut() {
            let changes = [
                (0, args.value("l")),
                (2, args.value("u")),
                (3, gid.as_deref()),
                (4, args.value("c")),
                (5, args.value("d")),
                (6, args.value("s")),
            ];
            change_fields(line, &name, &changes);
        }
    });
    if let Err(errno) = changed {
        return report(call, "passwd", errno);
    }
    for group in args.value("G").unwrap_or("").split(',').filter(|g| !g.is_empty()) {
        if users::group_by_name(call.m, group).is_none() {
            call.fail(&format!("group '{group}' does not exist"));
            return 6;
        }
        if join_group(call, &name, group).is_err() {
            return 10;
        }
    }
    if args.has("m")
        && let Some(home) = args.value("d")
    {
        let _ = call.m.rename(&text::encode(&user.home), &text::encode(home), crate::union::Rename::Plain);
    }
    0
}
