//! What Docker's own commands tell about images and containers.
#![allow(missing_docs)]

use crate::image::{Container, Image, Store};
use crate::trace::Trace;
use serde_json::Value;

pub struct Printed {
    pub out: String,
    pub err: String,
    pub exit: i32,
}
pub struct ListOptions {
    pub quiet: bool,
    pub no_trunc: bool,
    pub format: Option<String>,
}
pub struct HistoryOptions {
    pub no_trunc: bool,
    pub human: bool,
    pub quiet: bool,
    pub format: Option<String>,
}
pub struct Change {
    pub kind: ChangeKind,
    pub path: String,
}
pub enum ChangeKind {
    Added,
    Changed,
    Deleted,
}
impl ChangeKind {
    pub fn letter(&self) -> char {
        match self {
            Self::Added => 'A',
            Self::Changed => 'C',
            Self::Deleted => 'D',
        }
    }
}
fn none() -> Printed {
    Printed { out: String::new(), err: String::new(), exit: 0 }
}
pub fn ps(_: &[&Container], _size: bool, _no_trunc: bool) -> String {
    String::new()
}
pub fn changes(_: &Container, _: &mut Trace) -> Vec<Change> {
    Vec::new()
}
pub fn image_list(_: &Store, _only: Option<&str>, _: &ListOptions) -> Printed {
    none()
}
pub fn history_rows(_: &Store, _: &Image, _: &HistoryOptions) -> Vec<Value> {
    Vec::new()
}
pub fn history(_: &Store, _: &Image, _: &HistoryOptions) -> Printed {
    none()
}
pub fn container_value(_: &Container) -> Value {
    Value::Null
}
pub fn image_value(_: &Store, _: &Image) -> Value {
    Value::Null
}
pub fn inspect(_: &[Value], _format: Option<&str>) -> Printed {
    none()
}
