//! Several writable branches: which of them takes what.

use crate::support::{layer, names};
use layerlab::fs::{Contents, Errno, Layer};
use layerlab::trace::Trace;
use layerlab::union::{Access, Branch, CopyUp, Mount, Policies, Rename, StorageDriver};

const RO: Access = Access::Read { whiteouts: true };

fn union(driver: StorageDriver, copy_up: CopyUp, branches: &[(Layer, Access)]) -> Mount {
    let first = (Layer::empty(), Access::Write);
    let branches = std::iter::once(&first).chain(branches);
    let branches =
        branches.map(|(layer, access)| Branch { layer: layer.clone(), label: "".into(), access: *access });
    Mount::of_branches(driver, branches.collect(), Policies { copy_up, ..Policies::default() }).unwrap()
}

/// Names of a branch as it is stored, without what aufs keeps at its root.
fn stored(m: &Mount, branch: usize) -> Vec<String> {
    let names = names(&m.branch(branch).unwrap());
    names.into_iter().filter(|name| !name.starts_with("/.wh..wh.")).collect()
}

#[test]
fn what_lies_in_a_writable_branch_is_changed_where_it_lies() {
    for driver in [StorageDriver::Aufs, StorageDriver::Unionfs] {
        let t = &mut Trace::silent();
        let mut m = union(driver, CopyUp::default(), &[(layer(&[("/d/f", "old")]), Access::Write)]);
        m.append(b"/d/f", Contents::text("+new"), t).unwrap();
        m.chmod(b"/d/f", 0o600, t).unwrap();
        assert_eq!(stored(&m, 0), [] as [&str; 0], "no copy");
        assert_eq!(m.read(b"/d/f", t).unwrap().to_text(99).unwrap(), "old+new");
        // And what is deleted there leaves no mark.
        m.unlink(b"/d/f", t).unwrap();
        assert_eq!((stored(&m, 0), stored(&m, 1)), (vec![], vec!["/d".to_owned()]));
    }
}

/// `bup`: the nearest writable branch above the source that has the parent directory; `tdp`: the topmost
/// that has it. Without a parent anywhere: the nearest.
#[test]
fn the_policy_says_which_branch_takes_a_copy() {
    let one = layer(&[("/d/one", "1")]);
    let two = layer(&[("/d/two", "2")]);
    let base = layer(&[("/d/f", "f"), ("/e/f", "f")]);
    let branches = [(one, Access::Write), (two, Access::Write), (base, RO)];
    let took = |driver, policy| {
        let (mut m, t) = (union(driver, policy, &branches), &mut Trace::silent());
        m.append(b"/d/f", Contents::text("!"), t).unwrap();
        m.append(b"/e/f", Contents::text("!"), t).unwrap();
        let has = |name: &str| (0..4).find(|branch| stored(&m, *branch).contains(&name.to_owned())).unwrap();
        (has("/d/f"), has("/e/f"))
    };
    assert_eq!(took(StorageDriver::Aufs, CopyUp::BottomUpParent), (2, 2));
    assert_eq!(took(StorageDriver::Aufs, CopyUp::TopDownParent), (1, 2));
    // Unionfs goes left from the source, whoever has the directory.
    assert_eq!(took(StorageDriver::Unionfs, CopyUp::BottomUpParent), (2, 2));
}

#[test]
fn a_new_name_goes_to_the_topmost_branch_that_has_its_directory() {
    for driver in [StorageDriver::Aufs, StorageDriver::Unionfs] {
        let t = &mut Trace::silent();
        let rw = layer(&[("/d/there", "1")]);
        let base = layer(&[("/only/below", "2")]);
        let mut m = union(driver, CopyUp::default(), &[(rw, Access::Write), (base, RO)]);
        m.create(b"/d/new", 0o644, Contents::EMPTY, t).unwrap();
        m.create(b"/top", 0o644, Contents::EMPTY, t).unwrap();
        m.create(b"/only/new", 0o644, Contents::EMPTY, t).unwrap();
        assert_eq!(stored(&m, 0), ["/top"]);
        // The directory that only a read-only branch has was made in the nearest writable one above.
        assert_eq!(stored(&m, 1), ["/d", "/d/new", "/d/there", "/only", "/only/new"]);
    }
}

