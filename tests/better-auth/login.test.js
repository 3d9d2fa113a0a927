// Better Auth's own client, as its users install it, against a running Progy server: PROGY_URL.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";

import { createAuthClient } from "better-auth/client";
import { deviceAuthorizationClient } from "better-auth/client/plugins";

const url = process.env.PROGY_URL;
const GRANT = "urn:ietf:params:oauth:grant-type:device_code";
const PASSWORD = "correct horse";

/** What `call` came to; fails if it was refused. */
async function done(call) {
  const { data, error } = await call;
  assert.equal(error, null, JSON.stringify(error));
  return data;
}

/** How `call` was refused; fails if it was not. */
async function refused(call) {
  const { data, error } = await call;
  assert.equal(data, null);
  return error;
}

/** A browser: keeps the cookie, and says which page it is on. */
function browser() {
  let cookie;
  const answered = [];
  const client = createAuthClient({
    baseURL: url,
    plugins: [deviceAuthorizationClient()],
    fetchOptions: {
      headers: { origin: url },
      onRequest(context) {
        if (cookie) context.headers.set("cookie", cookie);
      },
      onResponse({ response }) {
        for (const set of response.headers.getSetCookie()) {
          const [pair, ...attributes] = set.split("; ");
          assert.ok(attributes.includes("HttpOnly") && attributes.includes("SameSite=Lax"), set);
          assert.ok(pair.startsWith("better-auth.session_token="), set);
          cookie = pair.endsWith("=") ? undefined : pair;
        }
        answered.push(response);
      },
    },
  });
  return { client, last: () => answered.at(-1), cookie: () => cookie };
}

/** A device: keeps no cookies. */
function device(token) {
  return createAuthClient({
    baseURL: url,
    plugins: [deviceAuthorizationClient()],
    fetchOptions: { auth: { type: "Bearer", token: () => token ?? "" } },
  });
}

function person(name) {
  return { name, email: `${name}@example.org`, password: PASSWORD };
}

/** One poll of a device. */
function poll(code) {
  return device().device.token({
    grant_type: GRANT,
    device_code: code.device_code,
    client_id: "progy-test",
  });
}

const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

test("registering, the session, and signing out", async () => {
  const { client, last, cookie } = browser();
  assert.equal(await done(client.getSession()), null, "nobody yet");
  const ana = await done(client.signUp.email(person("ana")));
  assert.equal(ana.user.email, "ana@example.org");
  assert.equal(ana.user.emailVerified, false);
  assert.ok(ana.user.createdAt instanceof Date, "times are read as times");
  assert.equal(last().headers.get("set-auth-token"), ana.token);

  const { session, user } = await done(client.getSession());
  assert.deepEqual(user, ana.user);
  assert.equal(session.userId, user.id);
  const week = session.expiresAt - session.createdAt;
  assert.equal(week, 7 * 24 * 60 * 60 * 1000);

  // The token alone is as good, for who keeps no cookies.
  const other = await done(device(ana.token).getSession());
  assert.equal(other.session.id, session.id);

  assert.deepEqual(await done(client.signOut()), { success: true });
  assert.equal(cookie(), undefined);
  assert.equal(await done(client.getSession()), null);
  assert.equal(await done(device(ana.token).getSession()), null);

  const again = await done(client.signIn.email({ email: "ana@example.org", password: PASSWORD }));
  assert.deepEqual([again.redirect, again.user], [false, ana.user]);
  assert.equal((await done(client.getSession())).user.id, user.id);
});

test("what the client is told when it is refused", async () => {
  const { client } = browser();
  await done(client.signUp.email(person("bia")));
  const wrong = { email: "bia@example.org", password: "wrong horse" };
  const unknown = { email: "nobody@example.org", password: "wrong horse" };
  for (const credentials of [wrong, unknown]) {
    const error = await refused(client.signIn.email(credentials));
    assert.equal(error.status, 401);
    assert.equal(error.code, "INVALID_EMAIL_OR_PASSWORD");
    assert.equal(error.message, "Invalid email or password");
  }
  const taken = await refused(client.signUp.email(person("bia")));
  assert.deepEqual([taken.status, taken.code], [422, "USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL"]);
  const short = await refused(client.signUp.email({ ...person("caio"), password: "short" }));
  assert.deepEqual([short.status, short.code], [400, "PASSWORD_TOO_SHORT"]);
  const nobody = await refused(device("progys_nobody").listSessions());
  assert.deepEqual([nobody.status, nobody.code], [401, "UNAUTHORIZED"]);
});

