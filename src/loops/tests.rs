//! Numbers on their way between faceplate, forms and mathematics.

use super::{Loop, seconds};
use crate::check;

#[test]
fn faceplate_numbers_survive_the_way_through_each_form() {
    let mut plant = check::compile_named(None).unwrap();
    let block = plant.find_block("TIC-321").unwrap();
    for form in
        [control::plant::PidForm::Isa, control::plant::PidForm::Parallel, control::plant::PidForm::Series]
    {
        if let control::plant::BlockBody::Pid(pid) = &mut plant.blocks[block.index()].body {
            pid.options.form = form;
        }
        let of = Loop::named(&plant, "TIC-321").unwrap();
        let (kc, ti, td) = of.numbers(&of.tuning(12.0, 900.0, 60.0).unwrap()).unwrap();
        assert!(
            (kc - 12.0).abs() < 1e-9 && (ti - 900.0).abs() < 1e-6 && (td - 60.0).abs() < 1e-6,
            "{form:?}"
        );
        assert!(of.tuning(12.0, 900.0, 0.0).unwrap().gain < 0.0, "a direct loop on a negative gain");
    }
    assert!(Loop::named(&plant, "TIC-322X").is_err() && Loop::named(&plant, "TT-321").is_err());
}

#[test]
fn times_are_read_as_people_write_them() {
    assert_eq!(seconds("20 s").unwrap(), 20.0);
    assert_eq!(seconds("15min").unwrap(), 900.0);
    assert_eq!(seconds("7.5").unwrap(), 7.5);
    assert!(seconds("5 degC").is_err() && seconds("soon").is_err());
}
