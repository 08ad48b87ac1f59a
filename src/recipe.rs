//! `catholyte recipe` and `catholyte phase`: what there is in a folder or a running plant, and orders to it.

mod start;

use std::time::Duration;

use miette::{Context as _, IntoDiagnostic as _, miette};
use model::wire::{
    API, BatchStatus, CommandReply, CommandRequest, ErrorReply, Frame, Login, PhaseView, PlantView,
    RecipeView, Session,
};
use model::{Action, BlockId, PointId, ProcOrder, nearest};
use reqwest::StatusCode;
use reqwest::blocking::{Client, RequestBuilder};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::cli::{ApiTarget, ListTarget, OrderName, PhaseArgs, PhaseCommand, RecipeArgs, RecipeCommand};
use crate::target::Target;
use crate::{check, hmi};

pub fn run(args: &RecipeArgs) -> miette::Result<()> {
    match &args.command {
        RecipeCommand::List(target) => list(&plant_of(target)?),
        RecipeCommand::Status(target) => Remote::connect(target)?.status(),
        RecipeCommand::Start { recipe, parameters, target } => {
            start::start(&Remote::connect(target)?, recipe, parameters)
        }
        RecipeCommand::Order { order, recipe, reason, target } => {
            let remote = Remote::connect(target)?;
            let recipe = remote.recipe(recipe)?.id;
            remote.execute(Action::Batch { recipe, order: meant(*order) }, reason)
        }
    }
}

/// `catholyte phase`: what no batch owns.
pub fn run_phase(args: &PhaseArgs) -> miette::Result<()> {
    match &args.command {
        PhaseCommand::List(target) => {
            for phase in &plant_of(target)?.phases {
                println!("{:<18} on {:<10} {}", phase.name, phase.unit, phase.description);
            }
            Ok(())
        }
        PhaseCommand::Order { order, phase, reason, target } => {
            let remote = Remote::connect(target)?;
            let phase = phase_named(remote.plant(), phase)?.id;
            remote.execute(Action::Phase { phase, order: meant(*order) }, reason)
        }
    }
}

fn meant(order: OrderName) -> ProcOrder {
    match order {
        OrderName::Start => ProcOrder::Start,
        OrderName::Hold => ProcOrder::Hold,
        OrderName::Restart => ProcOrder::Restart,
        OrderName::Pause => ProcOrder::Pause,
        OrderName::Resume => ProcOrder::Resume,
        OrderName::Stop => ProcOrder::Stop,
        OrderName::Abort => ProcOrder::Abort,
        OrderName::Reset => ProcOrder::Reset,
    }
}

fn phase_named<'p>(plant: &'p PlantView, name: &str) -> miette::Result<&'p PhaseView> {
    plant.phases.iter().find(|phase| phase.name.eq_ignore_ascii_case(name)).ok_or_else(|| {
        if plant.recipes.iter().any(|recipe| recipe.name.eq_ignore_ascii_case(name)) {
            return miette!("{name} is a recipe: its batch is ordered with `catholyte recipe order`");
        }
        match nearest(name, plant.phases.iter().map(|phase| phase.name.as_str())) {
            Some(near) => miette!("no phase {name} in this plant; did you mean {near}?"),
            None => miette!("no phase {name} in this plant; `catholyte phase list` has them"),
        }
    })
}

/// The plant that a list is of.
fn plant_of(target: &ListTarget) -> miette::Result<PlantView> {
    let Some(url) = target.url.clone().filter(|_| target.plant.is_none()) else {
        return Ok(control::plant_view(&check::compile_named(target.plant.as_deref())?));
    };
    let (Some(user), Some(password_file)) = (target.user.clone(), target.password_file.clone()) else {
        return Err(miette!(
            "{url} wants to know who asks: give --user and --password-file, or --plant to list a folder"
        ));
    };
    let target = ApiTarget { url: Some(url), user: Some(user), password_file: Some(password_file) };
    Ok(Remote::connect(&target)?.plant().clone())
}

fn list(plant: &PlantView) -> miette::Result<()> {
    for recipe in &plant.recipes {
        println!("{}  {}  on {}, version {}", recipe.name, recipe.title, recipe.unit, recipe.version);
        for parameter in &recipe.parameters {
            println!(
                "    {} = {} {}  ({} .. {})  {}",
                parameter.name,
                parameter.value,
                parameter.unit,
                parameter.low,
                parameter.high,
                parameter.description
            );
        }
        for node in &recipe.procedure {
            println!("    {:<10} {:<16} {}", level(node.level), node.name, node.title);
        }
    }
    Ok(())
}

