//! What heats a tank from inside: coils and jackets of condensing steam, and its agitator.
//!
//! ```text
//! coil       Q <= Q_r (T_s - T)/(T_s - T_r), implicit: no step takes a vessel past its steam
//! cooler     Q <= C (T - T_w), T_w = 5 degC: a medium of which it is only known that it freezes
//! agitator   P in liquor, as long as water can boil from it; in gas or in a salt there is no torque
//! ```

use super::compartments::{free_water, wetness};
use crate::constants::MASS_WATER;
use crate::solution::Slurry;

/// A coil or jacket of steam. Of a medium that cools it is only known that it freezes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Coil {
    /// W that it gives at most, and up to the temperature `rated`.
    pub(super) largest: f64,
    /// K of its saturated steam.
    pub(super) steam: f64,
    pub(super) rated: f64,
}

/// K of an open tank at which a coil still gives all that it is rated for.
pub(super) const OPEN_TANK: f64 = 373.15;
/// K of the coldest water in a jacket.
const COLDEST: f64 = 278.15;

impl Coil {
    /// J that a body of `capacity` (J/K) at `kelvin` gets in `dt` (s) when `watt` is asked for; negative cools.
    pub(super) fn heat(self, capacity: f64, kelvin: f64, watt: f64, dt: f64) -> f64 {
        let capacity = capacity.max(0.0);
        let asked = watt.clamp(-self.largest, self.largest) * dt;
        if asked < 0.0 {
            return asked.max(-capacity * (kelvin - COLDEST).max(0.0));
        }
        let exchange = self.largest / (self.steam - self.rated) * dt;
        if capacity + exchange <= 0.0 {
            return 0.0;
        }
        asked.min(exchange * (self.steam - kelvin).max(0.0) * capacity / (capacity + exchange))
    }

    /// The same for a slurry that was settled before.
    pub(super) fn warm(self, slurry: &Slurry, watt: f64, dt: f64) -> f64 {
        self.heat(slurry.capacity, slurry.temperature, watt, dt)
    }
}

/// What of `joule` an exchanger gives: one that is left open beside a liquor at rest cools it no further than its water is.
pub(super) fn no_colder_than_water(slurry: &Slurry, joule: f64) -> f64 {
    joule.max(-slurry.capacity.max(0.0) * (slurry.temperature - COLDEST).max(0.0))
}

/// Share of its power that an agitator gives to a tank of `volume` (m3): all of it while a tenth is liquid, none in gas
/// or salt.
pub(super) fn gripped(liquid: f64, volume: f64) -> f64 {
    (liquid / (0.1 * volume)).min(1.0)
}

/// m3 that an agitator finds to stir: the liquor, as long as it is one.
pub(super) fn stirrable(slurry: &Slurry) -> f64 {
    slurry.liquor * wetness(slurry)
}

