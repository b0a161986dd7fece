//! The union against its peers, the same work in one run: our [`layerlab::union::Mount`], the
//! kernel's overlay on a tmpfs (where one can be mounted) and `OverlayFS` over `MemoryFS` of the
//! crate `vfs`. Ends with a table of medians and of how many times faster we are.
//!
//! `cargo bench --bench union` for all, `cargo bench --bench union -- stat` for a part, `-- ours` for
//! our side alone.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "union/depth.rs"]
mod depth;
#[path = "union/kernel.rs"]
mod kernel;
#[path = "union/ours.rs"]
mod ours;
#[path = "union/peer.rs"]
mod peer;
#[path = "union/table.rs"]
mod table;
#[path = "union/undo.rs"]
mod undo;
#[path = "union/work.rs"]
mod work;

use criterion::Criterion;
use layerlab::union::BILLED;
use std::time::Duration;
use table::Table;
use work::Work;

fn main() {
    let mut c = Criterion::default()
        .warm_up_time(Duration::from_millis(1))
        .measurement_time(Duration::from_millis(50))
        .sample_size(10)
        .configure_from_args();
    let (work, mut table) = (Work::new(), Table::default());
    if !std::env::args().any(|arg| arg == "--list") {
        measure_all(&mut c, &work, &mut table);
        depth::measure(&mut c, &mut table);
        undo::measure(&mut c, &mut table);
        table.print();
        drivers(&mut c, &work);
    }
    c.final_summary();
}

/// Every storage driver over the same layers.
fn drivers(c: &mut Criterion, work: &Work) {
    let (layers, mut table) = (ours::layers(work), Table::default());
    for driver in BILLED {
        work::measure(c, &mut ours::Ours::with(driver, work, &layers), work, &mut table);
    }
    table.print_drivers();
}

/// One contender after the other, so that no two hold their 400 MB at once.
fn measure_all(c: &mut Criterion, work: &Work, table: &mut Table) {
    let layers = ours::layers(work);
    for events in [false, true] {
        work::measure(c, &mut ours::Ours::new(work, &layers, events), work, table);
    }
    drop(layers);
    if std::env::args().any(|arg| arg == "ours") {
        return;
    }
    match kernel::Kernel::new(work) {
        Ok(mut kernel) => work::measure(c, &mut kernel, work, table),
        Err(why) => println!("kernel: skipped: {why}"),
    }
    work::measure(c, &mut peer::Peer::new(work), work, table);
}
