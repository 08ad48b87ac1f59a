//! `catholyte recipe`: master recipes of a folder, and the batches of a running controller.

use std::time::Duration;

use miette::{Context as _, IntoDiagnostic as _, miette};
use model::wire::{
    API, BatchStatus, CommandReply, CommandRequest, ErrorReply, Frame, Login, PlantView, RecipeView, Session,
};
use model::{Action, BlockId, PointId, ProcOrder, nearest};
use reqwest::blocking::{Client, RequestBuilder};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::cli::{ApiTarget, OrderName, RecipeArgs, RecipeCommand};
use crate::{check, hmi};

pub fn run(args: &RecipeArgs) -> miette::Result<()> {
    match &args.command {
        RecipeCommand::List { plant } => list(&control::plant_view(&check::compile_named(plant.as_deref())?)),
        RecipeCommand::Status(target) => Remote::connect(target)?.status(),
        RecipeCommand::Start { recipe, parameters, target } => {
            Remote::connect(target)?.start(recipe, parameters)
        }
        RecipeCommand::Order { order, recipe, reason, target } => {
            let order = match order {
                OrderName::Hold => ProcOrder::Hold,
                OrderName::Restart => ProcOrder::Restart,
                OrderName::Stop => ProcOrder::Stop,
                OrderName::Abort => ProcOrder::Abort,
                OrderName::Reset => ProcOrder::Reset,
            };
            let remote = Remote::connect(target)?;
            let recipe = remote.recipe(recipe)?.id;
            remote.execute(Action::Batch { recipe, order }, reason)
        }
    }
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

    fn start(&self, name: &str, parameters: &[String]) -> miette::Result<()> {
        let recipe = self.recipe(name)?;
        let mut values = Vec::new();
        for text in parameters {
            let parsed =
                text.split_once('=').and_then(|(name, value)| Some((name, value.parse::<f64>().ok()?)));
            let (parameter, value) =
                parsed.ok_or_else(|| miette!("\"{text}\" is no parameter: write name=number"))?;
            let index =
                recipe.parameters.iter().position(|known| known.name == parameter).ok_or_else(|| {
                    let names: Vec<&str> =
                        recipe.parameters.iter().map(|known| known.name.as_str()).collect();
                    miette!("{name} has no parameter {parameter}; it has {}", names.join(", "))
                })?;
            values.push((index as u16, value));
        }
        // Seconds since 2026 keep batch numbers short, rising, and apart from each other.
        let batch = u32::try_from(crate::clock::now_ms() / 1000 - 1_767_225_600).unwrap_or(0);
        self.execute(Action::Prepare { recipe: recipe.id, batch }, "")?;
        for (parameter, value) in values {
            self.execute(Action::Parameter { recipe: recipe.id, parameter, value }, "")?;
        }
        self.execute(Action::Batch { recipe: recipe.id, order: ProcOrder::Start }, "")
    }

    pub fn execute(&self, action: Action, reason: &str) -> miette::Result<()> {
        let plant = self.plant.hash.clone();
        let request = CommandRequest { plant, ..CommandRequest::new(action, reason) };
        let request =
            self.client.post(format!("{}/commands", self.base)).bearer_auth(&self.token).json(&request);
        let reply: CommandReply = answer(request, &self.base)?;
        if reply.accepted {
            println!("{}", reply.message);
            Ok(())
        } else {
            Err(miette!("refused: {}", reply.message))
        }
    }
}

/// Sends, and turns whatever goes wrong into words.
fn answer<T: DeserializeOwned>(request: RequestBuilder, url: &str) -> miette::Result<T> {
    let reply =
        request.send().into_diagnostic().wrap_err_with(|| format!("no controller answers at {url}"))?;
    let status = reply.status();
    let text = reply.text().into_diagnostic()?;
    if status.is_success() {
        return serde_json::from_str(&text)
            .into_diagnostic()
            .wrap_err("the controller speaks another version");
    }
    match serde_json::from_str::<ErrorReply>(&text) {
        Ok(reply) => Err(miette!("{}", reply.error)),
        Err(_) => Err(miette!("{url} answered {status}: is this a Catholyte controller?")),
    }
}
