//! Who runs this: `whoami`, `id`, `groups`, `getent`.

use super::arguments::{Arguments, Spec};
use crate::shell::call::Call;
use crate::shell::users;

pub(super) fn whoami(call: &mut Call<'_, '_>) -> i32 {
    let uid = call.m.cred.uid;
    match users::by_uid(call.m, uid) {
        Some(user) => {
            call.out(&format!("{}\n", user.name));
            0
        }
        None => call.either(&format!("unknown uid {uid}"), &format!("cannot find name for user ID {uid}")),
    }
}

pub(super) fn id(call: &mut Call<'_, '_>) -> i32 {
    let spec = Spec {
        flags: "ugGnr",
        values: "",
        long: &[("user", "u"), ("group", "g"), ("groups", "G"), ("name", "n"), ("real", "r")],
    };
    let args = match Arguments::parse(call, &spec) {
        Ok(args) => args,
        Err(status) => return status,
    };
    let (uid, gid, groups) = match args.operands.first() {
        Some(name) => {
            let found = users::by_name(call.m, name)
                .or_else(|| name.parse().ok().and_then(|uid| users::by_uid(call.m, uid)));
            let Some(user) = found else {
                return call.either(&format!("unknown user {name}"), &format!("'{name}': no such user"));
            };
            let mut groups = vec![user.gid];
            let member = |g: &users::Group| g.members.contains(&user.name) && g.gid != user.gid;
            groups.extend(users::groups(call.m).into_iter().filter(member).map(|g| g.gid));
            (user.uid, user.gid, groups)
        }
        None => (call.m.cred.uid, call.m.cred.gid, call.m.cred.groups.clone()),
    };
    let person = users::by_uid(call.m, uid).map(|user| user.name);
    let all = users::groups(call.m);
    let group = |gid: u32| all.iter().find(|g| g.gid == gid).map(|g| g.name.clone());
    let named = |number: u32, name: Option<String>| match name {
        Some(name) => format!("{number}({name})"),
        None => number.to_string(),
    };
    let bare = |number: u32, name: Option<String>| match name.filter(|_| args.has("n")) {
        Some(name) => name,
        None => number.to_string(),
    };
    if args.has("u") {
        call.out(&format!("{}\n", bare(uid, person)));
        return 0;
    }
    if args.has("g") {
        call.out(&format!("{}\n", bare(gid, group(gid))));
        return 0;
    }
    if args.has("G") {
        let mut list = vec![gid];
        list.extend(groups.iter().copied().filter(|g| *g != gid));
        let words: Vec<String> = list.into_iter().map(|g| bare(g, group(g))).collect();
        call.out(&format!("{}\n", words.join(" ")));
        return 0;
    }
    let mut line = format!("uid={} gid={}", named(uid, person), named(gid, group(gid)));
    if !groups.is_empty() {
        let words: Vec<String> = groups.iter().map(|g| named(*g, group(*g))).collect();
        line.push_str(&format!(" groups={}", words.join(",")));
    }
    call.out(&format!("{line}\n"));
    0
}

pub(super) fn groups(call: &mut Call<'_, '_>) -> i32 {
    let name = match call.args().first() {
        Some(name) => name.clone(),
        None => {
            let uid = call.m.cred.uid;
            users::by_uid(call.m, uid).map(|user| user.name).unwrap_or_default()
        }
    };
    let Some(user) = users::by_name(call.m, &name) else {
        return call.either(&format!("unknown user {name}"), &format!("'{name}': no such user"));
    };
    let all = users::groups(call.m);
    let mine = all.iter().filter(|g| g.gid == user.gid || g.members.contains(&name));
    let words: Vec<&str> = mine.map(|g| g.name.as_str()).collect();
    call.out(&format!("{}\n", words.join(" ")));
    0
}

pub(super) fn getent(call: &mut Call<'_, '_>) -> i32 {
    let (Some(database), key) = (call.args().first().cloned(), call.args().get(1).cloned()) else { return 1 };
    let source = users::read(call.m, &format!("/etc/{database}"));
    let mut found = false;
    for line in source.lines() {
        let mut fields = line.split(':');
        let hit = match &key {
            None => true,
            Some(key) => fields.next() == Some(key) || fields.nth(1) == Some(key),
        };
        if hit {
            found = true;
            call.out(&format!("{line}\n"));
        }
    }
    if found { 0 } else { 2 }
}
