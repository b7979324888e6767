/**
 * A process of its own with an application: `node process.ts <subject> <place> <live options>`. It tells
 * its parent where it listens.
 */
import { createSessions } from "../../../src/index.ts";
import { type SubjectName, subjects } from "../../history/subjects.ts";
import { type Data, startApplication } from "./application.ts";

const [, , name = "", place = "", live = ""] = process.argv;
const sessions = createSessions<Data>({
  store: await subjects[name as SubjectName].open(JSON.parse(place)),
  onError: () => undefined,
});
const { origin } = await startApplication(sessions, { live: JSON.parse(live) });
process.send?.(origin);
// Nobody outlives the tests.
process.on("disconnect", () => process.exit());
