import { PyTimedelta } from "../values.ts";
import { refuse } from "./refusal.ts";

/** To ask for one offset takes as long as to read a thousand values. */
const MAX_QUESTIONS = 2000;
const MAX_FORMATS = 100;
const DAY_MS = 86_400_000;

const formats = new Map<string, Intl.DateTimeFormat>();

/** The offsets of the zones that one pickle names. */
export class Zones {
  #questions = 0;

  /**
   * How far a zone is from UTC when its clocks show a given time. Of two equal hours `fold` says
   * which; for an hour that is left out it is the offset before it or, with `fold`, after.
   */
  offset(name: string, iso: string, fold: 0 | 1): PyTimedelta {
    this.#questions += 1;
    if (this.#questions > MAX_QUESTIONS)
      refuse(`more than ${MAX_QUESTIONS} datetimes are in zones`);
    const format = formatOf(name);
    const wall = Date.parse(`${iso}Z`);
    const before = offsetAt(format, wall - DAY_MS);
    const after = offsetAt(format, wall + DAY_MS);
    const found = [before, after].filter((each) => offsetAt(format, wall - each * 1000) === each);
    const [only] = found.length === 1 ? found : [];
    const seconds = only ?? (fold === 1 ? after : before);
    const days = Math.floor(seconds / 86_400);
    return new PyTimedelta(days, seconds - days * 86_400, 0);
  }
}

/** The offset, in seconds, at an instant. */
function offsetAt(format: Intl.DateTimeFormat, instant: number): number {
  const parts = format.formatToParts(instant);
  const text = parts.find(({ type }) => type === "timeZoneName")?.value ?? "";
  const [, sign, hours = 0, minutes = 0, seconds = 0] =
    /^GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/.exec(text) ?? [];
  const size = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
  return sign === "-" ? -size : size;
}

function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone);
  if (known !== undefined) return known;
  const format = newFormat(timeZone);
  if (formats.size >= MAX_FORMATS) formats.clear();
  formats.set(timeZone, format);
  return format;
}

function newFormat(timeZone: string): Intl.DateTimeFormat {
  // Intl takes offsets such as "+01:00" as well; ZoneInfo does not.
  if (!/^[A-Z][A-Za-z0-9_+/-]{0,63}$/.test(timeZone))
    refuse("a zoneinfo.ZoneInfo is not known here");
  try {
    return new Intl.DateTimeFormat("en-US", { timeZone, timeZoneName: "longOffset" });
  } catch {
    return refuse("a zoneinfo.ZoneInfo is not known here");
  }
}
