//! The first two steps of `doctor`, below any protocol: does the name resolve, does anything accept a connection there?
//! Not for: TLS, signing in, what is said then (the source's own probe tells).

use std::time::{Duration, Instant};

use tokio::net::TcpStream;

use super::doctor::Step;

/// Longest wait for a connection.
const PATIENCE: Duration = Duration::from_secs(5);

/// What was tried, up to the first step that failed.
pub async fn reach(url: &str, proxy: Option<&str>, limit: Duration) -> Vec<Step> {
    let patience = limit.min(PATIENCE);
    if let Some(path) = url.strip_prefix("unix://") {
        return vec![socket(path, patience).await];
    }
    if let Some(proxy) = proxy.filter(|proxy| *proxy != "none") {
        // the name may mean something only behind the proxy
        return host(proxy, patience).await.into_iter().map(|step| Step { tried: format!("{} (proxy)", step.tried), ..step }).collect();
    }
    host(url, patience).await
}

async fn host(url: &str, patience: Duration) -> Vec<Step> {
    let Some((host, port)) = url::Url::parse(url).ok().and_then(|url| {
        let host = url.host_str()?.trim_matches(['[', ']']).to_owned();
        Some((host, url.port_or_known_default().unwrap_or(1080)))
    }) else {
        return Vec::new();
    };
    let addresses = match tokio::time::timeout(patience, tokio::net::lookup_host((host.as_str(), port))).await {
        Ok(Ok(addresses)) => addresses.collect::<Vec<_>>(),
        Ok(Err(error)) => {
            let hint = "is the host in `url` spelled right? Is a VPN needed?";
            return vec![Step::bad("resolve", format!("{host}: {error}"), hint)];
        }
        Err(_) => return vec![Step::bad("resolve", format!("{host}: no answer in time"), "is the name server reachable?")],
    };
    let known: Vec<String> = addresses.iter().map(|address| address.ip().to_string()).collect();
    let mut steps = vec![Step::good("resolve", format!("{host} is {}", known.join(", ")))];
    let mut refused = "no address".to_owned();
    for address in addresses {
        let begun = Instant::now();
        match tokio::time::timeout(patience, TcpStream::connect(address)).await {
            Ok(Ok(_)) => {
                steps.push(Step::good("connect", format!("{address} in {} ms", begun.elapsed().as_millis())));
                return steps;
            }
            Ok(Err(error)) => refused = format!("{address}: {error}"),
            Err(_) => refused = format!("{address}: no answer within {} s", patience.as_secs_f64()),
        }
    }
    steps.push(Step::bad("connect", refused, "is it running, and is the port in `url` right? Does a firewall stand between?"));
    steps
}

#[cfg(unix)]
async fn socket(path: &str, patience: Duration) -> Step {
    let tried = "connect";
    match tokio::time::timeout(patience, tokio::net::UnixStream::connect(path)).await {
        Ok(Ok(_)) => Step::good(tried, path),
        Ok(Err(error)) => {
            let hint = match error.kind() {
                std::io::ErrorKind::PermissionDenied => "you may not use this socket: join its group (often `docker`), then log in anew",
                std::io::ErrorKind::NotFound => "is the engine installed and its socket enabled?",
                _ => "is the engine running?",
            };
            Step::bad(tried, format!("{path}: {error}"), hint)
        }
        Err(_) => Step::bad(tried, format!("{path}: no answer in time"), "is the engine stuck?"),
    }
}

#[cfg(not(unix))]
async fn socket(path: &str, _patience: Duration) -> Step {
    Step::bad("connect", path, "this system has no unix sockets")
}
