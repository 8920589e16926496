import { ArrowDownOutlined, ArrowUpOutlined } from "@ant-design/icons";
import { useTranslation } from "react-i18next";

import type { CustomerDetail } from "../../api/types";
import { useFrame, useWords } from "../../app/session";
import { Hint } from "../../components/Hint";
import { Level } from "../../components/Level";
import { Panel } from "../../components/Page";
import { Blank, NotEnough } from "../../components/states";
import { day, money, share } from "../../lib/format";

/** How likely this customer is to leave, what that would cost, and why. */
export function Risk({ customer }: { customer: CustomerDetail }) {
  const { t } = useTranslation();
  const frame = useFrame();
  const words = useWords();
  const { risk, note } = customer;
  if (risk.probability === null) {
    return (
      <Panel title={t("customer.risk")}>
        {note ? <NotEnough note={note} /> : <Blank>{t("customer.notScored")}</Blank>}
      </Panel>
    );
  }
  const heaviest = Math.max(...risk.reasons.map(({ weight }) => Math.abs(weight)), 1e-9);
  return (
    <Panel
      title={t("customer.risk")}
      lead={t("customer.probability", { days: risk.horizon_days })}
      extra={<Level level={risk.level} />}
    >
      <div className="risk-top num">
        <span className="big">{share(risk.probability)}</span>
        <span>
          <span className="muted">{t("customer.valueAtRisk")} </span>
          <Hint label={`${t("customer.valueAtRisk")}: ${t("overview.formula")}`}>{t("overview.valueAtRiskTip")}</Hint>{" "}
          <b>{money(risk.value_at_risk_minor, frame)}</b>
          <br />
          <span className="muted">{t("customer.expectedMargin")} </span>{money(risk.expected_margin_minor, frame)}
        </span>
      </div>
      <div className="meter" aria-hidden="true">
        <i style={{ width: share(risk.probability), background: `var(--${risk.level ?? "none"})` }} />
      </div>
      <h3 style={{ fontSize: 13 }}>{t("customer.reasons")}</h3>
      <ul>
        {risk.reasons.map((reason) => {
          const raises = reason.direction === "raises";
          const tone = raises ? "var(--bad)" : "var(--good)";
          return (
            <li className="reason" key={`${reason.family}-${reason.tag}-${reason.en}`}>
              <span style={{ color: tone }} aria-hidden="true">{raises ? <ArrowUpOutlined /> : <ArrowDownOutlined />}</span>
              <div>
                {words(reason.zh, reason.en)}
                <small>{t(raises ? "customer.raises" : "customer.lowers")}</small>
                <div className="weight" style={{ width: `${(Math.abs(reason.weight) / heaviest) * 100}%`, background: tone }} aria-hidden="true" />
              </div>
            </li>
          );
        })}
      </ul>
      {/^\d{4}-\d{2}-\d{2}/.test(risk.model_version ?? "") && <p className="panel-stamp">{t("customer.model", { day: day(risk.model_version) })}</p>}
    </Panel>
  );
}
