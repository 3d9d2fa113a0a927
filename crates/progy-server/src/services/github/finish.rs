//! A browser comes back from GitHub.

use futures_util::FutureExt;
use progy_api::account::{Role, User};

use super::super::Services;
use super::super::accounts::audit::Note;
use super::super::accounts::limits::Attempt;
use super::super::accounts::sessions::SignedIn;
use super::super::accounts::{Login, Peer, Refusal, names};
use super::GitHubAccess;
use super::decide::{Known, Linking, SignIn, linking, sign_in};
use super::state::{Pending, Returned, verifier};
use crate::ports::database::accounts::{AuditEvent, Link, LinkId, NewUser, UserEdit};
use crate::ports::database::{Digest, UserId};
use crate::ports::github::{GitHubError, Grant, Profile, trusted_email};
use crate::secret::Secret;
use crate::{Result, ServiceError};

/// What GitHub put into the address that the browser came back to.
#[derive(Debug, Clone, Default)]
pub struct Back {
    /// Which of our requests it answers.
    pub state: Option<Secret>,
    /// What a token is had for.
    pub code: Option<Secret>,
    /// Why there is no code: `access_denied`, for instance.
    pub error: Option<String>,
    /// The same, for people.
    pub error_description: Option<String>,
}

/// What came of it.
#[derive(Debug)]
pub enum Finished {
    /// Somebody is signed in.
    SignedIn {
        /// Who, with a session.
        who: Box<SignedIn>,
        /// Where the browser goes now.
        to: String,
    },
    /// An account is linked.
    Linked {
        /// Where the browser goes now.
        to: String,
    },
    /// Nothing, for a reason in Better Auth's words.
    Failed {
        /// Where the browser goes now, if it said so before it left.
        to: Option<String>,
        /// The code.
        error: String,
        /// More of it, for people.
        description: Option<String>,
    },
}

/// Why it failed: Better Auth's codes.
type Code = &'static str;

const STATE_NOT_FOUND: Code = "state_not_found";
const STATE_MISMATCH: Code = "state_mismatch";
const NO_CODE: Code = "no_code";
const INVALID_CODE: Code = "invalid_code";
const NO_USER_INFO: Code = "unable_to_get_user_info";
const NOT_LINKED: Code = "account_not_linked";
const UNABLE_TO_LINK: Code = "unable_to_link_account";
const TAKEN: Code = "account_already_linked_to_different_user";
const CLOSED: Code = "signup_disabled";
const NOT_CREATED: Code = "unable_to_create_user";

/// A step's result: the code if it failed, the outer error if it is our fault.
type Step<T> = Result<std::result::Result<T, Code>>;

/// Somebody from GitHub.
struct Stranger {
    grant: Grant,
    profile: Profile,
    /// The address that GitHub verified.
    email: Option<String>,
}

impl Stranger {
    fn account(&self) -> String {
        self.profile.id.to_string()
    }
}

impl Services {
    /// Signs somebody in, or links an account. `ticket` is what the browser's cookie holds, `login`
    /// who it is signed in as, `before` the session that it carries.
    pub async fn finish_github(
        &self,
        back: &Back,
        ticket: Option<&Secret>,
        login: Option<&Login>,
        before: Option<&str>,
        peer: &Peer,
    ) -> Result<Finished> {
        self.github()?;
        self.limit_address(Attempt::Social, peer).await?;
        let failed = |to: Option<String>, error: &str| {
            tracing::info!(error, "signing in with GitHub failed");
            Ok(Finished::Failed { to, error: error.to_owned(), description: None })
        };
        let Some(state) = &back.state else { return failed(None, STATE_NOT_FOUND) };
        let (pending, ticket) = match (self.recall(state, ticket).await?, ticket) {
            (Returned::Mine(pending), Some(ticket)) => (pending, ticket),
            (Returned::Mine(pending) | Returned::NotMine(pending), _) => {
                return failed(pending.error, STATE_MISMATCH);
            }
            (Returned::Unknown, _) => return failed(None, STATE_MISMATCH),
        };
        if let Some(error) = &back.error {
            let description = back.error_description.as_deref().map(words);
            let error = code_of(error);
            return Ok(Finished::Failed { to: pending.error, error, description });
        }
        let Some(code) = &back.code else { return failed(pending.error, NO_CODE) };
        let stranger = match self.ask_who(code, ticket).await? {
            Ok(stranger) => stranger,
            Err(code) => return failed(pending.error, code),
        };
        if pending.link.is_some() {
            return match self.link_github(&pending, &stranger, login, peer).await? {
                Ok(()) => Ok(Finished::Linked { to: pending.callback }),
                Err(code) => failed(pending.error, code),
            };
        }
        let (user, is_new) = match self.who_is(&pending, &stranger, peer).await? {
            Ok(who) => who,
            Err(code) => return failed(pending.error, code),
        };
        if let Some(before) = before {
            self.sign_out(before, peer).await?;
        }
        let session = self.new_session(&UserId(user.id.clone()), peer, true)?;
        self.accounts.create_session(&session.record).await?;
        let note = Note::of(AuditEvent::SignedIn).user(&user.id).from(peer);
        self.note(note.subject(&session.record.id.0).detail("with GitHub")).await?;
        let new_user = pending.new_user.filter(|_| is_new);
        let to = new_user.unwrap_or(pending.callback);
        Ok(Finished::SignedIn { who: Box::new(SignedIn { user, session }), to })
    }

