//! What the API answers with: every field that GitHub's description calls required.

use serde_json::{Map, Value, json};

use crate::world::{Hook, Person, Repository};

const MADE: &str = "2011-01-25T18:44:36Z";

/// `GET /user`.
pub(crate) fn user(root: &str, person: &Person) -> Value {
    let mut user = simple_user(root, person);
    let public = person.emails.iter().find(|email| email.primary).map(|email| &email.email);
    let more = json!({
        "name": person.name,
        "company": null,
        "blog": "",
        "location": null,
        "email": public,
        "hireable": null,
        "bio": null,
        "twitter_username": null,
        "public_repos": 2,
        "public_gists": 0,
        "followers": 20,
        "following": 0,
        "created_at": MADE,
        "updated_at": MADE,
        "private_gists": 0,
        "total_private_repos": 1,
        "owned_private_repos": 1,
        "disk_usage": 10,
        "collaborators": 0,
        "two_factor_authentication": true,
    });
    extend(&mut user, more);
    Value::Object(user)
}

/// `GET /user/emails`.
pub(crate) fn emails(person: &Person) -> Value {
    let email = |email: &crate::Email| {
        let visibility = email.primary.then_some("private");
        json!({
            "email": email.email,
            "verified": email.verified,
            "primary": email.primary,
            "visibility": visibility,
        })
    };
    person.emails.iter().map(email).collect()
}

/// 422: the name of a repository is taken.
pub(crate) fn name_taken() -> Value {
    json!({
        "message": "Repository creation failed.",
        "errors": [{
            "resource": "Repository",
            "code": "custom",
            "field": "name",
            "message": "name already exists on this account",
        }],
        "documentation_url":
            "https://docs.github.com/rest/repos/repos#create-a-repository-for-the-authenticated-user",
        "status": "422",
    })
}

/// 422: the token is none of the application's.
pub(crate) fn validation_failed() -> Value {
    json!({
        "message": "Validation Failed",
        "errors": [{"resource": "OauthAccess", "code": "invalid", "field": "access_token"}],
        "documentation_url":
            "https://docs.github.com/rest/apps/oauth-applications#delete-an-app-token",
    })
}

/// The fields that stand for a person in other documents.
fn simple_user(root: &str, person: &Person) -> Map<String, Value> {
    let (login, id) = (&person.login, person.id);
    let url = format!("{root}/api/v3/users/{login}");
    let mut user = Map::new();
    extend(
        &mut user,
        json!({
            "login": login,
            "id": id,
            "node_id": format!("U_{id}"),
            "avatar_url": format!("https://avatars.githubusercontent.com/u/{id}?v=4"),
            "gravatar_id": "",
            "url": url,
            "html_url": format!("{root}/{login}"),
            "type": "User",
            "site_admin": false,
        }),
    );
    for (name, rest) in [
        ("followers_url", "/followers"),
        ("following_url", "/following{/other_user}"),
        ("gists_url", "/gists{/gist_id}"),
        ("starred_url", "/starred{/owner}{/repo}"),
        ("subscriptions_url", "/subscriptions"),
        ("organizations_url", "/orgs"),
        ("repos_url", "/repos"),
        ("events_url", "/events{/privacy}"),
        ("received_events_url", "/received_events"),
    ] {
        user.insert(name.to_owned(), format!("{url}{rest}").into());
    }
    user
}

