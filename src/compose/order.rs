//! In which order services start: what one waits for comes before it (compose-go `graph/`).

use super::project::Service;
use crate::error::{Error, ErrorKind};
use indexmap::IndexMap;

/// Every dependency of a service exists; one that its profiles switch off must not be required.
///
/// # Errors
/// Compose's words, at the place of the dependency.
pub fn exist(
    name: &str,
    service: &Service,
    services: &IndexMap<String, Service>,
    disabled: &[String],
) -> Result<(), Error> {
    for (other, dependency) in &service.depends_on {
        let is_off = disabled.contains(other);
        if services.contains_key(other) || (is_off && !dependency.required) {
            continue;
        }
        let message =
            format!("service {name:?} depends on undefined service {other:?}: invalid compose project");
        let error = Error::new(ErrorKind::Usage, message).at(dependency.at.span(other.chars().count()));
        let known = || services.keys().map(String::as_str);
        return Err(match crate::error::suggest(other, known()) {
            _ if is_off => error.hint("its profiles are off: --profile switches one on"),
            Some(_) => error.did_you_mean(other, known()),
            None => error.hint(format!("there are {}", known().collect::<Vec<_>>().join(", "))),
        });
    }
    Ok(())
}

/// No service waits for itself in a circle.
///
/// # Errors
/// Compose's words, at the place of the dependency.
pub fn without_circle(services: &IndexMap<String, Service>) -> Result<(), Error> {
    let (mut done, mut order) = (IndexMap::new(), Vec::new());
    for name in services.keys() {
        visit(name, services, &mut done, &mut order)?;
    }
    Ok(())
}

/// All services, each behind those that it waits for.
pub fn of(services: &IndexMap<String, Service>) -> Vec<String> {
    let (mut done, mut order) = (IndexMap::new(), Vec::new());
    for name in services.keys() {
        // A circle was refused as the files were read.
        let _ = visit(name, services, &mut done, &mut order);
    }
    order
}

/// Is a service on the way (false) or placed (true)?
type Done = IndexMap<String, bool>;

fn visit(
    first: &str,
    services: &IndexMap<String, Service>,
    done: &mut Done,
    order: &mut Vec<String>,
) -> Result<(), Error> {
    // No recursion: a file may have a long chain.
    let mut way: Vec<(String, usize)> = vec![(first.to_owned(), 0)];
    while let Some((name, next)) = way.last().cloned() {
        if done.get(&name) == Some(&true) {
            way.pop();
            continue;
        }
        done.insert(name.clone(), false);
        let mut others: Vec<&String> =
            services.get(&name).map(|service| service.depends_on.keys().collect()).unwrap_or_default();
        others.sort();
        let Some(other) = others.get(next) else {
            done.insert(name.clone(), true);
            if services.contains_key(&name) {
                order.push(name);
            }
            way.pop();
            continue;
        };
        if let Some(last) = way.last_mut() {
            last.1 += 1;
        }
        if done.get(*other) == Some(&false) {
            let start = way.iter().position(|(on, _)| on == *other).unwrap_or(0);
            let circle: Vec<&str> = way.iter().skip(start).map(|(on, _)| on.as_str()).collect();
            let message = format!("dependency cycle detected: {} -> {other}", circle.join(" -> "));
            let error = Error::new(ErrorKind::Usage, message);
            let place = services.get(&name).and_then(|service| service.depends_on.get(*other));
            return Err(match place {
                Some(dependency) => error.at(dependency.at.span(other.chars().count())),
                None => error,
            });
        }
        way.push(((*other).clone(), 0));
    }
    Ok(())
}
