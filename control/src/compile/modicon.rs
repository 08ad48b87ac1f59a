//! Register numbers as the manuals of PLCs write them: 30001 is the first input register, 40001 the first holding register.

use alloc::format;
use model::ModbusTable;

use super::fields::Fields;
use super::report::{Mistake, Report};

/// The first number of a table in five digits. A sixth digit is beyond any register.
const fn first(table: ModbusTable) -> u16 {
    match table {
        ModbusTable::Coil => 1,
        ModbusTable::DiscreteInput => 10_001,
        ModbusTable::InputRegister => 30_001,
        ModbusTable::HoldingRegister => 40_001,
    }
}

/// A register of which the manual most likely means another.
pub(super) fn warn(
    fields: &Fields<'_>,
    key: &'static str,
    table: ModbusTable,
    register: u16,
    report: &mut Report,
) {
    let first = first(table);
    // Coils are numbered from 1, which says nothing; nobody has ten thousand registers by chance.
    let Some(meant) = register.checked_sub(first).filter(|meant| first > 1 && *meant < 9999) else { return };
    report.add(
        Mistake::warning(
            "modicon-number",
            format!("`{key} = {register}` is register {register} on the wire"),
        )
        .at(fields.place_of(key), format!("a manual that numbers from {first} means register {meant}"))
        .help(format!(
            "write `{key} = {meant}`: registers count from 0 here, and the table is said by `{key}`"
        )),
    );
}
