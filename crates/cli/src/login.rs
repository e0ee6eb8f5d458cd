//! Signing in: the number, the message, the code.

use std::io::{self, BufRead, IsTerminal, Write};

use melody_core::{Code, Command, Core, ErrorReport, OtpRequest, Reply};
use secrecy::SecretString;

use crate::args::LoginArgs;
use crate::exit::{self, Halt};
use crate::render::output::Output;
use crate::run;

/// Tries at a terminal before a new code is needed; the service allows no more than a few either.
const TRIES: usize = 3;

pub async fn login(core: &Core, args: LoginArgs, out: &Output) -> Result<(), Halt> {
    // Looked at before a message is spent on it: there are three an hour.
    let given = args.otp.map(|code| melody_core::read_otp(&code.0.into())).transpose()?;
    let request = OtpRequest { phone: args.phone.0.into(), country: args.country };
    let sent = core.dispatch(Command::RequestOtp(request)).await?;
    if let Some(code) = given {
        return welcome(out, &core.dispatch(verify(code)).await?);
    }
    if let Reply::OtpSent(sent) = &sent {
        let minutes = sent.expires_in.div_ceil(60);
        let unit = if minutes == 1 { "minute" } else { "minutes" };
        out.note(&format!("A code is on its way to {}. It is good for {minutes} {unit}.", sent.phone_masked));
    }
    let tries = if io::stdin().is_terminal() && !out.is_json() { TRIES } else { 1 };
    for left in (0..tries).rev() {
        match core.dispatch(verify(ask(out).await?.into())).await {
            Ok(reply) => return welcome(out, &reply),
            Err(error) => {
                let report = error.report();
                if left == 0 || !can_be_retyped(&report) {
                    return Err(Halt::Failed(report));
                }
                out.note(&report.message);
            }
        }
    }
    Ok(())
}

fn welcome(out: &Output, reply: &Reply) -> Result<(), Halt> {
    out.note("Signed in.");
    run::print(out, reply)
}

fn verify(otp: SecretString) -> Command {
    Command::VerifyOtp { otp }
}

fn can_be_retyped(report: &ErrorReport) -> bool {
    report.code == Code::InvalidOtp || (report.code == Code::ValidationError && report.local)
}

/// One line from stdin, on a thread that a signal need not wait for.
async fn ask(out: &Output) -> Result<String, Halt> {
    if !out.is_json() && io::stdin().is_terminal() {
        let mut stderr = io::stderr().lock();
        let _ = stderr.write_all("Code: ".as_bytes()).and_then(|()| stderr.flush());
    }
    let read = tokio::task::spawn_blocking(|| {
        let mut line = String::new();
        io::stdin().lock().read_line(&mut line).map(|_| line)
    });
    let line = match read.await {
        Ok(Ok(line)) => line,
        Ok(Err(error)) => {
            return Err(Halt::local(Code::ValidationError, format!("The code could not be read: {error}.")));
        }
        Err(_) => return Err(Halt::Interrupted(exit::CTRL_C)),
    };
    let code = line.trim();
    if code.is_empty() {
        return Err(Halt::local(
            Code::ValidationError,
            "No code was given, so you are not signed in. Type it when it is asked for, or give it with --otp.",
        ));
    }
    Ok(code.to_owned())
}
