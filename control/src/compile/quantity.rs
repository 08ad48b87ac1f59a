//! Numbers with units: `"95 degC"`, `"30 s"`, or a bare number in the item's own unit.

use alloc::format;
use alloc::string::String;
use core::fmt;
use model::{Dimension, Unit, nearest};

use super::place::Place;
use super::report::{Mistake, Report};

/// A number as it is written, with its unit if it has one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Quantity {
    pub(super) value: f64,
    pub(super) unit: Option<Unit>,
    pub(super) place: Place,
}

impl Quantity {
    /// The value in `unit`. A bare number is taken to be in it already.
    pub(super) fn value_in(&self, unit: Unit, report: &mut Report) -> Option<f64> {
        let Some(own) = self.unit else { return Some(self.value) };
        let value = own.convert(self.value, unit);
        if value.is_none() {
            report.add(
                Mistake::error(
                    "unit-mismatch",
                    format!("{} where {} is expected", quoted(own), quoted(unit)),
                )
                .at(self.place, format!("this is {}", kind(own)))
                .help(unit_help(own, unit)),
            );
        }
        value
    }
}

/// What to write instead of a quantity in `own` where `wanted` is asked for.
pub(super) fn unit_help(own: Unit, wanted: Unit) -> String {
    match (own.dimension(), wanted.dimension()) {
        (Dimension::Temperature, Dimension::TemperatureDifference) => {
            format!(
                "a difference of temperatures is written in dK, as in \"5 dK\" ({own} is a point on the scale)"
            )
        }
        (Dimension::TemperatureDifference, Dimension::Temperature) => {
            format!("a temperature is written in {wanted}; dK is a difference of two temperatures")
        }
        (_, Dimension::None) => "write a number without unit".into(),
        _ => format!("write it in {wanted} or a unit that converts to it ({})", units_like(wanted)),
    }
}

/// `"bar"` in quotes, or words for no unit.
pub(super) fn quoted(unit: Unit) -> String {
    if unit == Unit::NONE { "a number without unit".into() } else { format!("\"{unit}\"") }
}

/// A number for people: no more than six digits behind the point, and no trailing zeros.
pub(crate) struct Shown(pub(crate) f64);

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Nobody reads three hundred digits.
        if libm::fabs(self.0) >= 1e15 {
            return write!(f, "{:e}", self.0);
        }
        let text = format!("{:.6}", self.0);
        let text = text.trim_end_matches('0').trim_end_matches('.');
        // What is too small for six digits is written in full.
        if matches!(text, "0" | "-0") && self.0 != 0.0 { write!(f, "{}", self.0) } else { f.write_str(text) }
    }
}

/// The dimension in words: `a pressure`.
pub(super) fn kind(unit: Unit) -> String {
    let name = format!("{:?}", unit.dimension());
    let mut words = String::from("a");
    for letter in name.chars() {
        if letter.is_ascii_uppercase() {
            words.push(' ');
        }
        words.push(letter.to_ascii_lowercase());
    }
    match unit.dimension() {
        Dimension::None => "a number without unit".into(),
        Dimension::Area
        | Dimension::Energy
        | Dimension::Amount
        | Dimension::Angle
        | Dimension::ApparentPower => words.replacen("a ", "an ", 1),
        Dimension::Ph => "a pH".into(),
        _ => words,
    }
}

fn units_like(unit: Unit) -> String {
    let mut list = String::new();
    for other in Unit::all().filter(|other| other.converts_to(unit)).take(6) {
        if !list.is_empty() {
            list.push_str(", ");
        }
        list.push_str(other.symbol());
    }
    list
}

/// What plants elsewhere write for a unit, in small letters, and its symbol here.
const WRITTEN: [(&str, &str); 53] = [
    ("c", "degC"),
    ("°c", "degC"),
    ("celsius", "degC"),
    ("f", "degF"),
    ("°f", "degF"),
    ("°k", "K"),
    ("kelvin", "dK"),
    ("dk/s", "K/s"),
    ("dk/min", "K/min"),
    ("dk/h", "K/h"),
    ("barg", "bar"),
    ("bara", "bar"),
    ("kpag", "kPa"),
    ("kpaa", "kPa"),
    ("sec", "s"),
    ("secs", "s"),
    ("second", "s"),
    ("seconds", "s"),
    ("mins", "min"),
    ("minute", "min"),
    ("minutes", "min"),
    ("hr", "h"),
    ("hrs", "h"),
    ("hour", "h"),
    ("hours", "h"),
    ("day", "d"),
    ("days", "d"),
    ("pct", "%"),
    ("percent", "%"),
    ("m³", "m3"),
    ("m²", "m2"),
    ("m³/h", "m3/h"),
    ("m3/hr", "m3/h"),
    ("cbm/h", "m3/h"),
    ("nm³/h", "Nm3/h"),
    ("kg/hr", "kg/h"),
    ("kg/m³", "kg/m3"),
    ("l/hr", "L/h"),
    ("litre", "L"),
    ("litres", "L"),
    ("liter", "L"),
    ("tonne", "t"),
    ("tonnes", "t"),
    ("µm", "um"),
    ("µs/cm", "uS/cm"),
    ("ω", "ohm"),
    ("amp", "A"),
    ("amps", "A"),
    ("volt", "V"),
    ("volts", "V"),
    ("watt", "W"),
    ("1/min", "rpm"),
    ("u/min", "rpm"),
];

