import { useTranslation } from "react-i18next";

import type { components } from "../api/schema";
import { useFrame } from "../app/session";
import { count, money, share } from "../lib/format";

type Group = components["schemas"]["GroupValue"];

/** What a group is worth and what it may take with it, each with its interval. */
export function GroupValue({ group }: { group: Group }) {
  const { t } = useTranslation();
  const frame = useFrame();
  const range = (low: number | null, high: number | null) =>
    t("value.range", { low: money(low, frame), high: money(high, frame), level: share(group.level, 0) });
  return (
    <div className="grid split num">
      <div>
        <span className="muted">{t("value.worth", { days: group.horizon_days, n: count(group.customers, frame) })}</span>
        <div className="big">{money(group.value_minor, frame)}</div>
        <span>{range(group.value_low_minor, group.value_high_minor)}</span>
      </div>
      {group.at_risk_minor !== null && (
        <div>
          <span className="muted">{t("value.atRisk", { days: group.at_risk_days, n: count(group.scored, frame) })}</span>
          <div className="big">{money(group.at_risk_minor, frame)}</div>
          <span>{range(group.at_risk_low_minor, group.at_risk_high_minor)}</span>
        </div>
      )}
    </div>
  );
}
