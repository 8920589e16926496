import type { components } from "../../api/schema";
import type { TagDefinition } from "../../api/types";

type Schemas = components["schemas"];
export type Definition = Schemas["SegmentDefinition-Input"];
export type Rule = Definition["rule"];
export type Preview = Schemas["Preview"];
export type SegmentList = Schemas["SegmentList"];
export type TagCondition = Extract<Rule, { kind: "tag" }>;
export type ProfileCondition = Extract<Rule, { kind: "profile" }>;
export type EventCondition = Extract<Rule, { kind: "event" }>;
export type SequenceCondition = Extract<Rule, { kind: "sequence" }>;
export type Test = TagCondition["test"];
export type Where = EventCondition["where"][number];
export type Mode = "all" | "any" | "none";
export type ValueKind = "number" | "text" | "boolean" | "date" | "list";
export type ConditionKind = "tag" | "profile" | "event" | "sequence" | "segment" | "random" | "expression";

/** What the builder needs to know of the shop. */
export interface Known {
  tags: TagDefinition[];
  list: SegmentList;
  own: string;
}

export interface Group {
  mode: Mode;
  parts: Rule[];
}

/** A group as the builder draws it; `none` stands for “not any”. A condition is no group. */
export function groupOf(rule: Rule): Group | null {
  if (rule.kind === "all" || rule.kind === "any") return { mode: rule.kind, parts: rule.of };
  if (rule.kind === "not") return { mode: "none", parts: rule.of.kind === "any" ? rule.of.of : [rule.of] };
  return null;
}

export function ruleOf({ mode, parts }: Group): Rule {
  return mode === "none" ? { kind: "not", of: { kind: "any", of: parts } } : { kind: mode, of: parts };
}

/** Whether every group holds something: an unfinished rule is not asked about. */
export function complete(rule: Rule): boolean {
  const group = groupOf(rule);
  if (group) return group.parts.length > 0 && group.parts.every(complete);
  if (rule.kind === "tag") return rule.tag !== "" && filled(rule.test);
  if (rule.kind === "profile") return filled(rule.test);
  if (rule.kind === "segment") return rule.segment !== "";
  if (rule.kind === "expression") return rule.text.trim() !== "";
  if (rule.kind === "event") return rule.where.every(({ test }) => filled(test));
  return true;
}

function filled(test: Test): boolean {
  if ("values" in test) return test.values.length > 0;
  if ("text" in test) return test.text !== "";
  if ("day" in test) return test.day !== "";
  return true;
}

const DATES = new Set(["registered_on", "birth_month", "member_since_on", "first_seen_on"]);

export function fieldKind(field: string): ValueKind {
  return DATES.has(field) ? "date" : "text";
}

export function tagKind(tag: TagDefinition | undefined): ValueKind {
  if (!tag) return "text";
  return tag.kind === "text" || tag.kind === "boolean" || tag.kind === "date" || tag.kind === "list" ? tag.kind : "number";
}

/** How many stored units one typed unit is: money is typed in currency units, shares in percent. */
export function scaleOf(tag: TagDefinition | undefined, exponent: number): number {
  return tag?.kind === "money" ? 10 ** exponent : tag?.kind === "share" ? 0.01 : 1;
}

export const OPERATORS: Record<ValueKind, Test["op"][]> = {
  number: ["gte", "lte", "between", "eq", "missing", "known"],
  text: ["in", "not_in", "missing", "known"],
  list: ["in", "not_in", "missing"],
  boolean: ["eq", "missing"],
  date: ["within_last", "before", "after", "anniversary", "missing", "known"],
};

/** An operator with an empty or harmless operand. */
export function emptyTest(op: Test["op"], kind: ValueKind): Test {
  switch (op) {
    case "in":
    case "not_in":
      return { op, values: [] };
    case "missing":
    case "known":
      return { op };
    case "between":
      return { op, low: 0, high: 100 };
    case "before":
    case "after":
      return { op, day: "" };
    case "within_last":
      return { op, days: 30 };
    case "anniversary":
      return { op, days: 7 };
    case "contains":
    case "starts_with":
      return { op, text: "" };
    default:
      return { op, value: kind === "boolean" ? true : kind === "text" ? "" : 0 };
  }
}

export function newCondition(kind: ConditionKind, { tags, list, own }: Known): Rule {
  switch (kind) {
    case "tag": {
      const tag = tags[0];
      const value = tagKind(tag);
      return { kind, tag: tag?.key ?? "", test: emptyTest(OPERATORS[value][0]!, value) };
    }
    case "profile":
      return { kind, field: "province", test: { op: "in", values: [] } };
    case "event":
      return { kind, source: "purchases", how: "did", where: [], days: 30, ago: 0 };
    case "sequence": {
      const events = list.sources.find(({ source }) => source === "events")?.events ?? [];
      return {
        kind, first: { source: "events", where: [isEvent(events.includes("cart_add") ? "cart_add" : events[0] ?? "cart_add")] }, then: "did_not",
        second: { source: "purchases", where: [] }, within_days: 3, days: 30,
      };
    }
    case "segment":
      return { kind, segment: list.segments.find(({ key }) => key !== own)?.key ?? "" };
    case "random":
      return { kind, share: 0.1, salt: "" };
    case "expression":
      return { kind, text: "" };
  }
}

export function isEvent(event: string): Where {
  return { column: "event", test: { op: "eq", value: event } };
}

/** The document without what the server would not take: groups that hold nothing. */
export function newDefinition(): Definition {
  return { language: 1, key: `s_${Date.now().toString(36)}`, name: { zh: "", en: "" }, note: "", rule: { kind: "all", of: [] } };
}
