//! One case on one backend: its steps in order, what they give, and what takes them back.

use melody_api::{Error as ApiError, RawRequest, Reading};
use secrecy::ExposeSecret;
use serde_json::Value;

use super::{Account, OtpSource};
use crate::{
    Case, Error,
    judge::{Answered, canonical},
    mask::Mask,
    side::Side,
    suite::{Step, Token, fill_value},
};

/// What became of one step.
pub(crate) enum Played {
    Done(Box<Exchange>),
    /// A variable that no earlier call gave.
    Lacks(String),
    /// Too many calls, and no end of that in sight.
    Limited(Box<ApiError>),
}

/// One call and what came.
pub(crate) struct Exchange {
    pub request: RawRequest,
    pub answer: Answered,
    /// The second answer to the same call.
    pub again: Option<Answered>,
}

/// Plays the steps, then the undoing.
pub(crate) async fn play(
    side: &mut Side,
    case: &Case,
    twice: bool,
    account: Option<&Account>,
    mask: &mut Mask,
) -> Result<Vec<Played>, Error> {
    for step in &case.steps {
        // What an earlier case captured is not this one's.
        for name in step.capture.keys() {
            side.variables.remove(name);
        }
    }
    for (name, value) in &case.with {
        // A value may itself name what only the run knows.
        match fill_value(value, &side.variables) {
            Ok(value) => side.variables.insert(name.clone(), value),
            Err(lacking) => return Ok(vec![Played::Lacks(lacking)]),
        };
    }
    let mut played = Vec::new();
    for step in &case.steps {
        ask_for_code(side, step, account, mask)?;
        played.push(one(side, step, twice && step.is_pure() && !step.silent, case, mask).await);
    }
    for step in &case.undo {
        // What was not made needs no undoing, and what cannot be undone shows in the next reading.
        one(side, step, false, case, mask).await;
    }
    Ok(played)
}

fn ask_for_code(
    side: &mut Side,
    step: &Step,
    account: Option<&Account>,
    mask: &mut Mask,
) -> Result<(), Error> {
    let wants = step.json.as_ref().is_some_and(|body| body.to_string().contains("{otp}"));
    if !wants || side.variables.contains_key("otp") {
        return Ok(());
    }
    if let Some(Account { otp: OtpSource::Ask(ask), .. }) = account {
        let code = ask(side.name).ok_or(Error::NoCode)?;
        mask.hide(code.expose_secret());
        side.variables.insert("otp".into(), code.expose_secret().into());
    }
    Ok(())
}

async fn one(side: &mut Side, step: &Step, twice: bool, case: &Case, mask: &mut Mask) -> Played {
    if step.token == Token::Account {
        side.renew_if_needed().await;
    }
    // A renewal is no step, whose answer would be learnt from.
    for name in ["access_token", "refresh_token"] {
        if let Some(Value::String(token)) = side.variables.get(name) {
            mask.hide(token);
        }
    }
    let waited = side.wait_for(step).await;
    let request = match waited.and_then(|()| side.request(step)) {
        Ok(request) => request,
        Err(name) => return Played::Lacks(name),
    };
    let answer = side.send(&request).await;
    if let Ok(answer) = &answer {
        if answer.status == 429
            && !case.has_tag("limit")
            && let Err(error) = answer.read_as(step.reads)
        {
            return Played::Limited(Box::new(error));
        }
        take(side, step, &answer.body, answer.status, mask);
    }
    let again: Option<Result<_, ApiError>> = if twice { Some(side.send(&request).await) } else { None };
    Played::Done(Box::new(Exchange { request, answer, again }))
}

/// Why a sign-in did not work: what was said to the code, or to the asking for one.
pub(crate) fn refused(case: &Case, played: Vec<Played>) -> Option<ApiError> {
    for (step, played) in case.steps.iter().zip(played) {
        let with_code = step.json.as_ref().is_some_and(|body| body.to_string().contains("{otp}"));
        let answer = match played {
            Played::Limited(error) => return Some(*error),
            Played::Done(exchange) => exchange.answer,
            Played::Lacks(_) => continue,
        };
        match answer {
            Err(error) => return Some(error),
            Ok(answer) if with_code || step.reads == Reading::OtpTicket => {
                if let Err(error) = answer.read_as(step.reads) {
                    return Some(error);
                }
            }
            Ok(_) => {}
        }
    }
    None
}

/// Keeps what an answer gives to later steps.
fn take(side: &mut Side, step: &Step, body: &[u8], status: u16, mask: &mut Mask) {
    let Ok(body) = serde_json::from_slice::<Value>(body) else { return };
    mask.learn(&body);
    let body = canonical(&body, true, status).value;
    for (name, pointer) in &step.capture {
        match body.pointer(pointer) {
            Some(Value::Null) | None if step.silent && step.is_pure() && status < 400 => {
                // What was not there before is taken back as nothing.
                side.variables.insert(name.clone(), "".into());
            }
            Some(Value::Null) | None => {}
            Some(value) => {
                side.variables.insert(name.clone(), value.clone());
            }
        }
    }
    // Who is let in where nobody should be is a finding, and no new account of this run.
    let meant = status < 400 && step.status.is_none_or(|wanted| wanted < 400);
    if meant && matches!(step.reads, Reading::SignedIn | Reading::Tokens) {
        let data = &body["data"];
        let tokens = if data["tokens"].is_object() { &data["tokens"] } else { data };
        side.keep_tokens(tokens);
    }
    if status < 400 && step.call.ends_with("/auth/logout") {
        side.spend_token();
    }
}
