//! `/etc/passwd` and `/etc/group` of the image.

use super::StartError;
use super::machine::Machine;
use crate::union::Cred;

/// A line of `/etc/passwd`.
#[derive(Clone, Debug)]
pub(crate) struct User {
    pub name: String,
    pub uid: u32,
    pub gid: u32,
    pub home: String,
    pub shell: String,
}

/// A line of `/etc/group`.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    pub name: String,
    pub gid: u32,
    pub members: Vec<String>,
}

/// The text of a small file, read as root whoever asks; empty when missing.
pub(crate) fn read(m: &mut Machine<'_>, path: &str) -> String {
    let contents = m.read(path.as_bytes()).unwrap_or_default();
    contents.to_bytes(1 << 20).map(|bytes| super::text::decode(&bytes)).unwrap_or_default()
}

pub(crate) fn users(m: &mut Machine<'_>) -> Vec<User> {
    read(m, "/etc/passwd").lines().filter_map(user).collect()
}

fn user(line: &str) -> Option<User> {
    let mut fields = line.split(':');
    Some(User {
        name: fields.next()?.to_owned(),
        uid: fields.nth(1)?.parse().ok()?,
        gid: fields.next()?.parse().ok()?,
        home: fields.nth(1).unwrap_or("/").to_owned(),
        shell: fields.next().unwrap_or("").to_owned(),
    })
}

pub(crate) fn groups(m: &mut Machine<'_>) -> Vec<Group> {
    read(m, "/etc/group").lines().filter_map(group).collect()
}

fn group(line: &str) -> Option<Group> {
    let mut fields = line.split(':');
    Some(Group {
        name: fields.next()?.to_owned(),
        gid: fields.nth(1)?.parse().ok()?,
        members: fields
            .next()
            .unwrap_or("")
            .split(',')
            .filter(|m| !m.is_empty())
            .map(str::to_owned)
            .collect(),
    })
}

/// Does the line begin with this name?
fn is_named(line: &str, name: &str) -> bool {
    line.strip_prefix(name).is_some_and(|rest| rest.starts_with(':'))
}

/// Is this the number in the line's third field?
fn is_numbered(line: &str, number: u32) -> bool {
    line.split(':').nth(2).and_then(|field| field.parse().ok()) == Some(number)
}

pub(crate) fn by_name(m: &mut Machine<'_>, name: &str) -> Option<User> {
    let text = read(m, "/etc/passwd");
    text.lines().filter(|line| is_named(line, name)).find_map(user)
}

pub(crate) fn by_uid(m: &mut Machine<'_>, uid: u32) -> Option<User> {
    let text = read(m, "/etc/passwd");
    text.lines().filter(|line| is_numbered(line, uid)).find_map(user)
}

pub(crate) fn group_by_name(m: &mut Machine<'_>, name: &str) -> Option<Group> {
    let text = read(m, "/etc/group");
    text.lines().filter(|line| is_named(line, name)).find_map(group)
}

pub(crate) fn group_by_gid(m: &mut Machine<'_>, gid: u32) -> Option<Group> {
    let text = read(m, "/etc/group");
    text.lines().filter(|line| is_numbered(line, gid)).find_map(group)
}

/// A name or number to a user id.
pub(crate) fn uid_of(m: &mut Machine<'_>, word: &str) -> Option<u32> {
    by_name(m, word).map(|user| user.uid).or_else(|| word.parse().ok())
}

/// A name or number to a group id.
pub(crate) fn gid_of(m: &mut Machine<'_>, word: &str) -> Option<u32> {
    group_by_name(m, word).map(|group| group.gid).or_else(|| word.parse().ok())
}

/// Who a process runs as, and that user's home, for a word as USER takes it and the texts of the two files (runc
/// `libcontainer/user/user.go` `GetExecUser`; the groups: BuildKit keeps only those that list the user,
/// moby adds the primary one).
pub(crate) fn identity(
    user: &str,
    passwd: &str,
    groups: &str,
    with_primary: bool,
) -> Result<(Cred, String), StartError> {
    let (name, group) = match user.split_once(':') {
        Some((name, group)) => (name, Some(group)),
        None => (user, None),
    };
    let name = if name.is_empty() { "0" } else { name };
    let number = name.parse::<u32>().ok();
    let is_meant = |line: &&str| is_named(line, name) || number.is_some_and(|uid| is_numbered(line, uid));
    let known = passwd.lines().filter(is_meant).find_map(self::user);
    let (uid, gid, home) = match (&known, number) {
        (Some(user), _) => (user.uid, user.gid, user.home.clone()),
        (None, Some(0)) => (0, 0, "/root".to_owned()),
        (None, Some(number)) => (number, 0, "/".to_owned()),
        (None, None) => return Err(StartError::UnknownUser(name.to_owned())),
    };
    let mut cred = Cred { uid, gid, groups: Vec::new() };
    match group.filter(|group| !group.is_empty()) {
        Some(word) => {
            let known = groups.lines().filter(|line| is_named(line, word)).find_map(self::group);
            let known = known.map(|group| group.gid);
            let gid = known.or_else(|| word.parse().ok());
            cred.gid = gid.ok_or_else(|| StartError::UnknownGroup(word.to_owned()))?;
        }
        None => {
            let login = known.as_ref().map_or("", |user| user.name.as_str());
            let listed =
                |g: &Group| !login.is_empty() && g.members.iter().any(|m| m == login) && g.gid != gid;
            // Few groups list anybody; only those are taken apart.
            let lists = groups.lines().filter(|line| !line.ends_with(':'));
            cred.groups = lists.filter_map(self::group).filter(listed).map(|g| g.gid).collect();
        }
    }
    if with_primary {
        cred.groups.push(cred.gid);
    }
    Ok((cred, home))
}
