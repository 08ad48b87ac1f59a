//! The grammar of expressions: from text to a tree.
//!
//! ```text
//! or      = xor { OR xor }
//! xor     = and { XOR and }
//! and     = timed { AND timed }
//! timed   = denied { FOR (time | name) | OFFDELAY time }
//! denied  = NOT denied | compare
//! compare = sum [ ( = | <> | < | <= | > | >= ) sum ]
//! sum     = product { ( + | - ) product }
//! product = factor { ( * | / | MOD ) factor }
//! factor  = - factor | number | name | TRUE | FALSE | ( or ) | number OF ( list ) | FUNCTION ( list )
//! ```

use alloc::boxed::Box;
use alloc::format;
use alloc::vec;
use alloc::vec::Vec;
use core::ops::Range;
use model::{Dimension, Unit, nearest};

use super::function_words::{Function, LIST, Row, function, unknown_function};
use super::lexer::{Lexer, Token, Unread, WORDS, is_word};

/// Deeper trees are refused; the compiler walks them by recursion.
const DEPTH: u16 = 150;

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Tree<'t> {
    pub(super) node: Node<'t>,
    pub(super) span: Range<usize>,
    depth: u16,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node<'t> {
    Number(f64, Option<Unit>),
    Truth(bool),
    Name(&'t str),
    Negate(Box<Tree<'t>>),
    Not(Box<Tree<'t>>),
    Binary(Operator, Box<[Tree<'t>; 2]>),
    OnDelay(Box<Tree<'t>>, u32),
    /// The same for as long as a name says.
    OnDelayOf(Box<Tree<'t>>, &'t str, Range<usize>),
    OffDelay(Box<Tree<'t>>, u32),
    Vote(u8, Vec<Tree<'t>>),
    Call(Function, Vec<Tree<'t>>),
    /// Something with a mistake of its own, which is told; its parts are looked at all the same.
    Unread(Vec<Tree<'t>>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Or,
    Xor,
    And,
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
}

/// A whole text as one expression.
pub(super) struct Parsed<'t> {
    /// Or where it cannot be read any further.
    pub(super) tree: Result<Tree<'t>, Unread>,
    /// What is wrong before that, and could be read all the same.
    pub(super) mistakes: Vec<Unread>,
}

/// Reads a whole text as one expression.
pub(super) fn parse(text: &str) -> Parsed<'_> {
    let mut parser = Parser::new(text);
    let tree = parser.whole();
    let mut mistakes = parser.mistakes;
    mistakes.append(&mut parser.lexer.mistakes);
    Parsed { tree, mistakes }
}

struct Parser<'t> {
    text: &'t str,
    lexer: Lexer<'t>,
    token: Option<Token<'t>>,
    span: Range<usize>,
    /// Open parentheses and prefixes.
    open: u16,
    mistakes: Vec<Unread>,
}

type Read<'t> = Result<Tree<'t>, Unread>;

impl<'t> Parser<'t> {
    fn new(text: &'t str) -> Self {
        let lexer = Lexer::new(text);
        Self { text, lexer, token: None, span: 0..0, open: 0, mistakes: Vec::new() }
    }

    fn whole(&mut self) -> Read<'t> {
        self.advance()?;
        let tree = self.or()?;
        match self.token {
            None => Ok(tree),
            Some(_) => Err(self.unexpected("an operator or the end")),
        }
    }

    /// Notes a mistake of something whose parts are known, so that theirs are found as well.
    fn unread(&mut self, unread: Unread, span: Range<usize>, parts: Vec<Tree<'t>>) -> Read<'t> {
        self.mistakes.push(unread);
        Self::parts(span, parts)
    }

    fn parts(span: Range<usize>, parts: Vec<Tree<'t>>) -> Read<'t> {
        let depth = parts.iter().map(|part| part.depth).max().unwrap_or(0) + 1;
        Self::bounded(Tree { node: Node::Unread(parts), span, depth })
    }

    fn advance(&mut self) -> Result<(), Unread> {
        (self.token, self.span) = match self.lexer.next()? {
            Some((token, span)) => (Some(token), span),
            None => (None, self.text.trim_end().len()..self.text.len()),
        };
        Ok(())
    }

    fn word(&self) -> Option<&'static str> {
        let Some(Token::Name(name)) = self.token else { return None };
        WORDS.into_iter().find(|word| word.eq_ignore_ascii_case(name))
    }

    fn unexpected(&self, wanted: &str) -> Unread {
        let found = self.text.get(self.span.clone()).unwrap_or_default();
        if let Some(Token::Name(name)) = self.token
            && !is_word(name)
            && let Some(near) = nearest(name, WORDS.into_iter())
        {
            return Unread::new(
                self.span.clone(),
                format!("`{name}` is no operator"),
                format!("did you mean `{near}`?"),
            );
        }
        if let Some(Token::Name(name)) = self.token
            && Unit::parse(name).is_some()
        {
            return Unread::new(
                self.span.clone(),
                format!("the unit `{name}` without its number"),
                format!("a unit stands behind a number, and a minus has spaces around it: `a - 5 {name}`"),
            );
        }
        let message = if self.token.is_none() {
            format!("the expression ends where {wanted} is expected")
        } else {
            format!("`{found}` stands where {wanted} is expected")
        };
        let help = match self.token {
            Some(Token::Sign(":=")) => "an expression compares with `=`; `:=` assigns".into(),
            Some(Token::Sign(")")) => "remove the parenthesis, or open one before it".into(),
            Some(Token::Number(value, _)) if value < 0.0 || found.starts_with('-') => {
                "a minus has spaces around it: `a - 5`".into()
            }
            _ => format!("write {wanted} here"),
        };
        Unread::new(self.span.clone(), message, help)
    }

    fn expect(&mut self, sign: &'static str) -> Result<Range<usize>, Unread> {
        if self.token != Some(Token::Sign(sign)) {
            return Err(self.unexpected(&format!("`{sign}`")));
        }
        let span = self.span.clone();
        self.advance()?;
        Ok(span)
    }

    fn binary(operator: Operator, left: Tree<'t>, right: Tree<'t>) -> Read<'t> {
        let span = left.span.start..right.span.end;
        let depth = left.depth.max(right.depth) + 1;
        Self::bounded(Tree { node: Node::Binary(operator, Box::new([left, right])), span, depth })
    }

    fn bounded(tree: Tree<'t>) -> Read<'t> {
        if tree.depth > DEPTH {
            return Err(too_long(tree.span));
        }
        Ok(tree)
    }

    fn or(&mut self) -> Read<'t> {
        let mut left = self.xor()?;
        while self.word() == Some("OR") {
            self.advance()?;
            let right = self.xor()?;
            left = Self::binary(Operator::Or, left, right)?;
        }
        Ok(left)
    }

    fn xor(&mut self) -> Read<'t> {
        let mut left = self.and()?;
        while self.word() == Some("XOR") {
            self.advance()?;
            let right = self.and()?;
            left = Self::binary(Operator::Xor, left, right)?;
        }
        Ok(left)
    }

    fn and(&mut self) -> Read<'t> {
        let mut left = self.timed()?;
        while self.word() == Some("AND") {
            self.advance()?;
            let right = self.timed()?;
            left = Self::binary(Operator::And, left, right)?;
        }
        Ok(left)
    }

    fn timed(&mut self) -> Read<'t> {
        let mut tree = self.denied()?;
        while let Some(word @ ("FOR" | "OFFDELAY")) = self.word() {
            self.advance()?;
            let span = tree.span.start..self.span.end;
            let depth = tree.depth + 1;
            let node = match self.token {
                Some(Token::Name(name)) if word == "FOR" && !is_word(name) => {
                    Node::OnDelayOf(Box::new(tree), name, self.span.clone())
                }
                _ if word == "FOR" => Node::OnDelay(Box::new(tree), self.time()?),
                _ => Node::OffDelay(Box::new(tree), self.time()?),
            };
            self.advance()?;
            tree = Self::bounded(Tree { node, span, depth })?;
        }
        Ok(tree)
    }

    /// The time of a delay. One that cannot be is told, and taken as none.
    fn time(&mut self) -> Result<u32, Unread> {
        match self.delay() {
            Err(unread) if matches!(self.token, Some(Token::Number(..))) => {
                self.mistakes.push(unread);
                Ok(0)
            }
            found => found,
        }
    }

    fn delay(&self) -> Result<u32, Unread> {
        let example = "write a number with a unit of time, such as `FOR 30 s`";
        let (value, unit) = match self.token {
            Some(Token::Number(value, unit)) => (value, unit),
            // Its unit is told.
            Some(Token::Unread) => return Ok(0),
            _ => return Err(Unread::new(self.span.clone(), "a time is expected here", example)),
        };
        let ms = unit
            .filter(|unit| unit.dimension() == Dimension::Time)
            .and_then(|unit| unit.convert(value, Unit::parse("ms")?));
        match ms {
            Some(ms) if ms > 0.0 && ms < 1.0 => {
                let help = "times are whole milliseconds: write 1 ms or more";
                Err(Unread::new(self.span.clone(), "a time shorter than a millisecond", help))
            }
            Some(ms) if (0.0..=f64::from(u32::MAX)).contains(&ms) => Ok(libm::round(ms) as u32),
            Some(_) => Err(Unread::new(self.span.clone(), "a time beyond 49 days", "write a shorter time")),
            None => Err(Unread::new(self.span.clone(), "this is no time", example)),
        }
    }

    fn denied(&mut self) -> Read<'t> {
        if self.word() != Some("NOT") {
            return self.compare();
        }
        let start = self.span.start;
        self.advance()?;
        self.enter()?;
        let inner = self.denied()?;
        self.open -= 1;
        let (span, depth) = (start..inner.span.end, inner.depth + 1);
        Self::bounded(Tree { node: Node::Not(Box::new(inner)), span, depth })
    }

    fn enter(&mut self) -> Result<(), Unread> {
        self.open += 1;
        if self.open > DEPTH / 2 {
            return Err(too_long(self.span.clone()));
        }
        Ok(())
    }

    fn comparison(&self) -> Option<Operator> {
        match self.token {
            Some(Token::Sign("=")) => Some(Operator::Equal),
            Some(Token::Sign("<>")) => Some(Operator::NotEqual),
            Some(Token::Sign("<")) => Some(Operator::Less),
            Some(Token::Sign("<=")) => Some(Operator::LessEqual),
            Some(Token::Sign(">")) => Some(Operator::Greater),
            Some(Token::Sign(">=")) => Some(Operator::GreaterEqual),
            _ => None,
        }
    }

    fn compare(&mut self) -> Read<'t> {
        let left = self.sum()?;
        let Some(operator) = self.comparison() else { return Ok(left) };
        self.advance()?;
        let right = self.sum()?;
        if self.comparison().is_some() {
            let help = "join two comparisons with AND: `a < b AND b < c`";
            let unread = Unread::new(self.span.clone(), "two comparisons in a row", help);
            self.advance()?;
            let third = self.sum()?;
            return self.unread(unread, left.span.start..third.span.end, vec![left, right, third]);
        }
        Self::binary(operator, left, right)
    }

    fn sum(&mut self) -> Read<'t> {
        let mut left = self.product()?;
        loop {
            let operator = match self.token {
                Some(Token::Sign("+")) => Operator::Add,
                Some(Token::Sign("-")) => Operator::Subtract,
                _ => return Ok(left),
            };
            self.advance()?;
            let right = self.product()?;
            left = Self::binary(operator, left, right)?;
        }
    }

    fn product(&mut self) -> Read<'t> {
        let mut left = self.factor()?;
        loop {
            let operator = match self.token {
                Some(Token::Sign("*")) => Operator::Multiply,
                Some(Token::Sign("/")) => Operator::Divide,
                Some(Token::Name(_)) if self.word() == Some("MOD") => Operator::Modulo,
                _ => return Ok(left),
            };
            self.advance()?;
            let right = self.factor()?;
            left = Self::binary(operator, left, right)?;
        }
    }

    fn factor(&mut self) -> Read<'t> {
        let span = self.span.clone();
        let leaf = |node, span| Tree { node, span, depth: 1 };
        match self.token {
            Some(Token::Number(value, unit)) => {
                self.advance()?;
                if self.word() == Some("OF") {
                    self.advance()?;
                    return self.vote(value, unit, None, span);
                }
                Ok(leaf(Node::Number(value, unit), span))
            }
            Some(Token::Unread) => {
                self.advance()?;
                Ok(leaf(Node::Unread(Vec::new()), span))
            }
            Some(Token::Voting(need, of)) => {
                self.advance()?;
                // `2oo3 OF (a, b, c)` reads well too.
                if self.word() == Some("OF") {
                    self.advance()?;
                }
                self.vote(need, None, Some(of), span)
            }
            Some(Token::Sign("-")) => {
                self.advance()?;
                self.enter()?;
                let inner = self.factor()?;
                self.open -= 1;
                let (span, depth) = (span.start..inner.span.end, inner.depth + 1);
                match inner.node {
                    Node::Number(value, unit) => Ok(leaf(Node::Number(-value, unit), span)),
                    _ => Self::bounded(Tree { node: Node::Negate(Box::new(inner)), span, depth }),
                }
            }
            Some(Token::Sign("(")) => {
                self.advance()?;
                self.enter()?;
                let inner = self.or()?;
                self.open -= 1;
                let end = self.expect(")")?.end;
                Ok(Tree { span: span.start..end, ..inner })
            }
            Some(Token::Name(name)) => self.named(name, span),
            _ => Err(self.unexpected("a name, a number or a parenthesis")),
        }
    }

    fn named(&mut self, name: &'t str, span: Range<usize>) -> Read<'t> {
        let word = self.word();
        let node = match word {
            Some("TRUE") => Node::Truth(true),
            Some("FALSE") => Node::Truth(false),
            _ => {
                if let Some(function) = function(name) {
                    return self.call(function, span);
                }
                if word == Some("MOD") {
                    let help = "it stands between its operands: `a MOD b`";
                    return Err(Unread::new(span, "`MOD` without a dividend", help));
                }
                if word.is_some() {
                    return Err(self.unexpected("a name, a number or a parenthesis"));
                }
                Node::Name(name)
            }
        };
        self.advance()?;
        if self.token == Some(Token::Sign("(")) {
            self.mistakes.push(unknown_function(name, span.clone()));
            let (arguments, end, _) = self.list()?;
            return Self::parts(span.start..end, arguments);
        }
        Ok(Tree { node, span, depth: 1 })
    }

    fn call(&mut self, (_, function, least, most, usage): Row, span: Range<usize>) -> Read<'t> {
        self.advance()?;
        let (arguments, end, depth) = self.list()?;
        if !(least..=most).contains(&arguments.len()) {
            let span = span.start..end;
            let said = format!("{} arguments", arguments.len());
            let unread = Unread::new(span.clone(), said, format!("write `{usage}`"));
            return self.unread(unread, span, arguments);
        }
        Self::bounded(Tree { node: Node::Call(function, arguments), span: span.start..end, depth })
    }

    fn vote(&mut self, need: f64, unit: Option<Unit>, said: Option<f64>, span: Range<usize>) -> Read<'t> {
        let (conditions, end, depth) = self.list()?;
        let of = conditions.len();
        if let Some(said) = said.filter(|said| *said != of as f64) {
            let message = format!("{need}oo{said} of {of} conditions");
            let help = format!("write `{need}oo{of}`, or give {said} conditions");
            return self.unread(Unread::new(span.clone(), message, help), span.start..end, conditions);
        }
        if unit.is_some() || libm::floor(need) != need || need < 1.0 || need > of as f64 {
            let message = format!("{need} of {of} conditions");
            let help = format!("write a whole number from 1 to {of}, as in `2 OF (a, b, c)`");
            return self.unread(Unread::new(span.clone(), message, help), span.start..end, conditions);
        }
        Self::bounded(Tree { node: Node::Vote(need as u8, conditions), span: span.start..end, depth })
    }

    fn list(&mut self) -> Result<(Vec<Tree<'t>>, usize, u16), Unread> {
        self.expect("(")?;
        self.enter()?;
        let mut items = vec![self.or()?];
        while self.token == Some(Token::Sign(",")) {
            self.advance()?;
            items.push(self.or()?);
            if items.len() > LIST {
                return Err(too_long(self.span.clone()));
            }
        }
        self.open -= 1;
        let end = self.expect(")")?.end;
        let depth = items.iter().map(|item| item.depth).max().unwrap_or(0) + 1;
        Ok((items, end, depth))
    }
}

