import { parseId, parseToken, sessionId } from "../../../core/token.ts";
import type { Fact, Finding } from "../finding.ts";
import type { Context, Recogniser, Specimen } from "../specimen.ts";
import { managerOf } from "./own-bindings.ts";

/** Texts with nothing inside: random ids, under which a store keeps the session. */
export const randomIds: Recogniser = (specimen, context) =>
  token(specimen, context) ?? ownId(specimen.text) ?? djangoKey(specimen.text) ?? uuid(specimen);

function token(specimen: Specimen, context: Context): Finding | undefined {
  const parsed = parseToken(specimen.text);
  if (parsed === undefined) return undefined;
  const manager = managerOf(specimen, context);
  return recognised("token", "Session token: 32 random bytes", [
    { name: "by sojourn", value: `its id in the store is ${sessionId(parsed, manager)}` },
    { name: "", value: `for the manager "${manager}" (another one: --manager NAME)` },
    {
      name: "by Python",
      value: "an id of Flask-Session 0.6 or later, which is its store's key too",
    },
  ]);
}

function ownId(text: string): Finding | undefined {
  if (parseId(text) === undefined) return undefined;
  return recognised("sojourn-id", "Session id of sojourn", [
    { name: "made of", value: "SHA-256 of manager and token, so no cookie and no secret" },
  ]);
}

function djangoKey(text: string): Finding | undefined {
  if (!/^[a-z0-9]{32}$/.test(text)) return undefined;
  const facts = [
    { name: "stored", value: "session_key of django_session, or in a cache behind" },
    { name: "", value: ":1:django.contrib.sessions.cache and the key" },
  ];
  const finding = recognised("django-key", "Session key of Django: 32 random characters", facts);
  const isHex = /^[0-9a-f]+$/.test(text);
  const remarks = ["All of it are hexadecimal digits: rather another program's id, or an MD5."];
  return isHex ? { ...finding, remarks } : finding;
}

function uuid({ name, text }: Specimen): Finding | undefined {
  if (!/^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(text)) {
    return undefined;
  }
  const where = name === "PYCKET_ID" ? "pycket signs its ids: this one is not signed" : FLASK;
  return recognised("uuid", "UUID, as Flask-Session up to 0.5 gives out", [
    { name: "stored", value: where },
  ]);
}

const FLASK = 'under SESSION_KEY_PREFIX ("session:" unless set) and the id';

function recognised(format: string, title: string, facts: readonly Fact[]): Finding {
  const summary = "nothing inside: the session is in a store";
  return { format, title, verdict: "recognised", summary, facts, remarks: [] };
}
