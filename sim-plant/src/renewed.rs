//! Which instruments may show something else than when they were last looked at: a plant has a thousand of them, and in
//! a tenth of a second a hundred have a turn.

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Renewed {
    list: Vec<usize>,
    /// Of each instrument, whether it stands in the list.
    listed: Vec<bool>,
}

impl Renewed {
    pub(crate) fn new(instruments: usize) -> Self {
        Self { list: Vec::with_capacity(instruments), listed: vec![false; instruments] }
    }

    pub(crate) fn mark(&mut self, instrument: usize) {
        if !core::mem::replace(&mut self.listed[instrument], true) {
            self.list.push(instrument);
        }
    }

    /// All of them once, in the order in which they came; it is empty afterwards.
    pub(crate) fn take(&mut self, mut each: impl FnMut(usize)) {
        for instrument in self.list.drain(..) {
            self.listed[instrument] = false;
            each(instrument);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Renewed;

    #[test]
    fn an_instrument_is_told_once_however_often_it_had_a_turn() {
        let mut renewed = Renewed::new(4);
        let taken = |renewed: &mut Renewed| {
            let mut all = Vec::new();
            renewed.take(|instrument| all.push(instrument));
            all
        };
        [3, 1, 3, 3].into_iter().for_each(|instrument| renewed.mark(instrument));
        assert_eq!(taken(&mut renewed), [3, 1]);
        assert_eq!(taken(&mut renewed), []);
        renewed.mark(1);
        assert_eq!(taken(&mut renewed), [1]);
    }
}
