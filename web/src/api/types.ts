import type { components } from "./schema";

type Schemas = components["schemas"];

export type Session = Schemas["Session"];
export type Overview = Schemas["Overview"];
export type Metric = Schemas["Metric"];
export type Cohort = Schemas["Cohort"];
export type RiskLevel = Schemas["RiskLevel"];
export type Strategy = Schemas["Strategy"];
export type Effect = Schemas["Effect"];
export type SimulatedEffect = Schemas["SimulatedEffect"];
export type Note = Schemas["Note"];
export type CustomerRow = Schemas["CustomerRow"];
export type CustomerDetail = Schemas["CustomerDetail"];
export type CustomerTag = Schemas["CustomerTag"];
export type TimelineEntry = Schemas["TimelineEntry"];
export type TagDefinition = Schemas["TagDefinition"];
export type Level = RiskLevel["level"];
export type Unit = Metric["unit"];
export type TagKind = TagDefinition["kind"];
export type TrialDetail = Schemas["TrialDetail"];
export type TrialList = Schemas["TrialList"];
export type TrialMetric = Schemas["TrialMetric"];
export type TrialPlanned = Schemas["TrialPlanned"];
export type TrialRow = Schemas["TrialRow"];
export type EarlyWarning = Schemas["EarlyWarning"];
export type WarnedWeek = Schemas["WarnedWeek"];
export type WarningThreshold = Schemas["WarningThreshold"];
