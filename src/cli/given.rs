//! A real folder and its Dockerfile, as every command that looks at builds is given them.

use super::{DiskHost, unreadable};
use crate::build::{Catalog, Context, Limits, MOST_SECRET, Request, SecretSource, Secrets, agent, secret};
use crate::dockerfile::Version;
use crate::error::{Error, ErrorKind};
use crate::fs::{Contents, Host};
use crate::shell::{MOST_JSON, Packages, Urls};
use clap::Args;
use std::path::{Path, PathBuf};

/// Bytes of a Dockerfile, at most.
pub(super) const MOST_DOCKERFILE: u64 = crate::dockerfile::MAX_SIZE as u64;

/// What all of them take.
#[derive(Debug, Args)]
pub(super) struct Given {
    /// The Dockerfile [default: DIR/Dockerfile]; `-` reads standard input
    #[arg(short, long, value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// Set an ARG; without a value it is taken from the environment
    #[arg(long, value_name = "K[=V]")]
    build_arg: Vec<String>,
    /// The stage that is wanted, and those that it needs
    #[arg(long, value_name = "STAGE")]
    target: Option<String>,
    /// Which Docker: current or 20.10
    #[arg(long, value_name = "VERSION", value_parser = version, default_value = "current")]
    docker_version: Version,
    /// Take the known base KNOWN where a FROM says NAME
    #[arg(long, value_name = "NAME=KNOWN")]
    base: Vec<String>,
    /// Look nothing up in these stages
    #[arg(long, value_name = "STAGES", value_delimiter = ',')]
    no_cache_filter: Vec<String>,
    /// Let RUN --mount=type=secret see a file or an environment variable
    #[arg(long, value_name = "id=NAME[,src=FILE]")]
    secret: Vec<String>,
    /// Let RUN --mount=type=ssh find an agent
    #[arg(long, value_name = "ID")]
    ssh: Vec<String>,
    /// Add the packages of this JSON file to the package managers' tables
    #[arg(long, value_name = "FILE")]
    packages: Vec<PathBuf>,
    /// Let the addresses of this JSON file answer curl, wget, git clone and ADD
    #[arg(long, value_name = "FILE")]
    urls: Vec<PathBuf>,
}

impl Given {
    /// The build of `folder` as it would be asked for.
    ///
    /// # Errors
    /// What can't be read, or a flag's value that says nothing.
    pub fn request(&self, folder: &Path) -> Result<Request, Error> {
        self.request_of(folder, self.file.as_deref())
    }

    /// [`Given::request`] with this Dockerfile.
    ///
    /// # Errors
    /// As there.
    pub fn request_of(&self, folder: &Path, file: Option<&Path>) -> Result<Request, Error> {
        let host = DiskHost::below(folder).map_err(|error| unreadable(&error))?;
        let (dockerfile_path, dockerfile) = dockerfile(file, &host)?;
        let name = host.base().file_name().map_or("/".into(), |name| name.to_string_lossy().into_owned());
        let mut request = Request {
            dockerfile_path,
            dockerfile,
            context: Context::from_host(&host, ".", Limits::default())?,
            context_name: name,
            target: self.target.clone(),
            no_cache_filter: self.no_cache_filter.clone(),
            secrets: secrets(&self.secret, &self.ssh)?,
            version: self.docker_version,
            packages: packages(&self.packages)?,
            urls: urls(&self.urls)?,
            catalog: Catalog(crate::image::catalog::image),
            ..Request::default()
        };
        for given in &self.build_arg {
            match given.split_once('=') {
                Some((name, value)) => drop(request.args.insert(name.to_owned(), value.to_owned())),
                None => {
                    if let Ok(value) = std::env::var(given) {
                        request.args.insert(given.clone(), value);
                    }
                }
            }
        }
        for given in &self.base {
            let (name, known) = base(given)?;
            request.base_map.insert(name, known);
        }
        Ok(request)
    }
}

fn version(word: &str) -> Result<Version, String> {
    Version::from_word(word).ok_or_else(|| "versions are current and 20.10".to_owned())
}

