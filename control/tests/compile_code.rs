//! The code of expressions: shapes, conversions, timers and stack.

mod folder;

use control::plant::{Op, Plant};
use folder::small;
use model::Severity;

/// The small plant with one more calculation, and the code of that.
fn compiled(unit: &str, value: &str) -> Result<(Plant, Vec<Op>), String> {
    let mut sources = small();
    let scale = if unit == "words" {
        "words = [\"no\", \"yes\"]".to_string()
    } else {
        format!("unit = \"{unit}\"\nrange = [-1000, 1000]")
    };
    let text = format!("[calc.Z-1]\ndescription = \"x\"\n{scale}\nvalue = '''{value}'''\n");
    sources.push(model::Source { path: "z.toml".into(), text });
    let plant = control::compile(&sources).map_err(|found| {
        let errors = found.iter().filter(|diagnostic| diagnostic.severity == Severity::Error);
        errors.map(|error| format!("{}: {}", error.code, error.message)).collect::<Vec<_>>().join("; ")
    })?;
    let block = &plant.plant.blocks[plant.plant.find_block("Z-1").unwrap().index()];
    let control::plant::BlockBody::Calc(calc) = &block.body else { panic!("a calculation") };
    let range = calc.value.start as usize..(calc.value.start + calc.value.len) as usize;
    let ops = plant.plant.code.ops[range].to_vec();
    Ok((plant.plant, ops))
}

/// The code in short: `TT-311 TT-312 -`.
fn code(unit: &str, value: &str) -> String {
    let (plant, ops) = compiled(unit, value).unwrap_or_else(|error| panic!("{value}: {error}"));
    let mut words = Vec::new();
    for op in ops {
        words.push(match op {
            Op::Const(value) => format!("{value}"),
            Op::Load(point) => plant.point(point).name.clone(),
            Op::LoadPrevious(point) => format!("prev:{}", plant.point(point).name),
            Op::IsGood(point) => format!("good:{}", plant.point(point).name),
            Op::IsBad(point) => format!("bad:{}", plant.point(point).name),
            Op::Vote { need, of } => format!("{need}of{of}"),
            Op::OnDelay { ms, .. } => format!("on:{ms}"),
            Op::OffDelay { ms, .. } => format!("off:{ms}"),
            other => format!("{other:?}").split([' ', '{']).next().unwrap_or_default().to_lowercase(),
        });
    }
    words.join(" ")
}

fn refused(unit: &str, value: &str) -> String {
    compiled(unit, value).err().unwrap_or_else(|| panic!("{value} must be refused"))
}

#[test]
fn values_of_one_dimension_are_converted_to_the_unit_of_the_left_one() {
    assert_eq!(
        code("words", "PT-341 > 0.1 bar"),
        "PT-341 100 greater",
        "a constant at once, mbar is 100 to 0.1 bar"
    );
    assert_eq!(code("mbar", "PT-341 + 1 kPa"), "PT-341 10 add");
    assert_eq!(code("bar", "PT-341"), "PT-341 0.001 multiply", "to the unit that the calculation says");
    assert_eq!(code("words", "0.1 bar < PT-341"), "0.1 PT-341 0.001 multiply less");
    let fahrenheit = code("degF", "TT-311");
    let words: Vec<&str> = fahrenheit.split(' ').collect();
    assert_eq!((words[0], words[2], words[4]), ("TT-311", "multiply", "add"));
    assert!((words[1].parse::<f64>().unwrap() - 1.8).abs() < 1e-12);
    assert!((words[3].parse::<f64>().unwrap() - 32.0).abs() < 1e-12);
    assert_eq!(code("K", "TT-311"), "TT-311 273.15 add");
}

#[test]
fn a_bare_number_is_in_the_unit_of_what_it_meets() {
    assert_eq!(code("words", "PT-341 > 5"), "PT-341 5 greater");
    assert_eq!(code("m3/h", "2 * FT-301"), "2 FT-301 multiply");
    assert_eq!(code("m3/h", "3"), "3");
}

