import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { dirname, join, relative } from "node:path";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { run } from "./support/processes.ts";
import { find, folderInside, MANIFEST, ROOT, readText, SUBPATHS } from "./support/project.ts";

/** Values, then types. What stands here is what a new major version is for. */
const SURFACE: Readonly<Record<string, { readonly values: string[]; readonly types: string[] }>> = {
  sojourn: {
    values: [
      "CodecError",
      "CookieTooLargeError",
      "CrossSiteError",
      "DataTooLargeError",
      "ExclusiveError",
      "HeadersSentError",
      "InsecureConnectionError",
      "OptionsError",
      "PrefetchError",
      "REMOVE",
      "SessionEndedError",
      "SessionError",
      "SessionLockedError",
      "StoreError",
      "createSessions",
      "memoryStore",
    ],
    types: [
      "Announcements",
      "AnySessionError",
      "CarrierOptions",
      "Clock",
      "CommitId",
      "CookieOptions",
      "CookiePrefix",
      "CookieSessionOptions",
      "CrossSite",
      "CrossSiteOptions",
      "DeleteExpiredOptions",
      "DeletedExpired",
      "Directory",
      "Duration",
      "EndAll",
      "EndListener",
      "EndOutcome",
      "EndReason",
      "EndedEvent",
      "EndedListener",
      "EndedReason",
      "EngineOptions",
      "EpochMs",
      "ErrorContext",
      "ErrorListener",
      "EventRequest",
      "ExclusiveOptions",
      "ExclusiveSession",
      "ExpectHandOffOptions",
      "Expiry",
      "ExportedSession",
      "FreshOptions",
      "HandOffOptions",
      "HandOffRejection",
      "HandleOptions",
      "JsonObject",
      "JsonValue",
      "Lease",
      "MemoryStoreOptions",
      "OnEndedOptions",
      "Onlooker",
      "OpenOptions",
      "Policy",
      "RedeemOptions",
      "Redemption",
      "Rejection",
      "ScanPage",
      "Schema",
      "SchemaIssue",
      "SchemaResult",
      "Seen",
      "Session",
      "SessionErrorCode",
      "SessionEvents",
      "SessionFacts",
      "SessionId",
      "SessionInfo",
      "SessionListener",
      "SessionOptions",
      "SessionRecord",
      "SessionSource",
      "SessionStore",
      "SessionView",
      "Sessions",
      "SharedSessionOptions",
      "SignInOptions",
      "SignOutOptions",
      "SilentStore",
      "StorableData",
      "StoreCall",
      "StoreOperation",
      "StoreOutcome",
      "StoreProfile",
      "StoredSession",
      "Timeouts",
      "Tombstone",
      "Touch",
      "TrustProxy",
      "Untyped",
      "UpdateOutcome",
      "UserKey",
      "ValueOptions",
      "WatchedSession",
      "WatchedUser",
    ],
  },
  "sojourn/accounts": {
    values: ["accounts"],
    types: ["Account", "AccountSignIn", "Accounts", "AccountsOptions"],
  },
  "sojourn/adapter": {
    values: [
      "attach",
      "attachInner",
      "attachNode",
      "enclose",
      "holdReply",
      "keep",
      "keepThrown",
      "nodeExchange",
      "plainAnswer",
      "serve",
      "webExchange",
    ],
    types: ["Exchange", "Fallback", "Reply", "RequestHead", "Serving", "Visit", "WebExchange"],
  },
  "sojourn/adonis": {
    values: ["sessionMiddleware"],
    types: ["ContextLike", "MiddlewareClass", "MiddlewareOptions"],
  },
  "sojourn/adopt": {
    values: [
      "authJsCookie",
      "authJsDatabaseCookie",
      "betterAuthCookie",
      "cookieSessionCookie",
      "expressSessionCookie",
      "fastifySessionCookie",
      "h3SessionCookie",
      "honoSessionsCookie",
      "ironSessionCookie",
      "koaSessionCookie",
      "nuxtSessionCookie",
      "secureSessionCookie",
    ],
    types: [
      "Adoptable",
      "Adopted",
      "AdoptionMap",
      "AdoptionWords",
      "AuthJsAdapter",
      "AuthJsCookieOptions",
      "AuthJsDatabaseCookieOptions",
      "BetterAuthCookieOptions",
      "ConnectStore",
      "CookieSessionCookieOptions",
      "ExpressSessionCookieOptions",
      "FastifySessionCookieOptions",
      "H3SessionCookieOptions",
      "HonoSessionsCookieOptions",
      "HonoSessionsStore",
      "IronSessionCookieOptions",
      "KoaSessionCookieOptions",
      "KoaSessionStore",
      "NuxtSessionCookieOptions",
      "OldCookiePlace",
      "OldSession",
      "PySecret",
      "Secrets",
      "SecureSessionCookieOptions",
      "Sodium",
    ],
  },
  "sojourn/assurance": {
    values: [
      "AssuranceError",
      "ceiling",
      "credentials",
      "describePolicy",
      "elevate",
      "endElevation",
      "impersonate",
      "impersonation",
      "impersonator",
      "isBelowBest",
      "isElevated",
      "lockWhenIdle",
      "lockedUserId",
      "nist",
      "owasp",
      "requireBest",
      "requireElevated",
      "requireFresh",
      "stopImpersonating",
      "unlock",
    ],
    types: [
      "AssuranceReason",
      "CeilingOptions",
      "CredentialsOptions",
      "CredentialsProtection",
      "ElevateOptions",
      "ImpersonateOptions",
      "LockOptions",
      "LockProtection",
      "NistLevel",
      "OwaspRisk",
      "PresetOptions",
      "RequireFreshOptions",
      "SessionPolicy",
    ],
  },
  "sojourn/astro": {
    values: ["sessionMiddleware"],
    types: ["AstroContext", "AstroMiddleware", "SessionMiddlewareOptions"],
  },
  "sojourn/audit": {
    values: ["audit", "verifyAudit"],
    types: [
      "Audit",
      "AuditDetail",
      "AuditOptions",
      "AuditRecord",
      "AuditRequest",
      "AuditSink",
      "AuditVerdict",
      "ChainLink",
    ],
  },
  "sojourn/bearer": {
    values: ["bearer", "cookieOrBearer"],
    types: ["BearerOptions", "TokenTransport"],
  },
  "sojourn/bridges": {
    values: ["asConnectStore", "connectStore", "keyvStore", "unstorageStore"],
    types: [
      "AsConnectStore",
      "AsConnectStoreOptions",
      "BackendFacts",
      "BridgeOptions",
      "BridgedStorage",
      "BridgedStore",
      "ConnectStore",
      "ConnectStoreOptions",
      "KeyvInstance",
      "KeyvStoreOptions",
      "UnstorageStorage",
      "UnstorageStoreOptions",
    ],
  },
  "sojourn/callbacks": {
    values: ["beginCallback", "finishCallback"],
    types: ["BeginCallbackOptions", "CallbackRefusal", "FinishCallbackOptions", "FinishedCallback"],
  },
  "sojourn/cookie": {
    values: ["cookieCache", "cookieStore", "seal", "sign", "unseal", "unsign"],
    types: [
      "CookieCacheOptions",
      "CookieStore",
      "CookieStoreOptions",
      "Key",
      "KeyList",
      "Keys",
      "NoRevocations",
      "SealOptions",
      "SealingOptions",
    ],
  },
  "sojourn/cookie-session": {
    values: ["cookieSession", "default", "module.exports"],
    types: [
      "CookieAttributes",
      "CookieSessionMiddleware",
      "CookieSessionObject",
      "CookieSessionOptions",
      "CookieSessionRequest",
      "Key",
      "Keygrip",
    ],
  },
  "sojourn/csrf": {
    values: ["csrfField", "csrfMeta", "csrfToken", "requireCsrfToken"],
    types: [],
  },
  "sojourn/dbsc": {
    values: [
      "DeviceProofError",
      "dbscHandler",
      "dbscMiddleware",
      "deviceBound",
      "deviceKeyOffer",
      "requireProof",
    ],
    types: ["DeviceBoundOptions", "NodeResponse"],
  },
  "sojourn/dbsc/client": { values: ["deviceKey"], types: ["DeviceKey", "DeviceKeyOptions"] },
  "sojourn/django": {
    values: ["djangoCookie", "djangoSessions"],
    types: [
      "Adoptable",
      "Adopted",
      "AdoptionMap",
      "AdoptionWords",
      "DjangoCacheOptions",
      "DjangoCachedDatabaseOptions",
      "DjangoCookieOptions",
      "DjangoDatabaseOptions",
      "DjangoFileOptions",
      "DjangoSessionsOptions",
      "DjangoSignedCookieOptions",
      "DjangoVersion",
      "OldCookiePlace",
      "OldSession",
      "PySecret",
      "SharedStore",
    ],
  },
  "sojourn/elysia": {
    values: ["sessionContext", "sessionPlugin"],
    types: ["Wrappable"],
  },
  "sojourn/encrypted": {
    values: ["encrypted"],
    types: ["EncryptedOptions", "EncryptedStore", "Key", "KeyList", "Keys"],
  },
  "sojourn/express": { values: ["sessionMiddleware"], types: ["MiddlewareOptions"] },
  "sojourn/express-session": {
    values: ["Cookie", "MemoryStore", "Session", "Store", "default", "module.exports"],
    types: [
      "ConnectStore",
      "CookieData",
      "CookieOptions",
      "Done",
      "EngineSessionOptions",
      "Secret",
      "SessionCallback",
      "SessionData",
      "SessionMiddleware",
      "SessionOptions",
      "SojournSessionOptions",
    ],
  },
  "sojourn/express-session/moving": {
    values: ["movingStore"],
    types: ["MoveAllOptions", "Moved", "MovingOptions", "MovingSessions", "TheirStore"],
  },
  "sojourn/express-session/session/cookie": {
    values: ["Cookie", "default", "module.exports"],
    types: ["CookieData", "CookieOptions"],
  },
  "sojourn/fastify": { values: ["sessionPlugin"], types: ["SessionPluginOptions"] },
  "sojourn/file": { values: ["fileStore"], types: ["FileStoreOptions"] },
  "sojourn/flask": {
    values: ["flaskCookie", "flaskSessions"],
    types: [
      "Adoptable",
      "Adopted",
      "AdoptionMap",
      "AdoptionWords",
      "FlaskCookieOptions",
      "FlaskOptions",
      "OldCookiePlace",
      "OldSession",
      "PySecret",
      "SharedStore",
      "UserIdAs",
    ],
  },
  "sojourn/flask-session": {
    values: ["flaskServerCookie", "flaskServerSessions"],
    types: [
      "Adoptable",
      "Adopted",
      "AdoptionMap",
      "AdoptionWords",
      "FlaskServerCookieOptions",
      "FlaskServerFiles",
      "FlaskServerOptions",
      "FlaskServerTable",
      "MemcachedSource",
      "OldCookiePlace",
      "OldSession",
      "PySecret",
      "SharedStore",
      "SqlClient",
      "UserIdAs",
    ],
  },
  "sojourn/flows": {
    values: ["FlowError", "flow", "pendingSignIn"],
    types: [
      "Flow",
      "FlowOf",
      "FlowOptions",
      "FlowReason",
      "FlowState",
      "HalfDone",
      "InFlow",
      "PendingSignIn",
      "PendingSignInOptions",
    ],
  },
  "sojourn/h3": { values: ["sessionMiddleware"], types: ["MiddlewareOptions"] },
  "sojourn/hono": {
    values: ["sessionMiddleware"],
    types: ["MiddlewareOptions", "SessionVariables"],
  },
  "sojourn/keys": {
    values: ["keyRing"],
    types: ["KeyFacts", "KeyRingOptions", "KeyWrapper", "TurningKeys"],
  },
  "sojourn/koa": { values: ["sessionMiddleware"], types: ["MiddlewareOptions", "SessionContext"] },
  "sojourn/koa-session": {
    values: ["SessionOptions", "createSession", "default", "module.exports"],
    types: [
      "Application",
      "Callback",
      "Context",
      "CreateSessionOptions",
      "ExternalKey",
      "ExternalStore",
      "Session",
      "SessionContext",
      "SessionMiddleware",
      "StoredSession",
    ],
  },
  "sojourn/layered": { values: ["layered"], types: ["LayeredOptions", "LayeredStoreOf"] },
  "sojourn/limits": {
    values: ["RateLimitError", "SessionLimitError", "limitCreation", "limitSessions"],
    types: [
      "ClientRequest",
      "CreationLimit",
      "LimitCreationOptions",
      "LimitSessionsOptions",
      "OnLimit",
      "Protection",
    ],
  },
  "sojourn/live": {
    values: ["liveSessions"],
    types: [
      "Closing",
      "ConnectOptions",
      "LiveEnd",
      "LiveEndListener",
      "LiveEndReason",
      "LiveOptions",
      "LiveSession",
      "LiveSessions",
    ],
  },
  "sojourn/memcached": {
    values: ["memcachedStore"],
    types: [
      "CallbackMemcachedClient",
      "MemcachedCallback",
      "MemcachedClient",
      "MemcachedStoreOptions",
      "PromiseMemcachedClient",
    ],
  },
  "sojourn/migrate": {
    values: ["migrateSessions", "movingStore"],
    types: [
      "Destination",
      "MigrateOptions",
      "MovableStore",
      "MoveProgress",
      "MoveResult",
      "MovingStoreOptions",
    ],
  },
  "sojourn/mysql": {
    values: ["mysqlSchema", "mysqlStore"],
    types: [
      "MysqlCallbackPool",
      "MysqlConnection",
      "MysqlPool",
      "MysqlPromisePool",
      "MysqlStatement",
      "MysqlStoreOptions",
      "MysqlValue",
    ],
  },
  "sojourn/nest": {
    values: ["CurrentSession", "InjectSessions", "SessionModule", "SignedIn", "SignedInGuard"],
    types: [
      "ByName",
      "CurrentSessionOptions",
      "SessionModuleAsyncOptions",
      "SessionModuleOptions",
      "SignedInOptions",
    ],
  },
  "sojourn/next": {
    values: ["nextSessions"],
    types: ["Answered", "NextSessions", "NextSessionsOptions"],
  },
  "sojourn/node": { values: ["sessionMiddleware"], types: ["NodeMiddleware", "NodeNext"] },
  "sojourn/nuxt": {
    values: ["sessionPlugin"],
    types: ["NuxtEvent", "NuxtServer", "PluginOptions"],
  },
  "sojourn/oidc": {
    values: [
      "federated",
      "identityOf",
      "receiveLogout",
      "receiveSecurityEvent",
      "renewIdentity",
      "signInFrom",
    ],
    types: [
      "FederatedOptions",
      "IdTokenClaims",
      "Identity",
      "IdentityProvider",
      "Protection",
      "Received",
      "SecurityEvent",
      "SecurityEventOptions",
      "SubjectId",
      "SubjectOptions",
      "TokenProblem",
    ],
  },
  "sojourn/own-cookies": {
    values: ["plainCookie", "sealedCookie", "signedCookie"],
    types: [
      "CookieRefusal",
      "Key",
      "KeyList",
      "KeyedCookieOptions",
      "Keys",
      "OwnCookie",
      "OwnCookieAttributes",
      "OwnCookieReading",
      "PlainCookieOptions",
    ],
  },
  "sojourn/postgres": {
    values: ["postgresSchema", "postgresStore"],
    types: [
      "PGliteDatabase",
      "PgClient",
      "PgNotification",
      "PgPool",
      "PgPoolClient",
      "PgQuery",
      "PgQueryable",
      "PostgresClient",
      "PostgresJsFactory",
      "PostgresJsQuery",
      "PostgresJsSql",
      "PostgresStoreOptions",
      "PostgresValue",
    ],
  },
  "sojourn/react-router": {
    values: ["sessionMiddleware"],
    types: ["MiddlewareOptions", "RouterArgs"],
  },
  "sojourn/redis": {
    values: ["redisStore"],
    types: [
      "IoRedisClient",
      "IoRedisCluster",
      "NodeRedisClient",
      "NodeRedisCluster",
      "NodeRedisCommandOptions",
      "NodeRedisLease",
      "NodeRedisPool",
      "NodeRedisSentinel",
      "RedisClient",
      "RedisEvents",
      "RedisSessionStore",
      "RedisStoreOptions",
    ],
  },
  "sojourn/remix": { values: ["sessionMiddleware"], types: ["MiddlewareOptions", "RemixContext"] },
  "sojourn/socket.io": {
    values: ["socketMiddleware"],
    types: ["Admission", "ConnectErrorData", "IoSocket"],
  },
  "sojourn/sqlite": {
    values: ["sqliteStore"],
    types: ["SqliteDatabase", "SqliteStatement", "SqliteStoreOptions", "SqliteValue"],
  },
  "sojourn/starlette": {
    values: ["starletteCookie", "starletteSessions"],
    types: [
      "Adoptable",
      "Adopted",
      "AdoptionMap",
      "AdoptionWords",
      "OldCookiePlace",
      "OldSession",
      "PySecret",
      "SharedStore",
      "StarletteCookieOptions",
      "StarletteOptions",
      "UserIdAs",
    ],
  },
  "sojourn/sveltekit": {
    values: ["sessionHandle"],
    types: ["SessionHandleOptions", "SvelteKitEvent", "SvelteKitHandle"],
  },
  "sojourn/tanstack-start": {
    values: ["sessionMiddleware"],
    types: [
      "MiddlewareOptions",
      "SessionContext",
      "SessionContextMiddleware",
      "StartArgs",
      "StartResult",
    ],
  },
  "sojourn/testing": {
    values: ["describeAdapter", "describeStore", "issue", "testClient", "testClock"],
    types: [
      "AdapterAnswer",
      "AdapterCall",
      "AdapterData",
      "AdapterRoute",
      "AdapterServer",
      "BodilessRequest",
      "CookiePair",
      "DescribeAdapterOptions",
      "DescribeStoreOptions",
      "IssueOptions",
      "IssuedCookie",
      "OpenStore",
      "RefusedCookie",
      "ServeRoutes",
      "StoreUnderTest",
      "TestClient",
      "TestClientOptions",
      "TestClock",
      "TestCookie",
      "TestRequest",
      "TestRunner",
      "TestTarget",
    ],
  },
  "sojourn/theft": {
    values: ["clearSiteData", "detectReuse", "everyoneAtOnce", "revokeEveryone", "watchForDrift"],
    types: [
      "DetectReuseOptions",
      "DriftAction",
      "DriftPolicy",
      "DriftRequest",
      "DriftSignal",
      "EveryoneOptions",
      "Protection",
      "SiteData",
      "WatchForDriftOptions",
    ],
  },
  "sojourn/tornado": {
    values: ["pycketCookie", "pycketSessions", "tornadoCookie", "tornadoSessions"],
    types: [
      "Adoptable",
      "Adopted",
      "AdoptionMap",
      "AdoptionWords",
      "MemcachedSource",
      "OldCookiePlace",
      "OldSession",
      "PickleProtocol",
      "PySecret",
      "PycketCommonOptions",
      "PycketCookieOptions",
      "PycketMemcachedOptions",
      "PycketOptions",
      "PycketRedisOptions",
      "SharedStore",
      "TornadoCookieLife",
      "TornadoCookieOptions",
      "TornadoOptions",
      "TornadoSigningOptions",
      "UserIdAs",
    ],
  },
  "sojourn/values": { values: ["richValues"], types: ["Devalue", "RichValues"] },
  "sojourn/ws": {
    values: ["acceptSockets"],
    types: ["AcceptOptions", "SocketHandler"],
  },
};

