import { describeHistory } from "./suite.ts";

describeHistory("encrypted", 3);
