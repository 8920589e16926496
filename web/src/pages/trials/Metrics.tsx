import { useTranslation } from "react-i18next";

import type { TrialDetail, TrialMetric } from "../../api/types";
import { useFrame, useWords } from "../../app/session";
import { IntervalPlot } from "../../components/IntervalPlot";
import { Panel } from "../../components/Page";
import { Blank } from "../../components/states";
import { between, share } from "../../lib/format";
import { type Analysis, type Arm, analysisOf, chanceOf, changeOf, documentOf, estimateOf, type Result, rawOf, toneOf, valueOf } from "./model";

/** One row per metric: raw numbers, difference, interval. */
export function Metrics({ trial }: { trial: TrialDetail }) {
  const { t } = useTranslation();
  const analysis = analysisOf(trial);
  const level = share(analysis?.level ?? 0.95, 0);
  return (
    <Panel title={t("trials.compared")} lead={t("trials.comparedLead", { level })}>
      {!analysis && <Blank title={t("frame.notEnough")}>{t("trials.says.noReport")}</Blank>}
      {analysis && trial.metrics.map((metric) => <MetricRow key={metric.name} metric={metric} trial={trial} analysis={analysis} />)}
    </Panel>
  );
}

function MetricRow({ metric, trial, analysis }: { metric: TrialMetric; trial: TrialDetail; analysis: Analysis }) {
  const { t } = useTranslation();
  const result = analysis.metrics.find(({ name }) => name === metric.name);
  const { primary, guardrails } = documentOf(trial).metrics;
  const frame = useFrame();
  const limit = guardrails.find((one) => one.metric === metric.name)?.worse_by;
  const guarded = limit !== undefined;
  const role = metric.name === primary ? "primary" : guarded ? "guardrail" : "secondary";
  return (
    <div className="effect trial-row">
      <span>
        {t(`trials.metrics.${metric.name}`, { defaultValue: metric.name })}
        <small className="trial-id">{t(`trials.roles.${role}`)}{limit ? t("trials.allowed", { size: changeOf(metric.kind, limit, frame).slice(1) }) : ""}</small>
      </span>
      {result?.comparisons[0]
        ? <Numbers metric={metric} result={result} analysis={analysis} />
        : <Missing result={result} silent={trial.report?.silent.includes(metric.name) ?? false} />}
    </div>
  );
}

function Missing({ result, silent }: { result: Result | undefined; silent: boolean }) {
  const { t } = useTranslation();
  const words = useWords();
  const problem = result?.problem;
  const said = problem && (typeof problem === "string" ? problem : words(problem.zh, problem.en));
  return <span className="muted trial-missing">{silent ? t("trials.silent") : said || t("trials.unread")}</span>;
}

function Numbers({ metric, result, analysis }: { metric: TrialMetric; result: Result; analysis: Analysis }) {
  const { t } = useTranslation();
  const frame = useFrame();
  const comparison = result.comparisons[0]!;
  const estimate = estimateOf(analysis, comparison);
  const { value, low, high } = estimate;
  const known = low !== null && high !== null;
  const tone = toneOf(estimate, metric.higher_is_better);
  const shown = (number: number) => changeOf(metric.kind, number, frame);
  const arm = (name: string) => result.arms.find((one) => one.arm === name);
  const name = t(`trials.metrics.${metric.name}`, { defaultValue: metric.name });
  const chance = comparison.chance_to_win;
  return (
    <>
      <span className="effect-arms num">
        <ArmLine label={t("overview.treated")} metric={metric} arm={arm(comparison.arm)} />
        <br />
        <ArmLine label={t("overview.control")} metric={metric} arm={arm("control")} />
      </span>
      <span className="interval-box">
        {known && <IntervalPlot value={value} low={low} high={high} tone={tone} label={t("trials.plot", { metric: name, change: shown(value), low: shown(low), high: shown(high) })} />}
      </span>
      <span className="effect-size num">
        <b>{shown(value)}</b>
        {known && <small>{between(shown(low), shown(high), frame)}</small>}
      </span>
      <span className="trial-tone">
        <span className={`verdict ${tone}`}>{t(`trials.tones.${tone}`)}</span>
        {chance !== null && <small className="muted num">{t("trials.chance", { share: chanceOf(chance) })}</small>}
      </span>
    </>
  );
}

function ArmLine({ label, metric, arm }: { label: string; metric: TrialMetric; arm: Arm | undefined }) {
  const frame = useFrame();
  if (!arm) return <>{label} –</>;
  return <>{label} <b>{valueOf(metric.kind, arm.value, frame)}</b> · {rawOf(metric.kind, arm, frame)}</>;
}
