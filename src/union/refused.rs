//! Why a permission check refused, in words.

use super::cache::Spot;
use super::mount::Mount;
use super::permit::{READ, WRITE};
use crate::fs::path::show;

/// What was refused, kept until the event of the failure is told.
#[derive(Clone, Debug)]
pub(super) struct Refused {
    /// The object whose bits, owner or place decided.
    pub spot: Spot,
    /// The rule that decided.
    pub rule: Rule,
}

/// The rules that refuse.
#[derive(Clone, Copy, Debug)]
pub(super) enum Rule {
    /// The permission bits lack these (4 read, 2 write, 1 execute or search).
    Bits(u16),
    /// A name in a sticky directory.
    Sticky,
    /// Only the owner may change mode, times, or attributes of a sticky directory.
    Owner,
    /// Only root gives a file away.
    Give,
    /// `fs.protected_hardlinks`.
    Hardlink,
    /// `fs.protected_symlinks`.
    Symlink,
    /// `fs.protected_regular`, `fs.protected_fifos`.
    CreateInSticky,
    /// A device needs `CAP_MKNOD`.
    Device,
    /// `trusted.` and `security.` belong to root.
    RootsAttribute,
}

impl Mount {
    /// "uid 1000 may not write /etc: it is 0755 and belongs to 0:0".
    pub(super) fn why_refused(&self, refused: &Refused) -> String {
        let spot = &refused.spot;
        let path = show(&self.path_of(spot)).into_owned();
        let who = format!("uid {}", self.cred.uid);
        let owner = self.owner_words(spot);
        let dir = show(&self.cache.path_of(spot.dir)).into_owned();
        match refused.rule {
            Rule::Bits(want) => {
                let is = match self.real(&spot.node.entry) {
                    Some(inode) => format!("it is {:04o} and belongs to {owner}", inode.mode),
                    None => "it is gone".to_owned(),
                };
                let verb = verb(want, spot.node.dir.is_some());
                format!("{who} may not {verb} {path}: {is}")
            }
            Rule::Sticky => format!(
                "{dir} is sticky: only root, its owner and the owner of {path} ({owner}) may take the name away, not {who}"
            ),
            Rule::Owner => {
                format!("{path} belongs to {owner}: only its owner and root may do this, not {who}")
            }
            Rule::Give => format!(
                "{path} belongs to {owner}: only root gives it to another user, its owner only to a group of their own"
            ),
            Rule::Hardlink => format!(
                "{who} neither owns {path} ({owner}) nor may read and write it as a plain file (fs.protected_hardlinks)"
            ),
            Rule::Symlink => format!(
                "{dir} is sticky and open to all, and the symlink {path} is neither {who}'s nor the directory owner's (fs.protected_symlinks)"
            ),
            Rule::CreateInSticky => format!(
                "{dir} is sticky, and {path} is neither {who}'s nor the directory owner's: it can't be opened with O_CREAT (fs.protected_regular, fs.protected_fifos)"
            ),
            Rule::Device => format!("only root makes devices, not {who}"),
            Rule::RootsAttribute => format!("trusted and security attributes are root's, not {who}'s"),
        }
    }

    fn owner_words(&self, spot: &Spot) -> String {
        self.real(&spot.node.entry).map_or_else(String::new, |inode| format!("{}:{}", inode.uid, inode.gid))
    }
}

/// Write is named before read, read before search.
fn verb(want: u16, is_dir: bool) -> &'static str {
    match (want & WRITE != 0, want & READ != 0, is_dir) {
        (true, ..) => "write",
        (_, true, _) => "read",
        (_, _, true) => "search",
        _ => "execute",
    }
}
