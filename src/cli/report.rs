//! `layerlab report IMAGE|ARCHIVE|DIR -o report.html`: an image as one HTML file.

use super::dive;
use super::given::Given;
use super::screen::{self, Colour};
use super::why::interruptible;
use crate::build;
use crate::command::dive::Subject;
use crate::error::{Error, ErrorKind};
use crate::image::Store;
use crate::inspect::{build_stages, history_steps};
use crate::shell::NoPrograms;
use clap::Args;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Write an image's layers, tree map and waste as one HTML file
///
/// Of a folder with a Dockerfile it builds the image first, and draws the build too.
#[derive(Debug, Args)]
pub(super) struct Report {
    /// An archive or OCI layout, a folder with a Dockerfile, or a built-in image
    #[arg(value_name = "IMAGE|ARCHIVE|DIR")]
    of: PathBuf,
    /// The file to write (`-`: standard output)
    #[arg(short, long, value_name = "FILE.html", default_value = "report.html")]
    output: PathBuf,
    #[command(flatten)]
    given: Given,
    /// Unpack at most this much
    #[arg(long, value_name = "BYTES", default_value_t = 2 << 30)]
    limit: u64,
}

/// Writes it. The exit code.
pub(super) fn report(order: &Report, colour: Colour) -> u8 {
    write(order).unwrap_or_else(|error| {
        screen::complain(&error, colour);
        dive::refused(&error)
    })
}

fn write(order: &Report) -> Result<u8, Error> {
    let (subject, store, built) = looked_at(order)?;
    let steps = history_steps(&store, &built, &subject.image);
    let stages = built.first().map(|build| build_stages(build)).unwrap_or_default();
    let page = crate::report::of(&subject, &steps, &stages);
    let code = dive::give(Some(&order.output), &page)?;
    if order.output.as_os_str() != "-" {
        screen::note(&format!("{} written\n", order.output.display()));
    }
    Ok(code)
}

fn looked_at(order: &Report) -> Result<(Subject, Store, Vec<Arc<build::Build>>), Error> {
    // A folder that holds an image's files is no project.
    let is_image = ["oci-layout", "manifest.json"].iter().any(|name| order.of.join(name).is_file());
    if order.of.is_dir() && !(is_image && order.given.file.is_none() && !order.of.join("Dockerfile").exists())
    {
        return of_folder(order);
    }
    Ok((dive::subject(&order.of, order.limit, true)?, Store::default(), Vec::new()))
}

/// Builds a folder's image, in silence.
fn of_folder(order: &Report) -> Result<(Subject, Store, Vec<Arc<build::Build>>), Error> {
    let request = order.given.request(Path::new(&order.of))?;
    let (mut images, mut cache, mut trace) = (Store::default(), build::Cache::default(), interruptible());
    let built = build::build(&mut images, &mut cache, &request, &mut NoPrograms, &mut trace);
    let image = match (&built.result, &built.image) {
        (Ok(_), Some(image)) => image.clone(),
        (Err(failure), _) => {
            let told = failure.plain.as_ref().unwrap_or(&failure.message);
            return Err(Error::new(ErrorKind::Unknown, format!("the build failed: {told}"))
                .hint("layerlab build DIR tells more"));
        }
        _ => return Err(Error::new(ErrorKind::Unknown, "the build made no image")),
    };
    let built = vec![Arc::new(built)];
    let subject = Subject::image(&request.context_name, image, &images, &built);
    Ok((subject, images, built))
}
