import { DjangoSessionData } from "../../../src/interop/django/django-session-data.ts";
import { DjangoSigner } from "../../../src/interop/django/django-signer.ts";
import { FlaskCookies } from "../../../src/interop/flask/flask-cookies.ts";
import { payloadOf } from "../../../src/interop/python/itsdangerous/payload.ts";
import { TimedPySigner } from "../../../src/interop/python/itsdangerous/timed-py-signer.ts";
import { readPyJson } from "../../../src/interop/python/json/read-py-json.ts";
import { writePyJson } from "../../../src/interop/python/json/write-py-json.ts";
import type { PyDict } from "../../../src/interop/python/values.ts";
import { StarletteCookies } from "../../../src/interop/starlette/starlette-cookies.ts";
import { TornadoSigner } from "../../../src/interop/tornado/tornado-signer.ts";
import { BOMB, damaged } from "./hostile.ts";

/** What a reader said, and whether what it read is read again from what is written of it. */
export interface Round {
  readonly outcome: string;
  readonly isStable: boolean;
}

type Reading =
  | { readonly ok: true; readonly session?: PyDict }
  | { readonly ok: false; readonly reason: string };

const NOW = 1_700_000_000_000;
const BOUNDS = { now: NOW, maxAge: 60 };
const JSON_TEXT =
  '{"_flashes":[{" t":["message","Saved"]}],"n":1.0,"big":12345678901234567890,"s":"\\ud800é",' +
  '"u":{" u":"12345678123456781234567812345678"},"d":{" d":"Tue, 14 Nov 2023 22:13:20 GMT"},' +
  '"b":{" b":"AP8Q"},"w":{" di":{" t__":[NaN,-Infinity,null,true]}},"m":{" m":"<b>"}}';
const PACKED = payloadOf(JSON_TEXT);
const PLAIN = Buffer.from(JSON_TEXT).toString("base64url");
const STANDARD = Buffer.from(JSON_TEXT).toString("base64");

const flask = new FlaskCookies({ secretKey: "k", fallbacks: ["o"], keyOrder: "asInserted" });
const flaskSigner = new TimedPySigner({
  keys: ["k"],
  salt: "cookie-session",
  derivation: "hmac",
});
const starlette = new StarletteCookies("k");
const starletteSigner = new TimedPySigner({
  keys: ["k"],
  salt: "itsdangerous.Signer",
  derivation: "django-concat",
});
const django = new DjangoSessionData({ secretKey: "k", version: "3.1" });
const djangoSigner = new DjangoSigner(
  { secretKey: "k", version: "3.1" },
  "django.contrib.sessions.SessionStore",
);
const tornado = new TornadoSigner("k");

/** One hostile input to one of the readers; every other one is signed with the right key. */
export function hostileRound(random: () => number): Round {
  const format = FORMATS[Math.floor(random() * FORMATS.length)] ?? readFlask;
  const reading = format(random, random() < 0.5);
  return { outcome: reading.ok ? "read" : reading.reason, isStable: isStable(reading) };
}

const FORMATS: readonly ((random: () => number, isSigned: boolean) => Reading)[] = [
  readFlask,
  readStarlette,
  readDjango,
  readTornado,
  (random) => readJson(damaged(JSON_TEXT, random)),
];

function readFlask(random: () => number, isSigned: boolean): Reading {
  const signed = isSigned
    ? flaskSigner.sign(payload(random), NOW)
    : damaged(flaskSigner.sign(PACKED, NOW), random);
  return flask.read(signed, BOUNDS);
}

function readStarlette(random: () => number, isSigned: boolean): Reading {
  const inner = random() < 0.5 ? damaged(STANDARD, random) : base64(damaged(JSON_TEXT, random));
  const signed = isSigned
    ? starletteSigner.sign(inner, NOW)
    : damaged(starletteSigner.sign(STANDARD, NOW), random);
  return starlette.read(signed, BOUNDS);
}

function readDjango(random: () => number, isSigned: boolean): Reading {
  const signed = isSigned
    ? djangoSigner.sign(payload(random), NOW)
    : damaged(djangoSigner.sign(PACKED, NOW), random);
  return django.read(signed);
}

function readTornado(random: () => number, isSigned: boolean): Reading {
  const version = random() < 0.5 ? 1 : 2;
  const signed = tornado.write("user", isSigned ? damaged("alice", random) : "alice", NOW, version);
  const reading = tornado.read("user", isSigned ? signed : damaged(signed, random), BOUNDS);
  return reading.ok ? { ok: true } : reading;
}

function readJson(text: string): Reading {
  const reading = readPyJson(text);
  return reading.ok ? { ok: true } : reading;
}

/** The payload itself damaged, or the document in it. */
function payload(random: () => number): string {
  if (random() < 0.01) return BOMB;
  if (random() < 0.3) return damaged(random() < 0.5 ? PACKED : PLAIN, random);
  const document = damaged(JSON_TEXT, random);
  return random() < 0.5 ? payloadOf(document) : Buffer.from(document).toString("base64url");
}

function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}

function isStable(reading: Reading): boolean {
  if (!reading.ok || reading.session === undefined) return true;
  const cookie = flask.write(reading.session, NOW);
  if (!cookie.ok) return cookie.refusal.kind === "tooDeep";
  const again = flask.read(cookie.cookie, BOUNDS);
  return again.ok && textOf(again.session) === textOf(reading.session);
}

/** Flask's own writing of a session tells its types apart. */
function textOf(session: PyDict): string {
  const cookie = flask.write(session, NOW);
  return cookie.ok ? cookie.cookie : JSON.stringify(writePyJson(session));
}
