import type { StoreError } from "./errors.ts";

/** Why the content of a record is nothing to anybody, in the words of rejections. */
export type ContentProblem = "unknownKey" | "altered" | "corrupt" | "schema";

const problems = new WeakMap<object, ContentProblem>();

/**
 * Notes of an error that it is about the content of one record, and not about the store: who goes
 * through many goes on without it.
 */
export function aboutContent(problem: ContentProblem, error: StoreError): StoreError {
  problems.set(error, problem);
  return error;
}

/** What is wrong with the content of the one record that an error is about. */
export function contentProblemIn(error: unknown): ContentProblem | undefined {
  return typeof error === "object" && error !== null ? problems.get(error) : undefined;
}
