//! The one address that a user gives, and what may be reached from it.

use std::{fmt, net::IpAddr};

use url::{Host, Url};

use crate::Error;

/// Where the service is: normalised, allowed, without `/api/v1`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ServiceAddress {
    /// `https://host[:port]/[prefix/]`, always with a slash at its end.
    base: Url,
    allow_http: Vec<String>,
}

impl ServiceAddress {
    /// Reads an address as people type it: with or without scheme, `/blue` or `/green`, `/api/v1` or `/v1`, and
    /// slashes. Without a scheme it is https, and http on this machine itself.
    ///
    /// # Errors
    /// [`Error::Usage`] for what is no address, [`Error::InsecureAddress`] for http to a host that is neither
    /// loopback nor in `allow_http_hosts`.
    pub fn parse(text: &str, allow_http_hosts: &[String]) -> Result<Self, Error> {
        let text = text.trim();
        let malformed = |why: &str| {
            Error::Usage(format!(
                "“{}” is not an address of a service: {why}. It looks like https://api.melodystudio.com.",
                shown(text)
            ))
        };
        let mut url = match text.split_once("://") {
            Some(_) => Url::parse(text),
            None => Url::parse(&format!("https://{text}")),
        }
        .map_err(|e| malformed(&e.to_string()))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(malformed("only https and http are spoken"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(malformed("it must not hold a name or password"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(malformed("it must not hold a ? or #"));
        }
        if !text.contains("://") && is_loopback(&url) {
            url = Url::parse(&format!("http://{text}")).map_err(|e| malformed(&e.to_string()))?;
        }
        let mut path: Vec<&str> = url.path().split('/').filter(|s| !s.is_empty()).collect();
        if path.last() == Some(&"v1") {
            path.pop();
            if path.last() == Some(&"api") {
                path.pop();
            }
        }
        let mut normal = path.join("/");
        if !normal.is_empty() {
            normal.push('/');
        }
        url.set_path(&normal);
        let address = Self { base: url, allow_http: allow_http_hosts.to_vec() };
        address.check_secure(&address.base)?;
        Ok(address)
    }

    /// What a profile belongs to: the service without `/blue` or `/green`, so that a switch of prefix opens the
    /// same library.
    pub fn identity(&self) -> String {
        let mut path: Vec<&str> = self.base.path().split('/').filter(|s| !s.is_empty()).collect();
        if matches!(path.last(), Some(&("blue" | "green"))) {
            path.pop();
        }
        let origin = origin(&self.base);
        if path.is_empty() { origin } else { format!("{origin}/{}", path.join("/")) }
    }

    /// An address that the service gave out (a cover, a file of sound), made absolute.
    ///
    /// # Errors
    /// [`Error::BadAddress`] for one that cannot be used, [`Error::InsecureAddress`] by the rule of [`Self::parse`].
    pub fn resolve(&self, address: &str) -> Result<Url, Error> {
        let url = self.base.join(address.trim()).ok().filter(|u| matches!(u.scheme(), "http" | "https"));
        let Some(url) = url else {
            return Err(Error::BadAddress { address: shown(address) });
        };
        self.check_secure(&url)?;
        Ok(url)
    }

    /// Whether a token of this service may go there: same scheme, host and port.
    pub fn same_origin(&self, url: &Url) -> bool {
        self.base.origin() == url.origin()
    }

    /// Whether the service runs on this machine.
    pub fn is_loopback(&self) -> bool {
        is_loopback(&self.base)
    }

    /// Whether the rule about plain http lets this address through.
    pub(crate) fn is_secure(&self, url: &Url) -> bool {
        url.scheme() == "https"
            || is_loopback(url)
            || url.host_str().is_some_and(|host| self.allow_http.iter().any(|h| h.eq_ignore_ascii_case(host)))
    }

    fn check_secure(&self, url: &Url) -> Result<(), Error> {
        if self.is_secure(url) { Ok(()) } else { Err(Error::InsecureAddress { address: origin(url) }) }
    }

    /// An address under the base: each segment is escaped as one.
    pub(crate) fn under_base<'a>(&self, segments: impl IntoIterator<Item = &'a str>) -> Url {
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        url
    }

    /// An address under `/api/v1`.
    pub(crate) fn under_api<'a>(&self, segments: impl IntoIterator<Item = &'a str>) -> Url {
        self.under_base(["api", "v1"].into_iter().chain(segments))
    }

    /// An address under the bare host.
    pub(crate) fn under_root(&self, segment: &str) -> Url {
        let mut url = self.base.clone();
        url.set_path(segment);
        url
    }
}

impl fmt::Display for ServiceAddress {
    /// The normalised address, which reads back as the same.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.base.as_str().trim_end_matches('/'))
    }
}

/// Scheme, host and port.
pub(crate) fn origin(url: &Url) -> String {
    url.origin().ascii_serialization()
}

/// An address as an error may name it: without query, fragment, name and password.
pub(crate) fn without_secrets(url: &Url) -> String {
    format!("{}{}", origin(url), url.path())
}

pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name.trim_end_matches('.').eq_ignore_ascii_case("localhost"),
        Some(Host::Ipv4(ip)) => IpAddr::V4(ip).is_loopback(),
        Some(Host::Ipv6(ip)) => IpAddr::V6(ip).is_loopback(),
        None => false,
    }
}

