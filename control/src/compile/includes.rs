//! `[include.*]`: the plants that a site is put together from, and which file belongs to which.
//!
//! ```text
//! site/plant.toml          [include.refinery] path = "../refinery"
//! ../refinery/plant.toml   its files are named from the site's folder, and so are their mistakes
//! ```
//!
//! A file belongs to the included plant in whose folder it is, the innermost where folders nest, or
//! else to the site. All plants of a site are one: one set of names and one scan.

use alloc::collections::VecDeque;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::ops::Range;
use model::Source;

use super::fields::Fields;
use super::items::{Items, Kind, not_a_table};
use super::place::{Place, Text};
use super::report::{Mistake, Report};
use super::tree::{Table, read};

/// A plant may include one that includes another, so deep and no deeper.
pub const INCLUDE_DEPTH: usize = 8;

/// The file of a plant's folder that names it, and what it includes.
const HEAD: &str = "plant.toml";

/// A plant that a `plant.toml` asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Include {
    /// Its folder, as seen from the folder that is compiled: `../refinery`.
    pub folder: String,
    /// Where it is asked for: bytes of the `plant.toml`.
    pub span: Range<usize>,
}

/// What a `plant.toml` includes, for whoever reads folders; mistakes are left to [`super::compile`].
pub fn includes(head: &Source) -> Vec<Include> {
    let Some(table) = read(0, head, &mut Report::default()) else { return Vec::new() };
    let base = folder_of(&head.path);
    let asked = table.get("include").and_then(|node| node.table()).into_iter();
    let found = asked.flat_map(|table| &table.entries).filter_map(|entry| {
        let path = entry.node.table()?.get_text("path")?;
        Some(Include { folder: joined(base, path.as_str())?, span: path.place.span() })
    });
    found.collect()
}

