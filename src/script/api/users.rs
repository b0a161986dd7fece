//! Who performs the operations on a mount or in a container.

use super::layers::id_of;
use crate::script::handle::{Answer, Files, Kind, OfContainer, OfMount, refuse};
use crate::shell::{self, StartError};
use crate::trace::Event;
use crate::union::Cred;
use rhai::{Array, Engine, INT};

/// Registers the methods.
pub fn register(engine: &mut Engine) {
    of::<OfMount>(engine);
    of::<OfContainer>(engine);
}

fn of<K: Kind>(engine: &mut Engine) {
    engine.register_fn("as_root", |m: &mut Files<K>| act(m, Cred::default()));
    engine.register_fn("as_user", |m: &mut Files<K>, uid: INT| act(m, cred(uid, uid, &Array::new())?));
    engine.register_fn("as_user", |m: &mut Files<K>, uid: INT, gid: INT| {
        act(m, cred(uid, gid, &Array::new())?)
    });
    engine.register_fn("as_user", |m: &mut Files<K>, uid: INT, gid: INT, groups: Array| {
        act(m, cred(uid, gid, &groups)?)
    });
    engine.register_fn("as_user", |m: &mut Files<K>, user: &str| {
        let found = m.on(|mount, t| shell::user_of(mount, user, t))?;
        act(m, found.map_err(|error| refuse(&unknown(&error)))?)
    });
    engine.register_fn("access", |m: &mut Files<K>, path: &str, mode: INT| {
        let mode = u16::try_from(mode).ok().filter(|mode| *mode <= 7);
        let mode =
            mode.ok_or_else(|| refuse("access asks for 4 (read), 2 (write), 1 (execute), added up"))?;
        m.on(|mount, t| mount.access(path.as_bytes(), mode, t).is_ok())
    });
}

/// All that follows on this mount is done by this user.
fn act<K: Kind>(m: &mut Files<K>, cred: Cred) -> Answer<()> {
    let text = format!("what follows is done by {}", called(&cred));
    m.on(|mount, t| {
        mount.become_user(cred);
        t.emit(|| Event::Text { text });
    })
}

/// "uid 1000, gid 1000, groups 27".
fn called(cred: &Cred) -> String {
    if *cred == Cred::default() {
        return "root".to_owned();
    }
    let groups: Vec<String> = cred.groups.iter().map(u32::to_string).collect();
    let groups = if groups.is_empty() { String::new() } else { format!(", groups {}", groups.join(" ")) };
    format!("uid {}, gid {}{groups}", cred.uid, cred.gid)
}

fn cred(uid: INT, gid: INT, groups: &Array) -> Answer<Cred> {
    let group = |group: &rhai::Dynamic| {
        let number = group.as_int().map_err(|_| refuse("the groups are a list of numbers: [27, 50]"))?;
        id_of(number)
    };
    let groups: Answer<Vec<u32>> = groups.iter().map(group).collect();
    Ok(Cred { uid: id_of(uid)?, gid: id_of(gid)?, groups: groups? })
}

fn unknown(error: &StartError) -> String {
    match error {
        StartError::UnknownUser(name) => {
            format!("/etc/passwd has no user `{name}`; a number needs no entry: as_user(1000)")
        }
        StartError::UnknownGroup(name) => {
            format!("/etc/group has no group `{name}`; a number needs no entry: as_user(1000, 1000)")
        }
        _ => "there is no such user".to_owned(),
    }
}
