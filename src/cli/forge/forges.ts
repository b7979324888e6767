import { DjangoSessionData } from "../../interop/django/django-session-data.ts";
import { DjangoSignedCookies } from "../../interop/django/django-signed-cookies.ts";
import { FlaskCookies } from "../../interop/flask/flask-cookies.ts";
import { PySigner } from "../../interop/python/itsdangerous/py-signer.ts";
import { writePickle } from "../../interop/python/pickle/write-pickle.ts";
import type { PyRefusal } from "../../interop/python/refusal.ts";
import { StarletteCookies } from "../../interop/starlette/starlette-cookies.ts";
import { TornadoSigner } from "../../interop/tornado/tornado-signer.ts";
import { WrongInput } from "../wrong-input.ts";
import { protocolIn } from "./protocol-in.ts";
import { sessionIn } from "./session-in.ts";

/** What a text is made of. */
export interface Making {
  readonly text: string;
  /** @throws {@link WrongInput} where none was given. */
  readonly secret: () => string | Uint8Array;
  readonly now: number;
  readonly name: string | undefined;
  readonly protocol: string;
}

/** How each format is made. */
export const FORGES: ReadonlyMap<string, (making: Making) => string> = new Map([
  ["flask", flask],
  ["starlette", starlette],
  ["django", django],
  ["django-data", djangoData],
  ["django-legacy", djangoLegacy],
  ["flask-session", flaskSession],
  ["tornado", tornado],
  ["pickle", pickle],
]);

function flask({ text, secret, now }: Making): string {
  const session = sessionIn(text);
  return written(new FlaskCookies({ secretKey: secret() }).write(session, now));
}

function starlette({ text, secret, now }: Making): string {
  const session = sessionIn(text);
  return written(new StarletteCookies(secret()).write(session, now));
}

function django({ text, secret, now }: Making): string {
  const session = sessionIn(text);
  return written(new DjangoSignedCookies({ secretKey: secret() }).write(session, now));
}

function djangoData({ text, secret, now }: Making): string {
  const session = sessionIn(text);
  return written(new DjangoSessionData({ secretKey: secret() }).write(session, now));
}

function djangoLegacy({ text, secret, now }: Making): string {
  const session = sessionIn(text);
  const data = new DjangoSessionData({ secretKey: secret(), version: "2.2" });
  return written(data.write(session, now));
}

/** The id, as it is. */
function flaskSession({ text, secret }: Making): string {
  if (!/^[\w-]{1,256}$/.test(text)) {
    throw new WrongInput("flask-session signs an id: letters, digits, - and _, and no JSON.");
  }
  return new PySigner({ keys: [secret()], salt: "flask-session", derivation: "hmac" }).sign(text);
}

/** The text, as it is. */
function tornado({ text, secret, now, name }: Making): string {
  if (name === undefined) {
    throw new WrongInput("Tornado signs the cookie's name along: pass --name NAME.");
  }
  return new TornadoSigner(secret()).write(name, text, now);
}

function pickle({ text, protocol }: Making): string {
  const pickled = writePickle(sessionIn(text), protocolIn(protocol));
  if (!pickled.ok) throw new WrongInput("A pickle of that protocol cannot hold it.");
  return Buffer.from(pickled.bytes).toString("base64");
}

type Writing =
  | { readonly ok: true; readonly cookie: string }
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly refusal: PyRefusal };

function written(writing: Writing): string {
  if (writing.ok) return "cookie" in writing ? writing.cookie : writing.text;
  const { path, kind } = writing.refusal;
  throw new WrongInput(
    `${path || "The whole"} is of a kind that this format lacks (${kind}): change it.`,
  );
}
