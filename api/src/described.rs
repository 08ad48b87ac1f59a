//! Every endpoint in words: what the OpenAPI document says about it.

use utoipa::openapi::Type;

use crate::endpoint::Endpoint;

/// What is said about one endpoint.
pub(crate) struct Text {
    pub(crate) id: &'static str,
    pub(crate) summary: &'static str,
    pub(crate) description: &'static str,
    pub(crate) parameters: &'static [Wanted],
    pub(crate) body: Option<&'static str>,
    /// Schema of a 200; without one it is a 204, or a 101 for a WebSocket.
    pub(crate) answer: Option<&'static str>,
    /// Beside 401 and 403 of every request that needs a session.
    pub(crate) errors: &'static [(u16, &'static str)],
}

pub(crate) struct Wanted {
    pub(crate) name: &'static str,
    pub(crate) kind: Type,
    pub(crate) required: bool,
    pub(crate) description: &'static str,
}

const fn wanted(name: &'static str, kind: Type, required: bool, description: &'static str) -> Wanted {
    Wanted { name, kind, required, description }
}

const BODY_ERRORS: &[(u16, &str)] = &[
    (400, "The body is not what this request takes, or a reason is missing"),
    (404, "An id that this plant does not have"),
    (409, "The ids are of another plant than that in force"),
    (408, "The body did not arrive in time"),
    (413, "The body is larger than 64 KiB; a plant, than 32 MiB"),
    (429, "Too many refused commands within a minute"),
    (
        503,
        "Too much at once, nothing was done: try again after Retry-After. Or, with a `reply` in the body: the command has \
      acted, but the journal cannot be written, and a controller that restarts before it can be does not know of it",
    ),
    (504, "The controller did not answer in time; the command may still be carried out"),
];
const PLAN_ERRORS: &[(u16, &str)] = &[
    (400, "The body is not what this request takes"),
    (408, "The body did not arrive in time"),
    (413, "The body is larger than 32 MiB"),
    (422, "There is no such plant, or it does not compile"),
    (504, "The controller did not answer in time"),
];
const SIMULATOR_ERRORS: &[(u16, &str)] = &[
    (404, "No simulator runs on this controller's data folder"),
    (504, "The simulator did not answer in time"),
];
const TIME_ERRORS: &[(u16, &str)] = &[
    (400, "The body is not what this request takes"),
    (408, "The body did not arrive in time"),
    (413, "The body is larger than 64 KiB"),
    (504, "The simulator did not answer in time; what was asked may still happen"),
];
const LOGIN_ERRORS: &[(u16, &str)] = &[
    (400, "The body is not what this request takes, or the new password is refused"),
    (401, "User or password is wrong"),
    (408, "The body did not arrive in time"),
    (413, "The body is larger than 64 KiB"),
    (429, "Too many failed logins; Retry-After says how long to wait"),
    (503, "All sessions are taken, or too many logins at once"),
];
const QUERY_ERRORS: &[(u16, &str)] = &[
    (400, "A parameter is missing, unknown or out of range"),
    (404, "No such point, or no history of it; the nearest name is told"),
    (422, "More samples than one answer holds; ask for columns or a shorter span"),
    (504, "No answer in time"),
];
const EVENT_PARAMETERS: &[Wanted] = &[
    wanted("from", Type::Integer, false, "Milliseconds since 1970, inclusive; the beginning if absent"),
    wanted("to", Type::Integer, false, "Milliseconds since 1970, inclusive; now if absent"),
    wanted("tag", Type::String, false, "Only events of this tag"),
    wanted("max", Type::Integer, false, "1 to 5000; 200 if absent"),
];
const HISTORY_PARAMETERS: &[Wanted] = &[
    wanted("point", Type::String, true, "Name of a point, capital or small"),
    wanted("from", Type::Integer, true, "Milliseconds since 1970"),
    wanted("to", Type::Integer, true, "Milliseconds since 1970, later than from, at most ten years"),
    wanted(
        "columns",
        Type::Integer,
        false,
        "1 to 5000 equal intervals with mean, least and greatest; raw samples if absent",
    ),
];
const WHY_PARAMETERS: &[Wanted] =
    &[wanted("name", Type::String, true, "Name of a block, interlock, alarm, phase, recipe or point")];

const LIVE_PARAMETERS: &[Wanted] = &[wanted(
    "plant",
    Type::String,
    false,
    "Hash of the plant that was read (GET /plant). When another is in force by now the first and only message says so, \
     and no frame comes whose ids would be taken for those of the other plant",
)];

const fn text(id: &'static str, summary: &'static str, description: &'static str) -> Text {
    Text { id, summary, description, parameters: &[], body: None, answer: None, errors: &[] }
}

