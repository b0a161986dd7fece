//! Owners: `--chown` and USER, by name or number.

use crate::dockerfile::{Difference, Version};
use crate::fs::Errno;
use crate::trace::Trace;
use crate::union::{Mount, StatKind};

/// Bytes of an account file that are read.
const MAX_ACCOUNTS: u64 = 1 << 20;

const USERS: &str = "/etc/passwd";
const GROUPS: &str = "/etc/group";

/// User and group of BuildKit's `--chown`. A number is taken as it is, as `root` is; another name is looked up in
/// the image, and is root when it isn't there. A number's group is the same number, a name's group the
/// user's, unless one is given and found (moby/buildkit `client/llb/fileop.go`, `parseUID`;
/// `solver/llbsolver/file/user_linux.go`, `readUser`).
///
/// # Errors
/// BuildKit's words about account files that are not there.
pub(super) fn owner(
    text: &str,
    mount: &mut Mount,
    version: Version,
    t: &mut Trace,
) -> Result<(u32, u32), String> {
    let (user, group) = parts(text);
    let (uid, primary) = match number(user) {
        Some(number) => (number, number),
        None => find(mount, USERS, user, version, t)?.unwrap_or((0, 0)),
    };
    let gid = match group {
        None => primary,
        Some("") => 0,
        Some(group) => match number(group) {
            Some(number) => number,
            None => find(mount, GROUPS, group, version, t)?.map_or(primary, |(gid, _)| gid),
        },
    };
    Ok((uid, gid))
}

/// The same where nothing is below: there are only numbers, and root.
///
/// # Errors
/// BuildKit's words: it looks for an account file in an input that isn't there.
pub(super) fn owner_on_nothing(text: &str) -> Result<(u32, u32), String> {
    let (user, group) = parts(text);
    let known = |name: &str| number(name).ok_or_else(|| "invalid user index: -1".to_owned());
    let uid = known(user)?;
    Ok((uid, group.map_or(Ok(uid), known)?))
}

/// User and group of the legacy builder's `--chown`, which looks the user's own name up among the groups (moby
/// `daemon/builder/dockerfile/copy_unix.go`, `parseChownFlag`).
///
/// # Errors
/// Its words about who is not found.
pub(super) fn legacy_owner(text: &str, mount: &mut Mount, t: &mut Trace) -> Result<(u32, u32), String> {
    let (user, group) = parts(text);
    let failed = |what: &str, kind: &str, name: &str| {
        let before = "unable to convert uid/gid chown string to host mapping";
        format!("{before}: can't find {what} for {kind} {name}: no such {kind}: {name}")
    };
    let uid = match user.parse().ok().or_else(|| account(mount, USERS, user, t).map(|(uid, _)| uid)) {
        Some(uid) => uid,
        None => return Err(failed("uid", "user", user)),
    };
    let name = group.filter(|group| !group.is_empty()).unwrap_or(user);
    let gid = account(mount, GROUPS, name, t).map(|(gid, _)| gid).or_else(|| name.parse().ok());
    gid.map(|gid| (uid, gid)).ok_or_else(|| failed("gid", "group", name))
}

fn parts(text: &str) -> (&str, Option<&str>) {
    match text.split_once(':') {
        Some((user, group)) => (user, Some(group)),
        None => (text, None),
    }
}

/// What needs no account file. Go's `strconv.Atoi` takes a sign; chown(2) takes 32 bits of it, and -1 for "as it
/// was".
fn number(text: &str) -> Option<u32> {
    match text {
        "" | "root" => Some(0),
        text => text.parse::<i64>().ok().map(|id| match id as u32 {
            u32::MAX => 0,
            id => id,
        }),
    }
}

/// Third and fourth field of a name's line; none when it has no line.
fn find(
    mount: &mut Mount,
    file: &str,
    name: &str,
    version: Version,
    t: &mut Trace,
) -> Result<Option<(u32, u32)>, String> {
    let today = version.has(Difference::AbsentAccounts);
    let said = |call: &str, at: &str, errno: Errno| {
        Err(format!("{call} <rootfs>{at}: {}", errno.message().to_lowercase()))
    };
    match mount.stat(file.as_bytes(), t) {
        Ok(stat) if stat.kind == StatKind::File => Ok(account(mount, file, name, t)),
        Ok(_) if today => Err(format!("<rootfs>{file} is not a regular file")),
        Ok(_) => said("read", file, Errno::EISDIR),
        Err(Errno::ENOENT | Errno::ENOTDIR) if today => Ok(None),
        Err(Errno::ENOENT) => {
            // A link is followed inside the image.
            let to = mount.readlink(file.as_bytes(), t).ok().map(|to| crate::fs::path::join(b"/etc", &to));
            let at = to.map_or(file.to_owned(), |to| {
                String::from_utf8_lossy(&crate::fs::path::clean(&to)).into_owned()
            });
            said("open", &at, Errno::ENOENT)
        }
        Err(errno) => said("lstat", file, errno),
    }
}

/// The line of this name in an account file. An id that is no number is 0.
fn account(mount: &mut Mount, file: &str, name: &str, t: &mut Trace) -> Option<(u32, u32)> {
    let text = mount.read(file.as_bytes(), t).ok()?.to_text(MAX_ACCOUNTS)?;
    text.lines().find_map(|line| {
        let mut fields = line.split(':');
        (fields.next()? == name).then_some(())?;
        let mut id = || fields.next().and_then(|id| id.trim().parse().ok());
        let _ = id();
        Some((id().unwrap_or(0), id().unwrap_or(0)))
    })
}
