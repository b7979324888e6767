import { PySigner } from "../../../interop/python/itsdangerous/py-signer.ts";
import { fact } from "../finding.ts";
import { judged } from "../judgement.ts";
import { readWithKeys } from "../read-with-keys.ts";
import type { Recogniser } from "../specimen.ts";
import { digestName } from "./timed-parts.ts";

const FORM = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[\w-]{16,128})\.([\w-]{27})$/;

/** The id of a session of Flask-Session's, signed: `SESSION_USE_SIGNER`. */
export const flaskSession: Recogniser = ({ text }, context) => {
  const [, sid, signature = ""] = FORM.exec(text) ?? [];
  if (sid === undefined) return undefined;
  const keyed = readWithKeys(context.keys, (key) =>
    new PySigner({ keys: [key], salt: "flask-session", derivation: "hmac" }).unsign(text),
  );
  return {
    format: "flask-session",
    title: "Flask-Session's id, signed",
    ...judged(context, keyed, { framework: "Flask-Session" }),
    facts: [
      ...fact("key", keyed?.keyText),
      { name: "signature", value: `${digestName(signature)} with the salt "flask-session"` },
      { name: "made by", value: sidMaker(sid) },
      { name: "stored", value: 'under SESSION_KEY_PREFIX ("session:" unless set) and the id' },
    ],
    remarks: [],
  };
};

/** Which Flask-Session draws ids of this form. */
function sidMaker(sid: string): string {
  if (sid.length === 36) return "Flask-Session up to 0.5, with SESSION_USE_SIGNER";
  return sid.length === 43
    ? "Flask-Session 0.6 or later, with SESSION_USE_SIGNER"
    : "Flask-Session 0.6 or later, with a SESSION_ID_LENGTH of its own";
}
