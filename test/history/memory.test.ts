import { describeHistory } from "./suite.ts";

describeHistory("memory", 3);
