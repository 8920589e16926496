import { useTranslation } from "react-i18next";
import { Link } from "react-router";

import type { components } from "../../api/schema";
import { useFrame } from "../../app/session";
import { Hint } from "../../components/Hint";
import { Level } from "../../components/Level";
import { Panel } from "../../components/Page";
import { Blank, NotEnough } from "../../components/states";
import { count, money, share } from "../../lib/format";

/** Who is drifting away, how many, and what it would cost. */
export function Risk({ overview }: { overview: components["schemas"]["Overview"] }) {
  const { t } = useTranslation();
  const frame = useFrame();
  const { levels, totals, notes } = overview;
  if (levels.length === 0) {
    return (
      <Panel title={t("overview.risk")}>
        {notes.churn ? <NotEnough note={notes.churn} /> : <Blank>{t("overview.noRisk")}</Blank>}
      </Panel>
    );
  }
  const all = levels.reduce((sum, { customers }) => sum + customers, 0);
  return (
    <Panel
      title={t("overview.risk")}
      lead={t("overview.riskLead", { days: totals.horizon_days ?? "–", n: count(totals.scored, frame) })}
    >
      <span className="muted">
        {t("overview.valueAtRisk")} <Hint label={`${t("overview.valueAtRisk")}: ${t("overview.formula")}`}>{t("overview.valueAtRiskTip")}</Hint>
      </span>
      <div className="big num">{money(totals.value_at_risk_minor, frame)}</div>
      <div className="level-bar" aria-hidden="true">
        {levels.map(({ level, customers }) => customers > 0 && (
          <span key={level} style={{ flex: customers, background: `var(--${level})` }} />
        ))}
      </div>
      <div className="scroll-x">
        <table className="plain-table">
          <thead>
            <tr>
              <th scope="col">{t("customers.level")}</th>
              <th scope="col" className="right">{t("overview.customers")}</th>
              <th scope="col" className="right">{t("overview.share")}</th>
              <th scope="col" className="right">{t("overview.probability")}</th>
              <th scope="col" className="right">{t("overview.valueAtRisk")}</th>
            </tr>
          </thead>
          <tbody className="num">
            {levels.map((row) => (
              <tr key={row.level}>
                <td><Link to={`/customers?level=${row.level}`}><Level level={row.level} /></Link></td>
                <td className="right">{count(row.customers, frame)}</td>
                <td className="right">{share(all ? row.customers / all : null)}</td>
                <td className="right">{share(row.mean_probability)}</td>
                <td className="right">{money(row.value_at_risk_minor, frame)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Panel>
  );
}
