import { ArrowLeftOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Link, useParams } from "react-router";

import { customerQuery } from "../../api/queries";
import { useKnown } from "../../app/session";
import { Level } from "../../components/Level";
import { Answer, PageHead } from "../../components/Page";
import { Contacts } from "./Contacts";
import { Profile } from "./Profile";
import { Risk } from "./Risk";
import { Tags } from "./Tags";
import { Timeline } from "./Timeline";
import { Value } from "./Value";

export default function Customer() {
  const { t } = useTranslation();
  const known = useKnown();
  const { id = "" } = useParams();
  const query = useQuery(customerQuery(id));
  const name = query.data?.profile.contactable.name;
  return (
    <>
      <Link to="/customers"><ArrowLeftOutlined aria-hidden /> {t("customer.back")}</Link>
      <PageHead title={name ?? t("customer.title", { id })} asOf={query.data?.as_of}>
        {query.data && (
          <p className="num">
            <Level level={query.data.risk.level} />
            {name && <span> · {t("customer.title", { id })}</span>}
            {query.data.profile.member_tier && <span> · {known(query.data.profile.member_tier)}</span>}
          </p>
        )}
      </PageHead>
      <Answer query={query}>
        {(customer) => (
          <div className="grid customer-grid">
            <div className="stack">
              <Risk customer={customer} />
              <Value customer={customer} />
              <Profile customer={customer} />
              <Contacts customer={customer} />
            </div>
            <div className="stack">
              <Tags customer={customer} />
              <Timeline key={customer.customer_id} id={customer.customer_id} />
            </div>
          </div>
        )}
      </Answer>
    </>
  );
}
