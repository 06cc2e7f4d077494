//! Containers: one per service and market, renewed by every deploy; started, stopped and killed by deeds and by the story.
//! Not for: what they log (see `logs`), what their metrics pages tell (see `metrics`).

use super::World;
use super::lives::named;
use crate::demo::chance;
use crate::demo::company::{DOMAIN, In, Service};
use crate::demo::story::Bend;
use crate::domain::Timestamp;

/// Seconds until a health check says healthy for the first time.
pub(super) const HEALTHY_S: f64 = 6.0;

/// One container.
#[derive(Debug, Clone, PartialEq)]
pub struct Container {
    /// 64 hexadecimal digits; another after every deploy.
    pub id: String,
    /// Its name, without slash: the service's full name.
    pub name: String,
    /// The service.
    pub service: In<Service>,
    /// Registry, name and tag.
    pub image: String,
    /// Digest of the image: `sha256:…`.
    pub image_id: String,
    /// Version that runs.
    pub version: String,
    /// Commit of that version.
    pub commit: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// How it is.
    pub state: ContainerState,
    /// When its process began last.
    pub started_at: Timestamp,
    /// When its process ended last; absent if it never did.
    pub finished_at: Option<Timestamp>,
    /// Code of the last end; 0 while it runs.
    pub exit_code: i64,
    /// The kernel killed it for memory at its last end.
    pub oom_killed: bool,
    /// How often the engine started it again by itself.
    pub restarts: u64,
    /// What its health check says, while it runs.
    pub health: Option<Health>,
    /// Process id while it runs, else 0.
    pub pid: u32,
    /// Memory in use, bytes; 0 while it does not run.
    pub memory: u64,
    /// Memory it may use.
    pub memory_limit: u64,
    /// CPU seconds used since it was started.
    pub cpu_s: f64,
    /// Cores in use now.
    pub cpu_cores: f64,
    /// Bytes received since it was started.
    pub rx_bytes: u64,
    /// Bytes sent since it was started.
    pub tx_bytes: u64,
    /// IPv4 address in its network.
    pub address: String,
}

/// The engine's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContainerState {
    /// `running`
    Running,
    /// `restarting`: it ended, and will be started again.
    Restarting,
    /// `exited`
    Exited,
    /// `paused`
    Paused,
}

/// What a health check says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Health {
    /// Not yet.
    Starting,
    /// Answers.
    Healthy,
    /// Does not answer.
    Unhealthy,
}

/// What happened to a container.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Life {
    /// Made.
    Created,
    /// Its process began.
    Started,
    /// A signal was sent to it, by number.
    Signalled(u8),
    /// Its kernel ran out of the memory it may use.
    OutOfMemory,
    /// Its process ended with this code.
    Died(i64),
    /// Stopped by somebody.
    Stopped,
    /// Restarted by somebody.
    Restarted,
    /// Frozen.
    Paused,
    /// Thawed.
    Unpaused,
    /// Its health check's word changed.
    Checked(Health),
    /// Removed.
    Destroyed,
}

/// Something that happened to a container.
#[derive(Debug, Clone, PartialEq)]
pub struct ContainerEvent {
    /// When.
    pub at: Timestamp,
    /// The container's id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its image.
    pub image: String,
    /// The service.
    pub service: In<Service>,
    /// What.
    pub what: Life,
}

/// One container between two deploys.
struct Body {
    id: String,
    image: String,
    version: String,
    commit: String,
    created_s: f64,
    /// Replaced by the next one then.
    replaced_s: Option<f64>,
    moments: Vec<(f64, Life)>,
}

impl World {
    /// The containers of this site, in the order of the services.
    pub fn containers(&self) -> Vec<Container> {
        self.services().filter_map(|service| self.container(service)).collect()
    }

    /// The container of a service; absent when it was removed.
    pub fn container(&self, service: In<Service>) -> Option<Container> {
        let body = self.bodies(service).pop()?;
        if body.moments.iter().any(|(_, what)| *what == Life::Destroyed) {
            return None;
        }
        Some(self.embody(service, &body))
    }

    /// What happened to the containers of this site after `from` and up to now, oldest first.
    pub fn container_events(&self, from: Timestamp) -> Vec<ContainerEvent> {
        let mut events = Vec::new();
        for service in self.services() {
            for body in self.bodies(service) {
                for (s, what) in &body.moments {
                    let at = self.clock().at(*s);
                    if at > from {
                        let (id, image) = (body.id.clone(), body.image.clone());
                        events.push(ContainerEvent { at, id, name: service.full_name(), image, service, what: *what });
                    }
                }
            }
        }
        events.sort_by(|a, b| a.at.cmp(&b.at));
        events
    }

    /// Whether a service's container runs at a story second.
    pub(super) fn is_up(&self, service: In<Service>, s: f64) -> bool {
        let mut up = true;
        for (_, what) in self.eventful(service).iter().take_while(|(at, _)| *at <= s) {
            match what {
                Life::Started | Life::Unpaused => up = true,
                Life::Died(_) | Life::Paused | Life::Destroyed => up = false,
                _ => {}
            }
        }
        up
    }

    /// When the process of a service began that runs, or ran last, at a story second.
    pub(super) fn began_s(&self, service: In<Service>, s: f64) -> f64 {
        let moments = self.eventful(service).iter();
        moments.filter(|(at, what)| *at <= s && *what == Life::Started).map(|(at, _)| *at).next_back().unwrap_or(-super::PAST_S)
    }

    /// How often a service's container was killed for memory up to a story second.
    pub(super) fn kills(&self, service: In<Service>, s: f64) -> usize {
        self.eventful(service).iter().filter(|(at, what)| *at <= s && *what == Life::OutOfMemory).count()
    }

