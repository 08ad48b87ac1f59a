//! Whatever people write, the compiler answers with a plant or with mistakes in places that exist.

mod folder;

use folder::small;
use model::Source;
use proptest::prelude::*;

/// Compiles, and checks that every label lies in its source and every mistake says what to do.
fn answers(sources: &[Source]) {
    let found = match control::compile(sources) {
        Ok(compiled) => compiled.warnings,
        Err(found) => {
            assert!(!found.is_empty(), "refused without a word");
            found
        }
    };
    for diagnostic in &found {
        assert!(!diagnostic.message.is_empty() && !diagnostic.help.is_empty(), "{diagnostic:?}");
        for label in diagnostic.primary.iter().chain(&diagnostic.related) {
            let text = &sources[label.source].text;
            assert!(text.get(label.span.clone()).is_some(), "{diagnostic:?}");
        }
    }
}

#[derive(Clone, Debug)]
enum Change {
    Delete { at: usize, length: usize },
    Insert { at: usize, text: String },
    Copy { from: usize, length: usize, at: usize },
}

fn change() -> impl Strategy<Value = Change> {
    let piece = prop_oneof![
        "[ -~]{1,6}",
        "\\PC{1,3}",
        prop::sample::select(vec![
            "[",
            "]",
            "{",
            "}",
            "\"",
            "'''",
            "\n",
            "=",
            ".",
            "-",
            "(",
            ")",
            ":=",
            "{n:02}",
            "STEP",
            "WAIT ",
            "1e999",
            "[[instance]]\n",
            "TT-311",
            " FOR 5 s",
            "NOT ",
            "#",
            "//",
            "\\",
            "é",
            "PHASE X ON EL-301 \"\"\n",
        ])
        .prop_map(String::from),
    ];
    prop_oneof![
        (any::<usize>(), 1..40usize).prop_map(|(at, length)| Change::Delete { at, length }),
        (any::<usize>(), piece).prop_map(|(at, text)| Change::Insert { at, text }),
        (any::<usize>(), 1..200usize, any::<usize>()).prop_map(|(from, length, at)| Change::Copy {
            from,
            length,
            at
        }),
    ]
}

fn boundary(text: &str, at: usize) -> usize {
    let mut at = at % (text.len() + 1);
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

fn apply(text: &mut String, change: &Change) {
    match change {
        Change::Delete { at, length } => {
            let start = boundary(text, *at);
            let end = boundary(text, (start + length).min(text.len()));
            text.replace_range(start.min(end)..end.max(start), "");
        }
        Change::Insert { at, text: new } => text.insert_str(boundary(text, *at), new),
        Change::Copy { from, length, at } => {
            let start = boundary(text, *from);
            let end = boundary(text, (start + length).min(text.len()));
            let piece = text[start.min(end)..end.max(start)].to_string();
            text.insert_str(boundary(text, *at), &piece);
        }
    }
}

/// Words from which something like an expression is made.
fn expression() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "TT-311",
        "LT-311",
        "P-311.RUN",
        "FIC-301.SP",
        "FIC-301.MODE",
        "AUTO",
        "nobody",
        "1",
        "2.5 bar",
        "30 s",
        "5 dK",
        "95 degC",
        "1e300",
        "+",
        "-",
        "*",
        "/",
        "=",
        "<>",
        "<",
        ">=",
        "AND",
        "OR",
        "XOR",
        "NOT",
        "FOR",
        "OFFDELAY",
        "OF",
        "(",
        ")",
        ",",
        "MIN",
        "SEL",
        "GOOD",
        "PREV",
        "RISE",
        "LIMIT",
        "TRUE",
        "'",
        "&&",
    ]);
    prop::collection::vec(word, 1..25).prop_map(|words| words.join(" "))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_toml_is_answered(text in "\\PC{0,200}") {
        answers(&[Source { path: "plant.toml".into(), text }]);
    }

    #[test]
    fn arbitrary_phase_text_is_answered(text in "(\\PC|\n){0,200}") {
        let mut sources = small();
        sources.push(Source { path: "x.phase".into(), text });
        answers(&sources);
    }

    #[test]
    fn arbitrary_expressions_are_answered(text in expression()) {
        let mut sources = small();
        let calc = format!("[calc.Z-1]\nunit = \"degC\"\nrange = [0, 1]\nvalue = \"\"\"{text}\"\"\"\n");
        sources.push(Source { path: "z.toml".into(), text: calc });
        answers(&sources);
    }

    #[test]
    fn changed_plants_are_answered(file in any::<prop::sample::Index>(), changes in prop::collection::vec(change(), 1..6)) {
        let mut sources = small();
        let index = file.index(sources.len());
        for change in &changes {
            apply(&mut sources[index].text, change);
        }
        answers(&sources);
    }
}

