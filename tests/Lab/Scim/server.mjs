// A SCIM 2.0 server for the tests: the protocol is SCIMMY's (npm), the users are kept here. It ends when its standard input does.
// Reads one line of JSON: certificate, key, token, weakToken, clientId, clientSecret, patch, etag. Writes its port.
import https from "node:https";
import readline from "node:readline";
import express from "express";
import SCIMMY from "scimmy";
import SCIMMYRouters from "scimmy-routers";

const lines = readline.createInterface({ input: process.stdin });
lines.on("close", () => process.exit(0));
const options = JSON.parse(await new Promise(resolve => lines.once("line", resolve)));

const users = new Map();
const tokens = new Set([options.token]);
let count = 0;
let throttle = null;

const { Error: ScimError } = SCIMMY.Types;
SCIMMY.Resources.declare(SCIMMY.Resources.User, {
  egress: resource => {
    if (resource.id) {
      if (!users.has(resource.id)) throw new ScimError(404, null, `Resource ${resource.id} not found`);
      return users.get(resource.id).shown;
    }
    const all = [...users.values()].map(user => user.shown);
    return resource.filter ? resource.filter.match(all) : all;
  },
  ingress: (resource, instance, request) => {
    if (request.header("Authorization") === `Bearer ${options.weakToken}`) throw new ScimError(403, null, "Operation is not permitted");
    const user = users.get(resource.id);
    if (!user) throw new ScimError(404, null, `Resource ${resource.id} not found`);
    if (typeof instance.password !== "string" || instance.password.length < 8) throw new ScimError(400, "invalidValue", `'${instance.password}' does not satisfy the password policy`);
    user.password = instance.password;
    user.version++;
    return user.shown;
  },
  degress: resource => { users.delete(resource.id); },
});

const app = express();
const fail = (response, status, detail) =>
  response.status(status).type("application/scim+json").send(JSON.stringify({ schemas: ["urn:ietf:params:scim:api:messages:2.0:Error"], status: `${status}`, detail }));

app.use("/scim/v2/Users/:id", (request, response, next) => {
  const user = users.get(request.params.id);
  const isWrite = request.method === "PATCH" || request.method === "PUT";
  if (request.method === "PATCH" && !options.patch) return fail(response, 501, "There is no PATCH");
  if (isWrite && throttle) {
    if (throttle.retryAfter !== null) response.set("Retry-After", throttle.retryAfter);
    throttle = null;
    return fail(response, 429, "Too many requests");
  }
  if (user && options.etag) {
    if (isWrite && request.header("If-Match") && request.header("If-Match") !== `W/"${user.version}"`) return fail(response, 412, "The version is another one");
    response.set("ETag", `W/"${user.version}"`);
  }
  next();
});
app.use("/scim/v2", new SCIMMYRouters({
  type: "bearer",
  context: request => request,
  handler: request => {
    const token = request.header("Authorization")?.replace(/^Bearer /, "");
    if (!tokens.has(token) && token !== options.weakToken) throw new Error("Authorization not detected!");
    return "service";
  },
}));

// After the routers, which declare all that they can do.
SCIMMY.Config.set({ patch: options.patch, filter: true, etag: options.etag, changePassword: true });

app.post("/token", express.urlencoded({ extended: false }), (request, response) => {
  const basic = Buffer.from(`${encodeURIComponent(options.clientId)}:${encodeURIComponent(options.clientSecret)}`).toString("base64");
  if (request.header("Authorization") !== `Basic ${basic}` || request.body.grant_type !== "client_credentials") return response.status(401).json({ error: "invalid_client" });
  const token = `granted-${++count}`;
  tokens.add(token);
  response.json({ access_token: token, token_type: "Bearer", expires_in: 3600 });
});

// What the tests themselves do: no part of SCIM.
app.use("/lab", express.json());
app.post("/lab/users", (request, response) => {
  const id = `${++count}/a?b`;
  const shown = { id, userName: request.body.userName, externalId: request.body.externalId, meta: { resourceType: "User", created: new Date(), lastModified: new Date() } };
  users.set(id, { shown, password: request.body.password, version: 1 });
  response.json({ id });
});
app.post("/lab/password", (request, response) => response.json([...users.values()].filter(user => user.shown.userName === request.body.userName).map(user => user.password)));
app.post("/lab/remove", (request, response) => {
  for (const [id, user] of users) if (user.shown.userName === request.body.userName) users.delete(id);
  response.json({});
});
app.post("/lab/change", (request, response) => {
  for (const user of users.values()) if (user.shown.userName === request.body.userName) user.version++;
  response.json({});
});
app.post("/lab/throttle", (request, response) => { throttle = request.body; response.json({}); });
app.post("/lab/revoke", (request, response) => { tokens.clear(); response.json({}); });

const server = https.createServer({ cert: options.certificate, key: options.key }, app).listen(0, "127.0.0.1", () => console.log(server.address().port));
