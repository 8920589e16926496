import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";

import { valueQuery } from "../../api/queries";
import { GroupValue } from "../../components/GroupValue";
import { Panel } from "../../components/Page";

/** What a segment is worth, as of its last nightly evaluation; nothing before the first. */
export function Worth({ segment }: { segment: string }) {
  const { t } = useTranslation();
  const group = useQuery(valueQuery).data?.groups.find((one) => one.grouping === "segment" && one.member_of === segment);
  if (!group) return null;
  return <Panel title={t("value.title")} lead={t("value.nightly")}><GroupValue group={group} /></Panel>;
}
