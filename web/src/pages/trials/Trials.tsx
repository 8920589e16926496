import { useQuery } from "@tanstack/react-query";
import { Button } from "antd";
import { useTranslation } from "react-i18next";
import { Link, useNavigate } from "react-router";

import { trialsQuery } from "../../api/queries";
import type { TrialList, TrialRow } from "../../api/types";
import { useFrame, useSession, useWords } from "../../app/session";
import { DataTable } from "../../components/DataTable";
import { Answer, PageHead, Panel } from "../../components/Page";
import { Blank } from "../../components/states";
import { between, day, money, share, signedMoney } from "../../lib/format";
import { outcomeOf } from "./model";

export default function Trials() {
  const { t } = useTranslation();
  const frame = useFrame();
  const go = useNavigate();
  const mayRun = useSession().permissions.includes("run_trials");
  const query = useQuery(trialsQuery);
  const plan = <Button type={mayRun ? "primary" : "default"} onClick={() => void go("/trials/new")}>{t("trials.plan")}</Button>;
  return (
    <>
      <PageHead title={t("trials.title")} lead={t("trials.lead")} />
      <Answer query={query}>
        {(list) => (
          <div className="stack">
            {list.money.length > 0 && (
              <Panel title={t("trials.booked")} lead={t("trials.bookedLead")}>
                <p className="big num">{money(list.booked_minor, frame)}</p>
              </Panel>
            )}
            <Panel title={t("trials.list")} lead={t("trials.listLead")} extra={plan}>
              {list.trials.length === 0 ? <Blank title={t("trials.none")}>{t("trials.noneWhy")}</Blank> : <Rows list={list} />}
            </Panel>
          </div>
        )}
      </Answer>
    </>
  );
}

function Rows({ list }: { list: TrialList }) {
  const { t } = useTranslation();
  const frame = useFrame();
  const words = useWords();
  const gains = new Map(list.money.map((one) => [one.trial, one]));
  return (
    <DataTable
      label={t("trials.list")}
      minWidth={880}
      rowKey="id"
      rows={list.trials}
      columns={[
        { key: "name", title: t("trials.name"), render: (_, row) => (
          <>
            <Link to={`/trials/${row.id}`}>{words(row.name.zh, row.name.en)}</Link>
            <small className="trial-id">{row.id}{row.by_default ? ` · ${t("trials.byDefault")}` : ""}</small>
          </>
        ) },
        { key: "verdict", title: t("trials.verdict"), render: (_, row) => (
          <>
            <Verdict trial={row} />
            {row.split_broken && <small className="trial-id trial-alarm">{t("trials.splitShort")}</small>}
          </>
        ) },
        { key: "gain", title: t("trials.gain"), align: "right", className: "num", render: (_, row) => {
          const gain = gains.get(row.id);
          if (!gain || row.split_broken) return "–";
          return (
            <>
              {signedMoney(gain.gain_minor, frame)}
              <small className="trial-id">{between(signedMoney(gain.gain_low_minor, frame), signedMoney(gain.gain_high_minor, frame), frame)}</small>
            </>
          );
        } },
        { key: "state", title: t("trials.state"), render: (_, row) => (
          <>
            {t(`trials.states.${row.state}`)}
            {row.reason && <small className="trial-id">{t(`trials.reasons.${row.reason}`, { defaultValue: row.reason })}</small>}
          </>
        ) },
        { key: "stage", title: t("trials.stage"), render: (_, row) => <Stage trial={row} /> },
        { key: "since", title: t("trials.started"), className: "num", render: (_, row) => day(row.started_on) },
      ]}
    />
  );
}

function Stage({ trial }: { trial: TrialRow }) {
  const { t } = useTranslation();
  if (trial.state === "draft") return "–";
  const touched = trial.treated_share > 0 ? t("trials.reaches", { share: share(trial.treated_share, 0) }) : t("trials.reachesNobody");
  return (
    <>
      {touched}
      {trial.stages.length > 1 && <small className="trial-id">{t("trials.stageOf", { n: trial.stage + 1, all: trial.stages.length })}</small>}
    </>
  );
}

/** Works, does not work, wait: a colour and always the word. */
export function Verdict({ trial, big = false }: { trial: TrialRow; big?: boolean }) {
  const { t } = useTranslation();
  const { key, tone } = outcomeOf(trial);
  return <span className={`verdict ${tone} ${big ? "verdict-big" : ""}`}>{t(`trials.verdicts.${key}`)}</span>;
}
