import type { JsonValue } from "../../core/json.ts";
import type { PyDict, PyValue } from "../../interop/python/values.ts";
import { viewOf } from "../../interop/python/view.ts";
import { beyondJson } from "./beyond-json.ts";
import { type Fact, fact } from "./finding.ts";

/** What a session of Python's says: as data, in facts, and in remarks. */
export interface ReadSession {
  readonly data: JsonValue;
  readonly facts: readonly Fact[];
  readonly remarks: readonly string[];
}

const MOST_NAMED = 5;
/** Under these keys the frameworks and their usual extensions say who is signed in. */
const USER_KEYS: readonly string[] = ["_auth_user_id", "_user_id", "user_id"];

/** Reads what is in a session. */
export function sessionRead(session: PyDict): ReadSession {
  return {
    data: viewOf(session),
    facts: fact("user", userIn(session)),
    remarks: beyondRemarks(session),
  };
}

/** What JSON has no word for, in a sentence. */
export function beyondRemarks(value: PyValue): readonly string[] {
  const found = beyondJson(value, MOST_NAMED + 1, "numbered");
  if (found.length === 0) return [];
  const named = found
    .slice(0, MOST_NAMED)
    .map(({ path, kind }) => `${path || "the whole"} (${kind})`);
  const more = found.length > MOST_NAMED ? ", and more" : "";
  return [`JSON has no word for ${named.join(", ")}${more}: shown as tagged objects.`];
}

function userIn(session: PyDict): string | undefined {
  const key = USER_KEYS.find((each) => isName(session.get(each)));
  return key === undefined ? undefined : `${String(session.get(key))} (by ${key})`;
}

function isName(value: PyValue | undefined): boolean {
  return typeof value === "string" || typeof value === "number";
}
