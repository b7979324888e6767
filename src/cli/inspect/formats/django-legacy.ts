import { jsonSession } from "../../../interop/django/django-json.ts";
import { LegacySessionData } from "../../../interop/django/legacy-session-data.ts";
import { decodedBase64 } from "../../../interop/python/base64url.ts";
import { fact } from "../finding.ts";
import { judged } from "../judgement.ts";
import { sessionRead } from "../python-session.ts";
import { readWithKeys } from "../read-with-keys.ts";
import type { Recogniser } from "../specimen.ts";
import { expiryFacts } from "./django-expiry.ts";

const MAX_CHARACTERS = 1_500_000;
const HASH = /^[0-9a-f]{40}:/;

/** `session_data` as Django wrote it before 3.1: base64 of `hash:json`. */
export const djangoLegacy: Recogniser = ({ text }, context) => {
  const bytes = text.length > MAX_CHARACTERS ? undefined : decodedBase64(text);
  if (bytes === undefined || !HASH.test(bytes.toString("latin1", 0, 41))) return undefined;
  const keyed = readWithKeys(context.keys, (secret) =>
    new LegacySessionData(secret, "SessionStore").read(text),
  );
  const inside = jsonSession(bytes.subarray(41));
  const session = inside && sessionRead(inside);
  const fault = inside === undefined ? "corrupt" : undefined;
  const judgement = judged(context, keyed, { framework: "Django", fault });
  return {
    format: "django-legacy",
    title: "Django session_data of before 3.1",
    ...judgement,
    facts: [
      ...(session?.facts ?? []),
      ...(inside === undefined ? [] : expiryFacts(inside)),
      ...fact("key", keyed?.keyText),
      { name: "signature", value: 'HMAC-SHA1 with the salt "django.contrib.sessionsSessionStore"' },
      { name: "made by", value: "Django before 3.1; read up to 3.2, and by 4.0 no more" },
    ],
    remarks: [...judgement.remarks, ...(session?.remarks ?? [])],
    data: session?.data,
  };
};
