import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Alert, App, Button, Input, InputNumber, Radio, Select } from "antd";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useNavigate } from "react-router";

import { api, ApiProblem } from "../../api/client";
import { trialPlanQuery, type TrialRequest, trialsQuery } from "../../api/queries";
import type { TrialPlanned, TrialRow } from "../../api/types";
import { useFrame, useSession, useWords } from "../../app/session";
import { Answer, PageHead, Panel } from "../../components/Page";
import { Blank, Failure, Loading } from "../../components/states";
import { exact, share } from "../../lib/format";
import { changeOf, valueOf } from "./model";

type Goal = "repurchase" | "margin";
type Pace = "slow" | "half" | "all";

interface Choice {
  strategy: string;
  goal: Goal;
  gain: Record<Goal, number>; // points of a share; major units of money
  pace: Pace;
  perDay: number | null; // null: as the shop's own history says
}

const STAGES: Record<Pace, number[]> = { slow: [0.05, 0.2, 0.5, 1], half: [0.5], all: [1] };
const TOO_MANY_WEEKS = 26; // after half a year shop and customers are others
const KINDS = { repurchase: "share", margin: "money" } as const;

export default function Planner() {
  const { t } = useTranslation();
  const words = useWords();
  const query = useQuery(trialsQuery);
  return (
    <>
      <PageHead title={t("trials.planner")} lead={t("trials.plannerLead")}><Link to="/trials">{t("trials.back")}</Link></PageHead>
      <Answer query={query}>
        {({ strategies, trials }) => strategies.length === 0
          ? <Panel title={t("trials.planner")}><Blank>{t("overview.noStrategies")}</Blank></Panel>
          : <Form names={new Map(strategies.map(({ id, name }) => [id, words(name.zh, name.en)]))} trials={trials} />}
      </Answer>
    </>
  );
}

function Form({ names, trials }: { names: Map<string, string>; trials: TrialRow[] }) {
  const { t } = useTranslation();
  const frame = useFrame();
  const [choice, setChoice] = useState<Choice>({ strategy: [...names.keys()][0]!, goal: "repurchase", gain: { repurchase: 1, margin: 1 }, pace: "slow", perDay: null });
  const change = (part: Partial<Choice>) => setChoice((now) => ({ ...now, ...part }));
  const { strategy, goal, gain, pace } = choice;
  const request = requestOf(choice, frame.exponent, freeId(strategy, trials));
  const query = useQuery(trialPlanQuery(request));
  const answer = query.error ? undefined : query.data;
  const rate = choice.perDay ?? (answer?.facts.entries_per_day as number | null | undefined) ?? null;
  const unit = goal === "repurchase" ? t("trials.ask.points") : frame.currency;
  return (
    <div className="segment-grid">
      <Panel title={t("trials.ask.title")}>
        <div className="trial-form">
          <Question label={t("trials.ask.strategy")}>
            <Select aria-label={t("trials.ask.strategy")} value={strategy} options={[...names].map(([value, label]) => ({ value, label }))} onChange={(value) => change({ strategy: value, perDay: null })} style={{ width: 280 }} />
          </Question>
          <Question label={t("trials.ask.goal")}>
            <Radio.Group aria-label={t("trials.ask.goal")} value={goal} onChange={(event) => change({ goal: event.target.value as Goal })}
              options={[{ value: "repurchase", label: t("trials.ask.goals.repurchase") }, { value: "margin", label: t("trials.ask.goals.margin") }]} />
          </Question>
          <Question label={t("trials.ask.gain")} help={answer?.metrics[0] && t("trials.ask.now", { value: valueOf(KINDS[goal], answer.metrics[0].baseline, frame) })}>
            <InputNumber<number> aria-label={t("trials.ask.gain")} value={gain[goal]} min={0.1} step={0.5} precision={1} suffix={unit} onChange={(value) => value !== null && change({ gain: { ...gain, [goal]: value } })} style={{ width: 200 }} />
          </Question>
          <Question label={t("trials.ask.perDay")} help={t("trials.ask.perDayHelp")}>
            <InputNumber<number> aria-label={t("trials.ask.perDay")} value={rate} min={1} precision={0} suffix={t("trials.ask.people")} onChange={(value) => change({ perDay: value })} style={{ width: 200 }} />
          </Question>
          <Question label={t("trials.ask.pace")}>
            <Radio.Group aria-label={t("trials.ask.pace")} value={pace} vertical onChange={(event) => change({ pace: event.target.value as Pace })}
              options={(Object.keys(STAGES) as Pace[]).map((value) => ({ value, label: t(`trials.ask.paces.${value}`) }))} />
          </Question>
        </div>
      </Panel>
      <div className="stack segment-answer">
        <Panel title={t("trials.needs")}>
          <div aria-live="polite">
            {query.error && <NoPlan error={query.error} retry={() => void query.refetch()} />}
            {!query.error && !answer && <Loading />}
            {answer && <Needed answer={answer} rate={rate} growing={pace === "slow"} />}
          </div>
        </Panel>
        <Keep request={request} planned={answer?.metrics[0]?.units ?? null} busy={trials.find((one) => one.strategy === strategy && !one.by_default && (one.state === "running" || one.state === "paused"))} />
      </div>
    </div>
  );
}

function Question({ label, help, children }: { label: string; help?: string | undefined; children: ReactNode }) {
  return <div className="trial-question"><strong>{label}</strong>{children}{help && <small className="muted">{help}</small>}</div>;
}

