//! Debian's `adduser`, `addgroup`, `deluser` and `delgroup`: scripts that call the programs of shadow and
//! tell what they do (package adduser 3.134 of bookworm).

use super::accounts::{
    NewUser, add_group, add_user, join_group, leave_group, make_home, remove_user, report,
};
use crate::shell::call::Call;
use crate::shell::users;

/// An option's names, and what it takes.
struct Known {
    names: &'static [&'static str],
    value: bool,
}

const fn flag(names: &'static [&'static str]) -> Known {
    Known { names, value: false }
}

const fn value(names: &'static [&'static str]) -> Known {
    Known { names, value: true }
}

const ADDUSER: [Known; 22] = [
    flag(&["add-extra-groups"]),
    flag(&["allow-all-names"]),
    flag(&["allow-badname", "allow-bad-names", "force-badname"]),
    value(&["comment", "gecos"]),
    value(&["conf"]),
    flag(&["debug"]),
    flag(&["disabled-login"]),
    flag(&["disabled-password"]),
    value(&["firstgid"]),
    value(&["firstuid"]),
    value(&["gid"]),
    flag(&["group"]),
    flag(&["help"]),
    value(&["home"]),
    value(&["ingroup"]),
    value(&["lastgid"]),
    value(&["lastuid"]),
    flag(&["no-create-home"]),
    flag(&["quiet"]),
    value(&["shell"]),
    flag(&["system"]),
    value(&["uid"]),
];

const DELUSER: [Known; 12] = [
    flag(&["backup"]),
    value(&["backup-to"]),
    flag(&["backup-suffix"]),
    value(&["conf"]),
    flag(&["debug"]),
    flag(&["group"]),
    flag(&["help"]),
    flag(&["only-if-empty"]),
    flag(&["quiet"]),
    flag(&["remove-all-files"]),
    flag(&["remove-home"]),
    flag(&["system"]),
];

/// The command line, read as Perl's Getopt::Long reads it: names may be cut short where one fits, in any
/// case, with one dash or two.
#[derive(Default)]
struct Given {
    options: Vec<(&'static str, String)>,
    names: Vec<String>,
}

impl Given {
    fn read(call: &mut Call<'_, '_>, known: &'static [Known]) -> Result<Given, i32> {
        let mut given = Given::default();
        let mut words = call.args().iter();
        while let Some(word) = words.next() {
            let Some(text) = word.strip_prefix("--").or_else(|| word.strip_prefix('-')) else {
                given.names.push(word.clone());
                continue;
            };
            if text.is_empty() {
                given.names.extend(words.cloned());
                break;
            }
            let (name, glued) = match text.split_once('=') {
                Some((name, value)) => (name.to_lowercase(), Some(value.to_owned())),
                None => (text.to_lowercase(), None),
            };
            let option = find(known, &name).inspect_err(|message| call.err(&format!("{message}\n")));
            let Ok(option) = option else { return Err(1) };
            let first = option.names.first().copied().unwrap_or_default();
            let value = match (option.value, glued) {
                (false, _) => String::new(),
                (true, Some(value)) => value,
                (true, None) => match words.next() {
                    Some(value) => value.clone(),
                    None => {
                        call.err(&format!("Option {name} requires an argument\n"));
                        return Err(1);
                    }
                },
            };
            if first.ends_with("id") && value.parse::<u32>().is_err() {
                call.err(&format!("Value \"{value}\" invalid for option {name} (number expected)\n"));
                return Err(1);
            }
            given.options.push((first, value));
        }
        Ok(given)
    }

    fn has(&self, name: &str) -> bool {
        self.value(name).is_some()
    }

    fn value(&self, name: &str) -> Option<&str> {
        self.options.iter().rev().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }

