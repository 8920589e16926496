import { useTranslation } from "react-i18next";

import type { CustomerDetail } from "../../api/types";
import { useFrame, useWords } from "../../app/session";
import { Panel } from "../../components/Page";
import { Blank } from "../../components/states";
import { day, instant, share } from "../../lib/format";
import { reasonWords } from "../../lib/reasons";

/** Every message to this customer, and the arms that decide whether there may be one. */
export function Contacts({ customer }: { customer: CustomerDetail }) {
  const { t } = useTranslation();
  const frame = useFrame();
  const words = useWords();
  const strategyName = (key: string) => {
    const named = customer.strategy_words[key];
    return named ? words(named.zh, named.en) : key;
  };
  return (
    <Panel title={t("customer.contacts")}>
      {customer.contacts.length === 0 && <Blank>{t("customer.noContacts")}</Blank>}
      <ul>
        {customer.contacts.map((contact) => (
          <li className="tag-line" key={contact.message_id}>
            <div>
              {strategyName(contact.strategy)}
              <div className="muted num" style={{ fontSize: 12 }}>
                {contact.channel} · {contact.sent_at ? instant(contact.sent_at, frame) : day(contact.planned_on)}
              </div>
            </div>
            <b>
              {t(`states.${contact.state}`, { defaultValue: contact.state })}
              {contact.reason && <div className="muted" style={{ fontSize: 12, fontWeight: 400 }}>{reasonWords(t, contact.reason)}</div>}
            </b>
          </li>
        ))}
      </ul>
      {customer.arms.map((arm) => (
        <p className="panel-stamp" key={arm.experiment}>
          {t("customer.arm", {
            experiment: arm.experiment === "global_control" ? t("customer.globalDraw") : strategyName(arm.experiment),
            arm: t(`customer.arms.${arm.arm}`, { defaultValue: arm.arm }),
            probability: share(arm.probability, 0),
          })}
        </p>
      ))}
    </Panel>
  );
}
