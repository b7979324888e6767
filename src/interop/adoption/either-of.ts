import type { Inheritance } from "../../core/passage.ts";

/** Both, in this order: the second is asked where nothing can be taken over of the first. */
export function eitherOf(first: Inheritance | undefined, second: Inheritance): Inheritance {
  if (first === undefined) return second;
  return {
    secrets: [...first.secrets, ...second.secrets],
    take: async (deadline, rejected) =>
      (await first.take(deadline, rejected)) ?? second.take(deadline, rejected),
    end: async (deadline) => {
      await first.end(deadline);
      await second.end(deadline);
    },
  };
}