#[test]
fn temperatures_and_their_differences_do_not_mix() {
    assert_eq!(code("dK", "TT-311 - TT-312"), "TT-311 TT-312 subtract");
    assert_eq!(code("degC", "TT-311 - 5 dK"), "TT-311 5 subtract");
    assert_eq!(code("degC", "5 dK + TT-311"), "5 TT-311 add");
    assert_eq!(code("words", "TT-311 - TT-312 > 5 dK"), "TT-311 TT-312 subtract 5 greater");
    assert!(refused("degC", "TT-311 - TT-312").starts_with("unit-mismatch"));
    assert!(refused("degC", "TT-311 + TT-312").starts_with("unit-mismatch"));
    assert!(refused("words", "TT-311 - TT-312 > 5 degC").starts_with("unit-mismatch"));
    assert!(refused("words", "TT-311 > 5 dK").starts_with("unit-mismatch"));
    assert_eq!(code("degC", "AVG(TT-311, TT-312)"), "TT-311 TT-312 add 2 divide");
}

#[test]
fn products_of_two_units_are_not_followed() {
    assert_eq!(code("kg/h", "FT-301 * PT-341"), "FT-301 PT-341 multiply");
    assert_eq!(code("%", "100 * FT-301 / FT-301"), "100 FT-301 multiply FT-301 divide");
    assert_eq!(code("m3/h", "FFC-301.RATIO * IT-301"), "FFC-301.RATIO IT-301 multiply");
    assert!(refused("kg/h", "FT-301 * 2").starts_with("unit-mismatch"), "but a product with a number is");
}

#[test]
fn conditions_are_typed() {
    assert_eq!(code("words", "NOT P-311.RUN FOR 5 s"), "P-311.RUN not on:5000");
    assert_eq!(
        code("words", "LT-311 > 5 % FOR 30 s AND P-311.RUN"),
        "LT-311 5 greater on:30000 P-311.RUN and"
    );
    assert_eq!(code("words", "P-311.RUN OFFDELAY 1 min"), "P-311.RUN off:60000");
    assert_eq!(
        code("words", "2 OF (LT-311 > 5 %, TT-311 > 5 degC, P-311.RUN)"),
        "LT-311 5 greater TT-311 5 greater P-311.RUN 2of3"
    );
    assert_eq!(
        code("words", "good(TT-311) and bad(TT-312)"),
        "good:TT-311 bad:TT-312 and",
        "words in any case"
    );
    assert_eq!(code("words", "RISE(P-311.RUN) XOR FALL(P-311.RUN)"), "P-311.RUN rise P-311.RUN fall xor");
    assert_eq!(code("words", "P-311.RUN = XV-301.ZSO"), "P-311.RUN XV-301.ZSO equal");
    assert!(refused("words", "TT-311").starts_with("type-mismatch"));
    assert!(refused("degC", "P-311.RUN").starts_with("type-mismatch"));
    assert!(refused("words", "P-311.RUN + 1 > 2").starts_with("type-mismatch"));
    assert!(refused("words", "SEL(P-311.RUN, TT-311, P-311.RUN)").starts_with("type-mismatch"));
}

#[test]
fn modes_and_states_are_compared_with_their_words() {
    assert_eq!(code("words", "TIC-311.MODE = AUTO"), "TIC-311.MODE 2 equal");
    assert_eq!(code("words", "TIC-311.MODE <> cascade"), "TIC-311.MODE 3 notequal");
    assert_eq!(code("words", "P-311.STATE = failed"), "P-311.STATE 4 equal");
    assert!(refused("words", "TIC-311.MODE = AUTOMATIC").starts_with("unknown-word"));
}

#[test]
fn functions_bring_their_arguments_to_one_unit() {
    assert_eq!(code("mbar", "MAX(PT-341, 1 kPa, 5)"), "PT-341 10 max 5 max");
    assert_eq!(code("mbar", "LIMIT(0, PT-341, 0.1 bar)"), "0 PT-341 100 limit");
    assert_eq!(code("degC", "MED(TT-311, TT-312, 20 degC)"), "TT-311 TT-312 20 median");
    assert_eq!(code("degC", "SEL(P-311.RUN, TT-311, PREV(TT-312))"), "P-311.RUN TT-311 prev:TT-312 select");
    assert_eq!(
        code("", "SQRT(2) + EXP(1) * LN(2) - POW(2, 3)"),
        "2 sqrt 1 exp 2 ln multiply add 2 3 power subtract"
    );
    assert_eq!(code("dK", "ABS(-(TT-311 - TT-312))"), "TT-311 TT-312 subtract negate abs");
    assert!(refused("degC", "MIN(TT-311, PT-341)").starts_with("unit-mismatch"));
}

