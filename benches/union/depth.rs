//! A look-up costs what the directory's layers cost, however deep the stack is.

use crate::table::Table;
use criterion::Criterion;
use layerlab::fs::{Contents, Inode, Tree};
use layerlab::trace::Trace;
use layerlab::union::{Lower, Mount, Options};
use std::hint::black_box;

/// `depth` layers with a directory of their own each; the bottom one also holds /base/d/f.
fn stack(depth: usize) -> Mount {
    let layer = |at: usize| {
        let mut tree = Tree::new();
        let mut file = |path: String| tree.put(path.as_bytes(), Inode::file(Contents::text("x")));
        for n in 0..20 {
            file(format!("/layer{at}/{n}"));
        }
        if at + 1 == depth {
            file("/base/d/f".to_owned());
        }
        Lower { layer: tree.seal(), label: "".into() }
    };
    Mount::new((0..depth).map(layer).collect(), Tree::new(), Options::default()).expect("at most 500")
}

pub fn measure(c: &mut Criterion, table: &mut Table) {
    for depth in [1, 20, 128, 500] {
        let mut m = stack(depth);
        let mut t = Trace::silent();
        for (state, cold) in [("warm", false), ("a cold directory", true)] {
            let (what, mut samples) = (format!("stat, {depth} layers, {state}"), Vec::new());
            let _ = m.stat(b"/base", &mut t);
            c.bench_function(&what, |b| {
                samples.clear();
                b.iter_custom(|n| {
                    let mut time = std::time::Duration::ZERO;
                    for _ in 0..n {
                        t.fuel.refill();
                        if cold {
                            m.restart(&mut Trace::silent()).unwrap();
                            let _ = m.stat(b"/base", &mut t);
                        }
                        let begin = std::time::Instant::now();
                        let times = if cold { 1 } else { 100 };
                        for _ in 0..times {
                            let _ = black_box(m.stat(black_box(b"/base/d/f"), &mut t));
                        }
                        time += begin.elapsed() / times;
                    }
                    samples.push(time.as_secs_f64() * 1e9 / n as f64);
                    time
                })
            });
            table.add(&what, "ours", samples);
        }
    }
}
