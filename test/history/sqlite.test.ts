import { describeHistory } from "./suite.ts";

describeHistory("sqlite", 5);
