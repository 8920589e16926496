import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Alert, Button, Form, Input } from "antd";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";

import { api, ApiProblem, payload } from "../api/client";
import { sessionQuery } from "../api/queries";
import { usePreferences } from "../app/preferences";
import { Mark } from "../components/Mark";

interface Credentials {
  name: string;
  password: string;
}

export function SignIn() {
  const { t } = useTranslation();
  const client = useQueryClient();
  const { language, choose } = usePreferences();
  const signIn = useMutation({
    mutationFn: (body: Credentials) => payload(api.POST("/api/session", { body })),
    onSuccess: (session) => client.setQueryData(sessionQuery.queryKey, session),
  });

  useEffect(() => {
    document.title = `${t("signIn.title")} · ${t("product")}`;
  }, [t]);

  const points = t("signIn.points", { returnObjects: true }) as string[];
  return (
    <main className="sign-in">
      <section className="sign-in-story" aria-label={t("tagline")}>
        <div className="shell-brand"><Mark size={36} /><span className="shell-product">{t("product")}</span></div>
        <h2>{t("signIn.lead")}</h2>
        <ul>{points.map((point) => <li key={point}>{point}</li>)}</ul>
      </section>
      <section className="sign-in-form">
        <div>
          <h1>{t("signIn.title")}</h1>
          <Form<Credentials> layout="vertical" requiredMark={false} size="large" onFinish={(values) => signIn.mutate(values)}>
            <Form.Item name="name" label={t("signIn.name")} rules={[{ required: true, message: t("signIn.needName") }]}>
              <Input autoComplete="username" autoFocus maxLength={64} />
            </Form.Item>
            <Form.Item name="password" label={t("signIn.password")} rules={[{ required: true, message: t("signIn.needPassword") }]}>
              <Input.Password autoComplete="current-password" maxLength={256} />
            </Form.Item>
            {signIn.error && <Alert type="error" showIcon title={refusal(signIn.error, t)} style={{ marginBottom: 20 }} />}
            <Button type="primary" htmlType="submit" block loading={signIn.isPending}>{t("signIn.submit")}</Button>
          </Form>
          <Button type="link" block style={{ marginTop: 16 }} onClick={() => choose({ language: language === "en" ? "zh-CN" : "en" })}>
            {language === "en" ? "中文" : "English"}
          </Button>
        </div>
      </section>
    </main>
  );
}

function refusal(error: Error, t: (key: string) => string): string {
  if (!(error instanceof ApiProblem)) return t("frame.failed");
  if (error.status === 401) return t("signIn.refused");
  return error.status === 429 ? t("signIn.throttled") : error.message;
}
