import { useTranslation } from "react-i18next";
import { Link } from "react-router";

import { PageHead } from "../components/Page";
import { Blank } from "../components/states";

export function NotFound() {
  const { t } = useTranslation();
  return (
    <>
      <PageHead title={t("frame.notFound")} />
      <Blank><Link to="/">{t("frame.home")}</Link></Blank>
    </>
  );
}
