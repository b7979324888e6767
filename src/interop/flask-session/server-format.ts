import type { Format } from "../foreign/foreign-sessions.ts";
import { PyDict } from "../python/values.ts";
import { formOf, readForm, type SessionForm, writeForm } from "./session-forms.ts";

/**
 * Flask-Session's records. Whatever version wrote one, it is read, and written again in the same form:
 * an application of that version may still read it.
 *
 * @param form - That of a new session.
 */
export function serverFormat(form: SessionForm): Format {
  return {
    read: (bytes) => {
      const dict = readForm(bytes);
      if (typeof dict === "string") return { rejection: "corrupt", why: `${dict}.` };
      return { dict, writtenAt: undefined };
    },
    write: (dict, _now, before) =>
      before === undefined
        ? writeForm(permanentFirst(dict), form)
        : writeForm(dict, formOf(before)),
  };
}

/** Flask-Session says that first of a new session. */
function permanentFirst(dict: PyDict): PyDict {
  const said = dict.entries.filter(([key]) => key === "_permanent");
  return new PyDict([...said, ...dict.entries.filter(([key]) => key !== "_permanent")]);
}