#[test]
fn a_median_takes_any_number_of_values() {
    assert_eq!(code("degC", "MEDIAN(TT-311, TT-312)"), "TT-311 TT-312 median");
    assert_eq!(code("mbar", "MEDIAN(PT-341, 1 kPa, 2, 3, 4)"), "PT-341 10 2 3 4 median");
    assert!(refused("degC", "MEDIAN(TT-311)").contains("1 arguments"));
    let (plant, _) = compiled("", "MEDIAN(1, 2, 3, 4, 5, 6, 7, 8, 9, 10)").unwrap();
    assert_eq!(plant.code.stack, 10);
}

#[test]
fn a_hysteresis_has_its_limits_in_the_unit_of_its_value() {
    assert_eq!(code("words", "HYST(PT-341, 1 kPa, 5)"), "PT-341 10 5 hysteresis");
    assert_eq!(
        code("words", "HYST(TT-312 - TT-311, 5 dK, 2 dK) AND P-311.RUN"),
        "TT-312 TT-311 subtract 5 2 hysteresis P-311.RUN and"
    );
    assert!(refused("words", "HYST(TT-311, 5 dK, 2 dK)").starts_with("unit-mismatch"));
    assert!(refused("words", "HYST(P-311.RUN, 5, 2)").starts_with("type-mismatch"));
    assert!(refused("degC", "HYST(TT-311, 50, 40)").starts_with("type-mismatch"));
    assert!(refused("words", "HYST(TT-311, 50, 50)").starts_with("no-gap"));
    assert!(refused("words", "HYST(TT-311, 50)").contains("2 arguments"));
}

#[test]
fn a_rate_is_in_the_unit_of_its_value_per_minute() {
    assert_eq!(code("K/min", "RATE(TT-311, 1 min)"), "TT-311 rate");
    assert_eq!(code("words", "RATE(TT-311, 30 s) > 5 K/min"), "TT-311 rate 5 greater");
    assert_eq!(code("words", "RATE(LT-311, 30 s) < -1 %/min"), "LT-311 rate -1 less");
    assert_eq!(code("m3/h/min", "RATE(FT-301, 10 s)"), "FT-301 rate");
    assert_eq!(code("mbar/s", "RATE(PT-341, 10 s)").split(' ').next_back(), Some("multiply"));
    assert!(refused("dK", "RATE(TT-311, 30 s)").starts_with("unit-mismatch"));
    assert!(refused("words", "RATE(TT-311, 30 s) > 5 dK").starts_with("unit-mismatch"));
    assert!(refused("words", "RATE(TT-311, 30 s) > 5 %/min").starts_with("unit-mismatch"));
    assert!(
        refused("words", "RATE(RATE(TT-311, 30 s), 30 s) > 5").starts_with("unit-mismatch"),
        "no unit for that"
    );
    for lag in ["30", "0 s", "30 bar", "TT-311"] {
        assert!(refused("K/min", &format!("RATE(TT-311, {lag})")).starts_with("expression"), "{lag}");
    }
    assert!(refused("K/min", "RATE(P-311.RUN, 30 s)").starts_with("type-mismatch"));
}

#[test]
fn the_stack_is_as_deep_as_the_deepest_expression_and_no_deeper() {
    let before = control::compile(&small()).unwrap().plant.code.stack;
    let (plant, _) = compiled("", "1 + (2 + (3 + (4 + (5 + (6 + 7)))))").unwrap();
    assert_eq!(plant.code.stack, 7);
    let (plant, _) = compiled("", "1 + 2 + 3 + 4 + 5 + 6 + 7").unwrap();
    assert_eq!(plant.code.stack, before.max(2));
}

