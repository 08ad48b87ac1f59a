//! A plant folder on disk, and those that it includes, read as sources for the compiler.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use control::compile::{INCLUDE_DEPTH, Include};
use model::{Diagnostic, Label, Severity, Source};

/// A plant of this project has a few hundred kilobytes of text; a hundred times that is a mistake.
const BYTES_MAX: u64 = 64 << 20;
const FILES_MAX: usize = 10_000;
const DEPTH_MAX: usize = 16;
/// The file that makes a folder a plant.
const HEAD: &str = "plant.toml";

mod shipped {
    include!(concat!(env!("OUT_DIR"), "/shipped_plants.rs"));
}

#[derive(Debug, thiserror::Error)]
pub enum PlantFilesError {
    #[error("no plant folder at {0}: give the folder that holds plant.toml")]
    Missing(PathBuf),
    #[error("cannot read {0}: {1}")]
    Read(PathBuf, std::io::Error),
    #[error(
        "{0} is no file but a pipe, a device or a link that leads nowhere: remove it from the plant folder"
    )]
    NoFile(PathBuf),
    #[error("{0} would be left out: rename it to end in .toml or .phase, in small letters, or move it away")]
    WrongLetters(PathBuf),
    #[error("{0} would be left out: it lies more than {DEPTH_MAX} folders deep; move it up, or away")]
    TooDeep(PathBuf),
    #[error("{0} is not UTF-8 text: save it as UTF-8")]
    NotText(PathBuf),
    #[error(
        "{0} holds more than {FILES_MAX} files or {BYTES_MAX} bytes of text: is this really a plant folder?"
    )]
    TooLarge(PathBuf),
}

/// All text of the refinery that ships inside the binary.
pub fn shipped_folder() -> Vec<Source> {
    shipped::REFINERY
        .iter()
        .map(|(path, text)| Source { path: (*path).to_owned(), text: (*text).to_owned() })
        .collect()
}

/// The part of it that is the controller's.
pub fn shipped_refinery() -> Vec<Source> {
    shipped_folder().into_iter().filter(|source| !source.is_simulated()).collect()
}

/// The simulator's text about the field, `field/*.toml`, of a plant and of all that it includes; none where
/// there is no such folder.
pub fn read_field(folder: &Path) -> Result<Vec<Source>, PlantFilesError> {
    let mut texts = Texts::default();
    texts.read(folder, field_files(folder)?)?;
    Ok(texts.sources())
}

fn field_files(folder: &Path) -> Result<Vec<(PathBuf, String)>, PlantFilesError> {
    let mut files = Vec::new();
    for (place, name) in Folders::of(folder).found {
        let field = place.join("field");
        if field.is_dir() {
            let mut paths = Vec::new();
            collect(&place, &field, 0, &mut paths)?;
            files.extend(named(paths, &place, &name));
        }
    }
    Ok(files)
}

/// The same of the refinery that ships.
pub fn shipped_field() -> Vec<Source> {
    shipped_folder().into_iter().filter(|source| source.path.starts_with("field/")).collect()
}

/// The scenarios of a plant, `scenarios/*.toml`; those of what it includes are for what it includes.
pub fn read_scenarios(folder: &Path) -> Result<Vec<Source>, PlantFilesError> {
    let mut texts = Texts::default();
    texts.read(folder, scenario_files(folder)?)?;
    Ok(texts.sources())
}

fn scenario_files(folder: &Path) -> Result<Vec<(PathBuf, String)>, PlantFilesError> {
    let mut paths = Vec::new();
    let scenarios = folder.join("scenarios");
    if scenarios.is_dir() {
        collect(folder, &scenarios, 0, &mut paths)?;
    }
    Ok(named(paths, folder, ""))
}

/// The same of the refinery that ships.
pub fn shipped_scenarios() -> Vec<Source> {
    shipped_folder().into_iter().filter(|source| source.path.starts_with("scenarios/")).collect()
}

/// The text of a plant and of all that it includes, and what only a disk can say against it.
#[derive(Debug)]
pub struct PlantText {
    /// Sorted by path; those of included plants are named from the plant's folder: `../refinery/io.toml`.
    pub sources: Vec<Source>,
    /// Mistakes that are found where folders are read; with one of them there is nothing to compile.
    pub findings: Vec<Diagnostic>,
}