/// What a repository links to, below its own address.
const BELOW_REPOSITORY: [(&str, &str); 36] = [
    ("forks_url", "/forks"),
    ("keys_url", "/keys{/key_id}"),
    ("collaborators_url", "/collaborators{/collaborator}"),
    ("teams_url", "/teams"),
    ("hooks_url", "/hooks"),
    ("issue_events_url", "/issues/events{/number}"),
    ("events_url", "/events"),
    ("assignees_url", "/assignees{/user}"),
    ("branches_url", "/branches{/branch}"),
    ("tags_url", "/tags"),
    ("blobs_url", "/git/blobs{/sha}"),
    ("git_tags_url", "/git/tags{/sha}"),
    ("git_refs_url", "/git/refs{/sha}"),
    ("trees_url", "/git/trees{/sha}"),
    ("statuses_url", "/statuses/{sha}"),
    ("languages_url", "/languages"),
    ("stargazers_url", "/stargazers"),
    ("contributors_url", "/contributors"),
    ("subscribers_url", "/subscribers"),
    ("subscription_url", "/subscription"),
    ("commits_url", "/commits{/sha}"),
    ("git_commits_url", "/git/commits{/sha}"),
    ("comments_url", "/comments{/number}"),
    ("issue_comment_url", "/issues/comments{/number}"),
    ("contents_url", "/contents/{+path}"),
    ("compare_url", "/compare/{base}...{head}"),
    ("merges_url", "/merges"),
    ("archive_url", "/{archive_format}{/ref}"),
    ("downloads_url", "/downloads"),
    ("issues_url", "/issues{/number}"),
    ("pulls_url", "/pulls{/number}"),
    ("milestones_url", "/milestones{/number}"),
    ("notifications_url", "/notifications{?since,all,participating}"),
    ("labels_url", "/labels{/name}"),
    ("releases_url", "/releases{/id}"),
    ("deployments_url", "/deployments"),
];

/// `GET /repos/{owner}/{name}`, `POST /user/repos`.
pub(crate) fn repository(root: &str, owner: &Person, repository: &Repository) -> Value {
    let Repository { id, name, description, private, .. } = repository;
    let full_name = format!("{}/{name}", owner.login);
    let url = format!("{root}/api/v3/repos/{full_name}");
    let mut document = Map::new();
    extend(
        &mut document,
        json!({
            "id": id,
            "node_id": format!("R_{id}"),
            "name": name,
            "full_name": full_name,
            "private": private,
            "owner": simple_user(root, owner),
            "html_url": format!("{root}/{full_name}"),
            "description": description,
            "fork": false,
            "url": url,
            "created_at": MADE,
            "updated_at": MADE,
            "pushed_at": MADE,
            "git_url": format!("git:{full_name}.git"),
            "ssh_url": format!("git@github.com:{full_name}.git"),
            "clone_url": format!("{root}/{full_name}.git"),
            "svn_url": format!("{root}/{full_name}"),
            "mirror_url": null,
            "homepage": null,
            "size": 0,
            "stargazers_count": 0,
            "watchers_count": 0,
            "language": null,
            "has_issues": true,
            "has_projects": true,
            "has_downloads": true,
            "has_wiki": true,
            "has_pages": false,
            "has_discussions": false,
            "forks_count": 0,
            "archived": false,
            "disabled": false,
            "open_issues_count": 0,
            "license": null,
        }),
    );
    extend(
        &mut document,
        json!({
            "forks": 0,
            "open_issues": 0,
            "watchers": 0,
            "default_branch": "main",
            "permissions":
                {"admin": true, "maintain": true, "push": true, "triage": true, "pull": true},
            "allow_forking": true,
            "is_template": false,
            "web_commit_signoff_required": false,
            "topics": [],
            "visibility": if *private { "private" } else { "public" },
            "network_count": 0,
            "subscribers_count": 1,
        }),
    );
    for (field, rest) in BELOW_REPOSITORY {
        document.insert(field.to_owned(), format!("{url}{rest}").into());
    }
    Value::Object(document)
}

/// `GET /repos/{owner}/{name}/hooks`, one of them.
pub(crate) fn hook(root: &str, hook: &Hook) -> Value {
    let id = hook.id;
    let url = format!("{root}/api/v3/repos/x/y/hooks/{id}");
    json!({
        "type": "Repository",
        "id": id,
        "name": "web",
        "active": true,
        "events": ["push"],
        "config": {
            "url": hook.url, "content_type": "json", "secret": "********", "insecure_ssl": "0",
        },
        "updated_at": MADE,
        "created_at": MADE,
        "url": url,
        "test_url": format!("{url}/test"),
        "ping_url": format!("{url}/pings"),
        "deliveries_url": format!("{url}/deliveries"),
        "last_response": { "code": null, "status": "unused", "message": null },
    })
}

fn extend(document: &mut Map<String, Value>, more: Value) {
    if let Value::Object(more) = more {
        document.extend(more);
    }
}