function NoPlan({ error, retry }: { error: Error; retry: () => void }) {
  const { t } = useTranslation();
  if (error instanceof ApiProblem && error.status === 422) return <Blank title={t("frame.notEnough")}>{t("trials.noPlan")}</Blank>;
  return <Failure error={error} retry={retry} />;
}

function Needed({ answer, rate, growing }: { answer: TrialPlanned; rate: number | null; growing: boolean }) {
  const { t } = useTranslation();
  const frame = useFrame();
  const words = useWords();
  const [primary, ...others] = answer.metrics;
  if (!primary) return <Blank>{t("trials.noPlan")}</Blank>;
  const { horizon_days: horizon, control_share: control } = answer.document as { horizon_days: number; control_share: number };
  const weeks = (units: number) => (rate ? Math.ceil((Math.ceil(units / rate) + horizon) / 7) : null);
  const kindOf = (metric: string) => (metric === "margin" || metric === "revenue" ? "money" : metric === "orders" ? "count" : "share");
  return (
    <>
      <dl className="facts">
        <div><dt>{t("trials.customersNeeded")}</dt><dd className="big num">{exact(primary.units)}</dd></div>
        <div><dt>{t("trials.weeksNeeded")}</dt><dd className="big num">{weeks(primary.units) ?? "–"}</dd></div>
        <div><dt>{t("overview.treated")}</dt><dd className="num">{exact(primary.treated_units)}</dd></div>
        <div><dt>{t("overview.control")}</dt><dd className="num">{exact(primary.control_units)}</dd></div>
      </dl>
      <p className="sentence trial-needs">
        {t("trials.needsSaid", { days: horizon, control: share(control, 0) })}
        {growing && t("trials.needsSlow")}
      </p>
      {(weeks(primary.units) ?? 0) > TOO_MANY_WEEKS && <Alert type="warning" showIcon title={t("trials.tooLong")} style={{ marginBottom: 8 }} />}
      {primary.units < primary.units_without_cuped && <p className="effect-why">{t("trials.saved", { n: exact(primary.units_without_cuped - primary.units) })}</p>}
      {others.length > 0 && (
        <>
          <p className="effect-why">{t("trials.alsoSeen")}</p>
          <ul className="trial-also">
            {others.map((one) => (
              <li key={one.metric}>
                <span>{t("trials.alsoLine", { metric: t(`trials.metrics.${one.metric}`, { defaultValue: words(one.words.zh, one.words.en) }), change: changeOf(kindOf(one.metric), one.worthwhile, frame) })}</span>
                <b className="num">{exact(one.units)}</b>
              </li>
            ))}
          </ul>
        </>
      )}
      <p className="effect-why">{t("trials.basis", { n: exact(Number(answer.facts.customers)), who: words(answer.population.zh, answer.population.en) })}</p>
    </>
  );
}

function Keep({ request, planned, busy }: { request: TrialRequest; planned: number | null; busy: TrialRow | undefined }) {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const client = useQueryClient();
  const go = useNavigate();
  const mayRun = useSession().permissions.includes("run_trials");
  const words = useWords();
  const [name, setName] = useState({ zh: "", en: "" });
  const [problem, setProblem] = useState<Error>();
  if (!mayRun) return null;
  const save = async () => {
    const changes: Record<string, unknown> = { ...request.changes, name: { zh: name.zh || name.en, en: name.en || name.zh } };
    if (planned !== null) changes.rule = { ...(changes.rule as object), planned_units: planned };
    try {
      const { data } = await api.POST("/api/trials", { body: { ...request, changes } });
      await client.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] === "trials" });
      void message.success(t("trials.kept"));
      if (data) void go(`/trials/${data.id}`);
    } catch (error) {
      setProblem(error as Error);
    }
  };
  return (
    <Panel title={t("trials.keep")} lead={t("trials.keepLead")}>
      {busy && <Alert type="info" showIcon title={t("trials.busy", { name: words(busy.name.zh, busy.name.en) })} style={{ marginBottom: 12 }} />}
      <div className="filters">
        <Input aria-label={t("segments.nameZh")} placeholder={t("segments.nameZh")} maxLength={60} value={name.zh} onChange={(event) => setName({ ...name, zh: event.target.value })} style={{ width: 180 }} />
        <Input aria-label={t("segments.nameEn")} placeholder={t("segments.nameEn")} maxLength={60} value={name.en} onChange={(event) => setName({ ...name, en: event.target.value })} style={{ width: 180 }} />
        <Button type="primary" disabled={!(name.zh || name.en)} onClick={() => void save()}>{t("trials.save")}</Button>
      </div>
      {problem && <Alert type="error" showIcon title={t("trials.refused")} description={problem.message} style={{ marginTop: 12 }} />}
    </Panel>
  );
}

function requestOf({ strategy, goal, gain, pace }: Choice, exponent: number, id: string): TrialRequest {
  const beside: Goal = goal === "margin" ? "repurchase" : "margin";
  const worthwhile = goal === "margin" ? Math.round(gain.margin * 10 ** exponent) : gain.repurchase / 100;
  return { strategy, changes: { id, metrics: { primary: goal, secondary: [beside, "orders"] }, rule: { worthwhile }, rollout: { stages: STAGES[pace] } } };
}

/** An id that no trial has yet. */
function freeId(strategy: string, trials: TrialRow[]): string {
  const taken = new Set(trials.map(({ id }) => id));
  let n = 1;
  while (taken.has(`${strategy.slice(0, 55)}_trial_${n}`)) n += 1;
  return `${strategy.slice(0, 55)}_trial_${n}`;
}
