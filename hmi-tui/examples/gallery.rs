//! Draws the pages of the tests' plant to standard output: `cargo run -p hmi-tui --example gallery [svg]`.

#[path = "../tests/fixture/mod.rs"]
mod fixture;

use fixture::Console;
use model::wire::Role;

const PAGES: &[(&str, &str)] = &[
    ("overview", "1"),
    ("unit", "2"),
    ("alarms", "3"),
    ("trends", "4nAT-351<Enter>nTIC-322.PV<Enter>nIT-301<Enter>nLT-311<Enter><Left><Left>"),
    ("batch", "5"),
    ("history", "6nTT-311, FT-301 2h every 5m<Enter>"),
    ("system", "7"),
    ("loop", "/TIC-322<Enter>V83.5"),
    ("device", "/P-311<Enter>"),
    ("interlock", "/IL-302<Enter>"),
    ("help", "?"),
];

fn main() {
    let svg = std::env::args().nth(1).is_some_and(|argument| argument == "svg");
    for (name, keys) in PAGES {
        let mut console = Console::new(Role::Engineer);
        console.keys(keys);
        if svg {
            println!("<!-- {name} -->\n{}", hmi_tui::render_to_svg(&mut console.state, 120, 40));
        } else {
            println!("{name}\n{}", console.screen());
        }
    }
}
