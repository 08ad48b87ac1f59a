//! A plant folder on disk, read as sources for the compiler.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use model::Source;

/// A plant of this project has a few hundred kilobytes of text; a hundred times that is a mistake.
const BYTES_MAX: u64 = 64 << 20;
const FILES_MAX: usize = 10_000;
const DEPTH_MAX: usize = 16;

mod shipped {
    include!(concat!(env!("OUT_DIR"), "/shipped_plants.rs"));
}

#[derive(Debug, thiserror::Error)]
pub enum PlantFilesError {
    #[error("no plant folder at {0}: give the folder that holds plant.toml")]
    Missing(PathBuf),
    #[error("cannot read {0}: {1}")]
    Read(PathBuf, std::io::Error),
    #[error("{0} is not UTF-8 text: save it as UTF-8")]
    NotText(PathBuf),
    #[error(
        "{0} holds more than {FILES_MAX} files or {BYTES_MAX} bytes of text: is this really a plant folder?"
    )]
    TooLarge(PathBuf),
}

/// Folders of a plant that belong to the simulator, not to the controller: they are not part of the plant's
/// hash, and a change in them changes nothing that is controlled.
const SIMULATED: [&str; 2] = ["field", "scenarios"];

/// All text of the refinery that ships inside the binary.
pub fn shipped_folder() -> Vec<Source> {
    shipped::REFINERY
        .iter()
        .map(|(path, text)| Source { path: (*path).to_owned(), text: (*text).to_owned() })
        .collect()
}

/// The part of it that is the controller's.
pub fn shipped_refinery() -> Vec<Source> {
    let of_simulator =
        |source: &Source| source.path.split_once('/').is_some_and(|(folder, _)| SIMULATED.contains(&folder));
    shipped_folder().into_iter().filter(|source| !of_simulator(source)).collect()
}

/// The controller's text: every `*.toml` and `*.phase` below `folder` but the simulator's, sorted by path.
pub fn read(folder: &Path) -> Result<Vec<Source>, PlantFilesError> {
    if !folder.join("plant.toml").is_file() {
        return Err(PlantFilesError::Missing(folder.to_owned()));
    }
    read_below(folder, folder)
}

/// The simulator's text about the field, `field/*.toml`; none when the plant has no such folder.
pub fn read_field(folder: &Path) -> Result<Vec<Source>, PlantFilesError> {
    let field = folder.join("field");
    if field.is_dir() { read_below(folder, &field) } else { Ok(Vec::new()) }
}

/// The same of the refinery that ships.
pub fn shipped_field() -> Vec<Source> {
    shipped_folder().into_iter().filter(|source| source.path.starts_with("field/")).collect()
}

/// What stands below `below`, named from `folder`.
fn read_below(folder: &Path, below: &Path) -> Result<Vec<Source>, PlantFilesError> {
    let mut paths = Vec::new();
    collect(folder, below, 0, &mut paths)?;
    paths.sort();
    let mut bytes = 0;
    let mut sources = Vec::with_capacity(paths.len());
    for path in paths {
        let content = fs::read(&path).map_err(|error| PlantFilesError::Read(path.clone(), error))?;
        bytes += content.len() as u64;
        if bytes > BYTES_MAX {
            return Err(PlantFilesError::TooLarge(folder.to_owned()));
        }
        let text = String::from_utf8(content).map_err(|_| PlantFilesError::NotText(path.clone()))?;
        let name = path.strip_prefix(folder).unwrap_or(&path).to_string_lossy().replace('\\', "/");
        sources.push(Source { path: name, text });
    }
    Ok(sources)
}

/// Path, size and time of every file that [`read`] would read: it differs when one of them has changed.
pub fn stamp(folder: &Path) -> Vec<(PathBuf, u64, Option<SystemTime>)> {
    let mut paths = Vec::new();
    // What cannot be listed now is reported by whoever reads it.
    let _ = collect(folder, folder, 0, &mut paths);
    paths.sort();
    let stamp = |path: PathBuf| {
        let (bytes, time) = fs::metadata(&path).map_or((0, None), |meta| (meta.len(), meta.modified().ok()));
        (path, bytes, time)
    };
    paths.into_iter().map(stamp).collect()
}

fn collect(
    root: &Path,
    folder: &Path,
    depth: usize,
    paths: &mut Vec<PathBuf>,
) -> Result<(), PlantFilesError> {
    let unreadable = |error| PlantFilesError::Read(folder.to_owned(), error);
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.starts_with('.') || (folder == root && SIMULATED.contains(&name.as_str())) {
            continue;
        }
        if path.is_dir() && depth < DEPTH_MAX {
            collect(root, &path, depth + 1, paths)?;
        } else if name.ends_with(".toml") || name.ends_with(".phase") {
            paths.push(path);
        }
        if paths.len() > FILES_MAX {
            return Err(PlantFilesError::TooLarge(root.to_owned()));
        }
    }
    Ok(())
}

/// Writes sources as a folder, so that a person can read and change what runs.
pub fn write(folder: &Path, sources: &[Source]) -> std::io::Result<()> {
    for source in sources {
        let path = folder.join(&source.path);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(path, &source.text)?;
    }
    Ok(())
}
