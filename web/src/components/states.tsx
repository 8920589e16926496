import { Alert, Button, Skeleton } from "antd";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";

import { ApiProblem } from "../api/client";
import type { AsideNote, Note } from "../api/types";
import { useWords } from "../app/session";

/** What a page shows before its data are there. */
export function Loading() {
  const { t } = useTranslation();
  return (
    <div role="status" aria-label={t("frame.loading")}>
      <Skeleton active title={false} paragraph={{ rows: 9 }} />
    </div>
  );
}

/** What went wrong, what to do about it, and a way to try again. */
export function Failure({ error, retry }: { error: Error; retry: () => void }) {
  const { t } = useTranslation();
  const problem = error instanceof ApiProblem ? error : null;
  // The problems that an operator can meet have words in both languages: here by code, or said by the API itself.
  const told = useWords()(problem?.zh, undefined) || `${problem?.message} ${problem?.hint}`;
  const words = problem ? t(`problems.${problem.code}`, { defaultValue: told }) : t("problems.unreachable");
  return (
    <Alert
      type={problem?.code === "nothing_published" ? "info" : "error"}
      showIcon
      title={t(problem?.code === "nothing_published" ? "frame.empty" : "frame.failed")}
      description={words}
      action={<Button onClick={retry}>{t("frame.retry")}</Button>}
    />
  );
}

/** An empty place that says why it is empty. */
export function Blank({ title, children }: { title?: string; children: ReactNode }) {
  return (
    <div className="blank">
      {title && <strong>{title}</strong>}
      <p>{children}</p>
    </div>
  );
}

/** Definitions that the last run could not use; everything else went on. */
export function SetAside({ found }: { found: AsideNote[] }) {
  const { t } = useTranslation();
  const words = useWords();
  if (found.length === 0) return null;
  return (
    <Alert
      type="error"
      showIcon
      title={t("frame.aside", { count: found.length })}
      description={
        <ul>
          {found.map(({ kind, name, zh, en }) => (
            <li key={`${kind} ${name}`}>
              {t(`frame.definitions.${kind}`, { defaultValue: kind })} {name}: {words(zh, en)}
            </li>
          ))}
        </ul>
      }
    />
  );
}

/** “Not enough data” is a result of its own: the reason, what there is, what it takes. */
export function NotEnough({ note }: { note: Note }) {
  const { t } = useTranslation();
  const words = useWords();
  return (
    <Blank title={t("frame.notEnough")}>
      {words(note.reason_zh, note.reason_en)}
      <br />
      {t("frame.haveNeed", { have: note.have.toLocaleString(), need: note.need.toLocaleString() })}
    </Blank>
  );
}
