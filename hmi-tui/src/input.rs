//! One line of text being typed.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// Longer than any reason that fits the audit log's line.
const LENGTH_MAX: usize = 200;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct TextInput {
    letters: Vec<char>,
    cursor: usize,
}

impl TextInput {
    pub(crate) fn new(text: &str) -> Self {
        let letters: Vec<char> = text.chars().take(LENGTH_MAX).collect();
        Self { cursor: letters.len(), letters }
    }

    pub(crate) fn text(&self) -> String {
        self.letters.iter().collect()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.letters.is_empty()
    }

    /// What stands before the cursor and what stands behind it.
    pub(crate) fn halves(&self) -> (String, String) {
        let (before, behind) = self.letters.split_at(self.cursor);
        (before.iter().collect(), behind.iter().collect())
    }

    /// Takes an editing key; says whether it was one.
    pub(crate) fn key(&mut self, key: KeyEvent) -> bool {
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Char('u') if control => {
                self.letters.drain(..self.cursor);
                self.cursor = 0;
            }
            KeyCode::Char('w') if control => self.erase_word(),
            KeyCode::Char('a') if control => self.cursor = 0,
            KeyCode::Char('e') if control => self.cursor = self.letters.len(),
            KeyCode::Char(_) if control || key.modifiers.contains(KeyModifiers::ALT) => return false,
            KeyCode::Char(letter) if !letter.is_control() => {
                if self.letters.len() < LENGTH_MAX {
                    self.letters.insert(self.cursor, letter);
                    self.cursor += 1;
                }
            }
            KeyCode::Backspace if self.cursor > 0 => {
                self.cursor -= 1;
                self.letters.remove(self.cursor);
            }
            KeyCode::Backspace => {}
            KeyCode::Delete if self.cursor < self.letters.len() => {
                self.letters.remove(self.cursor);
            }
            KeyCode::Delete => {}
            KeyCode::Left => self.cursor = self.cursor.saturating_sub(1),
            KeyCode::Right => self.cursor = (self.cursor + 1).min(self.letters.len()),
            KeyCode::Home => self.cursor = 0,
            KeyCode::End => self.cursor = self.letters.len(),
            _ => return false,
        }
        true
    }

    fn erase_word(&mut self) {
        let start = self.cursor;
        while self.cursor > 0 && self.letters[self.cursor - 1] == ' ' {
            self.cursor -= 1;
        }
        while self.cursor > 0 && self.letters[self.cursor - 1] != ' ' {
            self.cursor -= 1;
        }
        self.letters.drain(self.cursor..start);
    }
}

#[cfg(test)]
mod tests {
    use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

    use super::TextInput;

    #[test]
    fn letters_go_in_at_the_cursor_and_words_go_out_before_it() {
        let mut input = TextInput::new("membrane dP");
        for code in [KeyCode::Left, KeyCode::Left, KeyCode::Char('x'), KeyCode::Delete, KeyCode::End] {
            assert!(input.key(KeyEvent::from(code)));
        }
        assert_eq!(input.text(), "membrane xP");
        input.key(KeyEvent::new(KeyCode::Char('w'), KeyModifiers::CONTROL));
        assert_eq!(input.halves(), ("membrane ".to_owned(), String::new()));
        assert!(!input.key(KeyEvent::from(KeyCode::Enter)));
    }
}
