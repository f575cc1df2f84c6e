// The story by HubSpot's own client for Node.js, which is asked for nothing but another address.
// Reads {url, token, story} from stdin; prints what came back from every step, and what the client's types do not allow.
"use strict";

const { Client } = require("@hubspot/api-client");

const TYPED = ["contacts", "companies", "deals", "tickets"];

function callsOf(crm) {
  const own = (sent) => (TYPED.includes(sent.object) ? [crm[sent.object]] : [crm.objects, sent.object]);
  const record = (part, name, ...names) => (sent, query) => {
    const [api, ...first] = own(sent);
    return api[part][`${name}WithHttpInfo`](...first, ...names.map((each) => valueOf(each, sent, query)));
  };
  const plain = (api, name, ...names) => (sent, query) =>
    api[`${name}WithHttpInfo`](...names.map((each) => valueOf(each, sent, query)));
  const { properties, lists, associations, owners, pipelines, schemas } = crm;
  const { v4 } = associations;
  const labels = v4.schema.definitionsApi;
  return {
    "records.page": record("basicApi", "getPage", "?limit", "?after", "?properties", "?propertiesWithHistory", "?associations", "?archived"),
    "records.read": record("basicApi", "getById", "id", "?properties", "?propertiesWithHistory", "?associations", "?archived", "?idProperty"),
    "records.create": record("basicApi", "create", "body"),
    "records.update": record("basicApi", "update", "id", "body", "?idProperty"),
    "records.archive": record("basicApi", "archive", "id"),
    "records.search": record("searchApi", "doSearch", "body"),
    "records.merge": record("basicApi", "merge", "body"),
    "records.purge": record("basicApi", "purge", "body"),
    "records.batch_read": record("batchApi", "read", "body"),
    "records.batch_create": record("batchApi", "create", "body"),
    "records.batch_update": record("batchApi", "update", "body"),
    "records.batch_upsert": record("batchApi", "upsert", "body"),
    "records.batch_archive": record("batchApi", "archive", "body"),
    "properties.all": plain(properties.coreApi, "getAll", "object", "?archived"),
    "properties.read": plain(properties.coreApi, "getByName", "object", "name", "?archived"),
    "properties.create": plain(properties.coreApi, "create", "object", "body"),
    "properties.update": plain(properties.coreApi, "update", "object", "name", "body"),
    "properties.archive": plain(properties.coreApi, "archive", "object", "name"),
    "properties.batch_read": plain(properties.batchApi, "read", "object", "body"),
    "properties.batch_create": plain(properties.batchApi, "create", "object", "body"),
    "properties.batch_archive": plain(properties.batchApi, "archive", "object", "body"),
    "groups.all": plain(properties.groupsApi, "getAll", "object"),
    "groups.read": plain(properties.groupsApi, "getByName", "object", "name"),
    "groups.create": plain(properties.groupsApi, "create", "object", "body"),
    "groups.update": plain(properties.groupsApi, "update", "object", "name", "body"),
    "groups.archive": plain(properties.groupsApi, "archive", "object", "name"),
    "associations.page": plain(v4.basicApi, "getPage", "object", "id", "to", "?after", "?limit"),
    "associations.set": plain(v4.basicApi, "create", "object", "id", "to", "to_id", "body"),
    "associations.default": plain(v4.basicApi, "createDefault", "object", "id", "to", "to_id"),
    "associations.archive": plain(v4.basicApi, "archive", "object", "id", "to", "to_id"),
    "associations.batch_read": plain(v4.batchApi, "getPage", "object", "to", "model"),
    "associations.batch_create": plain(v4.batchApi, "create", "object", "to", "model"),
    "associations.batch_default": plain(v4.batchApi, "createDefault", "object", "to", "model"),
    "associations.batch_archive": plain(v4.batchApi, "archive", "object", "to", "model"),
    "associations.batch_labels_archive": plain(v4.batchApi, "archiveLabels", "object", "to", "model"),
    "labels.all": plain(labels, "getAll", "object", "to"),
    "labels.create": plain(labels, "create", "object", "to", "body"),
    "labels.update": plain(labels, "update", "object", "to", "body"),
    "labels.remove": plain(labels, "remove", "object", "to", "id"),
    "worded.types": plain(associations.schema.typesApi, "getAll", "object", "to"),
    "worded.read": plain(associations.batchApi, "read", "object", "to", "model"),
    "worded.create": plain(associations.batchApi, "create", "object", "to", "model"),
    "worded.archive": plain(associations.batchApi, "archive", "object", "to", "model"),
    "lists.search": plain(lists.listsApi, "doSearch", "body"),
    "lists.create": plain(lists.listsApi, "create", "body"),
    "lists.some": plain(lists.listsApi, "getAll", "?listIds"),
    "lists.read": plain(lists.listsApi, "getById", "id"),
    "lists.named": plain(lists.listsApi, "getByName", "name", "type"),
    "lists.rename": plain(lists.listsApi, "updateName", "id", "?listName"),
    "lists.remove": plain(lists.listsApi, "remove", "id"),
    "lists.restore": plain(lists.listsApi, "restore", "id"),
    "members.page": plain(lists.membershipsApi, "getPage", "id", "?after", "?before", "?limit"),
    "members.by_time": plain(lists.membershipsApi, "getPageOrderedByAddedToListDate", "id", "?after", "?before", "?limit"),
    "members.lists": plain(lists.membershipsApi, "getLists", "type", "id"),
    "members.add": plain(lists.membershipsApi, "add", "id", "body"),
    "members.remove": plain(lists.membershipsApi, "remove", "id", "body"),
    "members.change": plain(lists.membershipsApi, "addAndRemove", "id", "body"),
    "members.add_from": plain(lists.membershipsApi, "addAllFromList", "id", "source"),
    "members.clear": plain(lists.membershipsApi, "removeAll", "id"),
    "owners.page": plain(owners.ownersApi, "getPage", "?email", "?after", "?limit", "?archived"),
    "owners.read": plain(owners.ownersApi, "getById", "id", "?idProperty"),
    "pipelines.all": plain(pipelines.pipelinesApi, "getAll", "object"),
    "pipelines.read": plain(pipelines.pipelinesApi, "getById", "object", "pipeline"),
    "pipelines.create": plain(pipelines.pipelinesApi, "create", "object", "body"),
    "pipelines.update": plain(pipelines.pipelinesApi, "update", "object", "pipeline", "body"),
    "pipelines.replace": plain(pipelines.pipelinesApi, "replace", "object", "pipeline", "body"),
    "pipelines.remove": plain(pipelines.pipelinesApi, "archive", "object", "pipeline", "?validateReferencesBeforeDelete"),
    "pipelines.audit": plain(pipelines.pipelineAuditsApi, "getAudit", "object", "pipeline"),
    "stages.all": plain(pipelines.pipelineStagesApi, "getAll", "object", "pipeline"),
    "stages.read": plain(pipelines.pipelineStagesApi, "getById", "object", "pipeline", "stage"),
    "stages.create": plain(pipelines.pipelineStagesApi, "create", "object", "pipeline", "body"),
    "stages.update": plain(pipelines.pipelineStagesApi, "update", "object", "pipeline", "stage", "body"),
    "stages.replace": plain(pipelines.pipelineStagesApi, "replace", "object", "pipeline", "stage", "body"),
    "stages.remove": plain(pipelines.pipelineStagesApi, "archive", "object", "pipeline", "stage"),
    "stages.audit": plain(pipelines.pipelineStageAuditsApi, "getAudit", "object", "stage"),
    "schemas.all": plain(schemas.coreApi, "getAll", "?archived"),
    "schemas.read": plain(schemas.coreApi, "getById", "object"),
    "schemas.create": plain(schemas.coreApi, "create", "body"),
    "schemas.update": plain(schemas.coreApi, "update", "object", "body"),
    "schemas.remove": plain(schemas.coreApi, "archive", "object", "?archived"),
    "schemas.join": plain(schemas.coreApi, "createAssociation", "object", "body"),
    "schemas.part": plain(schemas.coreApi, "archiveAssociation", "object", "id"),
  };
}

