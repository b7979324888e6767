import { basename, dirname, join, relative } from "node:path";
import ts from "typescript";
import { find, MANIFEST, ROOT, readText } from "./project.ts";

/** A piece of code that the documentation shows. */
export interface Example {
  /** Where it stands, such as `README.md:12`. */
  readonly place: string;
  readonly code: string;
  /** The subpath that a reader of this place imports from. */
  readonly specifier: string;
  /** The source file that the example explains, if it is in one. */
  readonly source: string | undefined;
}

/** Every `ts` block of the pages that users and contributors read. */
export function markdownExamples(): Example[] {
  const pages = find(
    "README.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "docs/*.md",
    "src/**/README.md",
  );
  return pages.flatMap((page) => {
    const blocks = [...readText(page).matchAll(/^```ts\n(.*?)^```$/gms)];
    return blocks.map(({ 1: code = "", index }) => ({
      place: `${page}:${readText(page).slice(0, index).split("\n").length + 1}`,
      code,
      specifier: specifierOf(join(dirname(page), "index.ts")),
      source: undefined,
    }));
  });
}

/** Every `@example` in a comment of the sources. */
export function commentExamples(): Example[] {
  return find("src/**/*.ts").flatMap((source) => {
    const text = readText(source);
    return [...text.matchAll(/\/\*\*.*?\*\//gs)].flatMap(({ 0: comment, index }) =>
      examplesOf(comment).map((code) => ({
        place: `${source}:${text.slice(0, index).split("\n").length}`,
        code,
        specifier: specifierOf(source),
        source,
      })),
    );
  });
}

function examplesOf(comment: string): string[] {
  const lines = comment.replace(/^\/\*\*|\*\/$/g, "").split("\n");
  const text = lines.map((line) => line.replace(/^\s*\* ?/, "")).join("\n");
  return text
    .split(/^@/m)
    .filter((tag) => tag.startsWith("example"))
    .map((tag) => tag.slice("example".length).trim());
}

function specifierOf(source: string): string {
  const built = `./dist/${relative("src", source).replace(/\.ts$/, ".js")}`;
  const folder = `./dist/${relative("src", dirname(source))}/index.js`;
  const subpath = Object.entries(MANIFEST.exports).find(
    ([, target]) => typeof target === "object" && [built, folder].includes(target.default),
  );
  return MANIFEST.name + (subpath?.[0].slice(1) ?? "");
}

/** What examples speak of without saying where it comes from. */
const CONTEXT: Readonly<Record<string, string>> = {
  Bun: "declare const Bun: { serve(options: { fetch: (request: Request) => Promise<Response> }): unknown };",
  ErrorRequestHandler: 'import type { ErrorRequestHandler } from "express";',
  Elysia: 'import { Elysia } from "elysia";',
  Fastify: 'import Fastify from "fastify";',
  H3: 'import { H3 } from "h3";',
  Koa: 'import Koa from "koa";',
  defineEventHandler:
    "declare function defineEventHandler(handler: (event: object) => unknown): unknown;",
  defineNitroPlugin:
    "declare function defineNitroPlugin(plugin: ReturnType<typeof sessionPlugin>): unknown;",
  Hono: 'import { Hono } from "hono";',
  Shop: 'interface Shop { cart: string[]; theme: "light" | "dark"; visits: number }',
  app: 'import type { Application } from "express";\ndeclare const app: Application & { request(url: string, init: RequestInit): Promise<Response> };',
  connection: "declare const connection: import('sojourn/live').LiveSession<Shop>;",
  cookie:
    'import type { ResolvedCookie } from "../../src/cookies/cookie-options.ts";\ndeclare const cookie: ResolvedCookie;',
  clock: 'import type { TestClock } from "sojourn/testing";\ndeclare const clock: TestClock;',
  createClient: 'import { createClient } from "redis";',
  createSessions: 'import { createSessions } from "sojourn";',
  describe: 'import { describe, it } from "vitest";',
  express: 'import express from "express";',
  form: "declare const form: { readonly remember?: string };",
  http: 'import * as http from "node:http";',
  live: "declare const live: import('sojourn/live').LiveSessions<Shop>;",
  liveSessions: 'import { liveSessions } from "sojourn/live";',
  memoryStore: 'import { memoryStore } from "sojourn";',
  nextSessions: 'import { nextSessions } from "sojourn/next";',
  openSession:
    "declare const openSession: import('sojourn/next').NextSessions<Shop>['openSession'];",
  once: 'import { once } from "node:events";',
  passwords: 'declare const passwords: import("sojourn/assurance").CredentialsProtection;',
  pipeline: 'import { pipeline } from "node:stream/promises";',
  REMOVE: 'import { REMOVE } from "sojourn";',
  Server: 'import { Server } from "socket.io";',
  WebSocketServer: 'import { WebSocketServer } from "ws";',
  Session: 'import type { Session } from "sojourn";',
  Sessions: 'import type { Sessions } from "sojourn";',
  Readable: 'import { Readable } from "node:stream";',
  now: "declare const now: number;",
  client:
    'import { createClient } from "redis";\ndeclare const client: ReturnType<typeof createClient>;',
  redisStore: 'import { redisStore } from "sojourn/redis";',
  req: 'import type { Request as ExpressRequest } from "express";\ndeclare const req: ExpressRequest;',
  res: 'import type { Response as ExpressResponse } from "express";\ndeclare const res: ExpressResponse;',
  server: 'declare const server: import("node:http").Server;',
  sessionMiddleware: 'import { sessionMiddleware } from "sojourn/express";',
  session: "declare const session: import('sojourn').Session<Shop>;",
  sessions: "declare const sessions: import('sojourn').Sessions<Shop>;",
  socket: 'declare const socket: import("ws").WebSocket;',
  shop: "declare function shop(request: Request): Promise<Response>;",
  sqliteStore: 'import { sqliteStore } from "sojourn/sqlite";',
  token: "declare const token: string;",
  url: "declare const url: string;",
  user: "declare const user: { readonly id: string; readonly passwordHash: string };",
  withSession:
    "declare const withSession: import('sojourn/next').NextSessions<Shop>['withSession'];",
  users:
    "declare const users: Record<'bestFactor' | 'passwordHash', (id: string) => Promise<string>>;",
};

/** Names that another one brings along. */
const BROUGHT: Readonly<Record<string, readonly string[]>> = {
  connection: ["Shop"],
  live: ["Shop"],
  openSession: ["Shop"],
  Session: ["Shop"],
  Sessions: ["Shop"],
  session: ["Shop"],
  sessions: ["Shop"],
  withSession: ["Shop"],
};

/** The module that the compiler is given for an example. */
export function moduleOf(example: Example, folder: string): string {
  if (/^import /m.test(example.code)) return example.code;
  const { used, declared } = namesIn(example.code);
  const own = exportsFor(example, folder).filter(
    ({ name, from }) =>
      used.has(name) && !declared.has(name) && !(from.startsWith(".") && name in CONTEXT),
  );
  const known = new Set(own.map(({ name }) => name));
  const wanted = [...used].filter((name) => !declared.has(name) && !known.has(name));
  const brought = wanted.flatMap((name) => BROUGHT[name] ?? []);
  const context = [...new Set([...wanted, ...brought])].flatMap((name) =>
    Object.hasOwn(CONTEXT, name) ? [CONTEXT[name]] : [],
  );
  return [
    ...own.map(({ name, from }) => `import { ${name} } from "${from}";`),
    ...context,
    "export async function example(): Promise<unknown> {",
    withoutExports(example.code),
    "return undefined;",
    "}",
  ].join("\n");
}

/** A framework's own modules export what it looks for; a function cannot. */
function withoutExports(code: string): string {
  return code
    .replace(/^export default /gm, "void ")
    .replace(/^export (?=const|async|function)/gm, "");
}

/** What a reader of this place has at hand: the exports of its subpath, or of the file itself. */
function exportsFor(
  { specifier, source }: Example,
  folder: string,
): { readonly name: string; readonly from: string }[] {
  if (source === undefined) return [];
  const names = [
    ...readText(source).matchAll(/^export (?:async )?(?:function|class|const) (\w+)/gm),
  ];
  const isPublic = specifier !== MANIFEST.name || basename(source) === "index.ts";
  const from = isPublic ? specifier : relative(folder, join(ROOT, source));
  return [...new Set(names.map(({ 1: name = "" }) => name))].map((name) => ({ name, from }));
}

function namesIn(code: string): { used: ReadonlySet<string>; declared: ReadonlySet<string> } {
  const used = new Set<string>();
  const declared = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node)) used.add(node.text);
    if (ts.isVariableDeclaration(node) && ts.isIdentifier(node.name)) declared.add(node.name.text);
    if (ts.isParameter(node) && ts.isIdentifier(node.name)) declared.add(node.name.text);
    ts.forEachChild(node, visit);
  };
  visit(parsed(code));
  return { used, declared };
}

function parsed(code: string): ts.SourceFile {
  return ts.createSourceFile("example.ts", code, ts.ScriptTarget.Latest, true);
}

/** Where code steps around the compiler: `as`, `!`, `any` and comments that silence it. */
export function castsIn(code: string): string[] {
  const found: string[] = code.match(/@ts-\w+/g) ?? [];
  const visit = (node: ts.Node): void => {
    const isConst = ts.isAsExpression(node) && node.type.getText() === "const";
    const isCast =
      (ts.isAsExpression(node) && !isConst) ||
      ts.isTypeAssertionExpression(node) ||
      ts.isNonNullExpression(node) ||
      node.kind === ts.SyntaxKind.AnyKeyword;
    if (isCast) found.push(node.getText());
    ts.forEachChild(node, visit);
  };
  visit(parsed(code));
  return found;
}
