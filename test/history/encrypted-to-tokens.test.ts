import { describeHistory } from "./suite.ts";

describeHistory("encrypted-to-tokens", 3);
