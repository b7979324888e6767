import { type Clock, clockText, dayText, isClock, isDay, offsetText } from "../moment-text.ts";
import { PyBytes, PyMoment, PyTimedelta } from "../values.ts";
import { type Node, OffsetNode } from "./nodes.ts";
import { encodeLatin1 } from "./text.ts";
import type { Zones } from "./zones.ts";

/** A `datetime.datetime` from ten bytes and, where it is aware, its zone. */
export function datetimeOf(args: readonly Node[], zones: Zones): PyMoment | undefined {
  const [state, zone] = args;
  const bytes = stateBytes(state, 10);
  if (bytes === undefined || args.length > 2) return undefined;
  const [high = 0, low = 0, month = 0, date = 0] = bytes;
  const day = { year: high * 256 + low, month: month & 0x7f, day: date };
  const clock = clockOf(bytes.subarray(4));
  if (!isDay(day) || !isClock(clock)) return undefined;
  const iso = `${dayText(day)}T${clockText(clock)}`;
  const fold = month > 0x7f ? 1 : 0;
  if (zone === undefined) return new PyMoment("datetime", iso, fold);
  if (!(zone instanceof OffsetNode)) return undefined;
  const offset = zone.offset ?? zones.offset(zone.zone?.name ?? "", iso, fold);
  return new PyMoment("datetime", iso + offsetText(offset), fold, zone.zone);
}

/** A `datetime.date` from four bytes. */
export function dateOf(args: readonly Node[]): PyMoment | undefined {
  const bytes = stateBytes(args[0], 4);
  if (bytes === undefined || args.length > 1) return undefined;
  const [high = 0, low = 0, month = 0, date = 0] = bytes;
  const day = { year: high * 256 + low, month, day: date };
  return isDay(day) ? new PyMoment("date", dayText(day)) : undefined;
}

/** A `datetime.time` from six bytes and, where it is aware, its offset. */
export function timeOf(args: readonly Node[]): PyMoment | undefined {
  const [state, zone] = args;
  const bytes = stateBytes(state, 6);
  if (bytes === undefined || args.length > 2) return undefined;
  const [hour = 0] = bytes;
  const clock = { ...clockOf(bytes), hour: hour & 0x7f };
  const fold = hour > 0x7f ? 1 : 0;
  if (!isClock(clock)) return undefined;
  if (zone === undefined) return new PyMoment("time", clockText(clock), fold);
  // A time without a day has no offset in a zone that has summer time.
  if (!(zone instanceof OffsetNode) || zone.offset === undefined) return undefined;
  return new PyMoment("time", clockText(clock) + offsetText(zone.offset), fold, zone.zone);
}

/** A `datetime.timedelta` from three ints, normalised as Python writes them. */
export function timedeltaOf(args: readonly Node[]): PyTimedelta | undefined {
  const [days, seconds, microseconds] = args;
  if (!isWithin(days, -999_999_999, 999_999_999) || args.length !== 3) return undefined;
  if (!isWithin(seconds, 0, 86_399) || !isWithin(microseconds, 0, 999_999)) return undefined;
  return new PyTimedelta(days, seconds, microseconds);
}

/** A `datetime.timezone` from an offset of less than a day and, where it has one, a name. */
export function timezoneOf(args: readonly Node[]): OffsetNode | undefined {
  const [offset, name] = args;
  if (!(offset instanceof PyTimedelta) || args.length > 2) return undefined;
  const isZero = offset.seconds === 0 && offset.microseconds === 0;
  if (offset.days !== 0 && (offset.days !== -1 || isZero)) return undefined;
  if (name === undefined) return new OffsetNode(offset, undefined);
  return typeof name === "string" ? new OffsetNode(offset, { kind: "timezone", name }) : undefined;
}

/** A `zoneinfo.ZoneInfo` from its name, as the cache of Python has it. */
export function zoneInfoOf(args: readonly Node[]): OffsetNode | undefined {
  const [name, fromCache] = args;
  if (typeof name !== "string" || args.length !== 2) return undefined;
  const isCached = fromCache === 1 || fromCache === true;
  return isCached ? new OffsetNode(undefined, { kind: "ZoneInfo", name }) : undefined;
}

/** Python 2 has bytes as text. */
function stateBytes(state: Node | undefined, length: number): Uint8Array | undefined {
  const bytes = typeof state === "string" ? encodeLatin1(state) : undefined;
  const found = state instanceof PyBytes ? state.bytes : bytes;
  return found?.length === length ? found : undefined;
}

function clockOf(bytes: Uint8Array): Clock {
  const [hour = 0, minute = 0, second = 0, high = 0, middle = 0, low = 0] = bytes;
  return { hour, minute, second, microsecond: (high << 16) | (middle << 8) | low };
}

function isWithin(value: Node | undefined, least: number, most: number): value is number {
  return typeof value === "number" && value >= least && value <= most;
}
