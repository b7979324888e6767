/** Writes docs/security/asvs.md from the list of requirements and the names of the tests. */
import { mkdirSync, writeFileSync } from "node:fs";
import { STANDARDS } from "../test/security/requirements/standards.ts";
import { requirementsPage } from "../test/security/requirements-page.ts";
import { findTaggedTests } from "../test/security/tagged-tests.ts";

const FOLDER = new URL("../docs/security/", import.meta.url);

mkdirSync(FOLDER, { recursive: true });
const page = requirementsPage(STANDARDS, findTaggedTests().tests);
writeFileSync(new URL("asvs.md", FOLDER), page);
