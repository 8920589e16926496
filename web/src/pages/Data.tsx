import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";

import { dataQuery } from "../api/queries";
import type { RowsByReason } from "../api/types";
import { useFrame, useWords } from "../app/session";
import { DataTable } from "../components/DataTable";
import { Explained } from "../components/Hint";
import { Answer, PageHead, Panel } from "../components/Page";
import { Blank } from "../components/states";
import { exact, instant } from "../lib/format";

export default function Data() {
  const { t } = useTranslation();
  const frame = useFrame();
  const words = useWords();
  const query = useQuery(dataQuery);
  return (
    <>
      <PageHead title={t("data.title")} lead={t("data.lead")} asOf={query.data?.as_of} />
      <Answer query={query}>
        {({ tables, loads, quarantine }) => (
          <div className="stack">
            <Panel title={t("data.quarantine")} lead={t("data.quarantineLead")}>
              {quarantine.length === 0 ? <Blank>{t("data.noQuarantine")}</Blank> : (
                <DataTable
                  label={t("data.quarantine")}
                  minWidth={560}
                  rowKey={(row) => `${row.source}-${row.file}-${row.reason.en}`}
                  rows={quarantine}
                  columns={[
                    { key: "source", title: t("data.source"), dataIndex: "source" },
                    { key: "file", title: t("data.file"), dataIndex: "file" },
                    { key: "reason", title: t("data.reason"), render: (_, row) => words(row.reason.zh, row.reason.en) },
                    { key: "rows", title: t("data.rows"), align: "right", className: "num", render: (_, row) => exact(row.rows) },
                  ]}
                />
              )}
            </Panel>
            <Panel title={t("data.loads")}>
              {loads.length === 0 ? <Blank>{t("data.noLoads")}</Blank> : (
                <DataTable
                  label={t("data.loads")}
                  minWidth={760}
                  rowKey="load_id"
                  rows={loads}
                  columns={[
                    { key: "source", title: t("data.source"), dataIndex: "source" },
                    { key: "file", title: t("data.file"), dataIndex: "file" },
                    { key: "state", title: t("data.state"), className: "short", render: (_, row) => t(`states.${row.state}`, { defaultValue: row.state }) },
                    { key: "rows", title: t("data.rows"), align: "right", className: "num", render: (_, row) => exact(row.rows) },
                    { key: "loaded", title: t("data.loaded"), align: "right", className: "num", render: (_, row) => exact(row.loaded) },
                    { key: "filtered", title: t("data.filtered"), align: "right", className: "num", render: (_, row) => <Reasons reasons={row.filtered} /> },
                    { key: "quarantined", title: t("data.quarantined"), align: "right", className: "num", render: (_, row) => <Reasons reasons={row.quarantined} /> },
                    { key: "at", title: t("data.loadedAt"), className: "num", render: (_, row) => instant(row.loaded_at, frame) },
                  ]}
                />
              )}
            </Panel>
            <Panel title={t("data.tables")}>
              {tables.length === 0 ? <Blank>{t("data.noTables")}</Blank> : (
                <DataTable
                  label={t("data.tables")}
                  minWidth={560}
                  rowKey="name"
                  rows={tables}
                  columns={[
                    { key: "table", title: t("data.table"), dataIndex: "name" },
                    { key: "rows", title: t("data.rows"), align: "right", className: "num", render: (_, row) => exact(row.rows) },
                    { key: "snapshot", title: t("data.snapshot"), className: "num", render: (_, row) => row.snapshot_id ?? "–" },
                    { key: "committed", title: t("data.committed"), className: "num", render: (_, row) => instant(row.committed_at, frame) },
                  ]}
                />
              )}
            </Panel>
          </div>
        )}
      </Answer>
    </>
  );
}

/** How many rows, and on a closer look for which reasons. */
function Reasons({ reasons }: { reasons: RowsByReason[] }) {
  const words = useWords();
  const total = exact(reasons.reduce((sum, { rows }) => sum + rows, 0));
  if (reasons.length === 0) return <>{total}</>;
  const listed = reasons.map(({ reason, rows }) => <div key={reason.en}>{words(reason.zh, reason.en)}: {exact(rows)}</div>);
  return <Explained by={listed} className="tag-name">{total}</Explained>;
}
