import { useTranslation } from "react-i18next";

import type { CustomerDetail } from "../../api/types";
import { useFrame } from "../../app/session";
import { Panel } from "../../components/Page";
import { Blank, NotEnough } from "../../components/states";
import { money, share } from "../../lib/format";

/** What this customer is expected to bring, and what one such customer may bring. */
export function Value({ customer }: { customer: CustomerDetail }) {
  const { t } = useTranslation();
  const frame = useFrame();
  const { value, value_note } = customer;
  if (!value) {
    return (
      <Panel title={t("customer.value")}>
        {value_note ? <NotEnough note={value_note} /> : <Blank>{t("customer.noValue")}</Blank>}
      </Panel>
    );
  }
  return (
    <Panel title={t("customer.value")} lead={t("customer.valueLead", { days: value.value_days })}>
      <div className="risk-top num">
        <span className="big">{money(value.value_minor, frame)}</span>
        <span>
          {value.value_minor > 0 && value.value_high_minor <= value.value_minor
            ? t("customer.valueSkewed")
            : t("customer.valueRange", { low: money(value.value_low_minor, frame), high: money(value.value_high_minor, frame) })}
          <br />
          <span className="muted">{t("customer.expectedPurchases")} </span>{value.expected_purchases.toFixed(1)}
        </span>
      </div>
      <p className="panel-stamp">{t("value.model", { model: t(`value.models.${value.value_model}`, { defaultValue: value.value_model ?? "–" }) })} {t("value.assumed", { rate: share(value.margin_rate, 0) })}</p>
    </Panel>
  );
}
