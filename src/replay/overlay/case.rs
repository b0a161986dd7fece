//! Reads one case and judges every field of it, those of the recording too: what is wrong with a case
//! is said before anything of it is played.

use super::fields::{Fields, cut, kind};
use super::{ops, read};
use crate::error::suggest;
use crate::fs::{Errno, Layer, Tree};
use crate::trace::Trace;
use crate::union::{Lower, Mount, Options};
use serde_json::Value;

/// Lower layers that one mount takes (fs/overlayfs/params.h, `OVL_MAX_STACK`).
const MAX_LOWERS: usize = 500;

/// The fields of a recording.
pub(super) const RECORDED: [&str; 5] = ["mount", "results", "upper_delta", "upper", "merged"];

/// Overlays that may lie over one another in a case; the kernel refuses to mount the third.
const MAX_DEPTH: usize = 8;

/// A case, read: what there was and what was done.
pub(super) struct Case<'v> {
    pub name: &'v str,
    pub topic: &'v str,
    pub options: Options,
    /// Or what the kernel answers to an overlay that is to be a layer.
    pub lowers: Result<Vec<Lower>, Errno>,
    /// Data-only lowers.
    pub data: Result<Vec<Lower>, Errno>,
    pub upper: Tree,
    pub ops: &'v [Value],
}

impl<'v> Case<'v> {
    /// # Errors
    /// In words that name the field: what is missing or can't be.
    pub fn read(case: &'v Value) -> Result<Case<'v>, String> {
        let fields = Fields::of(case, "it")?;
        let (name, topic) = (fields.text("name")?, fields.text("topic")?);
        let options = options(fields.object("options")?).map_err(inside("options"))?;
        let lowers = lowers(fields, "lowers", options, 1)?;
        let data = match fields.get("data") {
            Some(_) => self::lowers(fields, "data", options, 1)?,
            None => Ok(Vec::new()),
        };
        let upper = read::layer(fields.need("initial_upper")?).map_err(inside("initial_upper"))?;
        let ops = fields.list("ops")?;
        for (at, op) in ops.iter().enumerate() {
            ops::judge(op).map_err(inside(&format!("ops[{at}]")))?;
        }
        recording(fields, ops.len())?;
        Ok(Case { name, topic, options, lowers, data, upper, ops })
    }
}

/// Puts the place before a message.
fn inside(place: &str) -> impl Fn(String) -> String {
    move |message| format!("{place}: {message}")
}

/// The layers of a stack: trees, and `{"overlay": {options, lowers, upper}}` for the merged directory of
/// another overlay. `depth` counts overlays down to here.
fn lowers(
    fields: Fields<'_>,
    key: &str,
    above: Options,
    depth: usize,
) -> Result<Result<Vec<Lower>, Errno>, String> {
    let trees = fields.list(key)?;
    if trees.len() > MAX_LOWERS && fields.get("mount").is_none() {
        return Err(format!(
            "{key}: {} layers, and no `mount` that says with which errno the kernel refused; it takes {MAX_LOWERS}",
            trees.len()
        ));
    }
    let mut lowers = Vec::with_capacity(trees.len());
    for (at, tree) in trees.iter().enumerate() {
        let place = format!("{key}[{at}]");
        let layer = match tree.get("overlay") {
            Some(_) if depth > MAX_DEPTH => {
                return Err(format!("{place}: more than {MAX_DEPTH} overlays over one another"));
            }
            Some(inner) => match nested(inner, above, depth).map_err(inside(&place))? {
                Ok(layer) => layer,
                Err(errno) => return Ok(Err(errno)),
            },
            None => read::layer(tree).map_err(inside(&place))?.seal(),
        };
        lowers.push(Lower { layer, label: "".into() });
    }
    Ok(Ok(lowers))
}

fn nested(case: &Value, above: Options, depth: usize) -> Result<Result<Layer, Errno>, String> {
    let fields = Fields::of(case, "overlay")?;
    let options = options(fields.object("options")?).map_err(inside("options"))?;
    let upper = read::layer(fields.need("upper")?).map_err(inside("upper"))?;
    let lowers = lowers(fields, "lowers", options, depth + 1)?;
    let mount = lowers.and_then(|lowers| Mount::new(lowers, upper, options));
    Ok(mount.and_then(|mut mount| mount.as_lower(above.userxattr, &mut Trace::silent())))
}

fn options(fields: Fields<'_>) -> Result<Options, String> {
    let on = |key: &str| match fields.text(key)? {
        "on" => Ok(true),
        "off" => Ok(false),
        other => {
            let near = suggest(other, ["on", "off"])
                .map_or(String::new(), |near| format!("; did you mean `{near}`?"));
            Err(format!("`{key}` must be `on` or `off`, not `{}`{near}", cut(other)))
        }
    };
    let (redirect_dir, metacopy, index, xino) =
        (on("redirect_dir")?, on("metacopy")?, on("index")?, on("xino")?);
    let userxattr = fields.bool("userxattr")?;
    // With userxattr the recorder left `redirect_dir=off` out.
    Ok(Options {
        redirect_dir,
        redirect_dir_off: !userxattr && !redirect_dir,
        metacopy,
        index,
        xino,
        userxattr,
        volatile: fields.flag("volatile")?,
    })
}

/// What the kernel answered. A mount it refused has no answers.
fn recording(fields: Fields<'_>, ops: usize) -> Result<(), String> {
    // A case that only asks is answered, not compared.
    if RECORDED.iter().all(|key| fields.get(key).is_none()) {
        return Ok(());
    }
    let refused = fields.get("mount").is_some();
    if refused {
        fields.object("mount")?.text("errno").map_err(inside("mount"))?;
    }
    for (key, judge) in [("results", result as Judge), ("upper_delta", delta)] {
        let list = fields.list(key)?;
        if list.len() != ops && !(refused && list.is_empty()) {
            return Err(format!("{key}: {} of them for {ops} operations", list.len()));
        }
        for (at, value) in list.iter().enumerate() {
            judge(value).map_err(inside(&format!("{key}[{at}]")))?;
        }
    }
    for key in ["merged", "upper"] {
        for (path, entry) in fields.object(key)?.all() {
            seen(path, entry).map_err(inside(&format!("{key}: `{}`", cut(path))))?;
        }
    }
    Ok(())
}

type Judge = fn(&Value) -> Result<(), String>;

fn result(value: &Value) -> Result<(), String> {
    let fields = Fields::of(value, "it")?;
    match (fields.get("ok"), fields.get("errno")) {
        (Some(_), None) => Ok(()),
        (None, Some(_)) => fields.text("errno").map(drop),
        _ => Err("it must have either `ok` or `errno`".to_owned()),
    }
}

fn delta(value: &Value) -> Result<(), String> {
    let fields = Fields::of(value, "it")?;
    for key in fields.all().keys() {
        if !["added", "removed", "changed"].contains(&key.as_str()) {
            return Err(format!("it has `added`, `removed` and `changed`, not `{}`", cut(key)));
        }
        if let Some(other) = fields.list(key)?.iter().find(|path| !path.is_string()) {
            return Err(format!("`{key}` must be a list of paths, and one is {}", kind(other)));
        }
    }
    Ok(())
}

/// One entry of a tree that was recorded. Compared only, so its fields may be what they are.
fn seen(path: &str, entry: &Value) -> Result<(), String> {
    read::judge_path(path)?;
    Fields::of(entry, "an entry")?.text("type").map(drop)
}
