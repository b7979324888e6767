import { describeHistory } from "./suite.ts";

describeHistory("layered", 3);
