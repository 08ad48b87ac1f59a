//! The functions of expressions: their words, their arguments, and what other languages call them.

use alloc::format;
use alloc::vec::Vec;
use core::ops::Range;
use model::nearest;

use super::lexer::Unread;

/// Terms of one list.
pub(super) const LIST: usize = 200;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Function {
    Min,
    Max,
    Average,
    Median,
    Abs,
    Sqrt,
    Exp,
    Ln,
    Round,
    Truncate,
    Power,
    Limit,
    Clamp,
    Select,
    Good,
    Bad,
    Rise,
    Fall,
    Previous,
    Hysteresis,
    Rate,
}

/// Word, meaning, least and most number of arguments, and how it is written.
pub(super) type Row = (&'static str, Function, usize, usize, &'static str);

const FUNCTIONS: [Row; 22] = [
    ("MIN", Function::Min, 2, LIST, "MIN(a, b, ...)"),
    ("MAX", Function::Max, 2, LIST, "MAX(a, b, ...)"),
    ("AVG", Function::Average, 2, LIST, "AVG(a, b, ...)"),
    ("MEDIAN", Function::Median, 2, LIST, "MEDIAN(a, b, ...)"),
    ("MED", Function::Median, 2, LIST, "MED(a, b, ...)"),
    ("ABS", Function::Abs, 1, 1, "ABS(x)"),
    ("SQRT", Function::Sqrt, 1, 1, "SQRT(x)"),
    ("EXP", Function::Exp, 1, 1, "EXP(x)"),
    ("LN", Function::Ln, 1, 1, "LN(x)"),
    ("ROUND", Function::Round, 1, 1, "ROUND(x)"),
    ("TRUNC", Function::Truncate, 1, 1, "TRUNC(x)"),
    ("POW", Function::Power, 2, 2, "POW(x, y)"),
    ("LIMIT", Function::Limit, 3, 3, "LIMIT(low, x, high)"),
    ("CLAMP", Function::Clamp, 3, 3, "CLAMP(x, low, high)"),
    ("SEL", Function::Select, 3, 3, "SEL(condition, a, b)"),
    ("GOOD", Function::Good, 1, 1, "GOOD(TT-311)"),
    ("BAD", Function::Bad, 1, 1, "BAD(TT-311)"),
    ("RISE", Function::Rise, 1, 1, "RISE(condition)"),
    ("FALL", Function::Fall, 1, 1, "FALL(condition)"),
    ("PREV", Function::Previous, 1, 1, "PREV(TT-311)"),
    ("HYST", Function::Hysteresis, 3, 3, "HYST(x, on, off)"),
    ("RATE", Function::Rate, 2, 2, "RATE(x, 30 s)"),
];

/// What other languages call a function, and how it is written here.
const ELSEWHERE: [(&str, &str); 15] = [
    ("MEAN", "AVG"),
    ("AVERAGE", "AVG"),
    ("IF", "SEL"),
    ("IIF", "SEL"),
    ("MUX", "SEL"),
    ("LOG", "LN"),
    ("INT", "TRUNC"),
    ("FLOOR", "TRUNC"),
    ("EXPT", "POW"),
    ("R_TRIG", "RISE"),
    ("F_TRIG", "FALL"),
    ("DERIV", "RATE"),
    ("ISBAD", "BAD"),
    ("ISGOOD", "GOOD"),
    ("LAST", "PREV"),
];

/// A function by its word, in any case.
pub(super) fn function(word: &str) -> Option<Row> {
    FUNCTIONS.into_iter().find(|function| function.0.eq_ignore_ascii_case(word))
}

/// What to write for a function that there is not.
pub(super) fn unknown_function(name: &str, span: Range<usize>) -> Unread {
    let elsewhere = ELSEWHERE.into_iter().find(|(word, _)| word.eq_ignore_ascii_case(name));
    let meant = elsewhere.map(|(_, ours)| ours);
    let meant = meant.or_else(|| nearest(name, FUNCTIONS.iter().map(|function| function.0)));
    let usage = FUNCTIONS.into_iter().find(|function| Some(function.0) == meant);
    let help = match (usage, name.to_ascii_uppercase().as_str()) {
        (Some(usage), _) => format!("did you mean `{}`? write `{}`", usage.0, usage.4),
        (None, "TON") => "a delay stands behind its condition: `a > b FOR 30 s`".into(),
        (None, "TOF") => "a delay stands behind its condition: `a > b OFFDELAY 30 s`".into(),
        (None, _) => {
            let names: Vec<&str> = FUNCTIONS.iter().map(|function| function.0).collect();
            format!("functions are {}", names.join(" "))
        }
    };
    Unread::new(span, format!("no function `{name}`"), help)
}
