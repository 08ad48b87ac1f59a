//! The text of one TOML file as a tree in the order of the page, every key and value with its place.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use model::Source;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::place::{Place, Text};
use super::report::{Mistake, Report};

/// Keys with more dots than this are no keys; deep ones would also exhaust the stack.
const KEY_DEPTH: usize = 16;
/// Syntax errors of one file that are worth reading.
const SYNTAX_ERRORS: usize = 20;

#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) place: Place,
    pub(super) value: Value,
}

#[derive(Clone, Debug)]
pub(super) enum Value {
    Text(Text),
    Integer(i64),
    Float(f64),
    Boolean(bool),
    /// A date or time, which no key of a plant takes.
    Date,
    List(Vec<Node>),
    Table(Table),
}

#[derive(Clone, Debug)]
pub(super) struct Table {
    pub(super) place: Place,
    /// In order of the page.
    pub(super) entries: Vec<Entry>,
}

#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) key: Text,
    pub(super) node: Node,
}

impl Value {
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Text(_) => "a text",
            Self::Integer(_) | Self::Float(_) => "a number",
            Self::Boolean(_) => "true or false",
            Self::Date => "a date",
            Self::List(_) => "a list",
            Self::Table(_) => "a table",
        }
    }
}

impl Node {
    pub(super) fn text(&self) -> Option<&Text> {
        if let Value::Text(text) = &self.value { Some(text) } else { None }
    }

    pub(super) fn table(&self) -> Option<&Table> {
        if let Value::Table(table) = &self.value { Some(table) } else { None }
    }
}

impl Table {
    pub(super) fn get(&self, key: &str) -> Option<&Node> {
        self.entries.iter().find(|entry| entry.key.as_str() == key).map(|entry| &entry.node)
    }

    pub(super) fn get_text(&self, key: &str) -> Option<&Text> {
        self.get(key).and_then(Node::text)
    }
}

/// Reads one source. Syntax errors are reported; what could be read is returned all the same.
pub(super) fn read(index: u32, source: &Source, report: &mut Report) -> Option<Table> {
    if let Some(span) = too_deep(source.text.as_bytes()) {
        report.add(
            Mistake::error("syntax", "a key with too many dots")
                .at(Place::new(index, span), "here")
                .help("quote a name that contains dots: [tag.\"P-311.RUN\"]"),
        );
        return None;
    }
    let (table, errors) = DeTable::parse_recoverable(&source.text);
    let mut repeated = 0;
    for error in errors.iter().take(SYNTAX_ERRORS) {
        let span = error.span().unwrap_or(0..0);
        if span.start < repeated {
            continue;
        }
        // The keys of a table that is there twice are there twice as well: one message for all.
        if error.message().contains("duplicate key")
            && source.text[line_of(&source.text, span.start)].starts_with('[')
        {
            let behind = line_of(&source.text, span.start).end;
            repeated = source.text[behind..].find("\n[").map_or(source.text.len(), |next| behind + next);
        }
        report.add(syntax_error(index, source, error.message(), span));
    }
    let reader = Reader { index, text: &source.text };
    let place = Place::new(index, table.span());
    Some(reader.table(place, table.into_inner()))
}

fn syntax_error(index: u32, source: &Source, message: &str, span: core::ops::Range<usize>) -> Mistake {
    let place = Place::new(index, span.clone());
    let mistake = Mistake::error("syntax", format!("not TOML: {message}")).at(place, message);
    if !message.contains("duplicate key") {
        return mistake.help(
            "keys are `name = value`; texts stand in double quotes; names with a dot are quoted: [tag.\"P-311.RUN\"]",
        );
    }
    let line = line_of(&source.text, span.start);
    let first = source.text[..line.start]
        .find(source.text[line.clone()].trim())
        .map(|start| Place::new(index, start..start + source.text[line].trim().len()));
    let mistake = mistake.help("every name is declared once in a file; rename or remove one of the two");
    match first {
        Some(first) => mistake.related(first, "it stands here already"),
        None => mistake,
    }
}

fn line_of(text: &str, byte: usize) -> core::ops::Range<usize> {
    let mut byte = byte.min(text.len());
    while !text.is_char_boundary(byte) {
        byte -= 1;
    }
    let start = text[..byte].rfind('\n').map_or(0, |newline| newline + 1);
    let end = text[byte..].find('\n').map_or(text.len(), |newline| byte + newline);
    start..end
}

struct Reader<'a> {
    index: u32,
    text: &'a str,
}

