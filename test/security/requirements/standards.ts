import { ASVS_BROWSERS } from "./asvs-browsers.ts";
import { ASVS_CRYPTOGRAPHY } from "./asvs-cryptography.ts";
import { ASVS_DATA } from "./asvs-data.ts";
import { ASVS_SESSIONS } from "./asvs-sessions.ts";
import { NIST } from "./nist.ts";
import type { Standard } from "./requirement.ts";
import { WSTG } from "./wstg.ts";

export const STANDARDS: readonly Standard[] = [
  ASVS_SESSIONS,
  ASVS_BROWSERS,
  ASVS_CRYPTOGRAPHY,
  ASVS_DATA,
  WSTG,
  NIST,
];
