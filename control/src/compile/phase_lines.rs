//! The statements of a phase text: where each begins and ends.

use alloc::vec::Vec;
use core::ops::Range;

/// The statements of the text as byte ranges. A statement goes on over the end of its line while a
/// parenthesis is open, and when the next line begins with an operator.
pub(super) fn lines(text: &str) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    let mut open = 0_i32;
    // Some editors put a mark of three bytes before the first letter.
    let mut start = text.len() - text.trim_start_matches('\u{feff}').len();
    for line in text[start..].split_inclusive('\n') {
        let code = without_comment(line);
        let trimmed = code.trim();
        if !trimmed.is_empty() {
            let from = start + (code.len() - code.trim_start().len());
            let to = from + trimmed.len();
            let first = first_word(trimmed);
            let operator = ["AND", "OR", "XOR"].iter().any(|word| word.eq_ignore_ascii_case(first))
                || trimmed.starts_with(['+', '*', '/', '<', '>', '=', ')', ',', '-']);
            // `WHEN` may have its `GOTO` on the next line.
            let where_to = first.eq_ignore_ascii_case("GOTO")
                && found.last().is_some_and(|last| is_open_way(&text[last.clone()]));
            let inside = where_to || open > 0 && !is_statement(trimmed);
            match found.last_mut() {
                Some(last) if operator || inside => last.end = to,
                _ => {
                    open = 0;
                    found.push(from..to);
                }
            }
            open += trimmed.matches('(').count() as i32 - trimmed.matches(')').count() as i32;
        }
        start += line.len();
    }
    found
}

fn without_comment(line: &str) -> &str {
    let mut quoted = false;
    for (at, letter) in line.char_indices() {
        match letter {
            '"' => quoted = !quoted,
            '/' if !quoted && line[at..].starts_with("//") => return &line[..at],
            _ => {}
        }
    }
    line
}

/// First words of the statements.
pub(super) const STATEMENTS: [&str; 13] = [
    "PHASE",
    "PARAM",
    "RUNNING",
    "HOLDING",
    "RESTARTING",
    "STOPPING",
    "ABORTING",
    "STEP",
    "WAIT",
    "WHEN",
    "GOTO",
    "STAY",
    "WITHIN",
];

pub(super) fn first_word(text: &str) -> &str {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).next().unwrap_or_default()
}

/// A `WHEN` that says not yet where it leads.
fn is_open_way(text: &str) -> bool {
    first_word(text).eq_ignore_ascii_case("WHEN") && goto_in(text).is_none()
}

/// Where the last word `GOTO` of a statement begins.
pub(super) fn goto_in(text: &str) -> Option<usize> {
    let outside = |at: usize| {
        let letter = |c: char| c.is_ascii_alphanumeric() || ['_', '-', '.'].contains(&c);
        !text[..at].ends_with(letter) && !text[at + 4..].starts_with(letter)
    };
    let mut found = None;
    for (at, _) in text.char_indices() {
        if text[at..].get(..4).is_some_and(|word| word.eq_ignore_ascii_case("GOTO")) && outside(at) {
            found = Some(at);
        }
    }
    found
}

fn is_statement(text: &str) -> bool {
    let word = first_word(text);
    STATEMENTS.iter().any(|statement| statement.eq_ignore_ascii_case(word)) || text.contains(":=")
}

#[cfg(test)]
mod tests {
    use super::lines;
    use alloc::vec::Vec;

    fn statements(text: &str) -> Vec<&str> {
        lines(text).into_iter().map(|span| &text[span]).collect()
    }

    #[test]
    fn a_mark_of_the_byte_order_before_the_first_letter_is_no_letter() {
        assert_eq!(
            statements("\u{feff}PHASE Fill ON U-1 \"x\"\nRUNNING"),
            ["PHASE Fill ON U-1 \"x\"", "RUNNING"]
        );
        assert_eq!(statements("\u{feff}// comment\nRUNNING"), ["RUNNING"]);
    }

    #[test]
    fn a_statement_goes_on_behind_an_operator_and_inside_parentheses() {
        assert_eq!(statements("WAIT a\n  AND b\nSTEP \"x\""), ["WAIT a\n  AND b", "STEP \"x\""]);
        assert_eq!(statements("x := MIN(a,\n  b)\ny := 1"), ["x := MIN(a,\n  b)", "y := 1"]);
        assert_eq!(
            statements("x := (a\ny := 1"),
            ["x := (a", "y := 1"],
            "an open one does not swallow the next"
        );
    }

    #[test]
    fn a_way_out_may_say_on_the_next_line_where_it_leads() {
        assert_eq!(statements("WHEN a\n  AND b\n  GOTO X\nGOTO Y"), ["WHEN a\n  AND b\n  GOTO X", "GOTO Y"]);
        assert_eq!(statements("WAIT a\nGOTO Y"), ["WAIT a", "GOTO Y"]);
        assert_eq!(super::goto_in("WHEN \u{e9} > x-GOTO GOTO Z"), Some(17));
        assert_eq!(super::goto_in("WHEN XGOTO"), None);
    }

    #[test]
    fn comments_end_statements_but_not_texts() {
        assert_eq!(statements("STEP \"see http://x\" // and so on\n\n// nothing"), ["STEP \"see http://x\""]);
    }
}
