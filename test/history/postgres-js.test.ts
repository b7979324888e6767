import { describeHistory } from "./suite.ts";

describeHistory("postgres.js", 4);
