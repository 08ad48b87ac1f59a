"""What WaterTAP's models give, solved by ripopt: the electrolyzer, NaCl brine, the vapour compressor.

WaterTAP counts flows in moles and has no density of lye; `thermo` (Laliberte) makes moles of litres at the inlets and
litres of moles at the outlets.
"""

MASS = {
    "H2O": 0.018015,
    "NA+": 0.022989,
    "CL-": 0.03545,
    "H+": 0.001008,
    "OH-": 0.017007,
    "CL2-v": 0.0709,
    "H2-v": 0.002016,
}
CHARGE = {"NA+": 1, "CL-": -1, "H+": 1, "OH-": -1}
CAS = {"NaCl": "7647-14-5", "NaOH": "1310-73-2", "HCl": "7647-01-0"}
IONS = {"NaCl": ("NA+", "CL-"), "NaOH": ("NA+", "OH-"), "HCl": ("H+", "CL-")}


def solve(model):
    """As many equations as unknowns, so no bound decides; a flow that is nought, at its bound, stalls ripopt."""
    import pyomo_ripopt  # noqa: F401  registers the solver
    from idaes.core.util.model_statistics import degrees_of_freedom
    from pyomo.environ import SolverFactory, TransformationFactory, check_optimal_termination

    TransformationFactory("contrib.strip_var_bounds").apply_to(model)
    if degrees_of_freedom(model):
        raise SystemExit(f"the model of WaterTAP is left {degrees_of_freedom(model)} degrees of freedom")
    if not check_optimal_termination(SolverFactory("ripopt").solve(model)):
        raise SystemExit("ripopt did not solve the model of WaterTAP")


def flowsheet():
    from idaes.core import FlowsheetBlock
    from pyomo.environ import ConcreteModel

    model = ConcreteModel()
    model.fs = FlowsheetBlock(dynamic=False)
    return model


def density(weights, celsius):
    """kg/m3 of a liquor of these mass fractions."""
    from thermo.electrochem import Laliberte_density

    present = {salt: weight for salt, weight in weights.items() if weight > 0.0}
    return Laliberte_density(273.15 + celsius, list(present.values()), [CAS[salt] for salt in present])


def molar(salt):
    return sum(MASS[ion] for ion in IONS[salt])


def feed(stated):
    """mol/s of a stream that is stated in L/h, and mol/L of its salts."""
    litres = stated["flow"] / 3600.0
    salts = {salt: strength for salt, strength in stated.items() if salt in CAS}
    grams = {salt: strength * molar(salt) * 1e3 for salt, strength in salts.items()}
    of_liquor = 1e3
    for _ in range(100):
        of_liquor = density({salt: mass / of_liquor for salt, mass in grams.items()}, stated["celsius"])
    flows = {"H2O": litres * (of_liquor - sum(grams.values())) * 1e-3 / MASS["H2O"]}
    for salt, strength in salts.items():
        for ion in IONS[salt]:
            flows[ion] = flows.get(ion, 0.0) + litres * strength
    return flows


def strength(flows, ion, salt, celsius):
    """mol/L of `ion` in what leaves as a liquor of `salt`; acid and alkali that meet there have made water."""
    mass = sum(flow * MASS[name] for name, flow in flows.items() if not name.endswith("-v"))
    weight = flows[ion] * molar(salt) / mass
    return flows[ion] / (mass / density({salt: weight}, celsius)) * 1e-3


