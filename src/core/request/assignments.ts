import { OptionsError } from "../errors.ts";

/**
 * Makes an assignment throw to what an object of the class does not have, or only shows. Without it
 * code that is not strict would lose the value in silence.
 *
 * It stands at the end of the prototypes, where only unknown names arrive: known ones cost nothing.
 */
export function refuseAssignments(prototype: object, advice: (name: string) => string): void {
  const refuse = (name: string, problem: string): never => {
    throw new OptionsError(`session.${name}`, problem);
  };
  for (const [name, { get, set }] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
    if (get === undefined || set !== undefined) continue;
    Object.defineProperty(prototype, name, { set: () => refuse(name, "it can only be read.") });
  }
  const guard = new Proxy(
    {},
    {
      set: (_target, key) => refuse(String(key), advice(String(key))),
    },
  );
  Object.setPrototypeOf(prototype, guard);
  // biome-ignore lint/suspicious/noThenProperty: every await asks for it, the long way to the guard.
  Object.defineProperty(prototype, "then", { value: undefined, writable: true });
}
