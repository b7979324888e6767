import { describeHistory } from "./suite.ts";

describeHistory("file", 5);
