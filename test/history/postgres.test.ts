import { describeHistory } from "./suite.ts";

describeHistory("postgres", 6);
