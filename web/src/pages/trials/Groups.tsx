import { useTranslation } from "react-i18next";

import type { TrialDetail } from "../../api/types";
import { useFrame } from "../../app/session";
import { DataTable } from "../../components/DataTable";
import { Panel } from "../../components/Page";
import { Blank } from "../../components/states";
import { between, exact } from "../../lib/format";
import { type Analysis, changeOf, type Group, valueOf } from "./model";

/** For whom it works differently, strict about how many groups were looked at; and whether it wears off. */
export function Groups({ trial, analysis }: { trial: TrialDetail; analysis: Analysis }) {
  const { t } = useTranslation();
  const frame = useFrame();
  const metric = trial.metrics.find(({ name }) => name === analysis.segments?.metric);
  const differs = (row: Group) => row.p_differs_adjusted !== null && row.p_differs_adjusted < 1 - analysis.level;
  const groups = [...(analysis.segments?.groups ?? [])].sort(
    (a, b) => Number(differs(b)) - Number(differs(a)) || a.column.localeCompare(b.column) || a.group.localeCompare(b.group),
  );
  const wears = analysis.timing[0];
  return (
    <Panel title={t("trials.groups")} lead={t("trials.groupsLead")}>
      {groups.length > 0 && (
        <p className="sentence">{groups.some(differs) ? t("trials.someDiffer") : t("trials.noneDiffers")}</p>
      )}
      {wears && wears.slope_p !== null && <p className="sentence">{t(wears.slope_p < 0.05 ? (wears.slope < 0 ? "trials.fades" : "trials.grows") : "trials.steady")}</p>}
      {!metric || groups.length === 0 ? <Blank>{t("trials.noGroups")}</Blank> : (
        <DataTable
          label={t("trials.groups")}
          minWidth={780}
          pageSize={12}
          rowKey={(row) => `${row.column}/${row.group}`}
          rows={groups}
          columns={[
            { key: "column", title: t("trials.by"), render: (_, row) => t(`trials.columns.${row.column}`, { defaultValue: row.column }) },
            { key: "group", title: t("trials.group"), render: (_, row) => t(`trials.groupWords.${row.column}.${row.group}`, { defaultValue: row.group }) },
            { key: "treated", title: t("overview.treated"), align: "right", className: "num", render: (_, row) => t("trials.valueOf", { value: valueOf(metric.kind, row.treated_value, frame), n: exact(row.treated_n) }) },
            { key: "control", title: t("overview.control"), align: "right", className: "num", render: (_, row) => t("trials.valueOf", { value: valueOf(metric.kind, row.control_value, frame), n: exact(row.control_n) }) },
            { key: "effect", title: t("trials.difference"), align: "right", className: "num", render: (_, row) => (
              <>
                {changeOf(metric.kind, row.effect.value, frame)}
                {row.effect.low !== null && row.effect.high !== null && (
                  <small className="trial-id">{between(changeOf(metric.kind, row.effect.low, frame), changeOf(metric.kind, row.effect.high, frame), frame)}</small>
                )}
              </>
            ) },
            { key: "differs", title: t("trials.unlikeOthers"), render: (_, row) => t(differs(row) ? "trials.differs" : "trials.same") },
          ]}
        />
      )}
    </Panel>
  );
}
