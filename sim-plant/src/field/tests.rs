use super::*;
use crate::initial::Initial;
use crate::parameters::Parameters;

const TEXT: &str = r#"
[unit.EL-301]
kind = "electrolysis"

[unit.CT-701]
kind = "cooling_tower"
orders = { circulation = "50 m3/h", load = { of = "EL-301.cooling-heat" } }
"#;

fn tower() -> Field {
    let chemistry = Arc::new(Chemistry::built_in().unwrap());
    let parameters = Parameters::built_in().unwrap();
    let from = Beginning { parameters: &parameters, chemistry: &chemistry, initial: Initial::Cold, seed: 1 };
    let files = [FieldFile { name: "field/700.toml".into(), text: TEXT.into() }];
    Field::read(&files, &[], &from, &|_| false).unwrap()
}

/// kW that the tower was told after a second in which the string gave so many W in each of ten steps.
fn load_of(field: &mut Field, watts: [f64; 10]) -> f64 {
    let mut string = Neighbours::default();
    for heat in watts {
        string.cooling_heat += heat * 0.1;
        field.meet(&mut string, 0.1);
        field.step(0.1, &mut |_| ());
    }
    let order = crate::units::cooling_tower::SHAPE.orders.iter().position(|order| order.name == "load");
    field.sheet.stations[0].orders[order.unwrap()]
}

#[test]
fn the_tower_gets_all_the_heat_of_the_second_and_not_that_of_its_last_step() {
    let mut field = tower();
    let load = load_of(&mut field, [80e3, 90e3, 70e3, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 10e3]);
    assert!((load - 25.0).abs() < 1e-9, "{load}");
    let load = load_of(&mut field, [40e3; 10]);
    assert!((load - 40.0).abs() < 1e-9, "the second before is forgotten: {load}");
}

#[test]
fn a_catholyte_that_the_cooling_water_warms_is_no_bad_order_for_the_tower() {
    let mut field = tower();
    assert_eq!(load_of(&mut field, [-5e3; 10]), 0.0);
    assert_eq!(field.sheet.stations[0].notes().count(crate::solution::Remark::BadInput), 0);
}

#[test]
fn an_order_that_the_text_leaves_alone_is_forced_by_a_fault_and_goes_back_to_where_it_stood() {
    let mut field = tower();
    let warmer =
        crate::units::cooling_tower::SHAPE.orders.iter().position(|order| order.name == "warmer").unwrap();
    let call = [("unit", "CT-701"), ("order", "warmer"), ("value", "5")]
        .map(|(name, value)| (name.into(), value.into()));
    field.set_fault("unit-forced", &call, true).unwrap();
    load_of(&mut field, [0.0; 10]);
    assert_eq!(field.sheet.stations[0].orders[warmer], 5.0);
    assert_eq!(field.active_faults()[0].to_string(), "unit-forced unit=CT-701 order=warmer value=5");
    field.set_fault("unit-forced", &call[..2], false).unwrap();
    load_of(&mut field, [0.0; 10]);
    assert_eq!((field.sheet.stations[0].orders[warmer], field.active_faults().len()), (0.0, 0));
}

#[test]
fn a_remark_about_an_order_names_it() {
    let mut field = tower();
    let call = [("unit", "CT-701"), ("order", "fan"), ("value", "3")]
        .map(|(name, value)| (name.into(), value.into()));
    field.set_fault("unit-forced", &call, true).unwrap();
    load_of(&mut field, [0.0; 10]);
    let told = field.sheet.stations[0].remarks();
    assert_eq!(told, [("order fan: no number, or outside 0 to 1; held inside".to_owned(), 1)]);
}
