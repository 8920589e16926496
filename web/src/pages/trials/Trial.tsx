import { useQuery } from "@tanstack/react-query";
import { Alert, Progress } from "antd";
import { useTranslation } from "react-i18next";
import { Link, useParams } from "react-router";

import { trialQuery } from "../../api/queries";
import type { TrialDetail } from "../../api/types";
import { useFrame, useWords } from "../../app/session";
import { DataTable } from "../../components/DataTable";
import { Answer, PageHead, Panel } from "../../components/Page";
import { Blank } from "../../components/states";
import { day, exact, instant, money, share, signedMoney } from "../../lib/format";
import { Actions } from "./Actions";
import { Groups } from "./Groups";
import { Metrics } from "./Metrics";
import { type Analysis, analysisOf, documentOf, estimateOf, outcomeOf, changeOf } from "./model";
import { Verdict } from "./Trials";

export default function Trial() {
  const { id = "" } = useParams();
  const { t } = useTranslation();
  const words = useWords();
  const query = useQuery(trialQuery(id));
  const title = query.data ? words(query.data.name.zh, query.data.name.en) : t("trials.title");
  return (
    <>
      <PageHead title={title} lead={query.data && <Standing trial={query.data} />} asOf={query.data?.report?.as_of}><Link to="/trials">{t("trials.back")}</Link></PageHead>
      <Answer query={query}>{(trial) => <Whole trial={trial} />}</Answer>
    </>
  );
}

/** Where it stands: running, paused or ended, since when, and how many are contacted. */
function Standing({ trial }: { trial: TrialDetail }) {
  const { t } = useTranslation();
  const words = useWords();
  const { state, reason } = trial;
  const takenOver = reason === "replaced" && trial.events.findLast(({ action }) => action === reason);
  const parts = [
    takenOver ? words(takenOver.zh, takenOver.en) : reason ? t(`trials.reasons.${reason}`, { defaultValue: reason }) : "",
    state === "draft" ? "" : t("trials.since", { day: day(trial.started_on) }),
    state === "ended" ? t("trials.until", { day: day(trial.ended_on) }) : "",
    state === "draft" ? "" : trial.treated_share > 0 && state !== "paused" ? t("trials.reaches", { share: share(trial.treated_share, 0) }) : t("trials.reachesNobody"),
  ];
  return <><strong>{t(`trials.states.${state}`)}</strong>{parts.filter(Boolean).map((part) => ` · ${part}`)}</>;
}

function Whole({ trial }: { trial: TrialDetail }) {
  const { t } = useTranslation();
  const analysis = analysisOf(trial);
  return (
    <div className="stack">
      {analysis?.split.broken && <BrokenSplit analysis={analysis} />}
      <Panel title={t("trials.result")} extra={<Actions trial={trial} />}>
        <div className="trial-result">
          <Verdict trial={trial} big />
          <p>{useSentence(trial)}</p>
        </div>
        <Money trial={trial} />
      </Panel>
      <Journey trial={trial} />
      {trial.state !== "draft" && <Metrics trial={trial} />}
      {analysis && <Groups trial={trial} analysis={analysis} />}
      <History trial={trial} />
      {analysis && <Method analysis={analysis} trial={trial} />}
    </div>
  );
}

/** The verdict in one sentence, with the deciding metric's numbers. */
function useSentence(trial: TrialDetail): string {
  const { t } = useTranslation();
  const frame = useFrame();
  const words = useWords();
  const analysis = analysisOf(trial);
  const outcome = outcomeOf(trial).key;
  if (outcome === "draft") return t("trials.says.draft");
  if (!analysis) return t(trial.report?.problem ? "trials.says.notEnough" : "trials.says.noReport");
  if (analysis.split.broken) return t("trials.says.split");
  const [primary] = trial.metrics;
  const result = analysis.metrics.find(({ name }) => name === primary?.name);
  const comparison = result?.comparisons[0];
  const estimate = comparison && estimateOf(analysis, comparison);
  const { min_units_per_arm: least } = documentOf(trial).rule;
  if (!primary || !result || !estimate || estimate.low === null || estimate.high === null) return words(analysis.reason.zh, analysis.reason.en);
  if (result.arms.some(({ n }) => n < least)) return t("trials.says.few", { n: exact(least) });
  const shown = (value: number) => changeOf(primary.kind, value, frame);
  const values = { metric: t(`trials.metrics.${primary.name}`), change: shown(estimate.value), low: shown(estimate.low), high: shown(estimate.high) };
  const better = outcome === "too_early" && estimate.low > 0; // what is not ruled out yet is harm to a guard-rail
  return better ? t("trials.says.guard_open", values) : t(`trials.says.${outcome}`, values);
}

function BrokenSplit({ analysis }: { analysis: Analysis }) {
  const { t } = useTranslation();
  const rows = analysis.arms.map((one) =>
    t("trials.splitArm", { arm: t(`trials.arms.${one.arm}`, { defaultValue: one.arm }), n: exact(one.units), real: share(one.share), meant: share(one.intended_share) }),
  );
  return <Alert type="error" showIcon title={t("trials.splitBroken")} description={<>{rows.join(" · ")}<br />{t("trials.splitWhat")}</>} />;
}

