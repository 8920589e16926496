import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";

import { outreachQuery } from "../api/queries";
import { useFrame, useWords } from "../app/session";
import { DataTable } from "../components/DataTable";
import { Answer, PageHead, Panel } from "../components/Page";
import { Blank } from "../components/states";
import { StrategyEffects } from "../components/StrategyEffects";
import { count } from "../lib/format";
import { reasonWords } from "../lib/reasons";

export default function Outreach() {
  const { t } = useTranslation();
  const frame = useFrame();
  const words = useWords();
  const query = useQuery(outreachQuery);
  return (
    <>
      <PageHead title={t("outreach.title")} lead={t("outreach.lead")} asOf={query.data?.as_of} />
      <Answer query={query}>
        {({ strategies, outbox }) => {
          const name = (key: string) => {
            const found = strategies.find(({ strategy }) => strategy === key);
            return found ? words(found.zh, found.en) : key;
          };
          return (
            <div className="stack">
              <Panel title={t("overview.strategies")} lead={t("overview.strategiesLead")}>
                {strategies.length === 0 && <Blank>{t("overview.noStrategies")}</Blank>}
                {strategies.map((strategy) => <StrategyEffects key={strategy.strategy} strategy={strategy} />)}
              </Panel>
              <Panel title={t("outreach.outbox")} lead={t("outreach.outboxLead")}>
                {outbox.length === 0 ? <Blank>{t("outreach.empty")}</Blank> : (
                  <DataTable
                    label={t("outreach.outbox")}
                    minWidth={480}
                    rowKey={(row) => `${row.strategy}-${row.channel}-${row.state}-${row.reason}`}
                    rows={outbox}
                    columns={[
                      { key: "strategy", title: t("overview.strategy"), render: (_, row) => name(row.strategy) },
                      { key: "channel", title: t("outreach.channel"), dataIndex: "channel" },
                      { key: "state", title: t("outreach.state"), render: (_, row) => t(`states.${row.state}`, { defaultValue: row.state }) },
                      { key: "reason", title: t("outreach.reason"), render: (_, row) => (row.reason ? reasonWords(t, row.reason) : "–") },
                      { key: "messages", title: t("outreach.messages"), align: "right", className: "num", render: (_, row) => count(row.messages, frame) },
                    ]}
                  />
                )}
              </Panel>
            </div>
          );
        }}
      </Answer>
    </>
  );
}
