import { expect, it } from "vitest";
import { OptionsError } from "../../../src/index.ts";
import { flaskServerDefinition } from "../../../src/interop/flask-session/server-definition.ts";
import type { FlaskServerOptions } from "../../../src/interop/flask-session/server-options.ts";
import { PyDict } from "../../../src/interop/python/values.ts";

const FILES = { filesystem: { folder: "sessions" } };
const make = (options: object): ReturnType<typeof flaskServerDefinition> =>
  flaskServerDefinition("flaskServerSessions", options as FlaskServerOptions);

it.each([
  [{}, "flaskServerSessions"],
  [{ ...FILES, memcached: "127.0.0.1" }, "takes one of"],
  [{ filesystem: { folder: "" } }, "flaskServerSessions.filesystem.folder"],
  [{ filesystem: { folder: "a", threshold: 5 } }, "flaskServerSessions.filesystem.threshold"],
  [{ filesystem: { folder: "a", hash: "sha1" } }, "flaskServerSessions.filesystem.hash"],
  [{ sqlalchemy: { database: "a.db", table: "" } }, "flaskServerSessions.sqlalchemy.table"],
  [{ ...FILES, version: "0.8" }, "flaskServerSessions.version"],
  [{ ...FILES, sessionUseSigner: true }, "flaskServerSessions.secretKey"],
  [{ ...FILES, sessionIdLength: 8 }, "flaskServerSessions.sessionIdLength"],
  [{ ...FILES, sessionKeyPrefix: 1 }, "flaskServerSessions.sessionKeyPrefix"],
  [{ ...FILES, sessionType: "redis" }, "flaskServerSessions.sessionType"],
])("the options %o are refused by name", (options, option) => {
  expect(() => make(options)).toThrow(OptionsError);
  expect(() => make(options)).toThrow(option);
});

it.each([
  [{ ...FILES }, "8004"],
  [{ memcached: "127.0.0.1" }, "81"],
  [{ memcached: "127.0.0.1", sessionSerializationFormat: "json" }, "7b"],
  [{ memcached: "127.0.0.1", version: "0.6" }, "8004"],
  [{ memcached: "127.0.0.1", version: "0.3" }, "2864"],
])("a new session of %o has the form of its version", (options, start) => {
  const bytes = make(options).format.write(new PyDict([["a", 1]]), 0);
  expect(Buffer.from(bytes).toString("hex").slice(0, start.length)).toBe(start);
});

it.each([
  ["0.3", false, "each-visit"],
  ["0.7", false, "on-change"],
  ["0.7", true, "each-visit"],
])("version %s renews a session that is permanent (%s) %s", (version, isPermanent, renewal) => {
  const { convention } = make({ ...FILES, version });
  const said = convention.read(new PyDict([["_permanent", isPermanent]]));
  expect(said).toMatchObject({ persistent: isPermanent, renewal, lifetimeMs: 2_678_400_000 });
});
