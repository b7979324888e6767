import { parseObject } from "../../core/json.ts";
import type { SessionRecord } from "../../core/record.ts";

/** What of a session the library knows and nobody else is to see. */
export type Particulars = Pick<SessionRecord, "device" | "notes">;

/** All that is private of a session. */
export type Private = Particulars & Pick<SessionRecord, "data" | "flash">;

/** The lengths of the four texts, a dash for one that is missing, and the texts. */
export function privateText({ data, flash, device, notes }: Private): string {
  const lengths = [data, flash, device, notes].map((text) => text?.length ?? "-").join(" ");
  // JSON would double every quote of the data.
  return `${lengths} ${data}${flash}${device ?? ""}${notes ?? ""}`;
}

const LENGTHS = /^(\d+) (\d+) (-|\d+) (-|\d+) /;

export function privateFrom(text: string): Private {
  const [front = "", ...lengths] = LENGTHS.exec(text) ?? [];
  let end = front.length;
  const [data, flash, device, notes] = lengths.map((length) => {
    if (length === "-") return undefined;
    const start = end;
    end += Number(length);
    return text.slice(start, end);
  });
  return { data: data ?? "", flash: flash ?? "", device, notes };
}

/** What alone the visitor's token opens. */
export type Contents = Pick<SessionRecord, "data" | "flash">;

export function contentsText({ data, flash }: Contents): string {
  return `${data.length} ${data}${flash}`;
}

export function contentsFrom(text: string): Contents {
  const [front = "", length] = /^(\d+) /.exec(text) ?? [];
  const end = front.length + Number(length);
  return { data: text.slice(front.length, end), flash: text.slice(end) };
}

/** @param hash - Of what is sealed beside them, where that is not bound to the same. */
export function particularsText({ device, notes }: Particulars, hash?: string): string {
  return JSON.stringify({ device, notes, hash });
}

export function sealedParticularsFrom(text: string): Particulars & { readonly hash: unknown } {
  const { hash } = parseObject(text) ?? {};
  return { ...particularsFrom(text), hash };
}

export function particularsFrom(text: string): Particulars {
  const { device, notes } = (parseObject(text) ?? {}) as Partial<Particulars>;
  return { device, notes };
}
