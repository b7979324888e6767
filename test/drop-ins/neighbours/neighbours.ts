import { describe } from "vitest";
import { csrfStory } from "./support/csrf-story.ts";
import { flashStory } from "./support/flash-story.ts";
import { grantStory } from "./support/grant-story.ts";
import { passportStory } from "./support/passport-story.ts";
import { socketStory } from "./support/socket-story.ts";
import type { OpenSubject } from "./support/subject.ts";

/** Tells what the middlewares that read `req.session` expect of whoever provides it. */
export function describeNeighbours(name: string, open: OpenSubject): void {
  describe(name, () => {
    passportStory(open);
    flashStory(open);
    csrfStory(open);
    grantStory(open);
    socketStory(open);
  });
}