/** Bytes of JavaScript that `import "sojourn"` may load, a hundredth of it to spare. */
const MAX_LOADED_BYTES = 432_000;

const program = ts.createProgram(
  SUBPATHS.map(({ types }) => types),
  { module: ts.ModuleKind.NodeNext, skipLibCheck: true, types: ["node"] },
);
const checker = program.getTypeChecker();

interface Exported {
  readonly name: string;
  readonly isValue: boolean;
  readonly documentation: string;
}

function exportsOf(file: string): Exported[] {
  const source = program.getSourceFile(file);
  const symbol = source && checker.getSymbolAtLocation(source);
  if (symbol === undefined) return [];
  return checker.getExportsOfModule(symbol).map((exported) => {
    const isAlias = (exported.flags & ts.SymbolFlags.Alias) !== 0;
    const target = isAlias ? checker.getAliasedSymbol(exported) : exported;
    return {
      name: exported.name,
      isValue: (target.flags & ts.SymbolFlags.Value) !== 0 && !isTypeOnly(exported),
      documentation: ts.displayPartsToString(target.getDocumentationComment(checker)),
    };
  });
}

function isTypeOnly(symbol: ts.Symbol): boolean {
  return (symbol.declarations ?? []).some(
    (declaration) =>
      ts.isExportSpecifier(declaration) &&
      (declaration.isTypeOnly || declaration.parent.parent.isTypeOnly),
  );
}

