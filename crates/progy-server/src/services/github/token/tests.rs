use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use futures_util::FutureExt;
use progy_api::account::Role;
use tokio::sync::Semaphore;

use super::*;
use crate::ports::SystemEntropy;
use crate::ports::database::accounts::{LinkId, Links, Sealing};
use crate::ports::github::{Authorization, Email, GitHub, Grant, Profile, Result as GitHubResult};
use crate::services::testing::{World, run};
use crate::vault::{Key, Keyring, Vault};

const HOUR: Duration = Duration::from_hours(1);

/// A GitHub that knows which tokens are good.
struct Fake {
    kind: AppKind,
    /// Access tokens with their scopes.
    good: Mutex<BTreeMap<String, String>>,
    /// The refresh token that is good.
    refresh: Mutex<String>,
    trouble: Mutex<Option<GitHubError>>,
    refreshes: AtomicU32,
    /// How many refreshes may go through.
    gate: Semaphore,
}

impl Fake {
    fn new(kind: AppKind) -> Arc<Self> {
        Arc::new(Self {
            kind,
            good: Mutex::default(),
            refresh: Mutex::default(),
            trouble: Mutex::default(),
            refreshes: AtomicU32::new(0),
            gate: Semaphore::new(100),
        })
    }

    fn grant(&self, scopes: &str) -> Grant {
        let n = self.refreshes.fetch_add(1, Ordering::Relaxed);
        let (access, refresh) = (format!("access-{n}"), format!("refresh-{n}"));
        let is_app = self.kind == AppKind::App;
        *lock(&self.good) = [(access.clone(), scopes.to_owned())].into();
        lock(&self.refresh).clone_from(&refresh);
        Grant {
            access: Secret::new(access),
            scopes: Scopes::parse(scopes),
            expires_in: is_app.then_some(HOUR),
            refresh: is_app.then(|| Secret::new(refresh)),
            refresh_expires_in: None,
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[async_trait]
impl GitHub for Fake {
    fn kind(&self) -> AppKind {
        self.kind
    }

    fn authorize_url(&self, _: &Authorization<'_>) -> String {
        String::new()
    }

    async fn exchange(&self, _: &Secret, _: &Secret, _: &str) -> GitHubResult<Grant> {
        Ok(self.grant("repo"))
    }

    async fn refresh(&self, token: &Secret) -> GitHubResult<Grant> {
        self.gate.acquire().await.unwrap().forget();
        if let Some(trouble) = lock(&self.trouble).clone() {
            return Err(trouble);
        }
        if *lock(&self.refresh) != token.expose() {
            let description = String::new();
            return Err(GitHubError::Refused { code: "bad_refresh_token".into(), description });
        }
        Ok(self.grant(""))
    }

    async fn profile(&self, token: &Secret) -> GitHubResult<Profile> {
        if let Some(trouble) = lock(&self.trouble).clone() {
            return Err(trouble);
        }
        let scopes = lock(&self.good).get(token.expose()).cloned();
        let scopes = scopes.ok_or(GitHubError::Unauthorized)?;
        let scopes = (self.kind == AppKind::OAuth).then(|| Scopes::parse(&scopes));
        Ok(Profile { id: 7, login: "octocat".into(), name: None, avatar_url: None, scopes })
    }

    async fn emails(&self, _: &Secret) -> GitHubResult<Vec<Email>> {
        Ok(Vec::new())
    }

    async fn revoke(&self, _: &Secret) -> GitHubResult<()> {
        Ok(())
    }
}

fn vault(keys: &[u8]) -> Arc<Vault> {
    let keys = keys.iter().map(|byte| Key::new([*byte; 32]).unwrap()).collect();
    Arc::new(Vault::configured(Keyring::new(keys).unwrap(), Arc::new(SystemEntropy)))
}

fn access(fake: &Arc<Fake>, keys: &[u8]) -> GitHubAccess {
    GitHubAccess::new(fake.clone(), vault(keys), Scopes::default(), String::new())
}

/// A learner with GitHub linked, by what `fake` grants.
fn linked(kind: AppKind) -> (World, Arc<Fake>, User) {
    let fake = Fake::new(kind);
    let mut world = World::new();
    let user = world.user("ana", Role::Learner);
    let access = access(&fake, &[1]);
    let now = world.services.clock.now();
    let blank =
        Link::new(LinkId("1".into()), UserId(user.id.clone()), Link::GITHUB, "7", Timestamp(1));
    let link = access.granted(&blank, &fake.grant("repo"), now).unwrap();
    assert!(run(world.db.link(&link)).unwrap());
    world.services.github = Some(Arc::new(access));
    (world, fake, user)
}

fn repo() -> Scopes {
    Scopes::parse("repo")
}

fn token(world: &World, user: &User) -> Result<String, TokenTrouble> {
    run(world.services.github_token(user, &repo())).map(|token| token.secret.expose().to_owned())
}

fn link(world: &World) -> Link {
    run(world.db.link_to(Link::GITHUB, "7")).unwrap().unwrap()
}

#[test]
fn a_good_token_is_handed_out() {
    let (world, _, user) = linked(AppKind::OAuth);
    let token = run(world.services.github_token(&user, &repo())).unwrap();
    assert_eq!((token.secret.expose(), token.login.as_str()), ("access-0", "octocat"));
    assert_eq!(token.expires_at, None);
}

#[test]
fn each_reason_has_a_name() {
    let (mut world, fake, user) = linked(AppKind::OAuth);
    let needed = Scopes::parse("repo admin:org");
    let missing = run(world.services.github_token(&user, &needed));
    assert!(matches!(missing, Err(TokenTrouble::MissingScopes(m)) if m.to_string() == "admin:org"));
    for (trouble, word) in [
        (GitHubError::RateLimited(Duration::from_secs(9)), "9 seconds"),
        (GitHubError::Unreachable("x".into()), "cannot be reached"),
        (GitHubError::Garbage("x"), "cannot be reached"),
    ] {
        *lock(&fake.trouble) = Some(trouble);
        let said = token(&world, &user).unwrap_err().to_string();
        assert!(said.contains(word), "{said}");
    }
    *lock(&fake.trouble) = None;
    assert!(token(&world, &user).is_ok(), "none of that was for good");
    let bia = world.user("bia", Role::Learner);
    assert!(matches!(token(&world, &bia), Err(TokenTrouble::NotLinked)));
    world.services.github = None;
    assert!(matches!(token(&world, &user), Err(TokenTrouble::NotConfigured)));
}

#[test]
fn a_revoked_token_is_erased_and_the_link_stays() {
    let (world, fake, user) = linked(AppKind::OAuth);
    lock(&fake.good).clear();
    for _ in 0..2 {
        assert!(matches!(token(&world, &user), Err(TokenTrouble::Revoked)));
    }
    assert_eq!((link(&world).access_token, link(&world).scope), (None, None));
}

#[test]
fn a_token_that_cannot_be_read_is_lost() {
    let (mut world, fake, user) = linked(AppKind::OAuth);
    world.services.github = Some(Arc::new(access(&fake, &[2])));
    assert!(matches!(token(&world, &user), Err(TokenTrouble::Revoked)));
    assert!(link(&world).access_token.is_some(), "the key may come back");
}

#[test]
fn an_apps_token_is_refreshed_before_it_ends() {
    let (world, fake, user) = linked(AppKind::App);
    assert_eq!(token(&world, &user).unwrap(), "access-0");
    world.clock.pass(56 * 60 * 1_000);
    assert_eq!(token(&world, &user).unwrap(), "access-1");
    assert_eq!(token(&world, &user).unwrap(), "access-1");
    world.clock.pass(56 * 60 * 1_000);
    assert_eq!(token(&world, &user).unwrap(), "access-2");
    // Revoked before its time.
    lock(&fake.good).clear();
    assert_eq!(token(&world, &user).unwrap(), "access-3");
    // Revoked for good.
    world.clock.pass(56 * 60 * 1_000);
    lock(&fake.refresh).clear();
    assert!(matches!(token(&world, &user), Err(TokenTrouble::Revoked)));
    assert_eq!(link(&world).refresh_token, None);
    assert!(matches!(token(&world, &user), Err(TokenTrouble::Revoked)));
}

#[test]
fn a_refresh_that_fails_can_be_tried_again() {
    let (world, fake, user) = linked(AppKind::App);
    world.clock.pass(56 * 60 * 1_000);
    *lock(&fake.trouble) = Some(GitHubError::Unreachable("x".into()));
    assert!(matches!(token(&world, &user), Err(TokenTrouble::Unreachable)));
    *lock(&fake.trouble) = None;
    assert_eq!(token(&world, &user).unwrap(), "access-1");
}

#[tokio::test]
async fn many_at_once_refresh_once() {
    let (mut world, fake, user) = linked(AppKind::App);
    let first = world.services.github.clone();
    world.clock.pass(56 * 60 * 1_000);
    fake.gate.forget_permits(100);
    let needed = repo();
    let ask = || Box::pin(world.services.github_token(&user, &needed));
    let mut waiting: Vec<_> = (0..5).map(|_| ask()).collect();
    for ask in &mut waiting {
        assert!(ask.now_or_never().is_none());
    }
    fake.gate.add_permits(1);
    for token in futures_util::future::join_all(waiting).await {
        assert_eq!(token.unwrap().secret.expose(), "access-1");
    }

    // Another server over the same database does not use the refresh token at the same time.
    world.clock.pass(56 * 60 * 1_000);
    let mut slow = Box::pin(async {
        let access = first.as_deref().unwrap();
        world.services.github_tokens().unwrap().refreshed(access, link(&world)).await
    });
    assert!((&mut slow).now_or_never().is_none());
    let other = access(&fake, &[1]);
    let refused = world.services.github_tokens().unwrap().refreshed(&other, link(&world)).await;
    assert!(matches!(refused, Err(TokenTrouble::Busy)));
    fake.gate.add_permits(1);
    slow.await.unwrap();
    assert_eq!(
        world.services.github_token(&user, &needed).await.unwrap().secret.expose(),
        "access-2"
    );
    // One that died while it was at it is given up after a while.
    world.clock.pass(56 * 60 * 1_000);
    let now = world.services.clock.now();
    let until = Timestamp(now.0 + REFRESH);
    assert!(world.db.begin_refresh(&link(&world), now, until).await.unwrap());
    assert!(matches!(world.services.github_token(&user, &needed).await, Err(TokenTrouble::Busy)));
    world.clock.pass(REFRESH);
    fake.gate.add_permits(1);
    assert_eq!(
        world.services.github_token(&user, &needed).await.unwrap().secret.expose(),
        "access-3"
    );
    world.services.github = None;
}

/// `server` is in the middle of a refresh when `admin` rotates the keys.
async fn rotate_meanwhile(server: Arc<Vault>, admin: &Vault) -> Result<Link, TokenTrouble> {
    let (world, fake, _) = linked(AppKind::App);
    let before = link(&world);
    let of = |vault: &Arc<Vault>| {
        GitHubAccess::new(fake.clone(), vault.clone(), Scopes::default(), String::new())
    };
    let access = of(&server);
    let sealed = access.granted(&before, &fake.grant(""), world.services.clock.now()).unwrap();
    assert!(world.db.update_link(&sealed).await.unwrap());
    fake.gate.forget_permits(100);
    world.clock.pass(56 * 60 * 1_000);
    let tokens = world.services.github_tokens().unwrap();
    let mut refreshing = Box::pin(tokens.refreshed(&access, sealed.clone()));
    assert!((&mut refreshing).now_or_never().is_none());
    let done = world.services.rotate_keys(admin).await.unwrap();
    assert_eq!((done.links, done.kept.len()), (1, 0));
    fake.gate.add_permits(1);
    let renewed = refreshing.await?;
    assert_eq!(link(&world), renewed);
    assert_eq!(access_token(&access, &renewed)?.expose(), "access-2");
    Ok(renewed)
}

#[tokio::test]
async fn a_rotation_in_the_middle_of_a_refresh_loses_nothing() {
    use crate::vault::file::KeyFile;
    let folder = tempfile::tempdir().unwrap();
    let open = || Vault::in_file(KeyFile::in_folder(folder.path()), Arc::new(SystemEntropy));
    rotate_meanwhile(Arc::new(open().unwrap()), &open().unwrap()).await.unwrap();
    // Configured: this server has the new key, but was not started again since it became the first.
    rotate_meanwhile(vault(&[1, 2]), &vault(&[2, 1])).await.unwrap();
}
