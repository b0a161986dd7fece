//! Planning what travels, and pruning: 10,000 images that share 2,000 layers, ten each.
//!
//! Twice: 2,000 layers as Docker's store counts them, each with its place in a stack; and 2,000 contents stacked
//! in every order, which makes 53,000 of them. To reach with the first: planning a push or a pull of all of them
//! under 50 ms, pruning them under 100 ms.
#![allow(clippy::unwrap_used)]

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use layerlab::fs::{Digest, Layer};
use layerlab::image::registry::{
    Blob, Downloads, Manifest, Origins, Registry, Target, What, plan_pull, plan_push, push,
};
use layerlab::image::{Config, Image, ImageLayer, PruneImages, Remover, Store, Usage};
use layerlab::trace::{Fuel, Limits};
use std::hint::black_box;
use std::sync::Arc;

const IMAGES: usize = 10_000;
const LAYERS: usize = 2_000;
const EACH: usize = 10;

fn layers() -> Vec<ImageLayer> {
    (0..LAYERS)
        .map(|n| ImageLayer {
            layer: Layer::empty(),
            diff_id: Digest::of(format!("layer {n}")),
            size: 1_000_000 + n as u64,
            label: format!("RUN step {n}").into(),
            tar: None,
        })
        .collect()
}

/// Image `n` of them. `tree`: its stack is a way from a base to a leaf of a tree of layers.
fn image(n: usize, layers: &[ImageLayer], tree: bool) -> Arc<Image> {
    let own: Vec<usize> = match tree {
        // Twenty bases, each with eleven branches of nine layers.
        true => {
            let (base, branch) = (n % 20, n / 20 % 11);
            (0..EACH).map(|at| if at == 0 { base } else { 20 + (base * 11 + branch) * 9 + at - 1 }).collect()
        }
        false => (0..EACH)
            .map(|at| match at {
                0 => n % 20,
                _ => (n / (1 << (EACH - at).min(8)) * 37 + at * 211) % LAYERS,
            })
            .collect(),
    };
    let config = Config { cmd: Some(vec![format!("run {n}")]), ..Config::default() };
    let layers = own.into_iter().map(|at| layers[at].clone()).collect();
    Arc::new(Image { config, layers, ..Image::default() }.sealed())
}

fn all(tree: bool) -> Vec<Arc<Image>> {
    let layers = layers();
    (0..IMAGES).map(|n| image(n, &layers, tree)).collect()
}

fn store(images: &[Arc<Image>]) -> Store {
    let mut store = Store::default();
    for (n, image) in images.iter().enumerate() {
        let id = store.share(image.clone());
        store.tag(&format!("localhost:5000/app{}:v{n}", n % 500), id);
    }
    store
}

fn blobs(image: &Image) -> Vec<Blob> {
    image.layers.iter().map(Blob::plain).collect()
}

const TO: Target<'_> = Target { repository: "localhost:5000/team/app", tag: "1", asks: true };

fn benches(c: &mut Criterion) {
    measured(c, "a tree of 2,000 layers", &all(true));
    measured(c, "2,000 contents in 53,000 stacks", &all(false));
}

fn measured(c: &mut Criterion, what: &str, images: &[Arc<Image>]) {
    let whole = store(images);
    let manifests: Vec<Vec<Blob>> = images.iter().map(|image| blobs(image)).collect();

    // Half of the images are in the repository, the others' layers were seen in another one.
    let (mut registry, mut origins) = (Registry::default(), Origins::default());
    let mut fuel = Fuel::new(Limits { operations: u64::MAX, bytes: u64::MAX, depth: 48 });
    for (n, image) in images.iter().enumerate() {
        let other = Target { repository: "localhost:5000/other/app", ..TO };
        let to = if n % 2 == 0 { TO } else { other };
        push(&mut registry, to, image, &mut origins, &mut fuel).unwrap();
    }
    c.bench_function(&format!("plan a push of 10,000 images: {what}"), |b| {
        b.iter(|| {
            for blobs in &manifests {
                black_box(plan_push(&registry, TO, blobs, &origins));
            }
        });
    });

    let half = store(&images[..IMAGES / 2]);
    let downloads = Downloads::default();
    c.bench_function(&format!("plan a pull of 10,000 images: {what}"), |b| {
        b.iter(|| {
            let mut here = Usage::of(&half, std::iter::empty(), &[]);
            for (image, blobs) in images.iter().zip(&manifests) {
                black_box(plan_pull(image, blobs, &mut here, &downloads));
            }
        });
    });

    c.bench_function(&format!("prune 10,000 images: {what}"), |b| {
        b.iter_batched(
            || whole.clone(),
            |mut store| {
                let mut usage = Usage::of(&store, std::iter::empty(), &[]);
                let mut remover = Remover::new(&store, &mut usage);
                let records = remover.prune(&PruneImages { all: true, ..PruneImages::default() });
                let done = remover.finish();
                store.take_away(&done);
                assert_eq!(store.images().count(), 0);
                black_box(records.len())
            },
            BatchSize::PerIteration,
        );
    });

    c.bench_function(&format!("prune 10,000 images, all but one in use: {what}"), |b| {
        // Every image is another's parent but the last: nothing can go, everything is looked at.
        let mut chained = Store::default();
        let mut parent = None;
        for image in images {
            let child = Image { parent, ..Image::clone(image) }.sealed();
            parent = Some(child.id);
            chained.share(Arc::new(child));
        }
        chained.tag("last", parent.unwrap());
        b.iter(|| {
            let mut usage = Usage::of(&chained, std::iter::empty(), &[]);
            let mut remover = Remover::new(&chained, &mut usage);
            black_box(remover.prune(&PruneImages::default()).len())
        });
    });

    // Not planning alone: every manifest is written and its digest computed.
    c.bench_function(&format!("push 10,000 images, manifests written: {what}"), |b| {
        b.iter_batched(
            || (registry.clone(), origins.clone(), fuel.clone()),
            |(mut registry, mut origins, mut fuel)| {
                for image in images {
                    black_box(push(&mut registry, TO, image, &mut origins, &mut fuel).unwrap());
                }
            },
            BatchSize::PerIteration,
        );
    });
    assert!(matches!(Manifest::image(&images[0], manifests[0].clone()).what, What::Image { .. }));
}

criterion_group! {
    name = registry;
    config = Criterion::default().sample_size(20);
    targets = benches
}
criterion_main!(registry);
