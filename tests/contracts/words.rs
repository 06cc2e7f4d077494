//! Every documented word of a system stands for the state that its contract says, and a word nobody documented is `unknown` with the
//! word in the reason. Not for: answers that are damaged (see `damage`).

use std::sync::Arc;

use serde_json::Value;
use triops::config::Connector;
use triops::domain::{Answer, Ask, State};
use triops::source::Source;

use super::contract::{Contract, Words};
use super::replay::{Replay, reply};

/// All that is wrong.
pub async fn check(contract: &Contract, connector: &Connector) -> Vec<String> {
    let replay = Replay::new(contract, connector).await;
    for poll in &connector.poll {
        if let Err(failure) = replay.poll(&poll.id).await {
            return vec![format!("poll {}: {failure}", poll.id)];
        }
    }
    let mut wrong = Vec::new();
    for words in &contract.words {
        let documented = words.states.iter().map(|(word, state)| (word.as_str(), *state));
        for (word, expected) in documented.chain([(words.strange.as_str(), State::Unknown)]) {
            replay.replace(contract.place(words), reply(200, "content-type: application/json\r\n", &with_word(contract, words, word)));
            match state_of(&replay, words).await {
                Ok((state, reason)) => {
                    let told = word != words.strange || words.untold || reason.as_deref().is_some_and(|reason| reason.contains(word));
                    if state != expected || !told {
                        wrong.push(format!("`{word}` ({}) is {state} ({reason:?}), not {expected}", words.of));
                    }
                }
                Err(what) => wrong.push(format!("`{word}`: {what}")),
            }
            replay.restore();
        }
    }
    wrong
}

fn with_word(contract: &Contract, words: &Words, word: &str) -> Vec<u8> {
    let body = contract.body(&contract.answers[contract.place(words)]);
    match (&words.at, &words.find) {
        (None, Some(text)) => {
            let body = String::from_utf8(body).unwrap();
            assert!(body.contains(text), "there is no `{text}` in the answer to {}", words.ask);
            body.replacen(text, word, 1).into_bytes()
        }
        (Some(at), None) => {
            let mut body: Value = serde_json::from_slice(&body).unwrap();
            for (pointer, json) in &words.set {
                *place(&mut body, pointer) = serde_json::from_str(json).unwrap();
            }
            *place(&mut body, at) = Value::from(word);
            body.to_string().into_bytes()
        }
        _ => panic!("words stand either `at` a pointer or where `find` says"),
    }
}

fn place<'a>(body: &'a mut Value, pointer: &str) -> &'a mut Value {
    if body.pointer(pointer).is_none()
        && let Some((parent, key)) = pointer.rsplit_once('/')
        && let Some(Value::Object(map)) = body.pointer_mut(parent)
    {
        map.insert(key.to_owned(), Value::Null);
    }
    body.pointer_mut(pointer).unwrap_or_else(|| panic!("there is no {pointer}"))
}

async fn state_of(replay: &Replay, words: &Words) -> Result<(State, Option<String>), String> {
    let batch = replay.poll(&words.poll).await.map_err(|failure| failure.to_string())?;
    let is = |id: &str| id.split_once('/').is_some_and(|(_, rest)| rest == words.of);
    let missing = || format!("{} is gone: {:?}", words.of, batch.problems);
    let entity = batch.entities.iter().find(|entity| is(entity.id.as_str())).ok_or_else(missing)?.clone();
    let Some(key) = &words.step else { return Ok((entity.state, entity.reason.map(|reason| reason.to_string()))) };
    let steps = replay.source.ask(&Ask::Steps { run: Arc::new(entity) }).await.map_err(|failure| failure.to_string())?;
    let Answer::Steps(steps) = steps else { return Err("no steps".to_owned()) };
    let step = steps.into_iter().find(|step| *step.key == **key).ok_or_else(|| format!("there is no step {key}"))?;
    Ok((step.state, step.reason.map(|reason| reason.to_string())))
}
