//! Words, numbers with units, and signs of the expression and phase languages.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::ops::Range;
use model::Unit;

use super::quantity::{leading_unit, nearest_unit, number_length};

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Token<'t> {
    Number(f64, Option<Unit>),
    /// A number whose unit is none; it is among [`Lexer::mistakes`].
    Unread,
    /// `2oo3`, as engineers write a voting: how many of how many.
    Voting(f64, f64),
    /// A name or a word of the language: `FIC-301.SP`, `AND`, `level`.
    Name(&'t str),
    /// A text in double quotes, without them.
    Quoted(&'t str),
    /// `+ - * / = <> < <= > >= ( ) , := : ..`
    Sign(&'static str),
}

/// What the lexer or the parser could not read.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Unread {
    pub(super) code: &'static str,
    pub(super) span: Range<usize>,
    pub(super) message: String,
    pub(super) help: String,
}

impl Unread {
    pub(super) fn new(span: Range<usize>, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { code: "expression", span, message: message.into(), help: help.into() }
    }
}

pub(super) struct Lexer<'t> {
    text: &'t str,
    at: usize,
    /// What could be read on behind: an unknown unit, an operator of another language.
    pub(super) mistakes: Vec<Unread>,
}

const SIGNS: [&str; 16] =
    [":=", "<>", "<=", ">=", "..", "+", "-", "*", "/", "=", "<", ">", "(", ")", ",", ":"];

/// What other languages write, and what it is called here.
const FOREIGN: [(&str, &str); 9] = [
    ("==", "="),
    ("!=", "<>"),
    ("&&", "AND"),
    ("||", "OR"),
    ("=>", ">="),
    ("=<", "<="),
    ("&", "AND"),
    ("|", "OR"),
    ("!", "NOT"),
];

impl<'t> Lexer<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, at: 0, mistakes: Vec::new() }
    }

    fn skip_blanks(&mut self) {
        loop {
            let rest = &self.text[self.at..];
            let blanks = rest.len() - rest.trim_start().len();
            self.at += blanks;
            if !self.text[self.at..].starts_with("//") {
                return;
            }
            self.at += self.text[self.at..].find('\n').unwrap_or(self.text.len() - self.at);
        }
    }

    /// The next token with its bytes, `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<(Token<'t>, Range<usize>)>, Unread> {
        self.skip_blanks();
        let start = self.at;
        let rest = &self.text[start..];
        let Some(first) = rest.chars().next() else { return Ok(None) };
        let token = if first.is_ascii_digit() {
            self.number(rest)?
        } else if first.is_ascii_alphabetic() || first == '_' {
            let length = name_length(rest);
            self.at += length;
            Token::Name(&rest[..length])
        } else if first == '"' {
            let Some(end) = rest[1..].find(['"', '\n']).filter(|end| rest[1 + end..].starts_with('"')) else {
                return Err(Unread::new(
                    start..start + 1,
                    "a text without end",
                    "close the text with a quote",
                ));
            };
            self.at += end + 2;
            Token::Quoted(&rest[1..=end])
        } else {
            self.sign(rest, first)?
        };
        Ok(Some((token, start..self.at)))
    }

    fn number(&mut self, rest: &'t str) -> Result<Token<'t>, Unread> {
        let start = self.at;
        let length = number_length(rest).unwrap_or(1);
        let value = rest[..length].parse().unwrap_or(f64::INFINITY);
        self.at += length;
        if !f64::is_finite(value) {
            return Err(Unread::new(start..self.at, "a number beyond all measure", "write a smaller number"));
        }
        let behind = &rest[length..];
        if let Some(of) = behind.strip_prefix("oo")
            && let Some(digits) = number_length(of)
        {
            self.at += 2 + digits;
            return Ok(Token::Voting(value, of[..digits].parse().unwrap_or(f64::INFINITY)));
        }
        let blanks = behind.len() - behind.trim_start_matches([' ', '\t']).len();
        let behind = &behind[blanks..];
        if let Some(unit) = leading_unit(behind) {
            self.at += blanks + unit.symbol().len();
            return Ok(Token::Number(value, Some(unit)));
        }
        let word_length = behind.find(|c: char| !(c.is_alphanumeric() || "%/_°".contains(c)));
        let word = &behind[..word_length.unwrap_or(behind.len())];
        if word.starts_with(|c: char| c.is_alphabetic() || "%°".contains(c)) && !is_word(word) {
            let span = self.at + blanks..self.at + blanks + word.len();
            let help = match nearest_unit(word) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "write a unit such as degC, bar, m3/h, %, or an operator".into(),
            };
            self.at = span.end;
            let message = format!("no unit `{word}`");
            self.mistakes.push(Unread { code: "unknown-unit", span, message, help });
            return Ok(Token::Unread);
        }
        Ok(Token::Number(value, None))
    }

    fn sign(&mut self, rest: &'t str, first: char) -> Result<Token<'t>, Unread> {
        for (foreign, ours) in FOREIGN {
            if rest.starts_with(foreign) {
                let span = self.at..self.at + foreign.len();
                self.at = span.end;
                let (message, help) = (format!("no operator `{foreign}`"), format!("write `{ours}`"));
                self.mistakes.push(Unread::new(span, message, help));
                let sign = SIGNS.into_iter().find(|sign| *sign == ours);
                return Ok(sign.map_or(Token::Name(ours), Token::Sign));
            }
        }
        if let Some(sign) = SIGNS.into_iter().find(|sign| rest.starts_with(sign)) {
            self.at += sign.len();
            return Ok(Token::Sign(sign));
        }
        let span = self.at..self.at + first.len_utf8();
        Err(Unread::new(
            span,
            format!("`{first}` has no meaning here"),
            "an expression consists of names, numbers with units, and OR AND NOT = <> < <= > >= + - * / ( )",
        ))
    }
}

