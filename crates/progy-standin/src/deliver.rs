//! Telling somebody of a push: webhooks, to addresses of this machine.

use std::fmt::Write as _;

use ring::hmac;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A request that is to be sent.
#[derive(Debug, Clone)]
pub(crate) struct Delivery {
    /// Where.
    pub(crate) url: String,
    /// What it is signed with.
    pub(crate) secret: String,
    /// What it says.
    pub(crate) body: Value,
}

/// How a service signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signs {
    /// Forgejo's headers.
    Forgejo,
    /// GitHub's.
    GitHub,
}

impl Delivery {
    /// Sends it, once; nobody minds if nobody is there.
    pub(crate) async fn send(self, signs: Signs) {
        let body = self.body.to_string();
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.secret.as_bytes());
        let signature = hmac::sign(&key, body.as_bytes());
        let mut hex = String::new();
        for byte in signature.as_ref() {
            let _ = write!(hex, "{byte:02x}");
        }
        let headers = match signs {
            Signs::Forgejo => format!(
                "X-Forgejo-Event: push\r\nX-Gitea-Event: push\r\nX-GitHub-Event: push\r\n\
                 X-Forgejo-Signature: {hex}\r\nX-Gitea-Signature: {hex}\r\n\
                 X-Hub-Signature-256: sha256={hex}\r\n"
            ),
            Signs::GitHub => {
                format!("X-GitHub-Event: push\r\nX-Hub-Signature-256: sha256={hex}\r\n")
            }
        };
        let Some(rest) = self.url.strip_prefix("http://") else { return };
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        let length = body.len();
        let request = format!(
            "POST /{path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n{headers}\
             Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
        );
        let Ok(mut stream) = TcpStream::connect(host).await else { return };
        if stream.write_all(request.as_bytes()).await.is_ok() {
            let mut answer = Vec::new();
            let _ = stream.read_to_end(&mut answer).await;
        }
    }
}