#[test]
fn hostile_nesting_is_refused_and_not_walked() {
    let deep = [
        format!("a{} = 1", ".a".repeat(200_000)),
        format!("[{}a]", "a.".repeat(200_000)),
        format!("a = {}", "[".repeat(200_000)),
        format!("a = {}", "{a=".repeat(200_000)),
        format!("[calc.X]\nunit = \"\"\nrange = [0, 1]\nvalue = \"{}\"", "(".repeat(7_000)),
        format!("[calc.X]\nunit = \"\"\nrange = [0, 1]\nvalue = \"{}1\"", "1 + ".repeat(1_900)),
        format!("[calc.X]\nunit = \"\"\nrange = [0, 1]\nvalue = \"{}1\"", "MIN(1, ".repeat(1_000)),
        "[class.a]\n[[class.a.instance]]\nclass = \"a\"\n[[instance]]\nclass = \"a\"".to_string(),
        "[class.a]\nparameters = [\"n\"]\n[[class.a.instance]]\nclass = \"a\"\nfor = \"n in 1..=9999\"\n[[instance]]\nclass = \"a\"\nfor = \"n in 1..=9999\"".to_string(),
    ];
    for text in deep {
        answers(&[Source { path: "plant.toml".into(), text }]);
    }
    answers(&[Source {
        path: "a.phase".into(),
        text: "PHASE A ON B \"\"\nRUNNING\nSTEP \"\"\n".to_string() + &"WAIT (\n".repeat(50_000),
    }]);
}

#[test]
fn too_many_mistakes_are_counted_and_not_listed() {
    let mut sources = small();
    let text: String = (0..500).map(|n| format!("[tag.T-{n}]\nwrong = {n}\n")).collect();
    sources.push(Source { path: "z.toml".into(), text });
    let found = control::compile(&sources).unwrap_err();
    assert_eq!(found.len(), 201);
    assert_eq!(found[200].code, "more");
    assert!(found[200].message.contains("and 2"), "{}", found[200].message);
}

#[test]
fn a_mistake_in_a_class_is_told_once_and_counted() {
    let mut sources = small();
    let text = "[class.pump]\nparameters = [\"n\"]\n[class.pump.tag.\"TT-{n}\"]\ndescription = \"x\"\nunit = \"degg\"\nrange = [0, 1]\nentry = {}\n\n[[instance]]\nclass = \"pump\"\nfor = \"n in 901..=920\"\n\n[class.q]\nparameters = [\"n\"]\n[class.q.calc.\"Q-{n}\"]\nunit = \"degC\"\nrange = [0, 1]\nvalue = \"TT-311 - TX-{n}\"\n[[instance]]\nclass = \"q\"\nfor = \"n in 1..=9\"\n";
    sources.push(Source { path: "z.toml".into(), text: text.into() });
    let found = control::compile(&sources).unwrap_err();
    assert_eq!(found.len(), 2, "{found:#?}");
    let label = found[1].primary.as_ref().unwrap();
    let marked = &sources[label.source].text[label.span.clone()];
    assert_eq!(marked, "TX-{n}", "the place inside the text of the class");
    assert!(found[1].message.contains("likewise in 8 more instances"), "{}", found[1].message);
}

#[test]
fn too_much_text_is_refused_at_once() {
    let mut sources = small();
    sources.push(Source { path: "z.toml".into(), text: " ".repeat((16 << 20) + 1) });
    let found = control::compile(&sources).unwrap_err();
    assert_eq!(found[0].code, "too-large");
    assert!(found[0].help.contains("16 MB"));
    sources.extend((0..4).map(|n| Source { path: format!("{n}.toml"), text: " ".repeat(15 << 20) }));
    assert_eq!(control::compile(&sources).unwrap_err()[0].code, "too-large");
}

#[test]
fn line_ends_of_another_system_change_no_place() {
    let mut sources = small();
    for source in &mut sources {
        source.text = source.text.replace('\n', "\r\n");
    }
    assert!(control::compile(&sources).is_ok());
    let io = sources.iter_mut().find(|source| source.path == "loops.toml").unwrap();
    io.text = io.text.replace("\"TT-312 - TT-311\"", "\"\"\"\r\nTT-312 - TT-3111\"\"\"");
    let found = control::compile(&sources).unwrap_err();
    let label = found[0].primary.as_ref().unwrap();
    assert_eq!(&sources[label.source].text[label.span.clone()], "TT-3111");
}