/// Letters, digits, `_`, and `-` or `.` inside: `FIC-301.SP`.
fn name_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let letter = |at: usize| bytes.get(at).is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    let mut length = 0;
    while letter(length) || (matches!(bytes.get(length), Some(b'-' | b'.')) && letter(length + 1)) {
        length += 1;
    }
    length
}

/// Words of the languages, in capital letters; they are read in any case.
pub(super) const WORDS: [&str; 33] = [
    "OR", "XOR", "AND", "NOT", "TRUE", "FALSE", "FOR", "OFFDELAY", "OF", "MIN", "MAX", "AVG", "MEDIAN",
    "MED", "ABS", "SQRT", "EXP", "LN", "POW", "LIMIT", "SEL", "GOOD", "BAD", "RISE", "FALL", "PREV", "CLAMP",
    "HYST", "RATE", "ELSE", "MOD", "ROUND", "TRUNC",
];

pub(super) fn is_word(text: &str) -> bool {
    text.eq_ignore_ascii_case("IN") || WORDS.iter().any(|word| word.eq_ignore_ascii_case(text))
}

#[cfg(test)]
mod tests {
    use super::{Lexer, Token};
    use alloc::vec::Vec;
    use model::Unit;

    fn tokens(text: &str) -> Vec<Token<'_>> {
        let mut lexer = Lexer::new(text);
        core::iter::from_fn(|| lexer.next().unwrap()).map(|(token, _)| token).collect()
    }

    #[test]
    fn a_tag_keeps_its_hyphen_and_a_minus_has_spaces() {
        assert_eq!(
            tokens("FT-301.PV - 5"),
            [Token::Name("FT-301.PV"), Token::Sign("-"), Token::Number(5.0, None)]
        );
    }

    #[test]
    fn units_belong_to_their_numbers_and_words_do_not() {
        let bar = Unit::parse("bar");
        assert_eq!(tokens("1.5 bar")[0], Token::Number(1.5, bar));
        assert_eq!(tokens("2 OF (a)")[0], Token::Number(2.0, None));
        assert_eq!(tokens("2 of (a)")[1], Token::Name("of"));
        assert_eq!(tokens("30 .. 70 %")[2], Token::Number(70.0, Unit::parse("%")));
    }

    #[test]
    fn foreign_operators_get_their_translation() {
        let mut lexer = Lexer::new("== 3");
        assert_eq!(lexer.next(), Ok(Some((Token::Sign("="), 0..2))), "and read as what they stand for");
        assert_eq!(lexer.mistakes[0].help, "write `=`");
    }
}
