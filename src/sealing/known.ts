import { createHash } from "node:crypto";

/** What is hashed when "some secret" is wanted in a hurry. */
const WORDS: readonly string[] = (
  " password passwort passw0rd passphrase secret mysecret topsecret supersecret secretkey secret-key " +
  "secret_key session sessions sessionsecret session-secret session_secret sojourn cookie keys key " +
  "mykey token mytoken salt pepper changeme change-me change_me default example test testing tests " +
  "demo dev development production prod staging admin administrator root user username login welcome " +
  "letmein hello helloworld hello-world hi foo bar baz foobar foobarbaz qwerty qwertz qwerty123 " +
  "qwertyuiop asdf asdfgh asdfghjkl zxcvbnm abc abcd abc123 abcdef a b c x 0 1 12 123 1234 12345 " +
  "123456 1234567 12345678 123456789 1234567890 0123456789 0000 1111 111111 000000 123123 iloveyou " +
  "dragon monkey sunshine princess football baseball shadow master superman batman trustno1 " +
  "whatever freedom starwars correcthorsebatterystaple null undefined none true false"
).split(" ");
const PHRASES: readonly string[] = [
  ...["hello world", "keyboard cat", "shhhh", "s3cret", "my secret", "secret key", "foo bar"],
  ...["correct horse battery staple", "The quick brown fox jumps over the lazy dog"],
  ...["session secret", "super secret", "change me", "top secret"],
];
const ALGORITHMS: readonly string[] = ["sha256", "sha384", "sha512"];

/** Of a key, and of a hash that was cut to it. */
const COMPARED_BYTES = 32;

/**
 * SHA-256, as base64url, of keys that are printed in standards: NIST SP 800-38A (F.1.5), RFC 7515
 * (A.1), RFC 7520 (3.5), the specification of Fernet, and RFC 8032 (7.1, tests 1 to 3).
 */
const PUBLISHED: ReadonlySet<string> = new Set([
  "uTxyt0vISH0pgnAF-A1jWRj5G8IrFNftBXFNWPlnAt0",
  "yOzJNhoF4oXwTCb5VyExpt6rB-niuGUFPG91pNi9KzI",
  "c-x0RYBZxwyuPwrehmP-DaHcSxFO2M2sdTZBQLRFikw",
  "y-s2Lx-mmmaR21kvRSnPa-oc4InrEyozUMkIEnn_jzQ",
  "ZE1Qq2SGTCChKzxGVtRrSkj2nvfEfs3IQVzSgxayLvU",
  "PS2Wgs26UpaCoVL2eOJcbCmEe_JYjKThswI8FXn5lY0",
  "2OygzKcg0zv22aPoBXBT_2pNGaYqmHT6f3AE6mYvsvk",
]);

let hashes: ReadonlySet<string> | undefined;

/** Whether a key is the hash of a word that everybody tries first. */
export function isHashOfWord(bytes: Uint8Array): boolean {
  hashes ??= hashesOfWords();
  return hashes.has(startOf(bytes));
}

/** Whether a key is printed where everybody can read it. */
export function isPublished(bytes: Uint8Array): boolean {
  return PUBLISHED.has(createHash("sha256").update(bytes).digest("base64url"));
}

/** Some 1,400 hashes, in 2 ms. */
function hashesOfWords(): ReadonlySet<string> {
  const texts = [...WORDS, ...PHRASES].flatMap((word) => {
    const capitalised = word.charAt(0).toUpperCase() + word.slice(1);
    // echo password | sha256sum
    return [word, capitalised, word.toUpperCase()].flatMap((text) => [text, `${text}\n`]);
  });
  const digests = texts.flatMap((text) =>
    ALGORITHMS.map((algorithm) => startOf(createHash(algorithm).update(text).digest())),
  );
  return new Set(digests);
}

function startOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.subarray(0, COMPARED_BYTES)).toString("base64url");
}
