//! What is done through GitLab: pipelines started, retried and cancelled; jobs retried, which is how a commit is deployed again.
//! Not for: what follows (see `world::builds`, `story`).

use serde_json::{Value, json};

use crate::demo::deed::Act;
use crate::demo::gitlab::{Asked, USER, changes, jobs, message, pipelines};
use crate::demo::system::Reply;
use crate::demo::world::{Build, BuildState};

impl Asked<'_> {
    fn project(&self) -> String {
        self.service.full_name()
    }

    /// The answer that tells of a pipeline as it is after an act.
    fn pipeline_after(&self, status: u16, build: &Build, act: Act) -> Reply {
        let after = self.world.after(USER, act.clone());
        let then = Asked { world: &after, service: self.service, request: self.request };
        let told = after.builds(self.service).into_iter().find(|other| other.id == build.id);
        let value = told.map_or(Value::Null, |told| pipelines::changed(&then, &told));
        Reply::json(status, &value).after(self.world, USER, act)
    }

    /// The same of a job.
    fn job_after(&self, build: &Build, id: i64, act: Act) -> Reply {
        let after = self.world.after(USER, act.clone());
        let then = Asked { world: &after, service: self.service, request: self.request };
        let told = after.builds(self.service).into_iter().find(|other| other.id == build.id);
        let value = told.as_ref().and_then(|told| {
            let job = told.jobs.iter().find(|job| job.id == id)?;
            let mut value = jobs::row(&then, told, job);
            // it has a runner at once, but waits for it at this instant
            if job.state == BuildState::Created {
                value["status"] = json!("pending");
            }
            Some(value)
        });
        Reply::json(201, &value.unwrap_or(Value::Null)).after(self.world, USER, act)
    }
}

/// `POST …/pipeline`.
pub fn create(asked: &Asked<'_>) -> Result<Reply, Reply> {
    let body = asked.request.json().unwrap_or_default();
    let branch = body.get("ref").and_then(Value::as_str).or_else(|| asked.request.param("ref"));
    let branch = branch.ok_or_else(|| Reply::json(400, &json!({"error": "ref is missing"})))?;
    if branch != "main" {
        return Err(Reply::json(400, &json!({"message": {"base": ["Reference not found"]}})));
    }
    let act = Act::RunPipeline { project: asked.project() };
    let before = asked.world.builds(asked.service);
    let after = asked.world.after(USER, act.clone());
    let made = after.builds(asked.service).into_iter().find(|build| !before.iter().any(|other| other.id == build.id));
    made.map(|build| asked.pipeline_after(201, &build, act)).ok_or_else(|| message(400, "400 Bad request"))
}

fn retry(asked: &Asked<'_>, build: &Build) -> Act {
    Act::RetryPipeline { project: asked.project(), number: build.number }
}

/// `POST …/pipelines/{id}/retry`: failed and cancelled jobs run again; without any, nothing happens.
pub fn retry_pipeline(asked: &Asked<'_>, id: &str) -> Result<Reply, Reply> {
    let build = pipelines::find(asked, id)?;
    if matches!(build.state, BuildState::Failed | BuildState::Canceled) {
        return Ok(asked.pipeline_after(201, &build, retry(asked, &build)));
    }
    Ok(Reply::json(201, &pipelines::changed(asked, &build)))
}

/// `POST …/pipelines/{id}/cancel`: 200 whatever its state.
pub fn cancel_pipeline(asked: &Asked<'_>, id: &str) -> Result<Reply, Reply> {
    let build = pipelines::find(asked, id)?;
    if pipelines::is_over(build.state) {
        return Ok(Reply::json(200, &pipelines::changed(asked, &build)));
    }
    let act = Act::CancelPipeline { project: asked.project(), number: build.number };
    Ok(asked.pipeline_after(200, &build, act))
}

/// `POST …/jobs/{id}/retry`.
pub fn retry_job(asked: &Asked<'_>, id: &str) -> Result<Reply, Reply> {
    let (build, job) = jobs::find(asked, id)?;
    if !pipelines::is_over(job.state) || job.state == BuildState::Skipped {
        return Err(message(403, "403 Forbidden - Job is not retryable"));
    }
    Ok(asked.job_after(&build, job.id, retry(asked, &build)))
}

/// `POST …/jobs/{id}/cancel`. One that is over stays as it is.
pub fn cancel_job(asked: &Asked<'_>, id: &str) -> Result<Reply, Reply> {
    let (build, job) = jobs::find(asked, id)?;
    if pipelines::is_over(job.state) {
        return Ok(Reply::json(201, &jobs::row(asked, &build, &job)));
    }
    let act = Act::CancelPipeline { project: asked.project(), number: build.number };
    Ok(asked.job_after(&build, job.id, act))
}

/// `POST …/jobs/{id}/play`: no job here waits for a person.
pub fn play_job(asked: &Asked<'_>, id: &str) -> Result<Reply, Reply> {
    jobs::find(asked, id)?;
    Err(message(400, "400 Bad request - Unplayable Job"))
}

/// `POST …/deployments/{id}/approval`: no environment here is protected.
pub fn approve(asked: &Asked<'_>, id: &str) -> Result<Reply, Reply> {
    changes::deployment(asked, id)?;
    Err(message(400, "400 Bad request - This deployment is not waiting for approvals."))
}
