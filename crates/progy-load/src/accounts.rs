//! Who the learners are.

use std::path::Path;

use progy_api::account::Role;
use progy_client::env::{Env, SystemEnv};
use progy_server::{Limits, Services};

use crate::cli::Cli;
use crate::failure::Failure;

/// A token for each learner: of the file that was named, or of learners made now.
pub(crate) async fn tokens(cli: &Cli) -> Result<Vec<String>, Failure> {
    match (&cli.tokens, &cli.admin_data) {
        (Some(file), _) => read(file, cli.learners),
        (None, Some(data)) => create(data, cli.learners).await,
        (None, None) => Err(Failure::NoTokens),
    }
}

fn read(file: &Path, most: usize) -> Result<Vec<String>, Failure> {
    let text = std::fs::read_to_string(file)?;
    let tokens = text.lines().map(str::trim).filter(|line| !line.is_empty());
    Ok(tokens.take(most).map(str::to_owned).collect())
}

/// Makes learners as `progy admin` does, while the server runs.
async fn create(data: &Path, count: usize) -> Result<Vec<String>, Failure> {
    // Opening would make a folder that is not there, and then know nobody.
    if !data.join("progy.db").is_file() {
        return Err(Failure::NoData(data.to_owned()));
    }
    let refused = |error: &dyn std::error::Error| Failure::Account(error.to_string());
    let services = Services::embedded(data, Limits::default()).map_err(|error| refused(&error))?;
    let run: String = SystemEnv.save_id().as_str().chars().take(12).collect();
    let mut tokens = Vec::with_capacity(count);
    for number in 0..count {
        let name = format!("load-{run}-{number}");
        let user = services.add_user(&name, None, Role::Learner).await;
        user.map_err(|error| refused(&error))?;
        tokens.push(services.create_token(&name).await.map_err(|error| refused(&error))?);
    }
    Ok(tokens)
}
