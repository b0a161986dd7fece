//! `host("ci")` and `registry("localhost:5000")`.

use super::super::core::Shared;
use super::objects::{ImageValue, answer_map, lab, run_at};
use crate::error::{Error, ErrorKind};
use crate::image::reference::Reference;
use rhai::{Array, Dynamic, Engine, EvalAltResult, INT, Map, NativeCallContext};

/// A Docker host: a name into the lab.
#[derive(Clone)]
pub struct HostValue {
    name: String,
    core: Shared,
}

/// A registry: a name into the lab.
#[derive(Clone)]
pub struct RegistryValue {
    domain: String,
    core: Shared,
}

type Answer<T> = Result<T, Box<EvalAltResult>>;

/// Registers both.
pub fn register(engine: &mut Engine, core: &Shared) {
    engine.register_type_with_name::<HostValue>("Host");
    let shared = core.clone();
    engine.register_fn("host", move |name: &str| -> Answer<HostValue> {
        // Going there makes it.
        lab(&shared, |core| {
            let before = core.lab.go_to(name)?;
            core.lab.go_to(&before).map(drop)
        })?;
        Ok(HostValue { name: name.to_owned(), core: shared.clone() })
    });
    engine.register_get("name", |host: &mut HostValue| host.name.clone());
    engine.register_fn(
        "docker",
        |context: NativeCallContext, host: &mut HostValue, line: &str| -> Answer<Map> {
            run_at(&context, &host.core, &format!("docker -H {} {line}", host.name))
                .map(|answer| answer_map(&answer))
        },
    );
    engine.register_fn("image", |host: &mut HostValue, name: &str| -> Answer<ImageValue> {
        lab(&host.core, |core| {
            let before = core.lab.go_to(&host.name)?;
            let found = core.lab.image(name);
            core.lab.go_to(&before)?;
            found.map(ImageValue)
        })
    });
    engine.register_fn("to_string", |host: &mut HostValue| described(host));
    engine.register_fn("to_debug", |host: &mut HostValue| described(host));

    engine.register_type_with_name::<RegistryValue>("Registry");
    let shared = core.clone();
    engine.register_fn("registry", move |name: &str| -> Answer<RegistryValue> {
        let domain = lab(&shared, |_| match Reference::parse(&format!("{name}/x")) {
            Ok(reference) if reference.path == "x" || reference.path == "library/x" => Ok(reference.domain),
            _ => Err(Error::new(ErrorKind::Usage, format!("`{name}` is no registry"))
                .hint("registry(\"localhost:5000\"), or registry(\"docker.io\")")),
        })?;
        Ok(RegistryValue { domain, core: shared.clone() })
    });
    engine.register_fn("cut_after", |registry: &mut RegistryValue, bytes: INT| -> Answer<()> {
        lab(&registry.core, |core| {
            let bytes = u64::try_from(bytes).map_err(|_| {
                Error::new(ErrorKind::Usage, format!("{bytes} is no number of bytes"))
                    .hint("cut_after(1_000_000)")
            })?;
            core.lab.registry_mut().cut_after(&registry.domain, bytes);
            Ok(())
        })
    });
    engine.register_get("repositories", |registry: &mut RegistryValue| -> Answer<Array> {
        lab(&registry.core, |core| {
            let before = format!("{}/", registry.domain);
            let names = core.lab.registry.repositories().filter_map(|(name, _)| name.strip_prefix(&before));
            Ok(names.map(|name| Dynamic::from(name.to_owned())).collect())
        })
    });
    engine.register_fn("tags", |registry: &mut RegistryValue, name: &str| -> Answer<Array> {
        lab(&registry.core, |core| {
            let reference = Reference::parse(&format!("{}/{name}", registry.domain));
            let reference = reference.map_err(|words| Error::new(ErrorKind::Usage, words))?;
            Ok(core.lab.registry.tags(&reference).map(Dynamic::from).collect())
        })
    });
    engine.register_get("bytes", |registry: &mut RegistryValue| -> Answer<INT> {
        lab(&registry.core, |core| {
            Ok(INT::try_from(core.lab.registry.bytes(&registry.domain)).unwrap_or(INT::MAX))
        })
    });
    engine.register_fn("to_string", |registry: &mut RegistryValue| format!("Registry {}", registry.domain));
    engine.register_fn("to_debug", |registry: &mut RegistryValue| format!("Registry {}", registry.domain));
}

fn described(host: &HostValue) -> String {
    format!("Host {}   try docker -H {} images", host.name, host.name)
}