function Money({ trial }: { trial: TrialDetail }) {
  const { t } = useTranslation();
  const frame = useFrame();
  const gain = trial.money;
  if (trial.split_broken) return <p className="muted">{t("trials.noMoneySplit")}</p>;
  if (!gain) return <p className="muted">{t("trials.noMoney")}</p>;
  return (
    <>
      <dl className="facts trial-money">
        <div>
          <dt>{t("trials.gainOf", { n: exact(gain.treated_n) })}</dt>
          <dd className="big num">{signedMoney(gain.gain_minor, frame)}</dd>
          <dd className="num muted">{t("trials.between", { low: signedMoney(gain.gain_low_minor, frame), high: signedMoney(gain.gain_high_minor, frame) })}</dd>
        </div>
        <div><dt>{t("trials.cost")}</dt><dd className="big num">{money(gain.cost_minor, frame)}</dd></div>
        <Return gain={trial.report?.gain} />
        <div><dt>{t("trials.bookedHere")}</dt><dd className="big num">{money(gain.booked_minor, frame)}</dd></div>
      </dl>
      <p className="effect-why">{t("trials.bookedRule")}</p>
    </>
  );
}

/** What came back for what was spent, with its interval. */
function Return({ gain }: { gain: NonNullable<TrialDetail["report"]>["gain"] | undefined }) {
  const { t } = useTranslation();
  const { return_on_cost: back, return_low: low, return_high: high } = gain ?? {};
  const known = typeof back === "number" && typeof low === "number" && typeof high === "number";
  const times = (value: number) => `${value < 0 ? "−" : ""}${Math.abs(value).toFixed(1)}`;
  return (
    <div>
      <dt>{t("trials.return")}</dt>
      <dd className="big num">{known ? t("trials.times", { n: times(back) }) : "–"}</dd>
      {known && <dd className="num muted">{t("trials.between", { low: times(low), high: t("trials.times", { n: times(high) }) })}</dd>}
    </div>
  );
}

/** How far it has come: stages, and customers read of those planned. */
function Journey({ trial }: { trial: TrialDetail }) {
  const { t } = useTranslation();
  const { complete, informative, pending, planned, share: done, days_left: left } = trial.progress;
  const { control_share: control, horizon_days: days } = documentOf(trial);
  const begun = trial.state !== "draft";
  return (
    <Panel title={t("trials.journey")} lead={t("trials.journeyLead", { days, control: share(control, 0) })}>
      <ol className="trial-stages" aria-label={t("trials.stage")} data-label={t("trials.stage")}>
        {trial.stages.map((one, at) => (
          <li key={one} aria-current={begun && at === trial.stage ? "step" : undefined}>{share(Math.min(one, 1 - control), 0)}</li>
        ))}
      </ol>
      {begun && (
        <>
          {planned !== null && <Progress percent={Math.round((done ?? 0) * 100)} aria-label={t("trials.progress")} />}
          <p>
            {planned !== null ? t("trials.ofPlanned", { n: exact(complete), all: exact(planned) }) : t("trials.complete", { n: exact(complete) })}
            {informative < complete * 0.95 && ` ${t("trials.worth", { n: exact(Math.round(informative)) })}`}
            {pending > 0 && ` ${t("trials.pending", { n: exact(pending) })}`}
            {left !== null && left > 0 && ` ${t("trials.weeksLeft", { n: Math.ceil(left / 7) })}`}
            {trial.state === "ended" && planned !== null && informative < planned && ` ${t("trials.endedSooner")}`}
          </p>
        </>
      )}
      {begun && trial.state === "running" && !trial.growing && <Alert type="info" showIcon title={t("trials.heldBack")} />}
    </Panel>
  );
}

function History({ trial }: { trial: TrialDetail }) {
  const { t } = useTranslation();
  const frame = useFrame();
  const words = useWords();
  return (
    <Panel title={t("trials.history")} lead={t("trials.historyLead")}>
      {trial.events.length === 0 ? <Blank>{t("trials.noHistoryYet")}</Blank> : (
        <DataTable
          label={t("trials.history")}
          minWidth={520}
          rowKey="number"
          rows={[...trial.events].reverse()}
          columns={[
            { key: "day", title: t("trials.day"), className: "num", render: (_, row) => <span title={instant(row.at, frame)}>{day(row.day)}</span> },
            { key: "what", title: t("trials.what"), render: (_, row) => words(row.zh, row.en) },
            { key: "share", title: t("trials.treatedShare"), align: "right", className: "num", render: (_, row) => share(row.treated_share, 0) },
            { key: "who", title: t("trials.who"), render: (_, row) => (row.actor === "loop" ? t("trials.byItself") : row.actor) },
          ]}
        />
      )}
    </Panel>
  );
}

/** For who wants to check: the rule's own words and the methods behind the numbers. */
function Method({ analysis, trial }: { analysis: Analysis; trial: TrialDetail }) {
  const { t } = useTranslation();
  const words = useWords();
  return (
    <details className="panel trial-method">
      <summary>{t("trials.method")}</summary>
      <p>{words(analysis.reason.zh, analysis.reason.en)}</p>
      <ul>{analysis.methods.map((one) => <li key={one.en}>{words(one.zh, one.en)}</li>)}</ul>
      <p className="muted num">{t("trials.versions", { document: trial.document_version, strategy: trial.strategy_version || "–" })}</p>
    </details>
  );
}
