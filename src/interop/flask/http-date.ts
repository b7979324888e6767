const DAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");
const FORM = /^(\w{3}), (\d\d) (\w{3}) (\d{4}) (\d\d:\d\d:\d\d) GMT$/;
const ISO_FORM =
  /^(\d{4})-(\d\d)-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.\d{1,6})?)?(?:([+-])(\d\d):(\d\d)(?::(\d\d)(?:\.\d+)?)?)?)?$/;

/**
 * The HTTP date of a date or datetime given by its `isoformat()`, in Greenwich and without parts of
 * a second. One that names no zone is taken for Greenwich's own. `undefined` beyond Python's years.
 */
export function httpDate(iso: string): string | undefined {
  const parts = ISO_FORM.exec(iso);
  if (parts === null) return undefined;
  const date = new Date(0);
  const numbers = parts.slice(1).map((part = "0") => Number(part));
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = numbers;
  const [offsetHour = 0, offsetMinute = 0, offsetSecond = 0] = numbers.slice(7);
  const offset =
    (parts[7] === "-" ? -1 : 1) * (60 * (60 * offsetHour + offsetMinute) + offsetSecond);
  date.setUTCFullYear(year, month - 1, day);
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;
  date.setUTCHours(hour, minute, second - offset);
  return isPythons(date) ? laidOut(date) : undefined;
}

/** The `isoformat()` of an HTTP date as {@link httpDate} writes it, as Python reads it back. */
export function readHttpDate(text: string): string | undefined {
  const [, , day = "", monthName = "", year = "", time = ""] = FORM.exec(text) ?? [];
  const month = String(MONTHS.indexOf(monthName) + 1).padStart(2, "0");
  const iso = `${pythonsYear(year)}-${month}-${day}T${time}+00:00`;
  const parsed = new Date(iso);
  const isDate = !Number.isNaN(parsed.getTime()) && isPythons(parsed);
  return isDate && parsed.toISOString().startsWith(iso.slice(0, 19)) ? iso : undefined;
}

/** Python's reader of dates takes a year below 100 for one of two digits. */
function pythonsYear(year: string): string {
  const number = Number(year);
  if (number >= 100) return year;
  return String(number > 68 ? number + 1_900 : number + 2_000);
}

function isPythons(date: Date): boolean {
  const year = date.getUTCFullYear();
  return year >= 1 && year <= 9_999;
}

function laidOut(date: Date): string {
  const [day, month] = [DAYS[date.getUTCDay()], MONTHS[date.getUTCMonth()]];
  const year = String(date.getUTCFullYear()).padStart(4, "0");
  const time = date.toISOString().slice(11, 19);
  return `${day}, ${String(date.getUTCDate()).padStart(2, "0")} ${month} ${year} ${time} GMT`;
}