/// A typed address as an error may repeat it: whoever puts a password or a token into it does not see it again.
fn shown(text: &str) -> String {
    let text = text.split(['?', '#']).next().unwrap_or_default();
    let shown = match text.rsplit_once('@') {
        Some((before, after)) => {
            let scheme = before.split_once("://").map(|(s, _)| format!("{s}://")).unwrap_or_default();
            format!("{scheme}…@{after}")
        }
        None => text.to_owned(),
    };
    shown.chars().take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Code;

    fn parse(text: &str) -> Result<ServiceAddress, Error> {
        ServiceAddress::parse(text, &["staging.example".to_owned()])
    }

    #[test]
    fn every_accepted_form_is_normalised() {
        for (typed, address, identity) in [
            ("https://api.melodystudio.com", "https://api.melodystudio.com", "https://api.melodystudio.com"),
            ("api.melodystudio.com", "https://api.melodystudio.com", "https://api.melodystudio.com"),
            (
                " HTTPS://API.MelodyStudio.com:443/ ",
                "https://api.melodystudio.com",
                "https://api.melodystudio.com",
            ),
            (
                "https://api.melodystudio.com/v1",
                "https://api.melodystudio.com",
                "https://api.melodystudio.com",
            ),
            (
                "https://api.melodystudio.com/api/v1//",
                "https://api.melodystudio.com",
                "https://api.melodystudio.com",
            ),
            (
                "api.melodystudio.com/blue",
                "https://api.melodystudio.com/blue",
                "https://api.melodystudio.com",
            ),
            (
                "api.melodystudio.com/green/api/v1/",
                "https://api.melodystudio.com/green",
                "https://api.melodystudio.com",
            ),
            (
                "api.melodystudio.com/blue/v1",
                "https://api.melodystudio.com/blue",
                "https://api.melodystudio.com",
            ),
            ("https://host/studio/green/", "https://host/studio/green", "https://host/studio"),
            ("https://host:8443/green", "https://host:8443/green", "https://host:8443"),
            ("http://127.0.0.1:8000/api/v1", "http://127.0.0.1:8000", "http://127.0.0.1:8000"),
            ("127.0.0.1:8000", "http://127.0.0.1:8000", "http://127.0.0.1:8000"),
            ("localhost:3000/blue", "http://localhost:3000/blue", "http://localhost:3000"),
            ("http://[::1]:8000", "http://[::1]:8000", "http://[::1]:8000"),
            ("http://Staging.example/v1", "http://staging.example", "http://staging.example"),
        ] {
            let parsed = parse(typed).unwrap();
            assert_eq!(parsed.to_string(), address, "{typed}");
            assert_eq!(parsed.identity(), identity, "{typed}");
            assert_eq!(parse(&parsed.to_string()).unwrap(), parsed, "{typed} reads back");
        }
    }

    #[test]
    fn malformed_ones_are_named_without_what_may_be_secret() {
        for typed in [
            "",
            "   ",
            "https://",
            "http://:80",
            "ftp://api.melodystudio.com",
            "file:///etc/passwd",
            "https://two words.com",
            "https:api.example",
            "host:notaport",
            "https://user:hunter2@api.example",
            "https://api.example/?token=hunter2",
            "https://api.example/#hunter2",
        ] {
            let error = parse(typed).unwrap_err();
            assert_eq!(error.code(), Code::Usage, "{typed}");
            let sentence = error.to_string();
            assert!(!sentence.contains("hunter2"), "{sentence}");
            if let Some(host) = typed.split('@').next_back().and_then(|t| t.strip_prefix("https://api.")) {
                assert!(sentence.contains(host.split('/').next().unwrap()), "{sentence}");
            }
        }
    }

    #[test]
    fn plain_http_needs_leave() {
        for typed in
            ["http://api.melodystudio.com", "http://127.0.0.1.example.com", "http://localhost.example"]
        {
            let error = parse(typed).unwrap_err();
            assert_eq!(error.code(), Code::InsecureAddress, "{typed}");
            assert!(error.to_string().contains(typed), "{error}");
        }
        assert!(parse("http://staging.example").is_ok());
        assert!(parse("http://other.staging.example").is_err());
    }

    #[test]
    fn addresses_of_files_are_resolved_and_their_origin_told() {
        let service = parse("https://api.example/green").unwrap();
        for (given, absolute, own) in [
            ("/media/a.flac", "https://api.example/media/a.flac", true),
            ("media/a.flac?sig=1", "https://api.example/green/media/a.flac?sig=1", true),
            ("https://api.example:443/x", "https://api.example/x", true),
            ("https://cdn.example/a.mp3", "https://cdn.example/a.mp3", false),
            ("//cdn.example/a.mp3", "https://cdn.example/a.mp3", false),
            ("https://api.example:8443/x", "https://api.example:8443/x", false),
            ("https://api.example.evil/x", "https://api.example.evil/x", false),
        ] {
            let url = service.resolve(given).unwrap();
            assert_eq!(url.as_str(), absolute);
            assert_eq!(service.same_origin(&url), own, "{given}");
        }
        assert_eq!(service.resolve("http://cdn.example/a").unwrap_err().code(), Code::InsecureAddress);
        for bad in ["javascript:alert(1)", "file:///etc/passwd", "data:audio/wav;base64,AA", "https://"] {
            let error = service.resolve(bad).unwrap_err();
            assert_eq!(error.code(), Code::NotTheService, "{bad}");
            assert!(!error.retryable() && error.to_string().contains(bad), "{error}");
        }
    }

    #[test]
    fn ids_cannot_leave_their_segment() {
        let service = parse("https://api.example").unwrap();
        let url = service.under_api(["music", "track", "../../admin?x=1#y/z"]);
        assert_eq!(url.as_str(), "https://api.example/api/v1/music/track/..%2F..%2Fadmin%3Fx=1%23y%2Fz");
    }
}