def electrolyzer(peer):
    """A cell at `amperes`; the share `efficiency` of them does anything. `membrane` is mol per mol of those electrons."""
    from idaes.core.util.scaling import calculate_scaling_factors
    from pyomo.environ import value
    from watertap.property_models.multicomp_aq_sol_prop_pack import MCASParameterBlock
    from watertap.unit_models.electrolyzer import Electrolyzer

    model = flowsheet()
    model.fs.properties = MCASParameterBlock(
        solute_list=[name for name in MASS if name != "H2O"], mw_data=MASS, charge=CHARGE, ignore_neutral_charge=True
    )
    model.fs.unit = cell = Electrolyzer(property_package=model.fs.properties)
    for side, block in (("brine", cell.anolyte), ("catholyte", cell.catholyte)):
        inlet, flows = block.properties_in[0], feed(peer[side])
        inlet.pressure.fix(101325)
        inlet.temperature.fix(273.15 + peer["celsius"])
        for name in MASS:
            inlet.flow_mol_phase_comp["Liq", name].fix(flows.get(name, 0.0))
    for name, number in peer["membrane"].items():
        cell.membrane_ion_transport_number["Liq", name].fix(number)
    for name, number in {"CL-": -1.0, "CL2-v": 0.5}.items():
        cell.anode_stoich["Liq", name].fix(number)
    for name, number in {"H2O": -1.0, "H2-v": 0.5, "OH-": 1.0}.items():
        cell.cathode_stoich["Liq", name].fix(number)
    cell.current.fix(peer["amperes"])
    cell.efficiency_current.fix(peer["efficiency"])
    for density in (cell.membrane_current_density, cell.anode_current_density, cell.cathode_current_density):
        density.fix(peer["amperes"] / peer["area"])
    # The potentials, overpotentials and voltage efficiency of WaterTAP's own case, chlor-alkali at 90 degC.
    cell.anode_electrochem_potential.fix(1.21)
    cell.cathode_electrochem_potential.fix(-0.99)
    cell.anode_overpotential.fix(0.1)
    cell.cathode_overpotential.fix(0.1)
    cell.efficiency_voltage.fix(0.8)
    for name in MASS:
        model.fs.properties.set_default_scaling("flow_mol_phase_comp", 1, index=("Liq", name))
    calculate_scaling_factors(model)
    solve(model)

    out = {
        side: {name: value(block.properties_out[0].flow_mol_phase_comp["Liq", name]) for name in MASS}
        for side, block in (("anolyte", cell.anolyte), ("catholyte", cell.catholyte))
    }
    passed = -value(cell.anolyte.mass_transfer_term[0, "Liq", "NA+"])
    power = value(cell.power)
    return {
        "current": value(cell.membrane_current_density) * 1e-3,
        "alkali-made": passed * 3600.0,
        "chlorine-made": out["anolyte"]["CL2-v"] * 3600.0,
        "hydrogen-made": out["catholyte"]["H2-v"] * 3600.0,
        "lye": strength(out["catholyte"], "OH-", "NaOH", peer["celsius"]),
        "chloride": strength(out["anolyte"], "CL-", "NaCl", peer["celsius"]),
        "E-reversible": value(cell.voltage_reversible),
        "voltage": value(cell.voltage_cell),
        "power": power * 1e-3,
        "SEC": power / (passed * molar("NaOH")) / 3.6e6,
    }


def nacl(peer):
    """Brine by Sparrow (2003) and the sources that WaterTAP names beside it."""
    from pyomo.environ import value
    from watertap.property_models.NaCl_T_dep_prop_pack import NaClParameterBlock

    model = flowsheet()
    model.fs.properties = NaClParameterBlock()
    model.fs.brine = model.fs.properties.build_state_block([0])
    brine = model.fs.brine[0]
    brine.temperature.fix(273.15 + peer["celsius"])
    brine.pressure.fix(101325)
    brine.flow_mass_phase_comp["Liq", "NaCl"].fix(peer["weight"])
    brine.flow_mass_phase_comp["Liq", "H2O"].fix(1.0 - peer["weight"])
    # Naming a property builds its equations.
    asked = (brine.dens_mass_phase, brine.visc_d_phase, brine.cp_mass_phase)
    saturation = brine.pressure_sat
    solve(model)
    density, viscosity, capacity = (value(of["Liq"]) for of in asked)
    return {
        "density": density,
        "viscosity": viscosity * 1e3,
        "heat-capacity-published": capacity * 1e-3,
        "vapour-pressure": value(saturation) * 1e-3,
    }


def compressor(peer):
    """Of steam: isentropic with an exponent of 1.3, enthalpies of water vapour."""
    from pyomo.environ import value
    from watertap.property_models.water_prop_pack import WaterParameterBlock
    from watertap.unit_models.mvc.components import Compressor

    model = flowsheet()
    model.fs.properties = WaterParameterBlock()
    model.fs.unit = machine = Compressor(property_package=model.fs.properties)
    inlet = machine.control_volume.properties_in[0]
    inlet.flow_mass_phase_comp["Vap", "H2O"].fix(1.0)
    inlet.flow_mass_phase_comp["Liq", "H2O"].fix(1e-8)
    inlet.temperature.fix(273.15 + peer["celsius"])
    inlet.pressure.fix(peer["bar"] * 1e5)
    machine.pressure_ratio.fix(peer["ratio"])
    machine.efficiency.fix(peer["efficiency"])
    solve(model)
    # J/kg; 3600 of them are a kWh per t.
    return {"kWh-per-t-water": value(machine.control_volume.work[0]) / 3600.0}


UNITS = {"electrolyzer": electrolyzer, "NaCl": nacl, "compressor": compressor}
