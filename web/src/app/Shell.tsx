import {
  AlertOutlined,
  BulbOutlined,
  DashboardOutlined,
  DatabaseOutlined,
  FilterOutlined,
  ExperimentOutlined,
  GlobalOutlined,
  LogoutOutlined,
  PlayCircleOutlined,
  SendOutlined,
  SettingOutlined,
  TeamOutlined,
  UserOutlined,
} from "@ant-design/icons";
import { useQueryClient } from "@tanstack/react-query";
import { Alert, Button, Dropdown, Popover } from "antd";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { NavLink, Outlet, useLocation } from "react-router";

import { api } from "../api/client";
import { sessionQuery } from "../api/queries";
import { Mark } from "../components/Mark";
import { day } from "../lib/format";
import { usePreferences } from "./preferences";
import { useSession, useWords } from "./session";

const PAGES = [
  { path: "/", key: "overview", icon: <DashboardOutlined /> },
  { path: "/customers", key: "customers", icon: <TeamOutlined /> },
  { path: "/warning", key: "warning", icon: <AlertOutlined /> },
  { path: "/segments", key: "segments", icon: <FilterOutlined /> },
  { path: "/trials", key: "trials", icon: <ExperimentOutlined /> },
  { path: "/outreach", key: "outreach", icon: <SendOutlined /> },
  { path: "/data", key: "data", icon: <DatabaseOutlined /> },
  { path: "/admin", key: "admin", icon: <SettingOutlined /> },
  { path: "/simulation", key: "simulation", icon: <PlayCircleOutlined /> },
] as const;

export function Shell() {
  const { t } = useTranslation();
  const session = useSession();
  const { pathname } = useLocation();
  const page = PAGES.find(({ path }) => (path === "/" ? pathname === "/" : pathname.startsWith(path)));

  useEffect(() => {
    document.title = `${page ? t(`nav.${page.key}`) : t("frame.notFound")} · ${session.shop} · ${t("product")}`;
    window.scrollTo(0, 0);
  }, [page, pathname, session.shop, t]);

  const hidden: Record<string, boolean> = { admin: !session.permissions.includes("see_admin"), simulation: !session.simulated };
  const allowed = PAGES.filter(({ key }) => !hidden[key]);
  return (
    <div className="shell">
      <a className="skip" href="#content">{t("nav.skip")}</a>
      <header className="shell-bar">
        <div className="shell-brand">
          <Mark />
          <span className="shell-product">{t("product")}</span>
          <span className="shell-shop" title={session.shop}>{session.shop}</span>
          <SimulatedDay />
        </div>
        <Controls />
      </header>
      <nav className="shell-nav" aria-label={t("nav.label")}>
        <div className="shell-links">
        {allowed.map(({ path, key, icon }) => (
          <NavLink key={key} to={path} end={path === "/"} className="shell-link">
            <span aria-hidden>{icon}</span>
            {t(`nav.${key}`)}
          </NavLink>
        ))}
        </div>
      </nav>
      <main className="shell-page" id="content" tabIndex={-1}>
        <OldFiles />
        <Outlet />
      </main>
    </div>
  );
}

/** Where time is simulated: on which day the shop stands, and what moves it on. */
function SimulatedDay() {
  const { t } = useTranslation();
  const session = useSession();
  if (!session.simulated_day) return null;
  const how = (
    <div className="simulated-how">
      <p>{t("frame.simulatedHow")}</p>
      <code>{session.next_day_command}</code>
    </div>
  );
  return (
    <Popover trigger="click" content={how} placement="bottomLeft">
      <Button size="small" className="simulated-day">{t("frame.simulatedDay", { day: day(session.simulated_day) })}</Button>
    </Popover>
  );
}

/** A shop whose files are old: the days since are unknown, which every page has to say. */
function OldFiles() {
  const { t } = useTranslation();
  const { stale } = useSession();
  const words = useWords();
  if (!stale) return null;
  return (
    <Alert className="old-files" type="warning" showIcon title={t("frame.oldFiles")} description={words(stale.reason_zh, stale.reason_en)} />
  );
}

function Controls() {
  const { t } = useTranslation();
  const session = useSession();
  const client = useQueryClient();
  const { language, theme, choose } = usePreferences();

  const signOut = async () => {
    await api.DELETE("/api/session");
    client.removeQueries({ predicate: (query) => query.queryKey[0] !== "session" });
    await client.resetQueries({ queryKey: sessionQuery.queryKey });
  };
  return (
    <div className="shell-controls">
      <Button
        type="text"
        icon={<GlobalOutlined aria-hidden />}
        aria-label={language === "en" ? "中文" : "English"}
        title={t("frame.language")}
        lang={language === "en" ? "zh-CN" : "en"}
        onClick={() => choose({ language: language === "en" ? "zh-CN" : "en" })}
      >
        {language === "en" ? "中文" : "English"}
      </Button>
      <Button
        type="text"
        icon={<BulbOutlined />}
        aria-label={`${t("frame.theme")}: ${t(theme === "dark" ? "frame.light" : "frame.dark")}`}
        title={t(theme === "dark" ? "frame.light" : "frame.dark")}
        onClick={() => choose({ theme: theme === "dark" ? "light" : "dark" })}
      />
      <Dropdown
        trigger={["click"]}
        menu={{
          items: [
            { key: "who", label: `${session.user} · ${t(`roles.${session.role}`)}`, disabled: true },
            { key: "out", label: t("frame.signOut"), icon: <LogoutOutlined />, onClick: () => void signOut() },
          ],
        }}
      >
        <Button type="text" icon={<UserOutlined />} aria-label={`${t("frame.account")}: ${session.user}`}>
          <span className="wide-only">{session.user}</span>
        </Button>
      </Dropdown>
    </div>
  );
}