/// Every `*.toml` and `*.phase` below `folder` and below the folders that it includes, sorted by path;
/// `scenarios/` belongs to the simulator.
pub fn read(folder: &Path) -> Result<PlantText, PlantFilesError> {
    if !folder.join(HEAD).is_file() {
        return Err(PlantFilesError::Missing(folder.to_owned()));
    }
    let folders = Folders::of(folder);
    let mut texts = Texts::default();
    for (place, name) in &folders.found {
        texts.read(folder, folders.files(place, name)?)?;
    }
    let sources = texts.sources();
    let findings = folders.against.iter().filter_map(|against| against.diagnostic(&sources)).collect();
    Ok(PlantText { sources, findings })
}

/// Texts by name, bounded together.
#[derive(Default)]
struct Texts {
    by_name: BTreeMap<String, String>,
    bytes: u64,
}

impl Texts {
    fn read(&mut self, root: &Path, files: Vec<(PathBuf, String)>) -> Result<(), PlantFilesError> {
        for (path, name) in files {
            let content = fs::read(&path).map_err(|error| PlantFilesError::Read(path.clone(), error))?;
            self.bytes += content.len() as u64;
            if self.bytes > BYTES_MAX || self.by_name.len() >= FILES_MAX {
                return Err(PlantFilesError::TooLarge(root.to_owned()));
            }
            let text = String::from_utf8(content).map_err(|_| PlantFilesError::NotText(path))?;
            self.by_name.insert(name, text);
        }
        Ok(())
    }

    fn sources(self) -> Vec<Source> {
        self.by_name.into_iter().map(|(path, text)| Source { path, text }).collect()
    }
}

/// Path, size and time of every file that [`read`], [`read_scenarios`] and [`read_field`] would read: it differs when one of them has changed.
pub fn stamp(folder: &Path) -> Vec<(PathBuf, u64, Option<SystemTime>)> {
    // What cannot be listed now is reported by whoever reads it.
    let folders = Folders::of(folder);
    let listed = |(place, name): &(PathBuf, String)| folders.files(place, name).unwrap_or_default();
    let mut paths: Vec<PathBuf> = folders.found.iter().flat_map(listed).map(|(path, _)| path).collect();
    paths.extend(scenario_files(folder).unwrap_or_default().into_iter().map(|(path, _)| path));
    paths.extend(field_files(folder).unwrap_or_default().into_iter().map(|(path, _)| path));
    paths.sort();
    let stamp = |path: PathBuf| {
        let (bytes, time) = fs::metadata(&path).map_or((0, None), |meta| (meta.len(), meta.modified().ok()));
        (path, bytes, time)
    };
    paths.into_iter().map(stamp).collect()
}

/// The folders of a plant and of all that it includes. An include that leads to no plant is left to the
/// compiler, which knows where it stands.
#[derive(Default)]
struct Folders {
    /// Where each is, and its name as seen from the first.
    found: Vec<(PathBuf, String)>,
    /// Free of links, by name.
    real: Vec<(PathBuf, String)>,
    /// Those that are being followed, free of links.
    open: Vec<PathBuf>,
    against: Vec<Against>,
}

/// An include that cannot be followed.
struct Against {
    head: String,
    span: std::ops::Range<usize>,
    code: &'static str,
    message: String,
    label: &'static str,
    help: &'static str,
}

impl Against {
    fn diagnostic(&self, sources: &[Source]) -> Option<Diagnostic> {
        let source = sources.iter().position(|source| source.path == self.head)?;
        Some(Diagnostic {
            severity: Severity::Error,
            code: self.code,
            message: self.message.clone(),
            primary: Some(Label { source, span: self.span.clone(), text: self.label.to_owned() }),
            related: Vec::new(),
            help: self.help.to_owned(),
        })
    }
}

impl Folders {
    fn of(root: &Path) -> Self {
        let mut folders = Self::default();
        folders.follow(root, root, "");
        folders
    }

    /// The files of one of the folders, without those of a plant that is included from inside of it.
    fn files(&self, folder: &Path, name: &str) -> Result<Vec<(PathBuf, String)>, PlantFilesError> {
        let mut paths = Vec::new();
        collect(folder, folder, 0, &mut paths)?;
        let inside = |path: &PathBuf| {
            let inner = |(other, _): &(PathBuf, String)| other.starts_with(folder) && path.starts_with(other);
            self.found.iter().any(|found| found.0 != folder && inner(found))
        };
        paths.retain(|path| !inside(path));
        Ok(named(paths, folder, name))
    }

