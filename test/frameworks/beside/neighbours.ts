/** Where an application mounts the others: before its sessions, or after them. */
export const PLACES = ["before", "after"] as const;
export type Place = (typeof PLACES)[number];

export const PAGE: string = "<p>a page of some length</p>\n".repeat(500);
/** The tag of a page that has not changed. */
export const UNCHANGED = '"unchanged"';
export const FUTURE = "Tue, 01 Jan 2041 00:00:00 GMT";

export async function* pieces(): AsyncGenerator<Buffer> {
  for (let piece = 0; piece < 5; piece += 1) yield Buffer.from(PAGE);
}

export async function* breaking(): AsyncGenerator<Buffer> {
  yield Buffer.from(PAGE);
  throw new Error("A slip");
}
