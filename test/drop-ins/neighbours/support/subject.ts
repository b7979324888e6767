import type { RequestHandler } from "express";

/** A session middleware, as its neighbours are put on it. */
export interface Subject {
  /** The middleware; each call is another one over the same store. */
  session(): RequestHandler;
  close(): Promise<void>;
}

/** Begins with a store of its own, so that no story knows of another. */
export type OpenSubject = () => Subject | Promise<Subject>;
