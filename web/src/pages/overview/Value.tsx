import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";

import { tagsQuery, valueQuery } from "../../api/queries";
import type { components } from "../../api/schema";
import type { Level as LevelName } from "../../api/types";
import { useFrame, useWords } from "../../app/session";
import { GroupValue } from "../../components/GroupValue";
import { Level } from "../../components/Level";
import { Panel } from "../../components/Page";
import { Blank, Failure, Loading, NotEnough } from "../../components/states";
import { count, money, share } from "../../lib/format";

type Group = components["schemas"]["GroupValue"];

const LEVELS = ["red", "orange", "yellow", "blue"]; // the most urgent first

/** What customers are worth and what they may take with them: all, by warning level, by lifecycle stage. */
export function Value() {
  const { t } = useTranslation();
  const query = useQuery(valueQuery);
  if (query.error) return <Panel title={t("value.title")}><Failure error={query.error} retry={() => void query.refetch()} /></Panel>;
  if (!query.data) return <Panel title={t("value.title")}><Loading /></Panel>;
  const { groups, model, note, margin_rate, total_error } = query.data;
  const all = groups.find(({ grouping }) => grouping === "all");
  if (!all) return <Panel title={t("value.title")}>{note ? <NotEnough note={note} /> : <Blank>{t("value.none")}</Blank>}</Panel>;
  return (
    <Panel title={t("value.title")} lead={t("value.lead")}>
      <GroupValue group={all} />
      <Groups parts={{ level: byLevel(groups), stage: groups.filter(({ grouping }) => grouping === "stage") }} />
      <p className="panel-stamp">
        {total_error !== null && <>{t("value.covers", { error: share(total_error, 0) })} </>}
        {t("value.assumed", { rate: share(margin_rate, 0) })}{" "}
        {model && t("value.model", { model: t(`value.models.${model.model}`, { defaultValue: model.model }) })}
      </p>
    </Panel>
  );
}

function byLevel(groups: Group[]): Group[] {
  return LEVELS.flatMap((level) => groups.filter(({ grouping, member_of }) => grouping === "level" && member_of === level));
}

/** The same customers, divided in two ways. */
function Groups({ parts }: { parts: Record<"level" | "stage", Group[]> }) {
  const { t } = useTranslation();
  const frame = useFrame();
  const words = useWords();
  const stages = useQuery(tagsQuery).data?.tags.find(({ key }) => key === "lifecycle")?.values ?? [];
  const stage = (key: string) => {
    const known = stages.find(({ value }) => value === key);
    return known ? words(known.zh, known.en) : key;
  };
  return (
    <div className="scroll-x">
      <table className="plain-table">
        <thead>
          <tr>
            <th scope="col">{t("value.group")}</th>
            <th scope="col" className="right">{t("overview.customers")}</th>
            <th scope="col" className="right">{t("value.short")}</th>
            <th scope="col" className="right">{t("overview.valueAtRisk")}</th>
          </tr>
        </thead>
        {(["level", "stage"] as const).filter((part) => parts[part].length > 0).map((part) => (
          <tbody className="num" key={part}>
            <tr><th scope="rowgroup" colSpan={4}>{t(`value.by.${part}`)}</th></tr>
            {parts[part].map((row) => (
              <tr key={row.member_of}>
                <td>{part === "level" ? <Level level={row.member_of as LevelName} /> : stage(row.member_of)}</td>
                <td className="right">{count(row.customers, frame)}</td>
                <td className="right">
                  {money(row.value_minor, frame)} <small className="muted">({money(row.value_low_minor, frame)} – {money(row.value_high_minor, frame)})</small>
                </td>
                <td className="right">
                  {money(row.at_risk_minor, frame)}
                  {row.at_risk_minor !== null && <small className="muted"> ({money(row.at_risk_low_minor, frame)} – {money(row.at_risk_high_minor, frame)})</small>}
                </td>
              </tr>
            ))}
          </tbody>
        ))}
      </table>
    </div>
  );
}