/// The unit that was probably meant: by another way of writing it, or by a slip of the finger.
pub(super) fn nearest_unit(symbol: &str) -> Option<&'static str> {
    let small = symbol.to_lowercase();
    if let Some((_, ours)) = WRITTEN.into_iter().find(|(written, _)| *written == small) {
        return Some(ours);
    }
    // Of one letter every other is one slip away.
    let alike = |known: &&'static str| symbol.chars().count() > 1 || known.eq_ignore_ascii_case(symbol);
    nearest(symbol, Unit::all().map(Unit::symbol).filter(|known| !known.is_empty()).filter(alike))
}

/// A unit by its symbol; otherwise the mistake says which one was probably meant.
pub(super) fn parse_unit(symbol: &str, place: Place, report: &mut Report) -> Option<Unit> {
    let unit = Unit::parse(symbol);
    if unit.is_none() {
        let help = match nearest_unit(symbol) {
            Some(near) => format!("did you mean \"{near}\"?"),
            None => "write a unit such as \"degC\", \"bar\", \"m3/h\", \"%\", or \"\" for none".into(),
        };
        report.add(
            Mistake::error("unknown-unit", format!("no unit \"{symbol}\""))
                .at(place, "not a known unit")
                .help(help),
        );
    }
    unit
}

/// Splits `95 degC` into its number and the rest, or `None` when no number leads.
pub(super) fn split_number(text: &str) -> Option<(f64, &str)> {
    let length = number_length(text)?;
    let value: f64 = text[..length].parse().ok()?;
    value.is_finite().then(|| (value, text[length..].trim()))
}

/// How many bytes of a number lead the text: sign, digits, point, exponent.
pub(super) fn number_length(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let digits = |from: usize| bytes[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let sign = usize::from(matches!(bytes.first(), Some(b'+' | b'-')));
    let whole = digits(sign);
    if whole == 0 {
        return None;
    }
    let mut length = sign + whole;
    if bytes.get(length) == Some(&b'.') {
        let fraction = digits(length + 1);
        if fraction > 0 {
            length += 1 + fraction;
        }
    }
    if matches!(bytes.get(length), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(length + 1), Some(b'+' | b'-')));
        let exponent = digits((length + 1 + sign).min(bytes.len()));
        if exponent > 0 {
            length += 1 + sign + exponent;
        }
    }
    Some(length)
}

/// The longest unit symbol that leads the text and is not part of a longer word.
pub(super) fn leading_unit(text: &str) -> Option<Unit> {
    Unit::all()
        .filter(|unit| {
            let symbol = unit.symbol();
            !symbol.is_empty()
                && text.starts_with(symbol)
                && !text[symbol.len()..].starts_with(|c: char| c.is_alphanumeric() || c == '_' || c == '/')
        })
        .max_by_key(|unit| unit.symbol().len())
}

/// Reads `95 degC` as a whole. `place` is what a mistake points at.
pub(super) fn parse_quantity(text: &str, place: Place, report: &mut Report) -> Option<Quantity> {
    let Some((value, rest)) = split_number(text.trim()) else {
        report.add(
            Mistake::error("not-a-quantity", format!("\"{text}\" is no quantity"))
                .at(place, "a number with a unit is expected")
                .help("write a number and a unit, such as \"95 degC\" or \"30 s\", or a bare number"),
        );
        return None;
    };
    if rest.contains(char::is_whitespace) {
        report.add(
            Mistake::error("not-a-quantity", format!("\"{text}\" is more than one quantity"))
                .at(place, "one number with one unit is expected")
                .help("write it in one unit, such as \"90 min\" for an hour and a half"),
        );
        return None;
    }
    let unit = if rest.is_empty() { None } else { Some(parse_unit(rest, place, report)?) };
    Some(Quantity { value, unit, place })
}