    fn follow(&mut self, root: &Path, folder: &Path, name: &str) {
        self.found.push((folder.to_owned(), name.to_owned()));
        let Ok(real) = fs::canonicalize(folder) else { return };
        self.real.push((real.clone(), name.to_owned()));
        // A file that is no text has no includes; whoever reads it says so.
        let text = fs::read_to_string(folder.join(HEAD)).unwrap_or_default();
        let head = Source { path: joined(name, HEAD), text };
        self.open.push(real);
        for include in control::compile::includes(&head) {
            let there = root.join(&include.folder);
            if self.open.len() <= INCLUDE_DEPTH && there.join(HEAD).is_file() {
                self.include(root, &there, &include, &head);
            }
        }
        self.open.pop();
    }

    fn include(&mut self, root: &Path, there: &Path, include: &Include, head: &Source) {
        let against = |code, message, label, help| Against {
            head: head.path.clone(),
            span: include.span.clone(),
            code,
            message,
            label,
            help,
        };
        let real = match fs::canonicalize(there) {
            Ok(real) => real,
            Err(error) => {
                let message = format!("{} cannot be read: {error}", there.display());
                let help = "make the folder readable for whoever runs this";
                return self.against.push(against("include-unreadable", message, "included here", help));
            }
        };
        if self.open.iter().any(|open| open.starts_with(&real)) {
            let message = format!("\"{}\" includes itself", include.folder);
            let label = "that folder is, or holds, a plant on the way to here";
            let help = "remove one of the includes of the circle";
            return self.against.push(against("include-cycle", message, label, help));
        }
        match self.real.iter().find(|(known, _)| *known == real) {
            None => self.follow(root, there, &include.folder),
            Some((_, name)) if *name == include.folder => {}
            Some((_, name)) => {
                let message = format!("\"{}\" is included as \"{name}\" already", include.folder);
                let help = "lead both includes there by the same way, without links";
                self.against.push(against("include-twice", message, "the same folder", help));
            }
        }
    }
}

/// The files of a folder, each with its name as seen from the first.
fn named(paths: Vec<PathBuf>, folder: &Path, name: &str) -> Vec<(PathBuf, String)> {
    let named = |path: PathBuf| {
        let below = path.strip_prefix(folder).unwrap_or(&path).to_string_lossy().replace('\\', "/");
        (path, joined(name, &below))
    };
    paths.into_iter().map(named).collect()
}

fn joined(folder: &str, below: &str) -> String {
    if folder.is_empty() { below.to_owned() } else { format!("{folder}/{below}") }
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
        if name.starts_with('.') || (folder == root && Source::SIMULATED.contains(&name.as_str())) {
            continue;
        }
        let small = name.to_ascii_lowercase();
        if path.is_dir() {
            if depth >= DEPTH_MAX {
                return Err(PlantFilesError::TooDeep(path));
            }
            collect(root, &path, depth + 1, paths)?;
        } else if small != name && (small.ends_with(".toml") || small.ends_with(".phase")) && !is_text(&name)
        {
            return Err(PlantFilesError::WrongLetters(path));
        } else if is_text(&name) {
            // Reading a pipe waits for ever.
            if !path.is_file() {
                return Err(PlantFilesError::NoFile(path));
            }
            paths.push(path);
        }
        if paths.len() > FILES_MAX {
            return Err(PlantFilesError::TooLarge(root.to_owned()));
        }
    }
    Ok(())
}

