"""Asks engines that we did not write for the figures of ../peers.toml.

Each case there has a table `peer`: the engine, and the conditions in its terms. The same conditions stand for our own
model in `set`, as `catholyte sim unit` takes them. This script fails when a committed figure is no longer what the
engine gives; `--write` replaces the figures. It leaves tolerances alone: whether our model agrees with the committed
figures is what `cargo test -p sim-plant validation` judges.
"""

import math
import pathlib
import re
import sys
import tomllib

TABLE = pathlib.Path(__file__).resolve().parent.parent / "peers.toml"
# Figures are committed with six digits.
AGREES = 2e-6


def phreeqc(peer):
    """Totals in mol per kg of water, the pH closing the charges; vapour pressure by the water of IAPWS-95."""
    import phreeqc as package
    from chemicals.iapws import iapws95_Psat

    engine = package.Phreeqc()
    if engine.LoadBuiltInDatabase(peer["database"]):
        raise SystemExit(engine.GetErrorString())
    totals = "\n".join(f"{element} {amount}" for element, amount in peer["totals"].items())
    columns = {
        "pH": '-LA("H+")',
        "density": "RHO * 1000",
        "conductivity": "SC * 1e-4",
        "activity": 'ACT("H2O")',
        "H+": 'MOL("H+") * TOT("water") / SOLN_VOL',
        "HSO4-": 'MOL("HSO4-") * TOT("water") / SOLN_VOL',
        "HCO3-": 'MOL("HCO3-") * TOT("water") / SOLN_VOL',
    }
    punch = "\n".join(f"{10 * (k + 1)} PUNCH {basic}" for k, basic in enumerate(columns.values()))
    failed = engine.RunString(
        f"SOLUTION 1\n temp {peer['celsius']}\n pH {peer['guess']} charge\n units mol/kgw\n{totals}\n"
        "SELECTED_OUTPUT\n -reset false\n -high_precision true\n"
        f"USER_PUNCH\n -headings {' '.join(columns)}\n -start\n{punch}\n -end\nEND\n"
    )
    if failed:
        raise SystemExit(engine.GetErrorString())
    given = {name: values[-1] for name, values in engine.GetSelectedOutput().items()}
    given["vapour-pressure"] = given["activity"] * iapws95_Psat(273.15 + peer["celsius"]) * 1e-3
    return given


def cantera(peer):
    """Adiabatic flame at constant pressure of `ratio` mol of H2 and `oxygen` mol of O2 per mol of Cl2."""
    import cantera as package

    elements = {"H", "Cl", "O"}
    gas = package.Solution(
        thermo="ideal-gas",
        species=[s for s in package.Species.list_from_file("nasa_gas.yaml") if set(s.composition) <= elements],
    )
    gas.TPX = 298.15, peer["bar"] * 1e5, {"H2": peer["ratio"], "CL2": 1.0, "O2": peer["oxygen"]}
    gas.equilibrate("HP")
    given = {"T-flame": gas.T}
    for ours, theirs in {"HCl": "HCL", "Cl": "CL", "H": "H", "Cl2": "CL2", "H2O": "H2O"}.items():
        given[f"x-{ours}"] = gas[theirs].X[0]
    return given


def laliberte(peer):
    """Mass fractions by CAS number: the mixture that `thermo` makes of the published coefficients."""
    from thermo.electrochem import Laliberte_density, Laliberte_heat_capacity, Laliberte_viscosity

    kelvin, weights, numbers = 273.15 + peer["celsius"], list(peer["weights"].values()), list(peer["weights"])
    return {
        "density": Laliberte_density(kelvin, weights, numbers),
        "viscosity": Laliberte_viscosity(kelvin, weights, numbers) * 1e3,
        "heat-capacity-published": Laliberte_heat_capacity(kelvin, weights, numbers) * 1e-3,
    }


def water(peer):
    """IAPWS-95 at one atmosphere, or at saturation above the boiling point."""
    from chemicals.iapws import iapws95_Psat, iapws95_properties

    kelvin = 273.15 + peer["celsius"]
    saturation = iapws95_Psat(kelvin)
    properties = iapws95_properties(kelvin, max(101325.0, 1.0001 * saturation))
    return {
        "vapour-pressure": saturation * 1e-3,
        "density": properties[0],
        "heat-capacity": properties[5] * 1e-3,
    }


def compression(peer):
    """Steam by IAPWS-95: work of an isentropic compression over the efficiency, per t."""
    from chemicals.iapws import iapws95_properties

    pascal, kelvin = peer["bar"] * 1e5, 273.15 + peer["celsius"]
    _, _, entropy, enthalpy = iapws95_properties(kelvin, pascal)[:4]
    low, high = kelvin, kelvin + 300.0
    for _ in range(60):
        middle = 0.5 * (low + high)
        _, _, reached, ideal = iapws95_properties(middle, pascal * peer["ratio"])[:4]
        low, high = (middle, high) if reached < entropy else (low, middle)
    return {"kWh-per-t-water": (ideal - enthalpy) / peer["efficiency"] / 3600.0}


def watertap(peer):
    """One unit of WaterTAP at the conditions of the case, solved by ripopt."""
    from watertap_units import UNITS

    return UNITS[peer["unit"]](peer)


ENGINES = {
    "phreeqc": phreeqc,
    "cantera": cantera,
    "laliberte": laliberte,
    "water": water,
    "compression": compression,
    "watertap": watertap,
}
FIGURE = re.compile(r"\bvalue = [-+.\deE]+")


def main():
    text = TABLE.read_text()
    figures, lost = [], 0
    for case in tomllib.loads(text)["case"]:
        given = ENGINES[case["peer"]["engine"]](case["peer"])
        for expected in case["expect"]:
            name, committed = expected["reading"], expected["value"]
            figures.append(f"value = {given[name]:#.6g}".removesuffix("."))
            theirs = float(figures[-1].removeprefix("value = "))
            if not math.isclose(theirs, committed, rel_tol=AGREES):
                lost += 1
                print(f"{case['id']}: {name} is {theirs:g} by the engine, {committed:g} in the table")
    if "--write" in sys.argv:
        if len(FIGURE.findall(text)) != len(figures):
            raise SystemExit("the table has figures outside of expectations")
        remaining = iter(figures)
        TABLE.write_text(FIGURE.sub(lambda _: next(remaining), text))
        print(f"peers: {len(figures)} figures written")
        return 0
    print(f"peers: {len(figures)} figures, {lost} not as committed")
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main())
