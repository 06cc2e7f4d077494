//! A Prometheus made of fixed answers on a loopback port.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::thread;

/// What the server says.
#[derive(Clone, Copy)]
pub enum Says {
    /// These alerts: name and severity.
    Firing(&'static [(&'static str, &'static str)]),
    /// No, with this status line and body.
    Refuses(&'static str, &'static str),
}

/// Serves for as long as the test lives; returns the base address.
pub fn serve(says: Says) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for connection in listener.incoming() {
            let mut connection = connection.unwrap();
            let mut reader = BufReader::new(connection.try_clone().unwrap());
            let mut request = String::new();
            reader.read_line(&mut request).unwrap_or_default();
            let mut line = String::new();
            while reader.read_line(&mut line).is_ok_and(|read| read > 2) {
                line.clear();
            }
            let (status, body) = answer(says, request.split(' ').nth(1).unwrap_or_default());
            let length = body.len();
            let head =
                format!("HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n");
            // a client that has gone is its own affair
            let _ = connection.write_all((head + &body).as_bytes());
        }
    });
    url
}

/// A loopback address where nothing listens.
pub fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

fn answer(says: Says, path: &str) -> (String, String) {
    let alerts = match says {
        Says::Refuses(status, body) => return (status.to_owned(), body.to_owned()),
        Says::Firing(alerts) => alerts,
    };
    let data = match path.split('?').next().unwrap_or_default() {
        "/api/v1/rules" => {
            let rules: Vec<String> = alerts.iter().map(|(name, severity)| rule(name, severity)).collect();
            format!(r#"{{"groups":[{{"name":"g","file":"f","interval":15,"evaluationTime":0.001,"lastEvaluation":"2026-11-27T03:00:00Z","rules":[{}]}}]}}"#, rules.join(","))
        }
        "/api/v1/targets" => r#"{"activeTargets":[],"droppedTargets":[]}"#.to_owned(),
        "/api/v1/status/buildinfo" => r#"{"version":"2.42.0","revision":"x","branch":"HEAD","buildUser":"","buildDate":"","goVersion":"go1.19"}"#.to_owned(),
        "/api/v1/status/runtimeinfo" => {
            r#"{"startTime":"2026-11-27T00:00:00Z","CWD":"/","reloadConfigSuccess":true,"lastConfigTime":"2026-11-27T00:00:00Z","corruptionCount":0,"goroutineCount":9,"GOMAXPROCS":2,"GOGC":"","GODEBUG":"","storageRetention":"15d"}"#
                .to_owned()
        }
        _ => return ("404 Not Found".to_owned(), "404 page not found".to_owned()),
    };
    ("200 OK".to_owned(), format!(r#"{{"status":"success","data":{data}}}"#))
}

fn rule(name: &str, severity: &str) -> String {
    format!(
        r#"{{"type":"alerting","state":"firing","name":"{name}","query":"up == 0","duration":0,"labels":{{"severity":"{severity}"}},"annotations":{{"summary":"it is down"}},"health":"ok","evaluationTime":0.001,"lastEvaluation":"2026-11-27T03:00:00Z","alerts":[{{"labels":{{"alertname":"{name}","severity":"{severity}"}},"annotations":{{"summary":"it is down"}},"state":"firing","activeAt":"2026-11-27T02:00:00Z","value":"1e+00"}}]}}"#
    )
}
