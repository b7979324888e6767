import { describeHistory } from "./suite.ts";

describeHistory("mysql", 6);
