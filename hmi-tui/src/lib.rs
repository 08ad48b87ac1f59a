//! The operator's screen in a terminal.
//!
//! **What happens here.** Frames, events and answers from the controller's API become a [`State`];
//! keys become looks and commands. `update(state, event) -> effects` changes the state,
//! `draw(state, frame)` shows it; both are pure and take the time as a parameter. Tokio tasks carry
//! effects out: login, the live WebSocket with reconnect for ever, history, events, commands.
//!
//! **What never happens here.** No control and no knowledge of it: the HMI knows [`model::wire`] and
//! nothing else. A value on the screen comes from the controller, never from the key that asked for
//! it. No command leaves without Enter on a line that showed it, acknowledging alarms excepted.
//!
//! **In**: keys, [`ApiEvent`]s. **Out**: cells, [`Effect`]s.
//!
//! Begin reading at [`State`], then `update/mod.rs`, then `draw/mod.rs`. The keys stand in
//! `keymap.rs`, the colours in `look.rs`.
//!
//! ```
//! use hmi_tui::{Event, Settings, State, render_to_text, update};
//! let mut state = State::new(Settings::default(), true);
//! update(&mut state, 0, Event::Resize(80, 24));
//! assert!(render_to_text(&state, 80, 24).contains("password"));
//! ```

mod clock;
mod options;
mod event;
mod input;
mod value;
mod keymap;
mod look;
mod pane;
mod layout;
mod state;
mod update;
mod widget;
mod draw;
mod picture;
mod client;
mod run;

pub use clock::Zone;
pub use draw::draw;
pub use event::{ApiEvent, Effect, Event};
pub use options::{Glyphs, HmiError, Options, Theme};
pub use picture::{render_to_svg, render_to_text};
pub use run::run;
pub use state::{Page, Settings, State};
pub use update::update;
