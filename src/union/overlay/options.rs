//! Mount options (fs/overlayfs/params.c).

use crate::fs::Errno;
use crate::union::Options;

/// Lower layers of one mount (fs/overlayfs/params.h, `OVL_MAX_STACK`).
pub(super) const MAX_LOWERS: usize = 500;

/// Judges the options as mount(2) does (`ovl_fs_params_verify`).
pub(super) fn judge(lowers: usize, options: &Options) -> Result<(), Errno> {
    let fooled = options.userxattr && (options.redirect_dir || options.metacopy);
    let lost = options.metacopy && options.redirect_dir_off;
    if fooled || lost || lowers > MAX_LOWERS { Err(Errno::EINVAL) } else { Ok(()) }
}

/// Is any feature on that forbids changes of the layers between mounts (fs/overlayfs/overlayfs.h,
/// `ovl_allow_offline_changes`)?
pub(super) fn features_used(options: &Options) -> bool {
    options.redirect_dir || options.metacopy || options.index || options.xino
}