/// A rate of change per second of something in `unit`: `0.4 kA/min`, `5 K/min`, `1 %/s`.
pub(super) fn parse_rate(text: &str, unit: Unit, place: Place, report: &mut Report) -> Option<f64> {
    // What the rate is of may not be known.
    let of = if report.doubtful { Unit::parse("%").unwrap_or(unit) } else { unit.difference() };
    // As an expression has it: the rate of a temperature is in K/min there.
    let of = if of.symbol() == "dK" { "K" } else { of.symbol() };
    let example = || format!("write it per time, such as \"1 {of}/min\"");
    let mistake = |message: String| {
        Mistake::error("unit-mismatch", message).at(place, "a rate of change is expected").help(example())
    };
    let parsed = split_number(text.trim()).and_then(|(value, rest)| {
        let (of, per) = rest.rsplit_once('/')?;
        let seconds = match per.trim() {
            "s" => 1.0,
            "min" => 60.0,
            "h" => 3600.0,
            "d" => 86400.0,
            _ => return None,
        };
        Some((value, of.trim(), seconds))
    });
    let Some((value, of, seconds)) = parsed else {
        report.surely(|report| report.add(mistake(format!("\"{text}\" is no rate of change"))));
        return None;
    };
    let of = parse_unit(of, place, report)?;
    let step = span_in(of, unit);
    if step.is_none() {
        report.add(mistake(format!("a rate in {of} for a value in {unit}")));
    }
    Some(value * step? / seconds)
}

/// How large a difference of 1 `of` is in `unit`; a temperature counts as its difference.
pub(super) fn span_in(of: Unit, unit: Unit) -> Option<f64> {
    let kelvin = Unit::parse("K")?;
    let factor = |from: Unit, to: Unit| from.factor_and_offset(to).map(|(factor, _)| factor);
    match (of.dimension(), unit.dimension()) {
        (Dimension::TemperatureDifference, Dimension::Temperature) => {
            let own = factor(of, Unit::parse("dK")?)?;
            Some(own / factor(unit, kelvin)?)
        }
        (Dimension::Temperature, Dimension::TemperatureDifference) => {
            let own = factor(of, kelvin)?;
            Some(own / factor(unit, Unit::parse("dK")?)?)
        }
        _ => factor(of, unit),
    }
}

#[cfg(test)]
mod tests {
    use super::{Shown, WRITTEN, leading_unit, nearest_unit, number_length, span_in, split_number};
    use model::Unit;
    use std::string::ToString;

    #[test]
    fn numbers_end_where_their_unit_begins() {
        assert_eq!(split_number("1.5e3 kPa"), Some((1500.0, "kPa")));
        assert_eq!(split_number("-3degC"), Some((-3.0, "degC")));
        assert_eq!(number_length("4.."), Some(1));
        assert_eq!(number_length("1e"), Some(1));
        assert_eq!(number_length("1e+"), Some(1));
        assert_eq!(number_length("bar"), None);
        assert_eq!(number_length("-"), None);
    }

    #[test]
    fn the_longest_unit_wins_and_words_are_no_units() {
        let symbol = |text| leading_unit(text).map(Unit::symbol);
        assert_eq!(symbol("%vol FOR 2 s"), Some("%vol"));
        assert_eq!(symbol("m3/h)"), Some("m3/h"));
        assert_eq!(symbol("m"), Some("m"));
        assert_eq!(symbol("minutes"), None);
        assert_eq!(symbol("OF (a)"), None);
    }

    #[test]
    fn what_plants_elsewhere_write_is_understood_and_one_letter_is_no_slip_of_another() {
        for (written, meant) in
            [("C", "degC"), ("°C", "degC"), ("Sec", "s"), ("m³/h", "m3/h"), ("H", "h"), ("barr", "bar")]
        {
            assert_eq!(nearest_unit(written), Some(meant), "{written}");
        }
        assert_eq!(nearest_unit("x"), None);
        for (_, ours) in WRITTEN {
            assert!(Unit::parse(ours).is_some(), "{ours}");
        }
        for (written, _) in WRITTEN {
            assert!(Unit::parse(written).is_none() && written.to_lowercase() == *written, "{written}");
        }
    }

    #[test]
    fn people_read_no_rounding_errors() {
        assert_eq!(Shown(4.999_999_999_999_999).to_string(), "5");
        assert_eq!(Shown(0.35).to_string(), "0.35");
        assert_eq!(Shown(-20.0).to_string(), "-20");
        assert_eq!(Shown(1e-9).to_string(), "0.000000001");
    }

    #[test]
    fn a_degree_of_difference_is_one_kelvin() {
        let unit = |symbol| Unit::parse(symbol).unwrap();
        assert_eq!(span_in(unit("dK"), unit("degC")), Some(1.0));
        assert_eq!(span_in(unit("K"), unit("degC")), Some(1.0));
        assert!((span_in(unit("dK"), unit("degF")).unwrap() - 1.8).abs() < 1e-12);
        assert_eq!(span_in(unit("bar"), unit("degC")), None);
    }
}
