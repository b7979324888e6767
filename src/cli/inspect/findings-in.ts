import { decodedUtf8 } from "../../interop/python/utf8.ts";
import { shortened } from "../printable.ts";
import type { Finding } from "./finding.ts";
import { storedFinding } from "./formats/stored.ts";
import { recognised } from "./recognised.ts";
import type { Context, Specimen } from "./specimen.ts";
import { specimensIn } from "./specimens.ts";

/** A finding, and the name of the cookie that it is of. */
export interface NamedFinding extends Finding {
  readonly name: string | undefined;
}

/** What is known of an input: of one value, or of each cookie of a header that is recognised. */
export function findingsIn(input: Buffer, context: Context): readonly NamedFinding[] {
  const stored = storedFinding(input, context);
  if (stored !== undefined) return [{ name: undefined, ...stored }];
  const text = decodedUtf8(input);
  if (text === undefined) return [];
  const { whole, cookies, attributes } = specimensIn(text);
  const one = cookies.length > 1 ? undefined : recognised(whole, context);
  if (one !== undefined) return [{ name: undefined, ...one }];
  return cookies.flatMap((cookie) => findingOf(cookie, attributes, context));
}

function findingOf(
  cookie: Specimen,
  attributes: string | undefined,
  context: Context,
): readonly NamedFinding[] {
  const finding = recognised(cookie, context);
  if (finding === undefined) return [];
  const name = cookie.name && shortened(cookie.name, 60);
  if (attributes === undefined) return [{ name, ...finding }];
  const facts = [...finding.facts, { name: "attributes", value: shortened(attributes, 400) }];
  return [{ name, ...finding, facts }];
}
