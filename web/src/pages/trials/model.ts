import type { TrialDetail, TrialMetric, TrialRow } from "../../api/types";
import { exact, type Frame, money, points, share, signed, signedMoney } from "../../lib/format";

/** Parts of the analysis that the pages show; the API hands it on as `liuke trials analyse --json` writes it. */
export interface Estimate {
  value: number;
  low: number | null;
  high: number | null;
  level: number;
}

export interface Arm {
  arm: string;
  n: number;
  total: number;
  value: number;
}

export interface Comparison {
  arm: string;
  fixed: Estimate;
  sequential: Estimate;
  chance_to_win: number | null;
}

export interface Result {
  name: string;
  arms: Arm[];
  comparisons: Comparison[];
  problem: { zh: string; en: string } | string | null;
}

export interface Group {
  column: string;
  group: string;
  treated_n: number;
  control_n: number;
  treated_value: number;
  control_value: number;
  effect: Estimate;
  p_differs_adjusted: number | null;
}

export interface Timing {
  slope: number;
  slope_p: number | null;
}

export interface Analysis {
  level: number;
  looks: "sequential" | "fixed";
  units: number;
  arms: { arm: string; units: number; share: number; intended_share: number }[];
  split: { broken: boolean };
  reason: { zh: string; en: string };
  metrics: Result[];
  segments: { metric: string; groups: Group[] } | null;
  timing: Timing[];
  methods: { zh: string; en: string }[];
}

export interface Document {
  horizon_days: number;
  control_share: number;
  metrics: { primary: string; secondary: string[]; guardrails: { metric: string; worse_by: number }[] };
  rule: { worthwhile: number; min_units_per_arm: number; planned_units: number | null };
}

export type Tone = "good" | "bad" | "open";

export const analysisOf = (trial: TrialDetail) => (trial.report?.analysis ?? null) as Analysis | null;
export const documentOf = (trial: TrialDetail) => trial.document as unknown as Document;

/** The interval that a trial's verdict rests on. */
export const estimateOf = (analysis: Analysis, comparison: Comparison) =>
  analysis.looks === "sequential" ? comparison.sequential : comparison.fixed;

/** Whether an interval lies wholly on the good or the bad side of nothing. */
export function toneOf({ low, high }: Estimate, higherIsBetter: boolean): Tone {
  if (low === null || high === null || (low <= 0 && high >= 0)) return "open";
  return low > 0 === higherIsBetter ? "good" : "bad";
}

/** What a trial is said to be: how it ended where that says more than the reading, else the verdict of the reading. */
export function outcomeOf(trial: TrialRow): { key: string; tone: Tone } {
  if (trial.state === "draft") return { key: "draft", tone: "open" };
  if (trial.reason === "harmful") return { key: "harmful", tone: "bad" };
  if (trial.reason === "does_not_pay" || trial.verdict === "does_not_pay") return { key: "does_not_pay", tone: "bad" };
  if (trial.reason === "no_effect" || trial.verdict === "does_not_work") return { key: "does_not_work", tone: "bad" };
  return trial.verdict === "works" ? { key: "works", tone: "good" } : { key: "too_early", tone: "open" };
}

/** A metric's mean per customer, in its own unit. */
export function valueOf(kind: TrialMetric["kind"], value: number, frame: Frame): string {
  if (kind === "share") return share(value);
  return kind === "money" ? money(value, frame) : value.toFixed(2);
}

/** A change of a metric, signed, in its own unit. */
export function changeOf(kind: TrialMetric["kind"], value: number, frame: Frame): string {
  if (kind === "share") return points(value, frame);
  return kind === "money" ? signedMoney(value, frame) : signed(value, 2);
}

/** A probability that never claims to be certain. */
export function chanceOf(value: number): string {
  if (value > 0.99) return "> 99%";
  return value < 0.01 ? "< 1%" : share(value, 0);
}

/** What stands behind a metric's mean: how many of how many, or over how many. */
export function rawOf(kind: TrialMetric["kind"], arm: Arm, frame: Frame): string {
  return `${kind === "money" ? money(arm.total, frame) : exact(arm.total)} / ${exact(arm.n)}`;
}
