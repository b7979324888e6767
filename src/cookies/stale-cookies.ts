import type { Exchange, RequestHead } from "../core/exchange.ts";
import type { ResolvedCookie } from "./cookie-options.ts";
import { MAX_HOST_LENGTH, MAX_PATH_LENGTH } from "./cookie-scope.ts";
import { expireElsewhere, type Place } from "./set-cookie.ts";

/** A path or a host of more parts than this gets no further lines. */
const MAX_PARTS = 4;
/**
 * What the lines of one response may take. nginx has 4 KiB for its whole head, in which the session's
 * own cookies may be sent too: they are not longer than what came.
 */
const MAX_BYTES = 2_048;
const MIN_BYTES = 512;
const MAX_BYTES_WITH_COOKIES = 3_584;
/** What stands around each line. */
const HEADER_BYTES: number = "Set-Cookie: \r\n".length;

let turn = 0;

/**
 * Makes the browser forget cookies of these names that it holds beside the current ones: left by an
 * older Domain, Path or `partitioned`, or planted by another host of the domain. The server is not
 * told where a cookie came from, so every place that the browser could have sent it from is named,
 * but for the current one. Where there are too many of them, the likeliest are named in each response
 * and the others take turns.
 *
 * @param cookies - Each as it is written on this connection.
 */
export function expireStale(
  { request, reply }: Exchange,
  cookies: readonly ResolvedCookie[],
): void {
  const came = request.header("cookie")?.length ?? 0;
  const room = Math.min(Math.max(MAX_BYTES_WITH_COOKIES - came, MIN_BYTES), MAX_BYTES);
  const lines = staleLines(request, cookies);
  const always = fitting(lines, room - MIN_BYTES);
  const others = lines.filter((line) => !always.includes(line));
  const longest = Math.max(0, ...others.map(({ length }) => length)) + HEADER_BYTES;
  const step = Math.max(Math.floor(MIN_BYTES / longest), 1);
  const from = (turn * step) % Math.max(others.length, 1);
  turn += 1;
  const inTurn = [...others.slice(from), ...others.slice(0, from)];
  for (const line of fitting([...always, ...inTurn], room)) reply.addCookie(line);
}

function fitting(lines: readonly string[], room: number): string[] {
  let left = room;
  return lines.filter((line) => {
    const bytes = line.length + HEADER_BYTES;
    const fits = bytes <= left;
    if (fits) left -= bytes;
    return fits;
  });
}

/** Of several names the likeliest place of each comes before the next place of any. */
export function staleLines(request: RequestHead, cookies: readonly ResolvedCookie[]): string[] {
  const lists = cookies.map((cookie) =>
    placesOf(cookie, request).map((place) =>
      expireElsewhere(cookie.name, place, cookie.attributes),
    ),
  );
  const longest = Math.max(0, ...lists.map(({ length }) => length));
  const ranks = Array.from({ length: longest }, (_, rank) => rank);
  return ranks.flatMap((rank) => lists.flatMap((list) => list[rank] ?? []));
}

function placesOf({ prefix, attributes }: ResolvedCookie, request: RequestHead): Place[] {
  const isHostBound = prefix.startsWith("__Host-");
  const domains = isHostBound ? [undefined] : domainsOf(request);
  const { folders, below } = isHostBound ? { folders: ["/"], below: [] } : pathsOf(request);
  // Browsers refuse a partitioned cookie that is not Secure.
  const other = attributes.secure ? [!attributes.partitioned] : [];
  const ranked = [
    ...placesIn(domains, folders, [attributes.partitioned]),
    ...placesIn(domains, folders, other),
    ...placesIn(domains, below, [attributes.partitioned, ...other]),
  ];
  const isCurrent = ({ domain, path, partitioned }: Place): boolean =>
    domain === attributes.domain &&
    path === attributes.path &&
    partitioned === attributes.partitioned;
  return ranked.filter((place) => !isCurrent(place));
}

function placesIn(
  domains: readonly (string | undefined)[],
  paths: readonly string[],
  partitions: readonly boolean[],
): Place[] {
  return partitions.flatMap((partitioned) =>
    paths.flatMap((path) => domains.map((domain) => ({ domain, path, partitioned }))),
  );
}

/** The host alone, the host's domain, and the domains above it. */
function domainsOf(request: RequestHead): (string | undefined)[] {
  const host = (request.header("host") ?? "").toLowerCase().replace(/:\d+$/, "");
  const labels = host.split(".");
  const isName = /^[a-z0-9.-]+$/.test(host) && !/^\d+$/.test(labels.at(-1) ?? "");
  if (!isName || host.length > MAX_HOST_LENGTH) return [undefined];
  const domains = labels.slice(0, -1).map((_, index) => labels.slice(index).join("."));
  return [undefined, ...domains.slice(0, MAX_PARTS)];
}

/**
 * The root and every folder of the request's path, and each folder with a slash behind it, which is
 * another path to browsers. Longer ones than they take are left out: an ignored Path means the
 * current one.
 */
function pathsOf({ target }: RequestHead): { folders: string[]; below: string[] } {
  const [pathname = "/"] = target.split("?", 1);
  const parts = /^\/[\x21-\x3a\x3c-\x7e]*$/.test(pathname)
    ? pathname.split("/").filter((part) => part !== "")
    : [];
  const folders = parts
    .slice(0, MAX_PARTS)
    .map((_, index) => `/${parts.slice(0, index + 1).join("/")}`)
    .filter((folder) => folder.length <= MAX_PATH_LENGTH);
  const below = folders
    .map((folder) => `${folder}/`)
    .filter((path) => path.length <= MAX_PATH_LENGTH && pathname.startsWith(path));
  return { folders: ["/", ...folders], below };
}
