import type { Request } from "express";

const MAX_LENGTH = 500;

/** A field of a form that was sent, as text. What is missing or no text is the empty string. */
export function field(req: Request, name: string): string {
  const body: unknown = req.body;
  if (typeof body !== "object" || body === null || !Object.hasOwn(body, name)) return "";
  const value: unknown = (body as Record<string, unknown>)[name];
  return typeof value === "string" ? value.slice(0, MAX_LENGTH) : "";
}

/** One slash, not two: "//evil.example" is an address on another host. */
const OWN_PATH = /^\/(?![/\\])[\x21-\x7e]*$/;

/** The path to go on to, as it came with the request, if it is one of this shop's own. */
export function ownPath(path: unknown): string {
  return typeof path === "string" && OWN_PATH.test(path) ? path : "/";
}
