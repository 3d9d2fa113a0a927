// Compares what was said between the server and the stand-in with Forgejo's own description of its
// API (Swagger 2.0): our requests with what Forgejo takes, the stand-in's answers with what it answers.
//
//   node check.mjs DESCRIPTION FOLDER     with the records that the stand-in wrote there

import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import Ajv from "ajv";
import addFormats from "ajv-formats";

// What must have been seen, so that a check of nothing does not pass.
const EXPECTED = [
  "GET /user 200",
  "GET /users/{username} 200",
  "GET /users/{username} 404",
  "GET /users/search 200",
  "POST /admin/users 201",
  "PATCH /admin/users/{username} 200",
  "POST /admin/users/{username}/rename 204",
  "POST /admin/users/{username}/repos 201",
  "GET /admin/users/{username}/tokens 200",
  "POST /admin/users/{username}/tokens 201",
  "DELETE /admin/users/{username}/tokens/{token} 204",
  "GET /users/{username}/tokens 200",
  "POST /users/{username}/tokens 201",
  "DELETE /users/{username}/tokens/{token} 204",
  "GET /repos/{owner}/{repo} 200",
  "GET /repos/{owner}/{repo} 404",
  "GET /repositories/{id} 200",
  "PATCH /repos/{owner}/{repo} 200",
  "DELETE /repos/{owner}/{repo} 204",
  "GET /repos/{owner}/{repo}/branch_protections 200",
  "POST /repos/{owner}/{repo}/branch_protections 201",
  "GET /repos/{owner}/{repo}/hooks 200",
  "POST /repos/{owner}/{repo}/hooks 201",
  "DELETE /repos/{owner}/{repo}/hooks/{id} 204",
];

// Every route may answer with these, also where the description does not list them: for what was
// renamed, to who is not known, and where nobody has the name in the path.
const UNLISTED = [301, 307, 401, 404];

const [source, folder] = process.argv.slice(2);
const description = JSON.parse(readFileSync(source, "utf8"));
const ROOT = description.basePath;

// The description names every field and forbids none: a field that it does not name is one that
// Forgejo passes over, or never sends.
function closed(node) {
  if (Array.isArray(node)) return node.map(closed);
  if (node === null || typeof node !== "object") return node;
  const schema = Object.fromEntries(Object.entries(node).map(([key, value]) => [key, closed(value)]));
  const isOpen = schema.type === "object" && schema.properties &&
    schema.additionalProperties === undefined;
  return isOpen ? { ...schema, additionalProperties: false } : schema;
}

const ajv = new Ajv({ strict: false, allErrors: true });
addFormats(ajv);
// The `url` of Swagger is the `uri` of JSON Schema; that of ajv refuses addresses of this machine.
ajv.addFormat("url", (text) => text === "" || URL.canParse(text));
ajv.addFormat("ssh-url", true);
ajv.addSchema({ $id: "forgejo", ...closed(description) });

const pointer = (...parts) =>
  parts.map((part) => "/" + part.replaceAll("~", "~0").replaceAll("/", "~1")).join("");

function problemsOf(value, ...parts) {
  const id = `forgejo#${encodeURI(pointer(...parts))}`;
  const validate = ajv.getSchema(id) ?? ajv.compile({ $ref: id });
  return validate(value)
    ? []
    : validate.errors.map((e) =>
      [e.instancePath || "/", e.message, e.params.additionalProperty].filter(Boolean).join(" "));
}

// The description's template for a path; one with fewer parameters comes first.
function templateOf(path) {
  const parts = path.split("/");
  const fits = Object.keys(description.paths).filter((template) => {
    const names = template.split("/");
    return names.length === parts.length &&
      names.every((name, i) => (name.startsWith("{") ? parts[i] !== "" : name === parts[i]));
  });
  return fits.sort((a, b) => a.split("{").length - b.split("{").length)[0];
}

function problemsOfRequest(exchange, operation, at) {
  const problems = [];
  const parameters = operation.parameters ?? [];
  const query = new URLSearchParams(exchange.query);
  for (const [key, value] of query) {
    const index = parameters.findIndex((p) => p.in === "query" && p.name === key);
    if (index < 0) problems.push(`Forgejo takes no \`${key}\` here`);
    else if (parameters[index].type === "integer" && !/^-?\d+$/.test(value)) {
      problems.push(`\`${key}\` is a number`);
    }
  }
  const index = parameters.findIndex((p) => p.in === "body");
  if (index >= 0 && exchange.body) {
    problems.push(...problemsOf(JSON.parse(exchange.body), ...at, "parameters", String(index), "schema"));
    const type = exchange.headers["content-type"];
    if (type !== "application/json") problems.push(`the body is ${type}`);
  } else if (exchange.body) {
    problems.push("Forgejo takes no body here");
  } else if (parameters[index]?.required) {
    problems.push("Forgejo wants a body here");
  }
  return problems.map((text) => `request: ${text}`);
}

function problemsOfAnswer(exchange, operation, at) {
  const status = String(exchange.status);
  const answer = operation.responses[status];
  if (!answer) {
    return UNLISTED.includes(exchange.status) ? [] : [`Forgejo answers no ${status} here`];
  }
  const parts = answer.$ref ? answer.$ref.slice(2).split("/") : [...at, "responses", status];
  const { schema } = parts.reduce((node, part) => node[part], description);
  if (!schema) return exchange.answer ? ["Forgejo answers without a body"] : [];
  if (!exchange.answer) return ["Forgejo answers with a body"];
  return problemsOf(JSON.parse(exchange.answer), ...parts, "schema").map((t) => `answer: ${t}`);
}

function compare(exchange) {
  const path = exchange.path.slice(ROOT.length);
  const template = templateOf(path);
  const method = exchange.method.toLowerCase();
  const operation = description.paths[template]?.[method];
  if (!operation) {
    return { name: `${exchange.method} ${path}`, problems: ["Forgejo has no such route"] };
  }
  const at = ["paths", template, method];
  // What is refused may have been wrong.
  const asked = exchange.status < 300 ? problemsOfRequest(exchange, operation, at) : [];
  return {
    name: `${exchange.method} ${template} ${exchange.status}`,
    problems: [...asked, ...problemsOfAnswer(exchange, operation, at)],
  };
}

const exchanges = readdirSync(folder)
  .filter((name) => name.endsWith(".jsonl"))
  .flatMap((name) => readFileSync(join(folder, name), "utf8").split("\n").filter(Boolean))
  .map((line) => JSON.parse(line))
  .filter((exchange) => exchange.described && exchange.path.startsWith(`${ROOT}/`));

const seen = new Map();
const found = new Set();
for (const exchange of exchanges) {
  const { name, problems } = compare(exchange);
  seen.set(name, (seen.get(name) ?? 0) + 1);
  for (const problem of problems) found.add(`${name}: ${problem}`);
}
for (const name of EXPECTED.filter((name) => !seen.has(name))) found.add(`${name}: never seen`);
for (const problem of found) console.error(problem);
for (const [name, count] of [...seen].sort()) console.log(`${String(count).padStart(4)} × ${name}`);
console.log(
  `${exchanges.length} exchanges compared with ${description.info.title} ${description.info.version}`,
);
process.exit(found.size > 0 ? 1 : 0);
