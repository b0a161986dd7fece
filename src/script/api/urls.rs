//! `urls(#{ "https://…": … })`, `urls("file.json")`: what addresses answer.

use super::objects::{lab, with};
use super::packages::as_json;
use crate::error::{Error, ErrorKind};
use crate::script::core::{Core, Shared};
use crate::script::handle::Answer;
use crate::shell::{MOST_JSON, Urls};
use crate::trace::Event;
use rhai::{Array, Dynamic, Engine, Map};
use serde_json::Value;

/// Registers `urls`.
pub fn register(engine: &mut Engine, core: &Shared) {
    let shared = core.clone();
    engine.register_fn("urls", move |rows: Map| {
        lab(&shared, |core| {
            let rows = rows.iter().map(|(url, row)| (url.to_string(), as_json(row, 0)));
            let rows: serde_json::Map<String, Value> = rows.collect();
            let taught = core.lab.urls.taught("urls", &rows)?;
            replace(core, taught);
            Ok(())
        })
    });
    let shared = core.clone();
    engine.register_fn("urls", move |file: &str| {
        lab(&shared, |core| {
            if file.contains("://") {
                let message = format!("urls(\"{file}\") reads a file of that name");
                let hint = format!("urls(#{{ \"{file}\": \"text\" }}) says what the address answers");
                return Err(Error::new(ErrorKind::Usage, message).hint(hint));
            }
            let source = core
                .host
                .read(file, MOST_JSON)
                .map_err(|error| Error::new(ErrorKind::Host, error.to_string()))?;
            let taught = core.lab.urls.taught_by_file(file, &source)?;
            replace(core, taught);
            Ok(())
        })
    });
    let shared = core.clone();
    engine.register_fn("urls", move || -> Answer<Array> {
        with(&shared, |core| {
            let rows = core.lab.urls.list().map(|(url, answer)| {
                let row = [("url", url.to_owned()), ("answer", answer)];
                Dynamic::from_map(row.map(|(key, value)| (key.into(), value.into())).into_iter().collect())
            });
            Ok(rows.collect())
        })
    });
}

/// Puts the new table in place and tells what is new in it.
fn replace(core: &mut Core, taught: Urls) {
    let new: Vec<String> =
        taught.unlike(&core.lab.urls).map(|(url, answer)| format!("{url} answers {answer}")).collect();
    core.lab.urls = taught;
    let text = match &new[..] {
        [] => return,
        rows if rows.len() > 6 => format!("taught {} addresses", rows.len()),
        rows => rows.join("\n"),
    };
    core.emit(Event::Text { text });
}
