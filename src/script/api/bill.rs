//! `bill(…)` as a function, and a mount's account.

use super::objects::{ImageValue, lab, with};
use crate::fs::{Layer, Tree};
use crate::script::bill::{layers_of, standard};
use crate::script::core::Shared;
use crate::script::handle::{
    Answer, Files, Kind, LayerValue, OfContainer, OfMount, OfVolume, Place, refuse, thrown,
};
use crate::trace::{BillRow, Cost, Event};
use crate::union::{BILLED, Lower};
use rhai::{Array, Dynamic, Engine, FnPtr, INT, Map, NativeCallContext};

/// Registers both.
pub fn register(engine: &mut Engine, core: &Shared) {
    let shared = core.clone();
    engine.register_fn("bill", move |image: &str| {
        let layers = lab(&shared, |core| layers_of(core, image))?;
        answer(&shared, image, &layers)
    });
    let shared = core.clone();
    engine.register_fn("bill", move |image: ImageValue| {
        let layers: Vec<Layer> = image.layers();
        answer(&shared, "the image", &layers)
    });
    let shared = core.clone();
    engine.register_fn("bill", move |list: Array| answer(&shared, "these layers", &layers(&list)?));
    let shared = core.clone();
    engine.register_fn("bill", move |context: NativeCallContext, list: Array, script: FnPtr| {
        played(&context, &shared, &layers(&list)?, &script)
    });
    account::<OfMount>(engine);
    account::<OfContainer>(engine);
    account::<OfVolume>(engine);
}

fn account<K: Kind>(engine: &mut Engine) {
    engine.register_get("account", |m: &mut Files<K>| m.on(|mount, _| cost_map(&mount.account())));
}

fn layers(list: &Array) -> Answer<Vec<Layer>> {
    let layer = |value: &Dynamic| value.clone().try_cast::<LayerValue>().map(|layer| layer.0);
    list.iter()
        .map(layer)
        .collect::<Option<Vec<Layer>>>()
        .ok_or_else(|| refuse("bill takes an image or a list of layers, topmost first"))
}

fn answer(core: &Shared, name: &str, layers: &[Layer]) -> Answer<Array> {
    lab(core, |core| {
        let event = standard(core, name, layers)?;
        let rows = rows(&event);
        core.emit(event);
        Ok(rows)
    })
}

/// The same script on a fresh mount of every driver.
fn played(context: &NativeCallContext, core: &Shared, layers: &[Layer], script: &FnPtr) -> Answer<Array> {
    let mut row = BillRow { what: "the script".to_owned(), costs: Vec::new(), refused: Vec::new() };
    for driver in BILLED {
        let lowers = layers.iter().map(|layer| Lower { layer: layer.clone(), label: "".into() }).collect();
        let name = with(core, |core| {
            let mount = driver.mount(lowers, Tree::new(), &mut core.trace);
            let mount = mount.map_err(|errno| thrown("mount", "", errno))?;
            Ok(core.lab.keep_mount(mount))
        })?;
        let files = Files::<OfMount>::new(core, Place::Mount(name.clone()));
        let muted = with(core, |core| Ok(core.trace.mute(true)))?;
        let result = script.call_within_context::<Dynamic>(context, (files,));
        with(core, |core| Ok(core.trace.mute(muted)))?;
        let account = with(core, |core| {
            let mount = core.lab.mounts.shift_remove(&name);
            Ok(mount.map_or_else(Cost::default, |mount| mount.account()))
        })?;
        row.costs.push(account);
        row.refused.push(refusal(result)?);
    }
    let drivers = BILLED.iter().map(|driver| driver.name().to_owned()).collect();
    let event = Event::Bill { name: "the script".to_owned(), drivers, rows: vec![row] };
    let rows = rows(&event);
    lab(core, |core| {
        core.emit(event);
        Ok(())
    })?;
    Ok(rows)
}

/// A script may end with an errno that only some drivers give; any other error is the script's own.
fn refusal(result: Answer<Dynamic>) -> Answer<Option<String>> {
    let error = match result {
        Ok(_) => return Ok(None),
        Err(error) => error,
    };
    let errno = match error.unwrap_inner() {
        rhai::EvalAltResult::ErrorRuntime(value, _) => value
            .read_lock::<Map>()
            .and_then(|map| map.get("errno").and_then(|errno| errno.clone().into_string().ok())),
        _ => None,
    };
    errno.map(Some).ok_or(error)
}

/// `#{ what, overlay2: #{ … }, aufs: #{ … }, … }` for each row.
fn rows(event: &Event) -> Array {
    let Event::Bill { drivers, rows, .. } = event else { return Array::new() };
    let row = |row: &BillRow| {
        let mut map = Map::new();
        map.insert("what".into(), row.what.clone().into());
        for (driver, cost) in drivers.iter().zip(&row.costs) {
            map.insert(driver.as_str().into(), cost_map(cost).into());
        }
        Dynamic::from_map(map)
    };
    rows.iter().map(row).collect()
}

fn cost_map(cost: &Cost) -> Map {
    let numbers = [
        ("read", cost.read),
        ("written", cost.written),
        ("copied", cost.copied),
        ("stored", cost.stored()),
        ("inodes", cost.inodes),
        ("links", cost.links),
        ("lookups", cost.lookups),
        ("entries", cost.entries),
    ];
    numbers.into_iter().map(|(name, number)| (name.into(), (number as INT).into())).collect()
}
