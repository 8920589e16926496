import { useQuery } from "@tanstack/react-query";
import { Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { overviewQuery } from "../../api/queries";
import { Answer, PageHead, Panel } from "../../components/Page";
import { Blank, NotEnough, SetAside } from "../../components/states";
import { StrategyEffects } from "../../components/StrategyEffects";
import { Cohorts } from "./Cohorts";
import { Kpi } from "./Kpi";
import { Risk } from "./Risk";
import { Value } from "./Value";

const HEADLINE = 8; // two rows: risk and cohorts stay in sight

export default function Overview() {
  const { t } = useTranslation();
  const [all, setAll] = useState(false);
  const query = useQuery(overviewQuery);
  return (
    <>
      <PageHead title={t("overview.title")} lead={t("overview.lead")} asOf={query.data?.as_of} publishedAt={query.data?.published_at} />
      <Answer query={query}>
        {(overview) => (
          <div className="stack">
            <SetAside found={overview.aside} />
            <section aria-label={t("overview.metrics")}>
              <div className="grid kpis">
                {overview.metrics.slice(0, all ? undefined : HEADLINE).map((metric) => (
                  <Kpi key={metric.metric} metric={metric} asOf={overview.as_of} />
                ))}
              </div>
              {overview.metrics.length > HEADLINE && (
                <Button type="link" aria-expanded={all} onClick={() => setAll(!all)}>
                  {all ? t("overview.fewer") : t("overview.all", { n: overview.metrics.length })}
                </Button>
              )}
            </section>
            {overview.metrics.length === 0 && (
              <Panel title={t("overview.metrics")}>
                {overview.notes.metrics ? <NotEnough note={overview.notes.metrics} /> : <Blank>{t("overview.noMetrics")}</Blank>}
              </Panel>
            )}
            <div className="grid split">
              <Risk overview={overview} />
              <Cohorts overview={overview} />
            </div>
            <Value />
            <Panel title={t("overview.strategies")} lead={t("overview.strategiesLead")}>
              {overview.strategies.length === 0 && <Blank>{t("overview.noStrategies")}</Blank>}
              {overview.strategies.map((strategy) => <StrategyEffects key={strategy.strategy} strategy={strategy} />)}
            </Panel>
          </div>
        )}
      </Answer>
    </>
  );
}
