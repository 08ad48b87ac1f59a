//! Planted mistakes: each is made in an otherwise sound plant, and must be found alone, in its
//! place, with the remedy.

mod folder;

use folder::{place, small};
use model::Severity;

/// What is changed in which file, and what must be said about it.
struct Mistake {
    file: &'static str,
    /// This text is replaced...
    from: &'static str,
    /// ... by this.
    to: &'static str,
    code: &'static str,
    /// A text on the line that the message must point at.
    line: &'static str,
    help: &'static str,
    /// What the mistake rightly causes elsewhere.
    also: &'static [&'static str],
}

const fn mistake(
    file: &'static str,
    from: &'static str,
    to: &'static str,
    code: &'static str,
    line: &'static str,
    help: &'static str,
) -> Mistake {
    Mistake { file, from, to, code, line, help, also: &[] }
}

impl Mistake {
    const fn causing(self, also: &'static [&'static str]) -> Self {
        Self { also, ..self }
    }
}

const IO: &str = "io.toml";
const LOOPS: &str = "loops.toml";
const SAFETY: &str = "safety.toml";
const FILL: &str = "fill.phase";
const RECIPE: &str = "recipe.toml";

#[rustfmt::skip] // one row a mistake
const MISTAKES: &[Mistake] = &[
    // The text itself.
    mistake("plant.toml", "title = \"SMALL PLANT\"", "title = SMALL", "syntax", "title = SMALL", "double quotes"),
    mistake("plant.toml", "[plant]", "[plan]", "unknown-key", "[plan]", "did you mean `plant`?"),
    mistake("plant.toml", "period = \"10 ms\"", "period = \"10 s\"", "out-of-range", "period", "task = \"10 s\""),
    mistake("plant.toml", "period = \"10 ms\"", "period = \"0.5 ms\"", "out-of-range", "period", "write \"1 ms\" or more"),
    mistake("plant.toml", "period = \"10 ms\"", "period = 10", "missing-unit", "period", "\"10 ms\""),
    mistake("plant.toml", "name = \"small\"\n", "", "missing-key", "[plant]", "add `name"),
    mistake(IO, "[tag.TT-312]", "[tag.TT-311]\nunit = \"degC\"\nrange = [0, 1]\n[tag.TT-312]", "syntax", "[tag.TT-311]\nunit = \"degC\"\nrange = [0, 1]\n[", "declared once"),
    mistake(IO, "[tag.\"P-311.RUN\"]", "[tag.P-311.RUN]", "bad-name", "[tag.P-311.RUN]", "[tag.\"P-311.RUN\"]"),
    // Tags and their addresses.
    mistake(IO, "range = [-50, 200]", "range = [-1e308, 1e308]", "out-of-range", "1e308", "a larger unit"),
    mistake(IO, "words = [\"stopped\", \"running\"]\nio = { device = \"PLC-300\", discrete = 0", "words = [\"On\", \"on\"]\nio = { device = \"PLC-300\", discrete = 0", "same-words", "[\"On\", \"on\"]", "another for 1"),
    mistake(IO, "opc.tcp://127.0.0.1:4840/", "opc.tcp://LocalHost:5020/", "endpoint-taken", "LocalHost", "another port"),
    mistake(IO, "opc.tcp://127.0.0.1:4840/", "opc.tcp://127.0.0.1/", "bad-endpoint", "opc.tcp://127.0.0.1/", "opc.tcp://127.0.0.1:4840/"),
    mistake(IO, "\"127.0.0.1:5020\"", "\":5020\"", "bad-endpoint", "\":5020\"", "host:port"),
    mistake(IO, "127.0.0.1:5020", "127.0.0.1:99999", "bad-endpoint", "99999", "a port from 1 to 65535"),
    mistake(IO, "unit = \"mbar\"", "unit = \"mbr\"", "unknown-unit", "\"mbr\"", "did you mean \"mbar\"?"),
    mistake(IO, "[tag.TT-312]", "[tag.KI-1]\ndescription = \"Late\"\nunit = \"ms\"\nrange = [0, 10]\nscan = \"latness\"\n[tag.TT-312]", "unknown-word", "\"latness\"", "did you mean `lateness`?"),
    mistake(IO, "[tag.TT-312]", "[tag.KI-1]\ndescription = \"Late\"\nunit = \"bar\"\nrange = [0, 10]\nscan = \"overrun\"\n[tag.TT-312]", "unit-mismatch", "\"overrun\"", "unit = \"ms\""),
    mistake(IO, "[tag.TT-312]", "[tag.KI-1]\ndescription = \"Late\"\nunit = \"\"\nrange = [0, 10]\nscan = \"overruns\"\nentry = { initial = 1 }\n[tag.TT-312]", "two-sources", "entry = { initial = 1 }", "one writer"),
    mistake(IO, "unit = \"mbar\"\n", "", "missing-key", "[tag.PT-341]", "add `unit"),
    mistake(IO, "range = [-50, 200]", "range = [200, -50]", "low-above-high", "[200, -50]", "[-50, 200]"),
    mistake(IO, "range = [-50, 200]", "range = 200", "wrong-type", "range = 200", "two numbers"),
    mistake(IO, "range = [-50, 200]", "rnage = [-50, 200]", "unknown-key", "rnage", "did you mean `range`?"),
    mistake(IO, "normal = [74, 86]", "normal = [74, 186]", "outside-range", "normal", "widen the range"),
    mistake(IO, "input = 1, raw", "input = 0, raw", "address-taken", "input = 0, raw = [0, 27648] }\n\n[tag.PT", "another address"),
    mistake(IO, "input = 4, format", "input = 5, format", "address-taken", "input = 6", "two registers"),
    mistake(IO, "input = 1, raw", "input = 70000, raw", "out-of-range", "70000", "0 to 65535"),
    mistake(IO, "holding = 10", "holding = 0", "address-taken", "holding = 0,", "another address"),
    mistake(IO, "raw = [-27648, 27648]", "raw = [-40000, 40000]", "raw-mismatch", "-40000", "i16 carries"),
    mistake(IO, "format = \"i16\", raw = [-27648", "raw = [-27648", "raw-mismatch", "-27648", "format = \"i16\""),
    mistake(IO, "input = 6, raw = [0, 27648]", "input = 6", "raw-mismatch", "input = 6", "raw = [0, 27648]"),
    mistake(IO, "coil = 0 }", "coil = 0, raw = [0, 1] }", "raw-mismatch", "coil = 0, raw", "remove `raw`"),
    mistake(IO, "input = 1, raw = [0, 27648] }", "input = 1, raw = [0, 27648], range_check = false }", "unknown-key", "range_check", "remove `range_check`"),
    mistake(IO, "discrete = 0 }", "discrete = 0, range_check = false }", "unknown-key", "range_check", "never"),
    mistake(IO, "discrete = 0 }", "input = 20 }", "raw-mismatch", "input = 20", "discrete"),
    mistake(IO, "input = 1, raw", "input = 1, holding = 3, raw", "two-addresses", "holding = 3", "keep one"),
    mistake(IO, "device = \"PLC-300\", input = 1", "device = \"PLC-30\", input = 1", "unknown-name", "\"PLC-30\"", "did you mean `PLC-300`?"),
    mistake(IO, "heartbeat = \"holding 0\"\n", "", "missing-key", "[device.PLC-300]", "heartbeat = \"holding 0\""),
    mistake(IO, "heartbeat = \"holding 0\"", "heartbeat = \"coil 0\"", "bad-address", "coil 0", "holding 0"),
    mistake(IO, "watchdog = \"2 s\"\nheartbeat = \"holding", "watchdog = \"200 ms\"\nheartbeat = \"holding", "watchdog-short", "200 ms", "300 ms"),
    mistake(IO, "fail = 0\nio = { device = \"PLC-300\", holding = 10", "io = { device = \"PLC-300\", holding = 10", "missing-key", "[tag.FV-301]", "fail = 0"),
    mistake(IO, "normal = [74, 86]\n", "fail = 0\n", "direction", "fail = 0\nio = { device = \"PLC-300\", input = 0", "remove `fail`"),
    mistake(IO, "entry = { initial = 5.0, role = \"operator\" }\n", "", "missing-key", "[tag.HS-301]", "entry = {"),
    mistake(IO, "fail = \"close\"", "fail = \"shut\"", "unknown-word", "shut", "close, open"),
    mistake(IO, "role = \"operator\"", "role = \"oprator\"", "unknown-word", "oprator", "did you mean `operator`?"),
    mistake(IO, "area = \"300\"", "area = \"400\"", "unknown-name", "area = \"400\"", "300"),
    // Classes.
    mistake(IO, "class = \"cell\"", "class = \"cel\"", "unknown-name", "class = \"cel\"", "did you mean `cell`?"),
    mistake(IO, "for = \"n in 1..=3\"", "for = \"m in 1..=3\"", "unknown-parameter", "[[instance]]", "n"),
    mistake(IO, "for = \"n in 1..=3\"", "for = \"n in 1..=3\"\nwith = { n = 2 }", "contradiction", "for = \"n in 1..=3\"", "remove `n` from `with`"),
    mistake(IO, "for = \"n in 1..=3\"", "for = \"n in 3..=1\"", "bad-for", "3..=1", "low number first"),
    mistake(IO, "node = \"ET-331.{n:02}\"", "node = \"ET-331.{cell+20}\"", "unknown-parameter", "{cell+20}", "one of these is possible: n").causing(&["address-taken"]),
    mistake(IO, "description = \"Cell {n} voltage\"", "description = \"Cell {cell} voltage\"", "unknown-parameter", "{cell}", "one of these is possible: n"),
    mistake(IO, "for = \"n in 1..=3\"", "for = \"n in 1..=100000000\"", "bad-for", "100000000", "divide it").causing(&["unknown-name"]),
    mistake(IO, "node = \"ET-331.{n:02}\"", "node = \"ET-331.01\"", "address-taken", "node = \"ET-331.01\"", "another address"),
    // Expressions.
    mistake(LOOPS, "\"TT-312 - TT-311\"", "\"TT-312 - TT-321\"", "unknown-name", "TT-321", "did you mean `TT-3"),
    mistake(LOOPS, "\"TT-312 - TT-311\"", "\"TT-312-5 dK\"", "expression", "TT-312-5", "a minus has spaces"),
    mistake(LOOPS, "\"TT-312 - TT-311\"", "\"TT-312-5\"", "unknown-name", "TT-312-5", "a minus has spaces"),
    mistake(LOOPS, "\"TT-312 - TT-311\"", "\"TT-312 - PT-341\"", "unit-mismatch", "PT-341", "degC"),
    mistake(LOOPS, "\"TT-312 - TT-311\"", "\"TT-312\"", "unit-mismatch", "value = \"TT-312\"", "degC is a point on the scale"),
    mistake(LOOPS, "\"TT-312 - TT-311\"", "\"TT-312 > TT-311\"", "type-mismatch", "value", "SEL("),
    mistake(LOOPS, "\"TT-312 - TT-311\"", "\"TT-312 + TT-311\"", "unit-mismatch", "value", "AVG(a, b)"),
    mistake(LOOPS, "\"TT-312 - TT-311\"", "\"(TT-312 - TT-311\"", "expression", "value", "`)`"),
    mistake(LOOPS, "\"TT-312 - TT-311\"", "\"TT-312 - TT-311 / 0\"", "division-by-zero", "value", "another divisor"),
    mistake(LOOPS, "\"TT-312 - TT-311\"", "\"TT-312 - TT-311 == 5\"", "expression", "value", "write `=`"),
    mistake(LOOPS, "\"LT-311 > 15 %\"", "\"LT-311 > 15 degc\"", "unknown-unit", "degc", "did you mean `degC`?"),
    mistake(LOOPS, "\"LT-311 > 15 %\"", "\"LT-311 AND P-311.RUN\"", "type-mismatch", "LT-311 AND", "compare it"),
    mistake(LOOPS, "\"LT-311 > 15 %\"", "\"P-311.RUN = 0\"", "type-mismatch", "P-311.RUN = 0", "write `NOT P-311.RUN`"),
    mistake(LOOPS, "\"LT-311 > 15 %\"", "\"LT-311 > 15 % FOR 5\"", "expression", "FOR 5", "FOR 30 s"),
    mistake(LOOPS, "\"LT-311 > 15 %\"", "\"FIC-301 > 1 m3/h\"", "not-a-value", "FIC-301 > 1", "FIC-301.PV"),
    mistake(LOOPS, "\"LT-311 > 15 %\"", "\"3 OF (P-311.RUN, XV-301.ZSO)\"", "expression", "3 OF", "from 1 to 2"),
    mistake(LOOPS, "\"LT-311 > 15 %\"", "\"HYST(LT-311, 15 %, 15 %)\"", "no-gap", "HYST(LT-311, 15 %, 15 %)", "leave a gap"),
    mistake(LOOPS, "\"LT-311 > 15 %\"", "\"HYST(LT-311, 15 %)\"", "expression", "HYST(LT-311", "HYST(x, on, off)"),
    mistake(LOOPS, "\"LT-311 > 15 %\"", "\"HYST(LT-311, 20 degC, 15 %)\"", "unit-mismatch", "20 degC", "write it in %"),
    mistake(LOOPS, "\"LT-311 > 15 %\"", "\"RATE(LT-311, 30) > 5 %/min\"", "expression", "RATE(LT-311, 30)", "RATE(TT-311, 30 s)"),
    mistake(LOOPS, "\"LT-311 > 15 %\"", "\"RATE(LT-311, 30 s) > 5 K/min\"", "unit-mismatch", "5 K/min", "%/min"),
    mistake(LOOPS, "\"LT-311 > 15 %\"", "\"RATE(LT-311, 30 s) > 5 %\"", "unit-mismatch", "30 s) > 5 %", "%/min"),
    mistake(LOOPS, "\"LT-311 > 15 %\"", "\"MEDIAN(LT-311) > 5 %\"", "expression", "MEDIAN(LT-311)", "MEDIAN(a, b, ...)"),
    mistake(LOOPS, "\"TT-312 - TT-311\"", "\"LIMIT(40 dK, TT-312 - TT-311, 20 dK)\"", "low-above-high", "LIMIT(40 dK", "the lower one first"),
    mistake(LOOPS, "\"TT-312 - TT-311\"", "\"CLAMP(TT-312 - TT-311, 40 dK, 20 dK)\"", "low-above-high", "CLAMP(", "the lower one first"),
    mistake(LOOPS, "\"TT-312 - TT-311\"", "\"SQRT(-1) * (TT-312 - TT-311)\"", "no-result", "SQRT(-1)", "correct the sign"),
    mistake(LOOPS, "\"TT-312 - TT-311\"", "\"LN(0) * (TT-312 - TT-311)\"", "no-result", "LN(0)", "argument"),
    mistake(LOOPS, "\"TT-312 - TT-311\"", "\"(TT-312 - TT-311) / (3 - 3)\"", "division-by-zero", "3 - 3", "another divisor"),
    mistake(LOOPS, "\"LT-311 > 15 %\"", "\"P-311.RUN = running\"", "type-mismatch", "P-311.RUN = running", "write `P-311.RUN` alone"),
    mistake(LOOPS, "\"LT-311 > 15 %\"", "\"P-311.RUN <> Running\"", "type-mismatch", "P-311.RUN <> Running", "write `NOT P-311.RUN`"),
    mistake(LOOPS, "\"LT-311 > 15 %\"", "\"TIC-311.MODE = AUTOMATIC\"", "unknown-word", "AUTOMATIC", "OOS, MAN, AUTO, CAS"),
    mistake(LOOPS, "\"LT-311 > 15 %\"", "\"P-331A.STATE = runing\"", "unknown-word", "runing", "did you mean `running`?"),
    // Blocks.
    mistake(LOOPS, "task = \"1 s\"", "task = \"1 d\"", "bad-task", "1 d", "belongs to a phase"),
    mistake(LOOPS, "action = \"reverse\"\ngain", "action = \"direct\"\ngain", "wrong-action", "action = \"direct\"", "action = \"reverse\""),
    mistake(LOOPS, "action = \"reverse\"\nkc = 2.0", "kc = 2.0", "missing-key", "[pid.TIC-311]", "add `action"),
    mistake(LOOPS, "kc = 2.0", "kc = nan", "not-a-quantity", "kc = nan", "write a number"),
    mistake(LOOPS, "kc = 2.0", "kc = -inf", "not-a-quantity", "kc = -inf", "write a number"),
    mistake(LOOPS, "kc = 2.0", "kc = 2.0\nout_limits = [50, 50]", "low-above-high", "[50, 50]", "`out_limits = [0, 100]`"),
    mistake(LOOPS, "ti = \"120 s\"", "ti = \"-5 s\"", "out-of-range", "-5 s", "\"24 h\""),
    mistake(LOOPS, "kc = 2.0", "kc = -2.0", "out-of-range", "kc = -2.0", "its direction is `action"),
    mistake(LOOPS, "sp = \"76 degC\"", "sp = \"96 degC\"", "outside-range", "96 degC", "20 to 88"),
    mistake(LOOPS, "sp_limits = [20, 88]", "sp_limits = [20, 188]", "outside-range", "188", "widen the range of the PV"),
    mistake(LOOPS, "sp = \"76 degC\"", "sp = \"76 bar\"", "unit-mismatch", "76 bar", "degC"),
    mistake(LOOPS, "sp_rate = \"1 K/min\"", "sp_rate = \"1 bar/min\"", "unit-mismatch", "bar/min", "1 K/min"),
    mistake(LOOPS, "on_bad_pv = \"0 %\"", "on_bad_pv = \"close\"", "unknown-word", "on_bad_pv = \"close\"", "\"hold\""),
    mistake(LOOPS, "task = \"1 s\"", "task = \"1 s\"\nphase = \"1 s\"", "bad-phase", "phase = \"1 s\"", "\"0 ms\" to \"990 ms\""),
    mistake(LOOPS, "task = \"1 s\"", "task = \"1 s\"\nphase = \"15 ms\"", "bad-phase", "phase = \"15 ms\"", "\"20 ms\""),
    mistake(LOOPS, "task = \"1 s\"", "task = \"15 ms\"", "bad-task", "15 ms", "20 ms"),
    mistake(LOOPS, "mode = \"cascade\"", "mode = \"auot\"", "unknown-word", "auot", "did you mean `auto`?"),
    mistake(LOOPS, "cascade = \"FFC-301.OUT\"\n", "", "bad-mode", "modes = [\"manual\", \"auto\", \"cascade\"]", "cascade = \"FFC-301.OUT\""),
    mistake(LOOPS, "cascade = \"FFC-301.OUT\"", "cascade = \"HY-301.OUT\"", "unit-mismatch", "HY-301.OUT", "m3/h"),
    mistake(LOOPS, "out = \"TV-311\"", "out = \"FV-301\"", "two-writers", "out = \"FV-301\"\naction = \"reverse\"\nkc", "one writer").causing(&["no-writer"]),
    mistake(LOOPS, "out = \"TV-311\"", "out = \"TT-312\"", "direction", "out = \"TT-312\"", "holding").causing(&["no-writer"]),
    mistake(LOOPS, "out = \"TV-311\"", "out = \"XV-301.CMD\"", "wrong-kind", "out = \"XV-301.CMD\"\naction", "a value").causing(&["no-writer", "two-writers"]),
    mistake(LOOPS, "out = \"TV-311\"\n", "", "missing-key", "[pid.TIC-311]", "out_unit").causing(&["no-writer"]),
    mistake(LOOPS, "pick = \"high\"", "pick = \"median\"\ndeviation = \"1 bar\"", "unit-mismatch", "1 bar", "V"),
    mistake(LOOPS, "\"ET-331.02\", \"ET-331.03\"", "\"ET-331.02\", \"TT-311\"", "unit-mismatch", "inputs", "V"),
    mistake(LOOPS, "ratio = 0.35", "ratio = 0.75", "outside-range", "ratio = 0.75", "0.2 to 0.6"),
    mistake(LOOPS, "input = \"TT-311\"\ntime", "input = \"P-311.RUN\"\ntime", "wrong-kind", "P-311.RUN", "measured"),
    mistake(LOOPS, "on = \"P-311.RUN\"", "on = \"LT-311\"", "wrong-kind", "on = \"LT-311\"", "`words`"),
    mistake(LOOPS, "off = \"XV-301.ZSC\"", "off = \"XV-301.ZSO\"", "duplicate-name", "off = \"XV-301.ZSO\"", "second limit switch"),
    mistake(LOOPS, "unit_of = \"EL-301\"\nout = \"P-311.CMD\"", "unit_of = \"EL-303\"\nout = \"P-311.CMD\"", "unknown-name", "EL-303", "did you mean `EL-30"),
    mistake(LOOPS, "[ramp.HY-301]", "[ramp.IT-301]", "duplicate-name", "[ramp.IT-301]", "rename"),
    mistake(LOOPS, "[ramp.HY-301]", "[ramp.\"HY 301\"]", "bad-name", "HY 301", "begins with a letter"),
    mistake(LOOPS, "[ramp.HY-301]", "[rampe.HY-301]", "unknown-key", "rampe", "did you mean `ramp`?"),
    // Split range, and switches with an output.
    mistake(LOOPS, "from = [52, 100]", "from = [52, 110]", "outside-range", "from = [52, 110]", "0 to 100"),
    mistake(LOOPS, "from = [52, 100]", "from = [100, 52]", "low-above-high", "from = [100, 52]", "[52, 100]"),
    mistake(LOOPS, "from = [52, 100], ", "", "missing-key", "{ out = \"HV-321\"", "add `from"),
    mistake(LOOPS, "to = [100, 0]", "to = [0, 0]", "out-of-range", "to = [0, 0]", "for a reverse one"),
    mistake(LOOPS, "to = [100, 0]", "to = [120, 0]", "outside-range", "to = [120, 0]", "0 to 100"),
    mistake(LOOPS, "{ out = \"HV-321\"", "{ out = \"CV-321\"", "two-writers", "{ out = \"CV-321\", from = [52", "one writer").causing(&["no-writer"]),
    mistake(LOOPS, "{ out = \"HV-321\"", "{ out = \"TT-311\"", "direction", "\"TT-311\", from", "holding").causing(&["no-writer"]),
    mistake(LOOPS, "  { out = \"HV-321\", from = [52, 100], to = [0, 100] },\n", "", "wrong-type", "valves", "a single valve").causing(&["no-writer"]),
    mistake(LOOPS, "input = \"TIC-321.OUT\"", "input = \"TT-311\"", "unit-mismatch", "input = \"TT-311\"\nvalves", "%").causing(&["missing-key"]),
    mistake(LOOPS, "valves = [\n", "unit = \"bar\"\nvalves = [\n", "missing-key", "[split_range.TY-321]", "range"),
    mistake(LOOPS, "out = \"E-322.ON\"", "out = \"HV-321\"", "wrong-kind", "out = \"HV-321\"\n", "a switch").causing(&["no-writer", "two-writers"]),
    mistake(LOOPS, "out = \"E-322.ON\"\n", "", "no-writer", "", "[pulse_width]"),
    mistake(LOOPS, "raise = \"HV-323.OPEN\"\n", "", "missing-key", "[raise_lower.HY-323]", "add `raise").causing(&["no-writer"]),
    mistake(LOOPS, "lower = \"HV-323.CLOSE\"", "lower = \"HV-323.OPEN\"", "duplicate-name", "lower = \"HV-323.OPEN\"", "one way").causing(&["no-writer"]),
    mistake(LOOPS, "lower = \"HV-323.CLOSE\"", "lower = \"HV-323.CLOS\"", "unknown-name", "HV-323.CLOS\"", "did you mean `HV-323.CLOSE`?").causing(&["no-writer"]),
    mistake(LOOPS, "run_time = \"60 s\"\n", "", "missing-key", "[raise_lower.HY-323]", "add `run_time"),
    mistake(LOOPS, "run_time = \"60 s\"", "run_time = \"500 ms\"", "out-of-range", "run_time", "faster"),
    mistake(LOOPS, "dead_band = \"1 %\"", "dead_band = \"0.01 %\"", "out-of-range", "dead_band", "a wider band"),
    mistake(LOOPS, "dead_band = \"1 %\"", "dead_band = \"1 degC\"", "unit-mismatch", "dead_band", "write it in %"),
    mistake(LOOPS, "dead_band = \"1 %\"", "dead_band = \"100 %\"", "outside-range", "dead_band", "a part of the range"),
    mistake(LOOPS, "min_pulse = \"300 ms\"", "min_pulse = \"30 s\"", "out-of-range", "min_pulse", "shortest pulse"),
    mistake(LOOPS, "initial = \"0 %\"", "initial = \"120 %\"", "outside-range", "initial", "0 to 100"),
    mistake(LOOPS, "closed = \"LT-311 < 1 %\"", "closed = \"LT-311 > 99 %\"", "same-input", "closed = ", "two different ones"),
    mistake(LOOPS, "out = \"XV-302.OPEN\"", "out = \"E-322.ON\"", "two-writers", "out = \"E-322.ON\"\non_bad_pv", "one writer").causing(&["no-writer"]),
    mistake(LOOPS, "on_bad_pv = \"off\"", "on_bad_pv = \"of\"", "unknown-word", "on_bad_pv = \"of\"", "did you mean `off`?"),
    mistake(FILL, "XV-301 := open", "CV-321 := 5 %", "two-writers", "CV-321 := 5", "an interlock may drive"),
    // Motors in groups and by themselves.
    mistake(LOOPS, "motors = [\"P-331A\", \"P-331B\"]", "motors = [\"P-331A\"]", "wrong-type", "motors", "single motor").causing(&["missing-key"]),
    mistake(LOOPS, "motors = [\"P-331A\", \"P-331B\"]", "motors = [\"P-331A\", \"P-331C\"]", "unknown-name", "P-331C", "did you mean `P-331"),
    mistake(LOOPS, "motors = [\"P-331A\", \"P-331B\"]", "motors = [\"P-331A\", \"XV-301\"]", "unknown-name", "\"P-331A\", \"XV-301\"", "P-3"),
    mistake(LOOPS, "motors = [\"P-331A\", \"P-331B\"]", "motors = [\"P-331A\", \"P-331A\"]", "two-writers", "\"P-331A\", \"P-331A\"", "one group"),
    mistake(LOOPS, "motors = [\"P-331A\", \"P-331B\"]\n", "", "missing-key", "[duty_standby.P-331]", "motors = "),
    mistake(LOOPS, "motors = [\"P-331A\", \"P-331B\"]", "motors = [\"P-332\", \"P-331B\"]", "contradiction", "auto = ", "remove `auto`").causing(&["contradiction"]),
    mistake(LOOPS, "on_duty = 1", "on_duty = 2", "out-of-range", "on_duty", "1 to 1"),
    mistake(LOOPS, "alternate = \"24 h\"", "alternate = 24", "missing-unit", "alternate", "24 s"),
    mistake(LOOPS, "auto = \"HYST(LT-311, 80 %, 20 %)\"", "auto = \"LT-311\"", "type-mismatch", "auto = ", "compare it"),
    mistake(SAFETY, "TT-311 > 95 degC FOR 5 s", "TT-311 > 195 degC FOR 5 s", "outside-range", "TT-311 > 195 degC", "write a limit from"),
    mistake(SAFETY, "TT-311 > 95 degC FOR 5 s", "195 degC < TT-311 FOR 5 s", "outside-range", "195 degC < TT-311", "write a limit from"),
    mistake(SAFETY, "TT-311 > 95 degC FOR 5 s", "PREV(TT-311) > 195 degC", "outside-range", "PREV(TT-311) > 195 degC", "write a limit from"),
    mistake(SAFETY, "TT-311 > 95 degC FOR 5 s", "MAX(TT-311, 5 degC) >= 195 degC", "outside-range", "MAX(TT-311, 5 degC)", "within its range"),
    mistake(SAFETY, "TT-311 > 95 degC FOR 5 s", "5 > 10 OR TT-311 > 95 degC", "outside-range", "5 > 10", "within its range"),
    mistake(SAFETY, "XV-301 := close", "P-331 := start", "bad-action", "P-331 := start", "stop the group"),
    mistake(SAFETY, "TT-311 > 95 degC FOR 5 s", "TT-311 > TT-311", "constant-condition", "TT-311 > TT-311", "with a limit"),
    mistake(SAFETY, "TT-311 > 95 degC FOR 5 s", "TT-311 > 95 degC AND TT-311 < 20 degC", "constant-condition", "TT-311 > 95", "condition of the plant"),
    mistake(SAFETY, "TT-311 > 95 degC FOR 5 s", "NOT TRUE", "constant-condition", "NOT TRUE", "condition of the plant"),
    mistake(SAFETY, "TT-311 > 95 degC FOR 5 s", "FALSE AND TT-311 > 95 degC", "constant-condition", "FALSE AND", "condition of the plant"),
    mistake(SAFETY, "TT-311 > 95 degC FOR 5 s", "TY-311 > 195 degC", "outside-range", "TY-311 > 195", "write a limit from"),
    mistake(SAFETY, "TT-311 > 95 degC FOR 5 s", "TIC-311.SP > 95 degC", "outside-range", "TIC-311.SP > 95", "20 to 88"),
    mistake(SAFETY, "TT-311 > 95 degC FOR 5 s", "TDI-312 > 195 dK", "outside-range", "TDI-312 > 195", "-20 to 40"),
    mistake(SAFETY, "TT-311 > 95 degC FOR 5 s", "2 OF (TT-311 > 95 degC, TT-311 > 96 degC, TT-312 > 95 degC)", "counted-twice", "2 OF", "one vote"),
    mistake(SAFETY, "TT-311 > 95 degC FOR 5 s", "2 OF (TT-311 > 95 degC, TT-311 > 96 degC)", "counted-twice", "2 OF", "one vote"),
    mistake(SAFETY, "TT-311 > 95 degC FOR 5 s", "TT-311 > 95 degC FOR 0.4 ms", "expression", "FOR 0.4 ms", "1 ms"),
    mistake(SAFETY, "on_delay = \"2 s\"", "on_delay = \"0.5 ms\"", "out-of-range", "0.5 ms", "1 ms"),
    // Names.
    mistake(FILL, "PARAM flow", "PARAM LT-311 : % = 50 IN 30 .. 70 \"hides\"\nPARAM flow", "hidden-name", "LT-311", "another name"),
    // Drives.
    mistake(LOOPS, "speed = \"SY-333\"\n", "", "missing-key", "[drive.P-333]", "speed = ").causing(&["no-writer", "unit-mismatch", "missing-key"]),
    mistake(LOOPS, "speed = \"SY-333\"", "speed = \"ST-333\"", "direction", "speed = \"ST-333\"", "holding").causing(&["no-writer"]),
    mistake(LOOPS, "speed = \"SY-333\"", "speed = \"TV-311\"", "two-writers", "speed = \"TV-311\"", "one writer").causing(&["no-writer"]),
    mistake(LOOPS, "actual = \"ST-333\"", "actual = \"FT-301\"", "unit-mismatch", "actual = \"FT-301\"", "%"),
    mistake(LOOPS, "fault = \"P-333.FLT\"", "fault = \"LT-311\"", "wrong-kind", "fault = \"LT-311\"", "`words`"),
    mistake(LOOPS, "min_speed = \"25 %\"", "min_speed = \"125 %\"", "outside-range", "min_speed", "0 to 100"),
    mistake(LOOPS, "min_speed = \"25 %\"", "min_speed = \"100 %\"", "out-of-range", "min_speed", "[motor]"),
    mistake(LOOPS, "ramp = \"8 %/s\"", "ramp = \"8 %\"", "unit-mismatch", "ramp = \"8 %\"", "%/min"),
    mistake(LOOPS, "ref = \"LIC-333.OUT\"", "ref = \"FT-301\"", "unit-mismatch", "ref = \"FT-301\"", "%").causing(&["missing-key"]),
    // Data flow.
    mistake(LOOPS, "input = \"TT-311\"\ntime", "input = \"TZ-311\"\ntime = \"20 s\"\n[filter.TZ-311]\ninput = \"TY-311\"\ntime", "algebraic-loop", "input = \"TZ-311\"", "PREV"),
    mistake(LOOPS, "ff = \"IT-301 / 1 kA * 2 %\"", "ff = \"TV-311\"", "algebraic-loop", "ff = ", "PREV"),
    // Alarms.
    mistake(LOOPS, "starts_per_hour = 4", "starts_per_hour = 40", "out-of-range", "starts_per_hour", "1 to 10"),
    mistake(LOOPS, "min_off = \"2 min\"", "min_off = 2", "missing-unit", "min_off", "2 s"),
    mistake(LOOPS, "count = true", "count = \"yes\"", "wrong-type", "count", "true or false"),
    // Function blocks.
    mistake(LOOPS, "damping = 0.7", "damping = 0", "out-of-range", "damping = 0", "0.1 to 10"),
    mistake(LOOPS, "time = \"20 s\"\ndamping", "damping", "missing-key", "[filter2.TY-312]", "time = "),
    mistake(LOOPS, "window = \"60 s\"", "window = \"2 h\"", "out-of-range", "window", "slower"),
    mistake(LOOPS, "frequency = \"3 Hz\"", "frequency = \"60 Hz\"", "out-of-range", "frequency", "shorter"),
    mistake(LOOPS, "lag = \"20 s\"", "lag = \"50 ms\"", "out-of-range", "lag = \"50 ms\"", "longer"),
    mistake(LOOPS, "time = \"30 s\"", "time = \"2 h\"", "out-of-range", "time = \"2 h\"", "slower"),
    mistake(LOOPS, "rate_down = \"1 m3/h/min\"", "rate_down = \"0 m3/h/min\"", "out-of-range", "rate_down", "without a sign"),
    mistake(LOOPS, "bias = \"0.2 m3/h\"", "bias = \"9 m3/h\"", "outside-range", "bias = ", "-4 to 4"),
    mistake(LOOPS, "[20, 1.5]", "[0, 1.5]", "not-rising", "[0, 1.5]", "rising"),
    mistake(LOOPS, "input = \"FT-301\"\nunit = \"m3\"", "input = \"IT-301\"\nunit = \"m3\"", "unit-mismatch", "unit = \"m3\"\nrange = [0, 100000]", "over time is in \"Ah\"").causing(&["unit-mismatch"]),
    mistake(LOOPS, "cut_off = \"0.02 m3/h\"", "cut_off = \"0 m3/h\"", "out-of-range", "cut_off", "above zero"),
    mistake(LOOPS, "c = \"TY-311\"", "c = \"LT-311\"", "unit-mismatch", "c = \"LT-311\"", "degC"),
    mistake(LOOPS, "two = \"high\"", "two = \"hihg\"", "unknown-word", "two", "did you mean `high`?"),
    mistake(LOOPS, "gap = \"5 %\"", "gap = \"0 %\"", "out-of-range", "gap", "noise"),
    mistake(LOOPS, "min_on = \"1 s\"", "min_on = \"15 s\"", "out-of-range", "period = \"20 s\"", "twice"),
    mistake(LOOPS, "function = \"TON\"", "function = \"TNO\"", "unknown-word", "function", "TON"),
    mistake(LOOPS, "preset = 1000", "preset = -1", "outside-range", "preset = -1", "0 to"),
    mistake(LOOPS, "dominant = \"set\"", "dominant = \"both\"", "unknown-word", "dominant", "reset, set"),
    mistake(LOOPS, "stale = \"20 min\"", "stale = 20", "missing-unit", "stale", "20 s"),
    mistake(LOOPS, "pressure = \"PT-341\"", "pressure = \"LT-311\"", "unit-mismatch", "pressure = \"LT-311\"", "Pa"),
    mistake(LOOPS, "design_temperature = \"80 degC\"", "design_temperature = \"-300 degC\"", "out-of-range", "design_pressure", "calculated for"),
    mistake(LOOPS, "gain = 0.6\n", "", "missing-key", "[smith.TY-314]", "gain = "),
    mistake(LOOPS, "d21 = -0.2", "d21 = -20", "outside-range", "d21 = -20", "-10 to 10"),
    mistake(LOOPS, "gain = 0.6\n", "gain = 0\n", "out-of-range", "gain = 0\nlag", "PV per OUT"),
    mistake(LOOPS, "b = \"TT-312\"\nd12", "b = \"TT-311\"\nd12", "same-input", "b = \"TT-311\"\nd12", "two different ones"),
    mistake(LOOPS, "c = \"TY-311\"", "c = \"TT-312\"", "same-input", "c = \"TT-312\"", "two different ones"),
    mistake(LOOPS, "reset = \"LT-311 < 40 %\"", "reset = \"LT-311 > 90 %\"", "same-input", "reset = \"LT-311 > 90 %\"", "two different ones"),
    mistake(LOOPS, "down = \"LT-311 < 5 %\"", "down = \"P-311.RUN\"", "same-input", "down = \"P-311.RUN\"", "two different ones"),
    mistake(LOOPS, "deviation = \"15 dK\"", "deviation = \"120 dK\"", "outside-range", "120 dK", "a part of the range"),
    mistake(LOOPS, "pick = \"high\"", "pick = \"high\"\ndeviation = \"6 V\"", "outside-range", "deviation = \"6 V\"", "the range of 6 V"),
    mistake(LOOPS, "gap = \"5 %\"", "gap = \"100 %\"", "outside-range", "gap = \"100 %\"", "a part of the range"),
    mistake(LOOPS, "preset = \"500 m3\"", "preset = \"200000 m3\"", "outside-range", "200000 m3", "within the range"),
    mistake(LOOPS, "cut_off = \"0.02 m3/h\"", "cut_off = \"5 m3/h\"", "outside-range", "cut_off", "within the range"),
    mistake(LOOPS, "[100, 12]]", "[100, 13]]", "outside-range", "[100, 13]]", "0 to 12"),
    mistake(LOOPS, "[latch.LH-311]", "[lach.LH-311]", "unknown-key", "[lach", "did you mean `latch`?"),
    mistake(SAFETY, "consequence = \"Trip.\"\nresponse = \"Close", "response = \"Close", "alarm-rationale", "[alarm.\"TT-311.HH\"]", "consequence"),
    mistake(SAFETY, "cause = \"Cold feed.\"", "cause = \" \"", "alarm-rationale", "cause = \" \"", "what has probably happened"),
    mistake(SAFETY, "consequence = \"Low efficiency.\"\n", "", "alarm-rationale", "[alarm.\"TIC-311.DEV\"]", "what follows without a response"),
    mistake(SAFETY, "response = \"Lower the set point.\"", "response = \"\"", "alarm-rationale", "response = \"\"", "not an alarm"),
    mistake(SAFETY, "time = \"5 min\"\n\n[alarm.\"TT-311.H\"]", "\n[alarm.\"TT-311.H\"]", "alarm-rationale", "[alarm.\"TT-311.HH\"]", "time = \"10 min\""),
    mistake(SAFETY, "high = \"90 degC\"", "high = \"95 degC\"", "limits-order", "high_high", "limits rise"),
    mistake(SAFETY, "high = \"90 degC\"", "high = \"96 degC\"", "limits-order", "high_high", "limits rise"),
    mistake(SAFETY, "high = \"90 degC\"", "high = \"190 degC\"", "outside-range", "190 degC", "0 to 120"),
    mistake(SAFETY, "high_high = \"95 degC\"", "high_high = \"121 degC\"", "outside-range", "121 degC", "0 to 120"),
    mistake(SAFETY, "high = \"90 degC\"", "low_low = \"-5 degC\"", "outside-range", "-5 degC", "0 to 120"),
    mistake(SAFETY, "deviation = \"5 dK\"", "deviation = \"0 dK\"", "outside-range", "0 dK", "above 0 and below 120 dK"),
    mistake(SAFETY, "deviation = \"5 dK\"", "deviation = \"120 dK\"", "outside-range", "120 dK", "above 0 and below 120 dK"),
    mistake(SAFETY, "deviation = \"5 dK\"", "deviation = \"500 dK\"", "outside-range", "500 dK", ""),
    mistake(LOOPS, "sp_limits = [20, 88]", "sp_limits = [-20, 88]", "outside-range", "[-20, 88]", "widen the range of the PV"),
    mistake(SAFETY, "high = \"90 degC\"", "high = \"90 bar\"", "unit-mismatch", "90 bar", "degC"),
    mistake(SAFETY, "high = \"90 degC\"\n", "", "missing-key", "[alarm.\"TT-311.H\"]", "high = "),
    mistake(SAFETY, "high = \"90 degC\"", "high = \"90 degC\"\nlow = \"5 degC\"", "two-conditions", "low = ", "an alarm for each"),
    mistake(SAFETY, "deadband = \"1 dK\"", "deadband = \"1 degC\"", "unit-mismatch", "deadband", "5 dK"),
    mistake(SAFETY, "deadband = \"1 dK\"", "deadband = \"95 dK\"", "out-of-range", "95 dK", "less than 95 dK"),
    mistake(SAFETY, "deviation = \"5 dK\"", "when = \"TT-311 < 70 degC\"\ndeadband = \"1 dK\"", "unknown-key", "deadband = \"1 dK\"\npriority = \"low\"", "two limits in the expression"),
    mistake(SAFETY, "fault = true", "fault = true\ndeadband = \"1 dK\"", "unknown-key", "deadband = \"1 dK\"\npriority = \"medium\"", "two limits in the expression"),
    mistake(SAFETY, "deviation = \"5 dK\"", "when = \"TRUE\"", "constant-condition", "TRUE", "condition of the plant"),
    mistake(SAFETY, "priority = \"low\"", "priority = \"lowest\"", "unknown-word", "lowest", "critical"),
    mistake(SAFETY, "tag = \"TIC-311\"", "tag = \"TT-311\"", "not-a-loop", "tag = \"TT-311\"\ndeviation", "[pid]"),
    mistake(SAFETY, "tag = \"P-311\"", "tag = \"TT-312\"", "not-a-device", "tag = \"TT-312\"", "BAD(TT-312)"),
    mistake(SAFETY, "enable = \"P-311.RUN\"", "enable = \"P-311.RUNS\"", "unknown-name", "P-311.RUNS", "did you mean `P-311.RUN`?"),
    // Interlocks.
    mistake(SAFETY, "reset = \"manual\"\n", "", "missing-key", "[interlock.IL-301]", "reset = \"manual\""),
    mistake(SAFETY, "do = [\"TV-311 := 0 %\", \"XV-301 := close\"]\n", "", "missing-key", "[interlock.IL-301]", "add `do"),
    mistake(SAFETY, "TV-311 := 0 %", "TT-311 := 0 degC", "not-an-output", "TT-311 := 0", "output tag"),
    mistake(SAFETY, "TV-311 := 0 %", "TIC-311.OUT := 0 %", "not-an-output", "TIC-311.OUT", "TV-311 := "),
    mistake(SAFETY, "TV-311 := 0 %", "TV-311 := 0 bar", "unit-mismatch", "0 bar", "%"),
    mistake(SAFETY, "TV-311 := 0 %", "TV-311 = 0 %", "bad-action", "TV-311 = 0", ":="),
    mistake(SAFETY, "XV-301 := close", "E-322.ON := high", "unknown-word", "E-322.ON := high", "write `off` or `on`"),
    mistake(SAFETY, "XV-301 := close", "XV-301 := stop", "unknown-word", "stop", "close"),
    mistake(SAFETY, "XV-301 := close", "XV-303 := close", "unknown-name", "XV-303", "did you mean `XV-301`?"),
    mistake(SAFETY, "PT-341 > 0.1 bar", "PT-341 > 0.1 kA", "unit-mismatch", "0.1 kA", "mbar"),
    mistake(SAFETY, "when = \"PT-341 > 0.1 bar\"", "when = \"TRUE\"", "constant-condition", "TRUE", "condition of the plant"),
    mistake(SAFETY, ", text = \"anolyte hot\"", "", "missing-key", "TT-311 > 95", "add `text"),
    // Phases.
    mistake(FILL, "XV-301 := open", "XV-310 := open", "unknown-name", "XV-310", "did you mean `XV-301`?"),
    mistake(FILL, "XV-301 := open", "XV-301 := start", "unknown-word", "start\n    FIC", "open"),
    mistake(FILL, "XV-301 := open", "XV-301 = open", "expression", "XV-301 = open", ":="),
    mistake(FILL, "FIC-301.OUT := 0 %", "FV-301 := 0 %", "two-writers", "FV-301 := 0", "FIC-301.OUT"),
    mistake(FILL, "FIC-301.OUT := 0 %", "TT-311 := 0 degC", "not-writable", "TT-311 :=", "an output"),
    mistake(FILL, "FIC-301.OUT := 0 %", "FIC-301 := 0 %", "not-writable", "FIC-301 := 0", "`FIC-301.OUT`"),
    mistake(FILL, "FIC-301.OUT := 0 %", "FIC-301.KC := 2", "not-writable", "FIC-301.KC", "SP, OUT or MODE"),
    mistake(FILL, "FIC-301.SP := flow", "FIC-301.SP := level", "unit-mismatch", ":= level", "m3/h"),
    mistake(FILL, "FIC-301.SP := flow", "FIC-301.SP := 3.8 m3/h", "outside-range", "3.8 m3/h", "0 to 3.6"),
    mistake(FILL, "FIC-301.SP := flow", "TIC-311.MODE := CAS", "bad-mode", "CAS", "MAN and AUTO"),
    mistake(FILL, "    WAIT LT-311 > level\n", "", "within-without-wait", "WITHIN 30", "WAIT"),
    mistake(FILL, "WAIT LT-311 > level", "WAIT FALSE", "unreachable-step", "STEP \"Feed off\"", "come true"),
    mistake(FILL, "RUNNING", "RUNNIN", "expression", "RUNNIN", "did you mean `RUNNING`?"),
    mistake(FILL, "WITHIN 30 min ELSE HOLD", "WITHIN 30 min ELSE WAIT", "expression", "ELSE WAIT", "HOLD, ABORT or ALARM"),
    mistake(FILL, "50 IN 30 .. 70", "80 IN 30 .. 70", "outside-range", "80 IN", "30 to 70"),
    mistake(FILL, "50 IN 30 .. 70", "50 IN 70 .. 30", "low-above-high", "70 .. 30", "30 .. 70"),
    mistake(FILL, "PARAM level : %", "PARAM level : percent", "unknown-unit", "percent", "did you mean \"%\"?"),
    mistake(FILL, "HOLDING\n  STEP \"Close\"\n    XV-301 := close\n", "HOLDING\n  STEP \"Close\"\n    XV-301 := close\n    WAIT XV-301.ZSC\n    WITHIN 5 s ELSE HOLD \"stuck\"\n", "bad-state", "ELSE HOLD \"stuck\"", "ABORT or ALARM"),
    mistake(FILL, "ON EL-301", "ON EL-31", "unknown-name", "EL-31 ", "did you mean `EL-301`?"),
    // Recipes.
    mistake(RECIPE, "{ phase = \"Fill\", with = { level", "{ phase = \"Fil\", with = { level", "unknown-name", "\"Fil\"", "did you mean `Fill`?"),
    mistake(RECIPE, "with = { flow = \"500", "with = { flw = \"500", "unknown-parameter", "flw", "did you mean `flow`?"),
    mistake(RECIPE, "\"500 L/h\"", "\"5000 L/h\"", "outside-range", "5000 L/h", "0.5 to 3"),
    mistake(RECIPE, "\"500 L/h\"", "\"500 kPa\"", "unit-mismatch", "500 kPa", "m3/h"),
    mistake(RECIPE, "\"500 L/h\"", "\"fed\"", "unknown-parameter", "\"fed\"", "did you mean `feed`?"),
    mistake(RECIPE, "range = [1000, 3000]", "range = [100, 3000]", "outside-range", "parameter.feed", "narrow the range"),
    mistake(RECIPE, "value = 55", "value = 75", "outside-range", "value = 75", "40 to 60"),
    mistake(RECIPE, "version = \"1\"\nunit_of = \"EL-301\"", "version = \"1\"\nunit_of = \"EL-302\"", "wrong-unit", "phase = \"Fill\", with = { level", "ON EL-302").causing(&["wrong-unit"]),
    // Displays.
    mistake(RECIPE, "{FT-301 }", "{FT-303 }", "unknown-name", "{FT-303 }", "did you mean `FT-301`?"),
    mistake(RECIPE, "{FT-301 }", "{FIC-301}", "not-a-value", "{FIC-301}", "FIC-301.PV"),
    mistake(RECIPE, "{FT-301 }", "{FT-301 ", "bad-field", "{FT-301 ", "close the field"),
    mistake(RECIPE, "ET-331.*", "ET-313.*", "unknown-name", "ET-313.*", "a star"),
    mistake(RECIPE, "interlocks = [\"IL-301\"]", "interlocks = [\"IL-310\"]", "unknown-name", "IL-310", "did you mean `IL-301`?"),
    mistake(RECIPE, "{ label = \"pump\", tag = \"P-311\" }", "{ label = \"pump\", tag = \"P-312\" }", "unknown-name", "P-312", "did you mean `P-311`?"),
];

