/** The user that passport keeps in a session, as far as it is named plainly. */
export function passportUser({ passport }: Readonly<Record<string, unknown>>): string | undefined {
  const user = fieldOf(passport, "user");
  return nameOf(user) ?? nameOf(fieldOf(user, "id")) ?? nameOf(fieldOf(user, "_id"));
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null
    ? asStored((value as Readonly<Record<string, unknown>>)[name])
    : undefined;
}

/** As the next request has it: a database's own kind of id is a text there. */
function asStored(value: unknown): unknown {
  const toJSON: unknown = Object(value).toJSON;
  return typeof toJSON === "function" ? toJSON.call(value) : value;
}

function nameOf(value: unknown): string | undefined {
  if (typeof value === "string") return value === "" ? undefined : value;
  return typeof value === "number" ? String(value) : undefined;
}
