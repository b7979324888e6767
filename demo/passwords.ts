import { scrypt } from "node:crypto";
import PQueue from "p-queue";
import { HttpError } from "./http-error.ts";

const HASH_BYTES = 32;

/** The parameters of the OWASP Password Storage Cheat Sheet: 128 MiB of memory for each hash. */
const SCRYPT = { N: 2 ** 17, r: 8, p: 1, maxmem: 2 ** 28 };

/** Two of Node's four threads, so that files are read while passwords are hashed. */
const queue = new PQueue({ concurrency: 2 });

/** Some two seconds of waiting. A flood beyond it is refused at once, and costs nobody else. */
const MAX_WAITING = 8;

/**
 * The hash of a password, under a salt.
 *
 * @throws {@link HttpError} 503 where too many wait already.
 */
export async function hashPassword(password: string, salt: Uint8Array): Promise<Uint8Array> {
  if (queue.size >= MAX_WAITING) throw new HttpError(503, { retryAfterSeconds: 3 });
  return queue.add(() => scryptHash(password, salt));
}

function scryptHash(password: string, salt: Uint8Array): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    // NFKC: the same password typed on another keyboard is the same password.
    scrypt(password.normalize("NFKC"), salt, HASH_BYTES, SCRYPT, (error, hash) =>
      error ? reject(error) : resolve(hash),
    );
  });
}
