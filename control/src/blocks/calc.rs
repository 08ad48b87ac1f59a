//! Calculation: the value of an expression, with the operators of IEC 61131-3, Structured Text. What a result
//! does to its inputs cannot be turned round in general, so nothing is handed back to a loop whose OUT it reads.
//!
//! A bad result keeps the last value and says [`Quality::BadCalculation`]; an uncertain input makes
//! the result uncertain.

use model::Quality;

use super::Context;
use crate::plant::Calc;

pub(super) fn run(calc: &Calc, context: &mut Context<'_>) {
    let result = context.memory.eval(context.ops, &calc.value, context.image, context.now);
    if result.quality.is_bad() {
        context.image.set_quality(calc.out, Quality::BadCalculation);
    } else {
        let quality = if result.quality.is_good() { Quality::Good } else { Quality::UncertainSubNormal };
        context.image.set(calc.out, result.value, quality);
    }
}
