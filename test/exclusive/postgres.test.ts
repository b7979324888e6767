import { describeRefresh } from "./suite.ts";

describeRefresh("postgres");
