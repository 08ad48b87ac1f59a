//! The state on the screen. Pure: nothing here changes anything, and no size makes it panic.

mod alarms;
mod batch;
mod boxes;
mod cells;
mod device;
mod entry;
mod faceplate;
mod forced;
mod bypassed;
mod fields;
mod frame;
mod gauge;
mod history;
mod interlock;
mod journal;
mod login;
mod overlay;
mod overview;
mod service;
mod small;
mod strip;
mod system;
mod trend;
mod unit;

use crate::layout;
use crate::look;
use crate::pane::Pane;
use crate::state::{Item, Page, State};
use ratatui::{Frame, buffer::Buffer, layout::Rect};

/// Draws the whole screen.
pub fn draw(state: &State, frame: &mut Frame<'_>) {
    let area = frame.area();
    paint(state, frame.buffer_mut(), area);
}

pub(crate) fn paint(state: &State, buffer: &mut Buffer, area: Rect) {
    let look = state.look();
    let area = area.intersection(buffer.area);
    let mut screen = Pane::new(buffer, area, &look);
    screen.clear();
    if state.login.is_some() {
        login::draw(&mut screen, state);
    } else if state.plant.is_none() {
        login::draw_connecting(&mut screen, state);
    } else if area.width < layout::WIDTH_MIN || area.height < layout::HEIGHT_MIN {
        small::draw(&mut screen, state);
    } else {
        whole(&mut screen, state);
    }
    if look.is_ascii() {
        spell_in_ascii(buffer, area);
    }
}

fn whole(screen: &mut Pane<'_>, state: &State) {
    let rows = layout::rows(screen.width(), screen.height());
    frame::draw(screen, state, &rows);
    let body = rows.body;
    {
        let mut body = screen.part(body.x, body.y, body.width, body.height);
        page(&mut body, state);
    }
    let mut body = screen.part(body.x, body.y, body.width, body.height);
    overlay::draw(&mut body, state);
}

fn page(body: &mut Pane<'_>, state: &State) {
    match (state.detail(), state.nav.page) {
        (Some(Item::Interlock(interlock)), _) => interlock::draw(body, state, interlock),
        (Some(Item::Block(block)), _) if device::is_device(state, block) => device::draw(body, state, block),
        (Some(item), _) => faceplate::draw(body, state, item),
        (None, Page::Overview) => overview::draw(body, state),
        (None, Page::Units) => unit::draw(body, state),
        (None, Page::Alarms) => alarms::draw(body, state),
        (None, Page::Trends) => trend::draw(body, state),
        (None, Page::Batch) => batch::draw(body, state),
        (None, Page::History) => history::draw(body, state),
        (None, Page::System) => system::draw(body, state),
    }
}

/// On a terminal that knows ASCII only, nothing else may reach it.
fn spell_in_ascii(buffer: &mut Buffer, area: Rect) {
    for y in area.top()..area.bottom() {
        for x in area.left()..area.right() {
            let cell = &mut buffer[(x, y)];
            if let Some(letter) = cell.symbol().chars().next().filter(|_| !cell.symbol().is_ascii()) {
                cell.set_char(look::ascii(letter));
            }
        }
    }
}

/// The first row to show of `count`, so that the cursor is among `height` rows.
fn first_shown(cursor: usize, count: usize, height: usize) -> usize {
    if count <= height {
        return 0;
    }
    cursor.saturating_sub(height / 2).min(count - height)
}
