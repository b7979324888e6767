import { describeHistory } from "./suite.ts";

describeHistory("redis", 6);
