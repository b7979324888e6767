/** The headers that described the response that failed, and would lie about the error page. */
const REPRESENTATION =
  /^(?:content-.+|etag|last-modified|location|accept-ranges|cache-control|expires|transfer-encoding)$/i;

/** Whether a response header says something of this body alone. */
export function isRepresentation(name: string): boolean {
  return REPRESENTATION.test(name);
}