// What goes into a method at one place: a part of what is sent, with "?" a part of its query, the body as its model.
function valueOf(name, sent, query) {
  if (name === "model") return asModel(sent.body);
  return name.startsWith("?") ? query[name.slice(1)] : sent[name];
}

// The client's models call "from" "_from".
function asModel(value) {
  if (Array.isArray(value)) return value.map(asModel);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name === "from" ? "_from" : name, asModel(each)]));
}

// What the client understood, in the words of the API; notes what its own types do not allow.
function asJson(value, odd, place) {
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "no time" : value.toISOString();
  if (Array.isArray(value)) return value.map((each, at) => asJson(each, odd, `${place}.${at}`));
  if (value === null || typeof value !== "object") return value;
  const map = value.constructor.getAttributeTypeMap?.();
  if (map === undefined) {
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, asJson(each, odd, `${place}.${name}`)]));
  }
  const known = map.filter(({ name }) => value[name] !== undefined && value[name] !== null);
  for (const { name, type } of known) {
    const primitive = ["string", "number", "boolean"].includes(type);
    if (primitive && typeof value[name] !== type) odd.add(`${value.constructor.name}.${name}: ${typeof value[name]}`);
  }
  return Object.fromEntries(known.map(({ name, baseName }) => [baseName, asJson(value[name], odd, `${place}.${name}`)]));
}

function at(body, path) {
  return path.split(".").reduce((held, word) => held?.[word], body);
}

function filled(sent, kept) {
  if (Array.isArray(sent)) return sent.map((each) => filled(each, kept));
  if (sent !== null && typeof sent === "object") {
    return Object.fromEntries(Object.entries(sent).map(([name, each]) => [name, filled(each, kept)]));
  }
  if (typeof sent !== "string" || !sent.includes("$")) return sent;
  return sent.slice(1) in kept ? kept[sent.slice(1)] : sent.replace(/\$(\w+)/g, (_, name) => kept[name]);
}

async function strings(url, sent) {
  const answer = await fetch(`${url}/_admin/${sent.name}`, { method: "POST", body: JSON.stringify(sent.body) });
  return { status: answer.status, body: await answer.json(), headers: {} };
}

async function said(call, sent, odd) {
  try {
    const { httpStatusCode, data, headers } = await call(sent, sent.query ?? {});
    return { status: httpStatusCode, body: asJson(data, odd, "") ?? null, headers };
  } catch (error) {
    if (error.code === undefined || error.headers === undefined) throw error;
    return { status: error.code, body: asJson(error.body, odd, ""), headers: error.headers };
  }
}

async function main() {
  const chunks = [];
  for await (const chunk of process.stdin) chunks.push(chunk);
  const { url, token, story } = JSON.parse(Buffer.concat(chunks));
  const calls = callsOf(new Client({ accessToken: token, basePath: url }).crm);
  const kept = {};
  const odd = new Set();
  const chapters = [];
  for (const step of story) {
    const sent = filled(step.sent, kept);
    const one = step.call === "sandbox" ? await strings(url, sent) : await said(calls[step.call], sent, odd);
    for (const [name, path] of Object.entries(step.keep)) kept[name] = at(one.body, path);
    chapters.push(one);
  }
  process.stdout.write(JSON.stringify({ chapters, odd: [...odd].sort() }));
}

main();