fn level(level: model::wire::ProcedureLevel) -> &'static str {
    match level {
        model::wire::ProcedureLevel::UnitProcedure => "unit",
        model::wire::ProcedureLevel::Operation => "operation",
        model::wire::ProcedureLevel::Phase => "  phase",
    }
}

/// A logged-in connection to a controller.
pub struct Remote {
    client: Client,
    base: String,
    token: String,
    plant: PlantView,
}

impl Drop for Remote {
    /// A person has a few sessions: those of a script that is done must not push out the one of the screen.
    fn drop(&mut self) {
        let request = self.client.post(format!("{}/logout", self.base)).bearer_auth(&self.token);
        // Best effort: a session that nobody uses ends by itself.
        drop(request.timeout(Duration::from_secs(2)).send());
    }
}

impl Remote {
    pub fn connect(target: &ApiTarget) -> miette::Result<Self> {
        let client = Client::builder().timeout(Duration::from_secs(15)).build().into_diagnostic()?;
        let target = Target::of(target)?;
        let base = format!("{}{API}", target.url.trim_end_matches('/'));
        let login = Login { user: target.user.clone(), password: hmi::read_password(&target.password_file)? };
        let session: Session = answer(client.post(format!("{base}/login")).json(&login), &target.url)?;
        let plant = answer(client.get(format!("{base}/plant")).bearer_auth(&session.token), &target.url)?;
        Ok(Self { client, base, token: session.token, plant })
    }

    /// Sends a request of its own, which may take longer than others.
    pub fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
        within: Duration,
    ) -> miette::Result<T> {
        let request =
            self.client.post(format!("{}{path}", self.base)).bearer_auth(&self.token).timeout(within);
        answer(request.json(body), &self.base)
    }

    pub fn point(&self, name: &str) -> miette::Result<PointId> {
        let found = self.plant.points.iter().find(|point| point.name == name);
        found.map(|point| point.id).ok_or_else(|| miette!("the controller's plant has no {name}"))
    }

    pub fn block(&self, name: &str) -> miette::Result<BlockId> {
        let found = self.plant.blocks.iter().find(|block| block.name == name);
        found.map(|block| block.id).ok_or_else(|| miette!("the controller's plant has no loop {name}"))
    }

    fn recipe(&self, name: &str) -> miette::Result<&RecipeView> {
        self.plant.recipes.iter().find(|recipe| recipe.name == name).ok_or_else(|| {
            let names = || self.plant.recipes.iter().map(|recipe| recipe.name.as_str());
            match nearest(name, names()) {
                Some(near) => miette!("no recipe {name} in this plant; did you mean {near}?"),
                None => miette!("no recipe {name}; the plant has {}", names().collect::<Vec<_>>().join(", ")),
            }
        })
    }

    pub fn plant(&self) -> &PlantView {
        &self.plant
    }

    /// The plant at its last scan.
    pub fn snapshot(&self) -> miette::Result<Frame> {
        let request = self.client.get(format!("{}/snapshot", self.base)).bearer_auth(&self.token);
        answer(request, &self.base)
    }

    /// What the API says at this path, whose parts may be any text.
    pub fn get<T: DeserializeOwned>(&self, path: &[&str]) -> miette::Result<T> {
        let mut url = reqwest::Url::parse(&self.base).into_diagnostic()?;
        if let Ok(mut parts) = url.path_segments_mut() {
            parts.extend(path);
        }
        answer(self.client.get(url).bearer_auth(&self.token), &self.base)
    }

    fn batches(&self) -> miette::Result<Vec<BatchStatus>> {
        Ok(self.snapshot()?.batches.unwrap_or_default())
    }

    fn status(&self) -> miette::Result<()> {
        let batches = self.batches()?;
        if batches.is_empty() {
            println!("no batch stands on any unit");
        }
        for batch in batches {
            let recipe = &self.plant.recipes[batch.recipe.index()];
            println!("B-{:04}  {}  on {}  {}", batch.batch, recipe.name, recipe.unit, batch.state.word());
            for (node, status) in recipe.procedure.iter().zip(&batch.nodes) {
                println!(
                    "    {:<10} {:<16} {:<10} {:>6} s",
                    level(node.level),
                    node.name,
                    status.state.word(),
                    status.elapsed_ms / 1000
                );
            }
            if let Some(phase) = &batch.phase {
                println!("    {}: {}", phase.step_text, phase.waiting);
            }
            if let Some(cause) = &batch.cause {
                println!("    cause: {cause}");
            }
        }
        Ok(())
    }

    pub fn execute(&self, action: Action, reason: &str) -> miette::Result<()> {
        let reply = self.order(action, reason)?;
        if !reply.accepted {
            return Err(miette!("refused: {}", reply.message));
        }
        if reply.unrecorded {
            return Err(miette!("{}", reply.message));
        }
        println!("{}", reply.message);
        Ok(())
    }

    /// The controller's answer to an order; that it has acted and could not be kept is one too.
    fn order(&self, action: Action, reason: &str) -> miette::Result<CommandReply> {
        let plant = self.plant.hash.clone();
        let request = CommandRequest { plant, ..CommandRequest::new(action, reason) };
        let request =
            self.client.post(format!("{}/commands", self.base)).bearer_auth(&self.token).json(&request);
        match exchange(request, &self.base)? {
            (status, text) if status.is_success() => read(&text),
            (status, text) => match serde_json::from_str(&text) {
                Ok(ErrorReply { reply: Some(reply), .. }) => Ok(reply),
                _ => Err(told(status, &text, &self.base)),
            },
        }
    }
}

