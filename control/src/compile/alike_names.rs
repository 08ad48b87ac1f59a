//! Names that only upper and lower case tell apart: people mistake them for each other, and the command line takes
//! either case.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;

use super::draft::Draft;
use super::place::Place;
use super::report::{Mistake, Report};

pub(super) fn warn(draft: &Draft, report: &mut Report) {
    let mut first: BTreeMap<String, (&str, Place)> = BTreeMap::new();
    // The points of a block stand where the block does.
    let whole = draft.names.iter().filter(|(name, named)| named.point.is_none() || !name.contains('.'));
    for (name, named) in whole {
        if let Some((other, place)) = first.insert(name.to_ascii_uppercase(), (name.as_str(), named.place)) {
            report.add(
                Mistake::warning(
                    "alike-names",
                    format!("`{name}` and `{other}` differ by upper and lower case alone"),
                )
                .at(named.place, "read as the other one")
                .related(place, "the other one")
                .help("give one of them another name"),
            );
        }
    }
}
