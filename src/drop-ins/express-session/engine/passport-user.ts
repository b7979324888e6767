/** The user that passport keeps in a session, as far as it is named plainly. */
export function passportUser({ passport }: Readonly<Record<string, unknown>>): string | undefined {
  const user = fieldOf(passport, "user");
  return nameOf(user) ?? nameOf(fieldOf(user, "id")) ?? nameOf(fieldOf(user, "_id"));
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined;
}

function nameOf(value: unknown): string | undefined {
  if (typeof value === "string") return value === "" ? undefined : value;
  return typeof value === "number" ? String(value) : undefined;
}