    /// Exchanges the code, and asks who that is.
    async fn ask_who(&self, code: &Secret, ticket: &Secret) -> Step<Stranger> {
        let access = self.github()?;
        let grant = access.github.exchange(code, &verifier(ticket), &access.redirect_uri).await;
        let grant = match grant {
            Ok(grant) => grant,
            Err(error) => {
                tracing::warn!(%error, "GitHub gave no token");
                return Ok(Err(INVALID_CODE));
            }
        };
        let profile = match access.github.profile(&grant.access).await {
            Ok(profile) => profile,
            Err(error) => {
                tracing::warn!(%error, "GitHub does not say who it is");
                return Ok(Err(NO_USER_INFO));
            }
        };
        let emails = match access.github.emails(&grant.access).await {
            Ok(emails) => emails,
            // The person did not grant the scope, or the app has no such permission.
            Err(GitHubError::NotFound | GitHubError::Forbidden(_)) => Vec::new(),
            Err(error) => {
                tracing::warn!(%error, "GitHub does not say what the addresses are");
                return Ok(Err(NO_USER_INFO));
            }
        };
        let email = trusted_email(&emails).and_then(|email| names::email(email).ok());
        Ok(Ok(Stranger { grant, profile, email }))
    }

    /// The person here, and whether they are new.
    async fn who_is(
        &self,
        pending: &Pending,
        stranger: &Stranger,
        peer: &Peer,
    ) -> Step<(User, bool)> {
        let access = self.github()?;
        let link = self.accounts.link_to(Link::GITHUB, &stranger.account()).await?;
        let same_email = match &stranger.email {
            Some(email) => self.accounts.user_by_email(email).await?,
            None => None,
        };
        let linked_otherwise = match &same_email {
            Some(user) => self.other_github(user, stranger).await?,
            None => false,
        };
        let invite = pending.invite.as_deref().and_then(digest_of);
        let role = match invite {
            Some(code) => {
                let invite = self.accounts.invite(&code, self.clock.now()).await?;
                invite.map(|invite| invite.role)
            }
            None => pending.open.then_some(Role::Learner),
        };
        let known = Known {
            link: link.as_ref(),
            same_email: same_email.as_ref(),
            linked_otherwise,
            may_register: role.is_some(),
        };
        match (sign_in(&known), link, same_email, role) {
            (SignIn::Owner, Some(link), _, _) => {
                self.renew(access, &link, &stranger.grant).await?;
                let user = self.accounts.user(&link.user).await?;
                Ok(user.map(|user| (user, false)).ok_or(UNABLE_TO_LINK))
            }
            (SignIn::Join, _, Some(user), _) => {
                let added = self.add_link(access, &user, stranger, peer).await?;
                Ok(if added { Ok((user, false)) } else { Err(UNABLE_TO_LINK) })
            }
            (SignIn::Create, _, _, Some(role)) => {
                let created = self.create_from(access, stranger, role, invite, peer).await?;
                Ok(created.map(|user| (user, true)))
            }
            (SignIn::Closed, ..) => Ok(Err(CLOSED)),
            _ => Ok(Err(NOT_LINKED)),
        }
    }

