// Compares what was said between the server and the stand-in with GitHub's own OpenAPI description:
// our requests with what GitHub takes, the stand-in's answers with what GitHub answers.
//
//   node check.mjs FOLDER     with the records that the stand-in wrote there

import { readFileSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import process from "node:process";
import Ajv from "ajv";
import addFormats from "ajv-formats";

const ROOT = "/api/v3";

// What must have been seen, so that a check of nothing does not pass.
const EXPECTED = [
  "GET /user 200",
  "GET /user 401",
  "GET /user 403",
  "GET /user/emails 200",
  "GET /user/emails 404",
  "DELETE /applications/{client_id}/token 204",
  "DELETE /applications/{client_id}/token 422",
  "GET /repos/{owner}/{repo} 200",
  "GET /repos/{owner}/{repo} 301",
  "GET /repos/{owner}/{repo} 404",
  "GET /repositories/{id} 200",
  "GET /repos/{owner}/{repo}/hooks 200",
  "POST /repos/{owner}/{repo}/hooks 201",
  "DELETE /repos/{owner}/{repo}/hooks/{hook_id} 204",
  "POST /user/repos 403",
  "POST /user/repos 201",
  "POST /user/repos 422",
];

// Where redirections of a repository that was renamed lead, as GitHub's guide to its API says. The
// description does not list it: it is the same repository under its number.
const SAME_AS = { "/repositories/{id}": "/repos/{owner}/{repo}" };

// What goes without saying is not listed with every route: that who asks is not known, and that a
// GitHub App was not given a permission.
const UNLISTED = [401, 403];

const require = createRequire(import.meta.url);
const description = JSON.parse(
  readFileSync(require.resolve("@octokit/openapi/generated/api.github.com.json"), "utf8"),
);

// OpenAPI 3.0 says `nullable` where JSON Schema has the type `null`.
function asJsonSchema(node) {
  if (Array.isArray(node)) return node.map(asJsonSchema);
  if (node === null || typeof node !== "object") return node;
  const { nullable, ...rest } = node;
  const schema = Object.fromEntries(
    Object.entries(rest).map(([key, value]) => [key, asJsonSchema(value)]),
  );
  const isSchema = nullable === true && (schema.type || schema.$ref || schema.anyOf ||
    schema.allOf || schema.oneOf || schema.enum);
  return isSchema ? { anyOf: [schema, { type: "null" }] } : schema;
}

const ajv = new Ajv({ strict: false, allErrors: true });
addFormats(ajv);
ajv.addSchema({ $id: "github", ...asJsonSchema(description) });

const pointer = (...parts) =>
  parts.map((part) => "/" + part.replaceAll("~", "~0").replaceAll("/", "~1")).join("");

function problemsOf(value, ...parts) {
  const validate = ajv.getSchema(`github#${encodeURI(pointer(...parts))}`) ??
    ajv.compile({ $ref: `github#${encodeURI(pointer(...parts))}` });
  return validate(value) ? [] : validate.errors.map((e) => `${e.instancePath || "/"} ${e.message}`);
}

const resolved = (node) =>
  node?.$ref
    ? node.$ref.slice(2).split("/").reduce((at, part) => at[part], description)
    : node;

function isOf(path, template) {
  const [parts, names] = [path.split("/"), template.split("/")];
  return names.length === parts.length &&
    names.every((name, i) => (name.startsWith("{") ? parts[i] !== "" : name === parts[i]));
}

// The description's template for a path; one with fewer parameters comes first.
function templateOf(path) {
  const fits = Object.keys(description.paths).filter((template) => isOf(path, template));
  return fits.sort((a, b) => a.split("{").length - b.split("{").length)[0];
}

function compare(exchange) {
  const path = exchange.path.slice(ROOT.length);
  const called = templateOf(path) ?? Object.keys(SAME_AS).find((template) => isOf(path, template));
  const template = SAME_AS[called] ?? called;
  const method = exchange.method.toLowerCase();
  const operation = description.paths[template]?.[method];
  if (!operation) return { name: `${exchange.method} ${path}`, problems: ["GitHub has no such route"] };
  const name = `${exchange.method} ${called} ${exchange.status}`;
  const problems = [];

  if (exchange.status < 300) {
    const known = (operation.parameters ?? []).map(resolved).filter((p) => p.in === "query");
    for (const key of new URLSearchParams(exchange.query).keys()) {
      if (!known.some((p) => p.name === key)) problems.push(`GitHub takes no \`${key}\` here`);
    }
    if (operation.requestBody) {
      const body = JSON.parse(exchange.body || "null");
      const at = ["paths", template, method, "requestBody", "content", "application/json", "schema"];
      problems.push(...problemsOf(body, ...at).map((text) => `request: ${text}`));
    } else if (exchange.body) {
      problems.push("GitHub takes no body here");
    }
    if (!exchange.headers["user-agent"]) problems.push("the request names no program");
  }

  const answer = operation.responses[exchange.status];
  if (!answer && !UNLISTED.includes(exchange.status)) {
    problems.push(`GitHub answers no ${exchange.status} here`);
  } else {
    const parts = !answer
      ? ["components", "schemas", "basic-error"]
      : answer.$ref
        ? [...answer.$ref.slice(2).split("/"), "content", "application/json", "schema"]
        : ["paths", template, method, "responses", String(exchange.status), "content",
          "application/json", "schema"];
    const hasContent = !answer || resolved(answer).content?.["application/json"];
    if (hasContent) {
      problems.push(...problemsOf(JSON.parse(exchange.answer), ...parts).map((t) => `answer: ${t}`));
    } else if (exchange.answer) {
      problems.push("GitHub answers without a body");
    }
  }
  return { name, problems };
}

const folder = process.argv[2];
const exchanges = readdirSync(folder)
  .filter((name) => name.endsWith(".jsonl"))
  .flatMap((name) => readFileSync(join(folder, name), "utf8").split("\n").filter(Boolean))
  .map((line) => JSON.parse(line))
  .filter((exchange) => exchange.described && exchange.path.startsWith(`${ROOT}/`));

const seen = new Map();
let failed = false;
for (const exchange of exchanges) {
  const { name, problems } = compare(exchange);
  seen.set(name, (seen.get(name) ?? 0) + 1);
  for (const problem of new Set(problems)) {
    console.error(`${name}: ${problem}`);
    failed = true;
  }
}
for (const name of EXPECTED.filter((name) => !seen.has(name))) {
  console.error(`${name}: never seen`);
  failed = true;
}
for (const [name, count] of [...seen].sort()) console.log(`${String(count).padStart(4)} × ${name}`);
console.log(
  `${exchanges.length} exchanges compared with ${description.info.title} ${description.info.version}`,
);
process.exit(failed ? 1 : 0);