/// Sends, and turns whatever goes wrong into words.
fn answer<T: DeserializeOwned>(request: RequestBuilder, url: &str) -> miette::Result<T> {
    match exchange(request, url)? {
        (status, text) if status.is_success() => read(&text),
        (status, text) => Err(told(status, &text, url)),
    }
}

/// How it went, and what was said.
fn exchange(request: RequestBuilder, url: &str) -> miette::Result<(StatusCode, String)> {
    let reply =
        request.send().into_diagnostic().wrap_err_with(|| format!("no controller answers at {url}"))?;
    Ok((reply.status(), reply.text().into_diagnostic()?))
}

fn read<T: DeserializeOwned>(text: &str) -> miette::Result<T> {
    serde_json::from_str(text).into_diagnostic().wrap_err("the controller speaks another version")
}

fn told(status: StatusCode, text: &str, url: &str) -> miette::Report {
    match serde_json::from_str::<ErrorReply>(text) {
        Ok(reply) => miette!("{}", reply.error),
        Err(_) => miette!("{url} answered {status}: is this a Catholyte controller?"),
    }
}

#[cfg(test)]
mod tests {
    use super::{phase_named, plant_of};
    use crate::cli::ListTarget;

    #[test]
    fn a_list_is_of_the_folder_or_of_the_controller_that_was_named_and_never_of_another_plant() {
        let target = |plant: Option<&str>, url: Option<&str>| ListTarget {
            plant: plant.map(Into::into),
            url: url.map(Into::into),
            user: None,
            password_file: None,
        };
        assert!(
            plant_of(&target(None, None)).unwrap().recipes.iter().any(|recipe| recipe.name == "EL-START")
        );
        let nobody = plant_of(&target(None, Some("http://127.0.0.1:9"))).map(|_| ()).unwrap_err().to_string();
        assert!(nobody.contains("http://127.0.0.1:9") && nobody.contains("--user"), "{nobody}");
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/plants/recycling");
        let named = plant_of(&target(Some(folder), Some("http://127.0.0.1:9"))).unwrap();
        assert!(named.recipes.iter().any(|recipe| recipe.name == "R200-START"));
    }

    #[test]
    fn a_wrong_phase_is_answered_with_the_nearest_and_a_recipe_with_its_own_command() {
        let plant = control::plant_view(&crate::check::compile_named(None).unwrap());
        let known = &plant.phases[0].name;
        assert_eq!(&phase_named(&plant, &known.to_lowercase()).unwrap().name, known);
        let wrong = phase_named(&plant, &format!("{known}x")).map(|_| ()).unwrap_err().to_string();
        assert!(wrong.contains(&format!("did you mean {known}?")), "{wrong}");
        let recipe = phase_named(&plant, "EL-START").map(|_| ()).unwrap_err().to_string();
        assert!(recipe.contains("catholyte recipe order"), "{recipe}");
    }
}
