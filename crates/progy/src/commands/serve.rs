//! `progy serve`: runs the server.

use progy_server::{Config, ServerError, ServiceError, logging};

use crate::cli::{ServeArgs, ServerPlace};
use crate::context::Context;
use crate::failure::{Exit, Failure};

pub(crate) fn run(context: &Context, args: ServeArgs) -> Result<Exit, Failure> {
    let mut config = config(args.place)?;
    if let Some(listen) = args.listen {
        config.listen = listen;
    }
    if args.check_config {
        return check(context, &config);
    }
    logging::init(&config.log).map_err(ServerError::from).map_err(failure)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| fail!(Exit::Failed, "no-runtime", reason = error))?;
    // The contract's words, in every language: programs wait for them.
    let scheme = if config.tls.is_some() { "https" } else { "http" };
    let listening = |address| context.terminal.line(&format!("listening on {scheme}://{address}"));
    runtime.block_on(progy_server::serve(config, listening)).map_err(failure)?;
    Ok(Exit::Done)
}

/// Says whether a server would start with this configuration, and what else should be corrected.
fn check(context: &Context, config: &Config) -> Result<Exit, Failure> {
    config.check().map_err(ServerError::from).map_err(failure)?;
    for warning in config.warnings() {
        note!(context, "config-warning", reason = warning);
    }
    say!(context, "config-sound");
    Ok(Exit::Done)
}

/// What the file and the command line say of the server.
pub(crate) fn config(place: ServerPlace) -> Result<Config, Failure> {
    let mut config = match place.config {
        Some(file) => Config::load(&file).map_err(ServerError::from).map_err(failure)?,
        None => Config::default(),
    };
    if let Some(data) = place.data {
        config.data = data;
    }
    Ok(config)
}

/// What to tell whoever runs the server.
#[allow(clippy::needless_pass_by_value, reason = "the shape that `map_err` wants")]
pub(crate) fn failure(error: ServerError) -> Failure {
    match error {
        ServerError::Config(error) => {
            fail!(Exit::Failed, "server-config", reason = one_line(&error))
        }
        ServerError::Listen { address, source } => {
            fail!(Exit::Failed, "server-listen", address = address, reason = source)
        }
        ServerError::Data { folder, source } => {
            fail!(Exit::Failed, "server-data", folder = folder, reason = source)
        }
        ServerError::Refused(ServiceError::UserExists(name)) => {
            fail!(Exit::Failed, "user-exists", name = name)
        }
        ServerError::Refused(ServiceError::NoUser(name)) => {
            fail!(Exit::Failed, "no-user", name = name)
        }
        ServerError::Refused(error) => fail!(Exit::Failed, "admin-refused", reason = error),
        ServerError::Tls(error) => fail!(Exit::Failed, "no-runtime", reason = error),
        ServerError::System(error) => fail!(Exit::Failed, "no-runtime", reason = error),
    }
}

/// The parser of TOML draws pictures over several lines.
fn one_line(error: &impl ToString) -> String {
    error.to_string().split_whitespace().collect::<Vec<_>>().join(" ")
}
