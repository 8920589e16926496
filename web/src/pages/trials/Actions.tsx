import { useQueryClient } from "@tanstack/react-query";
import { Alert, App, Button, Input, Modal } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { api } from "../../api/client";
import type { TrialDetail } from "../../api/types";
import { useSession } from "../../app/session";

type Act = "start" | "pause" | "resume" | "roll-back" | "stop";

const EXPLAINED: Act[] = ["pause", "roll-back", "stop"]; // these leave a reason in the history

/** What may be done with a trial now. */
function actsOf({ state, reason, growing }: TrialDetail): Act[] {
  if (state === "draft") return ["start"];
  if (state === "paused") return ["resume", "stop"];
  if (state === "running") return growing ? ["pause", "roll-back", "stop"] : ["resume", "pause", "roll-back", "stop"];
  return reason === "rolled_out" ? ["roll-back"] : [];
}

/** Start, pause, resume, roll back, stop: each says what it does and asks before it is done. */
export function Actions({ trial }: { trial: TrialDetail }) {
  const { t } = useTranslation();
  const mayRun = useSession().permissions.includes("run_trials");
  const [asked, setAsked] = useState<Act>();
  const acts = mayRun ? actsOf(trial) : [];
  return (
    <div className="filters">
      {acts.map((act) => (
        <Button key={act} type={act === "start" ? "primary" : "default"} danger={act === "stop"} onClick={() => setAsked(act)}>
          {t(`trials.acts.${act}`)}
        </Button>
      ))}
      {asked && <Confirm key={asked} trial={trial} act={asked} close={() => setAsked(undefined)} />}
    </div>
  );
}

function Confirm({ trial, act, close }: { trial: TrialDetail; act: Act; close: () => void }) {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const client = useQueryClient();
  const [why, setWhy] = useState("");
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Error>();
  const go = async () => {
    setBusy(true);
    try {
      await send(trial.id, act, why);
      await client.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] === "trials" });
      void message.success(t(`trials.done.${act}`));
      close();
    } catch (error) {
      setProblem(error as Error);
      setBusy(false);
    }
  };
  return (
    <Modal
      open
      title={t(`trials.sure.${act}`)}
      okText={t(`trials.acts.${act}`)}
      cancelText={t("trials.cancel")}
      okButtonProps={{ danger: act === "stop", loading: busy }}
      onOk={() => void go()}
      onCancel={close}
    >
      <p className="sentence">{t(`trials.means.${act}`)}</p>
      {EXPLAINED.includes(act) && (
        <Input aria-label={t("trials.why")} placeholder={t("trials.why")} maxLength={200} value={why} onChange={(event) => setWhy(event.target.value)} />
      )}
      {problem && <Alert type="error" showIcon title={t("trials.refused")} description={problem.message} />}
    </Modal>
  );
}

function send(trial: string, act: Act, why: string) {
  const params = { path: { trial } };
  if (act === "start") return api.POST("/api/trials/{trial}/start", { params });
  if (act === "resume") return api.POST("/api/trials/{trial}/resume", { params });
  if (act === "pause") return api.POST("/api/trials/{trial}/pause", { params, body: { why } });
  if (act === "stop") return api.POST("/api/trials/{trial}/stop", { params, body: { why } });
  return api.POST("/api/trials/{trial}/roll-back", { params, body: { why } });
}
