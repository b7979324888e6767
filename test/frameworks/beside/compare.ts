import { mkdtemp, rm, writeFile } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import { shop } from "../support/shop.ts";
import { type Conversation, converse, type Reply, request } from "./raw-client.ts";
import type { Sojourn } from "./servers.ts";
import type { Stand } from "./stand.ts";

/**
 * The same requests, byte by byte, to a server without sessions and to one with ours: whatever the
 * handler does, a response that waited for its commit is the one that the server would have sent
 * without sessions, and the handler hears what it would have heard.
 */
const REQUESTS = ["GET 1.1", "HEAD 1.1", "GET 1.0"] as const;
type Kind = (typeof REQUESTS)[number];

export const COMMITS = ["nothing to commit", "a commit that works", "a commit that fails"] as const;
/** As quick as a store in memory: before the handler's next turn. */
export const QUICK_COMMITS = ["a quick commit that works", "a quick commit that fails"] as const;
export type Commit = (typeof COMMITS)[number] | (typeof QUICK_COMMITS)[number];

/** How many turns of the event loop the others take, in which handlers go on. */
const TURNS = 10;

/** Ours to add, or to change. */
const OURS = /^(?:set-cookie: __Host-Http-session=|vary:|cache-control:|expires:|date:)/i;

const SETTLING_MS = 2_000;

/** What a request asks for, as far as it is told from here. */
export interface Asked {
  readonly headers?: Readonly<Record<string, string>>;
  /** Whether the framework gives the connection up, as the handler fails after its answer. */
  readonly isGivenUp?: true;
}

/** What one request came to. */
interface Outcome extends Conversation {
  readonly heard: readonly string[];
  readonly isSettled: boolean;
}

async function ask(server: Stand, index: number, route: Asked, kind: Kind): Promise<Outcome> {
  const id = crypto.randomUUID();
  const [method, version] = kind.split(" ");
  const headers = {
    "X-Id": id,
    "X-Forwarded-Proto": "https",
    "Accept-Encoding": "gzip",
    ...route.headers,
  };
  const first = request(`${method} /${index} HTTP/${version}`, headers);
  const after = request("GET /after HTTP/1.1", { Connection: "close" });
  // HTTP/1.0 closes the connection by itself.
  const said = await converse(server.port, version === "1.0" ? [first] : [first, after]);
  const visit = server.visits.get(id);
  const isSettled = await Promise.race([
    visit?.done.then(() => true),
    new Promise<boolean>((resolve) => setTimeout(resolve, SETTLING_MS, false)),
  ]);
  return { ...said, heard: visit?.heard ?? [], isSettled: isSettled === true };
}

/** A manager whose requests change something, or do not, on a store that works, or does not. */
export function sojourn(commit: Commit): Sojourn {
  const manager = shop({ onError: () => undefined });
  manager.store.hinder(async (method) => {
    const turns = commit.includes("quick") || method === "load" ? 0 : TURNS;
    for (let turn = 0; turn < turns; turn += 1) await new Promise(setImmediate);
    if (commit.includes("fails") && method !== "load") throw new Error("The disk is full");
  });
  let visits = 0;
  const prepare = async (req: IncomingMessage): Promise<void> => {
    const session = await manager.sessions.open(req);
    visits += 1;
    if (commit !== "nothing to commit") session.set("visits", visits);
  };
  return { ...manager, prepare };
}

function withoutOurs({ statusLine, headers, body }: Reply): Reply {
  return { statusLine, headers: headers.filter((line) => !OURS.test(line)), body };
}

function comparable(outcome: Outcome): unknown {
  const replies = outcome.replies.map(withoutOurs);
  // Of a response that was cut, Node may have sent a part of the head already.
  const rest = replies.length === 0 ? "" : outcome.rest;
  // Whoever has wrapped writeHead sets the headers first, and so it is that which is refused.
  const heard = outcome.heard.map((line) => line.replace(/Cannot (?:set|write) headers/, "Cannot"));
  return { ...outcome, replies, rest, heard };
}

function finalStatus({ replies }: Outcome): number {
  const final = replies.find(({ statusLine }) => !/ 1\d\d /.test(statusLine));
  return Number(final?.statusLine.split(" ")[1] ?? 0);
}