/// `NAME=KNOWN`, KNOWN being one of the built-in bases.
fn base(given: &str) -> Result<(String, String), Error> {
    let usage = || Error::new(ErrorKind::Usage, format!("`--base {given}` is not of the form NAME=KNOWN"));
    let (name, known) = given
        .split_once('=')
        .filter(|(name, known)| !name.is_empty() && !known.is_empty())
        .ok_or_else(|| usage().hint("for example --base registry.local/app:1=alpine:3.19"))?;
    if known != "scratch" && crate::image::catalog::image(known).is_none() {
        let list: Vec<&str> = crate::image::catalog::known().collect();
        return Err(Error::new(ErrorKind::Usage, format!("`{known}` is not a base that the lab knows"))
            .did_you_mean(known, list.iter().copied())
            .hint(format!("known are {}", list.join(", "))));
    }
    Ok((name.to_owned(), known.to_owned()))
}

/// The packages of every `--packages FILE`; later files replace what earlier ones said.
fn packages(files: &[PathBuf]) -> Result<Packages, Error> {
    files.iter().try_fold(Packages::default(), |taught, file| {
        taught.taught_by_file(&file.display().to_string(), &table(file)?)
    })
}

/// The addresses of every `--urls FILE`, likewise.
fn urls(files: &[PathBuf]) -> Result<Urls, Error> {
    files.iter().try_fold(Urls::default(), |taught, file| {
        taught.taught_by_file(&file.display().to_string(), &table(file)?)
    })
}

/// Every `--secret` and `--ssh`.
fn secrets(given: &[String], agents: &[String]) -> Result<Secrets, Error> {
    let mut secrets = Secrets::default();
    for word in given {
        let refused = |why: String| {
            Error::new(ErrorKind::Usage, format!("could not parse secrets: [{word}]: {why}"))
                .hint("for example --secret id=token,src=token.txt, or --secret id=token,env=TOKEN")
        };
        let is_set = |name: &str| std::env::var_os(name).is_some();
        let (id, source) = secret(word, &is_set).map_err(refused)?;
        let value = match source {
            SecretSource::Variable(name) => std::env::var(name).unwrap_or_default().into_bytes(),
            SecretSource::File(file) => {
                let shown = file.clone();
                let (host, name) = DiskHost::beside(Path::new(&file)).map_err(|error| unreadable(&error))?;
                host.read(&name, MOST_SECRET).map_err(|mut error| {
                    error.path = shown;
                    unreadable(&error)
                })?
            }
        };
        secrets.values.insert(id, Contents::bytes(value));
    }
    secrets.agents = agents.iter().map(|word| agent(word)).collect();
    Ok(secrets)
}

fn table(file: &Path) -> Result<Vec<u8>, Error> {
    let (host, name) = DiskHost::beside(file).map_err(|error| unreadable(&error))?;
    host.read(&name, MOST_JSON).map_err(|mut error| {
        error.path = file.display().to_string();
        unreadable(&error)
    })
}

/// Where the Dockerfile is in the context, and its bytes when it is elsewhere.
fn dockerfile(file: Option<&Path>, context: &DiskHost) -> Result<(String, Option<Vec<u8>>), Error> {
    let Some(file) = file else { return Ok((String::new(), None)) };
    if file.as_os_str() == "-" {
        return Ok((String::new(), Some(standard_input()?)));
    }
    let (host, name) = DiskHost::beside(file).map_err(|error| unreadable(&error))?;
    let inside = host.base().strip_prefix(context.base()).ok().map(|folder| folder.join(&name));
    let bytes = host.read(&name, MOST_DOCKERFILE).map_err(|mut error| {
        error.path = file.display().to_string();
        unreadable(&error)
    })?;
    match inside {
        Some(path) => Ok((path.to_string_lossy().into_owned(), None)),
        None => Ok((name, Some(bytes))),
    }
}

pub(super) fn standard_input() -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    let read = std::io::Read::read_to_end(
        &mut std::io::Read::take(std::io::stdin(), MOST_DOCKERFILE + 1),
        &mut bytes,
    );
    match read {
        Ok(_) if bytes.len() as u64 <= MOST_DOCKERFILE => Ok(bytes),
        Ok(_) => {
            Err(Error::new(ErrorKind::Host, format!("standard input: more than {MOST_DOCKERFILE} bytes")))
        }
        Err(error) => Err(Error::new(ErrorKind::Host, format!("standard input: {error}"))),
    }
}
