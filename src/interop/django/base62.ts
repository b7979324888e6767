const DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** A whole number as Django writes the seconds in what it signs. */
export function base62(number: number): string {
  const digit = DIGITS.charAt(number % 62);
  return number < 62 ? digit : base62(Math.floor(number / 62)) + digit;
}

/** The number that {@link base62} wrote, if a JavaScript number can hold it. */
export function readBase62(text: string): number | undefined {
  if (!/^(?:0|[1-9A-Za-z][0-9A-Za-z]{0,8})$/.test(text)) return undefined;
  const number = [...text].reduce((sum, digit) => 62 * sum + DIGITS.indexOf(digit), 0);
  return Number.isSafeInteger(number) ? number : undefined;
}
