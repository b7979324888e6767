import { DatabaseSync } from "node:sqlite";
import { describe, expect, expectTypeOf, it } from "vitest";
import { OptionsError } from "../../../src/index.ts";
import {
  type DjangoDatabaseOptions,
  type DjangoSessionsOptions,
  djangoSessions,
} from "../../../src/interop/django/index.ts";

const database = new DatabaseSync(":memory:");
const secretKey = "secret";
const passwordOf = async (): Promise<undefined> => undefined;
const usual: DjangoDatabaseOptions = { database, secretKey, passwordOf };
const make = (options: object): unknown => djangoSessions(options as DjangoSessionsOptions);

describe("the options of one engine", () => {
  it.each<[string, DjangoSessionsOptions]>([
    ["db", usual],
    ["cached_db", { ...usual, engine: "cached_db", cache: "127.0.0.1:11211", cacheVersion: 2 }],
    ["cache", { engine: "cache", cache: "127.0.0.1:11211", keyPrefix: "a", secretKey, passwordOf }],
    ["file", { engine: "file", folder: "/tmp", secretKey, passwordOf }],
    ["signed_cookies", { engine: "signed_cookies", secretKey, passwordOf }],
  ])("are enough for it: %s", (_, options) => {
    expect(make(options)).toEqual({ share: expect.any(Function) });
  });

  it("do not compile, and are refused, with another's", () => {
    // @ts-expect-error A table has no folder.
    expect(() => djangoSessions({ ...usual, folder: "/tmp" })).toThrow(/djangoSessions\.folder/);
    // @ts-expect-error Files have no table.
    const files = { ...usual, engine: "file", folder: "/tmp" } satisfies DjangoSessionsOptions;
    expect(() => make(files)).toThrow(/djangoSessions\.database/);
    expectTypeOf<{ engine: "cache"; secretKey: string; passwordOf: typeof passwordOf }>()
      // Where is the cache?
      .not.toExtend<DjangoSessionsOptions>();
    expect(() => make({ engine: "cache", secretKey, passwordOf })).toThrow(/djangoSessions\.cache/);
  });
});

it.each<[string, object]>([
  ["secretKey", { secretKey: "" }],
  ["secretKey", { secretKey: undefined }],
  ["secretKeyFallbacks", { secretKeyFallbacks: "old" }],
  ["passwordOf", { passwordOf: undefined }],
  ["passwordOf", { passwordOf: "none" }],
  ["passwordFreshness", { passwordFreshness: "soon" }],
  ["sessionCookieAge", { sessionCookieAge: -1 }],
  ["sessionCookieName", { sessionCookieName: "" }],
  ["sessionSaveEveryRequest", { sessionSaveEveryRequest: "yes" }],
  ["version", { version: "5" }],
  ["engine", { engine: "django.contrib.sessions.backends.db" }],
  ["messageTags", { messageTags: { high: "critical" } }],
  ["absoluteTimeout", { absoluteTimeout: "1d", factsKey: false }],
  ["factsKey", { factsKey: "_messages" }],
  ["database", { database: undefined }],
  ["sessionEngine", { sessionEngine: "db" }],
])("%s is refused at once, by name", (option, given) => {
  expect(() => make({ ...usual, ...given })).toThrow(OptionsError);
  expect(() => make({ ...usual, ...given })).toThrow(new RegExp(`djangoSessions\\.${option}`));
});
