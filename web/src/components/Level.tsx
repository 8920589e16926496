import { useTranslation } from "react-i18next";

import type { Level as LevelName } from "../api/types";

/** A level of the early warning: a colour and always its name. */
export function Level({ level }: { level: LevelName | null | undefined }) {
  const { t } = useTranslation();
  const name = level ?? "none";
  return (
    <span className="level">
      <i style={{ background: `var(--${name})` }} aria-hidden="true" />
      {t(`levels.${name}`)}
    </span>
  );
}
