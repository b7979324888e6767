import { readPayload } from "../python/itsdangerous/payload.ts";
import { readPyJson } from "../python/json/read-py-json.ts";
import { PyDict } from "../python/values.ts";

/** The session in a payload that Django signed. */
export function payloadSession(payload: string): PyDict | "corrupt" | "tooLarge" {
  const reading = readPayload(payload);
  if (!reading.ok) return reading.reason;
  return jsonSession(reading.bytes) ?? "corrupt";
}

/** The session in a document of Django's `JSONSerializer`, which takes the bytes for Latin-1. */
export function jsonSession(bytes: Buffer): PyDict | undefined {
  const json = readPyJson(bytes.toString("latin1"));
  return json.ok && json.value instanceof PyDict ? json.value : undefined;
}
