//! The nearest known name, for messages that say what was probably meant.

use alloc::{vec, vec::Vec};

/// The candidate that is closest to `wanted`, if any is close enough to be a slip of the finger.
pub fn nearest<'a>(wanted: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (wanted.chars().count() / 3).clamp(1, 3);
    candidates
        .map(|candidate| (distance(wanted, candidate), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min()
        .map(|(_, candidate)| candidate)
}

/// Edits between two words (insert, delete, replace, swap two neighbours), capital letters being
/// equal to small ones.
fn distance(left: &str, right: &str) -> usize {
    let left: Vec<char> = left.chars().flat_map(char::to_lowercase).collect();
    let right: Vec<char> = right.chars().flat_map(char::to_lowercase).collect();
    let mut before = vec![0; right.len() + 1];
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.iter().enumerate() {
        let mut next = vec![i + 1; right.len() + 1];
        for (j, b) in right.iter().enumerate() {
            next[j + 1] = (row[j] + usize::from(a != b)).min(row[j + 1] + 1).min(next[j] + 1);
            let swapped = i > 0 && j > 0 && *a == right[j - 1] && left[i - 1] == *b;
            if swapped {
                next[j + 1] = next[j + 1].min(before[j - 1] + 1);
            }
        }
        before = row;
        row = next;
    }
    row[right.len()]
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_slip_of_the_finger_is_understood_and_a_wild_guess_is_not() {
        let tags = ["TT-311", "TT-321", "FIC-301"];
        assert_eq!(nearest("TT311", tags.into_iter()), Some("TT-311"));
        assert_eq!(nearest("fic-310", tags.into_iter()), Some("FIC-301"));
        assert_eq!(nearest("rnage", ["range", "raw"].into_iter()), Some("range"), "two letters swapped");
        assert_eq!(nearest("banana", tags.into_iter()), None);
    }
}