#[test]
fn the_sound_plant_has_nothing_to_complain_about() {
    let sources = small();
    let compiled = control::compile(&sources).unwrap_or_else(|found| panic!("{found:#?}"));
    assert_eq!(compiled.warnings, []);
}

#[test]
fn two_names_that_only_case_tells_apart_are_told() {
    let mut sources = small();
    let loops = sources.iter_mut().find(|source| source.path == LOOPS).unwrap();
    loops.text.push_str("\n[calc.tt-311]\nunit = \"%\"\nrange = [0, 100]\nvalue = \"LT-311\"\n");
    let warnings = control::compile(&sources).unwrap().warnings;
    let codes: Vec<&str> = warnings.iter().map(|warning| warning.code).collect();
    assert_eq!(codes, ["alike-names"], "{warnings:#?}");
}

#[test]
fn a_trip_may_stand_where_a_reading_is_uncertain_but_not_where_it_is_bad() {
    // Range 0..120 degC, so a reading is bad from 141.12 on.
    let outside = |limit: &str| {
        let mut sources = small();
        let safety = sources.iter_mut().find(|source| source.path == SAFETY).unwrap();
        let text = safety.text.replace("TT-311 > 95 degC FOR 5 s", &format!("TT-311 > {limit} FOR 5 s"));
        safety.text = text;
        control::compile(&sources).err().unwrap_or_default().len()
    };
    assert_eq!((outside("119 degC"), outside("140 degC"), outside("142 degC")), (0, 0, 1));
}