test("a device logs in by a code, and its session is ended from the browser", async () => {
  const { client } = browser();
  const { user } = await done(client.signUp.email(person("dora")));

  const code = await done(device().device.code({ client_id: "progy-test", scope: "sync" }));
  assert.equal(code.user_code.length, 8);
  assert.equal(code.verification_uri_complete, `${url}/device?user_code=${code.user_code}`);
  assert.equal((await refused(poll(code))).error, "authorization_pending");
  assert.equal((await refused(poll(code))).error, "slow_down");

  const query = { user_code: code.user_code };
  const userCode = code.user_code;
  const stranger = await done(device().device({ query }));
  assert.deepEqual(stranger, { user_code: userCode, status: "pending" });
  const early = await refused(client.device.approve({ userCode }));
  assert.equal(early.error, "invalid_request");
  assert.match(early.error_description, /has not been claimed/);
  const claimed = await done(client.device({ query }));
  assert.equal(claimed.client_id, "progy-test");
  assert.deepEqual(await done(client.device.approve({ userCode })), { success: true });

  await pause(code.interval * 1000);
  const token = await done(poll(code));
  assert.deepEqual([token.token_type, token.scope], ["Bearer", "sync"]);
  assert.equal((await refused(poll(code))).error, "invalid_grant", "once");
  const logged = device(token.access_token);
  const mine = await done(logged.getSession());
  assert.equal(mine.user.id, user.id);

  const sessions = await done(client.listSessions());
  assert.equal(sessions.length, 2);
  const other = sessions.find((session) => session.id === mine.session.id);
  assert.deepEqual(await done(client.revokeSession({ token: other.token })), { status: true });
  assert.equal(await done(logged.getSession()), null);
  assert.notEqual(await done(client.getSession()), null);
});

test("all other sessions are ended, then all", async () => {
  const { client, cookie } = browser();
  await done(client.signUp.email(person("gil")));
  const credentials = { email: "gil@example.org", password: PASSWORD };
  const other = browser();
  await done(other.client.signIn.email(credentials));
  assert.deepEqual(await done(client.revokeOtherSessions()), { status: true });
  assert.equal(await done(other.client.getSession()), null);
  assert.equal((await done(client.listSessions())).length, 1);
  await done(other.client.signIn.email(credentials));
  assert.deepEqual(await done(client.revokeSessions()), { status: true });
  assert.equal(cookie(), undefined);
  assert.equal(await done(client.getSession()), null);
  assert.equal(await done(other.client.getSession()), null);
});

test("a device is denied, and another signs out by itself", async () => {
  const { client } = browser();
  await done(client.signUp.email(person("eva")));
  const ask = () => done(device().device.code({ client_id: "progy-test" }));
  const denied = await ask();
  await done(client.device({ query: { user_code: denied.user_code } }));
  const no = await done(client.device.deny({ userCode: denied.user_code }));
  assert.deepEqual(no, { success: true });
  assert.equal((await refused(poll(denied))).error, "access_denied");

  const approved = await ask();
  await done(client.device({ query: { user_code: approved.user_code } }));
  await done(client.device.approve({ userCode: approved.user_code }));
  const { access_token } = await done(poll(approved));
  const logged = device(access_token);
  assert.equal((await done(logged.getSession())).user.email, "eva@example.org");
  assert.deepEqual(await done(logged.signOut()), { success: true });
  assert.equal(await done(logged.getSession()), null);
});

test("progy itself uses what the client approves", { skip: !process.env.PROGY }, async () => {
  const { client } = browser();
  const { token } = await done(client.signUp.email(person("fabio")));
  const env = { ...process.env, PROGY_API_URL: url, PROGY_TOKEN: token };
  const who = execFileSync(process.env.PROGY, ["whoami", "--json"], { env, encoding: "utf8" });
  assert.equal(JSON.parse(who).username, "fabio");
});
