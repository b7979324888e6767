import { readPayload } from "../../../cookies/cookie-store/payload.ts";
import { type JsonValue, parse } from "../../../core/json.ts";
import type { Opened } from "../../../sealing/opening.ts";
import { isPaddedLength } from "../../../sealing/padding.ts";
import { Sealer } from "../../../sealing/sealer.ts";
import type { NamedKey } from "../../keys.ts";
import { type Finding, fact } from "../finding.ts";
import type { Context, Recogniser, Specimen } from "../specimen.ts";
import { managerOf, type Purpose, purposesOf } from "./own-bindings.ts";
import { keyIdIn, ownRings } from "./own-rings.ts";

/** Version, key id, salt, commitment, nonce and tag: all but the padded text. */
const OVERHEAD_BYTES = 70;
const FORM = /^A[Q-Za-f][\w-]{177,}$/;
const LONGEST_MS = Number.MAX_SAFE_INTEGER;

/** What is sealed by this library: a session in its cookie, a cookie beside it, or a value. */
export const ownSealed: Recogniser = (specimen, context) => {
  const { text } = specimen;
  if (!FORM.test(text)) return undefined;
  const length = Math.floor((text.length * 3) / 4) - OVERHEAD_BYTES;
  if (!isPaddedLength(length)) return undefined;
  const facts = [
    { name: "encryption", value: "AES-256-GCM, bound to its purpose and to the key" },
    { name: "key id", value: keyIdIn(text) },
    { name: "inside", value: `${length - 64} to ${length - 1} bytes` },
  ];
  const common = { format: "sojourn-sealed", title: "Sealed by sojourn", facts };
  if (context.keys.length === 0) return { ...common, ...UNOPENED };
  const opened = openedWith(specimen, context);
  if (opened === undefined) return { ...common, ...closed(specimen, context) };
  return openedFinding(opened, specimen, context);
};

const UNOPENED = {
  verdict: "recognised",
  summary: "closed: no key given",
  remarks: ["Nothing can be read without the key, and for a cookie its name: pass name=value."],
} as const;

/** A text that was opened, and with what. */
interface OpenedText {
  readonly opened: Opened;
  readonly key: NamedKey;
  readonly purpose: Purpose;
}

function openedWith(specimen: Specimen, context: Context): OpenedText | undefined {
  const purposes = purposesOf("sealed", specimen, context);
  for (const [key, ring] of ownRings(context.keys)) {
    const sealer = new Sealer(ring, noRandom);
    for (const purpose of purposes) {
      const opened = sealer.open(specimen.text, purpose.binding);
      if (opened.kind === "opened") return { opened, key, purpose };
    }
  }
  return undefined;
}

/** Opening draws nothing. */
function noRandom(): never {
  throw new TypeError("Nothing is sealed here.");
}

function closed({ name, text }: Specimen, { keys, purpose }: Context) {
  const hasKey = ownRings(keys).some(([, ring]) => ring.find("sealHead", text.slice(0, 8)));
  const what = name === undefined && purpose === undefined;
  const remark = !hasKey
    ? "None of the keys given has its key id."
    : what
      ? "The key is the right one: pass the cookie's name (name=value), or --purpose."
      : "The key is the right one, so it was changed, or sealed for another name, --purpose or --audience.";
  return { verdict: "refused", summary: "it does not open", remarks: [remark] } as const;
}

function openedFinding(found: OpenedText, specimen: Specimen, context: Context): Finding {
  const { opened, key, purpose } = found;
  const session =
    purpose.kind === "session"
      ? readPayload(opened, managerOf(specimen, context), LONGEST_MS)
      : undefined;
  const common = {
    format: "sojourn-sealed",
    facts: [
      { name: "key", value: key.place },
      { name: "encryption", value: "AES-256-GCM, bound to its purpose and to the key" },
    ],
    remarks: [],
  };
  if (session === undefined) return { ...common, ...valueIn(opened.text, purpose, context) };
  const { record } = session;
  const { createdAt, lastSeenAt, idleTimeoutMs, absoluteTimeoutMs } = record;
  const expiresAt = Math.min(lastSeenAt + idleTimeoutMs, createdAt + absoluteTimeoutMs);
  const isOver = expiresAt <= context.now;
  return {
    ...common,
    title: "Session of sojourn, sealed in its cookie",
    verdict: isOver ? "refused" : "genuine",
    summary: isOver ? "it opens, but it has expired" : "it opens, and counts",
    issuedAt: createdAt,
    expiresAt,
    expiryRule: "idle and absolute timeout",
    facts: [...fact("user", record.userId), { name: "id", value: record.id }, ...common.facts],
    data: parse(record.data) as JsonValue | undefined,
  };
}

/** A value is framed with the time when it was set, or when it ends. */
function valueIn(text: string, { kind, text: purpose }: Purpose, { now }: Context) {
  const frame = parse(text);
  const [value, at] = Array.isArray(frame) ? (frame as readonly JsonValue[]) : [];
  const time = typeof at === "number" ? at : undefined;
  const isOver = kind === "value" && time !== undefined && time <= now;
  return {
    title: `Sealed by sojourn: ${purpose}`,
    verdict: isOver ? "refused" : "genuine",
    summary: isOver ? "it opens, but it has expired" : "it opens",
    data: kind === "idle" ? undefined : value,
    ...(kind === "value" ? { expiresAt: time } : { issuedAt: time }),
  } as const;
}
