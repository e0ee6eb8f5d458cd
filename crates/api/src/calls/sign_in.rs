//! Signing in with a phone, and out.

use std::time::Duration;

use melody_model::{PhoneNumber, User};
use reqwest::Method;
use secrecy::SecretString;

use crate::{
    Client, Error,
    read::user,
    request::{Call, Subject},
};

/// A one-time password is on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtpTicket {
    pub otp_id: String,
    pub expires_in: Duration,
}

/// The tokens are with the token store already.
#[derive(Clone, Debug, PartialEq)]
pub struct SignedIn {
    pub user: User,
}

impl Client {
    /// Has a one-time password sent to a phone.
    pub async fn request_otp(&self, phone: &PhoneNumber) -> Result<OtpTicket, Error> {
        let call = Call::api(Method::POST, &["auth", "request-otp"]).about(Subject::Path).phone(phone);
        let answer = self.call(call).await?;
        user::otp_ticket(&answer.payload).ok_or_else(|| answer.unreadable())
    }

    /// Signs in with the one-time password, and saves the tokens before it returns.
    pub async fn verify_otp(
        &self,
        otp_id: &str,
        otp: &SecretString,
        phone: &PhoneNumber,
    ) -> Result<SignedIn, Error> {
        let call = Call::api(Method::POST, &["auth", "verify-otp"])
            .about(Subject::VerifyOtp)
            .field("otp_id", otp_id)
            .secret("otp", otp)
            .phone(phone);
        let answer = self.call(call).await?;
        let (Some(user), Some(tokens)) =
            (user::answered(&answer.payload), user::tokens(&answer.payload, None))
        else {
            return Err(answer.unreadable());
        };
        self.shared.auth.begin(tokens).await?;
        Ok(SignedIn { user })
    }

    /// Signs out. The tokens are forgotten whether or not the service can be told; `true` when it was.
    ///
    /// # Errors
    /// Only the token store's.
    pub async fn logout(&self) -> Result<bool, Error> {
        let told = self.call(Call::api(Method::POST, &["auth", "logout"]).bearer()).await;
        self.shared.auth.end().await?;
        Ok(told.is_ok())
    }
}
