import type { MomentParts } from "../moment-text.ts";
import type { PyMoment } from "../values.ts";

/** The bytes by which Python pickles a datetime, date or time. `fold` is the top bit of one of them. */
export function momentState({ kind, fold }: PyMoment, { day, clock }: MomentParts): Uint8Array {
  const mark = fold === 1 ? 0x80 : 0;
  const date = [day.year >> 8, day.year & 0xff, day.month, day.day];
  const { hour, minute, second, microsecond } = clock;
  const fraction = [microsecond >> 16, (microsecond >> 8) & 0xff, microsecond & 0xff];
  if (kind === "date") return Uint8Array.from(date);
  if (kind === "time") return Uint8Array.of(hour | mark, minute, second, ...fraction);
  const [high = 0, low = 0, month = 0, dayOfMonth = 0] = date;
  return Uint8Array.of(high, low, month | mark, dayOfMonth, hour, minute, second, ...fraction);
}