#[test]
fn every_timer_and_edge_has_its_own_memory() {
    let (plant, ops) =
        compiled("words", "(P-311.RUN FOR 1 s OR P-311.RUN OFFDELAY 2 s) AND RISE(P-311.RUN)").unwrap();
    let mut timers: Vec<u32> = Vec::new();
    for op in &plant.code.ops {
        if let Op::OnDelay { timer, .. } | Op::OffDelay { timer, .. } = op {
            timers.push(*timer);
        }
    }
    timers.sort_unstable();
    assert_eq!(timers, (0..plant.code.timers).collect::<Vec<_>>());
    assert!(ops.iter().any(|op| matches!(op, Op::Rise { .. })));
    let before = control::compile(&small()).unwrap().plant.code.edges;
    assert_eq!(plant.code.edges, before + 1);
}

#[test]
fn a_long_sum_is_compiled_once_and_not_twice_for_every_term() {
    let sum = vec!["TT-311 - TT-312"; 60].join(" + ");
    let (_, ops) = compiled("dK", &sum).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(ops.len(), 60 * 3 + 59);
}

#[test]
fn a_voting_reads_as_engineers_write_it() {
    let same = code("words", "2 OF (TT-311 > 1 degC, TT-312 > 2 degC, PT-341 > 3 mbar)");
    for written in [
        "2oo3 (TT-311 > 1 degC, TT-312 > 2 degC, PT-341 > 3 mbar)",
        "2oo3 OF (TT-311 > 1 degC, TT-312 > 2 degC, PT-341 > 3 mbar)",
    ] {
        assert_eq!(code("words", written), same);
    }
    assert!(same.ends_with("2of3"), "{same}");
    let error = refused("words", "2oo3 (TT-311 > 1 degC, TT-312 > 2 degC)");
    assert!(error.contains("2oo3 of 2 conditions"), "{error}");
    assert!(refused("words", "0oo2 (TT-311 > 1 degC, TT-312 > 2 degC)").contains("0 of 2"));
}

#[test]
fn clamp_is_limit_with_the_value_first() {
    assert_eq!(
        code("degC", "CLAMP(TT-311, 20 degC, 90 degC)"),
        code("degC", "LIMIT(20 degC, TT-311, 90 degC)")
    );
    assert!(refused("degC", "CLAMP(TT-311, 1 bar, 2 bar)").contains("unit-mismatch"));
}

#[test]
fn rounding_and_remainders_keep_the_unit_and_convert_what_they_divide_by() {
    assert_eq!(code("degC", "ROUND(TT-311)"), "TT-311 round");
    assert_eq!(code("degC", "TRUNC(TT-311)"), "TT-311 truncate");
    assert_eq!(code("mbar", "PT-341 MOD 50 mbar"), "PT-341 50 modulo");
    assert_eq!(code("mbar", "PT-341 MOD 0.1 bar"), "PT-341 100 modulo");
    assert_eq!(
        code("%", "LT-311 - 7 * TRUNC(LT-311 / 7)"),
        "LT-311 7 LT-311 7 divide truncate multiply subtract"
    );
    // Of one rank with the product, from the left.
    assert_eq!(code("%", "LT-311 MOD 7 * 2"), "LT-311 7 modulo 2 multiply");
    assert!(refused("mbar", "PT-341 MOD 2 degC").starts_with("unit-mismatch"));
    assert!(refused("degC", "ROUND(P-311.RUN)").starts_with("type-mismatch"));
    assert!(refused("bar", "ROUND(TT-311)").starts_with("unit-mismatch"));
}

#[test]
fn quality_is_asked_of_a_point() {
    assert_eq!(code("words", "GOOD(TT-311)"), "good:TT-311");
    assert_eq!(code("words", "NOT GOOD(TT-311) OR BAD(TT-312)"), "good:TT-311 not bad:TT-312 or");
    assert_eq!(code("words", "GOOD(TT-311) AND TT-311 > 5 degC"), "good:TT-311 TT-311 5 greater and");
    assert!(compiled("words", "GOOD(TT-311 + 1 dK)").is_err(), "a sum has no quality of its own");
    assert!(compiled("words", "GOOD(5)").is_err());
}