#[test]
fn a_hysteresis_may_switch_at_the_ends_of_what_people_can_enter() {
    let mistakes = |limits: &str| {
        let mut sources = small();
        let safety = sources.iter_mut().find(|source| source.path == SAFETY).unwrap();
        safety.text = safety.text.replace("TT-311 > 95 degC FOR 5 s", &format!("HYST(HS-301, {limits})"));
        control::compile(&sources).err().unwrap_or_default().len()
    };
    // 0 to 12 wt%: on at once at the limit, from below or from above.
    assert_eq!((mistakes("12 wt%, 9 wt%"), mistakes("0 wt%, 3 wt%"), mistakes("9 wt%, 0 wt%")), (0, 0, 0));
    assert_eq!((mistakes("12.1 wt%, 9 wt%"), mistakes("9 wt%, -0.1 wt%")), (1, 1));
}

#[test]
fn every_planted_mistake_is_found_alone_in_its_place_with_its_remedy() {
    let mut failures = String::new();
    for (number, mistake) in MISTAKES.iter().enumerate() {
        if let Err(failure) = check(mistake) {
            failures += &format!("{number} {} -> {}: {failure}\n", mistake.from, mistake.to);
        }
    }
    assert!(failures.is_empty(), "\n{failures}");
}

fn check(mistake: &Mistake) -> Result<(), String> {
    let mut sources = small();
    let index = sources.iter().position(|source| source.path == mistake.file).ok_or("no such file")?;
    let text = &sources[index].text;
    if text.matches(mistake.from).count() == 0 {
        return Err("nothing to replace".into());
    }
    sources[index].text = text.replacen(mistake.from, mistake.to, 1);
    let Err(found) = control::compile(&sources) else { return Err("not found".into()) };
    let errors: Vec<_> = found.iter().filter(|diagnostic| diagnostic.severity == Severity::Error).collect();
    let listed: Vec<String> = errors
        .iter()
        .map(|error| format!("{} {} {} | {}", error.code, place(&sources, error), error.message, error.help))
        .collect();
    let (wanted, others): (Vec<_>, Vec<_>) = errors.into_iter().partition(|error| error.code == mistake.code);
    let most = if mistake.also.contains(&mistake.code) { 1 } else { usize::MAX };
    let stray = others.into_iter().filter(|error| !mistake.also.contains(&error.code));
    let errors: Vec<_> = wanted.into_iter().take(most).chain(stray).collect();
    let [error] = errors.as_slice() else { return Err(format!("{} mistakes: {listed:#?}", errors.len())) };
    let text = &sources[index].text;
    let line =
        text.find(mistake.line).map(|byte| text[..byte].matches('\n').count() + 1).ok_or("no such line")?;
    let expected = if mistake.line.is_empty() { String::new() } else { format!("{}:{line}:", mistake.file) };
    if error.code != mistake.code
        || !place(&sources, error).starts_with(&expected)
        || !error.help.contains(mistake.help)
    {
        return Err(format!(
            "expected {} at {expected} with \"{}\", found {listed:#?}",
            mistake.code, mistake.help
        ));
    }
    Ok(())
}