    /// What happened to a service's container, if the story or a deed touches it; the others just run, and are asked for too often to
    /// go through their deploys each time.
    fn eventful(&self, service: In<Service>) -> &[(f64, Life)] {
        let all = self.known.moments.get_or_init(|| {
            let fated = |service: &In<Service>| {
                self.symptoms(service.name, service.market).any(|symptom| matches!(symptom.bend, Bend::Down(_) | Bend::OutOfMemory(_)))
            };
            let touched = |name: &str| self.acts().any(|(_, deed)| named(&deed.act) == Some(name));
            let eventful = self.all_services().filter(|service| fated(service) || touched(&service.full_name()));
            eventful
                .map(|service| (service.full_name(), self.bodies(service).into_iter().flat_map(|body| body.moments).collect()))
                .collect()
        });
        if all.is_empty() {
            return &[];
        }
        all.get(&service.full_name()).map_or(&[], Vec::as_slice)
    }

    /// One body per deploy, oldest first.
    fn bodies(&self, service: In<Service>) -> Vec<Body> {
        let deploys = self.deploys(service);
        let name = service.full_name();
        let mut bodies: Vec<Body> = Vec::with_capacity(deploys.len());
        for (place, deploy) in deploys.iter().enumerate() {
            let created_s = self.clock().story_s(deploy.at);
            let replaced_s = deploys.get(place + 1).map(|next| self.clock().story_s(next.at));
            bodies.push(Body {
                id: chance::hex(self.seed(), &["container", &name, &place.to_string(), &deploy.version], 64),
                image: format!("registry.{DOMAIN}/{}:{}", service.name, deploy.version),
                version: deploy.version.clone(),
                commit: deploy.sha.clone(),
                created_s,
                replaced_s,
                moments: Vec::new(),
            });
        }
        for body in &mut bodies {
            body.moments = self.moments(service, &name, body.created_s, body.replaced_s);
        }
        bodies
    }

    fn embody(&self, service: In<Service>, body: &Body) -> Container {
        let (now_s, at) = (self.now_s(), |s: f64| self.clock().at(s));
        let mut state = ContainerState::Running;
        let (mut started, mut finished, mut exit_code, mut oom, mut restarts) = (body.created_s, None, 0, false, 0);
        let mut by_engine = false;
        for (s, what) in &body.moments {
            match what {
                Life::Started => {
                    restarts += u64::from(by_engine);
                    (state, started, exit_code, oom, by_engine) = (ContainerState::Running, *s, 0, oom && by_engine, false);
                }
                Life::OutOfMemory => oom = true,
                Life::Died(code) => {
                    by_engine = *code == 137 && oom;
                    state = if by_engine { ContainerState::Restarting } else { ContainerState::Exited };
                    (finished, exit_code) = (Some(*s), *code);
                }
                Life::Paused => state = ContainerState::Paused,
                Life::Unpaused => state = ContainerState::Running,
                _ => {}
            }
        }
        let runs = matches!(state, ContainerState::Running | ContainerState::Paused);
        let place = self.service_place(service);
        let lived = now_s - started;
        let wall_s = self.clock().wall_s(lived);
        let cores = if state == ContainerState::Running { self.cores(service, now_s) } else { 0.0 };
        let bytes = |per_request: f64| (service.requests_per_s * per_request * wall_s).max(0.0) as u64;
        Container {
            id: body.id.clone(),
            name: service.full_name(),
            service,
            image: body.image.clone(),
            image_id: format!("sha256:{}", chance::hex(self.seed(), &["image", &body.image], 64)),
            version: body.version.clone(),
            commit: body.commit.clone(),
            created_at: at(body.created_s - 0.3),
            state,
            started_at: at(started),
            finished_at: finished.map(at),
            exit_code,
            oom_killed: oom,
            restarts,
            health: runs.then(|| if lived < HEALTHY_S { Health::Starting } else { Health::Healthy }),
            pid: if runs { 4000 + (place * 37 + restarts as i64) as u32 } else { 0 },
            memory: if runs { self.memory(service, now_s, started) as u64 } else { 0 },
            memory_limit: service.memory_limit,
            cpu_s: if runs { service.cpu * wall_s * 0.97 + cores * 0.5 } else { 0.0 },
            cpu_cores: cores,
            rx_bytes: if runs { bytes(1800.0) } else { 0 },
            tx_bytes: if runs { bytes(5200.0) } else { 0 },
            address: format!("172.20.{}.{}", place / 200, place % 200 + 10),
        }
    }

    /// Cores that a service uses at a story second.
    pub(super) fn cores(&self, service: In<Service>, s: f64) -> f64 {
        service.cpu * (1.0 + 0.12 * self.noise(&["cpu", service.name], service.market, s, 40.0))
    }

    /// Bytes that a service's process holds at a story second when it began at `began`.
    pub(super) fn memory(&self, service: In<Service>, s: f64, began: f64) -> f64 {
        let limit = service.memory_limit as f64;
        let usual = limit * service.memory * (1.0 + 0.06 * self.noise(&["memory", service.name], service.market, s, 300.0));
        let cured = self.cured_s();
        let leak = self.symptoms(service.name, service.market).find_map(|symptom| match symptom.bend {
            Bend::OutOfMemory(life_s) if symptom.strength(s, cured) > 0.5 => {
                Some(((s - began.max(symptom.from_s)) / life_s).clamp(0.0, 1.0))
            }
            _ => None,
        });
        leak.map_or(usual, |leak| usual + (limit * 0.995 - usual) * leak)
    }
}
