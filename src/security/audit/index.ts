export { type Audit, type AuditOptions, audit } from "./audit.ts";
export type { AuditDetail, AuditRecord, AuditRequest, ChainLink } from "./audit-record.ts";
export { type AuditVerdict, verifyAudit } from "./chain.ts";
export type { AuditSink } from "./outbox.ts";
