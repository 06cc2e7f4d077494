//! Ansible's results, ARA, Salt and `PuppetDB` as they really answer: hosts, runs and what failed on them.
//! Not for: recorded answers (see `tests/contracts.rs`), acting (see `act_systems`).

use triops::domain::{Detail, Entity, Kind, State};

use super::reader::{Reader, leads_to, says, step};
use super::support::{addresses, named, sign_in};

fn host_of(entity: &Entity) -> (Option<u64>, Option<u64>) {
    let Detail::Host(host) = &entity.detail else { panic!("{entity:?}") };
    assert!(host.last_report_at.is_some(), "{entity:?}");
    (host.changed, host.failed)
}

#[tokio::test]
async fn results_of_playbooks_tell_who_failed_who_was_not_reached_and_what_was_ignored() {
    let Some([path]) = addresses("ansible", ["TRIOPS_LIVE_ANSIBLE"]) else { return };
    let source = Reader::files("ansible", Some(&path), &[]);
    source.product().await;
    let batch = source.poll("runs").await;
    let of = |name: &str| batch.entities.iter().find(|e| e.kind() == Kind::Run && e.name == name).unwrap();
    assert_eq!((of("deploy").state, of("deploy").reason.as_deref()), (State::Ok, Some("2 changed on 2 hosts")));
    let broken = of("broken");
    assert!(broken.state == State::Failed && says(broken, "reach on dead1: Failed to connect to the host via ssh"), "{broken:?}");
    let dead = named(&batch, "dead1");
    assert_eq!((dead.state, dead.reason.as_deref(), host_of(dead)), (State::Failed, Some("unreachable"), (Some(0), Some(1))));
    assert!(leads_to(dead, broken), "{dead:?}");

    let steps = source.steps(broken).await;
    assert_eq!((step(&steps, "reach").state, step(&steps, "restart the gateway").state), (State::Failed, State::Failed));
    assert!(step(&steps, "reach").reason.as_deref().unwrap().contains("unreachable: dead1"), "{steps:?}");
    assert_eq!(step(&steps, "recover").state, State::Ok);
    let log = source.log(broken, None).await;
    assert!(log.contains("card gateway does not start") && !log.contains("not-shown-by-anybody"), "{log}");
}

#[tokio::test]
async fn ara_tells_playbooks_that_ended_failed_and_go_on_and_the_hosts_as_they_were_left() {
    let Some([url]) = addresses("ara", ["TRIOPS_LIVE_ARA"]) else { return };
    let source = Reader::new("ara", &url, None);
    source.product().await;
    let batch = source.poll("playbooks").await;
    assert_eq!((named(&batch, "deploy.yml").state, named(&batch, "rolling.yml").state), (State::Ok, State::Running));
    let broken = named(&batch, "broken.yml");
    assert_eq!(broken.state, State::Failed);
    let page = status_of(broken.url.as_deref().unwrap());
    assert_eq!(page, "200", "the link leads to a page of ARA");
    let Detail::Run(run) = &broken.detail else { panic!("{broken:?}") };
    assert!(run.started_at < run.ended_at && run.actor.is_some(), "{run:?}");

    let hosts = source.poll("hosts").await;
    let (dead, web2) = (named(&hosts, "dead1"), named(&hosts, "web2"));
    assert!(dead.state == State::Failed && says(dead, "unreachable"), "{dead:?}");
    assert_eq!((web2.state, host_of(web2)), (State::Failed, (Some(0), Some(1))));
    assert_eq!(host_of(named(&hosts, "web1")), (Some(1), Some(0)));
    assert!(leads_to(web2, broken), "{web2:?}");

    let steps = source.steps(broken).await;
    let gateway = step(&steps, "restart the gateway");
    assert_eq!((gateway.state, gateway.after.len()), (State::Failed, 1));
    assert_eq!(step(&steps, "recover").state, State::Ok);
}

fn status_of(url: &str) -> String {
    let arguments = ["--silent", "--noproxy", "*", "--output", "/dev/null", "--write-out", "%{http_code}", url];
    String::from_utf8(std::process::Command::new("curl").args(arguments).output().unwrap().stdout).unwrap()
}

#[tokio::test]
async fn salt_tells_minions_that_are_gone_jobs_that_failed_and_keys_that_wait() {
    let Some([url, _]) = addresses("salt", ["TRIOPS_LIVE_SALT", "TRIOPS_LIVE_SALT_SECRET"]) else { return };
    let source = Reader::new("salt", &url, Some(sign_in("sharedsecret", "oncall", "TRIOPS_LIVE_SALT_SECRET")));
    source.product().await;
    let minions = source.poll("minions").await;
    assert_eq!((named(&minions, "minion-1").state, named(&minions, "gone").state), (State::Ok, State::Failed));

    let failed = source.find("jobs", "state.apply", State::Failed).await;
    assert!(says(&failed, "failed on minion-1") && says(&failed, "no return of gone"), "{failed:?}");
    source.find("jobs", "test.version", State::Ok).await;
    let running = source.find("jobs", "cmd.run", State::Running).await;
    assert!(says(&running, "minion-1"), "{running:?}");
    let Detail::Run(run) = &failed.detail else { panic!("{failed:?}") };
    assert_eq!(run.actor.as_deref(), Some("oncall"));

    let steps = source.steps(&failed).await;
    let on = step(&steps, "minion-1");
    assert!(on.state == State::Failed && on.reason.as_deref().unwrap().contains("start the gateway"), "{steps:?}");
    assert_eq!(step(&steps, "gone").state, State::Unknown);
    let log = source.log(&failed, None).await;
    assert!(log.contains("FAILED") && log.contains("card gateway does not start"), "{log}");

    let keys = source.poll("keys").await;
    assert_eq!((named(&keys, "key of strange").state, named(&keys, "key of minion-1").state), (State::Warning, State::Ok));
}

#[tokio::test]
async fn puppetdb_tells_nodes_that_failed_would_change_and_fell_silent() {
    let Some([url]) = addresses("puppetdb", ["TRIOPS_LIVE_PUPPETDB"]) else { return };
    let source = Reader::new("puppetdb", &url, None);
    assert!(source.product().await.contains("7."));
    let nodes = source.poll("nodes").await;
    let told: Vec<_> = nodes.entities.iter().map(|node| (node.name.as_str(), node.state)).collect();
    assert_eq!(
        told,
        [
            ("cache1", State::Warning),
            ("db1", State::Ok),
            ("drifted1", State::Ok),
            ("stale1", State::Warning),
            ("web1", State::Ok),
            ("web2", State::Failed)
        ]
    );
    assert!(says(named(&nodes, "cache1"), "it would change") && says(named(&nodes, "stale1"), "no report for 72 h"));
    let web2 = named(&nodes, "web2");

    let reports = source.poll("reports").await;
    let report = reports.entities.iter().find(|run| run.name == "web2").unwrap();
    assert!(report.state == State::Failed && leads_to(web2, report), "{web2:?}");
    let failures = source.poll("failures").await;
    let failure = named(&failures, "Package[gateway]");
    assert!(failure.state == State::Failed && says(failure, "Unable to locate package gateway"), "{failure:?}");
    let steps = source.steps(report).await;
    assert_eq!((step(&steps, "Service[nginx] ensure").state, step(&steps, "Package[gateway] ensure").state), (State::Ok, State::Failed));
    assert!(source.log(report, None).await.contains("Could not apply complete catalog"));
    assert_eq!(named(&source.poll("server").await, "puppetdb").state, State::Ok);
}