/** What a built module imports, by the text of its imports. */
function importsOf(file: string): string[] {
  const { importedFiles } = ts.preProcessFile(readFileSync(file, "utf8"));
  return importedFiles.map(({ fileName }) => fileName);
}

/** Every built module that importing a file loads, and every package that it asks for. */
function closureOf(file: string): { readonly files: string[]; readonly packages: string[] } {
  const files = new Set<string>();
  const packages = new Set<string>();
  const visit = (next: string): void => {
    if (files.has(next)) return;
    files.add(next);
    for (const specifier of importsOf(next)) {
      if (specifier.startsWith(".")) visit(join(dirname(next), specifier));
      else packages.add(specifier);
    }
  };
  visit(file);
  return { files: [...files], packages: [...packages].sort() };
}

describe("the subpaths", () => {
  it("are these", () => {
    expect(SUBPATHS.map(({ specifier }) => specifier).sort()).toEqual(Object.keys(SURFACE).sort());
    expect(MANIFEST.exports["./package.json"]).toBe("./package.json");
  });

  it.each(SUBPATHS)("exist: $specifier", async ({ specifier, types, code }) => {
    expect(statSync(types).isFile()).toBe(true);
    expect(statSync(code).isFile()).toBe(true);
    expect(Object.keys(await import(specifier)).sort()).toEqual(SURFACE[specifier]?.values);
  });

  it.each(SUBPATHS)("export their types and nothing else: $specifier", ({ specifier, types }) => {
    const exported = exportsOf(types);
    const names = (isValue: boolean): string[] =>
      exported.filter((one) => one.isValue === isValue).map(({ name }) => name);
    expect(names(true).sort()).toEqual(SURFACE[specifier]?.values);
    expect(names(false).sort()).toEqual(SURFACE[specifier]?.types);
  });

  it.each(SUBPATHS)("say of each name in a sentence what it is: $specifier", ({ types }) => {
    const exported = exportsOf(types);
    expect(exported.length).toBeGreaterThan(0);
    const speechless = exported.filter(
      ({ documentation }) => !/^[A-Z"`].*[.:]/s.test(documentation),
    );
    expect(speechless.map(({ name, documentation }) => `${name}: ${documentation}`)).toEqual([]);
  });
});

/** What a subpath imports when it runs, and nobody has who needs it not. */
const NEEDED: Readonly<Record<string, readonly string[]>> = {
  "sojourn/dbsc": ["jose"],
  // What tells the framework's own response of a handler's value.
  "sojourn/h3": ["h3"],
  // Decorators, and what is injected: docs/decisions/0111.
  "sojourn/nest": ["@nestjs/common", "@nestjs/core"],
  // Its adapter asks for the present request.
  "sojourn/next": ["next/headers.js"],
  "sojourn/oidc": ["jose"],
};

describe("the modules that are loaded", () => {
  it("need no package at run time", () => {
    expect(MANIFEST.dependencies ?? {}).toEqual({});
    for (const name of Object.keys(MANIFEST.peerDependencies)) {
      expect(MANIFEST.peerDependenciesMeta[name]).toEqual({ optional: true });
    }
  });

  it.each(SUBPATHS.filter(({ specifier }) => specifier !== "sojourn/testing"))(
    "import nothing but Node's own: $specifier",
    ({ specifier, code }) => {
      const foreign = closureOf(code).packages.filter((imported) => !isBuiltin(imported));
      expect(foreign).toEqual(NEEDED[specifier] ?? []);
    },
  );

  it("of core import node:crypto and node:async_hooks alone", () => {
    const core = join(ROOT, "dist/core/");
    const isOwn = (file: string, specifier: string): boolean =>
      specifier.startsWith(".") && join(ROOT, dirname(file), specifier).startsWith(core);
    const foreign = find("dist/core/**/*.js").flatMap((file) =>
      importsOf(join(ROOT, file)).filter((specifier) => !isOwn(file, specifier)),
    );
    expect([...new Set(foreign)].sort()).toEqual(["node:async_hooks", "node:crypto"]);
  });

  it("by sojourn itself are the engine, the cookies, the memory store and the web adapter", () => {
    const { files, packages } = closureOf(join(ROOT, "dist/index.js"));
    const outside = files
      .map((file) => relative(join(ROOT, "dist"), file))
      .filter((file) => !/^(core|cookies|stores\/memory)\//.test(file));
    expect(outside.sort()).toEqual([
      "create-sessions.js",
      "frameworks/port/failed-response.js",
      "frameworks/port/web-exchange.js",
      "frameworks/port/web-reply.js",
      "frameworks/port/web-respond.js",
      "frameworks/port/whole-body.js",
      "frameworks/web.js",
      "index.js",
      "sealing/missing-keys.js",
    ]);
    expect(packages).toEqual([
      "node:async_hooks",
      "node:crypto",
      "node:net",
      "node:timers/promises",
    ]);
  });

  it("by sojourn stay within their budget", async () => {
    const { files } = closureOf(join(ROOT, "dist/index.js"));
    const bytes = files.reduce((sum, file) => sum + withoutComments(file), 0);
    const script = `
      const startedAt = performance.now();
      await import("sojourn");
      console.log(performance.now() - startedAt);`;
    const times: number[] = [];
    for (let runs = 0; runs < 5; runs += 1) {
      const args = ["--input-type=module", "--eval", script];
      times.push(Number((await run(process.execPath, args, { cwd: ROOT })).stdout));
    }
    const fastest = Math.min(...times).toFixed(1);
    console.log(`import "sojourn": ${files.length} modules, ${bytes} bytes of code, ${fastest} ms`);
    expect(bytes).toBeLessThan(MAX_LOADED_BYTES);
    expect(bytes).toBeGreaterThan(MAX_LOADED_BYTES / 2);
  });
});

/** Comments weigh nothing once the module is loaded, and should never be dear. */
function withoutComments(file: string): number {
  const text = readFileSync(file, "utf8");
  const { outputText } = ts.transpileModule(text, {
    compilerOptions: {
      removeComments: true,
      target: ts.ScriptTarget.ESNext,
      module: ts.ModuleKind.ESNext,
    },
  });
  return Buffer.byteLength(outputText);
}

describe("the repository", () => {
  const tracked = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], {
    cwd: ROOT,
    encoding: "utf8",
  })
    .split("\n")
    .filter((file) => file !== "" && !file.startsWith("test/packaging/surface"));

  /** In pieces, so that this file does not hold what it looks for. */
  const UNWANTED: readonly [string, RegExp][] = [
    ["paths of one machine", /\/(?:home|Users|root|work|tmp)\/[a-z]\w+\/\w+|[A-Z]:\\Users/],
    [
      "registry addresses",
      /"resolved": "(?!file:)|registry\.npm|npmjs\.org\/|npm\.pkg\.github|verdaccio|artifactory/i,
    ],
    ["unfinished work", /\b(?:TODO|FIXME|XXX|HACK)\b/],
    ["private keys", /-----BEGIN [A-Z ]*PRIVATE KEY/],
    [
      "keys of services",
      /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b|\bgh[pousr]_\w{30,}|\bnpm_\w{30,}|\bsk_live_\w+|xox[bp]-\w+/,
    ],
    ["unresolved merges", /^(?:<{7}|>{7}) /m],
    ["focused tests", /\b(?:it|describe|test)\.only\(/],
  ];

  it("has files", () => {
    expect(tracked.length).toBeGreaterThan(100);
  });

  it.each(UNWANTED)("holds no %s", (_name, pattern) => {
    const found = tracked.flatMap((file) => {
      const match = pattern.exec(textOf(file));
      return match === null ? [] : [`${file}: ${match[0]}`];
    });
    expect(found).toEqual([]);
  });

  it("tracks nothing that is built", () => {
    expect(
      tracked.filter((file) => /^(?:dist|coverage|reports|node_modules)\//.test(file)),
    ).toEqual([]);
  });

  it.each(find("docs/decisions/*.md"))("tells context, decision and consequence: %s", (file) => {
    const text = readText(file);
    expect(text).toMatch(/^# .+\n/);
    expect(text).toMatch(/\n\*\*Context\.\*\* .*\n\*\*Decision\.\*\* .*\n\*\*Consequence\.\*\* /s);
    expect(file).toMatch(/\/\d{4}-[a-z0-9-]+\.md$/);
  });

  it("numbers its decisions one after the other", () => {
    const numbers = find("docs/decisions/*.md").map((file) => Number(file.slice(15, 19)));
    expect(numbers).toEqual(numbers.map((_, index) => index + 1));
  });

  it("has the decisions that its sources point to", () => {
    const pages = find("docs/decisions/*.md").map((page) => page.slice(0, 19));
    const cited = find("src/**/*.ts").flatMap((file) => [
      ...readText(file).matchAll(/docs\/decisions\/\d+/g),
    ]);
    expect(cited.length).toBeGreaterThan(0);
    expect(cited.map(([page]) => page).filter((page) => !pages.includes(page))).toEqual([]);
  });

  it("has a README for each store", () => {
    const folders = new Set(find("src/stores/*/index.ts").map(dirname));
    const headings = [
      "Use it when",
      "Do not use it when",
      "Set up",
      "Storage format",
      "Expiry and clean-up",
      "Consistency",
    ];
    for (const folder of folders) {
      const text = readText(`${folder}/README.md`);
      for (const heading of headings)
        expect(text.toLowerCase()).toContain(`## ${heading.toLowerCase()}`);
    }
  });
});

function textOf(file: string): string {
  try {
    return readText(file);
  } catch {
    // Deleted, and not committed yet.
    return "";
  }
}

describe("the rules that the linter watches", () => {
  /** Each a breach of a layer, an import cycle or a rule of the house. */
  const BREACHES: readonly [string, string, string, string][] = [
    [
      "core",
      "core reads the cookies",
      'import { cookieValues } from "../cookies/cookie-header.ts";\nexport const x: unknown = cookieValues;',
      "noRestrictedImports",
    ],
    [
      "core",
      "core does I/O",
      'import { readFileSync } from "node:fs";\nexport const x: unknown = readFileSync;',
      "noRestrictedImports",
    ],
    [
      "core",
      "core takes a package",
      'import express from "express";\nexport const x: unknown = express;',
      "noRestrictedImports",
    ],
    [
      "cookies",
      "cookies ask a store",
      'import { memoryStore } from "../stores/memory/index.ts";\nexport const x: unknown = memoryStore;',
      "noRestrictedImports",
    ],
    [
      "cookies",
      "cookies know a framework",
      'import { handle } from "../frameworks/web.ts";\nexport const x: unknown = handle;',
      "noRestrictedImports",
    ],
    [
      "stores/memory",
      "a store reads another",
      'import { sqliteStore } from "../sqlite/index.ts";\nexport const x: unknown = sqliteStore;',
      "noRestrictedImports",
    ],
    [
      "stores/memory",
      "a store reads the cookies",
      'import { cookieValues } from "../../cookies/cookie-header.ts";\nexport const x: unknown = cookieValues;',
      "noRestrictedImports",
    ],
    [
      "stores/memory",
      "a store imports sojourn by its name",
      'import { createSessions } from "sojourn";\nexport const x: unknown = createSessions;',
      "noRestrictedImports",
    ],
    [
      "stores/memory",
      "a store over something else reads the columns",
      'import { LIVE_NAMES } from "../sql/columns.ts";\nexport const x: unknown = LIVE_NAMES;',
      "noRestrictedImports",
    ],
    [
      "stores/mysql",
      "a store over SQL reads another",
      'import { ROWS } from "../sqlite/statements.ts";\nexport const x: unknown = ROWS;',
      "noRestrictedImports",
    ],
    [
      "stores/sql",
      "the columns know a store",
      'import { ROWS } from "../sqlite/statements.ts";\nexport const x: unknown = ROWS;',
      "noRestrictedImports",
    ],
    [
      "frameworks",
      "an adapter reads the tests' tools",
      'import { testClock } from "../testing/index.ts";\nexport const x: unknown = testClock;',
      "noRestrictedImports",
    ],
    [
      "frameworks",
      "an adapter reads the face",
      'import { createSessions } from "../create-sessions.ts";\nexport const x: unknown = createSessions;',
      "noRestrictedImports",
    ],
    [
      "core",
      "a promise floats",
      "async function later(): Promise<void> {}\nexport function now(): void {\n  later();\n}",
      "noFloatingPromises",
    ],
    ["core", "a value is any", "export const x: any = 1;", "noExplicitAny"],
    [
      "core",
      "a null is asserted away",
      "export function f(x: string | undefined): string {\n  return x!;\n}",
      "noNonNullAssertion",
    ],
    [
      "core",
      "a function is a maze",
      `export function f(x: number): number {\n${"  if (x > 1) {\n".repeat(6)}    return 1;\n${"  }\n".repeat(6)}  return 0;\n}`,
      "noExcessiveCognitiveComplexity",
    ],
    [
      "drop-ins/express-session",
      "a drop-in reads the tests' tools",
      'import { testClock } from "../../testing/index.ts";\nexport const x: unknown = testClock;',
      "noRestrictedImports",
    ],
  ];

  it.each(BREACHES)(
    "catch it in %s where %s",
    { timeout: 240_000 },
    async (layer, name, text, rule) => {
      const folder = mirrorWithBreach(layer, `${text}\n`);
      const biome = join(ROOT, "node_modules/@biomejs/biome/bin/biome");
      const args = [
        biome,
        "lint",
        "--error-on-warnings",
        "--max-diagnostics=50",
        `src/${layer}/planted.ts`,
      ];
      const { code, stdout, stderr } = await run(process.execPath, args, { cwd: folder });
      rmSync(folder, { recursive: true, force: true });
      expect(stdout + stderr, name).toContain(rule);
      expect(code).toBe(1);
    },
  );

  it.each([
    ["values", "import { x }", "export { x }"],
    ["types", "import type { x }", "export type { x }"],
  ])(
    "catch a cycle of imports of %s, and print it",
    { timeout: 240_000 },
    async (_, take, pass) => {
      const folder = mirrorWithBreach(
        "stores/memory",
        `${take} from "./next.ts";\nexport { x };\n`,
      );
      writeFileSync(join(folder, "src/stores/memory/next.ts"), `${pass} from "./planted.ts";\n`);
      const biome = join(ROOT, "node_modules/@biomejs/biome/bin/biome");
      const args = [biome, "lint", "--error-on-warnings", "src/stores/memory/planted.ts"];
      const { code, stdout, stderr } = await run(process.execPath, args, { cwd: folder });
      rmSync(folder, { recursive: true, force: true });
      expect(stdout + stderr).toMatch(/noImportCycles.*This import resolves to .*next\.ts/s);
      expect(code).toBe(1);
    },
  );

  it("see every import, as none stands in the middle of a file", () => {
    // What `sojourn init` writes is text here.
    const modules = find("src/**/*.ts").filter((file) => !/^src\/cli\/init\/setups\//.test(file));
    const hidden = modules.filter((file) => /\bimport\("\./.test(readText(file)));
    expect(hidden).toEqual([]);
  });

  it("spare no cycle of imports, be it of types", {
    timeout: 240_000,
  }, async () => {
    const folder = mirrorWithBreach("core", "export {};\n");
    const own = join(folder, "biome.json");
    const { overrides, ...rules } = JSON.parse(readFileSync(own, "utf8"));
    writeFileSync(own, JSON.stringify(rules));
    const biome = join(ROOT, "node_modules/@biomejs/biome/bin/biome");
    const only = ["--only=suspicious/noImportCycles", "--max-diagnostics=none"];
    const { stdout, stderr } = await run(process.execPath, [biome, "lint", ...only, "src"], {
      cwd: folder,
    });
    rmSync(folder, { recursive: true, force: true });
    const standing = (stdout + stderr).matchAll(/^(src\S+\.ts):\d+:\d+ \S+noImportCycles/gm);
    expect([...new Set([...standing].map(([, file]) => file))]).toEqual([]);
    const sparing = overrides.filter(
      ({ includes, linter }: Override) =>
        linter.rules.suspicious?.noImportCycles !== undefined &&
        // A router and its routes, as their tool writes them.
        includes.join() !== "examples/tanstack-start/**",
    );
    expect(sparing).toEqual([]);
  });

  it("let through what breaks none", { timeout: 240_000 }, async () => {
    const folder = mirrorWithBreach(
      "cookies",
      'export { OptionsError } from "../core/errors.ts";\n',
    );
    const biome = join(ROOT, "node_modules/@biomejs/biome/bin/biome");
    const args = [biome, "lint", "--error-on-warnings", "src/cookies/planted.ts"];
    const { code } = await run(process.execPath, args, { cwd: folder });
    rmSync(folder, { recursive: true, force: true });
    expect(code).toBe(0);
  });
});

interface Override {
  readonly includes: readonly string[];
  readonly linter: {
    readonly rules: { readonly suspicious?: { readonly noImportCycles?: unknown } };
  };
}

/** A copy of the layers' places with the project's rules, so that the project itself stays clean. */
function mirrorWithBreach(layer: string, text: string): string {
  const folder = folderInside("breach");
  const rules = JSON.parse(readText("biome.json"));
  // Without git there is no ignore file, and without that the folder's own name ignores nothing.
  const own = { ...rules, root: true, vcs: { enabled: false } };
  delete own.$schema;
  writeFileSync(join(folder, "biome.json"), JSON.stringify(own));
  for (const file of find("src/**/*.ts")) {
    const copy = join(folder, file);
    mkdirSync(dirname(copy), { recursive: true });
    writeFileSync(copy, readText(file));
  }
  writeFileSync(join(folder, `src/${layer}/planted.ts`), text);
  return folder;
}
