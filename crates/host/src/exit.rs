//! Exit codes: what a program that could not go on tells the one that started it.

use melody_core::{Code, ErrorReport};

/// The exit of the table in the command line's reference.
pub fn exit_code(report: &ErrorReport) -> u8 {
    match report.code {
        Code::Usage | Code::InsecureAddress => 2,
        Code::ValidationError if report.local => 2,
        Code::AuthRequired | Code::InvalidToken => 3,
        Code::Unreachable | Code::NotTheService | Code::Maintenance | Code::Offline => 4,
        Code::InvalidOtp
        | Code::OtpExpired
        | Code::RateLimitExceeded
        | Code::ValidationError
        | Code::ResourceNotFound
        | Code::ExternalApiError
        | Code::ProcessingError
        | Code::ServiceError
        // No program ends on it: something newer is under way.
        | Code::Superseded => 5,
        Code::StorageFull
        | Code::StorageReadOnly
        | Code::StorageBusy
        | Code::StorageNewer
        | Code::StorageDamaged
        | Code::Keyring => 6,
        Code::NoAudio | Code::UnsupportedFormat | Code::BadAudio | Code::NoDevice => 7,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exit(code: Code, local: bool) -> u8 {
        exit_code(&ErrorReport { local, ..ErrorReport::local(code, String::new()) })
    }

    #[test]
    fn exits_are_those_of_the_table() {
        for (words, expected) in [
            ("USAGE INSECURE_ADDRESS", 2),
            ("AUTH_REQUIRED INVALID_TOKEN", 3),
            ("UNREACHABLE NOT_THE_SERVICE MAINTENANCE OFFLINE", 4),
            (
                "INVALID_OTP OTP_EXPIRED RATE_LIMIT_EXCEEDED VALIDATION_ERROR RESOURCE_NOT_FOUND \
                 EXTERNAL_API_ERROR PROCESSING_ERROR SERVICE_ERROR",
                5,
            ),
            ("STORAGE_FULL STORAGE_READ_ONLY STORAGE_BUSY STORAGE_NEWER STORAGE_DAMAGED KEYRING", 6),
            ("NO_AUDIO UNSUPPORTED_FORMAT BAD_AUDIO NO_DEVICE", 7),
        ] {
            for word in words.split_whitespace() {
                assert_eq!(exit(word.parse().unwrap(), false), expected, "{word}");
            }
        }
        assert_eq!(exit(Code::ValidationError, true), 2);
    }
}
