//! The server, from its configuration to its last answer.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::config::{CheckedForgejo, CheckedGitHub, Config, ConfigError, GitHost};
use crate::error::ServiceError;
use crate::http::blocking;
use crate::http::connections;
use crate::http::limits::LargeBodies;
use crate::http::metrics::Metrics;
use crate::http::site::Site;
use crate::http::tls::Certificates;
use crate::ports::PortError;
use crate::ports::git_host::{forgejo, github};
use crate::ports::github::http::HttpGitHub;
use crate::routes::auth::sign::Hashing;
use crate::routes::{self, AppState};
use crate::services::git::Repositories;
use crate::services::github::GitHubAccess;
use crate::services::{Limits, Services};

/// How often what nobody needs any more is forgotten.
const FORGET_EVERY: Duration = Duration::from_hours(1);

/// How often repositories are looked after.
const KEEP_UP_EVERY: Duration = Duration::from_hours(1);

/// How often snapshots are looked after.
const SWEEP_EVERY: Duration = Duration::from_hours(1);

/// Why the server did not start, or an administrator's command did nothing.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The configuration is of no use.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The address cannot be listened on: it is in use, or not this machine's.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// As the configuration gives it.
        address: String,
        /// Why.
        source: io::Error,
    },
    /// The data folder cannot be used.
    #[error("cannot use the data folder {folder}: {source}")]
    Data {
        /// As the configuration gives it.
        folder: String,
        /// Why.
        source: PortError,
    },
    /// The library of TLS refuses its own defaults.
    #[error("TLS cannot be spoken: {0}")]
    Tls(#[from] rustls::Error),
    /// The command was refused.
    #[error(transparent)]
    Refused(#[from] ServiceError),
    /// The system refuses something that a server needs.
    #[error("the system refuses: {0}")]
    System(#[from] io::Error),
}

/// Runs a server until the process gets SIGTERM or SIGINT (Ctrl-C elsewhere).
///
/// Calls `listening` with the address once requests are accepted. See [`serve_until`].
pub async fn serve(config: Config, listening: impl FnOnce(SocketAddr)) -> Result<(), ServerError> {
    let stop = stop_signal()?;
    serve_until(config, listening, stop).await
}

/// Runs a server until `stop` is done.
///
/// Then it accepts no new connections, ends event streams, finishes the requests in flight, and
/// returns; at the latest after [`crate::config::Timeouts::shutdown`]. The data folder is made if it
/// does not exist. Needs a Tokio runtime with I/O and time.
pub async fn serve_until(
    config: Config,
    listening: impl FnOnce(SocketAddr),
    stop: impl Future<Output = ()>,
) -> Result<(), ServerError> {
    config.check()?;
    for warning in config.warnings() {
        tracing::warn!("{warning}");
    }
    let certificates = config.tls.clone().map(Certificates::open).transpose()?;
    let tls = certificates.as_ref().map(Certificates::acceptor).transpose()?;
    // First the address: a second server that was started by mistake leaves the data alone.
    let refused = |source| ServerError::Listen { address: config.listen.clone(), source };
    let listener = TcpListener::bind(&config.listen).await.map_err(refused)?;
    let address = listener.local_addr()?;
    let services = open(&config)?;
    let services = match config.checked_github(Some(address))? {
        None => services,
        Some(github) => services.with_github(reach(&config, github)?),
    };
    let services = Arc::new(keep_repositories(services, &config, address)?);
    let uploads = config.data.join("uploads");
    std::fs::create_dir_all(&uploads)?;

    let metrics = Metrics::install();
    let stopping = CancellationToken::new();
    let forgetting = forget_the_old(Arc::clone(&services), config.audit.keep());
    let upkeep = keep_up(Arc::clone(&services));
    let sweeping = Box::pin(sweep(Arc::clone(&services)));
    let polling = poll(Arc::clone(&services), config.git.poll);
    let state = AppState {
        services,
        stopping: stopping.clone(),
        large_bodies: LargeBodies::new(),
        metrics: metrics.clone(),
        uploads: uploads.into(),
        site: Arc::new(Site::new(&config, address)),
        hashing: Hashing::new(),
    };
    let router = routes::router(state, config.timeouts);
    listening(address);
    tracing::info!(%address, data = %config.data.display(), "listening");

    let stop = async {
        stop.await;
        stopping.cancel();
    };
    let Config { limits, timeouts, .. } = &config;
    let serving = connections::run(listener, router, limits, timeouts, tls, stopping.clone());
    let renewal = async {
        match certificates {
            Some(certificates) => certificates.watch().await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = async { tokio::join!(stop, serving) } => {}
        () = metrics.upkeep() => {}
        () = renewal => {}
        () = forgetting => {}
        () = upkeep => {}
        () = sweeping => {}
        () = polling => {}
    }
    tracing::info!("stopped");
    Ok(())
}

/// Forgets what nobody needs any more, now and every hour. Several servers may do it at once.
async fn forget_the_old(services: Arc<Services>, keep: i64) {
    loop {
        match services.forget_the_old(keep).await {
            Ok(forgotten) => tracing::debug!(?forgotten, "what was too old is forgotten"),
            Err(error) => tracing::warn!(%error, "what is too old could not be forgotten"),
        }
        tokio::time::sleep(FORGET_EVERY).await;
    }
}

/// Looks after the repositories, now and every hour: takes note of pushes that nobody has, and packs
/// what many small ones have left. Several servers may do it at once.
async fn keep_up(services: Arc<Services>) {
    loop {
        match services.keep_repositories_up().await {
            Ok(done) => tracing::debug!(?done, "the repositories are in order"),
            Err(error) => tracing::warn!(%error, "the repositories could not be looked after"),
        }
        tokio::time::sleep(KEEP_UP_EVERY).await;
    }
}

/// Looks after snapshots, now and every hour: old ones expire, and what nobody needs goes. Several servers
/// may do it at once.
async fn sweep(services: Arc<Services>) {
    loop {
        let services = Arc::clone(&services);
        // Large packs are read and written: not where requests are answered.
        match blocking(Box::pin(async move { services.keep_snapshots_up().await })).await {
            Ok(Ok(done)) => tracing::debug!(?done, "the snapshots are in order"),
            Ok(Err(error)) => tracing::warn!(%error, "the snapshots could not be looked after"),
            // It has said so already.
            Err(_) => {}
        }
        tokio::time::sleep(SWEEP_EVERY).await;
    }
}

/// Asks another host for pushes that it did not tell of, and does what it needs from time to time.
/// Several servers may do it at once.
async fn poll(services: Arc<Services>, every: Duration) {
    loop {
        tokio::time::sleep(every).await;
        match services.look_for_pushes().await {
            Ok(noted) => tracing::debug!(noted, "the host was asked for pushes"),
            Err(error) => tracing::warn!(%error, "the host could not be asked for pushes"),
        }
    }
}

/// The services over what `config` names.
pub(crate) fn open(config: &Config) -> Result<Services, ServerError> {
    let (retention, packs) = (config.snapshots.policy()?, config.snapshots.quota);
    let course_days = config.snapshots.course_max_days;
    let limits = Limits { packs, retention, course_days, ..config.limits.services() };
    Services::embedded(&config.data, limits)
        .map_err(|source| ServerError::Data { folder: config.data.display().to_string(), source })
}

/// The services with repositories, if the configuration wants some, for a server at `address`.
fn keep_repositories(
    services: Services,
    config: &Config,
    address: SocketAddr,
) -> Result<Services, ServerError> {
    let data = |source| ServerError::Data { folder: config.data.display().to_string(), source };
    Ok(match config.git.host {
        GitHost::None => services,
        GitHost::Embedded => {
            let folder = config.data.join("git");
            let host = services.embedded_host(&folder, config.git.settings()).map_err(data)?;
            services.with_git(Repositories::embedded(Arc::new(host)))
        }
        GitHost::Forgejo => {
            let Some(CheckedForgejo { root, public, token }) = config.checked_forgejo()? else {
                return Ok(services);
            };
            let vault = Arc::new(config.open_vault().map_err(ServiceError::from)?);
            // Without an address for browsers nobody else knows where this server is either.
            let told_at = config.public_url(Some(address)).ok().map(|url| url.to_string());
            let mirror = config.git.mirror();
            let settings = forgejo::Settings { root, public, token, told_at, mirror };
            let folder = config.data.join("git-copies");
            let host = services.forgejo_host(&folder, settings, vault).map_err(data)?;
            services.with_git(Repositories::elsewhere(Arc::new(host)))
        }
        GitHost::GitHub => {
            let Some(checked) = config.checked_github(Some(address))? else { return Ok(services) };
            let told_at = config.public_url(Some(address)).ok().map(|url| url.to_string());
            let settings = github::Settings {
                base: checked.settings.base,
                api: checked.settings.api,
                secret: checked.settings.client_secret,
                told_at,
                mirror: config.git.mirror(),
            };
            let folder = config.data.join("git-copies");
            match services.github_host(&folder, settings).map_err(data)? {
                Some(host) => services.with_git(Repositories::elsewhere(Arc::new(host))),
                None => services,
            }
        }
    })
}

/// GitHub as it is configured, and the vault for its tokens.
fn reach(config: &Config, github: CheckedGitHub) -> Result<GitHubAccess, ServerError> {
    let vault = config.open_vault().map_err(ServiceError::from)?;
    let CheckedGitHub { settings, scopes, redirect_uri } = github;
    tracing::info!(redirect_uri, "GitHub has to know this address to come back to");
    let github = HttpGitHub::new(settings);
    Ok(GitHubAccess::new(Arc::new(github), Arc::new(vault), scopes, redirect_uri))
}

/// Done when the process is asked to end. Listens from now on, not only once it is polled.
#[cfg(unix)]
fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// Done when the process is asked to end.
#[cfg(not(unix))]
fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    Ok(async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    })
}
