//! What Docker's own commands tell about images and containers, as they print it.
//!
//! Every function takes data and gives what the command writes: [`Printed`], or rows. Start with
//! [`history`]; [`Data`] is what templates and JSON are made from.

mod containers;
mod data;
mod df;
mod diff;
pub mod dive;
mod fault;
mod functions;
mod history;
mod images;
pub mod layers;
mod print;
mod reading;
mod rows;
mod stages;
mod steps;
mod table;
mod template;
mod units;
mod volumes;

pub use containers::{argv, container_value, ps, status};
pub use data::{Data, Field};
pub use df::{system_df, system_df_verbose};
pub use diff::{Change, ChangeKind, changes};
pub use history::{HistoryOptions, history, history_rows};
pub use images::{ListOptions, image_list, image_value};
pub use print::inspect;
pub use stages::{BuildStage, StageSource, StageStep, build_stages};
pub use steps::{
    HistoryStep, STEP_HEADS, bars, base_layers, history_steps, step_rows, step_values, steps_table,
};
pub use table::align;
pub use units::{age, ellipsis, human_duration, human_size, short_id};
pub use volumes::{volume_list, volume_value};

/// What a command printed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Printed {
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
    /// Exit status.
    pub exit: i32,
}

impl Printed {
    /// Standard output only, exit 0.
    pub fn out(out: impl Into<String>) -> Printed {
        Printed { out: out.into(), ..Printed::default() }
    }
}
