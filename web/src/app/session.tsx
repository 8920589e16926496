import { useQuery } from "@tanstack/react-query";
import { createContext, type ReactNode, use, useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";

import { ApiProblem } from "../api/client";
import { sessionQuery } from "../api/queries";
import type { Session } from "../api/types";
import { Failure, Loading } from "../components/states";
import { type Frame, isChinese } from "../lib/format";
import { SignIn } from "../pages/SignIn";
import { usePreferences } from "./preferences";

const Context = createContext<Session | null>(null);

/** Shows the sign-in page until there is a session; below it, there always is one. */
export function SessionGate({ children }: { children: ReactNode }) {
  const session = useQuery({ ...sessionQuery, retry: false });
  const { adopt } = usePreferences();
  const adopted = useRef("");

  useEffect(() => {
    if (session.data && adopted.current !== session.data.user) {
      adopted.current = session.data.user;
      adopt(session.data);
    }
  }, [adopt, session.data]);

  if (session.isPending) return <Loading />;
  const signedOut = session.error instanceof ApiProblem && session.error.status === 401;
  if (signedOut) return <SignIn />;
  if (session.error) return <Failure error={session.error} retry={() => void session.refetch()} />;
  return <Context value={session.data}>{children}</Context>;
}

export function useSession(): Session {
  const session = use(Context);
  if (!session) throw new Error("useSession needs a SessionGate above it");
  return session;
}

/** What formatting a number needs to know. */
export function useFrame(): Frame {
  const { currency, currency_exponent, zone } = useSession();
  const { i18n } = useTranslation();
  return { language: i18n.language, currency, exponent: currency_exponent, zone };
}

/** Puts a value of the shop's data into words where it is a common one; any other is the shop's own word. */
export function useKnown(): <T extends string | null | undefined>(value: T) => string | T {
  const { t } = useTranslation();
  return (value) => (value ? t(`values.${value}`, { defaultValue: value }) : value);
}

/** Picks the Chinese or the English one of two texts. */
export function useWords(): <T>(zh: T, en: T) => T {
  const { i18n } = useTranslation();
  return (zh, en) => (isChinese(i18n.language) ? zh : en);
}
