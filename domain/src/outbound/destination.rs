//! URLs that may be called.

use std::{fmt, net::IpAddr};

use url::{Host, Position, Url};

use super::{DestinationRefusal, OutboundPolicy};

/// A URL that a user gave and that may be called.
///
/// - **`https` alone**, so that the receiver is who the URL names, and what is on the way reads nothing.
/// - **Ports 443 and 8443 alone**: where HTTPS is served to the public. Other ports belong to other protocols, and a
///   caller who chooses them freely is a port scanner.
/// - An address that the operator lets through, written as a literal, may have `http` and any port: that is how a
///   receiver on this machine is tried out. It must be a literal because a name can be led anywhere later.
/// - **No user name or password**: it would rest in our database and show in lists.
/// - **A name is a full one of the internet**: letters, digits and hyphens, at least two labels, without the dot at the
///   end, no name that is set aside for local networks.
/// - **An address is public, and in its usual notation.** Every other notation is understood first, so that the
///   refusal names what the address really is.
///
/// The text is read by one parser, the WHATWG one, and what it made of it is what is called: names are in
/// lower case and Punycode then. Where that parser is lenient and others are not (backslashes, tabs, missing or
/// additional slashes), the text is refused. A fragment is dropped, since it is never sent.
///
/// `Debug` shows scheme, host and port alone, since paths and queries of such URLs hold secrets.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Destination(Url);

/// Where HTTPS is served to the public.
const PORTS: [u16; 2] = [443, 8443];
const LONGEST_LABEL: usize = 63;
const LONGEST_NAME: usize = 253;
/// Names of local networks: RFC 6761, 6762 (appendix G) and 8375, ICANN's `internal`, and what routers use.
const LOCAL: [&str; 10] = [
    "localhost",
    "localdomain",
    "local",
    "internal",
    "intranet",
    "private",
    "corp",
    "home",
    "lan",
    "home.arpa",
];

impl Destination {
    /// Longest URL, in bytes.
    pub const LONGEST: usize = 2048;

    /// Reads a URL and decides about it.
    ///
    /// # Errors
    /// The first rule that it breaks; what it leads to is told before how it is written.
    pub fn try_new(text: &str, policy: &OutboundPolicy) -> Result<Self, DestinationRefusal> {
        if text.len() > Self::LONGEST {
            return Err(DestinationRefusal::TooLong);
        }
        if text.chars().any(|c| c.is_whitespace() || c.is_control() || c == '\\') {
            return Err(DestinationRefusal::Character);
        }
        let mut url = Url::parse(text).map_err(|_| DestinationRefusal::Malformed)?;
        let written = Written::of(text, &url)?;
        url.set_fragment(None);
        let destination = Self(url);
        destination.check(policy)?;
        if destination.address().is_some() && !written.is_as(&destination.0) {
            return Err(DestinationRefusal::Notation);
        }
        Ok(destination)
    }

    /// Decides again: the policy may have changed since the URL was accepted.
    ///
    /// # Errors
    /// The first rule that it breaks.
    pub fn check(&self, policy: &OutboundPolicy) -> Result<(), DestinationRefusal> {
        match self.0.host() {
            Some(Host::Domain(name)) => check_name(name)?,
            _ => policy.check(self.address().ok_or(DestinationRefusal::Malformed)?)?,
        }
        if self.address().is_some_and(|address| policy.lets_through(address)) {
            return Ok(());
        }
        if self.0.scheme() != "https" {
            return Err(DestinationRefusal::Scheme);
        }
        let port = self.0.port_or_known_default();
        if port.is_some_and(|port| PORTS.contains(&port)) { Ok(()) } else { Err(DestinationRefusal::Port) }
    }

    /// The address, where the host is one.
    pub fn address(&self) -> Option<IpAddr> {
        match self.0.host()? {
            Host::Ipv4(address) => Some(address.into()),
            Host::Ipv6(address) => Some(address.into()),
            Host::Domain(_) => None,
        }
    }

    /// The host as it is resolved or connected to.
    pub fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }

    /// As it is called. Read it by nothing but the same parser.
    pub const fn url(&self) -> &Url {
        &self.0
    }

    /// The text to keep; it gives the same destination again.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl fmt::Debug for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/…", &self.0[..Position::BeforePath])
    }
}

/// What stands between `//` and the path, as it was written.
struct Written<'a>(&'a str);

impl<'a> Written<'a> {
    /// Refuses what only a lenient parser takes for a URL.
    fn of(text: &'a str, url: &Url) -> Result<Self, DestinationRefusal> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(DestinationRefusal::Scheme);
        }
        let rest = text.get(url.scheme().len()..).and_then(|rest| rest.strip_prefix("://"));
        let rest = rest.ok_or(DestinationRefusal::Malformed)?;
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        if authority.contains('@') {
            return Err(DestinationRefusal::UserInfo);
        }
        if authority.is_empty() { Err(DestinationRefusal::Malformed) } else { Ok(Self(authority)) }
    }

    /// True if the host was written as the parser writes it.
    fn is_as(&self, url: &Url) -> bool {
        let host = url.host_str().unwrap_or_default();
        let rest = self.0.get(..host.len()).filter(|start| start.eq_ignore_ascii_case(host));
        rest.is_some() && matches!(self.0.as_bytes().get(host.len()), None | Some(b':'))
    }
}

/// `name` is as the parser leaves it: in lower case and Punycode, its last label no number.
fn check_name(name: &str) -> Result<(), DestinationRefusal> {
    let is_label = |label: &str| {
        (1..=LONGEST_LABEL).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    // The dot at the end is the root, and hides no local name.
    let rooted = name.strip_suffix('.').unwrap_or(name);
    let is_within =
        |local: &&str| rooted.strip_suffix(*local).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    if LOCAL.iter().any(is_within) {
        return Err(DestinationRefusal::LocalName);
    }
    let is_full = name.contains('.') && name.len() <= LONGEST_NAME && name.split('.').all(is_label);
    if is_full { Ok(()) } else { Err(DestinationRefusal::Name) }
}
