import { Input, InputNumber, Select } from "antd";
import { useTranslation } from "react-i18next";

import { useFrame, useWords } from "../../app/session";
import { narrow } from "../../lib/typed";
import {
  emptyTest, type EventCondition, fieldKind, isEvent, type Known, OPERATORS, type ProfileCondition, type Rule, scaleOf,
  type SequenceCondition, type TagCondition, tagKind, type Test, type ValueKind, type Where,
} from "./model";

export interface EditorProps<T extends Rule> {
  rule: T;
  change: (rule: T) => void;
  known: Known;
}

const LEVELS = ["red", "orange", "yellow", "blue"];

export function ConditionEditor({ rule, change, known }: EditorProps<Rule>) {
  switch (rule.kind) {
    case "tag":
      return <TagEditor rule={rule} change={change} known={known} />;
    case "profile":
      return <ProfileEditor rule={rule} change={change} known={known} />;
    case "event":
      return <EventEditor rule={rule} change={change} known={known} />;
    case "sequence":
      return <SequenceEditor rule={rule} change={change} known={known} />;
    case "segment":
      return <SegmentEditor rule={rule} change={change} known={known} />;
    case "random":
      return <RandomEditor rule={rule} change={change} known={known} />;
    case "expression":
      return <ExpressionEditor rule={rule} change={change} known={known} />;
    default:
      return null;
  }
}

function TagEditor({ rule, change, known }: EditorProps<TagCondition>) {
  const { t } = useTranslation();
  const words = useWords();
  const { exponent } = useFrame();
  const tag = known.tags.find(({ key }) => key === rule.tag);
  const kind = tagKind(tag);
  const families = [...new Set(known.tags.map(({ family }) => family))];
  const options = families.map((family) => {
    const members = known.tags.filter((one) => one.family === family);
    return { label: words(members[0]!.family_zh, members[0]!.family_en), options: members.map((one) => ({ value: one.key, label: words(one.zh, one.en) })) };
  });
  const choose = (key: string) => {
    const next = tagKind(known.tags.find((one) => one.key === key));
    change({ ...rule, tag: key, test: emptyTest(OPERATORS[next][0]!, next) });
  };
  return (
    <>
      <Select aria-label={t("segments.tag")} value={rule.tag || undefined} options={options} onChange={choose} showSearch={{ optionFilterProp: "label" }} style={{ width: 190 }} popupMatchSelectWidth={false} />
      <TestEditor
        test={rule.test}
        kind={kind}
        scale={scaleOf(tag, exponent)}
        suffix={tag?.kind === "share" ? "%" : tag?.kind === "days" ? t("segments.days") : undefined}
        values={tag?.values.map((one) => ({ value: one.value, label: words(one.zh, one.en) }))}
        change={(test) => change({ ...rule, test })}
      />
    </>
  );
}

function ProfileEditor({ rule, change, known }: EditorProps<ProfileCondition>) {
  const { t } = useTranslation();
  const choose = (field: string) => {
    const kind = fieldKind(field);
    change({ ...rule, field, test: emptyTest(OPERATORS[kind][0]!, kind) });
  };
  const offered =
    rule.field === "level" ? LEVELS.map((value) => ({ value, label: t(`levels.${value}`) }))
    : rule.field === "gender" ? ["female", "male"].map((value) => ({ value, label: t(`customer.${value}`) }))
    : undefined;
  return (
    <>
      <Select
        aria-label={t("segments.field")}
        value={rule.field}
        options={known.list.fields.map((value) => ({ value, label: t(`segments.fields.${value}`, { defaultValue: value }) }))}
        onChange={choose}
        style={{ width: 150 }}
      />
      <TestEditor test={rule.test} kind={fieldKind(rule.field)} scale={1} values={offered} change={(test) => change({ ...rule, test })} />
    </>
  );
}

interface TestProps {
  test: Test;
  kind: ValueKind;
  scale: number;
  suffix?: string | undefined;
  values?: { value: string; label: string }[] | undefined;
  change: (test: Test) => void;
}

