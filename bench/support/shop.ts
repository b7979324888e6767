/** What a visitor keeps in the session. */
export interface Shop {
  cart: string[];
  theme: string;
  name: string;
  visits: number;
}

/** About 200 bytes of JSON. */
export const DATA: Shop = {
  cart: ["tea", "cup", "pot"],
  theme: "dark",
  name: "x".repeat(120),
  visits: 1,
};

/** What a browser sends beside its cookies. */
export const HEADERS: Readonly<Record<string, string>> = {
  host: "shop.example",
  "user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
  accept: "text/html,application/xhtml+xml",
  "accept-language": "en",
  "accept-encoding": "gzip, deflate, br",
};

/** The cookies that every visitor has already. */
export const OTHER_COOKIES = "_ga=GA1.1.1234567890.1700000000; consent=yes; lang=en; ab=control";

/** The `Cookie` header of a visitor who was given these: of one name the last. */
export function cookiesWith(lines: readonly string[]): string {
  const pairs = lines.map((line) => line.split(";", 1)[0] ?? "");
  const last = new Map(pairs.map((pair) => [pair.split("=", 1)[0], pair]));
  return [OTHER_COOKIES, ...last.values()].join("; ");
}
