import type { Digest, PySecret } from "../python/itsdangerous/derived-key.ts";

/** How a Django project signs, in the words of its settings. */
export interface DjangoSecrets {
  /** `SECRET_KEY`. */
  readonly secretKey: PySecret;
  /** `SECRET_KEY_FALLBACKS`, which Django has since 4.1. @default [] */
  readonly fallbacks?: readonly PySecret[];
  /** @default "4.0" */
  readonly version?: DjangoVersion;
}

/**
 * The Django whose forms are written, and with them those that are read: `2.2` stands for all before
 * 3.1, `3.1` for 3.1 and 3.2, which read the forms of `2.2` too, and `4.0` for all since, which do
 * not. `3.1 sha1` is 3.1 or 3.2 with `DEFAULT_HASHING_ALGORITHM = "sha1"`: it writes as `2.2`.
 */
export type DjangoVersion = "2.2" | "3.1" | "3.1 sha1" | "4.0";

/** The hash functions of a Django: the first is the one that it writes with. */
export function digestsOf(version: DjangoVersion): readonly Digest[] {
  switch (version) {
    case "2.2":
    case "3.1 sha1":
      return ["sha1"];
    case "3.1":
      return ["sha256", "sha1"];
    case "4.0":
      return ["sha256"];
    default:
      return version satisfies never;
  }
}
