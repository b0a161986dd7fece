//! Several files: what a later one says of a service lies over what the earlier ones said (compose-go
//! `override/merge.go`).

use super::project::Service;
use indexmap::IndexMap;

/// Adds what a file says of a service.
pub fn add(services: &mut IndexMap<String, Service>, name: &str, later: Service) {
    let service = services.entry(name.to_owned()).or_insert_with(|| Service::new(later.at.clone()));
    // A single value takes the place of the earlier one, as do the words of a command.
    fn over<T>(earlier: &mut Option<T>, later: Option<T>) {
        if later.is_some() {
            *earlier = later;
        }
    }
    /// In a list the later of two with the same name counts, in the place of the earlier (compose-go
    /// `override/uncity.go`); so it is within one file too.
    fn join(earlier: &mut Vec<String>, later: Vec<String>) {
        let name = |item: &str| item.split('=').next().map(str::to_owned);
        for item in later {
            match earlier.iter_mut().find(|known| name(known) == name(&item)) {
                Some(known) => *known = item,
                None => earlier.push(item),
            }
        }
    }
    over(&mut service.image, later.image);
    over(&mut service.command, later.command);
    over(&mut service.entrypoint, later.entrypoint);
    over(&mut service.read_only, later.read_only);
    over(&mut service.user, later.user);
    over(&mut service.working_dir, later.working_dir);
    over(&mut service.container_name, later.container_name);
    service.environment.extend(later.environment);
    service.labels.extend(later.labels);
    service.depends_on.extend(later.depends_on);
    service.env_files.extend(later.env_files);
    join(&mut service.tmpfs, later.tmpfs);
    join(&mut service.profiles, later.profiles);
    for mount in later.mounts {
        match service.mounts.iter_mut().find(|known| known.request.target == mount.request.target) {
            Some(known) => *known = mount,
            None => service.mounts.push(mount),
        }
    }
    match (&mut service.build, later.build) {
        (Some(build), Some(later)) => {
            over(&mut build.context, later.context);
            over(&mut build.dockerfile, later.dockerfile);
            over(&mut build.inline, later.inline);
            over(&mut build.target, later.target);
            build.args.extend(later.args);
            build.labels.extend(later.labels);
            build.no_cache |= later.no_cache;
        }
        (build, later) => over(build, later),
    }
}
