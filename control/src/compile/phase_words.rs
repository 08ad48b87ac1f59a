//! The words of one statement of a phase, read in order.

use alloc::format;
use alloc::string::{String, ToString};
use core::ops::Range;
use model::Unit;

use super::lexer::{Lexer, Token, Unread};

pub(super) type Read = Result<(), Unread>;
/// A number with its unit, and where it stands.
pub(super) type Number = (f64, Option<Unit>, Range<usize>);

pub(super) enum NumberOrName {
    Number(Number),
    Name(Range<usize>),
}

/// Reads the words of one statement in order.
pub(super) struct Words<'s> {
    lexer: Lexer<'s>,
    from: usize,
    end: usize,
}

impl<'s> Words<'s> {
    pub(super) fn new(text: &'s str, span: Range<usize>) -> Self {
        Self { lexer: Lexer::new(&text[span.clone()]), from: span.start, end: span.end }
    }

    fn next(&mut self) -> Result<(Option<Token<'s>>, Range<usize>), Unread> {
        let next = self.lexer.next();
        match self.lexer.mistakes.pop().map_or(next, Err) {
            Ok(Some((token, span))) => Ok((Some(token), self.from + span.start..self.from + span.end)),
            Ok(None) => Ok((None, self.end..self.end)),
            Err(mut unread) => {
                unread.span = self.from + unread.span.start..self.from + unread.span.end;
                Err(unread)
            }
        }
    }

    fn wrong(span: Range<usize>, what: &str, usage: &str) -> Unread {
        Unread::new(span, format!("{what} is expected here"), usage)
    }

    pub(super) fn name(&mut self, usage: &str) -> Result<Range<usize>, Unread> {
        match self.next()? {
            (Some(Token::Name(_)), span) => Ok(span),
            (_, span) => Err(Self::wrong(span, "a name", usage)),
        }
    }

    pub(super) fn word(&mut self, word: &str, usage: &str) -> Read {
        match self.next()? {
            (Some(Token::Name(name)), _) if name.eq_ignore_ascii_case(word) => Ok(()),
            (_, span) => Err(Self::wrong(span, word, usage)),
        }
    }

    pub(super) fn sign(&mut self, sign: &str, usage: &str) -> Read {
        match self.next()? {
            (Some(Token::Sign(found)), _) if found == sign => Ok(()),
            (_, span) => Err(Self::wrong(span, sign, usage)),
        }
    }

    pub(super) fn quoted(&mut self, usage: &str) -> Result<String, Unread> {
        match self.next()? {
            (Some(Token::Quoted(text)), _) => Ok(text.to_string()),
            (_, span) => Err(Self::wrong(span, "a text in quotes", usage)),
        }
    }

    pub(super) fn number(&mut self, usage: &str) -> Result<Number, Unread> {
        match self.next()? {
            (Some(Token::Number(value, unit)), span) => Ok((value, unit, span)),
            (Some(Token::Sign("-")), start) => match self.next()? {
                (Some(Token::Number(value, unit)), span) => Ok((-value, unit, start.start..span.end)),
                (_, span) => Err(Self::wrong(span, "a number", usage)),
            },
            (_, span) => Err(Self::wrong(span, "a number", usage)),
        }
    }

    pub(super) fn number_or_name(&mut self, usage: &str) -> Result<NumberOrName, Unread> {
        match self.next()? {
            (Some(Token::Number(value, unit)), span) => Ok(NumberOrName::Number((value, unit, span))),
            (Some(Token::Name(_)), span) => Ok(NumberOrName::Name(span)),
            (_, span) => Err(Self::wrong(span, "a time", usage)),
        }
    }

    pub(super) fn end(&mut self, usage: &str) -> Read {
        match self.next()? {
            (None, _) => Ok(()),
            (_, span) => Err(Unread::new(span, "too much on this line", usage)),
        }
    }
}
