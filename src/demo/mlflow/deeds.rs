//! What is done through the registry and the tracking server: aliases set and deleted, runs marked and deleted.
//! Not for: what follows (see `world::models`, `story`).

use serde_json::json;

use crate::demo::deed::Act;
use crate::demo::mlflow::BY;
use crate::demo::mlflow::ask::{Ask, Complaint};
use crate::demo::mlflow::{registry, runs};
use crate::demo::system::Reply;
use crate::demo::world::World;
use crate::domain::Timestamp;

/// Statuses that a run may be given. Any other word is passed over, as the server does.
const STATUSES: [&str; 5] = ["RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED"];

/// `POST registered-models/alias`.
pub fn set_alias(world: &World, ask: &Ask) -> Result<Reply, Complaint> {
    let alias = ask.required("alias")?;
    ask.required("version")?;
    let model = registry::named(world, ask)?;
    let (_, version) = registry::versioned(world, ask)?;
    if alias.eq_ignore_ascii_case("latest") {
        return Err(Complaint::invalid("'latest' alias name (case insensitive) is reserved."));
    }
    let act = Act::SetAlias { model: model.full_name(), alias, version: version.version };
    Ok(Reply::json(200, &json!({})).after(world, BY, act))
}

/// `DELETE registered-models/alias`; one that is not there is gone too.
pub fn delete_alias(world: &World, ask: &Ask) -> Result<Reply, Complaint> {
    let (model, alias) = (registry::named(world, ask)?, ask.required("alias")?);
    let reply = Reply::json(200, &json!({}));
    let set = world.aliases(model).iter().any(|aliased| aliased.alias == alias);
    Ok(if set { reply.after(world, BY, Act::DeleteAlias { model: model.full_name(), alias }) } else { reply })
}

/// `POST runs/update`.
pub fn update_run(world: &World, ask: &Ask) -> Result<Reply, Complaint> {
    let mut training = runs::find(world, ask)?;
    let status = ask.text("status").filter(|status| STATUSES.contains(&status.as_str()));
    let reply = |training| Reply::json(200, &json!({"run_info": runs::info(training)}));
    let Some(status) = status else { return Ok(reply(&training)) };
    training.status.clone_from(&status);
    let ended = ask.text("end_time").and_then(|text| text.parse().ok()).map(Timestamp::from_ms);
    training.ended_at = ended.or(Some(world.now()));
    let act = Act::MarkTraining { run_id: training.run_id.clone(), status };
    Ok(reply(&training).after(world, BY, act))
}

/// `POST runs/delete`.
pub fn delete_run(world: &World, ask: &Ask) -> Result<Reply, Complaint> {
    let training = runs::find(world, ask)?;
    Ok(Reply::json(200, &json!({})).after(world, BY, Act::DeleteTraining { run_id: training.run_id }))
}
