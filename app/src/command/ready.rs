//! `ready`: whether the product that runs beside it serves. For containers without a shell, and for whoever starts it.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    process::ExitCode,
    time::Duration,
};

use super::CommandError;
use crate::config::Config;

const PATIENCE: Duration = Duration::from_secs(5);

/// Exits with 1 if it does not serve, and says why.
pub(super) async fn run(config: &Config) -> Result<ExitCode, CommandError> {
    let client = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build()?;
    let answer = client.get(format!("http://{}/readyz", reached(config.listen))).send().await?;
    let is_ready = answer.status().is_success();
    println!("{}", answer.text().await?);
    Ok(if is_ready { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Whoever listens everywhere is reached on this machine.
const fn reached(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

#[cfg(test)]
mod tests {
    use super::reached;

    #[test]
    fn who_listens_everywhere_is_asked_on_this_machine() {
        for (listen, expected) in [
            ("0.0.0.0:8080", "127.0.0.1:8080"),
            ("[::]:80", "[::1]:80"),
            ("127.0.0.1:8080", "127.0.0.1:8080"),
            ("10.1.2.3:1", "10.1.2.3:1"),
        ] {
            assert_eq!(reached(listen.parse().expect(listen)).to_string(), expected);
        }
    }
}
