//! Linux: the Secret Service of the desktop (GNOME Keyring, `KWallet`, `KeePassXC`), over D-Bus.
//!
//! Follows the Secret Service API, draft 0.2 (<https://specifications.freedesktop.org/secret-service/>).
//! Secrets cross the bus as they are (`plain`): it is a Unix socket of one person, and whatever could
//! listen on it could as well ask the service.

use std::collections::HashMap;
use std::time::Duration;

use serde::Serialize;
use tokio::runtime::Builder;
use tokio::time::timeout;
use zbus::zvariant::{DynamicDeserialize, DynamicType, Type};
use zbus::{Connection, ObjectPath, OwnedObjectPath, OwnedVariant, Variant};

use super::{Keyring, KeyringError};

/// How long it may take. It may have to be started first; a person is not waited for.
const PATIENCE: Duration = Duration::from_secs(3);
const NAME: &str = "org.freedesktop.secrets";
const ROOT: ObjectPath<'static> = ObjectPath::from_static_str_unchecked("/org/freedesktop/secrets");
const SERVICE: &str = "org.freedesktop.Secret.Service";
const COLLECTION: &str = "org.freedesktop.Secret.Collection";
const ITEM: &str = "org.freedesktop.Secret.Item";
/// The path that means that there is nothing (section "Prompts and Prompting").
const NONE: &str = "/";

type Result<T> = std::result::Result<T, KeyringError>;
/// Session, parameters of the encryption, value, content type.
type Secret<'s> = (ObjectPath<'s>, &'s [u8], &'s [u8], &'s str);

/// The Secret Service on one bus.
#[derive(Debug)]
pub(super) struct SecretService {
    bus: String,
}

impl SecretService {
    /// That on the bus at this address. Does not connect.
    pub(super) fn at(bus: &str) -> Self {
        Self { bus: bus.to_owned() }
    }

    /// Asks on a thread of its own: whoever asks may be in the middle of other asynchronous work.
    fn ask<T: Send>(&self, question: impl AsyncFnOnce(&Session) -> Result<T> + Send) -> Result<T> {
        let ask = || {
            let runtime = Builder::new_current_thread().enable_all().build();
            let runtime = runtime.map_err(|error| KeyringError::Absent(error.to_string()))?;
            let answer = async { question(&Session::open(&self.bus).await?).await };
            runtime.block_on(async { timeout(PATIENCE, answer).await }).unwrap_or_else(|_| {
                let seconds = PATIENCE.as_secs();
                Err(KeyringError::Absent(format!("it does not answer within {seconds} s")))
            })
        };
        std::thread::scope(|scope| scope.spawn(ask).join())
            .unwrap_or_else(|_| Err(KeyringError::Absent("asking it failed".to_owned())))
    }
}

impl Keyring for SecretService {
    fn keep(&self, name: &str, secret: &str) -> Result<()> {
        self.ask(async |session| session.keep(name, secret).await)
    }

    fn find(&self, name: &str) -> Result<Option<String>> {
        self.ask(async |session| session.find(name).await)
    }

    fn forget(&self, name: &str) -> Result<()> {
        self.ask(async |session| session.forget(name).await)
    }
}

/// A conversation with the service; it ends with the connection.
struct Session {
    bus: Connection,
    path: OwnedObjectPath,
}

impl Session {
    async fn open(bus: &str) -> Result<Self> {
        let bus = zbus::connection::Builder::address(bus).build().await?;
        let mut session = Self { bus, path: OwnedObjectPath::default() };
        let how = ("plain", Variant::from(""));
        let (_, path): (OwnedVariant, OwnedObjectPath) =
            session.call(&ROOT, SERVICE, "OpenSession", &how).await?;
        session.path = path;
        Ok(session)
    }

    async fn keep(&self, name: &str, secret: &str) -> Result<()> {
        let collection: OwnedObjectPath =
            self.call(&ROOT, SERVICE, "ReadAlias", &"default").await?;
        if collection.as_str() == NONE {
            return Err(KeyringError::Absent("it has no default collection".to_owned()));
        }
        let property = (COLLECTION, "Locked");
        let locked: OwnedVariant =
            self.call(&collection, "org.freedesktop.DBus.Properties", "Get", &property).await?;
        if bool::try_from(locked).unwrap_or(true) {
            return Err(KeyringError::Locked);
        }
        let label = format!("Progy: {name}");
        let properties = HashMap::from([
            ("org.freedesktop.Secret.Item.Label", Variant::from(label)),
            ("org.freedesktop.Secret.Item.Attributes", Variant::from(attributes(name))),
        ]);
        let secret: Secret = (self.path.as_ref(), &[], secret.as_bytes(), "text/plain");
        let (_, prompt): (OwnedObjectPath, OwnedObjectPath) =
            self.call(&collection, COLLECTION, "CreateItem", &(properties, secret, true)).await?;
        at_once(&prompt)
    }

    async fn find(&self, name: &str) -> Result<Option<String>> {
        let Some(item) = self.items(name).await?.into_iter().next() else { return Ok(None) };
        let ((_, _, secret, _),): ((OwnedObjectPath, Vec<u8>, Vec<u8>, String),) =
            self.call(&item, ITEM, "GetSecret", &self.path).await?;
        let not_text = |_| KeyringError::Absent("the entry is no text".to_owned());
        String::from_utf8(secret).map(Some).map_err(not_text)
    }

    async fn forget(&self, name: &str) -> Result<()> {
        for item in self.items(name).await? {
            let prompt: OwnedObjectPath = self.call(&item, ITEM, "Delete", &()).await?;
            at_once(&prompt)?;
        }
        Ok(())
    }

    /// Those of this name, all of them unlocked.
    async fn items(&self, name: &str) -> Result<Vec<OwnedObjectPath>> {
        let (unlocked, locked): (Vec<OwnedObjectPath>, Vec<OwnedObjectPath>) =
            self.call(&ROOT, SERVICE, "SearchItems", &attributes(name)).await?;
        if unlocked.is_empty() && !locked.is_empty() {
            return Err(KeyringError::Locked);
        }
        Ok(unlocked)
    }

    async fn call<Answer>(
        &self,
        path: &ObjectPath<'_>,
        interface: &str,
        method: &str,
        question: &(impl Serialize + DynamicType),
    ) -> Result<Answer>
    where
        Answer: for<'d> DynamicDeserialize<'d> + Type,
    {
        let called = self.bus.call_method(Some(NAME), path, Some(interface), method, question);
        let answer = called.await?;
        Ok(answer.body().deserialize()?)
    }
}

/// What an item is found by.
fn attributes(name: &str) -> HashMap<&str, &str> {
    HashMap::from([("application", "progy"), ("login", name)])
}

/// Whether it is done, without a person who would have to be asked first.
fn at_once(prompt: &OwnedObjectPath) -> Result<()> {
    if prompt.as_str() == NONE { Ok(()) } else { Err(KeyringError::Locked) }
}

impl From<zbus::Error> for KeyringError {
    fn from(error: zbus::Error) -> Self {
        match &error {
            zbus::Error::MethodError(name, ..)
                if name.as_str() == "org.freedesktop.Secret.Error.IsLocked" =>
            {
                Self::Locked
            }
            _ => Self::Absent(error.to_string()),
        }
    }
}
