import { objectIn } from "./objects.ts";
import type { Piece, Source } from "./sources.ts";

/** Data that stands beside a session's id, as it is. */
export interface PlainData {
  readonly id: string;
  readonly source: Source;
  readonly keys: readonly string[];
  readonly text: string;
}

const IDS = /s_[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]/g;
/** As far as a row, or a line, of a session reaches. */
const REACH = 8_192;
/** Where rows are lines of JSON, the next one is another's, though it has no id. */
const NEXT_ROW = /\r?\n(?=\{)/;
const SEALED = "sojourn:sealed";

/** The ids of the sessions in a piece. */
export function idsIn({ bytes }: Piece): readonly string[] {
  const wide = [0, 1].map((parity) => bytes.toString("utf16le", parity));
  return [bytes.toString("latin1"), ...wide].flatMap((text) => text.match(IDS) ?? []);
}

/** Looks for JSON that follows the id of a session before the next one, and is not sealed. */
export function plainDataIn(source: Source, { bytes }: Piece): readonly PlainData[] {
  const text = bytes.toString("utf8");
  const places = [...text.matchAll(IDS)];
  return places.flatMap(({ 0: id, index }, at) => {
    const end = Math.min(places[at + 1]?.index ?? text.length, index + REACH);
    const [row = ""] = text.slice(index + id.length, end).split(NEXT_ROW, 1);
    // Within JSON lines and in the texts of some drivers the quotes are escaped.
    const object = objectIn(row) ?? objectIn(row.replaceAll('\\"', '"'));
    const keys = Object.keys(object ?? {});
    if (keys.length === 0 || keys.includes(SEALED)) return [];
    return [{ id, source, keys, text: JSON.stringify(object) }];
  });
}
