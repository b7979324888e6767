import { instantText } from "../instants.ts";
import type { Verdict } from "./finding.ts";
import type { KeyedReading } from "./read-with-keys.ts";
import type { Context } from "./specimen.ts";

/** What checking a text came to, in words. */
interface Judgement {
  readonly verdict: Verdict;
  readonly summary: string;
  readonly remarks: readonly string[];
}

type Reading =
  | { readonly ok: true }
  | { readonly ok: false; readonly reason: string; readonly issuedAt?: number | undefined };

/** What else a format knows of itself for its judgement. */
interface Circumstances {
  readonly framework: string;
  /** Why the inside cannot be read, be it signed or not. */
  readonly fault?: "corrupt" | "tooLarge" | undefined;
  readonly expiresAt?: number | undefined;
}

/** Judges a signed text by its reading with the keys, or by what is seen without one. */
export function judged(
  { keys, now }: Context,
  keyed: KeyedReading<Reading> | undefined,
  { framework, fault, expiresAt }: Circumstances,
): Judgement {
  if (keyed === undefined && keys.length > 0) return altered(keys.length);
  const reason = reasonIn(keyed?.reading) ?? fault;
  if (reason !== undefined) return refused(reason, framework, keyed !== undefined);
  if (keyed !== undefined) {
    return { verdict: "genuine", summary: "the signature is good", remarks: [] };
  }
  const isOver = expiresAt !== undefined && expiresAt < now;
  const remarks = isOver ? [`Too old by now: it counted until ${instantText(expiresAt)}.`] : [];
  return { verdict: "unchecked", summary: "the signature is not checked: no key given", remarks };
}

/** Signed by none of the keys. */
export function altered(count: number): Judgement {
  const which = count === 1 ? "The key given did not make" : "None of the keys given made";
  return {
    verdict: "refused",
    summary: "the signature is wrong",
    remarks: [`${which} this signature: the text was changed, or another secret signed it.`],
  };
}

function reasonIn(reading: Reading | undefined): string | undefined {
  return reading === undefined || reading.ok ? undefined : reading.reason;
}

function refused(reason: string, framework: string, isSigned: boolean): Judgement {
  const [summary, remark] = words(reason, framework, isSigned);
  return { verdict: "refused", summary, remarks: remark === undefined ? [] : [remark] };
}

function words(
  reason: string,
  framework: string,
  isSigned: boolean,
): readonly [summary: string, remark?: string] {
  switch (reason) {
    case "expired":
      return ["the signature is good, but it has expired"];
    case "future":
      return [
        "the signature is good, but of the future",
        "A clock is wrong: the server's that signed it, or this one.",
      ];
    case "tooLarge":
      return [
        "too large to be opened",
        "More than 1 MiB comes out of it: a compressed bomb, or no session.",
      ];
    case "corrupt":
      return [
        "what is inside is no session",
        isSigned ? `The signature is good, so ${framework} answers it with an error.` : undefined,
      ].filter((text) => text !== undefined) as [string, string?];
    default:
      return ["malformed", `${framework} never writes it so.`];
  }
}
