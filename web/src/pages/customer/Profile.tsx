import type { TFunction } from "i18next";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";

import type { CustomerDetail } from "../../api/types";
import { useFrame, useKnown } from "../../app/session";
import { Panel } from "../../components/Page";
import { count, day, type Frame, money, month } from "../../lib/format";

/** Who the customer is, as far as the reader's role may see it. */
export function Profile({ customer: { profile } }: { customer: CustomerDetail }) {
  const { t } = useTranslation();
  const frame = useFrame();
  const known = useKnown();
  const { contactable } = profile;
  const gender = profile.gender === "female" || profile.gender === "male" ? t(`customer.${profile.gender}`) : null;
  const children = profile.children
    .map((child) => (child.birth_month ? t("customer.born", { month: month(child.birth_month) }) : child.due_month ? t("customer.due", { month: month(child.due_month) }) : ""))
    .filter(Boolean);
  return (
    <Panel title={t("customer.profile")} lead={t(`customer.visible.${contactable.visible}`)}>
      <dl className="facts num">
        <Fact name={t("customer.name")}>{contactable.name}</Fact>
        <Fact name={t("customer.phone")}>{contactable.phone}</Fact>
        <Fact name={t("customer.email")}>{contactable.email}</Fact>
        <Fact name={t("customer.memberNo")}>{contactable.member_no}</Fact>
        <Fact name={t("customer.orders")}>{count(profile.n_orders, frame)}</Fact>
        <Fact name={t("customer.revenue")}>{spent(profile, t, frame)}</Fact>
        <Fact name={t("customer.firstOrder")}>{day(profile.first_order_on)}</Fact>
        <Fact name={t("customer.lastOrder")}>{day(profile.last_order_on)}</Fact>
        <Fact name={t("customer.tier")}>{known(profile.member_tier)}</Fact>
        <Fact name={t("customer.memberSince")}>{profile.member_since_on}</Fact>
        <Fact name={t("customer.registered")}>{profile.registered_on}</Fact>
        <Fact name={t("customer.channel")}>{known(profile.channel)}</Fact>
        <Fact name={t("customer.region")}>{[profile.province, profile.city].filter(Boolean).join(" ")}</Fact>
        <Fact name={t("customer.gender")}>{gender}</Fact>
        {children.length > 0 && <Fact name={t("customer.children")} whole>{children.join(" · ")}</Fact>}
      </dl>
    </Panel>
  );
}

function Fact({ name, whole = false, children }: { name: string; whole?: boolean; children: ReactNode }) {
  return (
    <div className={whole ? "whole" : undefined}>
      <dt>{name}</dt>
      <dd>{children || "–"}</dd>
    </div>
  );
}

/** What all orders came to: unknown where no order has an amount, at least so much where some have none. */
function spent({ net_minor, n_unpriced }: CustomerDetail["profile"], t: TFunction, frame: Frame): string {
  if (net_minor === null) return t("customer.amountUnknown");
  return n_unpriced ? t("customer.spentAtLeast", { money: money(net_minor, frame), n: n_unpriced }) : money(net_minor, frame);
}