function TestEditor({ test, kind, scale, suffix, values, change }: TestProps) {
  const { t } = useTranslation();
  const typed = (value: unknown) => Number((Number(value) / scale).toPrecision(12));
  const stored = (value: number | null) => Number(((value ?? 0) * scale).toPrecision(12));
  return (
    <>
      <Select
        aria-label={t("segments.operator")}
        value={test.op}
        options={OPERATORS[kind].map((value) => ({ value, label: t(`segments.ops.${kind === "list" && value === "in" ? "hasAny" : kind === "list" && value === "not_in" ? "hasNone" : value}`) }))}
        onChange={(op: Test["op"]) => change(emptyTest(op, kind))}
        style={{ width: 124 }}
        popupMatchSelectWidth={false}
      />
      {"values" in test && (
        <Select
          aria-label={t("segments.value")}
          placeholder={t("segments.value")}
          mode={values ? "multiple" : "tags"}
          value={test.values.map(String)}
          options={values ?? []}
          onChange={(chosen: string[]) => change({ ...test, values: chosen })}
          style={{ minWidth: 190, flex: "1 1 190px" }}
        />
      )}
      {"value" in test && kind === "boolean" && (
        <Select
          aria-label={t("segments.value")}
          value={test.value ? "yes" : "no"}
          options={["yes", "no"].map((value) => ({ value, label: t(`segments.${value}`) }))}
          onChange={(value) => change({ ...test, value: value === "yes" })}
          style={{ width: 90 }}
        />
      )}
      {"value" in test && kind === "number" && (
        <InputNumber parser={narrow} aria-label={t("segments.value")} value={typed(test.value)} suffix={suffix} onChange={(value) => change({ ...test, value: stored(value) })} style={{ width: 130 }} />
      )}
      {test.op === "between" && (
        <>
          <InputNumber parser={narrow} aria-label={t("customers.low")} value={typed(test.low)} suffix={suffix} onChange={(value) => change({ ...test, low: stored(value) })} style={{ width: 120 }} />
          <InputNumber parser={narrow} aria-label={t("customers.high")} value={typed(test.high)} suffix={suffix} onChange={(value) => change({ ...test, high: stored(value) })} style={{ width: 120 }} />
        </>
      )}
      {"day" in test && <Input type="date" aria-label={t("segments.day")} value={test.day} onChange={(event) => change({ ...test, day: event.target.value })} style={{ width: 150 }} />}
      {(test.op === "within_last" || test.op === "anniversary") && <Days label={t("segments.days")} value={test.days} change={(days) => change({ ...test, days })} />}
    </>
  );
}

function Days({ label, value, change }: { label: string; value: number; change: (days: number) => void }) {
  const { t } = useTranslation();
  return <InputNumber parser={narrow} aria-label={label} min={1} precision={0} value={value} suffix={t("segments.days")} onChange={(days) => change(days ?? 1)} style={{ width: 110 }} />;
}

function EventEditor({ rule, change, known }: EditorProps<EventCondition>) {
  const { t } = useTranslation();
  const source = known.list.sources.find((one) => one.source === rule.source);
  const hows = ["did", "did_not", "count", "days", ...(source?.measures.length ? ["sum"] : [])] as EventCondition["how"][];
  const choose = (how: EventCondition["how"], measures = source?.measures ?? []) => {
    const counted = how !== "did" && how !== "did_not";
    change({ ...rule, how, column: how === "sum" ? (measures[0] ?? null) : null, test: counted ? { op: "gte", value: 1 } : null });
  };
  const { exponent } = useFrame();
  const scale = rule.how === "sum" && rule.column?.endsWith("_minor") ? 10 ** exponent : 1;
  return (
    <>
      <WindowEditor rule={rule} change={change} />
      <Select
        aria-label={t("segments.how")}
        value={rule.how}
        options={hows.map((value) => ({ value, label: t(`segments.hows.${value}`) }))}
        onChange={(how) => choose(how)}
        style={{ width: 120 }}
      />
      <Select
        aria-label={t("segments.source")}
        value={rule.source}
        options={known.list.sources.map(({ source: value }) => ({ value, label: t(`segments.sources.${value}`) }))}
        onChange={(next: EventCondition["source"]) => change({ kind: "event", source: next, how: "did", where: [], days: rule.days ?? null, ago: rule.ago })}
        style={{ width: 120 }}
      />
      {rule.how === "sum" && (
        <Select
          aria-label={t("segments.amount")}
          value={rule.column ?? undefined}
          options={(source?.measures ?? []).map((value) => ({ value, label: t(`segments.columns.${value}`, { defaultValue: value }) }))}
          onChange={(column: string) => change({ ...rule, column })}
          style={{ width: 120 }}
        />
      )}
      {rule.test && <TestEditor test={rule.test} kind="number" scale={scale} change={(test) => change({ ...rule, test: test as NonNullable<EventCondition["test"]> })} />}
      <Wheres source={rule.source} where={rule.where} change={(where) => change({ ...rule, where })} known={known} />
    </>
  );
}

function WindowEditor({ rule, change }: { rule: EventCondition; change: (rule: EventCondition) => void }) {
  const { t } = useTranslation();
  return (
    <InputNumber
      parser={narrow}
      aria-label={t("segments.window")}
      min={1}
      precision={0}
      prefix={t("segments.last")}
      suffix={t("segments.days")}
      placeholder={t("segments.ever")}
      value={rule.days ?? null}
      onChange={(days) => change({ ...rule, days })}
      style={{ width: 150 }}
    />
  );
}

