import { CodecError } from "../../core/errors.ts";
import { PyDict, PyFloat, PyTuple, type PyValue } from "../python/values.ts";
import { isList } from "../python/view.ts";

/**
 * Refuses what msgspec writes into JSON as `null`.
 *
 * @throws {@link CodecError} naming its key path.
 */
export function refuseNonFinite(value: PyValue, path = ""): void {
  if (value instanceof PyFloat && !Number.isFinite(value.value)) {
    throw new CodecError(path, "Flask-Session's JSON has no NaN and no infinity.");
  }
  const items = value instanceof PyTuple ? value.items : value;
  if (isList(items)) {
    for (const [place, item] of items.entries()) refuseNonFinite(item, `${path}[${place}]`);
  } else if (value instanceof PyDict) {
    for (const [key, item] of value.entries) {
      refuseNonFinite(item, path === "" ? String(key) : `${path}.${String(key)}`);
    }
  }
}