fn too_long(span: Range<usize>) -> Unread {
    Unread::new(
        span,
        "too long or too deep for one expression",
        "divide it: give its parts names with [calc]",
    )
}

#[cfg(test)]
mod tests {
    use super::{Node, Operator, Tree, Unread, Vec};

    fn parse(text: &str) -> Result<Tree<'_>, Unread> {
        let parsed = super::parse(text);
        parsed.mistakes.into_iter().next().map_or(parsed.tree, Err)
    }

    fn top(text: &str) -> Operator {
        match parse(text).unwrap().node {
            Node::Binary(operator, _) => operator,
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn operators_bind_as_in_structured_text() {
        assert_eq!(top("a OR b AND c"), Operator::Or);
        assert_eq!(top("a AND b XOR c"), Operator::Xor);
        assert_eq!(top("a < 1 + 2 AND b"), Operator::And);
        assert_eq!(top("1 + 2 * 3"), Operator::Add);
        assert_eq!(top("a + 1 > b"), Operator::Greater);
        assert_eq!(top("a - b - c"), Operator::Subtract);
        assert_eq!(top("a * b MOD c"), Operator::Modulo);
        assert_eq!(top("a mod b + c"), Operator::Add);
        assert!(matches!(parse("NOT a FOR 5 s").unwrap().node, Node::OnDelay(..)), "the whole is delayed");
        assert!(matches!(parse("not a = b").unwrap().node, Node::Not(..)));
    }

    #[test]
    fn a_delay_belongs_to_its_comparison_alone() {
        let tree = parse("a < 5 FOR 30 s AND b").unwrap();
        let Node::Binary(Operator::And, sides) = tree.node else { panic!() };
        assert!(matches!(sides[0].node, Node::OnDelay(_, 30_000)));
    }

    #[test]
    fn deep_and_long_texts_are_refused_and_not_walked() {
        assert!(parse(&"(".repeat(100_000)).is_err());
        assert!(parse(&"NOT ".repeat(100_000)).is_err());
        assert!(parse(&"- ".repeat(100_000)).is_err());
        let sum = "a + ".repeat(100_000) + "a";
        assert_eq!(parse(&sum).unwrap_err().help, "divide it: give its parts names with [calc]");
    }

    #[test]
    fn one_mistake_hides_no_other_that_can_be_read_behind_it() {
        for (text, wrong) in [
            ("MEAN(a, b) > 5 barr AND c && d", &["MEAN", "barr", "&&"][..]),
            ("a > 5 barr FOR 3 secs OR 4 OF (a, b)", &["barr", "secs", "4"]),
            ("SQRT(a, b) + ABS(a < b < c)", &["SQRT(a, b)", "<"]),
            ("MINN(a, 3 furlongs", &["MINN", "furlongs"]),
        ] {
            let parsed = super::parse(text);
            let mut places: Vec<&str> =
                parsed.mistakes.iter().map(|unread| &text[unread.span.clone()]).collect();
            places.sort_by_key(|place| text.find(place));
            assert_eq!(places, wrong, "{text}");
            assert_eq!(parsed.tree.is_err(), text.starts_with("MINN"), "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_said_in_place() {
        for (text, help) in [
            ("TT-311 > 95 degc", "did you mean `degC`?"),
            ("a == b", "write `=`"),
            ("a < b < c", "AND"),
            ("3 OF (a, b)", "from 1 to 2"),
            ("MINN(a, b)", "did you mean `MIN`?"),
            ("average(a, b)", "did you mean `AVG`? write `AVG(a, b, ...)`"),
            ("IF(a, b, c)", "write `SEL(condition, a, b)`"),
            ("TON(a, 5 s)", "`a > b FOR 30 s`"),
            ("zzzz(a)", "functions are MIN MAX"),
            ("a > 5 °C", "did you mean `degC`?"),
            ("LIMIT(a, b)", "LIMIT(low, x, high)"),
            ("a FOR 5", "FOR 30 s"),
            ("a FOR 5 bar", "FOR 30 s"),
            ("a ANDD b", "did you mean `AND`?"),
            ("MOD(a, b)", "`a MOD b`"),
            ("(a", "`)`"),
            ("", "a name"),
        ] {
            let unread = parse(text).unwrap_err();
            assert!(unread.help.contains(help), "{text}: {}", unread.help);
        }
    }
}