/// The folder of `dir/plant.toml`, without the last slash; empty for the folder that is compiled.
fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// `path` as seen from where `base` is seen from; `None` when it is not relative.
fn joined(base: &str, path: &str) -> Option<String> {
    if path.is_empty() || path.starts_with('/') || path.contains(['\\', ':', '\n']) {
        return None;
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in base.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// The plants of a site, the site itself first.
pub(super) struct Plants {
    plants: Vec<Included>,
}

struct Included {
    folder: String,
    /// The source of its `plant.toml`.
    head: u32,
    /// Where it was first asked for; `None` for the site.
    asked: Option<Place>,
    depth: usize,
    /// All that it includes.
    children: Vec<usize>,
}

impl Plants {
    /// Follows the includes of the site's `plant.toml`, level by level.
    pub(super) fn resolve(sources: &[Source], files: &[(u32, Table)], report: &mut Report) -> Self {
        let head = |folder: &str| {
            let is_it = |(index, _): &&(u32, Table)| {
                let path = sources[*index as usize].path.as_str();
                folder_of(path) == folder && path.rsplit('/').next() == Some(HEAD)
            };
            files.iter().find(is_it)
        };
        let mut all = Self { plants: Vec::new() };
        let Some((site, _)) = head("") else { return all };
        let (folder, head_of_site) = (String::new(), *site);
        all.plants.push(Included { folder, head: head_of_site, asked: None, depth: 0, children: Vec::new() });
        let mut open = VecDeque::from([0]);
        while let Some(plant) = open.pop_front() {
            let Some((_, table)) = head(&all.plants[plant].folder) else { continue };
            for entry in
                table.get("include").and_then(|node| node.table()).into_iter().flat_map(|t| &t.entries)
            {
                let Some(inner) = entry.node.table() else {
                    report.add(not_a_table("include", &entry.key, &entry.node));
                    continue;
                };
                let Some(path) = asked_path(&entry.key, inner, report) else { continue };
                let Some(folder) = joined(&all.plants[plant].folder, path.as_str()) else {
                    report.add(bad_path(path));
                    continue;
                };
                let there = head(&folder).map(|(index, _)| *index);
                if let Some(new) = all.include(plant, folder, there, path, report) {
                    open.push_back(new);
                }
            }
        }
        all
    }

    /// One plant more; `None` when it is there already, or cannot be.
    fn include(
        &mut self,
        by: usize,
        folder: String,
        head: Option<u32>,
        path: &Text,
        report: &mut Report,
    ) -> Option<usize> {
        if let Some(known) = self.plants.iter().position(|plant| plant.folder == folder) {
            if known != by && !self.holds(known, by) {
                // Two plants may share a third: it is there once.
                self.plants[by].children.push(known);
                return None;
            }
            let cycle = Mistake::error("include-cycle", format!("\"{path}\" includes itself"))
                .at(path.place, "that plant is on the way to here")
                .help("remove one of the includes of the circle");
            report.add(match self.plants[known].asked {
                Some(asked) => cycle.related(asked, "it is included here"),
                None => cycle,
            });
            return None;
        }
        let depth = self.plants[by].depth + 1;
        if depth > INCLUDE_DEPTH {
            report.add(
                Mistake::error("too-deep", format!("\"{path}\" is included deeper than {INCLUDE_DEPTH}"))
                    .at(path.place, "one level too many")
                    .help("include it nearer to the site"),
            );
            return None;
        }
        let Some(head) = head else {
            report.add(
                Mistake::error("include-absent", format!("there is no plant in \"{path}\""))
                    .at(path.place, format!("`{folder}/{HEAD}` is not there"))
                    .help("write the folder that holds its plant.toml, as seen from this file"),
            );
            return None;
        };
        let new = self.plants.len();
        self.plants[by].children.push(new);
        let asked = Some(path.place);
        self.plants.push(Included { folder, head, asked, depth, children: Vec::new() });
        Some(new)
    }

    /// The plant that a file belongs to: the innermost folder that it is in.
    pub(super) fn of(&self, path: &str) -> usize {
        let inside = |folder: &str| path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'));
        let holders = self.plants.iter().enumerate().skip(1).filter(|(_, plant)| inside(&plant.folder));
        holders.max_by_key(|(_, plant)| plant.folder.len()).map_or(0, |(index, _)| index)
    }

    /// True for the sources in which `[include.*]` may stand.
    pub(super) fn is_head(&self, source: u32) -> bool {
        self.plants.iter().any(|plant| plant.head == source)
    }

    /// Where the included plants were asked for.
    pub(super) fn asked(&self) -> impl Iterator<Item = (usize, Place)> {
        self.plants.iter().enumerate().filter_map(|(index, plant)| Some((index, plant.asked?)))
    }

    /// Whether one plant has the other inside.
    fn holds(&self, outer: usize, inner: usize) -> bool {
        // Includes have no circle, so this ends.
        self.plants[outer].children.iter().any(|child| *child == inner || self.holds(*child, inner))
    }

    /// Each plant has its overview; that of the site stands for all of them. A page has no function of
    /// its own, so what a plant draws takes the place of a page of that name in the plants that it includes.
    pub(super) fn replace_displays(&self, items: &mut Items) {
        if self.plants.len() < 2 {
            return;
        }
        let displays: Vec<(String, usize)> =
            items.of(Kind::Display).map(|item| (item.name.as_str().to_string(), item.plant)).collect();
        items.items.retain(|item| {
            let hidden = |(name, outer): &(String, usize)| {
                name.as_str() == item.name.as_str() && self.holds(*outer, item.plant)
            };
            item.kind != Kind::Display || !displays.iter().any(hidden)
        });
    }
}

fn asked_path<'a>(name: &Text, table: &'a Table, report: &mut Report) -> Option<&'a Text> {
    let mut fields = Fields::new(table, format!("include `{name}`"), name.place).of("include");
    let path = fields.need_text("path", "\"../refinery\"", report);
    fields.finish(report);
    path
}

fn bad_path(path: &Text) -> Mistake {
    Mistake::error("bad-path", format!("\"{path}\" is no path from here"))
        .at(path.place, "not a relative path with forward slashes")
        .help("write the way from this file's folder to the plant's, so that both can be moved: \"../refinery\"")
}

#[cfg(test)]
mod tests {
    use super::joined;

    #[test]
    fn paths_are_joined_as_a_file_system_would_without_links() {
        let cases = [
            ("", "../refinery", Some("../refinery")),
            ("", "areas/refinery/", Some("areas/refinery")),
            ("../refinery", "../common", Some("../common")),
            ("../refinery", "..", Some("..")),
            ("areas/refinery", "../..", Some("")),
            ("../..", "../x/./y", Some("../../../x/y")),
            ("", "/plants/refinery", None),
            ("", "C:/plants", None),
            ("", "..\\refinery", None),
            ("", "", None),
        ];
        for (base, path, wanted) in cases {
            assert_eq!(joined(base, path).as_deref(), wanted, "{base} + {path}");
        }
    }
}