    /// Links the account to who is signed in, who must be the one who asked for it.
    async fn link_github(
        &self,
        pending: &Pending,
        stranger: &Stranger,
        login: Option<&Login>,
        peer: &Peer,
    ) -> Step<()> {
        let access = self.github()?;
        let asked = login.filter(|login| {
            login.session().is_some() && pending.link.as_ref() == Some(&login.user.id)
        });
        let Some(login) = asked else { return Ok(Err(UNABLE_TO_LINK)) };
        let user = &login.user;
        let link = self.accounts.link_to(Link::GITHUB, &stranger.account()).await?;
        let otherwise = self.other_github(user, stranger).await?;
        match (linking(user, link.as_ref(), otherwise), link) {
            (Linking::Renew, Some(link)) => self.renew(access, &link, &stranger.grant).await?,
            (Linking::Add, _) => {
                if !self.add_link(access, user, stranger, peer).await? {
                    return Ok(Err(TAKEN));
                }
            }
            (Linking::Taken, _) => return Ok(Err(TAKEN)),
            (Linking::OneAlready | Linking::Renew, _) => return Ok(Err(UNABLE_TO_LINK)),
        }
        // GitHub has seen that the person reads what is sent to this address.
        if let Some(email) = stranger.email.clone().filter(|_| !user.email_verified) {
            let id = UserId(user.id.clone());
            let edit = UserEdit::EmailVerified(email);
            self.accounts.edit_user(&id, &edit, self.clock.now()).await?;
        }
        Ok(Ok(()))
    }

    /// Whether the person has linked another account at GitHub than the stranger's.
    async fn other_github(&self, user: &User, stranger: &Stranger) -> Result<bool> {
        let links = self.accounts.links_of(&UserId(user.id.clone())).await?;
        let account = stranger.account();
        Ok(links.iter().any(|link| link.provider == Link::GITHUB && link.account != account))
    }

    /// New tokens for a link that exists.
    async fn renew(&self, access: &GitHubAccess, link: &Link, grant: &Grant) -> Result<()> {
        let write = || {
            async {
                let renewed = access.granted(link, grant, self.clock.now())?;
                Ok(self.accounts.update_link(&renewed).await?)
            }
            .boxed()
        };
        access.writing(write).await?;
        Ok(())
    }

    /// A link of somebody who is here. False if another person was faster.
    async fn add_link(
        &self,
        access: &GitHubAccess,
        user: &User,
        stranger: &Stranger,
        peer: &Peer,
    ) -> Result<bool> {
        let link = self.blank_link(&user.id, stranger)?;
        let write = || {
            async {
                let link = access.granted(&link, &stranger.grant, self.clock.now())?;
                Ok(self.accounts.link(&link).await?)
            }
            .boxed()
        };
        let added = access.writing(write).await?;
        if added {
            let note = Note::of(AuditEvent::AccountLinked).user(&user.id).from(peer);
            self.note(note.subject(&link.id.0).detail("github")).await?;
        }
        Ok(added)
    }

    /// A new person, named after their login at GitHub.
    async fn create_from(
        &self,
        access: &GitHubAccess,
        stranger: &Stranger,
        role: Role,
        invite: Option<Digest>,
        peer: &Peer,
    ) -> Step<User> {
        let Stranger { grant, profile, email } = stranger;
        let now = self.clock.now();
        let name = profile.name.as_deref().and_then(|name| names::display(name).ok());
        let user = User {
            id: self.new_id()?,
            username: String::new(),
            name: name.unwrap_or_else(|| profile.login.clone()),
            email: email.clone(),
            email_verified: email.is_some(),
            image: profile.avatar_url.clone(),
            role,
            created_at: now,
            updated_at: now,
        };
        let link = self.blank_link(&user.id, stranger)?;
        let like = names::username_like(&profile.login);
        let write = || {
            async {
                let link = Some(access.granted(&link, grant, now)?);
                let new = NewUser { user: user.clone(), link, invite };
                self.add_under_a_name_like(new, &like).await
            }
            .boxed()
        };
        let user = match access.writing(write).await {
            Ok(user) => user,
            // Somebody was faster: with the account, the address or the invitation.
            Err(ServiceError::Refused(Refusal::InvalidInvite)) => return Ok(Err(CLOSED)),
            Err(ServiceError::Refused(_)) => return Ok(Err(NOT_CREATED)),
            Err(error) => return Err(error),
        };
        let note = Note::of(AuditEvent::UserCreated).user(&user.id).from(peer);
        self.note(note.detail("with GitHub")).await?;
        Ok(Ok(user))
    }

    fn blank_link(&self, user: &str, stranger: &Stranger) -> Result<Link> {
        let (id, user) = (LinkId(self.new_id()?), UserId(user.to_owned()));
        Ok(Link::new(id, user, Link::GITHUB, &stranger.account(), self.clock.now()))
    }
}

/// An error of GitHub's, for an address: lower-case letters and underscores.
fn code_of(error: &str) -> String {
    let code: String =
        error.chars().filter(|c| c.is_ascii_lowercase() || *c == '_').take(64).collect();
    if code.is_empty() { "oauth_error".to_owned() } else { code }
}

fn words(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(300).collect()
}

/// What [`super::start`] wrote down of an invitation.
fn digest_of(hex: &str) -> Option<Digest> {
    blake3::Hash::from_hex(hex).ok().map(|hash| *hash.as_bytes())
}
