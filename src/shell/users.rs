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
    parse_users(&read(m, "/etc/passwd"))
}

pub(crate) fn parse_users(text: &str) -> Vec<User> {
    let line = |line: &str| {
        let fields: Vec<&str> = line.split(':').collect();
        Some(User {
            name: (*fields.first()?).to_owned(),
            uid: fields.get(2)?.parse().ok()?,
            gid: fields.get(3)?.parse().ok()?,
            home: fields.get(5).copied().unwrap_or("/").to_owned(),
            shell: fields.get(6).copied().unwrap_or("").to_owned(),
        })
    };
    text.lines().filter_map(line).collect()
}

pub(crate) fn groups(m: &mut Machine<'_>) -> Vec<Group> {
    parse_groups(&read(m, "/etc/group"))
}

pub(crate) fn parse_groups(text: &str) -> Vec<Group> {
    let line = |line: &str| {
        let fields: Vec<&str> = line.split(':').collect();
        let members = fields.get(3).copied().unwrap_or("").split(',').filter(|m| !m.is_empty());
        Some(Group {
            name: (*fields.first()?).to_owned(),
            gid: fields.get(2)?.parse().ok()?,
            members: members.map(str::to_owned).collect(),
        })
    };
    text.lines().filter_map(line).collect()
}

pub(crate) fn by_name(m: &mut Machine<'_>, name: &str) -> Option<User> {
    users(m).into_iter().find(|user| user.name == name)
}

pub(crate) fn by_uid(m: &mut Machine<'_>, uid: u32) -> Option<User> {
    users(m).into_iter().find(|user| user.uid == uid)
}

pub(crate) fn group_by_name(m: &mut Machine<'_>, name: &str) -> Option<Group> {
    groups(m).into_iter().find(|group| group.name == name)
}

pub(crate) fn group_by_gid(m: &mut Machine<'_>, gid: u32) -> Option<Group> {
    groups(m).into_iter().find(|group| group.gid == gid)
}

/// A name or number to a user id.
pub(crate) fn uid_of(m: &mut Machine<'_>, word: &str) -> Option<u32> {
    by_name(m, word).map(|user| user.uid).or_else(|| word.parse().ok())
}

/// A name or number to a group id.
pub(crate) fn gid_of(m: &mut Machine<'_>, word: &str) -> Option<u32> {
    group_by_name(m, word).map(|group| group.gid).or_else(|| word.parse().ok())
}

/// Who a process runs as, and that user's home, for a word as USER takes it (runc
/// `libcontainer/user/user.go` `GetExecUser`; the groups: BuildKit keeps only those that list the user,
/// moby adds the primary one).
pub(crate) fn identity(
    user: &str,
    users: &[User],
    groups: &[Group],
    with_primary: bool,
) -> Result<(Cred, String), StartError> {
    let (name, group) = match user.split_once(':') {
        Some((name, group)) => (name, Some(group)),
        None => (user, None),
    };
    let name = if name.is_empty() { "0" } else { name };
    let number = name.parse::<u32>().ok();
    let known = users.iter().find(|u| u.name == name || number == Some(u.uid));
    let (uid, gid, home) = match (known, number) {
        (Some(user), _) => (user.uid, user.gid, user.home.clone()),
        (None, Some(0)) => (0, 0, "/root".to_owned()),
        (None, Some(number)) => (number, 0, "/".to_owned()),
        (None, None) => return Err(StartError::UnknownUser(name.to_owned())),
    };
    let mut cred = Cred { uid, gid, groups: Vec::new() };
    match group.filter(|group| !group.is_empty()) {
        Some(word) => {
            let known = groups.iter().find(|group| group.name == word).map(|group| group.gid);
            let gid = known.or_else(|| word.parse().ok());
            cred.gid = gid.ok_or_else(|| StartError::UnknownGroup(word.to_owned()))?;
        }
        None => {
            let login = known.map_or("", |user| user.name.as_str());
            let listed =
                |g: &&Group| !login.is_empty() && g.members.iter().any(|m| m == login) && g.gid != gid;
            cred.groups = groups.iter().filter(listed).map(|g| g.gid).collect();
        }
    }
    if with_primary {
        cred.groups.push(cred.gid);
    }
    Ok((cred, home))
}
