//! The nearest known name, for messages that say what was probably meant.
//!
//! A plant has a hundred thousand names, and one mistake in a class is made a hundred times: most candidates are left out
//! by their length or their letters, and the others are looked at no further than the limit.

use alloc::vec::Vec;

/// The candidate that is closest to `wanted`, if any is close enough to be a slip of the finger; of two the first by name.
pub fn nearest<'a>(wanted: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let most = (wanted.chars().count() / 3).clamp(1, 3);
    let word = Word::new(wanted);
    let possible: Vec<&str> = candidates.filter(|candidate| !word.is_far(candidate, most)).collect();
    let mut rows = Rows::default();
    // Nearly always it is one edit, and whether it is can be seen from the first letters of most.
    (1..=most).find_map(|limit| {
        let within = possible.iter().filter(|candidate| !word.is_far(candidate, limit));
        within
            .filter_map(|candidate| Some((word.distance(candidate, limit, &mut rows)?, *candidate)))
            .min()
            .map(|(_, candidate)| candidate)
    })
}

fn lower(text: &str) -> impl Iterator<Item = char> {
    text.chars().flat_map(char::to_lowercase)
}

/// The word that is looked for, in small letters.
struct Word {
    whole: Vec<char>,
    ascii: Option<(Vec<u8>, Letters)>,
}

impl Word {
    fn new(text: &str) -> Self {
        let ascii = text.is_ascii().then(|| (text.to_ascii_lowercase().into_bytes(), Letters::of(text)));
        Self { whole: lower(text).collect(), ascii }
    }

    /// More edits than `limit` are needed for certain.
    fn is_far(&self, candidate: &str, limit: usize) -> bool {
        self.ascii
            .as_ref()
            .is_some_and(|(_, letters)| candidate.is_ascii() && letters.are_far(candidate, limit))
    }

    fn distance(&self, candidate: &str, limit: usize, rows: &mut Rows) -> Option<usize> {
        match &self.ascii {
            Some((own, _)) if candidate.is_ascii() => {
                rows.distance(own, candidate.to_ascii_lowercase().as_bytes(), limit)
            }
            _ => rows.distance(&self.whole, &lower(candidate).collect::<Vec<char>>(), limit),
        }
    }
}

/// Which letters a word of ASCII has, and how many.
struct Letters {
    length: usize,
    set: u64,
}

impl Letters {
    fn of(word: &str) -> Self {
        // Capital and small letters fall together, as do some signs: that only lets more words pass.
        let set = word.bytes().fold(0, |set, byte| set | 1 << (byte.to_ascii_lowercase() & 63));
        Self { length: word.len(), set }
    }

    /// More edits than `limit` are needed for certain: one edit changes the length by one, and takes or brings one letter.
    fn are_far(&self, word: &str, limit: usize) -> bool {
        if self.length.abs_diff(word.len()) > limit {
            return true;
        }
        let other = Self::of(word).set;
        (self.set & !other).count_ones().max((other & !self.set).count_ones()) as usize > limit
    }
}

/// Memory for the distance of two words, kept from one to the next.
#[derive(Default)]
struct Rows {
    before: Vec<usize>,
    row: Vec<usize>,
    next: Vec<usize>,
}

impl Rows {
    /// Edits between two words (insert, delete, replace, swap two neighbours), as long as they are no more than `limit`.
    fn distance<L: PartialEq>(&mut self, left: &[L], right: &[L], limit: usize) -> Option<usize> {
        if left.len().abs_diff(right.len()) > limit {
            return None;
        }
        let width = right.len() + 1;
        let far = limit + 1;
        for row in [&mut self.before, &mut self.row, &mut self.next] {
            row.clear();
            row.resize(width, far);
        }
        for (at, cell) in self.row.iter_mut().enumerate() {
            *cell = at.min(far);
        }
        let mut least_before = 0;
        for (i, a) in left.iter().enumerate() {
            // Further from the diagonal than the limit nothing is within it.
            let (from, to) = (i.saturating_sub(limit), (i + 1 + limit).min(right.len()));
            self.next.fill(far);
            if from == 0 {
                self.next[0] = (i + 1).min(far);
            }
            let mut least = self.next[0];
            for j in from..to {
                let b = &right[j];
                let replaced = self.row[j] + usize::from(a != b);
                let mut cell = replaced.min(self.row[j + 1] + 1).min(self.next[j] + 1);
                if i > 0 && j > 0 && *a == right[j - 1] && left[i - 1] == *b {
                    cell = cell.min(self.before[j - 1] + 1);
                }
                self.next[j + 1] = cell.min(far);
                least = least.min(cell);
            }
            if least > limit && least_before >= limit {
                return None;
            }
            least_before = least;
            core::mem::swap(&mut self.before, &mut self.row);
            core::mem::swap(&mut self.row, &mut self.next);
        }
        let distance = self.row[right.len()];
        (distance <= limit).then_some(distance)
    }
}

#[cfg(test)]
mod tests {
    use super::{Rows, lower, nearest};
    use alloc::{vec, vec::Vec};

    #[test]
    fn a_slip_of_the_finger_is_understood_and_a_wild_guess_is_not() {
        let tags = ["TT-311", "TT-321", "FIC-301"];
        assert_eq!(nearest("TT311", tags.into_iter()), Some("TT-311"));
        assert_eq!(nearest("fic-310", tags.into_iter()), Some("FIC-301"));
        assert_eq!(nearest("rnage", ["range", "raw"].into_iter()), Some("range"), "two letters swapped");
        assert_eq!(nearest("banana", tags.into_iter()), None);
        assert_eq!(nearest("Kühler", ["KÜHLEN", "Kessel"].into_iter()), Some("KÜHLEN"));
        assert_eq!(nearest("TT-31", ["TT-312", "TT-311"].into_iter()), Some("TT-311"), "the first by name");
    }

    /// The whole table, without a limit.
    fn whole(left: &[char], right: &[char]) -> usize {
        let mut before = vec![0; right.len() + 1];
        let mut row: Vec<usize> = (0..=right.len()).collect();
        for (i, a) in left.iter().enumerate() {
            let mut next = vec![i + 1; right.len() + 1];
            for (j, b) in right.iter().enumerate() {
                next[j + 1] = (row[j] + usize::from(a != b)).min(row[j + 1] + 1).min(next[j] + 1);
                if i > 0 && j > 0 && *a == right[j - 1] && left[i - 1] == *b {
                    next[j + 1] = next[j + 1].min(before[j - 1] + 1);
                }
            }
            before = row;
            row = next;
        }
        row[right.len()]
    }

    #[test]
    fn the_short_way_finds_what_the_whole_table_finds() {
        // Words of few letters, so that many are near: all numbers in base 3, up to five digits.
        let words: Vec<Vec<char>> = (0..243_u32)
            .map(|mut number| {
                let mut word = Vec::new();
                while number > 0 {
                    word.extend(char::from_digit(number % 3, 3));
                    number /= 3;
                }
                word
            })
            .collect();
        let mut rows = Rows::default();
        for left in &words {
            for right in &words {
                let wanted = whole(left, right);
                for limit in 1..=3 {
                    let found = rows.distance(left, right, limit);
                    assert_eq!(found, (wanted <= limit).then_some(wanted), "{left:?} {right:?} {limit}");
                }
            }
        }
        assert_eq!(lower("ÄB").collect::<Vec<char>>(), ['ä', 'b']);
    }
}