impl Endpoint {
    pub(crate) const fn text(self) -> Text {
        match self {
            Self::Health => Text {
                answer: Some("Health"),
                ..text("health", "Whether the server answers", "Says nothing about the plant.")
            },
            Self::OpenApi => text("openapi", "This document", "OpenAPI 3.1."),
            Self::Login => Text {
                body: Some("Login"),
                answer: Some("Session"),
                errors: LOGIN_ERRORS,
                ..text(
                    "login",
                    "Open a session",
                    "With a one-time password, only /password and /logout answer until it is changed.",
                )
            },
            Self::Logout => text("logout", "End the session", "Its live connections end as well."),
            Self::Password => Text {
                body: Some("PasswordChange"),
                errors: LOGIN_ERRORS,
                ..text(
                    "password",
                    "Change one's own password",
                    "At least twelve characters. The user's other sessions end.",
                )
            },
            Self::Plant => Text {
                answer: Some("PlantView"),
                ..text(
                    "plant",
                    "Everything that stays while this plant is in force",
                    "Read it again when the live connection says that the plant has changed.",
                )
            },
            Self::Snapshot => Text {
                answer: Some("Frame"),
                ..text("snapshot", "The newest frame", "Every value, alarm, interlock, batch and forced tag.")
            },
            Self::Live => Text {
                parameters: LIVE_PARAMETERS,
                errors: &[
                    (400, "No WebSocket handshake, or a parameter that there is not"),
                    (503, "All live connections are taken"),
                ],
                ..text(
                    "live",
                    "Live values and events (WebSocket)",
                    "Each text message is a ServerMessage: first a full frame, then changes only, at most ten a \
                     second; in a frame of changes, null means: as before. Events come as they happen. Answer \
                     pings; send nothing else.",
                )
            },
            Self::Commands => Text {
                body: Some("CommandRequest"),
                answer: Some("CommandReply"),
                errors: BODY_ERRORS,
                ..text(
                    "command",
                    "Act on the plant",
                    "Answered after the journal holds it. 403 when the role is too low; accepted = false, with the \
                     rule, when the controller refuses. Bypass, force, out of service, simulation, stroke test and abort need a \
                     reason. Once the plant was changed while it runs, `plant` is needed, the hash of the plant that the \
                     numbers are of (409 otherwise).",
                )
            },
            Self::Plan => Text {
                body: Some("PlantChange"),
                answer: Some("PlantPlan"),
                errors: PLAN_ERRORS,
                ..text(
                    "plan",
                    "What another plant would change",
                    "In the words of the process, with what stands against it at this moment. For engineers.",
                )
            },
            Self::Apply => Text {
                body: Some("PlantApply"),
                answer: Some("CommandReply"),
                errors: BODY_ERRORS,
                ..text(
                    "apply",
                    "Put another plant in force while it runs",
                    "From and to as the plan said them, and a reason. Between two scans, with the state of all that did not change; \
                     accepted = false, with the reasons, when that is not possible. Every live connection is told, \
                     and ends. For engineers.",
                )
            },
            Self::Alarms => Text {
                answer: Some("AlarmStatuses"),
                ..text("alarms", "Every alarm that is not normal", "As of the newest frame.")
            },
            Self::Events => Text {
                parameters: EVENT_PARAMETERS,
                answer: Some("EventRecords"),
                errors: QUERY_ERRORS,
                ..text(
                    "events",
                    "What happened, newest first",
                    "Alarms, actions of people, modes, trips, batches, links.",
                )
            },
            Self::History => Text {
                parameters: HISTORY_PARAMETERS,
                answer: Some("HistoryReply"),
                errors: QUERY_ERRORS,
                ..text(
                    "history",
                    "Values of one point over time",
                    "Gaps are spans in which nothing was recorded.",
                )
            },
            Self::Why => Text {
                parameters: WHY_PARAMETERS,
                answer: Some("Why"),
                errors: &[(404, "No such block, interlock or phase; the nearest name is told")],
                ..text(
                    "why",
                    "Why something is as it is",
                    "One line per condition, as data (`type` says which) and as text that is made of it; `missing` is what a reset, a start or the next step waits for. docs/why.md has it field by field.",
                )
            },
            Self::Simulator => Text {
                answer: Some("SimulatorStatus"),
                errors: SIMULATOR_ERRORS,
                ..text(
                    "simulator",
                    "How the simulated plant is",
                    "Its time, the states that were kept, the faults that are on. 404 where the plant is a real one.",
                )
            },
            Self::SimulatorTime => Text {
                body: Some("TimeRequest"),
                answer: Some("CommandReply"),
                errors: TIME_ERRORS,
                ..text(
                    "simulatorTime",
                    "Move the time of the simulated plant",
                    "Pause, resume, speed, step, rewind, snapshot, restore. It moves the plant alone: the controller \
                     keeps its own pace, and finds a plant that has jumped. accepted = false, with the reason, when \
                     the simulator refuses or none runs. For engineers.",
                )
            },
        }
    }
}
