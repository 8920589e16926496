import { createContext, type ReactNode, use, useEffect, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";

import { api } from "../api/client";
import type { Session } from "../api/types";
import type { Language } from "../i18n";
import { applyPalette, type ThemeName } from "./theme";

/** Language and appearance: at once from this browser, and remembered for the user on the server. */
interface Preferences {
  language: Language;
  theme: ThemeName;
  choose: (change: Partial<{ language: Language; theme: ThemeName }>) => void;
  adopt: (session: Session) => void;
}

const Context = createContext<Preferences | null>(null);

export function initialLanguage(): Language {
  const stored = localStorage.getItem("liuke.language");
  if (stored === "zh-CN" || stored === "en") return stored;
  return navigator.language.startsWith("en") ? "en" : "zh-CN";
}

function initialTheme(): ThemeName {
  const stored = localStorage.getItem("liuke.theme");
  if (stored === "light" || stored === "dark") return stored;
  return window.matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

export function PreferencesProvider({ children }: { children: ReactNode }) {
  const { i18n } = useTranslation();
  const [language, setLanguage] = useState(initialLanguage);
  const [theme, setTheme] = useState(initialTheme);

  useEffect(() => {
    localStorage.setItem("liuke.language", language);
    document.documentElement.lang = language;
    void i18n.changeLanguage(language);
  }, [i18n, language]);

  useEffect(() => {
    localStorage.setItem("liuke.theme", theme);
    applyPalette(theme);
  }, [theme]);

  const value = useMemo<Preferences>(
    () => ({
      language,
      theme,
      choose(change) {
        if (change.language) setLanguage(change.language);
        if (change.theme) setTheme(change.theme);
        const body = { language, theme, ...change };
        void api.PUT("/api/session/preferences", { body }).catch(() => undefined); // not signed in: this browser only
      },
      adopt(session) {
        if (session.language === "zh-CN" || session.language === "en") setLanguage(session.language);
        if (session.theme === "light" || session.theme === "dark") setTheme(session.theme);
      },
    }),
    [language, theme],
  );
  return <Context value={value}>{children}</Context>;
}

export function usePreferences(): Preferences {
  const value = use(Context);
  if (!value) throw new Error("usePreferences needs a PreferencesProvider above it");
  return value;
}
