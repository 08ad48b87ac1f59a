//! Which plant a start takes: that of its folder, or one that the journal holds.
//!
//! | start | plant |
//! | --- | --- |
//! | `run` | the folder's; for the folder of the start before the one that was applied meanwhile |
//! | `run --as-it-ran` | the one that ran last, whatever has become of the folder: for a supervisor, who decides nothing |
//! | `run --apply`, `--fresh` | the folder's |
//! | `run --rollback` | the one before the last change |

use std::sync::Arc;

use control::plant::Plant;
use historian::journal::{JournalHeader, JournalReader};
use miette::{IntoDiagnostic as _, miette};

use crate::check::hex;
use crate::cli::RunArgs;
use crate::data_folder::DataFolder;
use crate::replay::recorded_plant;
use crate::resume::NotResumed;
use crate::{check, standing, take_over};

pub struct PlantToRun {
    pub plant: Plant,
    /// Hash of the folder's plant: what is applied later is applied for starts with that one.
    pub started_with: [u8; 32],
    /// What was applied under earlier folders counts no more.
    pub follows_folder: bool,
    /// Why it is the plant that ran last and not the folder's, although nobody has applied it.
    pub kept: Option<String>,
}

/// The data folder of a start, and its plant folder's plant. Only a start that can do without takes a folder that
/// does not compile.
pub fn folders(args: &RunArgs) -> miette::Result<(DataFolder, miette::Result<Plant>)> {
    let plant = check::compile_named(args.place.plant.as_deref());
    let (path, plant) = match (args.place.data.clone(), plant) {
        (Some(path), plant) if args.as_it_ran => (path, plant),
        (path, plant) => {
            let plant = plant?;
            (path.unwrap_or_else(|| DataFolder::default_path(&plant.name)), Ok(plant))
        }
    };
    Ok((DataFolder::open(&path).into_diagnostic()?, plant))
}

/// The plant that this start takes. The data folder must be this process's already.
///
/// # Errors
///
/// When neither the folder nor the journal gives it.
pub fn choose(
    args: &RunArgs,
    folder: miette::Result<Plant>,
    data: &DataFolder,
) -> miette::Result<PlantToRun> {
    if args.as_it_ran {
        return as_it_ran(folder, data);
    }
    let new = PlantToRun::of_folder(folder?);
    if args.rollback {
        let plant = take_over::previous_plant(&data.journal(), None)?;
        return Ok(PlantToRun { plant, ..new });
    }
    match args.fresh || args.apply {
        true => Ok(new),
        false => new.or_applied(data),
    }
}

fn as_it_ran(folder: miette::Result<Plant>, data: &DataFolder) -> miette::Result<PlantToRun> {
    // A first start; or one that will be refused, because its journal is damaged.
    let Some((reader, last)) = last_run(data)? else { return folder.map(PlantToRun::of_folder) };
    let folder = match folder.map(PlantToRun::of_folder) {
        Ok(new) => Ok(new.or_applied(data)?),
        Err(error) => Err(error),
    };
    match &folder {
        Ok(new) if new.plant.hash == last.plant_hash => return folder,
        Ok(new) if new.plant.name != last.plant_name => {
            return Err(standing::refusal(NotResumed::Plant(Box::new(last)), &new.plant, data));
        }
        Ok(_) | Err(_) => {}
    }
    let short = hex(&last.plant_hash[..4]);
    let old = recorded_plant(&reader, last.plant_hash).map_err(|error| {
        miette!(
            help = "go on with the program that ran it; or with the plant of the folder: `run --apply`",
            "the journal does not give the plant that ran last ({short}): {error}"
        )
    })?;
    let why = match &folder {
        Ok(new) => match standing::differing(&old, &new.plant) {
            Some(changes) => format!("differs: {changes}"),
            // Other comments, another layout.
            None => return folder,
        },
        Err(error) => format!("gives no plant: {error}"),
    };
    let kept = format!(
        "plant {short} goes on as it ran, from the journal's copy; the plant folder {why}. `catholyte apply` puts it in force"
    );
    let started_with = folder.map_or(last.plant_hash, |new| new.started_with);
    Ok(PlantToRun { plant: Arc::unwrap_or_clone(old), started_with, follows_folder: false, kept: Some(kept) })
}

fn last_run(data: &DataFolder) -> miette::Result<Option<(JournalReader, JournalHeader)>> {
    if !data.journal().is_dir() {
        return Ok(None);
    }
    let reader = JournalReader::open(&data.journal()).into_diagnostic()?;
    let point = reader.resume_point().into_diagnostic()?;
    Ok(point.map(|point| (reader, point.header)))
}

impl PlantToRun {
    fn of_folder(plant: Plant) -> Self {
        Self { started_with: plant.hash, plant, follows_folder: true, kept: None }
    }

    /// The plant that was applied while a controller ran that was started with this one.
    fn or_applied(self, data: &DataFolder) -> miette::Result<Self> {
        Ok(match take_over::plant_in_force(data, self.started_with)? {
            Some(plant) => Self { plant, follows_folder: false, ..self },
            None => self,
        })
    }
}
