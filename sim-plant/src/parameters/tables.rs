//! The tables of the data file: every entry with the unit and the range that it must have.

/// Declares a table of a parameter file: `name: "unit", low, high;` - the value arrives in SI. A doc
/// comment above a name is what listings tell about it; `whole` behind the range refuses fractions.
macro_rules! tables {
    ($($(#[$meta:meta])* $group:ident {
        $($(#[doc = $text:literal])* $field:ident: $unit:literal, $low:literal, $high:literal $(, $whole:ident)?;)+
    })+) => {$(
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq)]
        pub(crate) struct $group { $($(#[doc = $text])* pub(crate) $field: f64,)+ }

        impl $group {
            pub(crate) fn read(reader: &mut $crate::parameters::Reader<'_>, table: &str) -> Self {
                let read = Self {
                    $($field: reader.described(
                        table,
                        stringify!($field),
                        concat!($($text),*),
                        $unit,
                        $low,
                        $high,
                    ),)+
                };
                $($(reader.$whole(table, stringify!($field));)?)+
                read
            }
        }
    )+};
}

tables! {
    Cell {
        active_area: "m2", 0.01, 10.0;
        anode_gap: "mm", 0.05, 20.0;
        cathode_gap: "mm", 0.05, 20.0;
        width: "m", 0.05, 4.0;
        anolyte_volume: "L", 1.0, 500.0;
        catholyte_volume: "L", 1.0, 500.0;
        overflow_time: "s", 1.0, 60.0;
        anode_tafel_slope: "V/dec", 0.01, 0.3;
        anode_exchange_current: "A/m2", 1e-6, 1e4;
        cathode_tafel_slope: "V/dec", 0.01, 0.3;
        cathode_exchange_current: "A/m2", 1e-6, 1e4;
        hardware_resistance: "ohm m2", 0.0, 1e-3;
        drift_distribution: "", 1.0, 2.0;
        bubble_rise: "m/s", 0.01, 1.0;
        void_mean_share: "", 0.0, 1.0;
        heat_to_anolyte: "", 0.0, 1.0;
        heat_loss: "W/K", 0.0, 500.0;
        stripping_rest: "1/s", 0.0, 2.0;
        stripping_bubbles: "1/s", 0.0, 2.0;
        spread_area: "", 0.0, 0.1;
        spread_resistance: "", 0.0, 0.2;
        spread_leakage: "", 0.0, 0.2;
        spread_exchange: "", 0.0, 0.2;
        spread_flow: "", 0.0, 0.2;
    }
    Reversible {
        standard_voltage: "V", 0.5, 4.0;
        temperature_coefficient: "V/K", -0.01, 0.01;
    }
    Membrane {
        thickness: "mm", 0.01, 2.0;
        conductivity: "S/m", 0.05, 50.0;
        reference_temperature: "degC", 0.0, 120.0;
        activation: "K", 0.0, 5000.0;
        caustic_effect: "1/M", 0.0, 1.0;
        reference_strength: "mol/L", 0.1, 15.0;
        leakage_constant: "", 0.0, 0.5;
        leakage_slope: "", 0.0, 0.5;
        leakage_exponent: "", 0.1, 3.0;
        leakage_current_exponent: "", 0.0, 1.0;
        reference_current_density: "kA/m2", 0.05, 10.0;
        leakage_max: "", 0.1, 0.99;
        proton_mobility: "", 0.5, 20.0;
        water_per_lithium: "", 0.0, 30.0;
        water_per_lithium_slope: "1/M", -10.0, 10.0;
        water_per_proton: "", 0.0, 30.0;
        chloride_permeability: "m/s", 0.0, 1e-6;
        hydrogen_permeability: "mol/(m2 s bar)", 0.0, 1e-2;
        heat_transfer: "W/(m2 K)", 0.0, 5000.0;
        calcium_efficiency: "m2/mol", 0.0, 1e4;
        magnesium_resistance: "ohm m4/mol", 0.0, 10.0;
        magnesium_reversible: "", 0.0, 1.0;
        magnesium_release_time: "h", 0.1, 1e5;
        hardness_retained: "", 0.0, 1.0;
        pinhole_discharge: "", 0.1, 1.0;
    }
    Electrode {
        oxygen_half_chloride: "mol/L", 0.001, 5.0;
        oxygen_exponent: "", 0.5, 6.0;
        oxygen_alkaline_share: "", 0.0, 0.9;
        oxygen_alkaline_ph: "pH", 1.0, 13.0;
        shunt_resistance: "ohm", 1e-4, 1e6;
        shunt_block_current: "A", 0.1, 1e4;
        oxidant_half: "mol/m3", 1e-6, 1e3;
        hypochlorite_reduction: "1/s", 0.0, 2.0;
        nickel_reduction_time: "s", 1.0, 1e5;
        wear_per_reversal: "m2/mol", 0.0, 10.0;
    }
    Chemistry {
        pkw_25: "", 10.0, 16.0;
        pkw_60: "", 10.0, 16.0;
        pkw_90: "", 10.0, 16.0;
        hypochlorous_pka: "", 4.0, 10.0;
        hypochlorous_enthalpy: "kJ/mol", -100.0, 100.0;
        chlorine_hydrolysis: "M2", 1e-8, 1.0;
        chlorine_hydrolysis_enthalpy: "kJ/mol", -100.0, 100.0;
        chlorine_solubility: "M/atm", 1e-5, 10.0;
        chlorine_solubility_temperature: "K", 0.0, 1e4;
        chlorate_rate: "1/(M2 s)", 0.0, 1e6;
        chlorate_activation: "kJ/mol", 0.0, 200.0;
    }
    Thermo {
        water: "kJ/mol", -2000.0, 0.0;
        water_vapour: "kJ/mol", -2000.0, 0.0;
        lithium_ion: "kJ/mol", -2000.0, 0.0;
        chloride_ion: "kJ/mol", -2000.0, 0.0;
        hydroxide_ion: "kJ/mol", -2000.0, 0.0;
        dissolved_chlorine: "kJ/mol", -2000.0, 0.0;
        hypochlorous_acid: "kJ/mol", -2000.0, 0.0;
        hypochlorite_ion: "kJ/mol", -2000.0, 0.0;
        chlorate_ion: "kJ/mol", -2000.0, 0.0;
        calcium_ion: "kJ/mol", -2000.0, 0.0;
        magnesium_ion: "kJ/mol", -2000.0, 0.0;
        calcium_hydroxide: "kJ/mol", -2000.0, 0.0;
        magnesium_hydroxide: "kJ/mol", -2000.0, 0.0;
        nickel_hydroxide: "kJ/mol", -2000.0, 0.0;
        cp_water: "J/(mol K)", 70.0, 80.0;
        cp_water_vapour: "J/(mol K)", 10.0, 100.0;
        cp_chloride_ion: "J/(mol K)", -150.0, 150.0;
        cp_hydroxide_ion: "J/(mol K)", -150.0, 150.0;
        cp_hydrogen: "J/(mol K)", 10.0, 100.0;
        cp_chlorine: "J/(mol K)", 10.0, 100.0;
        cp_oxygen: "J/(mol K)", 10.0, 100.0;
        cp_nitrogen: "J/(mol K)", 10.0, 100.0;
    }
    Density {
        c0: "", -1e4, 1e4;
        c1: "", -1e4, 1e4;
        c2: "", -1e2, 1e2;
        c3: "", -1.0, 1.0;
        c4: "", -1e5, 1e5;
        temperature_min: "degC", -50.0, 200.0;
        temperature_max: "degC", -50.0, 200.0;
        mass_fraction_max: "", 0.0, 1.0;
    }
    Conductivity {
        maximum: "S/m", 0.1, 500.0;
        molality_at_maximum: "mol/kg", 0.1, 50.0;
        exponent: "", 0.1, 3.0;
        curvature: "", -1.0, 1.0;
        ratio_60: "", 1.0, 5.0;
        ratio_80: "", 1.0, 5.0;
        molality_max: "mol/kg", 0.1, 50.0;
    }
    Activity {
        lithium_chloride_constant: "", 0.5, 2.0;
        lithium_chloride_slope: "kg/mol", -1.0, 1.0;
        lithium_hydroxide_constant: "", 0.5, 2.0;
        lithium_hydroxide_slope: "kg/mol", -1.0, 1.0;
    }
    Loop {
        tank_volume: "m3", 0.1, 1000.0;
        recirculation: "m3/h", 0.1, 1000.0;
        pump_start_time: "s", 0.2, 60.0;
        suction_level: "%", 0.1, 50.0;
        heat_loss: "W/K", 0.0, 1e4;
        stripping: "1/s", 0.0, 1.0;
        draw_max: "m3/h", 0.0, 100.0;
    }
    Heater {
        supply_temperature: "degC", 20.0, 130.0;
        flow_max: "m3/h", 0.0, 500.0;
        exchange: "W/K", 0.0, 1e6;
        rangeability: "", 2.0, 100.0;
        lag: "s", 1.0, 600.0;
    }
    Cooler {
        supply_temperature: "degC", 1.0, 60.0;
        flow_max: "m3/h", 0.0, 500.0;
        exchange: "W/K", 0.0, 1e6;
        rangeability: "", 2.0, 100.0;
        lag: "s", 1.0, 600.0;
        other_users: "m3/h", 0.0, 500.0;
    }
    Brine {
        strength: "g/L", 1.0, 500.0;
        temperature: "degC", 0.0, 110.0;
        calcium: "ppb", 0.0, 1e6;
        magnesium: "ppb", 0.0, 1e6;
        flow_max: "m3/h", 0.0, 100.0;
    }
    Acid {
        mass_fraction: "", 0.001, 0.37;
        temperature: "degC", 0.0, 60.0;
        flow_max: "L/h", 0.0, 1e4;
    }
    Water {
        temperature: "degC", 0.0, 99.0;
        pressure: "bar", 0.0, 20.0;
        flow_max: "m3/h", 0.0, 100.0;
    }
    Header {
        volume: "m3", 0.1, 1000.0;
        temperature: "degC", 5.0, 70.0;
        valve_capacity: "Nm3/h", 0.1, 1e5;
        valve_molar_mass: "g/mol", 1.0, 100.0;
        block_ratio: "", 1.0, 20.0;
        user_pressure: "mbar", -300.0, 300.0;
        vent_pressure: "mbar", -300.0, 300.0;
        purge_flow: "Nm3/h", 0.0, 1e4;
        seal_high: "mbar", 10.0, 1000.0;
        seal_low: "mbar", -500.0, -1.0;
        seal_capacity: "Nm3/h", 0.1, 1e5;
    }
    Rectifier {
        current_max: "kA", 0.1, 100.0;
        voltage_max: "V", 10.0, 1000.0;
        ramp: "kA/s", 0.001, 100.0;
        loop_time: "s", 0.001, 10.0;
        close_time: "s", 0.0, 10.0;
        open_time: "s", 0.0, 10.0;
        polarisation_current: "A", 0.1, 1000.0;
        polarisation_delay: "s", 0.0, 60.0;
        bus_resistance: "mohm", 0.0, 10.0;
        transformer_rise: "dK", 0.0, 200.0;
        transformer_time: "min", 0.1, 600.0;
        transformer_trip: "degC", 50.0, 200.0;
    }
    Site {
        pressure: "bar", 0.5, 1.2;
        temperature: "degC", -20.0, 50.0;
        nitrogen_pressure: "bar", 0.0, 50.0;
        room_volume: "m3", 1.0, 1e6;
        room_changes: "1/h", 0.0, 100.0;
        scrubber_liquor: "kg", 1.0, 1e6;
        scrubber_strength: "", 0.01, 0.5;
        scrubber_refill: "kg/h", 0.0, 1e5;
    }
    Actuator {
        valve_stroke: "s", 0.1, 600.0;
        valve_hysteresis: "%", 0.0, 20.0;
        valve_lag: "s", 0.0, 60.0;
        block_stroke: "s", 0.1, 600.0;
        watchdog: "s", 0.1, 600.0;
    }
    Start {
        running_current: "kA", 0.1, 20.0;
        running_strength: "mol/L", 0.2, 4.5;
        running_temperature: "degC", 30.0, 95.0;
        running_ph: "pH", 1.0, 5.0;
        running_feed_per_current: "m3/h per kA", 0.05, 5.0;
        running_level: "%", 10.0, 90.0;
        running_hydrogen_pressure: "mbar", -30.0, 100.0;
        running_chlorine_pressure: "mbar", -30.0, 90.0;
        cold_anolyte_level: "%", 0.1, 100.0;
        cold_catholyte_level: "%", 0.1, 100.0;
        cold_catholyte_strength: "mol/L", 0.01, 4.5;
        cold_anolyte_strength: "g/L", 1.0, 400.0;
    }
    SensorKind {
        lag: "s", 0.0, 600.0;
        noise: "", 0.0, 0.1;
        resolution: "", 0.0, 0.1;
        cycle: "s", 0.0, 3600.0;
        dead: "s", 0.0, 7200.0;
        update: "s", 0.1, 10.0;
    }
}