/// Two writable branches and a read-only one have the name. aufs removes the topmost and leaves a whiteout in
/// its place; unionfs removes all it may, and puts the whiteout into the first branch.
#[test]
fn deletion_goes_through_the_branches_differently() {
    let t = &mut Trace::silent();
    let file = |text| layer(&[("/f", text)]);
    let branches = [(file("1"), Access::Write), (file("2"), Access::Write), (file("3"), RO)];
    let mut aufs = union(StorageDriver::Aufs, CopyUp::default(), &branches);
    aufs.unlink(b"/f", t).unwrap();
    assert_eq!([0, 1, 2, 3].map(|at| stored(&aufs, at).concat()), ["", "/.wh.f", "/f", "/f"]);
    let mut unionfs = union(StorageDriver::Unionfs, CopyUp::default(), &branches);
    unionfs.unlink(b"/f", t).unwrap();
    assert_eq!([0, 1, 2, 3].map(|at| stored(&unionfs, at).concat()), ["/.wh.f", "", "", "/f"]);
}

#[test]
fn whiteouts_of_a_read_only_branch_count_only_with_wh() {
    let top = layer(&[("/.wh.f", "")]);
    let base = layer(&[("/f", "f")]);
    for (whiteouts, found) in [(true, false), (false, true)] {
        for access in [Access::Read { whiteouts }, Access::Real { whiteouts }] {
            let branches = [(top.clone(), access), (base.clone(), RO)];
            let mut m = union(StorageDriver::Aufs, CopyUp::default(), &branches);
            assert_eq!(m.stat(b"/f", &mut Trace::silent()).is_ok(), found);
            let names = m.readdir(b"/", &mut Trace::silent()).unwrap();
            assert_eq!(names.iter().any(|name| **name == *b"f"), found);
        }
    }
}

#[test]
fn a_directory_in_two_branches_does_not_move() {
    for driver in [StorageDriver::Aufs, StorageDriver::Unionfs] {
        let t = &mut Trace::silent();
        let branches = [
            (layer(&[("/d/one", "1")]), Access::Write),
            (layer(&[("/d/two", "2"), ("/e/f", "")]), Access::Write),
        ];
        let mut m = union(driver, CopyUp::default(), &branches);
        assert_eq!(m.rename(b"/d", b"/moved", Rename::Plain, t), Err(Errno::EXDEV));
        // One that a single writable branch has moves inside it.
        assert_eq!(m.rename(b"/e", b"/moved", Rename::Plain, t), Ok(()));
        assert!(stored(&m, 2).contains(&"/moved/f".to_owned()));
    }
}

#[test]
fn what_is_refused() {
    let t = &mut Trace::silent();
    let first = |access| Branch { layer: Layer::empty(), label: "".into(), access };
    for driver in [StorageDriver::Aufs, StorageDriver::Unionfs] {
        let refused = |branches| Mount::of_branches(driver, branches, Policies::default()).err();
        assert_eq!(refused(vec![first(RO)]), Some(Errno::EINVAL));
        assert_eq!(refused(Vec::new()), Some(Errno::EINVAL));
        let mut m = Mount::of_branches(driver, vec![first(Access::Write)], Policies::default()).unwrap();
        m.create(b"/a", 0o644, Contents::EMPTY, t).unwrap();
        m.create(b"/b", 0o644, Contents::EMPTY, t).unwrap();
        assert_eq!(m.rename(b"/a", b"/b", Rename::Exchange, t), Err(Errno::EINVAL));
    }
    let overlay =
        Mount::of_branches(StorageDriver::Overlay2, vec![first(Access::Write)], Policies::default());
    assert_eq!(overlay.err(), Some(Errno::EINVAL));
}