/// m3 of water that no crystal would keep.
pub(super) fn free_volume(slurry: &Slurry) -> f64 {
    free_water(slurry) * MASS_WATER * 1e-3
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{Coil, OPEN_TANK, gripped, stirrable};
    use crate::chemistry::Chemistry;
    use crate::experiment::{self, Experiment};
    use crate::matter::Matter;
    use crate::solution::{Notes, Slurry};
    use crate::species::Species;
    use crate::station::Station;

    #[test]
    fn a_coil_gives_its_duty_to_a_cool_tank_half_of_it_half_way_and_nothing_to_one_as_hot_as_its_steam() {
        let coil = Coil { largest: 100e3, steam: 433.15, rated: OPEN_TANK };
        let given = |kelvin: f64| coil.heat(1e9, kelvin, 1e9, 1.0) * 1e-3;
        assert!((given(300.0) - 100.0).abs() < 1e-9 && (given(372.0) - 100.0).abs() < 1e-9);
        assert!((given(403.15) - 50.0).abs() < 1e-3, "{}", given(403.15));
        assert_eq!((given(433.15), given(500.0)), (0.0, 0.0));
    }

    #[test]
    fn a_drop_is_as_hot_as_the_steam_at_most_and_as_cold_as_the_water() {
        let coil = Coil { largest: 100e3, steam: 433.15, rated: OPEN_TANK };
        let hot = 300.0 + coil.heat(1e-3, 300.0, 100e3, 2.0) / 1e-3;
        let cold = 300.0 + coil.heat(1e-3, 300.0, -100e3, 2.0) / 1e-3;
        assert!((433.0..=433.15).contains(&hot) && (cold - 278.15).abs() < 1e-6, "{hot} {cold}");
        assert_eq!(coil.heat(0.0, 300.0, 100e3, 2.0), 0.0);
    }

    /// A cooler whose valve stands open for hours while no current warms the cells.
    #[test]
    fn a_cell_at_rest_is_cooled_no_further_than_the_water_is_cold() {
        let chemistry = Arc::new(Chemistry::built_in().unwrap());
        for (unit, readings) in
            [("sulfate-cell", ["T-anolyte", "T-catholyte"]), ("chloride-cell", ["T-anolyte", "T-catholyte"])]
        {
            let mut station = Station::new(experiment::unit(unit, None, &chemistry).unwrap());
            let shape = station.unit().shape();
            for (order, here) in station.orders.iter_mut().zip(shape.orders) {
                *order = if here.unit == "kW" { -100.0 } else { 0.0 };
            }
            for _ in 0..7200 {
                station.step(&chemistry, 1.0);
            }
            let mut values = vec![0.0; shape.readings.len()];
            station.unit().read(&mut values);
            for name in readings {
                let at = shape.readings.iter().position(|reading| reading.name == name).unwrap();
                assert!((4.9..30.0).contains(&values[at]), "{unit} {name}: {} degC", values[at]);
            }
            assert!(station.balance(&chemistry).worst() < 1e-9, "{unit}: {:?}", station.balance(&chemistry));
        }
    }

    #[test]
    fn nothing_that_boils_dry_gets_hotter_than_the_steam_that_heats_it() {
        let dissolver = ["tanks.volume=0.2m3", "feed.solids=0", "feed.water=0", "feed.coil_coarse=300kW"];
        let iron = ["tanks.coil=10000kW", "feed.coil=10000kW"];
        let evaporator = ["body.volume=1m3", "growth.growth=0", "feed.steam=1000kW"];
        let cases = [
            ("dissolver", "T-coarse", 3.0, &dissolver[..]),
            ("iron_removal", "T-1", 1.0, &iron[..]),
            ("evaporator", "T", 3.0, &evaporator[..]),
        ];
        for (unit, reading, hours, settings) in cases {
            let dry = Experiment::after(unit, hours, settings);
            let hot = dry.reading(reading).unwrap();
            assert!((110.0..=159.0).contains(&hot), "{unit}: {hot}");
            assert!(dry.balance().worst() < 1e-9, "{unit}: {:?}", dry.balance());
        }
    }

    #[test]
    fn an_agitator_grips_strong_liquors_but_no_salt() {
        let (chemistry, notes) = (Chemistry::built_in().unwrap(), &mut Notes::default());
        // mol in a kilogram, in a tank of which it is an eighth.
        let mut grip = |ions: [(Species, f64); 2], water: f64| {
            let mut matter = Matter::default();
            matter.react(&ions, 1.0);
            matter[Species::Water] += water;
            let slurry = Slurry::at(&matter, 298.15, &chemistry, notes);
            gripped(stirrable(&slurry), 8.0 * slurry.liquor)
        };
        let lye = grip([(Species::Sodium, 12.5), (Species::Acid, -12.5)], 27.75 + 12.5);
        let brine = grip([(Species::Lithium, 9.9), (Species::Chloride, 9.9)], 32.2);
        let acid = grip([(Species::Acid, 12.2), (Species::Sulfate, 6.1)], 22.2);
        let salt = grip([(Species::Lithium, 16.9), (Species::Chloride, 16.9)], 15.7);
        assert_eq!((lye, brine, acid, salt), (1.0, 1.0, 1.0, 0.0));
    }

    #[test]
    fn an_agitator_warms_lye_of_50_per_cent() {
        // 760 kg get 10 kW for an hour: 14.6 K by the published 3.25 kJ/(kg K).
        let lye = ["strength.NaOH=760", "tank.volume=1", "tank.heat_loss=0", "feed.flow=0", "feed.draw=0"];
        let after = |power| {
            let unit = Experiment::after("tank", 1.0, &[&lye[..], &[power]].concat());
            (unit.reading("T").unwrap(), unit.reading("NaOH").unwrap())
        };
        let (cold, warm) = (after("tank.agitator=0"), after("tank.agitator=10"));
        assert!((49.0..51.0).contains(&warm.1), "{warm:?}");
        let rise = warm.0 - cold.0;
        assert!((14.2..15.2).contains(&rise), "{rise} K");
    }

    #[test]
    fn an_agitator_that_has_boiled_its_tank_dry_turns_in_steam() {
        let dry = ["tank.volume=0.1m3", "tank.agitator=50kW", "kinetics.hydrogen=0", "feed.flow=0"];
        let hot = Experiment::after("cementation", 10.0, &dry).reading("T").unwrap();
        // Not above the end of the boiling points: what stands there is hydrated salt.
        assert!((100.0..150.0).contains(&hot), "{hot}");
    }
}
