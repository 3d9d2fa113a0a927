//! `progy-standin [ADDRESS]`: the stand-in as a program, for tests from outside.
//!
//! Prints `listening on http://HOST:PORT` once it answers, and runs until it is ended. The variables
//! `STANDIN_CLIENT_ID`, `STANDIN_CLIENT_SECRET`, `STANDIN_KIND` (`oauth`, `app`) and
//! `STANDIN_REDIRECT_URI` say which application it knows.

use std::io::Write;

use progy_standin::{App, Kind, Standin};

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:0".to_owned());
    let standin = Standin::listen(&address, app()).await?;
    let mut out = std::io::stdout();
    writeln!(out, "listening on {}", standin.base_url())?;
    out.flush()?;
    std::future::pending::<()>().await;
    Ok(())
}

fn app() -> App {
    let mut app = App::default();
    let variable = |name: &str| std::env::var(name).ok();
    if let Some(id) = variable("STANDIN_CLIENT_ID") {
        app.client_id = id;
    }
    if let Some(secret) = variable("STANDIN_CLIENT_SECRET") {
        app.client_secret = secret;
    }
    if let Some(uri) = variable("STANDIN_REDIRECT_URI") {
        app.redirect_uri = Some(uri);
    }
    if variable("STANDIN_KIND").as_deref() == Some("app") {
        app.kind = Kind::App;
    }
    app
}