/** What is asked of the rows themselves: which behaviour, which category or channel. */
function Wheres({ source, where, change, known }: { source: string; where: Where[]; change: (where: Where[]) => void; known: Known }) {
  const { t } = useTranslation();
  const words = useWords();
  const asked = source === "events" ? ["event", "channel"] : source === "purchase_items" ? ["category", "brand"] : ["channel"];
  const events = known.list.sources.find((one) => one.source === source)?.events ?? [];
  const chosen = (column: string) => {
    const test = where.find((one) => one.column === column)?.test;
    return test && "values" in test ? test.values.map(String) : test && "value" in test ? [String(test.value)] : [];
  };
  const set = (column: string, values: string[]) => {
    const others = where.filter((one) => one.column !== column);
    change(values.length ? [...others, { column, test: { op: "in", values } }] : others);
  };
  return asked.map((column) => (
    <Select
      key={column}
      aria-label={t(`segments.columns.${column}`)}
      placeholder={t("segments.anyOf", { what: t(`segments.columns.${column}`) })}
      mode={column === "event" ? "multiple" : "tags"}
      value={chosen(column)}
      options={column === "event" ? events.map((value) => ({ value, label: words(known.list.event_words[value]?.zh ?? value, known.list.event_words[value]?.en ?? value) })) : []}
      onChange={(values: string[]) => set(column, values)}
      showSearch={{ optionFilterProp: "label" }}
      style={{ minWidth: 150, flex: column === "event" ? "1 1 190px" : undefined }}
    />
  ));
}

function SequenceEditor({ rule, change, known }: EditorProps<SequenceCondition>) {
  const { t } = useTranslation();
  return (
    <>
      <InputNumber parser={narrow} aria-label={t("segments.window")} min={1} precision={0} prefix={t("segments.last")} suffix={t("segments.days")} value={rule.days} onChange={(days) => change({ ...rule, days: days ?? 1 })} style={{ width: 150 }} />
      <StepEditor label={t("segments.first")} step={rule.first} change={(first) => change({ ...rule, first })} known={known} />
      <span>{t("segments.after")}</span>
      <Days label={t("segments.within")} value={rule.within_days} change={(within_days) => change({ ...rule, within_days })} />
      <Select
        aria-label={t("segments.then")}
        value={rule.then}
        options={(["did", "did_not"] as const).map((value) => ({ value, label: t(`segments.thens.${value}`) }))}
        onChange={(then) => change({ ...rule, then })}
        style={{ width: 110 }}
      />
      <StepEditor label={t("segments.second")} step={rule.second} change={(second) => change({ ...rule, second })} known={known} />
    </>
  );
}

function StepEditor({ label, step, change, known }: { label: string; step: SequenceCondition["first"]; change: (step: SequenceCondition["first"]) => void; known: Known }) {
  const { t } = useTranslation();
  const words = useWords();
  const events = known.list.sources.find((one) => one.source === "events")?.events ?? [];
  const test = step.where[0]?.test;
  const value = step.source === "purchases" ? "" : test && "value" in test ? String(test.value) : undefined;
  const options = [
    { value: "", label: t("segments.sources.purchases") },
    ...events.map((event) => ({ value: event, label: words(known.list.event_words[event]?.zh ?? event, known.list.event_words[event]?.en ?? event) })),
  ];
  return (
    <Select
      aria-label={label}
      value={value}
      options={options}
      onChange={(event: string) => change(event ? { source: "events", where: [isEvent(event)] } : { source: "purchases", where: [] })}
      showSearch={{ optionFilterProp: "label" }}
      style={{ width: 150 }}
    />
  );
}

function SegmentEditor({ rule, change, known }: EditorProps<Extract<Rule, { kind: "segment" }>>) {
  const { t } = useTranslation();
  const words = useWords();
  return (
    <Select
      aria-label={t("segments.segment")}
      placeholder={t("segments.segment")}
      value={rule.segment || undefined}
      options={known.list.segments.filter(({ key }) => key !== known.own).map(({ key, name }) => ({ value: key, label: words(name.zh, name.en) }))}
      onChange={(segment: string) => change({ ...rule, segment })}
      style={{ width: 240 }}
    />
  );
}

function RandomEditor({ rule, change }: EditorProps<Extract<Rule, { kind: "random" }>>) {
  const { t } = useTranslation();
  return (
    <>
      <InputNumber
      parser={narrow}
        aria-label={t("segments.share")}
        min={0.1}
        max={99.9}
        suffix="%"
        value={Number((rule.share * 100).toPrecision(6))}
        onChange={(share) => change({ ...rule, share: (share ?? 10) / 100 })}
        style={{ width: 110 }}
      />
      <span className="muted">{t("segments.shareHint")}</span>
    </>
  );
}

function ExpressionEditor({ rule, change }: EditorProps<Extract<Rule, { kind: "expression" }>>) {
  const { t } = useTranslation();
  const { exponent } = useFrame();
  return (
    <Input.TextArea
      aria-label={t("segments.expression")}
      placeholder={t("segments.expressionHint", { unit: 10 ** exponent })}
      autoSize={{ minRows: 1, maxRows: 6 }}
      maxLength={2000}
      value={rule.text}
      onChange={(event) => change({ ...rule, text: event.target.value })}
      style={{ flex: "1 1 320px", fontFamily: "ui-monospace, monospace" }}
    />
  );
}