fn is_text(name: &str) -> bool {
    name.ends_with(".toml") || name.ends_with(".phase")
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

#[cfg(test)]
mod tests {
    use super::{read, stamp};
    use std::fs;
    use std::path::Path;

    fn put(root: &Path, path: &str, text: &str) {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn head(name: &str, includes: &[&str]) -> String {
        let mut text = format!("[plant]\nname = \"{name}\"\n");
        for (index, path) in includes.iter().enumerate() {
            text += &format!("[include.i{index}]\npath = \"{path}\"\n");
        }
        text
    }

    fn paths(folder: &Path) -> Vec<String> {
        read(folder).unwrap().sources.into_iter().map(|source| source.path).collect()
    }

    #[test]
    fn included_folders_are_read_beside_below_and_once() {
        let root = tempfile::tempdir().unwrap();
        put(root.path(), "site/plant.toml", &head("site", &["../refinery", "utilities", "../absent"]));
        put(root.path(), "site/utilities/plant.toml", &head("utilities", &["../../refinery"]));
        put(root.path(), "refinery/plant.toml", &head("refinery", &[]));
        put(root.path(), "refinery/300/io.toml", "");
        put(root.path(), "refinery/scenarios/trip.toml", "");
        let site = root.path().join("site");
        assert_eq!(
            paths(&site),
            ["../refinery/300/io.toml", "../refinery/plant.toml", "plant.toml", "utilities/plant.toml"]
        );
        assert!(read(&site).unwrap().findings.is_empty(), "the absent one is the compiler's to report");
    }

    #[test]
    fn a_change_in_an_included_folder_is_seen_by_whoever_watches_the_site() {
        let root = tempfile::tempdir().unwrap();
        put(root.path(), "site/plant.toml", &head("site", &["../refinery"]));
        put(root.path(), "refinery/plant.toml", &head("refinery", &[]));
        let site = root.path().join("site");
        let before = stamp(&site);
        put(root.path(), "refinery/io.toml", "area = \"300\"");
        assert_ne!(stamp(&site), before);
    }

    #[test]
    fn a_link_that_leads_nowhere_is_named_and_a_folder_behind_a_link_is_read() {
        let root = tempfile::tempdir().unwrap();
        put(root.path(), "plant/plant.toml", &head("plant", &[]));
        put(root.path(), "shared/io.toml", "");
        let plant = root.path().join("plant");
        std::os::unix::fs::symlink(root.path().join("shared"), plant.join("common")).unwrap();
        assert_eq!(paths(&plant), ["common/io.toml", "plant.toml"]);
        std::os::unix::fs::symlink(root.path().join("gone.toml"), plant.join("loops.toml")).unwrap();
        let error = read(&plant).unwrap_err().to_string();
        assert!(error.contains("loops.toml is no file"), "{error}");
    }

    #[test]
    fn what_would_be_left_out_is_named() {
        let refused = |path: &str| {
            let root = tempfile::tempdir().unwrap();
            put(root.path(), "plant.toml", &head("plant", &[]));
            put(root.path(), path, "");
            read(root.path()).err().map(|error| error.to_string())
        };
        for name in ["LOOPS.TOML", "300/loops.Toml", "300/fill.PHASE"] {
            let error = refused(name).unwrap_or_default();
            assert!(error.contains(name) && error.contains("would be left out"), "{name}: {error}");
        }
        let error = refused(&format!("{}loops.toml", "a/".repeat(17))).unwrap_or_default();
        assert!(error.contains("more than 16 folders deep"), "{error}");
        assert_eq!(refused(&format!("{}loops.toml", "a/".repeat(16))), None);
        assert_eq!(refused("Loops.toml"), None);
        assert_eq!(refused("README.TXT"), None);
    }

    #[test]
    fn folders_that_include_each_other_are_an_error_with_its_place() {
        let root = tempfile::tempdir().unwrap();
        put(root.path(), "a/plant.toml", &head("a", &["../b"]));
        put(root.path(), "b/plant.toml", &head("b", &["../a"]));
        let text = read(&root.path().join("a")).unwrap();
        let [found] = text.findings.as_slice() else { panic!("{:?}", text.findings) };
        let label = found.primary.as_ref().unwrap();
        assert_eq!(
            (found.code, text.sources[label.source].path.as_str()),
            ("include-cycle", "../b/plant.toml")
        );
        assert_eq!(&text.sources[label.source].text[label.span.clone()], "\"../a\"");
        // A folder that holds the plant is no less a circle.
        put(root.path(), "plant.toml", &head("all", &[]));
        put(root.path(), "b/plant.toml", &head("b", &[".."]));
        assert_eq!(read(&root.path().join("a")).unwrap().findings[0].code, "include-cycle");
    }

    #[test]
    fn one_folder_by_two_ways_is_an_error_instead_of_two_plants() {
        let root = tempfile::tempdir().unwrap();
        put(root.path(), "a/plant.toml", &head("a", &["../b", "../c"]));
        put(root.path(), "b/plant.toml", &head("b", &[]));
        std::os::unix::fs::symlink(root.path().join("b"), root.path().join("c")).unwrap();
        assert_eq!(read(&root.path().join("a")).unwrap().findings[0].code, "include-twice");
    }
}
