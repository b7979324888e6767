import { connect } from "node:net";
import { brotliDecompressSync, constants, gunzipSync } from "node:zlib";

/** What came over one connection, until it was closed. */
export interface Conversation {
  readonly replies: readonly Reply[];
  /** What is no whole reply: after the last one, or for want of an end. */
  readonly rest: string;
  readonly end: "closed" | "reset" | "hung";
}

export interface Reply {
  readonly statusLine: string;
  readonly headers: readonly string[];
  /** As it came, chunk by chunk, with trailers; decompressed where it was compressed. */
  readonly body: string;
}

const HANGING_MS = 5_000;

/** Sends the requests at once, one after the other, as bytes, and reads bytes. */
export async function converse(port: number, requests: readonly string[]): Promise<Conversation> {
  const chunks: Buffer[] = [];
  const ended = Promise.withResolvers<Conversation["end"]>();
  const socket = connect(port, "127.0.0.1");
  socket.on("data", (chunk) => chunks.push(chunk));
  socket.on("error", () => ended.resolve("reset"));
  socket.on("close", () => ended.resolve("closed"));
  const timer = setTimeout(() => ended.resolve("hung"), HANGING_MS);
  socket.write(requests.join(""));
  const end = await ended.promise;
  clearTimeout(timer);
  socket.destroy();
  const isHead = requests[0]?.startsWith("HEAD ") === true;
  return { ...parse(Buffer.concat(chunks).toString("latin1"), isHead), end };
}

/** The text of a request. */
export function request(line: string, headers: Readonly<Record<string, string>>): string {
  const lines = Object.entries({ Host: "shop.example", ...headers });
  return `${line}\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`;
}

function parse(text: string, isHead: boolean): Pick<Conversation, "replies" | "rest"> {
  const replies: Reply[] = [];
  let rest = text;
  while (rest !== "") {
    const found = nextReply(rest, isHead && replies.every((reply) => isInformation(reply)));
    if (found === undefined) break;
    replies.push(found.reply);
    rest = found.rest;
  }
  return { replies, rest };
}

function isInformation({ statusLine }: Reply): boolean {
  return /^HTTP\/1\.1 1\d\d /.test(statusLine);
}

function nextReply(text: string, isHead: boolean): { reply: Reply; rest: string } | undefined {
  const headEnd = text.indexOf("\r\n\r\n");
  if (headEnd < 0) return undefined;
  const [statusLine = "", ...headers] = text.slice(0, headEnd).split("\r\n");
  const after = text.slice(headEnd + 4);
  const field = (name: string): string | undefined =>
    headers
      .find((line) => line.toLowerCase().startsWith(`${name}:`))
      ?.slice(name.length + 1)
      .trim();
  const isBare = isHead || / (?:1\d\d|204|304) /.test(statusLine);
  const length = lengthOf(after, isBare, field);
  if (length === undefined) return undefined;
  const raw = after.slice(0, length);
  const body = decompressed(raw, field("transfer-encoding"), field("content-encoding"));
  return { reply: { statusLine, headers, body }, rest: after.slice(length) };
}

/** How much of the text is this reply's body (RFC 9112 §6.3). */
function lengthOf(
  text: string,
  isBare: boolean,
  field: (name: string) => string | undefined,
): number | undefined {
  if (isBare) return 0;
  if (field("transfer-encoding") === "chunked") return chunkedLength(text);
  const length = field("content-length");
  if (length === undefined) return text.length;
  return Number(length) <= text.length ? Number(length) : undefined;
}

function chunkedLength(text: string): number | undefined {
  for (let at = 0; ; ) {
    const lineEnd = text.indexOf("\r\n", at);
    if (lineEnd < 0) return undefined;
    const line = text.slice(at, lineEnd);
    if (!/^[0-9a-f]+$/.test(line)) return undefined;
    const size = Number.parseInt(line, 16);
    at = lineEnd + 2 + size;
    if (size > 0) at += 2;
    else return trailersEnd(text, lineEnd + 2);
  }
}

function trailersEnd(text: string, from: number): number | undefined {
  for (let at = from; ; ) {
    const lineEnd = text.indexOf("\r\n", at);
    if (lineEnd < 0) return undefined;
    if (lineEnd === at) return at + 2;
    at = lineEnd + 2;
  }
}

/** How a compressor cuts its output depends on the moment; what comes out does not. */
function decompressed(
  raw: string,
  transfer: string | undefined,
  encoding: string | undefined,
): string {
  if (encoding === undefined || raw === "") return raw;
  const content = Buffer.from(transfer === "chunked" ? unchunked(raw) : raw, "latin1");
  // A response that was cut may end anywhere.
  const cut = { finishFlush: constants.Z_SYNC_FLUSH };
  if (encoding === "gzip" && content.readUInt16BE() !== 0x1f8b) return "not of its encoding";
  const plain = encoding === "br" ? brotliDecompressSync(content) : gunzipSync(content, cut);
  return plain.toString("latin1");
}

function unchunked(raw: string): string {
  let content = "";
  for (let at = 0; ; ) {
    const lineEnd = raw.indexOf("\r\n", at);
    const size = Number.parseInt(raw.slice(at, lineEnd), 16);
    if (size === 0) return content;
    content += raw.slice(lineEnd + 2, lineEnd + 2 + size);
    at = lineEnd + 2 + size + 2;
  }
}
