//! Places in the sources, and text that remembers where each of its bytes was written.

use alloc::{string::String, vec::Vec};
use core::ops::Range;

/// Bytes of one source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) source: u32,
    pub(super) start: u32,
    pub(super) end: u32,
}

impl Place {
    pub(super) fn new(source: u32, span: Range<usize>) -> Self {
        Self { source, start: span.start as u32, end: span.end as u32 }
    }

    pub(super) fn span(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// A string of the plant folder, after escapes and class parameters.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Text {
    pub(super) value: String,
    /// All of it, quotes included.
    pub(super) place: Place,
    origin: Origin,
}

#[derive(Clone, Debug, PartialEq)]
enum Origin {
    /// Written as it stands, from this byte on.
    Exact(u32),
    /// In order, after class parameters were put in.
    Pieces(Vec<Piece>),
    /// Written with escapes: only the whole is known.
    Whole,
}

/// Bytes of the value from `value` on stand in the source from `source` on.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Piece {
    value: u32,
    source: u32,
    /// Put in for a class parameter, which ends here in the source.
    replaced: Option<u32>,
}

impl Text {
    pub(super) fn exact(value: String, place: Place, first_byte: usize) -> Self {
        Self { value, place, origin: Origin::Exact(first_byte as u32) }
    }

    pub(super) fn whole(value: String, place: Place) -> Self {
        Self { value, place, origin: Origin::Whole }
    }

    pub(super) fn as_str(&self) -> &str {
        &self.value
    }

    /// Where these bytes of the value were written.
    pub(super) fn part(&self, span: Range<usize>) -> Place {
        let (start, end) = match &self.origin {
            Origin::Whole => return self.place,
            Origin::Exact(first) => (first + span.start as u32, first + span.end as u32),
            Origin::Pieces(pieces) => {
                let start = locate(pieces, span.start as u32).start;
                // The end is found from the last byte, so that a replaced `{n}` is not cut in half.
                let end = span.end.checked_sub(1).map_or(start, |last| locate(pieces, last as u32).end);
                (start, end)
            }
        };
        let start = start.clamp(self.place.start, self.place.end);
        Place { source: self.place.source, start, end: end.clamp(start, self.place.end) }
    }

    /// A part of the text as a text of its own.
    pub(super) fn slice(&self, span: Range<usize>) -> Self {
        let value = self.value.get(span.clone()).unwrap_or_default().into();
        let place = self.part(span.clone());
        let origin = match &self.origin {
            Origin::Whole => Origin::Whole,
            Origin::Exact(first) => Origin::Exact(first + span.start as u32),
            Origin::Pieces(pieces) => {
                let from = span.start as u32;
                let index = pieces.partition_point(|piece| piece.value <= from).saturating_sub(1);
                let kept = pieces.iter().skip(index).map(|piece| {
                    let skipped = from.saturating_sub(piece.value);
                    let source = if piece.replaced.is_some() { piece.source } else { piece.source + skipped };
                    Piece { value: piece.value.saturating_sub(from), source, ..*piece }
                });
                let kept = kept.collect();
                Origin::Pieces(kept)
            }
        };
        Self { value, place, origin }
    }

    /// The same text with pieces replaced: `(bytes of the value, what stands there now)`, in order.
    pub(super) fn replaced(&self, changes: &[(Range<usize>, String)]) -> Self {
        let mut value = String::with_capacity(self.value.len());
        let mut pieces = Vec::new();
        let mut from = 0;
        let known = !matches!(self.origin, Origin::Whole);
        for (span, new) in changes {
            pieces.push(Piece {
                value: value.len() as u32,
                source: self.part(from..from).start,
                replaced: None,
            });
            value.push_str(&self.value[from..span.start]);
            let place = self.part(span.clone());
            let replaced = Some(place.end);
            pieces.push(Piece { value: value.len() as u32, source: place.start, replaced });
            value.push_str(new);
            from = span.end;
        }
        pieces.push(Piece { value: value.len() as u32, source: self.part(from..from).start, replaced: None });
        value.push_str(&self.value[from..]);
        let origin = if known { Origin::Pieces(pieces) } else { Origin::Whole };
        Self { value, place: self.place, origin }
    }
}

/// Where one byte of the value was written; all of a replaced piece is one place.
fn locate(pieces: &[Piece], byte: u32) -> Range<u32> {
    let index = pieces.partition_point(|piece| piece.value <= byte).saturating_sub(1);
    let Some(piece) = pieces.get(index) else { return 0..0 };
    match piece.replaced {
        Some(end) => piece.source..end,
        None => {
            let source = piece.source + byte.saturating_sub(piece.value);
            source..source + 1
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Place, Text};
    use alloc::string::ToString;

    #[test]
    fn a_replaced_text_still_points_into_its_source() {
        // "TT-{n:02} > 5" written from byte 11 on, behind a quote.
        let place = Place { source: 0, start: 10, end: 25 };
        let text = Text::exact("TT-{n:02} > 5".to_string(), place, 11);
        let text = text.replaced(&[(3..9, "07".to_string())]);
        assert_eq!(text.as_str(), "TT-07 > 5");
        assert_eq!(text.part(0..2).span(), 11..13);
        assert_eq!(text.part(6..7).span(), 21..22, "what follows the replaced piece");
        assert_eq!(text.part(8..9).span(), 23..24);
        assert_eq!(text.part(0..5).span(), 11..20, "all of the braces");
        assert_eq!(text.slice(3..9).part(3..4).span(), 21..22, "as a text of its own");
    }
}
