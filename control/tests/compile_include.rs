//! A site that is put together from plants: one set of names, one period, mistakes at both places.

mod folder;

use control::compile::{INCLUDE_DEPTH, differences, includes};
use control::plant::Plant;
use folder::place;
use model::{Diagnostic, Source};

fn source(path: &str, text: &str) -> Source {
    Source { path: path.into(), text: text.into() }
}

/// A plant with an area, a device, a measurement and an overview.
fn plant(folder: &str, name: &str, area: &str, port: u16) -> Vec<Source> {
    let head = format!("[plant]\nname = \"{name}\"\nperiod = \"20 ms\"\n[area.{area}]\ntitle = \"{name}\"\n");
    let io = format!(
        "area = \"{area}\"
[device.PLC-{area}]
protocol = \"modbus-tcp\"
endpoint = \"127.0.0.1:{port}\"
watchdog = \"2 s\"
heartbeat = \"holding 0\"
[tag.TT-{area}]
description = \"temperature\"
unit = \"degC\"
range = [0, 100]
io = {{ device = \"PLC-{area}\", input = 0, format = \"f32\" }}
[display.overview]
level = 1
title = \"{name}\"
rows = [{{ tag = \"TT-{area}\" }}]
"
    );
    vec![source(&format!("{folder}/plant.toml"), &head), source(&format!("{folder}/io.toml"), &io)]
}

const SITE: &str = "[plant]
name = \"site\"
period = \"20 ms\"
[area.000]
title = \"Site\"
[include.refinery]
path = \"../refinery\"
[include.recycling]
path = \"../recycling\"
";

const TOTAL: &str = "area = \"000\"
[calc.TY-000]
value = \"MAX(TT-300, TT-800)\"
unit = \"degC\"
range = [0, 100]
[display.overview]
level = 1
title = \"Both\"
rows = [{ tag = \"TT-300\" }, { tag = \"TT-800\" }]
";

fn site() -> Vec<Source> {
    let mut sources = vec![source("plant.toml", SITE), source("site.toml", TOTAL)];
    sources.extend(plant("../refinery", "refinery", "300", 5020));
    sources.extend(plant("../recycling", "recycling", "800", 5021));
    sources
}

fn edited(path: &str, from: &str, to: &str) -> Vec<Source> {
    let mut sources = site();
    let file = sources.iter_mut().find(|source| source.path == path).unwrap();
    assert!(file.text.contains(from), "{}", file.text);
    file.text = file.text.replacen(from, to, 1);
    sources
}

fn compiled(sources: &[Source]) -> Plant {
    control::compile(sources).unwrap_or_else(|found| panic!("{found:#?}")).plant
}

/// The mistakes of a site that must not compile: code, place, and the places that belong to it.
fn mistakes(sources: &[Source]) -> Vec<(String, String, Vec<String>)> {
    let related = |found: &Diagnostic| {
        let at = |label: &model::Label| {
            let (line, _) = sources[label.source].line_column(label.span.start);
            format!("{}:{line}", sources[label.source].path)
        };
        found.related.iter().map(at).collect::<Vec<_>>()
    };
    let found = control::compile(sources).expect_err("there is a mistake");
    assert!(found.iter().all(|found| !found.help.is_empty()), "{found:#?}");
    let line = |place: String| place.rsplit_once(':').unwrap().0.to_owned();
    found.iter().map(|one| (one.code.to_owned(), line(place(sources, one)), related(one))).collect()
}

fn one(sources: &[Source]) -> (String, String, Vec<String>) {
    let mut found = mistakes(sources);
    assert_eq!(found.len(), 1, "{found:#?}");
    found.remove(0)
}

#[test]
fn a_site_is_one_plant_with_the_areas_devices_and_tags_of_both_and_may_use_them_together() {
    let plant = compiled(&site());
    assert_eq!(plant.name, "site");
    assert_eq!(plant.areas.iter().map(|area| area.id.as_str()).collect::<Vec<_>>(), ["800", "300", "000"]);
    assert_eq!(plant.io.devices.len(), 2);
    assert!(plant.find_point("TY-000").is_some() && plant.find_point("TT-300").is_some());
    // Each plant has its overview; that of the site stands for both.
    let overviews: Vec<&str> = plant
        .displays
        .iter()
        .filter(|display| display.level == 1)
        .map(|display| display.title.as_str())
        .collect();
    assert_eq!(overviews, ["Both"]);
}

#[test]
fn a_tag_of_one_plant_can_be_used_in_the_other() {
    let sources = edited(
        "../recycling/io.toml",
        "[tag.",
        "[calc.TY-800]\nvalue = \"TT-300\"\nunit = \"degC\"\nrange = [0, 100]\n[tag.",
    );
    assert!(compiled(&sources).find_point("TY-800").is_some());
}

#[test]
fn the_hash_covers_the_texts_of_included_plants() {
    let other = edited("../refinery/io.toml", "range = [0, 100]", "range = [0, 120]");
    assert_ne!(compiled(&site()).hash, compiled(&other).hash);
    let changes = differences(&compiled(&site()), &compiled(&other));
    assert_eq!(changes.iter().map(|change| change.name.as_str()).collect::<Vec<_>>(), ["TT-300"]);
}

#[test]
fn an_include_that_goes_shows_with_all_that_was_in_it() {
    let mut alone = edited("plant.toml", "[include.recycling]\npath = \"../recycling\"\n", "");
    alone.retain(|source| !source.path.starts_with("../recycling/"));
    let total = alone.iter_mut().find(|source| source.path == "site.toml").unwrap();
    total.text = total.text.replace("MAX(TT-300, TT-800)", "TT-300").replace(", { tag = \"TT-800\" }", "");
    let changes = differences(&compiled(&site()), &compiled(&alone));
    let gone: Vec<String> = changes
        .iter()
        .filter(|change| change.verb == control::compile::Verb::Removed)
        .map(|change| format!("{} {}", change.kind, change.name))
        .collect();
    for wanted in ["plant recycling", "include recycling", "area 800", "device PLC-800", "tag TT-800"] {
        assert!(gone.iter().any(|name| name == wanted), "{wanted} in {gone:?}");
    }
}

#[test]
fn a_name_that_both_plants_use_is_an_error_at_both_places() {
    let sources = edited("../recycling/io.toml", "[tag.TT-800]", "[tag.TT-300]");
    let found = mistakes(&sources);
    let twice =
        ("duplicate-name".into(), "../refinery/io.toml:7".into(), vec!["../recycling/io.toml:7".into()]);
    assert!(found.contains(&twice), "{found:#?}");
}

#[test]
fn two_overviews_need_one_of_the_site_that_stands_for_both() {
    let sources = edited("site.toml", "[display.overview]", "[display.mine]");
    let (code, at, related) = one(&sources);
    assert_eq!((code.as_str(), at.as_str()), ("duplicate-name", "../refinery/io.toml:12"));
    assert_eq!(related, ["../recycling/io.toml:12"]);
}

#[test]
fn an_included_plant_whose_period_is_no_multiple_of_the_sites_is_refused_at_both_places() {
    for period in ["10 ms", "50 ms"] {
        let sources = edited("../refinery/plant.toml", "20 ms", period);
        let (code, at, related) = one(&sources);
        assert_eq!((code.as_str(), at.as_str()), ("include-period", "../refinery/plant.toml:3"));
        assert_eq!(related, ["plant.toml:3", "plant.toml:7"]);
    }
}

#[test]
fn the_blocks_of_a_slower_plant_run_as_often_as_they_do_alone() {
    let calc = "[calc.TY-300]\nvalue = \"TT-300\"\nunit = \"degC\"\nrange = [0, 100]\n[tag.";
    for (period, ticks) in [("40 ms", 2), ("100 ms", 5), ("300 ms", 15)] {
        let mut sources = edited("../refinery/plant.toml", "20 ms", period);
        let io = sources.iter_mut().find(|source| source.path == "../refinery/io.toml").unwrap();
        io.text = io.text.replacen("[tag.", calc, 1);
        let plant = compiled(&sources);
        let block = plant.blocks.iter().find(|block| block.name == "TY-300").unwrap();
        assert_eq!(plant.tasks[block.task as usize].period_ticks, ticks, "{period}");
    }
}

#[test]
fn two_plants_of_one_name_are_refused() {
    let sources = edited("../refinery/plant.toml", "\"refinery\"", "\"recycling\"");
    assert_eq!(one(&sources).0, "duplicate-name");
}

#[test]
fn an_absent_folder_is_an_error_where_it_is_asked_for() {
    let sources = edited("plant.toml", "\"../refinery\"", "\"../refinary\"");
    let found = mistakes(&sources);
    assert!(found.contains(&("include-absent".into(), "plant.toml:7".into(), vec![])), "{found:#?}");
}

#[test]
fn a_circle_of_includes_is_an_error_with_the_place_where_it_began() {
    let back = "[include.recycling]\npath = \"../recycling\"\n";
    let mut sources = edited("../refinery/plant.toml", "[area.", &format!("{back}[area."));
    let other = sources.iter_mut().find(|source| source.path == "../recycling/plant.toml").unwrap();
    other.text += "[include.refinery]\npath = \"../refinery\"\n";
    let found = mistakes(&sources);
    assert!(
        found.iter().any(|(code, at, _)| code == "include-cycle" && at.contains("plant.toml")),
        "{found:#?}"
    );
    let itself = edited("plant.toml", "\"../refinery\"", "\".\"");
    assert!(mistakes(&itself).iter().any(|(code, at, _)| code == "include-cycle" && at == "plant.toml:7"));
}

#[test]
fn two_plants_may_share_a_third_which_is_there_once() {
    let mut sources = site();
    for path in ["../refinery/plant.toml", "../recycling/plant.toml"] {
        let file = sources.iter_mut().find(|source| source.path == path).unwrap();
        file.text += "[include.common]\npath = \"../common\"\n";
    }
    sources.extend(plant("../common", "common", "900", 5022));
    assert_eq!(compiled(&sources).io.devices.len(), 3);
}

#[test]
fn includes_deeper_than_the_bound_are_refused() {
    let level = |n: usize| {
        let include = format!("[include.next]\npath = \"../p{}\"\n", n + 1);
        format!("[plant]\nname = \"p{n}\"\n{include}")
    };
    let mut sources = vec![source("plant.toml", &level(0))];
    sources.extend((1..=INCLUDE_DEPTH + 1).map(|n| source(&format!("../p{n}/plant.toml"), &level(n))));
    let found = mistakes(&sources);
    let deep = ("too-deep".to_owned(), format!("../p{INCLUDE_DEPTH}/plant.toml:4"), vec![]);
    assert!(found.contains(&deep), "{found:#?}");
}

#[test]
fn an_include_stands_in_plant_toml_with_a_relative_path_and_nothing_else() {
    let elsewhere = edited("site.toml", "[calc.", "[include.x]\npath = \"../x\"\n[calc.");
    assert_eq!(one(&elsewhere).0, "misplaced-include");
    let absolute = edited("plant.toml", "\"../refinery\"", "\"/refinery\"");
    assert!(mistakes(&absolute).iter().any(|(code, at, _)| code == "bad-path" && at == "plant.toml:7"));
    let prefix = edited("plant.toml", "\"../refinery\"", "\"../refinery\"\nprefix = \"R-\"");
    assert_eq!(one(&prefix).0, "unknown-key");
    let bare = edited("plant.toml", "[include.refinery]\npath = ", "[include]\nrefinery = ");
    assert!(mistakes(&bare).iter().any(|(code, at, _)| code == "wrong-type" && at == "plant.toml:7"));
}

#[test]
fn devices_of_two_plants_at_one_endpoint_are_refused_at_both_places() {
    let sources = edited("../recycling/io.toml", "127.0.0.1:5021", "127.0.0.1:5020");
    let (code, at, related) = one(&sources);
    assert_eq!((code.as_str(), at.as_str()), ("endpoint-taken", "../refinery/io.toml:4"));
    assert_eq!(related, ["../recycling/io.toml:4"]);
    // Two units behind one gateway are two devices.
    let gateway = edited("../recycling/io.toml", "127.0.0.1:5021\"", "127.0.0.1:5020\"\nunit_id = 2");
    assert_eq!(compiled(&gateway).io.devices.len(), 2);
}

#[test]
fn whoever_reads_folders_is_told_what_a_plant_includes_and_where_that_is_said() {
    let head = source(
        "../refinery/plant.toml",
        "[include.common]\npath = \"../common\"\n[include.x]\npath = \"/x\"\n",
    );
    let found = includes(&head);
    assert_eq!(found.len(), 1, "an absolute path is the compiler's to refuse: {found:?}");
    assert_eq!(found[0].folder, "../common");
    assert_eq!(&head.text[found[0].span.clone()], "\"../common\"");
    assert_eq!(includes(&source("plant.toml", "[include\n")), []);
}