    fn number(&self, name: &str) -> Option<u32> {
        self.value(name)?.parse().ok()
    }
}

/// The option of this name, or of the only name that begins so.
fn find(known: &'static [Known], name: &str) -> Result<&'static Known, String> {
    if let Some(option) = known.iter().find(|option| option.names.contains(&name)) {
        return Ok(option);
    }
    let fits = |option: &&Known| option.names.iter().any(|known| known.starts_with(name));
    let fitting: Vec<&Known> = known.iter().filter(fits).collect();
    match &fitting[..] {
        [] => Err(format!("Unknown option: {name}")),
        [one] => Ok(one),
        _ => {
            let mut names: Vec<&str> = known
                .iter()
                .flat_map(|option| option.names)
                .copied()
                .filter(|n| n.starts_with(name))
                .collect();
            names.sort_unstable();
            Err(format!("Option {name} is ambiguous ({})", names.join(", ")))
        }
    }
}

/// What it tells unless `--quiet`.
fn tell(call: &mut Call<'_, '_>, given: &Given, line: &str) {
    if !given.has("quiet") {
        call.out(&format!("{line}\n"));
    }
}

/// The first number that is free (FIRST_UID and its like in `adduser.conf`).
fn free(used: &[u32], system: bool) -> u32 {
    let (first, last) = if system { (100, 999) } else { (1000, 59_999) };
    (first..=last).find(|id| !used.contains(id)).unwrap_or(last)
}

fn free_gid(call: &mut Call<'_, '_>, system: bool) -> u32 {
    free(&users::groups(call.m).iter().map(|group| group.gid).collect::<Vec<_>>(), system)
}

fn free_uid(call: &mut Call<'_, '_>, system: bool) -> u32 {
    free(&users::users(call.m).iter().map(|user| user.uid).collect::<Vec<_>>(), system)
}

/// One script under two names: it goes by the one that it was called by, and tells as it works.
fn begin(call: &mut Call<'_, '_>) {
    call.in_order();
    if let Some(own) = call.argv.first() {
        own.rsplit('/').next().unwrap_or_default().clone_into(&mut call.name);
    }
}

pub(super) fn adduser(call: &mut Call<'_, '_>) -> i32 {
    begin(call);
    let given = match Given::read(call, &ADDUSER) {
        Ok(given) => given,
        Err(status) => return status,
    };
    if given.has("help") {
        return 0;
    }
    let groups = call.name == "addgroup";
    match &given.names[..] {
        [_, _] if groups => call.fail("addgroup with two arguments is an unspecified operation."),
        [user, group] => into_group(call, &given, user, group),
        [group] if groups || given.has("group") && !given.has("system") => new_group(call, &given, group),
        [user] if given.has("system") => system_user(call, &given, user),
        [user] => person(call, &given, user),
        _ => call.fail("Only one or two names allowed."),
    }
}

fn new_group(call: &mut Call<'_, '_>, given: &Given, name: &str) -> i32 {
    let system = given.has("system");
    if let Some(group) = users::group_by_name(call.m, name) {
        if !system {
            return call.fail(&format!("The group `{name}' already exists."));
        }
        if (100..=999).contains(&group.gid) {
            call.fail(&format!("The group `{name}' already exists as a system group. Exiting."));
            return 0;
        }
        return call.fail(&format!("The group `{name}' already exists and is not a system group. Exiting."));
    }
    if let Some(taken) = given.number("gid").filter(|gid| users::group_by_gid(call.m, *gid).is_some()) {
        return call.fail(&format!("The GID `{taken}' is already in use."));
    }
    let gid = given.number("gid").unwrap_or_else(|| free_gid(call, system));
    tell(call, given, &format!("Adding group `{name}' (GID {gid}) ..."));
    match add_group(call, name, Some(gid), system) {
        Ok(_) => {
            tell(call, given, "Done.");
            0
        }
        Err(errno) => report(call, "group", errno),
    }
}

fn into_group(call: &mut Call<'_, '_>, given: &Given, user: &str, group: &str) -> i32 {
    if users::by_name(call.m, user).is_none() {
        return call.fail(&format!("The user `{user}' does not exist."));
    }
    let Some(found) = users::group_by_name(call.m, group) else {
        return call.fail(&format!("The group `{group}' does not exist."));
    };
    if found.members.iter().any(|member| member == user) {
        if !given.has("quiet") {
            call.fail(&format!("The user `{user}' is already a member of `{group}'."));
        }
        return 0;
    }
    tell(call, given, &format!("Adding user `{user}' to group `{group}' ..."));
    match join_group(call, user, group) {
        Ok(()) => {
            tell(call, given, "Done.");
            0
        }
        Err(errno) => report(call, "group", errno),
    }
}

/// The group that `--ingroup` or `--gid` names; none: neither was there.
fn chosen_group(call: &mut Call<'_, '_>, given: &Given) -> Result<Option<users::Group>, i32> {
    if let Some(name) = given.value("ingroup") {
        return match users::group_by_name(call.m, name) {
            Some(group) => Ok(Some(group)),
            None => Err(call.fail(&format!("The group `{name}' does not exist."))),
        };
    }
    match given.number("gid") {
        Some(gid) => match users::group_by_gid(call.m, gid) {
            Some(group) => Ok(Some(group)),
            None => Err(call.fail(&format!("The GID {gid} does not exist."))),
        },
        None => Ok(None),
    }
}

fn taken_uid(call: &mut Call<'_, '_>, given: &Given) -> Result<(), i32> {
    match given.number("uid").filter(|uid| users::by_uid(call.m, *uid).is_some()) {
        Some(uid) => Err(call.fail(&format!("The UID {uid} is already in use."))),
        None => Ok(()),
    }
}

/// As chfn(1) writes it: five fields, the last left out.
fn gecos(text: &str) -> String {
    format!("{text}{}", ",".repeat(3usize.saturating_sub(text.matches(',').count())))
}

fn system_user(call: &mut Call<'_, '_>, given: &Given, name: &str) -> i32 {
    if let Some(user) = users::by_name(call.m, name) {
        if (100..=999).contains(&user.uid) {
            if !given.has("quiet") {
                call.out(&format!("The system user `{name}' already exists. Exiting.\n"));
            }
            return 0;
        }
        return call.fail(&format!("The user `{name}' already exists, but is not a system user. Exiting."));
    }
    let chosen = match taken_uid(call, given).and_then(|()| chosen_group(call, given)) {
        Ok(chosen) => chosen,
        Err(status) => return status,
    };
    let home = given.value("home").unwrap_or("/nonexistent").to_owned();
    let there = call.m.is_dir(home.as_bytes());
    if given.has("home") && there && !given.has("no-create-home") {
        call.fail(&format!("Warning: The home dir {home} you specified already exists."));
    } else if given.has("home") && !there && (given.has("no-create-home") || home == "/nonexistent") {
        call.fail(&format!(
            "Warning: The home dir {home} you specified can't be accessed: No such file or directory"
        ));
    }
    let uid = given.number("uid").unwrap_or_else(|| free_uid(call, true));
    tell(call, given, &format!("Adding system user `{name}' (UID {uid}) ..."));
    let (gid, group) = match chosen {
        Some(group) => (group.gid, group.name),
        None if given.has("group") => {
            let gid = free_gid(call, true);
            tell(call, given, &format!("Adding new group `{name}' (GID {gid}) ..."));
            if let Err(errno) = add_group(call, name, Some(gid), true) {
                return report(call, "group", errno);
            }
            (gid, name.to_owned())
        }
        None => (users::group_by_name(call.m, "nogroup").map_or(65_534, |g| g.gid), "nogroup".to_owned()),
    };
    tell(call, given, &format!("Adding new user `{name}' (UID {uid}) with group `{group}' ..."));
    let user = NewUser {
        name: name.to_owned(),
        uid: Some(uid),
        gid,
        gecos: given.value("comment").map(gecos).unwrap_or_default(),
        home: home.clone(),
        shell: given.value("shell").unwrap_or("/usr/sbin/nologin").to_owned(),
        system: true,
        password: "!",
    };
    if let Err(errno) = add_user(call, &user) {
        return report(call, "passwd", errno);
    }
    create_home(call, given, &home, uid, gid, 0o755, false);
    0
}

fn create_home(
    call: &mut Call<'_, '_>,
    given: &Given,
    home: &str,
    uid: u32,
    gid: u32,
    mode: u16,
    skeleton: bool,
) {
    if home == "/nonexistent" {
        return tell(call, given, "Not creating `/nonexistent'.");
    }
    if given.has("no-create-home") {
        return tell(call, given, &format!("Not creating home directory `{home}'."));
    }
    if let Ok(stat) = call.m.stat(home.as_bytes()) {
        call.fail(&format!("The home directory `{home}' already exists.  Not touching this directory."));
        if stat.uid != uid || stat.gid != gid {
            call.fail(&format!(
                "Warning: The home directory `{home}' does not belong to the user you are currently creating."
            ));
        }
        return;
    }
    tell(call, given, &format!("Creating home directory `{home}' ..."));
    if skeleton {
        tell(call, given, "Copying files from `/etc/skel' ...");
    }
    make_home(call, home, uid, gid, mode, skeleton);
}

/// A user who may log in. What it would ask at a terminal finds no answer, and it goes on.
fn person(call: &mut Call<'_, '_>, given: &Given, name: &str) -> i32 {
    if users::by_name(call.m, name).is_some() {
        return call.fail(&format!("The user `{name}' already exists."));
    }
    let usual = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    let named = name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_') && name.chars().all(usual);
    if !named && !given.has("allow-badname") && !given.has("allow-all-names") {
        return call.fail(
            "Please enter a username matching the regular expression\n            configured via the \
             NAME_REGEX configuration variable.  Use the\n            `--allow-bad-names' option to relax \
             this check or reconfigure\n            NAME_REGEX in configuration.",
        );
    }
    let chosen = match taken_uid(call, given).and_then(|()| chosen_group(call, given)) {
        Ok(chosen) => chosen,
        Err(status) => return status,
    };
    tell(call, given, &format!("Adding user `{name}' ..."));
    let uid = given.number("uid").unwrap_or_else(|| free_uid(call, false));
    let (gid, group) = match chosen {
        Some(group) => (group.gid, group.name),
        None => {
            let gid = match users::group_by_gid(call.m, uid) {
                None => uid,
                Some(_) => free_gid(call, false),
            };
            tell(call, given, &format!("Adding new group `{name}' ({gid}) ..."));
            if let Err(errno) = add_group(call, name, Some(gid), false) {
                return report(call, "group", errno);
            }
            (gid, name.to_owned())
        }
    };
    tell(call, given, &format!("Adding new user `{name}' ({uid}) with group `{group} ({gid})' ..."));
    let shell = if given.has("disabled-login") { "/usr/sbin/nologin" } else { "/bin/bash" };
    let home = given.value("home").map_or_else(|| format!("/home/{name}"), str::to_owned);
    let user = NewUser {
        name: name.to_owned(),
        uid: Some(uid),
        gid,
        gecos: gecos(given.value("comment").unwrap_or_default()),
        home: home.clone(),
        shell: given.value("shell").unwrap_or(shell).to_owned(),
        system: false,
        password: "!",
    };
    if let Err(errno) = add_user(call, &user) {
        return report(call, "passwd", errno);
    }
    create_home(call, given, &home, uid, gid, 0o700, true);
    if !given.has("disabled-password") && !given.has("disabled-login") {
        call.out("New password: ");
        call.err(
            "Password change has been aborted.\npasswd: Authentication token manipulation error\n\
             passwd: password unchanged\n",
        );
        call.out("Try again? [y/N] ");
    }
    if !given.has("comment") {
        call.out(&format!(
            "Changing the user information for {name}\nEnter the new value, or press ENTER for the default\n\
             \tFull Name []: \tRoom Number []: \tWork Phone []: \tHome Phone []: \tOther []: \
             Is the information correct? [Y/n] "
        ));
    }
    if users::group_by_name(call.m, "users").is_some() {
        tell(call, given, &format!("Adding new user `{name}' to supplemental / extra groups `users' ..."));
        tell(call, given, &format!("Adding user `{name}' to group `users' ..."));
        if let Err(errno) = join_group(call, name, "users") {
            return report(call, "group", errno);
        }
    }
    0
}

pub(super) fn deluser(call: &mut Call<'_, '_>) -> i32 {
    begin(call);
    let given = match Given::read(call, &DELUSER) {
        Ok(given) => given,
        Err(status) => return status,
    };
    let groups = call.name == "delgroup" || given.has("group");
    match &given.names[..] {
        [user, group] => out_of_group(call, &given, user, group),
        [group] if groups => no_group(call, &given, group),
        [user] => no_user(call, &given, user),
        _ => call.fail("Only one or two names allowed."),
    }
}

fn failed(call: &mut Call<'_, '_>, message: &str, status: i32) -> i32 {
    call.fail(message);
    status
}

fn out_of_group(call: &mut Call<'_, '_>, given: &Given, user: &str, group: &str) -> i32 {
    let Some(found) = users::group_by_name(call.m, group) else {
        return failed(call, &format!("The group `{group}' does not exist."), 3);
    };
    let Some(person) = users::by_name(call.m, user) else {
        return failed(call, &format!("The user `{user}' does not exist."), 2);
    };
    if person.gid == found.gid {
        return failed(call, "You may not remove the user from their primary group.", 7);
    }
    if !found.members.iter().any(|member| member == user) {
        return failed(call, &format!("The user `{user}' is not a member of group `{group}'."), 6);
    }
    tell(call, given, &format!("Removing user `{user}' from group `{group}' ..."));
    match leave_group(call, user, Some(group)) {
        Ok(()) => {
            tell(call, given, "Done.");
            0
        }
        Err(errno) => report(call, "group", errno),
    }
}

fn no_group(call: &mut Call<'_, '_>, given: &Given, name: &str) -> i32 {
    let Some(group) = users::group_by_name(call.m, name) else {
        return failed(call, &format!("The group `{name}' does not exist."), 3);
    };
    if let Some(user) = users::users(call.m).into_iter().find(|user| user.gid == group.gid) {
        let text = format!("`{}' still has `{name}' as their primary group!", user.name);
        return failed(call, &text, 7);
    }
    tell(call, given, &format!("Removing group `{name}' ..."));
    match super::accounts::remove_group(call, name) {
        Ok(()) => {
            tell(call, given, "Done.");
            0
        }
        Err(errno) => report(call, "group", errno),
    }
}

fn no_user(call: &mut Call<'_, '_>, given: &Given, name: &str) -> i32 {
    if users::by_name(call.m, name).is_none() {
        if given.has("system") {
            call.out(&format!("The user `{name}' does not exist, but --system was given. Exiting.\n"));
            return 0;
        }
        return failed(call, &format!("The user `{name}' does not exist."), 2);
    }
    if given.has("remove-home") || given.has("remove-all-files") {
        tell(call, given, "Looking for files to backup/remove ...");
        tell(call, given, "Removing files ...");
    }
    if !call.m.exists(b"/usr/bin/crontab") {
        call.fail("`/usr/bin/crontab' not executed. Skipping crontab removal. Package `cron' required.");
    }
    tell(call, given, &format!("Removing user `{name}' ..."));
    let home = given.has("remove-home") || given.has("remove-all-files");
    match remove_user(call, name, home) {
        Ok(()) => {
            tell(call, given, "Done.");
            0
        }
        Err(errno) => report(call, "passwd", errno),
    }
}
