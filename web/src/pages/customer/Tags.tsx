import { useTranslation } from "react-i18next";

import type { CustomerDetail, CustomerTag } from "../../api/types";
import { useFrame, useKnown, useWords } from "../../app/session";
import { Explained } from "../../components/Hint";
import { Panel } from "../../components/Page";
import { Blank } from "../../components/states";
import { count, type Frame, money, share } from "../../lib/format";

/** What is known about this customer, family by family; each name explains itself. */
export function Tags({ customer }: { customer: CustomerDetail }) {
  const { t } = useTranslation();
  const frame = useFrame();
  const words = useWords();
  const known = useKnown();
  return (
    <Panel title={t("customer.tags")}>
      {customer.families.length === 0 && <Blank>{t("customer.noTags")}</Blank>}
      <div className="families">
        {customer.families.map((family) => (
          <div key={family.family} role="group" aria-label={words(family.zh, family.en)}>
            <h3>{words(family.zh, family.en)}</h3>
            {family.tags.map((tag) => (
              <div className="tag-line" key={tag.key}>
                <Explained by={words(tag.explanation_zh, tag.explanation_en)} className="tag-name">{words(tag.zh, tag.en)}</Explained>
                <b className="num">{known(words(tag.value_zh, tag.value_en)) ?? plain(tag, frame)}</b>
              </div>
            ))}
          </div>
        ))}
      </div>
    </Panel>
  );
}

function plain({ kind, value }: CustomerTag, frame: Frame): string {
  if (typeof value === "boolean") return value ? "✓" : "✗";
  if (Array.isArray(value)) return value.join(frame.language === "en" ? ", " : "、");
  if (typeof value !== "number") return String(value ?? "–");
  if (kind === "money") return money(value, frame);
  if (kind === "share") return share(value);
  if (kind === "days") return frame.language === "en" ? `${count(value, frame)} d` : `${count(value, frame)} 天`;
  return count(value, frame);
}