impl Reader<'_> {
    fn table(&self, place: Place, table: DeTable<'_>) -> Table {
        let mut entries: Vec<Entry> = table
            .into_iter()
            .map(|(key, value)| {
                let place = Place::new(self.index, key.span());
                Entry { key: self.written(place, key.into_inner().into_owned()), node: self.node(value) }
            })
            .collect();
        entries.sort_by_key(|entry| (entry.key.place.start, entry.node.place.start));
        Table { place, entries }
    }

    /// Recursion is bounded: the parser refuses values nested deeper than 80, and `too_deep` keys.
    fn node(&self, value: Spanned<DeValue<'_>>) -> Node {
        let place = Place::new(self.index, value.span());
        let value = match value.into_inner() {
            DeValue::String(text) => Value::Text(self.written(place, text.into_owned())),
            DeValue::Integer(integer) => i64::from_str_radix(integer.as_str(), integer.radix())
                .map_or_else(|_| Value::Float(integer.as_str().parse().unwrap_or(f64::NAN)), Value::Integer),
            DeValue::Float(float) => Value::Float(float.as_str().parse().unwrap_or(f64::NAN)),
            DeValue::Boolean(boolean) => Value::Boolean(boolean),
            DeValue::Datetime(_) => Value::Date,
            DeValue::Array(array) => Value::List(array.into_iter().map(|item| self.node(item)).collect()),
            DeValue::Table(table) => Value::Table(self.table(place, table)),
        };
        Node { place, value }
    }

    /// Finds out where the first byte of the value stands: behind one or three quotes, or none.
    fn written(&self, place: Place, value: String) -> Text {
        let raw = self.text.get(place.span()).unwrap_or_default();
        for (open, close) in [
            ("\"\"\"\r\n", 3),
            ("'''\r\n", 3),
            ("\"\"\"\n", 3),
            ("'''\n", 3),
            ("\"\"\"", 3),
            ("'''", 3),
            ("\"", 1),
            ("'", 1),
            ("", 0),
        ] {
            let end = raw.len().saturating_sub(close);
            if raw.starts_with(open) && raw.get(open.len()..end) == Some(value.as_str()) {
                return Text::exact(value, place, place.start as usize + open.len());
            }
        }
        Text::whole(value, place)
    }
}

/// A chain of more than [`KEY_DEPTH`] dotted parts, outside of texts and comments.
fn too_deep(bytes: &[u8]) -> Option<core::ops::Range<usize>> {
    let mut dots = 0;
    let mut start = 0;
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'.' => {
                dots += 1;
                if dots > KEY_DEPTH {
                    return Some(start..at);
                }
            }
            b'#' => {
                while at < bytes.len() && bytes[at] != b'\n' {
                    at += 1;
                }
                continue;
            }
            quote @ (b'"' | b'\'') => {
                at = skip_text(bytes, at, quote);
                continue;
            }
            b'\n' | b'=' | b',' | b'[' | b'{' => {
                dots = 0;
                start = at + 1;
            }
            _ => {}
        }
        at += 1;
    }
    None
}

/// The byte behind a text that starts at `at`, as the TOML lexer sees it.
fn skip_text(bytes: &[u8], at: usize, quote: u8) -> usize {
    let rest = &bytes[at..];
    let triple = [quote; 3];
    let escapes = quote == b'"';
    let many_lines = rest.starts_with(&triple);
    let mut index = if many_lines { 3 } else { 1 };
    while index < rest.len() {
        if escapes && rest[index] == b'\\' {
            index += 2;
        } else if many_lines && rest[index..].starts_with(&triple) {
            index += 3;
            // Up to two more quotes belong to the text.
            let more = rest[index..].iter().take(2).take_while(|byte| **byte == quote).count();
            return at + index + more;
        } else if !many_lines && rest[index] == quote {
            return at + index + 1;
        } else if !many_lines && rest[index] == b'\n' {
            return at + index;
        } else {
            index += 1;
        }
    }
    bytes.len()
}

impl core::fmt::Display for Text {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl From<&Text> for String {
    fn from(text: &Text) -> Self {
        text.as_str().to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::too_deep;

    #[test]
    fn dots_count_only_where_keys_stand() {
        let many = ".x".repeat(40);
        assert!(too_deep(std::format!("a{many} = 1").as_bytes()).is_some());
        assert!(too_deep(std::format!("[a{many}]").as_bytes()).is_some());
        assert!(too_deep(std::format!("a = '''\n{many}\n'''").as_bytes()).is_none());
        assert!(too_deep(std::format!("a = \"{many}\" # {many}").as_bytes()).is_none());
    }
}
