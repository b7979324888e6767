import type { EpochMs } from "../python/time-bounds.ts";
import type { PyDict } from "../python/values.ts";
import { DjangoSigner } from "./django-signer.ts";
import type { DjangoSecrets, DjangoVersion } from "./django-version.ts";
import { LegacySessionData } from "./legacy-session-data.ts";
import {
  type DjangoReading,
  type DjangoWriting,
  readSigned,
  writeSigned,
} from "./signed-session.ts";

/** How a Django project keeps its sessions. */
export interface DjangoSessionDataOptions extends DjangoSecrets {
  /** The class of the project's session store, by which Django salts. @default "SessionStore" */
  readonly storeClass?: string;
}

/** Reads and writes `session_data`: what the `db`, `cached_db` and `file` sessions of Django hold. */
export class DjangoSessionData {
  readonly #signer: DjangoSigner;
  readonly #legacy: LegacySessionData;
  readonly #version: DjangoVersion;

  constructor(options: DjangoSessionDataOptions) {
    const { storeClass = "SessionStore", version = "4.0" } = options;
    this.#version = version;
    this.#signer = new DjangoSigner(options, `django.contrib.sessions.${storeClass}`);
    this.#legacy = new LegacySessionData(options.secretKey, storeClass);
  }

  /** Reads a record. It has no age of its own: the row, or the file, says when it ends. */
  read(text: string): DjangoReading {
    if (this.#version === "2.2") return this.#readLegacy(text);
    const reading = readSigned(this.#signer, text, { now: 0 });
    const isOlder = !reading.ok && this.#version !== "4.0" && !text.includes(":");
    return isOlder ? this.#readLegacy(text) : reading;
  }

  /** Writes a session as the project's Django does. */
  write(session: PyDict, now: EpochMs): DjangoWriting {
    const isLegacy = this.#version === "2.2" || this.#version === "3.1 sha1";
    return isLegacy ? this.#legacy.write(session) : writeSigned(this.#signer, session, now);
  }

  #readLegacy(text: string): DjangoReading {
    const reading = this.#legacy.read(text);
    if (!reading.ok) return reading;
    const isCurrent = this.#version !== "3.1";
    return { ok: true, session: reading.session, issuedAt: undefined, isCurrent };
  }
}
