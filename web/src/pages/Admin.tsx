import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";

import { ApiProblem } from "../api/client";
import { adminQuery } from "../api/queries";
import { useFrame, useWords } from "../app/session";
import { DataTable } from "../components/DataTable";
import { Answer, PageHead, Panel } from "../components/Page";
import { Blank } from "../components/states";
import { count, day, instant, seconds } from "../lib/format";

export default function Admin() {
  const { t } = useTranslation();
  const frame = useFrame();
  const words = useWords();
  const said = (key: string, value: unknown) => (key === "role" ? t(`roles.${String(value)}`) : String(value));
  const query = useQuery(adminQuery);
  const head = <PageHead title={t("admin.title")} lead={t("admin.lead")} asOf={query.data?.as_of} publishedAt={query.data?.published_at} />;
  if (query.error instanceof ApiProblem && query.error.status === 403) return <>{head}<Blank>{t("admin.forbidden")}</Blank></>;
  return (
    <>
      {head}
      <Answer query={query}>
        {({ runs, users, audit, audit_intact }) => (
          <div className="stack">
            <Panel title={t("admin.runs")}>
              {runs.length === 0 ? <Blank>{t("admin.noRuns")}</Blank> : (
                <DataTable
                  label={t("admin.runs")}
                  minWidth={640}
                  pageSize={15}
                  rowKey="run_id"
                  rows={runs}
                  columns={[
                    { key: "step", title: t("admin.step"), className: "short", render: (_, row) => t(`steps.${row.step}`, { defaultValue: row.step }) },
                    { key: "asOf", title: t("admin.asOf"), className: "num", render: (_, row) => day(row.as_of) },
                    { key: "started", title: t("admin.started"), className: "num", render: (_, row) => instant(row.started_at, frame) },
                    { key: "duration", title: t("admin.duration"), align: "right", className: "num", render: (_, row) => seconds(row.seconds) },
                    { key: "state", title: t("admin.state"), className: "short", render: (_, row) => t(`states.${row.state}`, { defaultValue: row.state }) },
                    { key: "note", title: t("admin.note"), render: (_, row) => words(row.note.zh, row.note.en) },
                  ]}
                />
              )}
            </Panel>
            <Panel title={t("admin.users")}>
              <DataTable
                label={t("admin.users")}
                minWidth={480}
                rowKey="name"
                rows={users}
                columns={[
                  { key: "name", title: t("admin.user"), dataIndex: "name" },
                  { key: "role", title: t("admin.role"), render: (_, row) => t(`roles.${row.role}`) },
                  { key: "created", title: t("admin.created"), className: "num", render: (_, row) => instant(row.created_at, frame) },
                  { key: "last", title: t("admin.lastSignedIn"), className: "num", render: (_, row) => instant(row.last_signed_in_at, frame) },
                ]}
              />
            </Panel>
            <Panel title={t("admin.audit")} lead={t(audit_intact ? "admin.auditIntact" : "admin.auditBroken")}>
              <DataTable
                label={t("admin.audit")}
                minWidth={600}
                pageSize={10}
                rowKey="position"
                rows={audit}
                columns={[
                  { key: "position", title: "#", className: "num", render: (_, row) => count(row.position, frame) },
                  { key: "at", title: t("admin.at"), className: "num", render: (_, row) => instant(row.at, frame) },
                  { key: "actor", title: t("admin.actor"), render: (_, row) => t(`admin.actors.${row.actor}`, { defaultValue: row.actor }) },
                  { key: "action", title: t("admin.action"), render: (_, row) => t(`admin.actions.${row.action.replace(".", "_")}`, { defaultValue: row.action }) },
                  { key: "detail", title: t("admin.detail"), render: (_, row) => Object.entries(row.detail).map(([key, value]) => `${t(`admin.details.${key}`, { defaultValue: key })} ${said(key, value)}`).join(" · ") },
                ]}
              />
            </Panel>
          </div>
        )}
      </Answer>
    </>
  );
}