/** What describes a page, and is wrong on the answer to its failure. */
const OF_PAGE =
  /^(?:etag|last-modified|expires|trailer|accept-ranges|content-range|content-disposition|location):/i;

/** Nothing of the page, whole, and the connection as good as before. */
function expectFailure(outcome: Outcome, kind: Kind, isKept: boolean): void {
  expect(finalStatus(outcome)).toBe(503);
  const [reply] = outcome.replies.filter(({ statusLine }) => / 503 /.test(statusLine));
  const lines = reply?.headers ?? [];
  expect(lines.filter((line) => OF_PAGE.test(line))).toEqual([]);
  expect(lines.filter((line) => /^set-cookie: (?!theme)/i.test(line))).toEqual([]);
  expect(lines.filter((line) => /^cache-control: (?!no-store)/i.test(line))).toEqual([]);
  if (kind !== "HEAD 1.1") expect(reply?.body).toMatch(/Service (?:unavailable|Unavailable)/);
  expect(outcome).toMatchObject({ end: "closed", rest: "" });
  // Whoever waits for `drain` alone waits for ever where the reader has left, with plain Node too.
  if (!outcome.heard.includes("waits for drain")) expect(outcome.isSettled).toBe(true);
  if (isKept) expect(outcome.replies.at(-1)?.body).toBe("after");
}

/** What was stored is told, once, and nothing else is. */
function expectCookie({ replies }: Outcome, commit: Commit): void {
  const lines = replies.flatMap(({ headers }) => headers);
  const cookies = lines.filter((line) => /^set-cookie: __Host-Http-session=/i.test(line));
  if (replies.length > 0) expect(cookies.length).toBe(commit.includes("works") ? 1 : 0);
}

/** The cell of one request in the table: what is wrong with it, if anything. */
async function cell(
  [plainly, ours]: readonly [Stand, Stand],
  index: number,
  [name, route]: readonly [string, Asked],
  kind: Kind,
  commit: Commit,
): Promise<string | undefined> {
  const asked = [ask(plainly, index, route, kind), ask(ours, index, route, kind)] as const;
  const [plain, held] = await Promise.all(asked);
  const status = finalStatus(plain);
  try {
    // A failure of the application's own drops the changes, so that there is nothing to commit.
    const isFailing = commit.includes("fails") && status < 500 && finalStatus(held) !== 0;
    // What is cut after its head looks whole in HTTP/1.0, which ends a response by closing.
    if (status >= 200 && kind === "GET 1.0" && finalStatus(held) === 0) return undefined;
    const isLast = kind === "GET 1.0" || plain.replies.at(-1)?.body !== "after";
    if (status >= 200 && status < 500) expectCookie(held, commit);
    if (isFailing) expectFailure(held, kind, !isLast && route.isGivenUp !== true);
    else expect(comparable(held)).toEqual(comparable(plain));
    return undefined;
  } catch (error) {
    const told = JSON.stringify([comparable(plain), comparable(held)], undefined, 1);
    return `${kind} ${name}: ${(error as Error).message}\n${told.slice(0, 3_000)}`;
  }
}

/** What is wrong in the whole table of one server beside the other. */
export async function compare(
  stands: readonly [Stand, Stand],
  routes: readonly (readonly [name: string, route: Asked])[],
  commit: Commit,
): Promise<string[]> {
  const failures: (string | undefined)[] = [];
  for (const [index, route] of routes.entries()) {
    const cells = REQUESTS.map((kind) => cell(stands, index, route, kind, commit));
    failures.push(...(await Promise.all(cells)));
  }
  for (const { close } of stands) await close();
  return failures.filter((failure) => failure !== undefined);
}

/** A folder of pages to send, small, large and empty. */
export async function pages(): Promise<{ readonly folder: string; remove(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), "sojourn-"));
  await writeFile(join(folder, "small.html"), "<p>a page</p>\n".repeat(200));
  await writeFile(join(folder, "large.html"), "<p>a page</p>\n".repeat(30_000));
  await writeFile(join(folder, "empty.html"), "");
  return { folder, remove: () => rm(folder, { recursive: true }) };
}
