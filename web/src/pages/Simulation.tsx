import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";

import { simulationQuery } from "../api/queries";
import type { SimulatedEffect } from "../api/types";
import { useFrame, useWords } from "../app/session";
import { IntervalPlot } from "../components/IntervalPlot";
import { Answer, PageHead, Panel } from "../components/Page";
import { Blank } from "../components/states";
import { change, changes } from "../components/StrategyEffects";
import { count, share } from "../lib/format";

/** Measured beside true: only a simulated shop can show this page. */
export default function Simulation() {
  const { t } = useTranslation();
  const frame = useFrame();
  const query = useQuery(simulationQuery);
  return (
    <>
      <PageHead title={t("simulation.title")} lead={t("simulation.lead")} asOf={query.data?.as_of} />
      <Answer query={query}>
        {({ customers, weeks, contacts, untranslated, effects }) => {
          const compared = effects.filter(({ covered }) => covered !== null);
          const held = compared.filter(({ covered }) => covered === true).length;
          return (
            <div className="stack">
              <Panel
                title={t("simulation.compared")}
                lead={t("simulation.shop", { customers: count(customers, frame), weeks, contacts: count(contacts, frame) })}
              >
                {compared.length > 0 && <p className="sentence">{t("simulation.held", { held, n: compared.length })}</p>}
                {untranslated > 0 && <p className="muted">{t("simulation.untranslated", { n: count(untranslated, frame) })}</p>}
                {effects.length === 0 && <Blank>{t("overview.noStrategies")}</Blank>}
                {grouped(effects).map(([strategy, rows]) => <Compared key={strategy} rows={rows} />)}
              </Panel>
              <Panel title={t("simulation.how")}>
                <p className="sentence">{t("simulation.howMeasured")}</p>
                <p className="sentence">{t("simulation.howTrue")}</p>
                <p className="sentence">{t("simulation.howRead")}</p>
              </Panel>
            </div>
          );
        }}
      </Answer>
    </>
  );
}

function Compared({ rows }: { rows: SimulatedEffect[] }) {
  const words = useWords();
  const [first] = rows;
  return (
    <article className="strategy">
      <div className="strategy-head"><h3>{first && words(first.zh, first.en)}</h3></div>
      {rows.map((row) => <ComparedRow key={row.metric} row={row} />)}
    </article>
  );
}

function ComparedRow({ row }: { row: SimulatedEffect }) {
  const { t } = useTranslation();
  const frame = useFrame();
  const { metric, difference, low, high, true_effect: truth, covered } = row;
  const shown = (value: number) => change(metric, value, frame);
  const outcome = t(`outcomes.${metric}`, { defaultValue: metric });
  if (difference === null || low === null || high === null || truth === null || covered === null) {
    return (
      <div className="compared">
        <span>{outcome}</span>
        <span className="muted compared-why">{t("simulation.tooEarly", { n: count(row.pending_n ?? 0, frame) })}</span>
      </div>
    );
  }
  const level = share(row.level ?? 0.95, 0);
  const sentence = t(covered ? "simulation.inside" : "simulation.outside", {
    outcome, level, measured: shown(difference), range: changes(metric, low, high, frame), truth: shown(truth),
  });
  return (
    <div className="compared">
      <span>{outcome}</span>
      <span className="effect-arms num">
        {t("overview.treated")} <b>{count(row.treated_n, frame)}</b>
        <br />
        {t("overview.control")} <b>{count(row.control_n, frame)}</b>
      </span>
      <span className="interval-box">
        <IntervalPlot value={difference} low={low} high={high} truth={truth} tone={covered ? "good" : "bad"} label={sentence} />
      </span>
      <span className="effect-size num">
        <span className="muted">{t("simulation.measured")}</span> <b>{shown(difference)}</b>
        <small>{changes(metric, low, high, frame)}</small>
      </span>
      <span className="effect-size num"><span className="muted">{t("simulation.true")}</span> <b className="truth">{shown(truth)}</b></span>
      <span className={`verdict ${covered ? "good" : "bad"}`}>{t(covered ? "simulation.covered" : "simulation.missed")}</span>
      <span className="muted compared-why">{sentence}</span>
    </div>
  );
}

function grouped(effects: SimulatedEffect[]): [string, SimulatedEffect[]][] {
  const groups = new Map<string, SimulatedEffect[]>();
  for (const effect of effects) groups.set(effect.strategy, [...(groups.get(effect.strategy) ?? []), effect]);
  return [...groups];
}
